//! Linear combinations of points.

use alloc::vec::Vec;
use provenn_bn254::{msm, Fr, G1Affine, G1};

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
        let mut terms = self.0.clone();
        terms.sort_unstable_by_key(|(_, point)| *point);
        terms.dedup_by(|(scalar, point), (sum, other)| {
            let same = point == other;
            if same {
                *sum += &*scalar;
            }
            same
        });
        terms.retain(|(scalar, point)| !scalar.is_zero() && !point.is_identity());
        msm(&terms)
    }
}
