//! Commitments on all paths against the library's sums.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod common;

use common::{expected, points, TAIL};
use halo2curves::bn256::{Fr, G1Affine};
use halo2curves::ff::Field;
use halo2curves::group::prime::PrimeCurveAffine;
use halo2curves::group::Curve;
use provenn_engine::{Bases, Cells, Column, Path};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

fn paths() -> Vec<Path> {
    Path::all()
}

/// Scalars at the bounds of signs, limbs and windows, among random ones.
fn column(kind: usize, count: usize, rng: &mut impl RngCore) -> Vec<Fr> {
    let half = Fr::from(2).invert().unwrap();
    let power = |exponent: u64| Fr::from(2).pow([exponent]);
    (0..count)
        .map(|i| match kind {
            0 => Fr::random(&mut *rng),
            1 => Fr::from(rng.next_u64() & 0xff),
            2 => Fr::from(rng.next_u64() & 0xffff),
            3 => -Fr::from(rng.next_u64() & 0xfff) + Fr::from(100),
            4 => Fr::from(u64::from(rng.next_u32() & 1)),
            5 => Fr::ZERO,
            6 => -Fr::ONE,
            7 => [Fr::ZERO, Fr::ONE, -Fr::ONE, half, -half, half - Fr::ONE, half + Fr::ONE][i % 7],
            8 => power(i as u64 % 254) - Fr::from(i as u64 % 2),
            9 => Fr::from(1 << 63) + Fr::from(rng.next_u64()),
            _ => [Fr::from(12), Fr::random(&mut *rng)][usize::from(i % 97 == 0)],
        })
        .collect()
}

#[test]
fn all_paths_commit_as_the_library_does() {
    let mut rng = ChaCha20Rng::from_seed([7; 32]);
    let points = points(700, &mut rng);
    let (rows, tail_points) = (&points[..690], &points[690..690 + TAIL]);
    for path in paths() {
        let bases = Bases::new(path, rows, tail_points);
        let mut columns: Vec<(Vec<Fr>, Vec<Fr>)> = vec![];
        for kind in 0..11 {
            for count in [0, 1, 2, 7, 8, 9, 63, 500, 690] {
                let tail = column([0, 7, 6, 8][count % 4], TAIL, &mut rng);
                columns.push((
                    column(kind, count, &mut rng),
                    if count % 3 == 2 { vec![] } else { tail },
                ));
            }
        }
        let given = columns.iter().map(|(cells, tail)| Column {
            cells: Cells::Field(cells),
            tail,
        });
        let sums = bases.commit(&given.collect::<Vec<_>>());
        assert_eq!(sums.len(), columns.len());
        for (index, ((cells, tail), sum)) in columns.iter().zip(sums).enumerate() {
            let expected = expected(cells, rows) + expected(tail, tail_points);
            assert_eq!(sum, expected, "column {index} on path {}", path.name());
        }
    }
}

#[test]
fn integers_are_the_same_elements() {
    let mut rng = ChaCha20Rng::from_seed([8; 32]);
    let points = points(300, &mut rng);
    for path in paths() {
        let bases = Bases::new(path, &points, &points[..TAIL]);
        for shift in [0, 1, 24, 48, 56, 63] {
            let values: Vec<u64> = (0..300).map(|_| rng.next_u64() >> shift).collect();
            let cells: Vec<Fr> = values.iter().map(|value| Fr::from(*value)).collect();
            let sums = bases.commit(&[Column {
                cells: Cells::Integers(&values),
                tail: &[],
            }]);
            assert_eq!(sums, [expected(&cells, &points)]);
        }
    }
}

/// Of fewer columns than threads the windows are divided, of which there may be fewer than parts.
#[test]
fn few_columns_are_divided_among_threads() {
    let mut rng = ChaCha20Rng::from_seed([11; 32]);
    let points = points(300, &mut rng);
    for threads in [1, 2, 3, 40] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for path in paths() {
            let bases = Bases::new(path, &points, &points[..TAIL]);
            for kinds in [&[0][..], &[1], &[5], &[8, 4], &[0, 5, 3]] {
                let columns: Vec<[Vec<Fr>; 2]> = kinds
                    .iter()
                    .map(|kind| [column(*kind, points.len(), &mut rng), column(0, TAIL, &mut rng)])
                    .collect();
                let given = columns.iter().map(|[cells, tail]| Column {
                    cells: Cells::Field(cells),
                    tail,
                });
                let given: Vec<Column<'_>> = given.collect();
                let sums = pool.install(|| bases.commit(&given));
                let all = columns
                    .iter()
                    .map(|[cells, tail]| expected(cells, &points) + expected(tail, &points));
                assert_eq!(
                    sums,
                    all.collect::<Vec<_>>(),
                    "{kinds:?}, {threads} threads, {}",
                    path.name()
                );
            }
        }
    }
}

/// More points than one task takes in a bucket, and in all.
#[test]
fn long_lists_are_split() {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let points = points(40_000, &mut rng);
    for path in paths() {
        let bases = Bases::new(path, &points, &[]);
        for kind in [0, 1, 4, 6] {
            let cells = column(kind, points.len(), &mut rng);
            assert_eq!(
                bases.msm(&cells),
                expected(&cells, &points),
                "kind {kind}, path {}",
                path.name()
            );
        }
    }
}

/// Equal and opposite points have no slope, and points at infinity no coordinates.
#[test]
fn points_that_meet_are_added() {
    let mut rng = ChaCha20Rng::from_seed([10; 32]);
    let [point, other] = points(2, &mut rng)[..] else {
        unreachable!()
    };
    let none = G1Affine::identity();
    let lists = [
        vec![point; 40],
        [point, -point].repeat(20),
        [point, other, -point].repeat(13),
        vec![none; 5],
        [none, point, other, none].repeat(3),
        // Sums meet that are of different points.
        vec![point, other, (point + other).to_affine(), -(point + other).to_affine()],
    ];
    for path in paths() {
        for list in &lists {
            let tail = &list[..list.len().min(3)];
            let bases = Bases::new(path, list, tail);
            for kind in [0, 1, 3, 6] {
                let (cells, scalars) = (column(kind, list.len(), &mut rng), column(0, tail.len(), &mut rng));
                let expected = expected(&cells, list) + expected(&scalars, tail);
                let sums = bases.commit(&[Column {
                    cells: Cells::Field(&cells),
                    tail: &scalars,
                }]);
                assert_eq!(sums, [expected]);
            }
        }
    }
}
