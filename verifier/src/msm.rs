//! Multi-scalar multiplication: serial Pippenger with signed windows.

use ff::{Field, PrimeField};
use group::prime::PrimeCurveAffine;
use group::{Curve, Group};
use halo2curves::bn256::{Fr, G1Affine, G1};
use std::collections::BTreeMap;

/// A sum of scalar multiples, kept as a list.
#[derive(Clone, Default)]
pub(crate) struct Terms(Vec<(Fr, G1Affine)>);

impl Terms {
    pub(crate) fn push(&mut self, scalar: Fr, point: G1Affine) {
        self.0.push((scalar, point));
    }

    /// Adds `weight` times `other`.
    pub(crate) fn add(&mut self, weight: Fr, other: &Self) {
        self.0
            .extend(other.0.iter().map(|(scalar, point)| (*scalar * weight, *point)));
    }

    /// The sum. Terms of the same point are joined first: proofs under one key share most of theirs.
    pub(crate) fn sum(&self) -> G1 {
        let mut joined: BTreeMap<([u8; 32], [u8; 32]), (Fr, G1Affine)> = BTreeMap::new();
        for (scalar, point) in &self.0 {
            joined
                .entry((point.x.to_repr(), point.y.to_repr()))
                .and_modify(|(sum, _)| *sum += scalar)
                .or_insert((*scalar, *point));
        }
        let terms: Vec<_> = joined
            .into_values()
            .filter(|(scalar, point)| !bool::from(scalar.is_zero()) && !bool::from(point.is_identity()))
            .collect();
        pippenger(&terms)
    }
}

/// Bits of a window for `count` terms: each window costs an addition for each term and two for each bucket.
fn window(count: usize) -> usize {
    let cost = |window: &usize| {
        let buckets = [8usize, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
        let buckets = buckets.get(window.saturating_sub(3)).copied().unwrap_or(usize::MAX);
        256usize
            .div_ceil((*window).max(1))
            .saturating_mul(count.saturating_add(buckets))
    };
    (3..=12).min_by_key(cost).unwrap_or(3)
}

/// Signed digits of a scalar in base `2^window`, least significant first, each of size at most `2^(window-1)`.
fn digits(scalar: &Fr, window: usize) -> Vec<i32> {
    let bits: Vec<bool> = scalar
        .to_repr()
        .iter()
        .flat_map(|byte| (0..8u32).map(move |bit| byte.checked_shr(bit).unwrap_or(0) & 1 == 1))
        .collect();
    let base = 1i32.checked_shl(u32::try_from(window).unwrap_or(0)).unwrap_or(1);
    let half = base >> 1;
    let mut carry = 0i32;
    // The order of the field is below 2^254, so 256 bits leave room for the last carry.
    bits.chunks(window)
        .map(|chunk| {
            let value = chunk
                .iter()
                .rev()
                .fold(0i32, |sum, bit| (sum << 1) | i32::from(*bit))
                .saturating_add(carry);
            carry = i32::from(value > half);
            match value > half {
                true => value.saturating_sub(base),
                false => value,
            }
        })
        .collect()
}

fn pippenger(terms: &[(Fr, G1Affine)]) -> G1 {
    let window = window(terms.len());
    let all: Vec<Vec<i32>> = terms.iter().map(|(scalar, _)| digits(scalar, window)).collect();
    let buckets_len = 1usize
        .checked_shl(u32::try_from(window).unwrap_or(1).saturating_sub(1))
        .unwrap_or(1);
    let columns = 256usize.div_ceil(window);
    let mut total = G1::identity();
    for column in (0..columns).rev() {
        for _ in 0..window {
            total = total.double();
        }
        let mut buckets = vec![G1::identity(); buckets_len];
        for (digits, (_, point)) in all.iter().zip(terms) {
            let digit = digits.get(column).copied().unwrap_or(0);
            let index = usize::try_from(digit.unsigned_abs()).unwrap_or(0).checked_sub(1);
            if let Some(bucket) = index.and_then(|index| buckets.get_mut(index)) {
                match digit < 0 {
                    true => *bucket -= point,
                    false => *bucket += point,
                }
            }
        }
        let mut running = G1::identity();
        for bucket in buckets.into_iter().rev() {
            running += bucket;
            total += running;
        }
    }
    total
}

/// The affine form of a sum.
pub(crate) fn affine(point: G1) -> G1Affine {
    point.to_affine()
}
