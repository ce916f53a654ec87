//! Commitments: short bucket sums for small integers, the library's method for everything else.

use crate::srs::Srs;
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::poly::{Coeff, Polynomial};
use halo2curves::bn256::{Fq, Fr, G1Affine, G1};
use halo2curves::ff::{BatchInvert, Field, PrimeField};
use halo2curves::group::prime::PrimeCurveAffine;
use halo2curves::group::{Curve, Group};

/// Largest value that the bucket method takes.
const SMALL_BITS: u32 = 40;

/// Points to commit with.
#[derive(Debug)]
pub struct Bases<'a> {
    coeff: &'a [G1Affine],
    lagrange: Vec<G1Affine>,
    /// For each tail point and each 4-bit window, the multiples 1..=15.
    tail: Vec<Vec<[G1Affine; 15]>>,
}

impl<'a> Bases<'a> {
    /// Points of an SRS, for columns whose last `tail_rows` cells are random.
    pub fn new(srs: &'a Srs, tail_rows: usize) -> Self {
        let tail = srs.tail(tail_rows).into_iter().map(window_table).collect();
        Self {
            coeff: srs.g1_points(),
            lagrange: srs.lagrange_points(),
            tail,
        }
    }

    /// `sum scalars[i] * tail[i]`
    fn tail_sum(&self, scalars: impl Iterator<Item = Fr>) -> G1 {
        let mut sum = G1::identity();
        for (scalar, table) in scalars.zip(&self.tail) {
            let bytes = scalar.to_repr();
            let digits = bytes.as_ref().iter().flat_map(|b| [b & 15, b >> 4]);
            for (digit, multiples) in digits.zip(table) {
                if digit > 0 {
                    sum += multiples[usize::from(digit) - 1];
                }
            }
        }
        sum
    }

    /// Commits to a polynomial in coefficients.
    pub fn commit_coeff(&self, poly: &Polynomial<Fr, Coeff>) -> G1 {
        best_multiexp(poly.values(), &self.coeff[..poly.len()])
    }

    /// Commits to values on the domain.
    pub fn commit_lagrange(&self, values: &[Fr]) -> G1 {
        best_multiexp(values, &self.lagrange)
    }

    /// Commits to cells with a random tail; cells that are small integers are cheap.
    pub fn commit_with_tail(&self, cells: &[Fr], tail: &[Fr]) -> G1 {
        let tail_sum = self.tail_sum(tail.iter().copied());
        let used = cells.len() - cells.iter().rev().take_while(|c| **c == Fr::zero()).count();
        let (cells, points) = (&cells[..used], &self.lagrange[..used]);
        match small(cells) {
            Some(values) => small_msm(&values, points) + tail_sum,
            None => best_multiexp(cells, points) + tail_sum,
        }
    }

    /// Commits to small integers with a random tail.
    pub fn commit_small(&self, cells: &[u64], tail: &[Fr]) -> G1 {
        let points = &self.lagrange[..cells.len()];
        let sum = match cells.iter().all(|cell| cell >> SMALL_BITS == 0) {
            true => small_msm(cells, points),
            false => best_multiexp(&cells.iter().map(|&cell| Fr::from(cell)).collect::<Vec<_>>(), points),
        };
        sum + self.tail_sum(tail.iter().copied())
    }

    /// The commitment to the same cells with another tail.
    pub fn retail(&self, point: &G1Affine, old: &[Fr], new: &[Fr]) -> G1 {
        self.tail_sum(old.iter().zip(new).map(|(old, new)| new - old)) + point
    }
}

/// Multiples of `16^w * point` for every window `w`.
fn window_table(point: G1Affine) -> Vec<[G1Affine; 15]> {
    let mut base = G1::from(point);
    (0..64)
        .map(|_| {
            let multiples: Vec<G1> = std::iter::successors(Some(base), |m| Some(m + base)).take(15).collect();
            base = multiples[14] + base;
            let mut affine = [G1Affine::default(); 15];
            G1::batch_normalize(&multiples, &mut affine);
            affine
        })
        .collect()
}

/// The cells as integers, if all are below `2^SMALL_BITS`.
fn small(cells: &[Fr]) -> Option<Vec<u64>> {
    cells
        .iter()
        .map(|cell| {
            let bytes = cell.to_repr();
            let (low, high) = bytes.as_ref().split_at(8);
            let low = u64::from_le_bytes(low.try_into().ok()?);
            (high.iter().all(|b| *b == 0) && low >> SMALL_BITS == 0).then_some(low)
        })
        .collect()
}

