//! Cosignatures of witnesses on checkpoints (C2SP `tlog-cosignature`, Ed25519).
//!
//! A witness says that the checkpoint extends all that it saw of this log before. With enough of them who do not
//! conspire, a log cannot show different trees to different people.

use super::error::LogError;
use super::key::WitnessKey;
use super::note::Note;
use crate::codec::wide;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A witness that cosigned a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cosigned<'a> {
    /// Who.
    pub witness: &'a WitnessKey,
    /// When, in seconds since 1970, by its own clock.
    pub time: u64,
}

/// What a witness signs: the time in seconds since 1970, and the text of a note.
pub fn cosigned_message(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// The witnesses that cosigned a note, each key once, whatever its names.
///
/// # Errors
/// [`LogError::Witnesses`] if they are fewer than `quorum`; [`LogError::Signature`] if one of their lines does not hold;
/// what a note is refused for. Whether the log signed it is not looked at.
pub fn cosigned<'a>(note: &str, witnesses: &'a [WitnessKey], quorum: usize) -> Result<Vec<Cosigned<'a>>, LogError> {
    let note = Note::parse(note)?;
    let mut cosigned: Vec<Cosigned<'a>> = Vec::new();
    for (name, bytes) in &note.signatures {
        for witness in witnesses {
            let Some(bytes) = witness.mine(name, bytes) else {
                continue;
            };
            let (time, signature) = bytes.split_first_chunk::<8>().ok_or(LogError::Signature)?;
            let time = u64::from_be_bytes(*time);
            // The standard's bound.
            if time > u64::MAX >> 1 {
                return Err(LogError::Signature);
            }
            witness.check(cosigned_message(time, &note.text), signature)?;
            if !cosigned.iter().any(|known| known.witness.same(witness)) {
                cosigned.push(Cosigned { witness, time });
            }
        }
    }
    match cosigned.len() < quorum {
        true => Err(LogError::Witnesses {
            quorum: wide(quorum),
            got: wide(cosigned.len()),
        }),
        false => Ok(cosigned),
    }
}
