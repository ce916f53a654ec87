//! The link proof: columns of a halo2 proof are what they should be of columns that were committed outside of it.
//!
//! A linked column must equal, on all usable rows, `sum_l c_l w_l + constant` for committed columns `w_l`: an input column
//! is a committed one, a folded weight column `sum_l r^l (w_l - zero)`. The coefficients are known to the verifier, and the
//! commitments were fixed before them. Commitments are KZG commitments `C_l` to `n` cells in the Lagrange basis, the last
//! `t` of them random; the constant 1 commits to `g1`. With the column's commitment `C'` let
//! `D = C' - sum_l c_l C_l - constant g1`, and join all columns: `D = sum_i rho^i D_i`. Okamoto's protocol shows knowledge of
//! a representation `D = sum a_j L_j` in the `t` tail points: `R = sum k_j L_j`, `z_j = k_j + e a_j`, and the verifier checks
//! `sum z_j L_j = R + e D`. `rho` is drawn after all commitments and the whole proof, `e` after `R`.
//!
//! Soundness. Two answers to one `R` give a representation of `D`, and from enough `rho` one of each `D_i`. The other
//! points open as the proof's own openings show (or in the algebraic group model), so the polynomial
//! `C' - sum_l c_l C_l - constant` is one that vanishes on all usable rows: a different one would be a relation between
//! powers of tau. Only values on the domain count, so a commitment of a higher degree or of foreign origin is no attack.
//! With `c_l = r^l` and the `w_l` fixed before `r`, the error of what is folded is at most lanes / p.
//!
//! Zero knowledge. `C'` has a fresh random tail in each proof, of which its opening shows one evaluation; the `z_j` are
//! uniform, and the `C_l` are never opened. Nothing adds up over receipts, as long as no nonce is used twice.

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

/// A column of a halo2 proof, and what it must be on the usable rows.
#[derive(Clone, Debug)]
pub struct LinkedColumn {
    /// `C'`, its commitment in the proof.
    pub proven: G1Affine,
    /// `(l, c_l)`: indices of committed columns, with their coefficients.
    pub terms: Vec<(usize, Fr)>,
    /// What is added to their sum.
    pub constant: Fr,
}

/// What a link proof is about, and everything its challenges depend on. Coefficients follow from claim, key and proof.
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
    /// `C_l`: published commitments, the card's first, then the claim's.
    pub committed: Vec<G1Affine>,
    /// The linked columns, see [`linked_columns`].
    pub columns: Vec<LinkedColumn>,
    /// The tail points of the SRS verifying key.
    pub tail: &'a [G1Affine],
    /// The first point of the SRS, which commits to the constant 1.
    pub g1: G1Affine,
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
        for committed in &statement.committed {
            state.update(&committed.to_bytes());
        }
        state.update(&length(statement.columns.len()).to_le_bytes());
        for column in &statement.columns {
            state
                .update(&length(column.terms.len()).to_le_bytes())
                .update(&column.proven.to_bytes());
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

/// The linked columns of a proof with these advice commitments and challenges: folded weights over the card's
/// commitments, then inputs in their order, one column for each commitment of the claim.
///
/// # Errors
/// [`VerifyError::KeyInvalid`] if the key has other columns or challenges.
pub fn linked_columns(
    key: &VerifyingKey,
    advice: &[G1Affine],
    challenges: &[Fr],
) -> Result<Vec<LinkedColumn>, VerifyError> {
    const MISSING: VerifyError = VerifyError::KeyInvalid {
        reason: "linked column",
    };
    let proven = |column: &u32| advice.get(size(*column)).copied().ok_or(MISSING);
    let (weights, lanes) = (&key.linked.weights, size(key.linked.weights.lanes));
    let mut out = Vec::new();
    if !weights.columns.is_empty() {
        let r = challenges.get(size(weights.challenge)).ok_or(MISSING)?;
        let powers: Vec<Fr> = powers(*r).take(lanes).collect();
        let sum = powers.iter().fold(Fr::ZERO, |sum, power| sum + power);
        let constant = -(sum * Fr::from(weights.zero));
        for (index, column) in weights.columns.iter().enumerate() {
            let first = index.saturating_mul(lanes);
            out.push(LinkedColumn {
                proven: proven(column)?,
                terms: (first..).zip(powers.iter().copied()).collect(),
                constant,
            });
        }
    }
    let first = weights.columns.len().saturating_mul(lanes);
    for (index, column) in (first..).zip(key.linked.inputs.iter().flatten()) {
        out.push(LinkedColumn {
            proven: proven(column)?,
            terms: vec![(index, Fr::ONE)],
            constant: Fr::ZERO,
        });
    }
    Ok(out)
}

/// The terms of `sum z_j L_j - R - e D`, whose sum is the identity exactly if the link proof is valid.
pub(crate) fn equation(statement: &LinkStatement<'_>, link: &LinkProof) -> Result<Terms, VerifyError> {
    check_length(statement.tail.len(), link.z.len())?;
    let mut transcript = LinkTranscript::new(statement);
    let rho = transcript.rho();
    let e = transcript.challenge(&link.r);
    let mut terms = Terms::default();
    for (point, z) in statement.tail.iter().zip(&link.z) {
        terms.push(scalar(z)?, *point);
    }
    terms.push(-Fr::ONE, curve::g1_nonzero(&link.r)?);
    // A committed column may be part of several linked ones; its coefficients add up.
    let mut coefficients = vec![Fr::ZERO; statement.committed.len()];
    let mut constant = Fr::ZERO;
    for (column, power) in statement.columns.iter().zip(powers(rho)) {
        let weight = e * power;
        terms.push(-weight, column.proven);
        constant += weight * column.constant;
        for (index, coefficient) in &column.terms {
            let sum = coefficients.get_mut(*index).ok_or(VerifyError::LinkLength {
                expected: wide(statement.committed.len()),
                got: wide(*index),
            })?;
            *sum += weight * coefficient;
        }
    }
    for (coefficient, point) in coefficients.into_iter().zip(&statement.committed) {
        terms.push(coefficient, *point);
    }
    terms.push(constant, statement.g1);
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
