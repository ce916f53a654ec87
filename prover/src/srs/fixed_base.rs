//! Many multiples of the G1 generator, by a table of its multiples in signed windows.
//!
//! A scalar `s < 2^254` is written `s = sum_j d_j 2^(wj)` with `|d_j| <= 2^(w-1)`, so `[s]G` costs one addition per window.
//! Table look-ups depend on the scalars: for dev secrets only.

use halo2curves::bn256::{Fr, G1Affine, G1};
use halo2curves::ff::PrimeField;
use halo2curves::group::prime::PrimeCurveAffine;
use halo2curves::group::{Curve, Group};
use rayon::prelude::*;

const SCALAR_BITS: usize = 254;
/// Scalars handled by one task; large enough to share the inversion of the normalisation.
const CHUNK: usize = 512;

/// `[s]G1` for every `s`, in order.
pub(super) fn multiples(scalars: &[Fr]) -> Vec<G1Affine> {
    let table = Table::new(window_bits(scalars.len()));
    let mut points = vec![G1Affine::identity(); scalars.len()];
    points
        .par_chunks_mut(CHUNK)
        .zip(scalars.par_chunks(CHUNK))
        .for_each(|(points, scalars)| {
            let sums: Vec<G1> = scalars.iter().map(|scalar| table.mul(scalar)).collect();
            G1::batch_normalize(&sums, points);
        });
    points
}

/// The width that minimises additions, those that fill the table included.
fn window_bits(scalars: usize) -> usize {
    let additions = |bits: &usize| windows(*bits) * (scalars + (1 << (bits - 1)));
    (4..=16).min_by_key(additions).unwrap_or(4)
}

/// One more bit than the scalar has, so that the last window absorbs the carry.
fn windows(bits: usize) -> usize {
    SCALAR_BITS / bits + 1
}

struct Table {
    bits: usize,
    /// `rows[j][d - 1] = [d 2^(wj)]G` for `1 <= d <= 2^(w-1)`.
    rows: Vec<Vec<G1Affine>>,
}

impl Table {
    fn new(bits: usize) -> Self {
        let mut base = G1::generator();
        let bases: Vec<G1> = (0..windows(bits))
            .map(|_| {
                let this = base;
                (0..bits).for_each(|_| base = base.double());
                this
            })
            .collect();
        let rows = bases
            .into_par_iter()
            .map(|base| multiples_of(base, 1 << (bits - 1)))
            .collect();
        Self { bits, rows }
    }

    fn mul(&self, scalar: &Fr) -> G1 {
        let limbs = limbs(scalar);
        let (half, full) = (1u64 << (self.bits - 1), 1u64 << self.bits);
        let mut carry = 0;
        let mut sum = G1::identity();
        for (j, row) in self.rows.iter().enumerate() {
            let digit = bits_at(&limbs, j * self.bits, self.bits) + carry;
            carry = u64::from(digit > half);
            if digit > half {
                // digit - 2^w is negative or zero; the carry restores 2^w in the next window.
                if digit < full {
                    sum -= &row[(full - digit - 1) as usize];
                }
            } else if digit > 0 {
                sum += &row[(digit - 1) as usize];
            }
        }
        sum
    }
}

/// `[1]base, [2]base, .., [count]base`.
fn multiples_of(base: G1, count: usize) -> Vec<G1Affine> {
    let step = base.to_affine();
    let mut sum = G1::identity();
    let sums: Vec<G1> = (0..count)
        .map(|_| {
            sum += &step;
            sum
        })
        .collect();
    let mut points = vec![G1Affine::identity(); count];
    G1::batch_normalize(&sums, &mut points);
    points
}

fn limbs(scalar: &Fr) -> [u64; 4] {
    let repr = scalar.to_repr();
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(repr.as_ref().chunks_exact(8)) {
        *limb = bytes.iter().rev().fold(0, |limb, byte| (limb << 8) | u64::from(*byte));
    }
    limbs
}

/// `count <= 16` bits from bit `start`; zero beyond the top.
fn bits_at(limbs: &[u64; 4], start: usize, count: usize) -> u64 {
    let (limb, shift) = (start / 64, start % 64);
    let low = limbs.get(limb).map_or(0, |word| word >> shift);
    let high = match shift {
        0 => 0,
        _ => limbs.get(limb + 1).map_or(0, |word| word << (64 - shift)),
    };
    (low | high) & ((1 << count) - 1)
}
