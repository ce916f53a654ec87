//! Chains: a model in segments, each in a circuit of its own, for models that are larger than one proof. What one segment gives to the next is
//! committed in the receipt, and both are linked to the same commitments.
//!
//! A receipt has one claim, about the whole model, and a proof for each segment. Every proof is bound to the claim, to all commitments between
//! the segments and to its place, so that proofs of other receipts, places or models do not fit.

mod card;
mod receipt;

pub use card::{ChainCard, CheckedChain, MAX_SEGMENTS};
pub use receipt::{ChainReceipt, SegmentProof};

use crate::card::ModelCard;
use crate::claim::Claim;
use crate::codec::wide;
use crate::curve;
use crate::error::VerifyError;
use crate::expectation::Expectation;
use crate::link::{self, LinkStatement};
use crate::msm::Terms;
use crate::plonk;
use crate::shplonk::Accumulator;
use crate::srs::SrsVerifyingKey;
use crate::statement::inference::{Disclosure, Item};
use alloc::vec::Vec;
use provenn_bn254::{Fr, G1Affine};

/// What the transcript of a segment's proof absorbs first, by [`ChainReceipt::segment_digest`].
pub fn segment_scalar(digest: &[u8; 64]) -> Fr {
    Fr::from_wide_bytes(digest)
}

/// Why a receipt has no equations.
pub(crate) struct Refused {
    pub(crate) error: VerifyError,
    /// The segment whose proof it is about, from 0; none of what the segments have in common.
    pub(crate) segment: Option<usize>,
}

impl From<VerifyError> for Refused {
    fn from(error: VerifyError) -> Self {
        Self { error, segment: None }
    }
}

/// The equations of a receipt that passed all checks but them: of each segment its opening and its link.
pub(crate) fn equations(
    receipt: &ChainReceipt,
    chain: &CheckedChain,
    srs: &SrsVerifyingKey,
    expectation: &Expectation,
) -> Result<Vec<(Accumulator, Terms)>, Refused> {
    let claim: &Claim = &receipt.claim;
    let body = claim.body.inference().ok_or(VerifyError::StatementMismatch {
        found: claim.body.kind(),
    })?;
    let item = body.judged(claim, &chain.identity(), srs, expectation)?;
    let (expected, got) = (wide(chain.segments.len()), wide(receipt.segments.len()));
    if expected != got || wide(receipt.between.len()).checked_add(1) != Some(expected) {
        return Err(VerifyError::SegmentCount { expected, got }.into());
    }
    let mut all = Vec::with_capacity(chain.segments.len());
    let mut taken: Option<&[[u8; 32]]> = None;
    let rest = receipt
        .between
        .iter()
        .map(|points| Some(points.as_slice()))
        .chain([None]);
    let segments = chain
        .segments
        .iter()
        .zip(chain.points())
        .zip(&receipt.segments)
        .zip(rest);
    for (index, (((card, weights), proof), given)) in segments.enumerate() {
        let inputs = match taken {
            None => item.inputs.iter().map(|input| input.points()).collect(),
            Some(points) => Vec::from([points]),
        };
        let given_by = Given {
            card,
            weights,
            proof,
            linked: inputs.into_iter().chain(given).collect(),
            digest: receipt.segment_digest(index),
        };
        let equations = given_by.equations(item, &body.policy, srs);
        all.push(equations.map_err(|error| Refused {
            error,
            segment: Some(index),
        })?);
        taken = given;
    }
    Ok(all)
}

/// One segment of a receipt.
struct Given<'a> {
    card: &'a ModelCard,
    /// Its weight commitments.
    weights: &'a [G1Affine],
    proof: &'a SegmentProof,
    /// The commitments to what it takes and gives, in the order of its key.
    linked: Vec<&'a [[u8; 32]]>,
    digest: [u8; 64],
}

impl Given<'_> {
    fn equations(
        self,
        item: &Item,
        policy: &Disclosure,
        srs: &SrsVerifyingKey,
    ) -> Result<(Accumulator, Terms), VerifyError> {
        let (key, proof) = (&self.card.key, &self.proof.proof);
        let layout = key.purpose.segment().ok_or(VerifyError::KeyInvalid {
            reason: "a segment has the key of one",
        })?;
        let mut committed = self.weights.to_vec();
        for (columns, points) in key.linked.inputs.iter().zip(self.linked) {
            let (expected, got) = (wide(columns.len()), wide(points.len()));
            if expected != got {
                return Err(VerifyError::InputShape { expected, got });
            }
            for point in points {
                committed.push(curve::g1_nonzero(point)?);
            }
        }
        let columns = layout.columns_of(item, key.k, policy)?;
        let reduced = plonk::reduce(key, srs, &segment_scalar(&self.digest), &columns, proof)?;
        let statement = LinkStatement {
            claim_digest: self.digest,
            key_digest: key.digest(),
            srs_id: srs.id(),
            proof,
            committed,
            columns: link::linked_columns(key, &reduced.advice, &reduced.challenges)?,
            tail: &srs.tail,
            g1: srs.g1,
        };
        Ok((reduced.opening, link::equation(&statement, &self.proof.link)?))
    }
}
