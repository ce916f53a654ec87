//! Errors of committing and proving.

mod defect;
mod piece;

pub use defect::Defect;
pub use piece::PieceError;

use crate::colouring::ColouringError;
use crate::rows::Use;
use crate::srs::SrsError;
use provenn_circuits::onnx::ImportError;
use provenn_circuits::CircuitError;
use provenn_verifier::VerifyError;
use std::path::PathBuf;
use thiserror::Error;

/// Everything that can go wrong when committing or proving.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProveError {
    /// What a publisher says of a model does not fit it, or is not of its form.
    #[error("what is said about the model: {reason}. Help: the file is one JSON object, see `Model cards` in docs/format.md")]
    About {
        /// What is wrong.
        reason: String,
    },
    /// Compilation or execution failed.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// What was given as a colouring is none.
    #[error(transparent)]
    Colouring(#[from] ColouringError),
    /// A card names several sizes of its circuit.
    #[error("the card's key has 2^{key} rows, its registration 2^{registration}, its recipe 2^{recipe}. Help: get the card again from its publisher")]
    CardSize {
        /// log2 of the rows of the circuit's key.
        key: u32,
        /// Of the registration's key.
        registration: u32,
        /// Of the recipe.
        recipe: u32,
    },
    /// The people's part of a card is not one.
    #[error("the description on the card is not one that this release reads: {reason}. Help: get the card again from its publisher, or use the release that made it")]
    Description {
        /// What is wrong.
        reason: String,
    },
    /// Recorded outputs of a model are not those that would be proven.
    #[error("{reason}. Help: {help}")]
    Expected {
        /// Which output of which sample, and by how much.
        reason: String,
        /// What to do.
        help: &'static str,
    },
    /// A stored file is damaged or of another version.
    #[error("{}: {reason}. Help: commit the model again", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The model's output is not what the policy speaks of.
    #[error("the card does not offer the policy `{policy}`: it offers {}. Help: a model that ends in ArgMax has an index as its output, and no scores; ask for `label`", offered.join(", "))]
    NotOffered {
        /// Name of the policy.
        policy: String,
        /// Names of those on the card.
        offered: Vec<String>,
    },
    /// The model has no such segment.
    #[error("the model has no segment {asked}. Help: its segments are 1 to {of}")]
    NoSegment {
        /// What was asked for, from 1.
        asked: usize,
        /// How many it has.
        of: usize,
    },
    /// The pieces that were given make no receipt.
    #[error(transparent)]
    Pieces(#[from] PieceError),
    /// Calibration or held-out rows do not fit the model.
    #[error("{data} rows: {reason}. Help: give at least one row, each of the model's input shape")]
    Rows {
        /// Which rows.
        data: Use,
        /// What is wrong.
        reason: String,
    },
    /// The ONNX file was refused.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// There is no such committed input, or the values do not fit it.
    #[error("input: {0}")]
    Input(VerifyError),
    /// Reading or writing a file failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The proof system failed.
    #[error("the proof system failed: {0}. Help: this is a defect; please report it with the model's structure")]
    ProofSystem(#[from] Defect),
    /// The model has no input of this name.
    #[error("the model has no input `{name}`. Help: its inputs are {}", .inputs.join(", "))]
    UnknownInput {
        /// What was named.
        name: String,
        /// The inputs of the model.
        inputs: Vec<String>,
    },
    /// The model has no output of this name.
    #[error("the model has no output `{name}`. Help: its outputs are {}", .outputs.join(", "))]
    UnknownOutput {
        /// What was named.
        name: String,
        /// The outputs of the model.
        outputs: Vec<String>,
    },
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system: {0}")]
    Randomness(getrandom::Error),
    /// The own receipt was refused, so it was not returned.
    #[error("the receipt does not verify: {0}")]
    Refused(VerifyError),
    /// The file of a run is damaged, or its segments are not those of the model.
    #[error("the run cannot be proven: {reason}. Help: run this model again with `provenn segment run`")]
    Run {
        /// What is wrong.
        reason: String,
    },
    /// The SRS is missing or wrong.
    #[error(transparent)]
    Srs(#[from] SrsError),
    /// The SRS does not belong to the committed model.
    #[error("the SRS is not the one the model was committed under. Help: give the directory that was used for commit")]
    SrsMismatch,
    /// A stage does not fit the others of its chain.
    #[error("{reason}. Help: {help}")]
    Stage {
        /// Which, and why.
        reason: String,
        /// What to do.
        help: &'static str,
    },
    /// The policy multiplies scores, and these are so far apart that the circuit cannot compare them.
    #[error("the scores of this input are too far apart for this policy in this circuit: {policy}. Help: ask for fewer outputs, or for the scores")]
    TooFarApart {
        /// The policy in words, in the units of the model.
        policy: String,
    },
    /// The statement asked for is false for this input.
    #[error("the statement is false: {policy}. Help: receipts of this policy exist for true statements only")]
    Untrue {
        /// The policy in words, in the units of the model.
        policy: String,
    },
    /// No row that was given has a receipt.
    #[error("none of {rows} can be proven: {first}")]
    Unprovable {
        /// How many rows of which kind.
        rows: String,
        /// Why the first of them has none.
        first: CircuitError,
    },
    /// A policy parameter does not fit the model.
    #[error("policy: {0}")]
    Policy(VerifyError),
}

impl ProveError {
    /// Stable code, the same in the command line, the API and the documentation.
    pub fn code(&self) -> &'static str {
        match self {
            Self::About { .. } => "about",
            Self::Circuit(e) => e.code(),
            Self::Colouring(e) => e.code(),
            Self::CardSize { .. } => "card-size",
            Self::Description { .. } => "card-description",
            Self::Expected { .. } => "expected",
            Self::File { .. } => "file-damaged",
            Self::Import(e) => e.code(),
            Self::Io { .. } => "io",
            Self::NotOffered { .. } => "policy-not-offered",
            Self::NoSegment { .. } => "no-such-segment",
            Self::Pieces(_) => "pieces",
            Self::Rows { .. } => "calibration",
            Self::Input(e) | Self::Policy(e) | Self::Refused(e) => e.code(),
            Self::ProofSystem(_) => "proof-system",
            Self::Randomness(_) => "randomness",
            Self::Run { .. } => "run-file",
            Self::Srs(e) => e.code(),
            Self::SrsMismatch => "srs-mismatch",
            Self::Stage { .. } => "stage-mismatch",
            Self::TooFarApart { .. } => "scores-far-apart",
            Self::Unprovable { .. } => "unprovable",
            Self::UnknownInput { .. } => "unknown-input",
            Self::UnknownOutput { .. } => "unknown-output",
            Self::Untrue { .. } => "untrue",
        }
    }
}
