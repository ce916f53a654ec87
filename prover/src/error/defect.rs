//! What the proof system itself can fail at.

use provenn_verifier::VerifyError;
use thiserror::Error;

/// A failure that no input explains: a defect of this software.
#[derive(Debug, Error)]
pub enum Defect {
    /// A challenge is one of the opening points, which happens with negligible probability.
    #[error("a challenge hit an opening point")]
    Challenge,
    /// A circuit gives another number of columns than its key has.
    #[error("phase {phase} has {expected} columns, {got} were given")]
    Columns {
        /// The phase.
        phase: u8,
        /// Columns of the key.
        expected: usize,
        /// Columns given.
        got: usize,
    },
    /// The link proof was given tails of other columns than those linked.
    #[error("tails of other columns than those linked")]
    Linked,
    /// What is made here cannot be written down.
    #[error("{what} cannot be encoded: {reason}")]
    Encoding {
        /// What.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// The verifier refuses the key.
    #[error("the key of the circuit is refused: {0}")]
    Key(VerifyError),
    /// The library makes no key.
    #[error("no key: {0}")]
    KeyGeneration(halo2_proofs::plonk::Error),
    /// A statement gives another number of public columns than its key has.
    #[error("the key has {expected} public columns, {got} were given")]
    PublicColumns {
        /// Columns of the key.
        expected: usize,
        /// Columns given.
        got: usize,
    },
    /// A gate reads what the constraint system does not list.
    #[error("query of column {column} at rotation {rotation} is not registered")]
    Query {
        /// The column, among those of its kind.
        column: usize,
        /// The rotation.
        rotation: i32,
    },
    /// The verifier refuses the parameters.
    #[error("the SRS is refused: {0}")]
    Srs(VerifyError),
    /// Tails are not as long as the SRS has tail points.
    #[error("tails of another length than the {expected} tail points of the SRS")]
    Tails {
        /// Tail points.
        expected: usize,
    },
    /// A message of a proof cannot be absorbed: it is the point at infinity.
    #[error("a message of the proof: {0}")]
    Transcript(std::io::Error),
    /// The constraint system uses what compact keys do not have.
    #[error("compact keys have no {0}")]
    Unsupported(&'static str),
}
