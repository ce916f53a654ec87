//! The decision, in order: format, what the statement says of identity and expectation, proof, link.

use crate::chain::{self, ChainReceipt, CheckedChain};
use crate::claim::Claim;
use crate::codec::length;
use crate::error::VerifyError;
use crate::expectation::Expectation;
use crate::link::{self, LinkStatement};
use crate::msm::Terms;
use crate::plonk;
use crate::receipt::Receipt;
use crate::shplonk::Accumulator;
use crate::srs::{SrsKind, SrsVerifyingKey};
use crate::statement::{Reference, Statement};
use alloc::vec::Vec;
use provenn_bn254::Fr;

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
pub fn verify<'a>(
    receipt: &[u8],
    reference: impl Into<Reference<'a>>,
    srs: &SrsVerifyingKey,
    expectation: &Expectation,
) -> Result<Verdict, VerifyError> {
    let pending = Pending::new(receipt, reference.into(), srs, expectation)?;
    match holds(srs, core::slice::from_ref(&pending)) {
        true => Ok(Verdict::new(srs.kind, pending.claim)),
        false => Err(pending.reason(srs)),
    }
}

/// A receipt of a batch, with what it is judged against and what is asked of it.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// Its bytes.
    pub receipt: &'a [u8],
    /// The model of an inference, the graph of a colouring.
    pub reference: Reference<'a>,
    /// What is asked of this receipt: each answers a nonce of its own.
    pub expectation: &'a Expectation,
}

impl<'a> Judged<'a> {
    /// A receipt about a model or a graph.
    pub fn new(receipt: &'a [u8], reference: impl Into<Reference<'a>>, expectation: &'a Expectation) -> Self {
        Self {
            receipt,
            reference: reference.into(),
            expectation,
        }
    }
}

/// Decides several receipts with one pairing check, at a fraction of the cost of deciding each.
///
/// # Errors
/// The index of the first bad receipt and what is wrong with it.
pub fn verify_batch(receipts: &[Judged<'_>], srs: &SrsVerifyingKey) -> Result<Vec<Verdict>, (usize, VerifyError)> {
    let mut all = Vec::with_capacity(receipts.len());
    for (index, judged) in receipts.iter().enumerate() {
        let pending = Pending::new(judged.receipt, judged.reference, srs, judged.expectation);
        all.push(pending.map_err(|error| (index, error))?);
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

/// For whose proof a receipt of a model in segments is refused: the first segment, from 0, whose proof does not hold by itself. None if all hold, or
/// the receipt is refused for what the segments have in common.
pub fn refused_segment(
    receipt: &[u8],
    chain: &CheckedChain,
    srs: &SrsVerifyingKey,
    expectation: &Expectation,
) -> Option<usize> {
    let decoded = ChainReceipt::from_bytes(receipt).ok()?;
    let proofs = match chain::equations(&decoded, chain, srs, expectation) {
        Ok(proofs) => proofs,
        Err(refused) => return refused.segment,
    };
    let digest = digest(receipt, &chain.model_id(), srs);
    let mut each = proofs.into_iter().map(|proof| Pending {
        claim: decoded.claim.clone(),
        digest,
        proofs: Vec::from([proof]),
    });
    each.position(|pending| !holds(srs, core::slice::from_ref(&pending)))
}

/// A receipt that passed all checks but the two equations on points.
struct Pending {
    claim: Claim,
    /// Digest of everything the equations were derived from.
    digest: [u8; 64],
    /// Of each proof its opening, and what sums to the identity if its link proof is valid.
    proofs: Vec<(Accumulator, Terms)>,
}

impl Pending {
    fn new(
        bytes: &[u8],
        reference: Reference<'_>,
        srs: &SrsVerifyingKey,
        expectation: &Expectation,
    ) -> Result<Self, VerifyError> {
        if srs.kind == SrsKind::Dev && !expectation.accept_dev {
            return Err(VerifyError::DevSrs);
        }
        if let Reference::Chain(chain) = reference {
            let receipt = ChainReceipt::from_bytes(bytes)?;
            return Ok(Self {
                proofs: chain::equations(&receipt, chain, srs, expectation).map_err(|refused| refused.error)?,
                digest: digest(bytes, &chain.model_id(), srs),
                claim: receipt.claim,
            });
        }
        let receipt = Receipt::from_bytes(bytes)?;
        let claim = &receipt.claim;
        let public = Statement::public(claim, reference, srs, expectation)?;
        let key = public.key.as_ref();
        let scalar = claim.claim_scalar();
        let proof = plonk::reduce(key, srs, &scalar, public.columns.as_ref(), &receipt.proof)?;
        let statement = LinkStatement {
            claim_digest: claim.digest(),
            key_digest: key.digest(),
            srs_id: srs.id(),
            proof: &receipt.proof,
            committed: public.committed,
            columns: link::linked_columns(key, &proof.advice, &proof.challenges)?,
            tail: &srs.tail,
            g1: srs.g1,
        };
        let link = link::equation(&statement, &receipt.link)?;
        Ok(Self {
            digest: digest(bytes, &public.id, srs),
            claim: receipt.claim,
            proofs: Vec::from([(proof.opening, link)]),
        })
    }

    /// Why a receipt fails whose equations do not hold together.
    fn reason(&self, srs: &SrsVerifyingKey) -> VerifyError {
        match self.proofs.iter().all(|(opening, _)| opening.holds(srs)) {
            true => VerifyError::LinkFailed,
            false => VerifyError::OpeningFailed,
        }
    }
}

/// Names a receipt and what it is about.
fn digest(receipt: &[u8], id: &[u8; 32], srs: &SrsVerifyingKey) -> [u8; 64] {
    *blake2b_simd::Params::new()
        .hash_length(64)
        .personal(b"Provenn-Receipt-")
        .to_state()
        .update(&srs.id())
        .update(id)
        .update(receipt)
        .finalize()
        .as_array()
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
    let proofs = all.iter().flat_map(|pending| &pending.proofs);
    for (index, (equation, link)) in proofs.enumerate() {
        let weight = |purpose: u8| {
            let mut state = seed.clone();
            state.update(&length(index).to_le_bytes()).update(&[purpose]);
            Fr::from_wide_bytes(state.finalize().as_array())
        };
        let opening = weight(0);
        left.add(opening, &equation.left);
        right.add(opening, &equation.right);
        right.add(weight(1), link);
    }
    srs.pairs(&left, &right)
}
