//! The decision, in order: format, identity of everything named, expectation, proof, link.

use crate::claim::{Claim, InputBinding};
use crate::codec::{length, wide};
use crate::curve;
use crate::error::VerifyError;
use crate::expectation::Expectation;
use crate::instance::instances;
use crate::link::{self, LinkStatement};
use crate::msm::Terms;
use crate::plonk;
use crate::receipt::Receipt;
use crate::registration::CheckedCard;
use crate::shplonk::Accumulator;
use crate::srs::{SrsKind, SrsVerifyingKey};
use alloc::vec::Vec;
use provenn_bn254::{Fr, G1Affine};

/// A claim that was verified under a ceremony SRS. Only [`verify`] and [`verify_batch`] make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    claim: Claim,
}

/// A claim that was verified under a development SRS: true only for those who trust the machine that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevVerified {
    claim: Claim,
}

/// The result of a successful verification.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Under a ceremony SRS.
    Verified(Verified),
    /// Under a development SRS.
    Dev(DevVerified),
}

impl Verified {
    /// The claim that holds.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }
}

impl DevVerified {
    /// The claim that holds if the SRS is honest.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }
}

impl Verdict {
    /// The claim, whatever the SRS.
    pub fn claim(&self) -> &Claim {
        match self {
            Self::Verified(verified) => &verified.claim,
            Self::Dev(verified) => &verified.claim,
        }
    }

    fn new(kind: SrsKind, claim: Claim) -> Self {
        match kind {
            SrsKind::Ceremony => Self::Verified(Verified { claim }),
            SrsKind::Dev => Self::Dev(DevVerified { claim }),
        }
    }
}

/// Decides one receipt.
///
/// # Errors
/// The first check that fails, see [`VerifyError`].
pub fn verify(
    receipt: &[u8],
    card: &CheckedCard,
    srs: &SrsVerifyingKey,
    expectation: &Expectation,
) -> Result<Verdict, VerifyError> {
    let pending = Pending::new(receipt, card, srs, expectation)?;
    match holds(srs, core::slice::from_ref(&pending)) {
        true => Ok(Verdict::new(srs.kind, pending.claim)),
        false => Err(pending.reason(srs)),
    }
}

/// Decides several receipts with one pairing check, at a fraction of the cost of deciding each.
///
/// # Errors
/// The index of the first bad receipt and what is wrong with it.
pub fn verify_batch(
    receipts: &[(&[u8], &CheckedCard)],
    srs: &SrsVerifyingKey,
    expectation: &Expectation,
) -> Result<Vec<Verdict>, (usize, VerifyError)> {
    let mut all = Vec::with_capacity(receipts.len());
    for (index, (receipt, card)) in receipts.iter().enumerate() {
        let pending = Pending::new(receipt, card, srs, expectation).map_err(|e| (index, e))?;
        all.push(pending);
    }
    if !holds(srs, &all) {
        let bad = all
            .iter()
            .position(|pending| !holds(srs, core::slice::from_ref(pending)));
        let bad = bad.unwrap_or(0);
        let reason = all
            .get(bad)
            .map_or(VerifyError::OpeningFailed, |pending| pending.reason(srs));
        return Err((bad, reason));
    }
    Ok(all
        .into_iter()
        .map(|pending| Verdict::new(srs.kind, pending.claim))
        .collect())
}

/// A receipt that passed all checks but the two equations on points.
struct Pending {
    claim: Claim,
    /// Digest of everything the equations were derived from.
    digest: [u8; 64],
    opening: Accumulator,
    /// Sums to the identity if the link proof is valid.
    link: Terms,
}

