//! What the verifier contract (`contracts/`) takes: key data of a model card or of a class of graphs, and the arguments of a receipt. See `docs/evm.md`.
#![forbid(unsafe_code)]

mod calldata;
mod equation;
mod key_data;
mod messages;
mod program;
mod words;

pub use calldata::Calldata;
pub use key_data::KeyData;
pub use words::{ColouringWords, Words};

use provenn_verifier::VerifyError;
use sha3::{Digest, Keccak256};

/// Why something has no form for the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// Card and SRS, or graph and SRS, are not of each other.
    #[error("the SRS key is not that of the card, or not of the size of the graph")]
    Srs,
    /// The receipt does not decode.
    #[error("receipt: {0}")]
    Receipt(VerifyError),
    /// A point of the receipt is none.
    #[error("receipt: a curve point is malformed or missing")]
    Point,
    /// The words of another kind of statement were asked for.
    #[error("the receipt is of another kind of statement")]
    Statement,
    /// The contract evaluates no columns that depend on challenges.
    #[error("the card is of a batch (`--batch`), of which the contract does not decide; commit to single inferences")]
    Batch,
    /// The contract has no cells of outputs that are shown whole.
    #[error("the card shows an output whole (`--outputs whole`), which the contract does not read; commit with `--outputs scores`")]
    Whole,
    /// A public column is read at another row than its own.
    #[error("a gate reads a public column at another row; the contract evaluates them at their own row only")]
    Rotation,
    /// More memory than addresses of the program reach.
    #[error("the contract's memory would reach to {0}, more than 65535; choose a smaller circuit (`--optimize gas`)")]
    Memory(usize),
    /// More code than an account has.
    #[error(
        "the key data has {0} bytes, more than the 24576 of an account; choose a smaller circuit (`--optimize gas`)"
    )]
    Code(usize),
    /// The key contradicts itself.
    #[error("the key contradicts itself")]
    Inconsistent,
}

/// The hash of the chain.
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}
