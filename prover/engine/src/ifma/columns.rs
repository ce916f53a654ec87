//! Columns of elements. Scaled values are 16 times what they are: then the library's `a 2^256` is `a 2^260`.

use super::program::{run, Registers};
use super::transform::{factor, limbs, transform, Twiddles};
use super::Ifma;
use crate::columns::{Columns, Ratio, BLOCK};
use crate::lanes::{gather, scatter, Lanes};
use crate::portable::Portable;
use crate::program::Compiled;
use crate::words::{words, words_mut};
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;

#[allow(unsafe_code)]
impl Columns for Ifma {
    const FORM: u64 = 16;
    type Twiddles = Twiddles;
    type Registers = Registers;

    fn twiddles(self, omega: Fr, k: u32) -> Option<Twiddles> {
        Twiddles::new(omega, k)
    }

    fn transform(self, twiddles: &Twiddles, rows: &[Fr], before: Option<&[Fr]>, after: Option<&[Fr]>) -> Vec<Fr> {
        // SAFETY: `self` was detected, here and below.
        unsafe { transform(twiddles, rows, before, after) }
    }

    fn registers(self, program: &Compiled) -> Registers {
        // SAFETY: as above.
        unsafe { Registers::new(program) }
    }

    fn run(
        self,
        program: &Compiled,
        columns: &[&[Fr]],
        start: usize,
        out: &mut [Fr; BLOCK],
        registers: &mut Registers,
    ) {
        // SAFETY: as above.
        unsafe { run(program, columns, start, out, registers) }
    }

    fn combine(self, terms: &[(&[Fr], Fr)], start: usize, out: &mut [Fr]) {
        // SAFETY: as above.
        unsafe { combine(terms, start, out) }
    }

    fn ratios(self, terms: &[Ratio<'_>], plus: Fr, start: usize, out: &mut [Fr]) {
        // SAFETY: as above.
        if unsafe { ratios(terms, plus, start, out) }.is_err() {
            Portable.ratios(terms, plus, start, out);
        }
    }

    fn evaluate(self, coefficients: &[Fr], point: Fr) -> Fr {
        // SAFETY: as above.
        unsafe { evaluate(coefficients, point) }
    }
}

/// Eight rows from `start` on, zeros beyond the end: canonical.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn load(rows: &[Fr], start: usize) -> Lanes<Fr> {
    let rows = words(rows.get(start..).unwrap_or(&[]));
    if let Some([a, b, c, d, e, f, g, h]) = rows.first_chunk() {
        return Lanes::from_words(gather([a, b, c, d, e, f, g, h]));
    }
    let row = |place: usize| rows.get(place).unwrap_or(&[0; 4]);
    Lanes::from_words(gather([row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)]))
}

/// Writes values below `16 p` to so many rows, eight at most.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn store(rows: &mut [Fr], value: Lanes<Fr>) {
    let values = scatter(value.canonical().to_words());
    words_mut(rows)
        .iter_mut()
        .zip(values)
        .for_each(|(row, value)| *row = value);
}

/// Eight rows at a time; six products, each below `2.1 p`, fit beside a sum below `2 p`.
#[target_feature(enable = "avx512f,avx512ifma")]
fn combine(terms: &[(&[Fr], Fr)], start: usize, out: &mut [Fr]) {
    let factors: Vec<_> = terms.iter().map(|(_, by)| factor(*by)).collect();
    for (place, out) in out.chunks_mut(8).enumerate() {
        let at = start + 8 * place;
        let mut sum = load(out, 0);
        for (terms, factors) in terms.chunks(6).zip(factors.chunks(6)) {
            let mut wide = sum.wide();
            for ((rows, _), factor) in terms.iter().zip(factors) {
                wide = wide.add(load(rows, at).mul(Lanes::splat(*factor)).wide());
            }
            sum = wide.narrowed();
        }
        store(out, sum);
    }
}

/// Something below the line is zero.
struct Zero;

/// Products of columns are divided by [`Columns::FORM`], as often above the line as below. With one inversion of a product in each lane: products are
/// as a group with the unit 16, in which that inverse would be `256 / x`; a 16th of it makes up for the product with what is above.
#[target_feature(enable = "avx512f,avx512ifma")]
fn ratios(terms: &[Ratio<'_>], plus: Fr, start: usize, out: &mut [Fr]) -> Result<(), Zero> {
    let unit = Lanes::<Fr>::splat(limbs(Fr::from(Ifma::FORM)));
    let plus = Lanes::splat(limbs(plus));
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
            let cell = load(term.cells, at).wide().add(plus.wide());
            above = above.mul(
                cell.add(load(term.above.1, at).mul(Lanes::splat(*over)).wide())
                    .carried(),
            );
            below = below.mul(
                cell.add(load(term.below.1, at).mul(Lanes::splat(*under)).wide())
                    .carried(),
            );
        }
        steps.push([above, below, before]);
        before = before.mul(below);
    }
    let mut product = [Fr::ZERO; 8];
    store(&mut product, before);
    for lane in &mut product {
        *lane = Option::<Fr>::from(lane.invert()).ok_or(Zero)? * Fr::from(Ifma::FORM);
    }
    let mut inverse = load(&product, 0);
    for (out, [above, below, before]) in out.chunks_mut(8).zip(steps).rev() {
        store(out, above.mul(inverse.mul(before)));
        inverse = inverse.mul(below);
    }
    Ok(())
}

/// By Horner's rule in each lane, for powers of `point^8`; then over the lanes.
#[target_feature(enable = "avx512f,avx512ifma")]
fn evaluate(coefficients: &[Fr], point: Fr) -> Fr {
    let by = Lanes::splat(factor(point.pow([8])));
    let mut sum = Lanes::<Fr>::splat([0; 5]);
    for place in (0..coefficients.len().div_ceil(8)).rev() {
        sum = sum.mul(by).wide().add(load(coefficients, 8 * place).wide()).carried();
    }
    let mut lanes = [Fr::ZERO; 8];
    store(&mut lanes, sum);
    lanes.iter().rev().fold(Fr::ZERO, |sum, lane| sum * point + lane)
}
