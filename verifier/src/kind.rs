//! The files of the format, known by their first bytes.

use core::fmt;

/// The version of the format, the same in all files and in claims.
pub const FORMAT_VERSION: u16 = 2;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// An agreement of several parties, with their signatures.
    Agreement,
    /// [`Bundle`](crate::Bundle)
    Bundle,
    /// [`ModelCard`](crate::ModelCard)
    Card,
    /// [`ChainCard`](crate::ChainCard)
    ChainCard,
    /// [`ChainReceipt`](crate::ChainReceipt)
    ChainReceipt,
    /// A party's signature of an input.
    Input,
    /// [`VerifyingKey`](crate::VerifyingKey)
    Key,
    /// An entry of a transparency log.
    LogEntry,
    /// [`Receipt`](crate::Receipt)
    Receipt,
    /// A publisher's signature of a model id.
    Signature,
    /// [`SrsVerifyingKey`](crate::SrsVerifyingKey)
    Srs,
    /// A publisher's word on the state of a model.
    State,
}

impl FileKind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::Agreement,
        Self::Bundle,
        Self::Card,
        Self::ChainCard,
        Self::ChainReceipt,
        Self::Input,
        Self::Key,
        Self::LogEntry,
        Self::Receipt,
        Self::Signature,
        Self::Srs,
        Self::State,
    ];

    /// The first bytes of each file of the kind.
    pub const fn magic(self) -> [u8; 4] {
        match self {
            Self::Agreement => *b"PRVA",
            Self::Bundle => *b"PRVB",
            Self::Card => *b"PRVC",
            Self::ChainCard => *b"PRVH",
            Self::ChainReceipt => *b"PRVR",
            Self::Input => *b"PRVI",
            Self::Key => *b"PRVK",
            Self::LogEntry => *b"PRVE",
            Self::Receipt => *b"PRVN",
            Self::Signature => *b"PRVP",
            Self::Srs => *b"PRVS",
            Self::State => *b"PRVT",
        }
    }

    /// The kind of a file that begins so.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| bytes.starts_with(&kind.magic()))
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Agreement => "an agreement",
            Self::Bundle => "a bundle",
            Self::Card => "a model card",
            Self::ChainCard => "a card of a model in segments",
            Self::ChainReceipt => "a receipt of a model in segments",
            Self::Input => "a party's signature of an input",
            Self::Key => "a circuit key",
            Self::LogEntry => "a log entry",
            Self::Receipt => "a receipt",
            Self::Signature => "a publisher's signature",
            Self::Srs => "an SRS verifying key",
            Self::State => "a publisher's word on the state of a model",
        })
    }
}
