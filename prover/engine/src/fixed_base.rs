//! Many multiples of one point, by a table of its multiples in signed windows.

use crate::digits::{Cells, Scalars, FULL_BITS};
use crate::kernel::{Collision, Kernel, Ref, SUM};
use crate::msm::reference;
use crate::path::by_path;
use crate::sums::Lists;
use crate::Path;
use halo2curves::bn256::{Fr, G1Affine, G1};
use halo2curves::group::prime::PrimeCurveAffine;
use halo2curves::group::{Curve, Group};
use rayon::prelude::*;

/// Scalars at a time: their multiples take tens of megabytes.
const CHUNK: usize = 1 << 18;
/// Scalars whose digits are found by one task.
const PART: usize = 1 << 10;

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
    let multiples = kernel.rows(&affine);
    let multiples = multiples.par_chunks(width).map(|powers| sums(kernel, powers));
    match multiples.collect::<Result<Vec<_>, _>>() {
        Ok(multiples) => multiples.concat(),
        Err(Collision) => unreachable!("small multiples of a point of prime order are neither equal nor opposite"),
    }
}

/// The multiples of a point by 1 to the largest of its powers, all of which are given: between two of them, the larger one with each of the
/// multiples before it.
fn sums<K: Kernel>(kernel: K, powers: &[K::Row]) -> Result<Vec<K::Row>, Collision> {
    let (mut multiples, mut scratch) = (vec![], K::Scratch::default());
    for (level, power) in powers.iter().enumerate() {
        multiples.push(*power);
        if level + 1 < powers.len() {
            let last = multiples.len() - 1;
            let pairs: Vec<[Ref; 2]> = (0..last)
                .map(|place| [place, last].map(|place| SUM | place as Ref))
                .collect();
            kernel.add(&[], &mut multiples, &pairs, &mut scratch)?;
        }
    }
    Ok(multiples)
}

/// `[s] base` for every `s`, in order; `base` is not at infinity. Which multiples are read depends on the scalars.
pub fn multiples(path: Path, base: &G1Affine, scalars: &[Fr]) -> Vec<G1Affine> {
    by_path!(path, kernel => by(kernel, base, scalars))
}

fn by<K: Kernel>(kernel: K, base: &G1Affine, scalars: &[Fr]) -> Vec<G1Affine> {
    // One addition for each window of a scalar and for each multiple of the table.
    let additions = |width: &usize| windows(*width) * (scalars.len() + (1 << (width - 1)));
    let width = (4..=16).min_by_key(additions).unwrap_or(4);
    let table = table(kernel, base, width);
    let sums = scalars.chunks(CHUNK).map(|scalars| {
        let summed = chunk(kernel, &table, width, scalars);
        summed.unwrap_or_else(|Collision| scalars.iter().map(|scalar| (base * scalar).to_affine()).collect())
    });
    sums.collect::<Vec<Vec<_>>>().concat()
}

/// The multiples of a chunk.
fn chunk<K: Kernel>(kernel: K, table: &[K::Row], width: usize, scalars: &[Fr]) -> Result<Vec<G1Affine>, Collision> {
    let parts = scalars.par_chunks(PART).map(|scalars| lists(kernel, width, scalars));
    let (parts, mut lists) = (parts.collect::<Vec<_>>(), Lists::default());
    parts.iter().for_each(|part| lists.append(part));
    let sums = lists.sums(kernel, table)?;
    let mut sums = sums
        .par_chunks(PART)
        .map(|rows| kernel.points(rows))
        .collect::<Vec<_>>()
        .concat()
        .into_iter();
    let sum = |full: bool| full.then(|| sums.next()).flatten().unwrap_or_default();
    Ok(lists.full().map(sum).collect())
}

/// For each scalar the multiples of its digits.
fn lists<K: Kernel>(kernel: K, width: usize, scalars: &[Fr]) -> Lists {
    let digits = Scalars::new(kernel, Cells::Field(scalars), &[], Some(width));
    let mut multiples: Vec<Vec<Ref>> = vec![vec![]; scalars.len()];
    for window in 0..digits.windows() {
        digits.each_digit(window, |place, digit| {
            let multiple = (window << (width - 1)) + digit.unsigned_abs() as usize - 1;
            multiples[place].push(reference(multiple, digit));
        });
    }
    let mut lists = Lists::default();
    for multiples in &multiples {
        lists.refs.extend(multiples);
        lists.end();
    }
    lists
}