impl Pending {
    fn new(
        bytes: &[u8],
        card: &CheckedCard,
        srs: &SrsVerifyingKey,
        expectation: &Expectation,
    ) -> Result<Self, VerifyError> {
        if srs.kind == SrsKind::Dev && !expectation.accept_dev {
            return Err(VerifyError::DevSrs);
        }
        let receipt = Receipt::from_bytes(bytes)?;
        let model_id = check_identity(&receipt.claim, card, srs)?;
        expectation.check(&receipt.claim)?;
        let (key, claim) = (&card.key, &receipt.claim);
        let layout = key.layout.as_ref().ok_or(VerifyError::KeyInvalid {
            reason: "a model has public columns",
        })?;
        let columns = instances(layout, &claim.policy, &claim.input)?;
        let committed = commitments(card, &claim.input)?;
        let scalar = claim.claim_scalar();
        let proof = plonk::reduce(key, srs, &scalar, columns.as_slice(), &receipt.proof)?;
        let statement = LinkStatement {
            claim_digest: claim.digest(),
            key_digest: key.digest(),
            srs_id: srs.id(),
            proof: &receipt.proof,
            committed,
            columns: link::linked_columns(key, &proof.advice, &proof.challenges)?,
            tail: &srs.tail,
            g1: srs.g1,
        };
        let link = link::equation(&statement, &receipt.link)?;
        let digest = *blake2b_simd::Params::new()
            .hash_length(64)
            .personal(b"Provenn-Receipt-")
            .to_state()
            .update(&srs.id())
            .update(&model_id)
            .update(bytes)
            .finalize()
            .as_array();
        Ok(Self {
            claim: receipt.claim,
            digest,
            opening: proof.opening,
            link,
        })
    }

    /// Why a receipt fails whose equations do not hold together.
    fn reason(&self, srs: &SrsVerifyingKey) -> VerifyError {
        match self.opening.holds(srs) {
            true => VerifyError::LinkFailed,
            false => VerifyError::OpeningFailed,
        }
    }
}

/// The claim, the card and the SRS name one another. Returns the model id.
fn check_identity(claim: &Claim, card: &CheckedCard, srs: &SrsVerifyingKey) -> Result<[u8; 32], VerifyError> {
    let (srs_id, model_id) = (srs.id(), card.model_id());
    // The card was checked under the SRS that it names: its key fits.
    if card.srs_id != srs_id {
        return Err(VerifyError::SrsMismatch);
    }
    // Of another card, the SRS may well be another too: the card is what to change.
    match (claim.srs_id == srs_id, claim.model_id == model_id) {
        (false, false) => return Err(VerifyError::ModelMismatch),
        (false, true) => return Err(VerifyError::SrsMismatch),
        _ => {}
    }
    if claim.key_digest != card.key.digest() {
        return Err(VerifyError::KeyMismatch);
    }
    if claim.quantization != card.quantization {
        return Err(VerifyError::QuantizationMismatch);
    }
    match claim.model_id == model_id {
        true => Ok(model_id),
        false => Err(VerifyError::ModelMismatch),
    }
}

/// The published commitments to the linked columns: the card's, then the claim's.
fn commitments(card: &CheckedCard, input: &InputBinding) -> Result<Vec<G1Affine>, VerifyError> {
    let points: &[[u8; 32]] = match input {
        InputBinding::Public { .. } => &[],
        InputBinding::Committed { points } => points,
    };
    let (expected, got) = (card.key.linked.input.len(), points.len());
    if expected != got {
        return Err(VerifyError::InputShape {
            expected: wide(expected),
            got: wide(got),
        });
    }
    let mut all = card.points().to_vec();
    for point in points {
        all.push(curve::g1_nonzero(point)?);
    }
    Ok(all)
}

/// Whether all equations hold, by one pairing check of a combination with random weights. The weights come from a
/// hash of everything the equations depend on, so nobody can choose equations that cancel.
fn holds(srs: &SrsVerifyingKey, all: &[Pending]) -> bool {
    let mut seed = blake2b_simd::Params::new()
        .hash_length(64)
        .personal(b"Provenn-Batch---")
        .to_state();
    for pending in all {
        seed.update(&pending.digest);
    }
    let (mut left, mut right) = (Terms::default(), Terms::default());
    for (index, pending) in all.iter().enumerate() {
        let weight = |purpose: u8| {
            let mut state = seed.clone();
            state.update(&length(index).to_le_bytes()).update(&[purpose]);
            Fr::from_wide_bytes(state.finalize().as_array())
        };
        let opening = weight(0);
        left.add(opening, &pending.opening.left);
        right.add(opening, &pending.opening.right);
        right.add(weight(1), &pending.link);
    }
    srs.pairs(&left, &right)
}
