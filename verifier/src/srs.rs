//! The verifier's part of the KZG parameters: its root of trust, passed in by the caller, never by a receipt.

use crate::codec::{at_most, digest32, size, Put, Reader};
use crate::curve;
use crate::error::VerifyError;
use crate::key::MAX_K;
use crate::kind::FileKind;
use crate::msm::Terms;
use alloc::vec::Vec;
use core::ops::Deref;
use provenn_bn254::{pairing_product_is_one, G1Affine, G2Affine, G2Prepared};

/// Most tail points.
const MAX_TAIL: usize = 257;

/// Where an SRS comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SrsKind {
    /// Made on one machine, which may know the secret: unsafe for anybody who does not trust it.
    Dev,
    /// From a public multi-party ceremony.
    Ceremony,
}

/// The contents of an [`SrsVerifyingKey`].
#[derive(Clone, Debug, PartialEq)]
pub struct SrsParts {
    /// Where it comes from.
    pub kind: SrsKind,
    /// The Lagrange points are those of `2^k` rows.
    pub k: u32,
    /// Generator of G1.
    pub g1: G1Affine,
    /// Generator of G2.
    pub g2: G2Affine,
    /// The secret times `g2`.
    pub s_g2: G2Affine,
    /// Lagrange commitments of the last `t = blinding_factors + 1` rows, rows `n - t` to `n - 1` in order.
    pub tail: Vec<G1Affine>,
}

/// A validated SRS verifying key. Its parts are read through `Deref`.
#[derive(Clone, Debug, PartialEq)]
pub struct SrsVerifyingKey {
    parts: SrsParts,
    id: [u8; 32],
}

impl Deref for SrsVerifyingKey {
    type Target = SrsParts;

    fn deref(&self) -> &SrsParts {
        &self.parts
    }
}

impl SrsVerifyingKey {
    /// Checks the points of `parts`.
    pub fn new(parts: SrsParts) -> Result<Self, VerifyError> {
        let valid = |point: &G1Affine| point.is_on_curve() && !point.is_identity();
        let points = [&parts.g2, &parts.s_g2];
        if !valid(&parts.g1) || !parts.tail.iter().all(valid) || !points.iter().all(|point| point.is_on_curve()) {
            return Err(VerifyError::BadPoint);
        }
        // The generator needs no check, and is what the first point must be.
        let others = points.into_iter().filter(|point| **point != G2Affine::GENERATOR);
        others.into_iter().try_for_each(curve::check_g2)?;
        at_most(size(MAX_K), size(parts.k))?;
        at_most(MAX_TAIL, parts.tail.len())?;
        if parts.g1 != G1Affine::GENERATOR || parts.g2 != G2Affine::GENERATOR {
            return Err(VerifyError::SrsInvalid {
                reason: "not the standard generators",
            });
        }
        if parts.tail.is_empty() {
            return Err(VerifyError::SrsInvalid {
                reason: "no tail points",
            });
        }
        let id = digest32(b"Provenn-SRS-----", &encode(&parts));
        Ok(Self { parts, id })
    }

    /// `e(left, s_g2) = e(right, g2)`
    pub(crate) fn pairs(&self, left: &Terms, right: &Terms) -> bool {
        let (s_g2, g2) = (G2Prepared::from(self.s_g2), G2Prepared::from(self.g2));
        let (left, right) = (left.sum().to_affine(), -right.sum().to_affine());
        pairing_product_is_one(&[(left, &s_g2), (right, &g2)])
    }

    /// Canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(&self.parts)
    }

    /// Decodes and validates canonical bytes: points on the curve, G2 points in the prime-order subgroup.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        let mut reader = Reader::new(bytes);
        reader.head(FileKind::Srs)?;
        let parts = SrsParts {
            kind: match reader.u8()? {
                0 => SrsKind::Dev,
                1 => SrsKind::Ceremony,
                got => return Err(VerifyError::BadTag { got }),
            },
            k: reader.u32()?,
            g1: reader.point()?,
            g2: curve::g2(&coordinates(&mut reader)?)?,
            s_g2: curve::g2(&coordinates(&mut reader)?)?,
            tail: reader.list(MAX_TAIL, 32, Reader::point)?,
        };
        reader.finish()?;
        Self::new(parts)
    }

    /// Blake2b-256 of the canonical bytes.
    pub fn id(&self) -> [u8; 32] {
        self.id
    }
}

fn coordinates(reader: &mut Reader<'_>) -> Result<[[u8; 32]; 4], VerifyError> {
    Ok([reader.array()?, reader.array()?, reader.array()?, reader.array()?])
}

fn encode(parts: &SrsParts) -> Vec<u8> {
    let mut out = Vec::new();
    out.put_head(FileKind::Srs);
    out.put(&[match parts.kind {
        SrsKind::Dev => 0,
        SrsKind::Ceremony => 1,
    }]);
    out.put_u32(parts.k);
    out.put_point(&parts.g1);
    out.put(curve::g2_bytes(&parts.g2).as_flattened());
    out.put(curve::g2_bytes(&parts.s_g2).as_flattened());
    out.put_list(&parts.tail, |out, point| out.put_point(point));
    out
}
