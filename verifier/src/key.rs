//! The compact verifying key: what a verifier needs of a circuit, in a size independent of its rows.

mod encoding;
mod expr;
mod hiding;
mod lanes;
mod layout;
mod order;
mod purpose;
mod validate;

pub(crate) use expr::{evaluate, Evals};
pub use expr::{Expr, RowSet};
pub use lanes::{LaneRun, Registered};
pub use layout::{InputLayout, InstanceLayout, OutputLayout, WholeOutput, POLICY_COLUMNS};
pub use order::InputOrder;
pub use purpose::{Purpose, SegmentLayout};

use crate::error::VerifyError;
use alloc::vec::Vec;
use core::ops::Deref;
use provenn_bn254::{Fr, G1Affine};

/// Largest supported `k` (the two-adicity of the scalar field).
pub const MAX_K: u32 = 28;

/// The contents of a [`VerifyingKey`].
#[derive(Clone, Debug, PartialEq)]
pub struct KeyParts {
    /// The circuit has `2^k` rows.
    pub k: u32,
    /// Blinding factors of the constraint system; the last `blinding_factors + 1` rows are not usable.
    pub blinding_factors: u32,
    /// Degree of the constraint system; the quotient is committed in `degree - 1` pieces.
    pub degree: u32,
    /// Phase (0, 1 or 2) of each advice column.
    pub advice_phases: Vec<u8>,
    /// Phase after which each challenge is drawn.
    pub challenge_phases: Vec<u8>,
    /// Number of instance columns.
    pub instance_columns: u32,
    /// How many of them, the last ones, the verifier computes after the challenges of the circuit. The transcript does not
    /// absorb them: they must follow from what it absorbed and from challenges of advice phases.
    pub computed_columns: u32,
    /// Advice queries as (column, rotation), in the order of the constraint system.
    pub advice_queries: Vec<(u32, i32)>,
    /// Instance queries, likewise.
    pub instance_queries: Vec<(u32, i32)>,
    /// Fixed queries, likewise.
    pub fixed_queries: Vec<(u32, i32)>,
    /// Commitments to the fixed columns (the identity for an all-zero column).
    pub fixed_commitments: Vec<G1Affine>,
    /// Columns of the permutation argument, in order.
    pub permutation_columns: Vec<PermutationColumn>,
    /// Commitments to their sigma polynomials.
    pub permutation_commitments: Vec<G1Affine>,
    /// The library's digest of the key, absorbed by the transcript.
    pub transcript_repr: Fr,
    /// Gate polynomials in order, each as a postfix program.
    pub gates: Vec<Vec<Expr>>,
    /// Advice columns tied to commitments by the link proof.
    pub linked: Linked,
    /// What its proofs are about.
    pub purpose: Purpose,
}

/// Kind of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColumnKind {
    /// Witness column.
    Advice,
    /// Column fixed by the circuit.
    Fixed,
    /// Public column.
    Instance,
}

/// A column of the permutation argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PermutationColumn {
    /// Its kind.
    pub kind: ColumnKind,
    /// Its index among the columns of this kind.
    pub index: u32,
}

/// Advice columns that the link proof ties to commitments outside of the proof.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linked {
    /// Weight columns.
    pub weights: Folded,
    /// For each input its columns, lane by lane, in the order of the claim's commitments to it; none of a public input. Of a segment, then
    /// those of what it gives.
    pub inputs: Vec<Vec<u32>>,
    /// Columns of a registration, which has no others.
    pub registered: Registered,
}

/// Columns that fold the card's commitments: `sum_l r^l (w_l - zero)` over the lanes of each, column by column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// The advice columns, of a phase after the challenge.
    pub columns: Vec<u32>,
    /// Committed lanes of each column.
    pub lanes: u32,
    /// Index of the challenge `r`, drawn after the first phase.
    pub challenge: u32,
    /// The cell of the weight zero.
    pub zero: u64,
}

impl Folded {
    /// Number of committed lanes of all columns.
    pub fn commitments(&self) -> usize {
        self.columns.len().saturating_mul(crate::codec::size(self.lanes))
    }
}

/// A validated verifying key. Its parts are read through `Deref`.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifyingKey {
    parts: KeyParts,
    /// For each permutation column, the index of its query at rotation 0 among the queries of its kind.
    permutation_queries: Vec<usize>,
    digest: [u8; 32],
}

impl Deref for VerifyingKey {
    type Target = KeyParts;

    fn deref(&self) -> &KeyParts {
        &self.parts
    }
}

impl KeyParts {
    /// Number of rows.
    pub fn rows(&self) -> u64 {
        1u64.checked_shl(self.k).unwrap_or(0)
    }

    /// Number of rows that constraints cover.
    pub fn usable_rows(&self) -> u64 {
        self.rows().saturating_sub(u64::from(self.tail_rows()))
    }

    /// Number of rows at the end that only blind, `t`.
    pub fn tail_rows(&self) -> u32 {
        self.blinding_factors.saturating_add(1)
    }

    /// Number of committed pieces of the quotient polynomial.
    pub fn quotient_pieces(&self) -> u32 {
        self.degree.saturating_sub(1)
    }

    /// Columns for each permutation product.
    pub(crate) fn permutation_chunk(&self) -> usize {
        crate::codec::size(self.degree).saturating_sub(2).max(1)
    }
}

impl VerifyingKey {
    /// Checks all indices, counts and points of `parts`.
    pub fn new(parts: KeyParts) -> Result<Self, VerifyError> {
        let permutation_queries = validate::validate(&parts)?;
        let digest = encoding::digest(&parts);
        Ok(Self {
            parts,
            permutation_queries,
            digest,
        })
    }

    /// Canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encoding::to_bytes(&self.parts)
    }

    /// Decodes and validates canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        Self::new(encoding::from_bytes(bytes)?)
    }

    /// Blake2b-256 of the canonical bytes.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    pub(crate) fn permutation_queries(&self) -> &[usize] {
        &self.permutation_queries
    }
}
