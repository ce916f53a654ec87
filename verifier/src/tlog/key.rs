//! Public keys of logs and of those who cosign their checkpoints (C2SP `signed-note`).

use super::base64;
use super::error::LogError;
use crate::party::PARTY;
use crate::publisher::PUBLISHER;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use core::fmt;
use core::str::FromStr;
use ed25519_compact::{PublicKey, Signature};
use sha2::{Digest, Sha256};

/// Signature type of plain Ed25519 signatures, which logs make.
pub const ED25519: u8 = 1;
/// Signature type of Ed25519 cosignatures with a time, which witnesses make.
pub const COSIGNATURE: u8 = 4;

/// The public key of a log, written `NAME+ID+KEY`: its name, its id in hexadecimal, type and key in Base 64.
pub type LogKey = NoteKey<ED25519>;
/// The public key of a witness, written like that of a log.
pub type WitnessKey = NoteKey<COSIGNATURE>;

/// A public key for signatures of one type on notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey<const TYPE: u8> {
    name: String,
    id: [u8; 4],
    key: PublicKey,
}

impl<const TYPE: u8> NoteKey<TYPE> {
    /// The key of who calls itself `name`.
    ///
    /// # Errors
    /// [`LogError::Key`]: a name is not empty and has neither spaces nor `+`.
    pub fn new(name: &str, key: [u8; 32]) -> Result<Self, LogError> {
        if !is_name(name) {
            return Err(LogError::Key {
                reason: "a name is not empty and has neither spaces nor `+`",
            });
        }
        let digest: [u8; 32] = Sha256::new()
            .chain_update(name)
            .chain_update([b'\n', TYPE])
            .chain_update(key)
            .finalize()
            .into();
        let [a, b, c, d, ..] = digest;
        Ok(Self {
            name: name.to_owned(),
            id: [a, b, c, d],
            key: PublicKey::new(key),
        })
    }

    /// The name, which is the origin of a log's checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The line that carries `signature` of a note.
    pub fn signature_line(&self, signature: &[u8]) -> String {
        let bytes = [self.id.as_slice(), signature].concat();
        format!("\u{2014} {} {}\n", self.name, base64::encode(&bytes))
    }

    /// The signature in a line's bytes, if the line is of this key.
    pub(super) fn mine<'a>(&self, name: &str, bytes: &'a [u8]) -> Option<&'a [u8]> {
        bytes.strip_prefix(&self.id).filter(|_| name == self.name)
    }

    /// The key alone.
    pub(crate) fn key_bytes(&self) -> [u8; 32] {
        *self.key
    }

    /// Whether the key is the one encoding of a point that is not of small order: under others some signatures hold for any text.
    pub(crate) fn is_sound(&self) -> bool {
        self.key.validate().is_ok()
    }

    pub(crate) fn check(&self, message: impl AsRef<[u8]>, signature: &[u8]) -> Result<(), LogError> {
        let signature = Signature::from_slice(signature).map_err(|_| LogError::Signature)?;
        self.key.verify(message, &signature).map_err(|_| LogError::Signature)
    }

    /// Whether both are one key, whatever its names.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<const TYPE: u8> fmt::Display for NoteKey<TYPE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.id;
        let key = [[TYPE].as_slice(), self.key.as_slice()].concat();
        write!(f, "{}+{a:02x}{b:02x}{c:02x}{d:02x}+{}", self.name, base64::encode(&key))
    }
}

impl<const TYPE: u8> FromStr for NoteKey<TYPE> {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        let bad = |reason| LogError::Key { reason };
        let (name, rest) = text.split_once('+').ok_or(bad("it has three parts"))?;
        let (_, key) = rest.split_once('+').ok_or(bad("it has three parts"))?;
        let key = base64::decode(key).ok_or(bad("its last part is not Base 64"))?;
        match key.split_first() {
            Some((kind, key)) if *kind == TYPE => {
                let key = <[u8; 32]>::try_from(key).map_err(|_| bad("an Ed25519 key has 32 bytes"))?;
                let key = Self::new(name, key)?;
                match key.to_string() == text {
                    true => Ok(key),
                    false => Err(bad("its id is that of another key")),
                }
            }
            Some((&ED25519, _)) => Err(bad("it is the key of a log, which is not asked for here")),
            Some((&COSIGNATURE, _)) => Err(bad("it is the key of a witness, which is not asked for here")),
            Some((&PUBLISHER, _)) => Err(bad("it is the key of a publisher, which is not asked for here")),
            Some((&PARTY, _)) => Err(bad("it is the key of a party, which is not asked for here")),
            _ => Err(bad(
                "only Ed25519 keys are known: of logs (type 1), witnesses (type 4), parties (type 254) and publishers (type 255)",
            )),
        }
    }
}

pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}
