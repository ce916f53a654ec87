//! Why pieces make no receipt.

use provenn_verifier::VerifyError;
use thiserror::Error;

/// What is wrong with the pieces that are to be joined. Pieces are named by their place in the list that was given, from 0, segments from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PieceError {
    /// A file is no piece, or not as it was written.
    #[error("this is no piece of a receipt: {reason}. Help: prove this segment again with `provenn segment prove`")]
    Damaged {
        /// What is wrong.
        reason: String,
    },
    /// There are segments without a piece.
    #[error(
        "there is no piece of segment {}. Help: give one piece of each segment, all of one run",
        listed(segments)
    )]
    Missing {
        /// These.
        segments: Vec<usize>,
    },
    /// A piece is of a segment that the model does not have.
    #[error(
        "it is of segment {segment}, and the model has {of}. Help: give one piece of each segment, all of one run"
    )]
    NoSegment {
        /// The piece.
        piece: usize,
        /// The segment it says it is of.
        segment: usize,
        /// How many there are.
        of: usize,
    },
    /// A piece is of another model.
    #[error("it is of another model than the card. Help: give the card of the model that was run")]
    OtherModel {
        /// The piece.
        piece: usize,
    },
    /// A piece is of another run than the first one.
    #[error("it is of another run than the first piece. Help: prove this segment again from the run of the others")]
    OtherRun {
        /// The piece.
        piece: usize,
    },
    /// A proof does not hold.
    #[error("its proof of segment {segment} does not hold: {error}. Help: prove this segment again from the same run, and join with that")]
    Refused {
        /// The piece.
        piece: usize,
        /// Its segment.
        segment: usize,
        /// What is wrong with the proof.
        error: VerifyError,
    },
    /// Two pieces are of one segment.
    #[error(
        "it is of segment {segment}, and so is another piece. Help: give one piece of each segment, all of one run"
    )]
    Twice {
        /// The piece.
        piece: usize,
        /// The one before.
        other: usize,
        /// Their segment.
        segment: usize,
    },
}

impl PieceError {
    /// The piece that is meant, if it is one.
    pub fn piece(&self) -> Option<usize> {
        match self {
            Self::Damaged { .. } | Self::Missing { .. } => None,
            Self::NoSegment { piece, .. }
            | Self::OtherModel { piece }
            | Self::OtherRun { piece }
            | Self::Refused { piece, .. }
            | Self::Twice { piece, .. } => Some(*piece),
        }
    }
}

fn listed(segments: &[usize]) -> String {
    let each: Vec<String> = segments.iter().map(ToString::to_string).collect();
    each.join(", ")
}
