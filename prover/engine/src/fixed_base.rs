//! Many multiples of one point, by a table of its multiples in signed windows.

use crate::digits::{Cells, Scalars, FULL_BITS};
use crate::kernel::{Collision, Kernel, Ref, SUM};
use crate::msm::reference;
use crate::path::by_path;
use crate::rooms::Rooms;
use crate::sums::{Lists, TASK};
use crate::Path;
use halo2curves::bn256::{Fr, G1Affine, G1};
use halo2curves::group::prime::PrimeCurveAffine;
use halo2curves::group::{Curve, Group};
use rayon::prelude::*;

/// Widest windows: the multiples of one stay in the cache of a core.
const MAX_WIDTH: usize = 13;

/// Windows of such a scalar; the last has room for a carry.
pub const fn windows(width: usize) -> usize {
    FULL_BITS / width + 1
}

/// For each window of this width, the multiples of `2^(width window) point` by 1 to `2^(width - 1)`. The point is not at infinity.
pub fn table<K: Kernel>(kernel: K, point: &G1Affine, width: usize) -> Vec<K::Row> {
    let powers: Vec<G1> = std::iter::successors(Some(G1::from(*point)), |power| Some(power.double()))
        .take(windows(width) * width)
        .collect();
    let mut affine = vec![G1Affine::identity(); powers.len()];
    G1::batch_normalize(&powers, &mut affine);
    let powers = kernel.rows(&affine);
    // Windows of a task share their inversions.
    let task = (TASK >> width).max(1) * width;
    let multiples = powers.par_chunks(task).map(|powers| sums(kernel, powers, width));
    match multiples.collect::<Result<Vec<_>, _>>() {
        Ok(multiples) => multiples.concat(),
        Err(Collision) => unreachable!("small multiples of a point of prime order are neither equal nor opposite"),
    }
}

/// For some windows, of which all powers are given, the multiples by 1 to the largest of them: between two powers, the larger one with each of the
/// multiples before it, for all windows at once.
fn sums<K: Kernel>(kernel: K, powers: &[K::Row], width: usize) -> Result<Vec<K::Row>, Collision> {
    let (mut sums, mut scratch) = (powers.to_vec(), K::Scratch::default());
    // Where the multiples of each window are.
    let mut multiples: Vec<Vec<usize>> = vec![vec![]; powers.len() / width];
    for level in 0..width {
        let mut pairs = vec![];
        for (window, multiples) in multiples.iter_mut().enumerate() {
            let (power, before) = (window * width + level, multiples.len());
            multiples.push(power);
            if level + 1 < width {
                for place in 0..before {
                    let pair = [multiples[place], power];
                    multiples.push(sums.len() + pairs.len());
                    pairs.push(pair.map(|place| SUM | place as Ref));
                }
            }
        }
        if !pairs.is_empty() {
            kernel.add(&[], &mut sums, &pairs, &mut scratch)?;
        }
    }
    Ok(multiples.into_iter().flatten().map(|place| sums[place]).collect())
}

/// `[s] base` for every `s`, in order; `base` is not at infinity. Which multiples are read depends on the scalars.
pub fn multiples(path: Path, base: &G1Affine, scalars: &[Fr]) -> Vec<G1Affine> {
    by_path!(path, kernel => by(kernel, base, scalars))
}

fn by<K: Kernel>(kernel: K, base: &G1Affine, scalars: &[Fr]) -> Vec<G1Affine> {
    // One addition for each window of a scalar and for each multiple of the table.
    let additions = |width: &usize| windows(*width) * (scalars.len() + (1 << (width - 1)));
    let width = (4..=MAX_WIDTH).min_by_key(additions).unwrap_or(4);
    let table = table(kernel, base, width);
    let part = (TASK / windows(width)).max(1);
    let rooms = Rooms::default();
    let mut multiples = vec![G1Affine::identity(); scalars.len()];
    let parts = multiples.par_chunks_mut(part).zip(scalars.par_chunks(part));
    parts.for_each(|(multiples, scalars)| {
        let (lists, filled) = lists(kernel, width, scalars);
        match lists.sums(kernel, &table, &rooms) {
            Ok(sums) => {
                let sums = kernel.points(&sums);
                filled
                    .into_iter()
                    .zip(sums)
                    .for_each(|(place, sum)| multiples[place] = sum);
            }
            Err(Collision) => {
                let multiple = |scalar: &Fr| (base * scalar).to_affine();
                multiples
                    .iter_mut()
                    .zip(scalars)
                    .for_each(|(to, scalar)| *to = multiple(scalar));
            }
        }
    });
    multiples
}

/// For each scalar but 0 the multiples of its digits, and its place.
fn lists<K: Kernel>(kernel: K, width: usize, scalars: &[Fr]) -> (Lists, Vec<usize>) {
    let digits = Scalars::new(kernel, Cells::Field(scalars), &[], Some(width));
    // By scalars, with room for all windows of each.
    let windows = digits.windows();
    let mut multiples = vec![0; windows * scalars.len()];
    let mut counts = vec![0; scalars.len()];
    for window in 0..windows {
        digits.each_digit(window, |place, digit| {
            let multiple = (window << (width - 1)) + digit.unsigned_abs() as usize - 1;
            multiples[windows * place + counts[place]] = reference(multiple, digit);
            counts[place] += 1;
        });
    }
    let (mut lists, mut filled) = (Lists::default(), vec![]);
    for (place, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
        lists.refs.extend(&multiples[windows * place..windows * place + count]);
        lists.end();
        filled.push(place);
    }
    (lists, filled)
}
