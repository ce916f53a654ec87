//! Columns of elements. Scaled values are 16 times what they are: then the library's `a 2^256` is `a 2^260`.

use super::transform::{factor, limbs};
use super::{Lanes, Vectors, Wide};
use crate::columns::{Columns, Ratio};
use crate::portable::Portable;
use crate::words::{words, words_mut};
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;

/// What products of the library's elements are divided by.
pub const FORM: u64 = 16;

/// Eight rows from `start` on, zeros beyond the end: canonical.
#[inline(always)]
pub fn load<K: Vectors>(path: K, rows: &[Fr], start: usize) -> K::Lanes<Fr> {
    let rows = words(rows.get(start..).unwrap_or(&[]));
    if let Some([a, b, c, d, e, f, g, h]) = rows.first_chunk() {
        return path.gather([a, b, c, d, e, f, g, h]);
    }
    path.gather(std::array::from_fn(|place| rows.get(place).unwrap_or(&[0; 4])))
}

/// Writes values below `16 p` to so many rows, eight at most.
#[inline(always)]
pub fn store(rows: &mut [Fr], value: impl Lanes<Fr>) {
    let values = value.canonical().scatter();
    words_mut(rows)
        .iter_mut()
        .zip(values)
        .for_each(|(row, value)| *row = value);
}

/// Eight rows at a time; six products, each below `2.1 p`, fit beside a sum below `2 p`.
#[inline(always)]
pub fn combine<K: Vectors>(path: K, terms: &[(&[Fr], Fr)], start: usize, out: &mut [Fr]) {
    let factors: Vec<_> = terms.iter().map(|(_, by)| factor(*by)).collect();
    for (place, out) in out.chunks_mut(8).enumerate() {
        let at = start + 8 * place;
        let mut sum = load(path, out, 0);
        for (terms, factors) in terms.chunks(6).zip(factors.chunks(6)) {
            let mut wide = sum.wide();
            for ((rows, _), factor) in terms.iter().zip(factors) {
                wide = wide.add(load(path, rows, at).mul(path.splat(*factor)).wide());
            }
            sum = wide.narrowed();
        }
        store(out, sum);
    }
}

/// The quotients of a permutation argument: see [`Columns::ratios`].
#[inline(always)]
pub fn ratios<K: Vectors>(path: K, terms: &[Ratio<'_>], plus: Fr, start: usize, out: &mut [Fr]) {
    if divided(path, terms, plus, start, out).is_err() {
        Portable.ratios(terms, plus, start, out);
    }
}

/// Something below the line is zero.
struct Zero;

/// Products of columns are divided by [`Columns::FORM`], as often above the line as below. With one inversion of a product in each lane: products are
/// as a group with the unit 16, in which that inverse would be `256 / x`; a 16th of it makes up for the product with what is above.
#[inline(always)]
fn divided<K: Vectors>(path: K, terms: &[Ratio<'_>], plus: Fr, start: usize, out: &mut [Fr]) -> Result<(), Zero> {
    let unit = path.splat::<Fr>(limbs(Fr::from(FORM)));
    let plus = limbs(plus);
    let factors: Vec<_> = terms
        .iter()
        .map(|term| [factor(term.above.0), factor(term.below.0)])
        .collect();
    // For each eight rows what is above the line, what is below, and the product of all before that.
    let mut steps = Vec::with_capacity(out.len().div_ceil(8));
    let mut before = unit;
    for place in 0..out.len().div_ceil(8) {
        let at = start + 8 * place;
        let (mut above, mut below) = (unit, unit);
        for (term, [over, under]) in terms.iter().zip(&factors) {
            // At most `2 p`, and products with numbers at most `2.1 p`.
            let cell = load(path, term.cells, at).wide().plus(plus);
            above = above.mul(
                cell.add(load(path, term.above.1, at).mul(path.splat(*over)).wide())
                    .carried(),
            );
            below = below.mul(
                cell.add(load(path, term.below.1, at).mul(path.splat(*under)).wide())
                    .carried(),
            );
        }
        steps.push([above, below, before]);
        before = before.mul(below);
    }
    let mut product = [Fr::ZERO; 8];
    store(&mut product, before);
    for lane in &mut product {
        *lane = Option::<Fr>::from(lane.invert()).ok_or(Zero)? * Fr::from(FORM);
    }
    let mut inverse = load(path, &product, 0);
    for (out, [above, below, before]) in out.chunks_mut(8).zip(steps).rev() {
        store(out, above.mul(inverse.mul(before)));
        inverse = inverse.mul(below);
    }
    Ok(())
}

/// By Horner's rule in each lane, for powers of `point^8`; then over the lanes.
#[inline(always)]
pub fn evaluate<K: Vectors>(path: K, coefficients: &[Fr], point: Fr) -> Fr {
    let by = path.splat(factor(point.pow([8])));
    let mut sum = path.splat::<Fr>([0; 5]);
    for place in (0..coefficients.len().div_ceil(8)).rev() {
        sum = sum
            .mul(by)
            .wide()
            .add(load(path, coefficients, 8 * place).wide())
            .carried();
    }
    let mut lanes = [Fr::ZERO; 8];
    store(&mut lanes, sum);
    lanes.iter().rev().fold(Fr::ZERO, |sum, lane| sum * point + lane)
}
