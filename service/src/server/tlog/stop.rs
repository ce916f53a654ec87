//! A log that signs nothing: what is not known to continue all that was signed waits for the operator, who says
//! `provenn log resume` or `provenn log renew`. Cards and receipts get their places in it meanwhile.

use super::key::Signer;
use super::proofs::{root, Overlay};
use super::{count, watermark, Head, COPY};
use crate::server::error::ApiError;
use crate::server::state::App;
use provenn_verifier::tlog::{Checkpoint, LogKey};

/// Why the log signs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The database came out of a backup.
    #[error("the database was restored from a backup")]
    Restored,
    /// Entries were signed that the database lacks, or lacked until they were read back.
    #[error("it signed entries that the database had lost")]
    Behind,
    /// The database's entries are others than those that were signed.
    #[error("it signed other entries than those of the database")]
    Contradicted,
    /// This machine does not know what was signed last.
    #[error("it signed before, but this machine has no file `.signed` beside the log's key that says what")]
    NoWatermark,
}

impl Stop {
    pub const ALL: [Self; 4] = [Self::Restored, Self::Behind, Self::Contradicted, Self::NoWatermark];

    pub fn name(self) -> &'static str {
        match self {
            Self::Restored => "restored",
            Self::Behind => "behind",
            Self::Contradicted => "contradicted",
            Self::NoWatermark => "no-watermark",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stop| stop.name() == name)
    }
}

/// A checkpoint that is known to be signed.
pub struct Known {
    pub place: &'static str,
    pub note: String,
    pub checkpoint: Checkpoint,
}

impl Known {
    pub fn read(place: &'static str, note: String, key: &LogKey) -> Result<Self, ApiError> {
        let checkpoint = Checkpoint::from_note(&note, key)
            .map_err(|e| ApiError::Internal(format!("the log's checkpoint in the {place}: {e}")))?;
        Ok(Self {
            place,
            note,
            checkpoint,
        })
    }
}

/// Why the log signs nothing, as far as one knows without looking at its entries.
///
/// # Errors
/// Storage, a damaged file.
pub async fn current(app: &App) -> Result<Option<Stop>, ApiError> {
    let Some(signer) = &app.tlog.signer else {
        return Ok(app.db.log_head().await?.stopped);
    };
    match may_sign(app, signer).await {
        Ok(_) => Ok(None),
        Err(ApiError::LogStopped(stop)) => Ok(Some(stop)),
        Err(error) => Err(error),
    }
}

/// The head of a log that is not stopped, and what this machine knows of it.
///
/// # Errors
/// [`ApiError::LogStopped`]; storage.
pub async fn may_sign(app: &App, signer: &Signer) -> Result<(Head, Option<Known>), ApiError> {
    // Before the head: an entry is in the database before anybody signs it.
    let mut mark = watermark::read(&app.config)?;
    let mut head = app.db.log_head().await?;
    if mark.is_none() && !head.checkpoint.is_empty() {
        // What is served was written beside the key first: it may have come between the two looks.
        mark = watermark::read(&app.config)?;
        head = app.db.log_head().await?;
    }
    if head.key != signer.key.to_string() {
        return Err(ApiError::Internal(format!(
            "the log goes on under the key {}: give this process its file, and start it again",
            head.key
        )));
    }
    if let Some(stop) = head.stopped {
        return Err(ApiError::LogStopped(stop));
    }
    let mark = mark
        .map(|note| Known::read("file beside the log's key", note, &signer.key))
        .transpose()?;
    match &mark {
        None if !head.checkpoint.is_empty() => return Err(ApiError::LogStopped(Stop::NoWatermark)),
        Some(mark) if mark.checkpoint.size > count(head.entries)? => {
            return Err(stop(app, Stop::Behind, mark).await);
        }
        _ => {}
    }
    Ok((head, mark))
}

/// Stops the log for all processes.
pub async fn stop(app: &App, why: Stop, signed: &Known) -> ApiError {
    let (place, size) = (signed.place, signed.checkpoint.size);
    tracing::error!(
        why = why.name(),
        place,
        size,
        "the log contradicts a checkpoint that it signed"
    );
    match app.db.log_stop(why).await {
        Ok(()) => ApiError::LogStopped(why),
        Err(error) => error,
    }
}

/// The checkpoints that are known to be signed; none before the first.
///
/// # Errors
/// Storage; [`ApiError::Internal`] if the object store lacks its copy although something was signed.
pub async fn signed(app: &App, key: &LogKey) -> Result<Vec<Known>, ApiError> {
    let served = app.db.log_head().await?.checkpoint;
    let mut signed = Vec::new();
    if let Some(note) = watermark::read(&app.config)? {
        signed.push(Known::read("file beside the log's key", note, key)?);
    }
    match app.store.read(COPY).await? {
        Some(note) => {
            let note = String::from_utf8(note).map_err(|e| ApiError::Internal(format!("{COPY}: {e}")))?;
            signed.push(Known::read("object store", note, key)?);
        }
        None if signed.is_empty() && served.is_empty() => {}
        None => {
            return Err(ApiError::Internal(format!(
                "the log was signed before, but the object store has no {COPY}: it is empty or another one, or lost the object; \
                 configure the right store, or put the object back from a backup"
            )))
        }
    }
    Ok(signed)
}

/// Refuses to sign a tree that does not begin with one that was signed.
///
/// # Errors
/// [`ApiError::LogStopped`]; storage.
pub async fn not_a_fork(app: &App, new: &Checkpoint, overlay: &Overlay, signed: &Known) -> Result<(), ApiError> {
    let size = signed.checkpoint.size;
    match size <= new.size && root(app, size, new.size, overlay).await? == signed.checkpoint.root {
        true => Ok(()),
        false => Err(stop(app, Stop::Contradicted, signed).await),
    }
}

/// Keeps beside this machine's key what other machines signed.
///
/// # Errors
/// [`ApiError::LogStopped`] if it is of another tree than what this machine knows; storage.
pub async fn follow(app: &App, signer: &Signer, head: Head, mark: Option<&Known>) -> Result<(), ApiError> {
    let (Some(mark), false) = (mark, head.checkpoint.is_empty()) else {
        return Ok(());
    };
    if mark.note == head.checkpoint {
        return Ok(());
    }
    let served = Known::read("database", head.checkpoint, &signer.key)?;
    not_a_fork(app, &served.checkpoint, &Overlay::default(), mark).await?;
    watermark::write(&app.config, &served.note)
}
