//! The link proof: the linked columns of a halo2 proof are the committed ones.
//!
//! For each linked column let `C` be its published commitment and `C'` its commitment inside the proof. Both are
//! KZG commitments to `n` cells in the Lagrange basis, the last `t` of them random. `C' - C` lies in the span of the
//! `t` tail points `L_j` exactly if both agree on all usable rows. With `D = sum rho^i (C'_i - C_i)`, Okamoto's
//! protocol proves knowledge of `a` with `D = sum a_j L_j`: `R = sum k_j L_j`, `z_j = k_j + e a_j`, and the verifier
//! checks `sum z_j L_j = R + e D`. `rho` is drawn after all `C`, `C'` and the whole proof, `e` after `R`.

use crate::codec::{length, scalar, size, wide, Put, Reader};
use crate::curve;
use crate::domain::powers;
use crate::error::VerifyError;
use crate::key::VerifyingKey;
use crate::msm::Terms;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::{Fr, G1Affine};

/// Most responses.
const MAX_RESPONSES: usize = 257;

/// Announcement and responses, checked when the receipt is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkProof {
    /// `R`, compressed.
    pub r: [u8; 32],
    /// `z_j`, one canonical scalar for each tail row.
    pub z: Vec<[u8; 32]>,
}

impl LinkProof {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.put(&self.r);
        out.put_list(&self.z, |out, z| out.put(z));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        let link = Self {
            r: reader.array()?,
            z: reader.list(MAX_RESPONSES, 32, Reader::array)?,
        };
        curve::g1_nonzero(&link.r)?;
        link.z.iter().try_for_each(|z| scalar(z).map(drop))?;
        Ok(link)
    }
}

/// What a link proof is about, and everything its challenges depend on.
#[derive(Clone, Debug)]
pub struct LinkStatement<'a> {
    /// [`Claim::digest`](crate::Claim::digest).
    pub claim_digest: [u8; 64],
    /// [`VerifyingKey::digest`].
    pub key_digest: [u8; 32],
    /// [`SrsVerifyingKey::id`](crate::SrsVerifyingKey::id).
    pub srs_id: [u8; 32],
    /// The whole halo2 proof.
    pub proof: &'a [u8],
    /// `C_i`: published commitments, model columns first, then input columns.
    pub committed: Vec<G1Affine>,
    /// `C'_i`: the commitments of the same columns inside the proof, see [`linked_commitments`].
    pub proven: Vec<G1Affine>,
    /// The tail points of the SRS verifying key.
    pub tail: &'a [G1Affine],
}

/// The Fiat-Shamir transcript of the link proof.
#[derive(Clone)]
pub struct LinkTranscript {
    state: blake2b_simd::State,
}

impl LinkTranscript {
    /// Absorbs the statement.
    pub fn new(statement: &LinkStatement<'_>) -> Self {
        let proof = blake2b_simd::Params::new().hash_length(64).hash(statement.proof);
        let mut state = blake2b_simd::Params::new()
            .hash_length(64)
            .personal(b"Provenn-Link----")
            .to_state();
        state
            .update(&statement.claim_digest)
            .update(&statement.key_digest)
            .update(&statement.srs_id)
            .update(proof.as_bytes())
            .update(&length(statement.tail.len()).to_le_bytes())
            .update(&length(statement.committed.len()).to_le_bytes());
        for (committed, proven) in statement.committed.iter().zip(&statement.proven) {
            state.update(&committed.to_bytes()).update(&proven.to_bytes());
        }
        Self { state }
    }

    /// The challenge that joins the columns. Call once, first.
    pub fn rho(&mut self) -> Fr {
        self.state.update(b"rho");
        Fr::from_wide_bytes(self.state.finalize().as_array())
    }

    /// Absorbs the announcement and returns `e`.
    pub fn challenge(&mut self, r: &[u8; 32]) -> Fr {
        self.state.update(b"e").update(r);
        Fr::from_wide_bytes(self.state.finalize().as_array())
    }
}

/// The commitments of the linked columns inside a halo2 proof, model columns first, then input columns.
pub fn linked_commitments(key: &VerifyingKey, proof: &[u8]) -> Result<Vec<G1Affine>, VerifyError> {
    let mut reader = Reader::new(proof);
    let mut columns = vec![None; key.advice_phases.len()];
    // Linked columns are of the first phase, whose commitments open the proof in column order.
    for (column, phase) in columns.iter_mut().zip(&key.advice_phases) {
        if *phase == 0 {
            *column = Some(reader.point()?);
        }
    }
    let missing = VerifyError::KeyInvalid {
        reason: "linked column",
    };
    let linked = key.linked.model.iter().chain(&key.linked.input);
    linked
        .map(|index| columns.get(size(*index)).copied().flatten().ok_or(missing))
        .collect()
}

/// The terms of `sum z_j L_j - R - e D`, whose sum is the identity exactly if the link proof is valid.
pub(crate) fn equation(statement: &LinkStatement<'_>, link: &LinkProof) -> Result<Terms, VerifyError> {
    check_length(statement.tail.len(), link.z.len())?;
    check_length(statement.committed.len(), statement.proven.len())?;
    let mut transcript = LinkTranscript::new(statement);
    let rho = transcript.rho();
    let e = transcript.challenge(&link.r);
    let mut terms = Terms::default();
    for (point, z) in statement.tail.iter().zip(&link.z) {
        terms.push(scalar(z)?, *point);
    }
    terms.push(-Fr::ONE, curve::g1_nonzero(&link.r)?);
    let pairs = statement.committed.iter().zip(&statement.proven);
    for ((committed, proven), power) in pairs.zip(powers(rho)) {
        terms.push(e * power, *committed);
        terms.push(-(e * power), *proven);
    }
    Ok(terms)
}

fn check_length(expected: usize, got: usize) -> Result<(), VerifyError> {
    match expected == got {
        true => Ok(()),
        false => Err(VerifyError::LinkLength {
            expected: wide(expected),
            got: wide(got),
        }),
    }
}
