//! Checkpoints with the cosignatures of known witnesses (`log.witnesses`), which others bring. Each is checked when it is brought, and served with the
//! checkpoint that it is of as long as its witness is known.

use super::proofs::{root, Overlay};
use super::{count, Head};
use crate::error::CliError;
use crate::server::db::Cosignature;
use crate::server::error::ApiError;
use crate::server::state::App;
use provenn_verifier::tlog::{cosigned, Checkpoint, LogError, LogKey, WitnessKey};
use provenn_verifier::VerifyError;
use std::slice;

/// The cosignatures of known witnesses in `note`, a checkpoint of this log.
///
/// # Errors
/// [`ApiError::Refused`]: the log did not sign it, the log has no such tree, no known witness signed it, or the signature of one does not hold.
pub async fn read(app: &App, head: &Head, note: &str) -> Result<Vec<Cosignature>, ApiError> {
    let key: LogKey = head.key.parse().map_err(refused)?;
    let checkpoint = Checkpoint::from_note(note, &key).map_err(refused)?;
    let served = count(head.size)?;
    let same = match checkpoint.size <= served {
        true => root(app, checkpoint.size, served, &Overlay::default()).await? == checkpoint.root,
        false => false,
    };
    if !same {
        return Err(refused(LogError::Fork {
            old: checkpoint.size,
            new: served,
        }));
    }
    cosigned(note, &app.tlog.witnesses, 1).map_err(refused)?;
    let (text, lines) = note.rsplit_once("\n\n").unwrap_or_default();
    let with = |line: &str| format!("{text}\n\n{line}\n");
    let own = lines
        .lines()
        .find(|line| Checkpoint::from_note(&with(line), &key).is_ok());
    let by = |line: &str, witness: &WitnessKey| cosigned(&with(line), slice::from_ref(witness), 1).is_ok();
    let found = lines.lines().filter_map(|line| {
        let witness = app.tlog.witnesses.iter().find(|witness| by(line, witness))?;
        Some(Cosignature {
            size: i64::try_from(checkpoint.size).ok()?,
            note: with(own?),
            witness: witness.to_string(),
            line: format!("{line}\n"),
        })
    });
    Ok(found.collect())
}

/// The newest checkpoint of the log with at least `least` entries that so many known witnesses cosigned, with their signatures; with none, the one that
/// is served, whoever cosigned it.
///
/// # Errors
/// [`ApiError::LogPending`] if there is none.
pub async fn newest(app: &App, head: &Head, witnesses: usize, least: u64) -> Result<(u64, String), ApiError> {
    let least = match witnesses {
        0 => head.size,
        _ => i64::try_from(least).unwrap_or(i64::MAX),
    };
    let mut all = app.db.cosignatures(&head.key, least, head.size).await?;
    let known: Vec<String> = app.tlog.witnesses.iter().map(ToString::to_string).collect();
    all.retain(|one| known.contains(&one.witness));
    if witnesses == 0 {
        let of_it = all.iter().filter(|one| one.note == head.checkpoint);
        let lines: String = of_it.map(|one| one.line.as_str()).collect();
        return Ok((count(head.size)?, format!("{}{lines}", head.checkpoint)));
    }
    for of_one in all.chunk_by(|a, b| a.size == b.size) {
        let Some(first) = of_one.first() else { continue };
        let lines: String = of_one.iter().map(|one| one.line.as_str()).collect();
        let note = format!("{}{lines}", first.note);
        if cosigned(&note, &app.tlog.witnesses, witnesses).is_ok() {
            return Ok((count(first.size)?, note));
        }
    }
    Err(ApiError::LogPending)
}

fn refused(error: LogError) -> ApiError {
    CliError::from(VerifyError::from(error)).into()
}
