//! A publisher's word that a model is theirs: an Ed25519 signature of the model id, in a small file beside the card.
//!
//! The signed bytes are the file's own up to the signature. They begin with its magic and version, so that no signature of the log, a
//! witness or another program under the same key is one of a model.

use crate::codec::{Put, Reader};
use crate::error::VerifyError;
use crate::kind::FileKind;
use crate::tlog::NoteKey;
use alloc::vec::Vec;

/// The type of a publisher's key in its text, which keeps it apart from those of logs and witnesses.
pub const PUBLISHER: u8 = 0xff;
/// The public key of a publisher, written `NAME+ID+KEY` as those of logs are.
pub type PublisherKey = NoteKey<PUBLISHER>;

/// A signature of a model id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublisherSignature {
    /// The model.
    pub model_id: [u8; 32],
    /// The public key that it is said to be under.
    pub key: [u8; 32],
    /// Ed25519 signature of [`message`](Self::message).
    pub signature: [u8; 64],
}

impl PublisherSignature {
    /// What a publisher signs.
    pub fn message(model_id: &[u8; 32], key: &[u8; 32]) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_head(FileKind::Signature);
        out.put(model_id);
        out.put(key);
        out
    }

    /// Checks that the owner of `key` signed the model.
    ///
    /// # Errors
    /// [`VerifyError::PublisherMismatch`], [`VerifyError::SignatureModel`], [`VerifyError::SignatureInvalid`].
    pub fn check(&self, model_id: &[u8; 32], key: &PublisherKey) -> Result<(), VerifyError> {
        if self.key != key.key_bytes() {
            return Err(VerifyError::PublisherMismatch);
        }
        if self.model_id != *model_id {
            return Err(VerifyError::SignatureModel);
        }
        let message = Self::message(&self.model_id, &self.key);
        let valid = key.check(&message, &self.signature);
        valid.map_err(|_| VerifyError::SignatureInvalid)
    }

    /// Canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Self::message(&self.model_id, &self.key);
        out.put(&self.signature);
        out
    }

    /// Decodes canonical bytes; the signature is judged by [`check`](Self::check).
    ///
    /// # Errors
    /// What is not of the format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        let mut reader = Reader::new(bytes);
        reader.head(FileKind::Signature)?;
        let signature = Self {
            model_id: reader.array()?,
            key: reader.array()?,
            signature: reader.array()?,
        };
        reader.finish()?;
        Ok(signature)
    }
}
