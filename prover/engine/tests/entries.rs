//! Columns that are sums of entries of a table, against the library's sums of their cells.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod common;

use common::{expected, points, TAIL};
use halo2curves::bn256::{Fr, G1Affine};
use halo2curves::ff::Field;
use halo2curves::group::prime::PrimeCurveAffine;
use provenn_engine::{Bases, Cells, Column, Entries, Path};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// Places in a table of so many entries, of several kinds.
fn places(kind: usize, rows: usize, size: u64, rng: &mut impl RngCore) -> Vec<u64> {
    let place = |row: usize, random: u64| match kind {
        0 => random % size,
        1 => 0,
        2 => size - 1,
        3 => random % size * (random >> 40 & 1),
        4 => row as u64 % size,
        _ => random % size.min(3),
    };
    (0..rows).map(|row| place(row, rng.next_u64())).collect()
}

fn check(points: &[G1Affine], rows: usize, rng: &mut impl RngCore) {
    let tail_points = &points[points.len() - TAIL..];
    for path in Path::all() {
        let bases = Bases::new(path, &points[..rows], tail_points);
        for size in [1, 2, 16, 256] {
            let mut table: Vec<Fr> = (0..size).map(|_| Fr::random(&mut *rng)).collect();
            // Equal and opposite entries, and entries that are nothing.
            if let [first, second, third, ..] = &mut table[..] {
                (*first, *second) = (Fr::from(rng.next_u64() & 1), -*third);
            }
            let kinds: [&[usize]; 8] = [
                &[0],
                &[1, 1, 1],
                &[0, 0, 0],
                &[3, 3],
                &[2, 2, 2],
                &[4, 5, 4],
                &[5, 5, 5],
                &[1, 4, 0],
            ];
            let columns: Vec<(Vec<Vec<u64>>, Vec<Fr>)> = (0..)
                .zip(kinds)
                .map(|(index, kinds)| {
                    let lists = kinds.iter().map(|kind| places(*kind, rows, size, rng));
                    let lists = lists.collect();
                    let tail = (0..TAIL).map(|_| Fr::random(&mut *rng)).collect();
                    (lists, if index % 3 == 1 { vec![] } else { tail })
                })
                .collect();
            let borrowed: Vec<Vec<&[u64]>> = columns
                .iter()
                .map(|(lists, _)| lists.iter().map(Vec::as_slice).collect())
                .collect();
            let entries = |places| Entries { table: &table, places };
            let given = columns.iter().zip(&borrowed).map(|((_, tail), places)| Column {
                cells: Cells::Entries(entries(places)),
                tail,
            });
            let sums = bases.commit(&given.collect::<Vec<_>>());
            for (index, ((sum, (_, tail)), places)) in sums.iter().zip(&columns).zip(&borrowed).enumerate() {
                let cell = |row: usize| places.iter().map(|places| table[places[row] as usize]).sum();
                let cells: Vec<Fr> = (0..rows).map(cell).collect();
                let expected = expected(&cells, points) + expected(tail, tail_points);
                assert_eq!(
                    *sum,
                    expected,
                    "column {index}, {size} entries, {rows} rows, path {}",
                    path.name()
                );
            }
        }
    }
}

#[test]
fn sums_of_entries_are_their_cells() {
    let mut rng = ChaCha20Rng::from_seed([12; 32]);
    let points = points(900 + TAIL, &mut rng);
    for rows in [0, 1, 3, 900] {
        check(&points, rows, &mut rng);
    }
}

/// Points at infinity have no rows, and equal points no slope.
#[test]
fn any_points_may_be_those_of_entries() {
    let mut rng = ChaCha20Rng::from_seed([13; 32]);
    let mut list = points(600 + TAIL, &mut rng);
    for place in [0, 17, 18, 599, 601] {
        list[place] = G1Affine::identity();
    }
    check(&list, 600, &mut rng);
    let equal = vec![list[1]; 600 + TAIL];
    check(&equal, 600, &mut rng);
}
