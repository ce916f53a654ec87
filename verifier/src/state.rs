//! A publisher's word on the state of a model at a time: in use, deprecated or revoked, and why. An Ed25519 signature in a small file, which a bundle can
//! hold, so that whoever verifies offline knows until when the publisher stood by the model.
//!
//! It is as old as its time says: whoever hands it on may leave out a newer one.

use crate::codec::{Put, Reader};
use crate::error::VerifyError;
use crate::kind::FileKind;
use crate::publisher::PublisherKey;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// Longest reason in bytes.
pub const MAX_REASON: usize = 1024;

/// What a publisher says of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is in use.
    Active,
    /// There is a better one.
    Deprecated,
    /// The publisher does not stand by it any more. Receipts from before are true statements about it still.
    Revoked,
}

impl State {
    const ALL: [Self; 3] = [Self::Active, Self::Deprecated, Self::Revoked];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deprecated => "deprecated",
            Self::Revoked => "revoked",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    fn tag(self) -> u8 {
        match self {
            Self::Active => 1,
            Self::Deprecated => 2,
            Self::Revoked => 3,
        }
    }
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelState {
    /// The model.
    pub model_id: [u8; 32],
    /// Its state.
    pub state: State,
    /// When that was so, in seconds of unix time.
    pub time: u64,
    /// Why, at most 1,024 bytes.
    pub reason: String,
}

/// The same with the signature of a publisher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedState {
    /// What is signed.
    pub stated: ModelState,
    /// The public key that it is said to be under.
    pub key: [u8; 32],
    /// Ed25519 signature of [`ModelState::message`].
    pub signature: [u8; 64],
}

impl ModelState {
    /// What the owner of `key` signs.
    pub fn message(&self, key: &[u8; 32]) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_head(FileKind::State);
        out.put(&self.model_id);
        out.put(&[self.state.tag()]);
        out.put(&self.time.to_le_bytes());
        out.put_bytes(self.reason.as_bytes());
        out.put(key);
        out
    }
}

impl SignedState {
    /// Checks that the owner of `key` said this of the model.
    ///
    /// # Errors
    /// [`VerifyError::PublisherMismatch`], [`VerifyError::SignatureModel`], [`VerifyError::SignatureInvalid`].
    pub fn check(&self, model_id: &[u8; 32], key: &PublisherKey) -> Result<&ModelState, VerifyError> {
        if self.key != key.key_bytes() {
            return Err(VerifyError::PublisherMismatch);
        }
        if self.stated.model_id != *model_id {
            return Err(VerifyError::SignatureModel);
        }
        let valid = key.check(self.stated.message(&self.key), &self.signature);
        valid.map_err(|_| VerifyError::SignatureInvalid)?;
        Ok(&self.stated)
    }

    /// Canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.stated.message(&self.key);
        out.put(&self.signature);
        out
    }

    /// Decodes canonical bytes; the signature is judged by [`check`](Self::check).
    ///
    /// # Errors
    /// What is not of the format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        let mut reader = Reader::new(bytes);
        reader.head(FileKind::State)?;
        let model_id = reader.array()?;
        let tag = reader.u8()?;
        let state = State::ALL.into_iter().find(|state| state.tag() == tag);
        let stated = ModelState {
            model_id,
            state: state.ok_or(VerifyError::BadTag { got: tag })?,
            time: reader.u64()?,
            reason: core::str::from_utf8(reader.bytes(MAX_REASON)?)
                .map_err(|_| VerifyError::BadUtf8)?
                .to_owned(),
        };
        let signed = Self {
            stated,
            key: reader.array()?,
            signature: reader.array()?,
        };
        reader.finish()?;
        Ok(signed)
    }
}
