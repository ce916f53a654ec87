//! The transform of points: from the powers of an SRS to its Lagrange points.

use crate::digits::{Cells, Scalars, FULL_BITS};
use crate::domain::{inverse, root};
use crate::kernel::{Collision, Kernel, Ref, MINUS, SUM};
use crate::msm::reference;
use crate::path::by_path;
use crate::Path;
use halo2curves::bn256::{Fr, G1Affine, G1};
use halo2curves::ff::Field;
use halo2curves::group::prime::PrimeCurveAffine;
use halo2curves::group::{Curve, Group};
use rayon::prelude::*;

/// Points of one task, with their multiples: they stay in the cache of a core.
const TASK: usize = 1 << 9;
/// Width of the windows of scalars, and multiples of a point that are kept for them.
const WIDTH: usize = 4;
const MULTIPLES: usize = 1 << (WIDTH - 1);
/// Windows of a scalar; the last has room for a carry.
const WINDOWS: usize = FULL_BITS / WIDTH + 1;

/// `1/n sum_j omega^(-ij) points[j]` for every row `i`, of as many points as a domain has rows. `None` if a point is at infinity or two sums meet, which are of no use
/// in an SRS.
pub fn lagrange(path: Path, points: &[G1Affine]) -> Option<Vec<G1Affine>> {
    by_path!(path, kernel => transformed(kernel, points).ok())
}

fn transformed<K: Kernel>(kernel: K, points: &[G1Affine]) -> Result<Vec<G1Affine>, Collision> {
    let (rows, k) = (points.len(), points.len().trailing_zeros());
    if !rows.is_power_of_two() || points.iter().any(|point| bool::from(point.is_identity())) {
        return Err(Collision);
    }
    // Where the halves of halves stand one after the other.
    let place = |row: usize| row.reverse_bits().checked_shr(usize::BITS - k).unwrap_or(0);
    let turned: Vec<G1Affine> = (0..rows).map(|row| points[place(row)]).collect();
    let mut values = kernel.rows(&turned);
    let shares = vec![inverse(Fr::from(rows as u64)); rows];
    values = times(kernel, &values, &shares)?;
    for level in 1..=k {
        let (half, omega) = (1 << (level - 1), inverse(root(level)));
        let powers: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |power| Some(power * omega))
            .take(half)
            .collect();
        // The first of each half is multiplied by 1.
        let odd = |values: &[K::Row]| -> Vec<K::Row> {
            let halves = values.chunks_exact(half).skip(1).step_by(2);
            halves.flat_map(|odd| odd[1..].to_vec()).collect()
        };
        let scalars: Vec<Fr> = powers[1..]
            .iter()
            .copied()
            .cycle()
            .take((half - 1) * (rows >> level))
            .collect();
        let mut products = times(kernel, &odd(&values), &scalars)?.into_iter();
        for odd in values.chunks_exact_mut(half).skip(1).step_by(2) {
            odd[1..]
                .iter_mut()
                .zip(&mut products)
                .for_each(|(value, product)| *value = product);
        }
        let pair = |row: usize| match row & half {
            0 => [row as Ref, (row + half) as Ref],
            _ => [(row - half) as Ref, row as Ref | MINUS],
        };
        let pairs: Vec<[Ref; 2]> = (0..rows).map(pair).collect();
        let sums = pairs.par_chunks(8 * TASK).map(|pairs| {
            let mut sums = Vec::with_capacity(pairs.len());
            kernel.add(&values, &mut sums, pairs, &mut K::Scratch::default())?;
            Ok(sums)
        });
        values = sums.collect::<Result<Vec<_>, Collision>>()?.concat();
    }
    Ok(kernel.points(&values))
}

/// Each row times its scalar.
fn times<K: Kernel>(kernel: K, rows: &[K::Row], scalars: &[Fr]) -> Result<Vec<K::Row>, Collision> {
    // Sums begin with a point that has nothing to do with any row, so that none is at infinity; what it comes to is taken off.
    let start = (G1Affine::generator() * Fr::from_raw([0x50726f76, 0x656e6e20, 0x73746172, 0x74])).to_affine();
    let end = (0..WIDTH * (WINDOWS - 1)).fold(G1::from(start), |sum, _| sum.double());
    let ends = kernel.rows(&[start, -end.to_affine()]);
    let [start, end] = ends[..] else { return Err(Collision) };
    let tasks = rows.par_chunks(TASK).zip(scalars.par_chunks(TASK));
    let products = tasks.map(|(rows, scalars)| task(kernel, rows, scalars, start, end));
    Ok(products.collect::<Result<Vec<_>, _>>()?.concat())
}

fn task<K: Kernel>(
    kernel: K,
    rows: &[K::Row],
    scalars: &[Fr],
    start: K::Row,
    end: K::Row,
) -> Result<Vec<K::Row>, Collision> {
    let mut scratch = K::Scratch::default();
    // By multiples, from 1 on, then by rows.
    let mut multiples = rows.to_vec();
    for multiple in 2..=MULTIPLES {
        let place = |of: usize, row: usize| SUM | ((of - 1) * rows.len() + row) as Ref;
        match multiple % 2 {
            0 => {
                let half = (multiple / 2 - 1) * rows.len();
                let mut doubled = multiples[half..half + rows.len()].to_vec();
                kernel.double(&mut doubled, &mut scratch);
                multiples.extend(doubled);
            }
            _ => {
                let pair = |row: usize| [place(multiple - 1, row), place(1, row)];
                let pairs: Vec<[Ref; 2]> = (0..rows.len()).map(pair).collect();
                kernel.add(&[], &mut multiples, &pairs, &mut scratch)?;
            }
        }
    }
    let digits = Scalars::new(kernel, Cells::Field(scalars), &[], Some(WIDTH));
    let mut sums = vec![start; rows.len()];
    for window in (0..WINDOWS).rev() {
        if window + 1 < WINDOWS {
            (0..WIDTH).for_each(|_| kernel.double(&mut sums, &mut scratch));
        }
        if window < digits.windows() {
            let (mut pairs, mut places) = (vec![], vec![]);
            digits.each_digit(window, |row, digit| {
                let multiple = (digit.unsigned_abs() as usize - 1) * rows.len() + row;
                pairs.push([SUM | row as Ref, reference(multiple, digit)]);
                places.push(row);
            });
            added(kernel, &multiples, &mut sums, (&pairs, &places), &mut scratch)?;
        }
    }
    let (pairs, places): (Vec<[Ref; 2]>, Vec<usize>) = (0..rows.len()).map(|row| ([SUM | row as Ref, 0], row)).unzip();
    added(kernel, &[end], &mut sums, (&pairs, &places), &mut scratch)?;
    Ok(sums)
}

/// Writes the sum of each pair to its place among the sums.
fn added<K: Kernel>(
    kernel: K,
    bases: &[K::Row],
    sums: &mut Vec<K::Row>,
    (pairs, places): (&[[Ref; 2]], &[usize]),
    scratch: &mut K::Scratch,
) -> Result<(), Collision> {
    let rows = sums.len();
    if !pairs.is_empty() {
        kernel.add(bases, sums, pairs, scratch)?;
    }
    let made = sums.split_off(rows);
    places.iter().zip(made).for_each(|(place, sum)| sums[*place] = sum);
    Ok(())
}
