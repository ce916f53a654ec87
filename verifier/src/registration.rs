//! The registration of a model: a proof, made once, that the committed weights are in range and fit the architecture.
//!
//! The commitments of the card are the first messages of this proof. A receipt's link proof ties its weight columns to
//! the same commitments, so what the registration shows holds for every receipt of the card.

use crate::card::ModelCard;
use crate::codec::{length, size};
use crate::error::VerifyError;
use crate::key::{Linked, VerifyingKey};
use crate::plonk;
use crate::srs::SrsVerifyingKey;
use alloc::vec::Vec;
use core::ops::Deref;
use provenn_bn254::{Fr, G1Affine};

/// Evidence about the committed weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// Verifying key of the registration circuit. Like the key of the model's circuit it follows from the
    /// architecture; an audit rebuilds both.
    pub key: VerifyingKey,
    /// The halo2 proof without its first messages, which are the commitments of the card. At most
    /// [`MAX_PROOF`](crate::receipt::MAX_PROOF) bytes.
    pub proof: Vec<u8>,
}

/// What the transcript of a registration absorbs first: the digests of both keys, and the SRS.
pub fn registration_scalar(circuit: &[u8; 32], registration: &[u8; 32], srs_id: &[u8; 32]) -> Fr {
    let mut state = blake2b_simd::Params::new()
        .hash_length(64)
        .personal(b"Provenn-Register")
        .to_state();
    state.update(circuit).update(registration).update(srs_id);
    Fr::from_wide_bytes(state.finalize().as_array())
}

/// A card whose registration holds under an SRS. Only [`ModelCard::check`] makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedCard {
    card: ModelCard,
    model_id: [u8; 32],
    /// The commitments, decoded once for all receipts.
    points: Vec<G1Affine>,
}

impl Deref for CheckedCard {
    type Target = ModelCard;

    fn deref(&self) -> &ModelCard {
        &self.card
    }
}

impl CheckedCard {
    /// See [`ModelCard::model_id`].
    pub fn model_id(&self) -> [u8; 32] {
        self.model_id
    }

    pub(crate) fn points(&self) -> &[G1Affine] {
        &self.points
    }
}

impl ModelCard {
    /// Verifies the registration; once for each card, before any of its receipts.
    ///
    /// # Errors
    /// [`VerifyError::SrsMismatch`] if the card was made under another SRS, [`VerifyError::RegistrationFailed`] if the
    /// proof is invalid, errors of the format, and those of [`validate`](Self::validate).
    pub fn check(self, srs: &SrsVerifyingKey) -> Result<CheckedCard, VerifyError> {
        self.validate()?;
        let Registration { key, proof } = &self.registration;
        let srs_id = srs.id();
        let tail = length(srs.tail.len());
        let fits = |key: &VerifyingKey| key.k == srs.k && key.tail_rows() == tail;
        if self.srs_id != srs_id || !fits(key) || !fits(&self.key) {
            return Err(VerifyError::SrsMismatch);
        }
        let scalar = registration_scalar(&self.key.digest(), &key.digest(), &srs_id);
        let messages: Vec<u8> = self.commitments.iter().flatten().chain(proof).copied().collect();
        let proof = plonk::reduce(key, srs, &scalar, &[], &messages)?;
        if !proof.opening.holds(srs) {
            return Err(VerifyError::RegistrationFailed);
        }
        let model_id = self.model_id();
        // The first columns of the registration are the committed ones.
        let mut points = proof.advice;
        points.truncate(self.commitments.len());
        Ok(CheckedCard {
            card: self,
            model_id,
            points,
        })
    }
}

/// The rules a registration must satisfy beside a model's key: no public columns, and its first columns are the
/// committed ones.
pub(crate) fn validate(registration: &Registration, commitments: usize) -> Result<(), VerifyError> {
    let key = &registration.key;
    let invalid = |reason| Err(VerifyError::KeyInvalid { reason });
    if key.layout.is_some() {
        return invalid("a registration has no public columns");
    }
    if key.linked != Linked::default() {
        return invalid("a registration has no linked columns");
    }
    let first = |column: u32| {
        let opened = key.advice_queries.iter().any(|(queried, _)| *queried == column);
        opened && key.advice_phases.get(size(column)) == Some(&0)
    };
    if !(0..length(commitments)).all(first) {
        return invalid("the first columns of a registration are the committed ones");
    }
    Ok(())
}
