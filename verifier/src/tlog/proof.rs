//! Proofs as they travel: canonical texts.

use super::error::LogError;
use super::key::LogKey;
use super::note::{decimal, hash, Checkpoint, Note, MAX_NOTE};
use super::tree::{extends, root_of, Hash};
use super::{base64, Entry};
use crate::codec::wide;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Longest text of a proof in bytes.
pub const MAX_PROOF_TEXT: usize = MAX_NOTE + (1 << 16);
/// First line of an inclusion proof (C2SP `tlog-proof`).
const INCLUSION: &str = "c2sp.org/tlog-proof@v1";
/// First line of a consistency proof, for which there is no common format.
const CONSISTENCY: &str = "provenn-consistency-proof@v1";
/// No path is longer in a tree whose size is a `u64`.
const MAX_PATH: usize = 128;

/// That an entry is in the log, with the signed checkpoint that says so: C2SP `tlog-proof`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// Data that others put beside it; nothing vouches for it. Ours have none.
    pub extra: Vec<u8>,
    /// Index of the entry, from 0.
    pub index: u64,
    /// Audit path, from the leaf's sibling upwards.
    pub path: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
}

/// An entry that is in the log. Only [`InclusionProof::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    entry: Entry,
    index: u64,
    checkpoint: Checkpoint,
}

impl Logged {
    /// The entry.
    pub fn entry(&self) -> Entry {
        self.entry
    }

    /// Its index.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The signed head that includes it.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

impl InclusionProof {
    /// Checks that the log's key signed a tree with this entry.
    ///
    /// # Errors
    /// What [`Checkpoint::from_note`] and [`root_of`] refuse; [`LogError::NotIncluded`].
    pub fn verify(&self, entry: &Entry, key: &LogKey) -> Result<Logged, LogError> {
        let checkpoint = Checkpoint::from_note(&self.checkpoint, key)?;
        let root = root_of(&entry.leaf(), self.index, checkpoint.size, &self.path)?;
        match root == checkpoint.root {
            true => Ok(Logged {
                entry: *entry,
                index: self.index,
                checkpoint,
            }),
            false => Err(LogError::NotIncluded),
        }
    }

    /// Whether its path leads from an entry to the root in its checkpoint, whoever signed that: says which file it belongs to.
    ///
    /// # Errors
    /// What is not of its form.
    pub fn leads_from(&self, entry: &Entry) -> Result<bool, LogError> {
        let checkpoint = Checkpoint::from_text(&Note::parse(&self.checkpoint)?.text)?;
        let root = root_of(&entry.leaf(), self.index, checkpoint.size, &self.path)?;
        Ok(root == checkpoint.root)
    }

    /// Canonical text.
    pub fn to_text(&self) -> String {
        let extra = match self.extra.is_empty() {
            true => String::new(),
            false => format!("extra {}\n", base64::encode(&self.extra)),
        };
        format!(
            "{INCLUSION}\n{extra}index {}\n{}\n{}",
            self.index,
            lines(&self.path),
            self.checkpoint
        )
    }

    /// Reads a canonical text. The checkpoint in it is taken as it is, [`verify`](Self::verify) judges it.
    ///
    /// # Errors
    /// [`LogError::TooLong`], [`LogError::Malformed`].
    pub fn from_text(text: &str) -> Result<Self, LogError> {
        bounded(text)?;
        let bad = |reason| LogError::Malformed {
            what: "inclusion proof",
            reason,
        };
        let (head, checkpoint) = text.split_once("\n\n").ok_or(bad("no checkpoint"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(INCLUSION) {
            return Err(bad("not this format, or another version"));
        }
        let mut line = lines.next();
        let mut extra = Vec::new();
        if let Some(data) = line.and_then(|line| line.strip_prefix("extra ")) {
            let data = base64::decode(data).filter(|data| !data.is_empty());
            extra = data.ok_or(bad("the extra line is not Base 64"))?;
            line = lines.next();
        }
        let index = line.and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        Ok(Self {
            extra,
            index: index.ok_or(bad("no index in plain form"))?,
            path: path(lines).ok_or(bad("a line of the path is not a hash in Base 64"))?,
            checkpoint: checkpoint.to_owned(),
        })
    }
}

/// That a newer tree begins with an older one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// Entries of the older tree.
    pub old: u64,
    /// Entries of the newer tree.
    pub new: u64,
    /// Hashes in the order of RFC 6962, section 2.1.2.
    pub path: Vec<Hash>,
}

impl ConsistencyProof {
    /// Checks that the log only grew from `old` to `new`.
    ///
    /// # Errors
    /// [`LogError::Origin`] if the heads are of different logs, [`LogError::Malformed`] if the proof is about other
    /// sizes; what [`extends`] refuses.
    pub fn verify(&self, old: &Checkpoint, new: &Checkpoint) -> Result<(), LogError> {
        if old.origin != new.origin {
            return Err(LogError::Origin);
        }
        if new.size < old.size {
            return Err(LogError::Shrunk {
                old: old.size,
                new: new.size,
            });
        }
        if (self.old, self.new) != (old.size, new.size) {
            return Err(Self::bad("it is about other sizes"));
        }
        extends((old.size, &old.root), (new.size, &new.root), &self.path)
    }

    /// Canonical text.
    pub fn to_text(&self) -> String {
        format!(
            "{CONSISTENCY}\nold {}\nnew {}\n{}",
            self.old,
            self.new,
            lines(&self.path)
        )
    }

    /// Reads a canonical text.
    ///
    /// # Errors
    /// [`LogError::TooLong`], [`LogError::Malformed`].
    pub fn from_text(text: &str) -> Result<Self, LogError> {
        bounded(text)?;
        let text = text.strip_suffix('\n').ok_or(Self::bad("the last line does not end"))?;
        let mut lines = text.split('\n');
        if lines.next() != Some(CONSISTENCY) {
            return Err(Self::bad("not this format, or another version"));
        }
        let mut size = |name| lines.next().and_then(|line| line.strip_prefix(name)).and_then(decimal);
        let (old, new) = (size("old "), size("new "));
        Ok(Self {
            old: old.ok_or(Self::bad("no old size in plain form"))?,
            new: new.ok_or(Self::bad("no new size in plain form"))?,
            path: path(lines).ok_or(Self::bad("a line of the path is not a hash in Base 64"))?,
        })
    }

    fn bad(reason: &'static str) -> LogError {
        LogError::Malformed {
            what: "consistency proof",
            reason,
        }
    }
}

fn bounded(text: &str) -> Result<(), LogError> {
    match text.len() > MAX_PROOF_TEXT {
        true => Err(LogError::TooLong {
            maximum: wide(MAX_PROOF_TEXT),
            got: wide(text.len()),
        }),
        false => Ok(()),
    }
}

fn lines(path: &[Hash]) -> String {
    path.iter().map(|hash| format!("{}\n", base64::encode(hash))).collect()
}

fn path<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Vec<Hash>> {
    let path = lines.map(hash).collect::<Option<Vec<_>>>()?;
    (path.len() <= MAX_PATH).then_some(path)
}