/// `sum values[i] * points[i]` by buckets. Every point must be on the curve; values are below 2^SMALL_BITS.
pub fn small_msm(values: &[u64], points: &[G1Affine]) -> G1 {
    let largest = values.iter().copied().max().unwrap_or(0);
    let bits = u64::BITS - largest.leading_zeros();
    if bits == 0 {
        return G1::identity();
    }
    // Multiplications in the field: one pass costs 6 a point and 27 a bucket.
    let cost = |c: u32| u64::from(bits.div_ceil(c)) * (6 * values.len() as u64 + (27 << c));
    let window = (1..=bits.min(14)).min_by_key(|&c| cost(c)).unwrap_or(8);
    let mut total = G1::identity();
    for pass in (0..bits.div_ceil(window)).rev() {
        for _ in 0..window {
            total = total.double();
        }
        let digits = values
            .iter()
            .map(|value| (value >> (pass * window)) as usize & ((1 << window) - 1));
        let buckets = bucket_sums(digits, points, (1 << window) - 1);
        let (mut running, mut sum) = (G1::identity(), G1::identity());
        for bucket in buckets.iter().rev() {
            running += bucket;
            sum += running;
        }
        total += sum;
    }
    total
}

/// For each digit from 1 on, the sum of its points. In each round the points of a bucket are added in pairs, in affine
/// coordinates, with one inversion for the pairs of all buckets.
fn bucket_sums(digits: impl Iterator<Item = usize> + Clone, points: &[G1Affine], buckets: usize) -> Vec<G1Affine> {
    let mut lengths = vec![0usize; buckets + 1];
    digits.clone().for_each(|digit| lengths[digit] += 1);
    lengths[0] = 0;
    let ends = lengths.iter().scan(0, |end, length| {
        *end += length;
        Some(*end)
    });
    let mut places: Vec<usize> = ends.zip(&lengths).map(|(end, length)| end - length).collect();
    let starts = places.clone();
    let mut sorted = vec![G1Affine::identity(); lengths.iter().sum()];
    for (digit, point) in digits.zip(points).filter(|(digit, _)| *digit > 0) {
        sorted[places[digit]] = *point;
        places[digit] += 1;
    }
    let mut inverses = vec![];
    while lengths.iter().any(|length| *length > 1) {
        inverses.clear();
        let full = || starts.iter().zip(&lengths).filter(|(_, length)| **length > 1);
        for (start, length) in full() {
            let pairs = sorted[*start..start + length].chunks_exact(2);
            inverses.extend(pairs.map(|pair| run(&pair[0], &pair[1])));
        }
        inverses.iter_mut().batch_invert();
        let mut next = inverses.iter();
        for (start, length) in full() {
            for pair in 0..length / 2 {
                let (left, right) = (sorted[start + 2 * pair], sorted[start + 2 * pair + 1]);
                sorted[start + pair] = next.next().map_or(left, |inverse| sum(&left, &right, inverse));
            }
            if length % 2 == 1 {
                sorted[start + length / 2] = sorted[start + length - 1];
            }
        }
        lengths.iter_mut().for_each(|length| *length = length.div_ceil(2));
    }
    let one = |(start, length): (&usize, &usize)| match length {
        0 => G1Affine::identity(),
        _ => sorted[*start],
    };
    starts.iter().zip(&lengths).skip(1).map(one).collect()
}

/// What the slope between two points is divided by; zero if there is none.
fn run(left: &G1Affine, right: &G1Affine) -> Fq {
    match (left.x == right.x, left.y == right.y) {
        (true, true) => left.y.double(),
        (true, false) => Fq::ZERO,
        _ => right.x - left.x,
    }
}

/// The sum of two points, given the inverse of [`run`].
fn sum(left: &G1Affine, right: &G1Affine, inverse: &Fq) -> G1Affine {
    if bool::from(left.is_identity()) {
        return *right;
    }
    if bool::from(right.is_identity()) {
        return *left;
    }
    let rise = match (left.x == right.x, left.y == right.y) {
        (true, true) => left.x.square() * Fq::from(3),
        (true, false) => return G1Affine::identity(),
        _ => right.y - left.y,
    };
    let slope = rise * inverse;
    let x = slope.square() - left.x - right.x;
    let y = slope * (left.x - x) - left.y;
    G1Affine { x, y }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Buckets of equal and opposite points, which have no slope.
    #[test]
    fn points_that_meet_are_added() {
        let srs = Srs::dev_from_seed(6, [1; 32]);
        let point = srs.lagrange_points()[0];
        for opposite in [
            [1, 1, 1, 1, 1],
            [1, -1, 1, -1, 1],
            [1, -1, -1, 1, 1],
            [1, -1, 1, -1, -1],
        ] {
            let points = opposite.map(|sign| if sign > 0 { point } else { -point });
            let expected = G1::from(point) * Fr::from(3) * sign_sum(&opposite);
            assert_eq!(small_msm(&[3; 5], &points), expected);
        }
    }

    fn sign_sum(signs: &[i32]) -> Fr {
        let one = |sign: &i32| if *sign > 0 { Fr::one() } else { -Fr::one() };
        signs.iter().map(one).sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn buckets_agree_with_the_library(values in proptest::collection::vec(0u64..1 << SMALL_BITS, 1..60), shift in 0u32..40) {
            let values: Vec<u64> = values.iter().map(|v| v >> shift).collect();
            let srs = Srs::dev_from_seed(6, [1; 32]);
            let points = srs.lagrange_points();
            let scalars: Vec<Fr> = values.iter().map(|&v| Fr::from(v)).collect();
            prop_assert_eq!(small_msm(&values, &points[..values.len()]), best_multiexp(&scalars, &points[..values.len()]));
        }
    }
}
