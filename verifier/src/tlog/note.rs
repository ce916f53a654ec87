//! Log keys, signed notes and the checkpoints in them (C2SP `signed-note` and `tlog-checkpoint`).

use super::base64;
use super::error::LogError;
use super::tree::Hash;
use crate::codec::wide;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;
use ed25519_compact::{PublicKey, Signature};
use sha2::{Digest, Sha256};

/// Longest note in bytes.
pub const MAX_NOTE: usize = 1 << 16;
/// Signature type of plain Ed25519 signatures.
const ED25519: u8 = 1;

/// The public key of a log, written `NAME+ID+KEY`: its name, its id in hexadecimal, type and key in Base 64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKey {
    name: String,
    id: [u8; 4],
    key: PublicKey,
}

impl LogKey {
    /// The key of the log that calls itself `name`.
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
            .chain_update([b'\n', ED25519])
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

    /// The name of the log, which is the origin of its checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The line that carries `signature` of a note.
    pub fn signature_line(&self, signature: &[u8; 64]) -> String {
        let bytes = [self.id.as_slice(), signature].concat();
        format!("\u{2014} {} {}\n", self.name, base64::encode(&bytes))
    }
}

impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.id;
        let key = [[ED25519].as_slice(), self.key.as_slice()].concat();
        write!(f, "{}+{a:02x}{b:02x}{c:02x}{d:02x}+{}", self.name, base64::encode(&key))
    }
}

impl FromStr for LogKey {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        let bad = |reason| LogError::Key { reason };
        let (name, rest) = text.split_once('+').ok_or(bad("it has three parts"))?;
        let (_, key) = rest.split_once('+').ok_or(bad("it has three parts"))?;
        let key = base64::decode(key).ok_or(bad("its last part is not Base 64"))?;
        match key.split_first() {
            Some((&ED25519, key)) => {
                let key = <[u8; 32]>::try_from(key).map_err(|_| bad("an Ed25519 key has 32 bytes"))?;
                let key = Self::new(name, key)?;
                match key.to_string() == text {
                    true => Ok(key),
                    false => Err(bad("its id is that of another key")),
                }
            }
            _ => Err(bad("only Ed25519 keys (type 1) are known")),
        }
    }
}

/// The head of a log: how many entries it has, and the root of their tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// Root of the tree of that many entries.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that the log signs.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, base64::encode(&self.root))
    }

    /// Reads a signed note and checks that the log's key signed it. Signatures by others are not looked at.
    ///
    /// # Errors
    /// [`LogError::TooLong`], [`LogError::Malformed`], [`LogError::Unsigned`], [`LogError::Signature`], [`LogError::Origin`].
    pub fn from_note(note: &str, key: &LogKey) -> Result<Self, LogError> {
        if note.len() > MAX_NOTE {
            return Err(LogError::TooLong {
                maximum: wide(MAX_NOTE),
                got: wide(note.len()),
            });
        }
        if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(bad("control characters"));
        }
        let (body, signatures) = note
            .rsplit_once("\n\n")
            .ok_or(bad("no empty line before the signatures"))?;
        let signatures = signatures.strip_suffix('\n').ok_or(bad("the last line does not end"))?;
        let text = format!("{body}\n");
        let mut signed = false;
        for line in signatures.split('\n') {
            let (name, bytes) = signature(line).ok_or(bad("a signature line is not of its form"))?;
            if name != key.name || !bytes.starts_with(&key.id) {
                continue;
            }
            let signature = bytes.get(key.id.len()..).unwrap_or_default();
            let signature = Signature::from_slice(signature).map_err(|_| LogError::Signature)?;
            key.key.verify(&text, &signature).map_err(|_| LogError::Signature)?;
            signed = true;
        }
        let checkpoint = Self::from_text(&text)?;
        match signed {
            false => Err(LogError::Unsigned),
            true if checkpoint.origin != key.name => Err(LogError::Origin),
            true => Ok(checkpoint),
        }
    }

    fn from_text(text: &str) -> Result<Self, LogError> {
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let mut line = || {
            lines
                .next()
                .filter(|line| !line.is_empty())
                .ok_or(bad("a line is missing"))
        };
        let checkpoint = Self {
            origin: line()?.to_owned(),
            size: decimal(line()?).ok_or(bad("the size is not a number in plain form"))?,
            root: hash(line()?).ok_or(bad("the root is not a hash in Base 64"))?,
        };
        match lines.all(|line| !line.is_empty()) {
            true => Ok(checkpoint),
            false => Err(bad("an empty extension line")),
        }
    }
}

/// A number without sign, leading zeros or spaces.
pub(super) fn decimal(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|number| number.to_string() == text)
}

/// A hash in Base 64.
pub(super) fn hash(text: &str) -> Option<Hash> {
    base64::decode(text)?.try_into().ok()
}

/// Name and bytes of a signature line.
fn signature(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, bytes) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = base64::decode(bytes)?;
    (is_name(name) && bytes.len() > 4).then_some((name, bytes))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

fn bad(reason: &'static str) -> LogError {
    LogError::Malformed {
        what: "checkpoint",
        reason,
    }
}
