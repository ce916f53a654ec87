//! Transparency log: whether a card or a receipt stands in an append-only log, checked without asking anybody.
//!
//! The log is an RFC 6962 Merkle tree over SHA-256, its head a signed note (C2SP `tlog-checkpoint`) under an Ed25519
//! key, a proof the text of C2SP `tlog-proof`. An entry is 39 bytes: a format tag, the kind and the SHA-256 of the
//! canonical bytes of a card or a receipt, so that the log shows digests only.
//!
//! [`InclusionProof::verify`] says that the log's key signed a tree with the entry in it. That there is one tree for
//! everybody is what monitors check, with [`extends`] between the checkpoints they collect, and what witnesses vouch for,
//! whose cosignatures [`cosigned`] checks. Presence in the log says
//! nothing about validity: [`verify`](crate::verify) decides that.

mod base64;
mod cosign;
mod error;
mod key;
mod note;
mod proof;
mod tree;

pub use base64::{decode as base64_decode, encode as base64_encode};
pub use cosign::{cosigned, cosigned_message, Cosigned};
pub use error::LogError;
pub use key::{LogKey, NoteKey, WitnessKey, COSIGNATURE, ED25519};
pub use note::{Checkpoint, MAX_NOTE};
pub use proof::{ConsistencyProof, InclusionProof, Logged, MAX_PROOF_TEXT};
pub use tree::{empty_root, extends, leaf_hash, node_hash, root_of, Hash};

use crate::codec::{Put, Reader};
use crate::error::VerifyError;
use crate::kind::FileKind;
use alloc::vec::Vec;
use sha2::{Digest, Sha256};

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A model card.
    Card,
    /// A receipt.
    Receipt,
}

/// An entry of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is about.
    pub kind: EntryKind,
    /// SHA-256 of its canonical bytes.
    pub digest: [u8; 32],
}

impl Entry {
    /// The entry of these canonical bytes of a card or a receipt.
    pub fn of(kind: EntryKind, bytes: &[u8]) -> Self {
        Self {
            kind,
            digest: Sha256::digest(bytes).into(),
        }
    }

    /// Canonical bytes, of which the log's leaf is the hash.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_head(FileKind::LogEntry);
        out.put(&[match self.kind {
            EntryKind::Card => 1,
            EntryKind::Receipt => 2,
        }]);
        out.put(&self.digest);
        out
    }

    /// Decodes canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        let mut reader = Reader::new(bytes);
        reader.head(FileKind::LogEntry)?;
        let kind = match reader.u8()? {
            1 => EntryKind::Card,
            2 => EntryKind::Receipt,
            got => return Err(VerifyError::BadTag { got }),
        };
        let digest = reader.array()?;
        reader.finish()?;
        Ok(Self { kind, digest })
    }

    /// The leaf of the tree.
    pub fn leaf(&self) -> Hash {
        leaf_hash(&self.to_bytes())
    }
}
