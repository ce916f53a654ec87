//! Everything that can be wrong with a checkpoint or a proof of the log.

/// Why a log's statement was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The newer tree does not begin with the older one: the log shows different histories.
    #[error("the newer tree of size {new} does not extend the older one of size {old}")]
    Fork {
        /// Entries of the older tree.
        old: u64,
        /// Entries of the newer tree.
        new: u64,
    },
    /// The entry's index is not below the size of the tree.
    #[error("index {got} in a tree of {size} entries")]
    Index {
        /// Entries of the tree.
        size: u64,
        /// The index.
        got: u64,
    },
    /// The text of a key is not of its format.
    #[error("the key is malformed: {reason}")]
    Key {
        /// Which rule is broken.
        reason: &'static str,
    },
    /// A note, a checkpoint or a proof is not of its format.
    #[error("malformed {what}: {reason}")]
    Malformed {
        /// What was read.
        what: &'static str,
        /// Which rule is broken.
        reason: &'static str,
    },
    /// The path leads to another root than the signed one.
    #[error("the entry is not in the signed tree")]
    NotIncluded,
    /// The checkpoint is of another log.
    #[error("the checkpoint is of another log than the key")]
    Origin,
    /// A path has the wrong number of hashes for its tree.
    #[error("a path of {got} hashes, expected {expected}")]
    PathLength {
        /// Hashes that index and size ask for.
        expected: u64,
        /// Hashes found.
        got: u64,
    },
    /// The newer tree is smaller than the older one.
    #[error("the newer tree has {new} entries, the older one {old}")]
    Shrunk {
        /// Entries of the older tree.
        old: u64,
        /// Entries of the newer tree.
        new: u64,
    },
    /// The signature under the log's key does not hold.
    #[error("the log's signature is invalid")]
    Signature,
    /// A text is longer than any of this format.
    #[error("{got} bytes exceed the maximum {maximum}")]
    TooLong {
        /// Most bytes accepted.
        maximum: u64,
        /// Bytes found.
        got: u64,
    },
    /// The note has no signature under the log's key.
    #[error("the checkpoint is not signed by this log key")]
    Unsigned,
    /// Too few of the named witnesses cosigned the checkpoint.
    #[error("{got} of the named witnesses cosigned the checkpoint, {quorum} are asked for")]
    Witnesses {
        /// Witnesses asked for.
        quorum: u64,
        /// Witnesses found.
        got: u64,
    },
}

impl LogError {
    /// Stable identifier.
    pub fn code(&self) -> &'static str {
        self.texts().0
    }

    /// What the reader of the error can do.
    pub fn help(&self) -> &'static str {
        self.texts().1
    }

    #[rustfmt::skip]
    pub(crate) fn texts(&self) -> (&'static str, &'static str) {
        match self {
            Self::Fork { .. } => ("log-fork", "Keep both checkpoints: together they show that the log misbehaved."),
            Self::Index { .. } => ("log-index", "The proof is damaged or forged; get it again."),
            Self::Key { .. } => ("log-key", "Copy the key again from its owner; it has the form NAME+ID+KEY."),
            Self::Malformed { .. } => ("log-malformed", "The file is damaged or of another format; get it again."),
            Self::NotIncluded => ("log-not-included", "Check that the proof belongs to this very file; do not count it as logged."),
            Self::Origin => ("log-origin", "Use the key of the log that the proof comes from."),
            Self::PathLength { .. } => ("log-path-length", "The proof is damaged or forged; get it again."),
            Self::Shrunk { .. } => ("log-shrunk", "Compare the checkpoints in the order they were published; a log never shrinks."),
            Self::Signature => ("log-signature", "The checkpoint is damaged or forged; do not rely on it."),
            Self::TooLong { .. } => ("log-too-long", "The file exceeds the limits of the format."),
            Self::Unsigned => ("log-unsigned", "Use the key of the log that the proof comes from."),
            Self::Witnesses { .. } => ("log-witnesses", "Get the checkpoint with more cosignatures, or check the witnesses' keys; do not rely on it."),
        }
    }
}
