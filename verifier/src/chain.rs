//! Chains: a model in segments, each in a circuit of its own, for models that are larger than one proof. What one segment gives to the next is
//! committed in the receipt, and both are linked to the same commitments.
//!
//! A receipt has one claim, about the whole model, and a proof for each segment. Every proof is bound to the claim, to all commitments between
//! the segments and to its place, so that proofs of other receipts, places or models do not fit.

mod card;
mod receipt;

pub use card::{ChainCard, CheckedChain, MAX_SEGMENTS};
pub use receipt::{ChainReceipt, SegmentProof};

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
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// What the transcript of a segment's proof absorbs first, by [`ChainReceipt::segment_digest`].
pub fn segment_scalar(digest: &[u8; 64]) -> Fr {
    Fr::from_wide_bytes(digest)
}

/// The equations of a receipt that passed all checks but them: of each segment its opening and its link.
pub(crate) fn equations(
    receipt: &ChainReceipt,
    chain: &CheckedChain,
    srs: &SrsVerifyingKey,
    expectation: &Expectation,
) -> Result<Vec<(Accumulator, Terms)>, VerifyError> {
    let claim: &Claim = &receipt.claim;
    let body = claim.body.inference().ok_or(VerifyError::StatementMismatch {
        found: claim.body.kind(),
    })?;
    let item = body.judged(claim, &chain.identity(), srs, expectation)?;
    let (expected, got) = (wide(chain.segments.len()), wide(receipt.segments.len()));
    if expected != got || wide(receipt.between.len()).checked_add(1) != Some(expected) {
        return Err(VerifyError::SegmentCount { expected, got });
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
        let key = &card.key;
        let layout = key.purpose.segment().ok_or(VerifyError::KeyInvalid {
            reason: "a segment has the key of one",
        })?;
        let inputs = match taken {
            None => item.inputs.iter().map(|input| input.points()).collect(),
            Some(points) => Vec::from([points]),
        };
        let mut committed = weights.clone();
        for (columns, points) in key.linked.inputs.iter().zip(inputs.into_iter().chain(given)) {
            let (expected, got) = (wide(columns.len()), wide(points.len()));
            if expected != got {
                return Err(VerifyError::InputShape { expected, got });
            }
            for point in points {
                committed.push(curve::g1_nonzero(point)?);
            }
        }
        let digest = receipt.segment_digest(index);
        let columns = layout.columns_of(item, key.k, &body.policy)?;
        let reduced = plonk::reduce(key, srs, &segment_scalar(&digest), &columns, &proof.proof)?;
        let statement = LinkStatement {
            claim_digest: digest,
            key_digest: key.digest(),
            srs_id: srs.id(),
            proof: &proof.proof,
            committed,
            columns: link::linked_columns(key, &reduced.advice, &reduced.challenges)?,
            tail: &srs.tail,
            g1: srs.g1,
        };
        all.push((reduced.opening, link::equation(&statement, &proof.link)?));
        taken = given;
    }
    Ok(all)
}
