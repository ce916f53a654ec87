//! Signed notes and the checkpoints in them (C2SP `signed-note` and `tlog-checkpoint`).

use super::base64;
use super::error::LogError;
use super::key::{is_name, LogKey};
use super::tree::Hash;
use crate::codec::wide;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;

/// Longest note in bytes: the standard asks for room for 16 signatures of up to 5000 bytes each.
pub const MAX_NOTE: usize = 1 << 17;

/// A signed note: its text, and who signed it with which bytes.
pub(super) struct Note<'a> {
    pub text: String,
    pub signatures: Vec<(&'a str, Vec<u8>)>,
}

impl<'a> Note<'a> {
    pub fn parse(note: &'a str) -> Result<Self, LogError> {
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
        let lines = signatures.strip_suffix('\n').ok_or(bad("the last line does not end"))?;
        let signatures = lines.split('\n').map(signature).collect::<Option<Vec<_>>>();
        Ok(Self {
            text: format!("{body}\n"),
            signatures: signatures.ok_or(bad("a signature line is not of its form"))?,
        })
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

    /// Reads a signed note and checks that the log's key signed it. Signatures by others are not looked at:
    /// [`cosigned`](super::cosigned) does that.
    ///
    /// # Errors
    /// [`LogError::TooLong`], [`LogError::Malformed`], [`LogError::Unsigned`], [`LogError::Signature`], [`LogError::Origin`].
    pub fn from_note(note: &str, key: &LogKey) -> Result<Self, LogError> {
        let note = Note::parse(note)?;
        let mut signed = false;
        for (name, bytes) in &note.signatures {
            if let Some(signature) = key.mine(name, bytes) {
                key.check(&note.text, signature)?;
                signed = true;
            }
        }
        let checkpoint = Self::from_text(&note.text)?;
        match signed {
            false => Err(LogError::Unsigned),
            true if checkpoint.origin != key.name() => Err(LogError::Origin),
            true => Ok(checkpoint),
        }
    }

    pub(super) fn from_text(text: &str) -> Result<Self, LogError> {
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

fn bad(reason: &'static str) -> LogError {
    LogError::Malformed {
        what: "checkpoint",
        reason,
    }
}
