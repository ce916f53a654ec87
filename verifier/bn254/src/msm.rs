//! Sums of scalar multiples: Pippenger's buckets with signed windows, whose points are added in affine form, many with one
//! inversion.

use crate::curve::{Affine, Jacobian};
use crate::{Fp, Fq, Fr, G1Affine, Modulus, G1};
use alloc::vec;
use alloc::vec::Vec;

/// Bits of a scalar and of the carry of signed digits.
const BITS: usize = 255;
/// Points whose additions share inversions, roughly.
const SHARED: usize = 1 << 14;

/// `sum_i scalar_i point_i`.
pub fn msm(terms: &[(Fr, G1Affine)]) -> G1 {
    let window = window(terms.len());
    let buckets = 1usize << (window - 1);
    let columns = BITS.div_ceil(window);
    let digits: Vec<i16> = terms
        .iter()
        .flat_map(|(scalar, _)| digits(scalar, window, columns))
        .collect();
    let at_once = (SHARED / terms.len().max(1)).clamp(1, columns);
    let mut total = Jacobian::IDENTITY;
    for first in (0..columns).step_by(at_once).collect::<Vec<_>>().into_iter().rev() {
        let last = columns.min(first + at_once);
        let sums = Buckets::sort(terms, &digits, columns, first..last, buckets).sums();
        for column in sums.chunks_exact(buckets).rev() {
            for _ in 0..window {
                total = total.double();
            }
            let mut running = Jacobian::IDENTITY;
            for bucket in column.iter().rev() {
                running += *bucket;
                total += running;
            }
        }
    }
    total
}

/// Bits of a window for `count` terms. An affine addition costs 6 multiplications, a bucket about 27.
fn window(count: usize) -> usize {
    let cost = |window: &usize| {
        BITS.div_ceil(*window)
            .saturating_mul(count.saturating_mul(6).saturating_add(27 << (window - 1)))
    };
    (2..=14).min_by_key(cost).unwrap_or(2)
}

/// Signed digits in base `2^window`, least significant first, each of size at most `2^(window - 1)`.
fn digits(scalar: &Fr, window: usize, columns: usize) -> impl Iterator<Item = i16> {
    let [a, b, c, d] = scalar.limbs();
    let limbs = [a, b, c, d, 0];
    let half = 1i32 << (window - 1);
    let mut carry = 0i32;
    (0..columns).map(move |column| {
        let (limb, shift) = (column * window / 64, column * window % 64);
        let pair = u128::from(limbs[limb]) | u128::from(limbs[limb + 1]) << 64;
        let bits = (pair >> shift) as i32 & ((1 << window) - 1);
        let digit = bits + carry;
        carry = i32::from(digit > half);
        (digit - (carry << window)) as i16
    })
}

/// The points of some columns, ordered by column and bucket.
struct Buckets {
    points: Vec<G1Affine>,
    /// Where each bucket ends; it begins where the one before ends.
    ends: Vec<usize>,
}

impl Buckets {
    fn sort(
        terms: &[(Fr, G1Affine)],
        digits: &[i16],
        columns: usize,
        chosen: core::ops::Range<usize>,
        buckets: usize,
    ) -> Self {
        let entries = || {
            digits
                .chunks_exact(columns)
                .zip(terms)
                .flat_map(|(digits, (_, point))| {
                    let digits = digits[chosen.clone()].iter().enumerate();
                    digits.filter(|(_, digit)| **digit != 0).map(move |(column, digit)| {
                        let place = column * buckets + usize::from(digit.unsigned_abs()) - 1;
                        (place, if *digit < 0 { -*point } else { *point })
                    })
                })
        };
        // Counting sort: `ends` first counts, then holds the next free place of each bucket.
        let mut ends = vec![0usize; chosen.len() * buckets];
        entries().for_each(|(place, _)| ends[place] += 1);
        let mut start = 0;
        for end in &mut ends {
            (*end, start) = (start, start + *end);
        }
        let mut points = vec![Affine::IDENTITY; start];
        for (place, point) in entries() {
            points[ends[place]] = point;
            ends[place] += 1;
        }
        Self { points, ends }
    }

    /// Halves every bucket until one point is left in each.
    fn sums(mut self) -> Vec<G1Affine> {
        let mut inverses = Vec::with_capacity(self.points.len() / 2);
        loop {
            inverses.clear();
            self.pairs(|a, b| inverses.push(denominator(a, b)));
            if inverses.is_empty() {
                break;
            }
            batch_invert(&mut inverses);
            self.halve(&inverses);
        }
        let mut start = 0;
        self.ends
            .iter()
            .map(|end| {
                let sum = self.points[start..*end].first().copied().unwrap_or(Affine::IDENTITY);
                start = *end;
                sum
            })
            .collect()
    }

    fn pairs(&self, mut each: impl FnMut(&G1Affine, &G1Affine)) {
        let mut start = 0;
        for end in &self.ends {
            self.points[start..*end]
                .chunks_exact(2)
                .for_each(|pair| each(&pair[0], &pair[1]));
            start = *end;
        }
    }

    fn halve(&mut self, inverses: &[Fq]) {
        let mut inverses = inverses.iter();
        let (mut start, mut free) = (0, 0);
        for end in &mut self.ends {
            while start < *end {
                let odd = start + 1 == *end;
                self.points[free] = match inverses.as_slice() {
                    [inverse, ..] if !odd => {
                        inverses.next();
                        add(&self.points[start], &self.points[start + 1], inverse)
                    }
                    _ => self.points[start],
                };
                start += if odd { 1 } else { 2 };
                free += 1;
            }
            *end = free;
        }
        self.points.truncate(free);
    }
}

/// What the slope of the line through two points is divided by; zero if it is not needed.
fn denominator(a: &G1Affine, b: &G1Affine) -> Fq {
    match a.x == b.x {
        true => a.y + b.y,
        false => b.x - a.x,
    }
}

/// The sum, with the inverse of the [`denominator`].
fn add(a: &G1Affine, b: &G1Affine, inverse: &Fq) -> G1Affine {
    if a.is_identity() {
        return *b;
    }
    if b.is_identity() {
        return *a;
    }
    let slope = if a.x != b.x {
        (b.y - a.y) * inverse
    } else if a.y == b.y {
        let square = a.x.square();
        (square.double() + square) * inverse
    } else {
        return Affine::IDENTITY;
    };
    let x = slope.square() - a.x - b.x;
    Affine {
        x,
        y: slope * (a.x - x) - a.y,
    }
}

/// Replaces each value other than zero by its inverse; one inversion in all.
pub fn batch_invert<M: Modulus>(values: &mut [Fp<M>]) {
    let mut product = Fp::ONE;
    let mut before = Vec::with_capacity(values.len());
    for value in values.iter().filter(|value| !value.is_zero()) {
        before.push(product);
        product *= value;
    }
    // A product of values other than zero has an inverse.
    let mut inverse = product.invert().unwrap_or(Fp::ONE);
    let others = values.iter_mut().filter(|value| !value.is_zero());
    for (value, before) in others.rev().zip(before.into_iter().rev()) {
        let this = inverse * before;
        inverse *= &*value;
        *value = this;
    }
}
