//! Entries that the log signed and the database has lost, read back from the tiles.
//!
//! A backup of the database is older than what was signed after it. What the log said then stays said: its entries come
//! back, though the receipts of some may be gone. The log stays stopped, for more may have been signed than is known here.

use super::count;
use super::proofs::{read, root, Overlay};
use super::stop::{self, Stop};
use super::tiles::{grow, unframe, Level, Tile, WIDTH};
use crate::server::error::ApiError;
use crate::server::ids::ObjectDigest;
use crate::server::state::App;
use provenn_verifier::tlog::{Checkpoint, Entry, EntryKind};

/// Brings the database's entries up to the newest checkpoint that is known, if that continues them. Returns how many came back.
/// To be called before anything is published.
///
/// # Errors
/// Storage; [`ApiError::LogStopped`] if the checkpoint is of another tree, or its tiles are incomplete.
pub async fn restore(app: &App) -> Result<u64, ApiError> {
    let Some(signer) = &app.tlog.signer else {
        return Ok(0);
    };
    // Of the places that know a checkpoint the one that knows the longest tree; the other is compared before the next is signed.
    let signed = stop::signed(app, &signer.key).await?;
    let Some(signed) = signed.into_iter().max_by_key(|signed| signed.checkpoint.size) else {
        return Ok(0);
    };
    if signed.checkpoint.size <= count(app.db.log_head().await?.entries)? {
        return Ok(0);
    }
    // First: a crash after the entries came back would leave a log that looks whole.
    let stopped = stop::stop(app, Stop::Behind, &signed).await;
    match read_back(app, &signed.checkpoint).await {
        Err(ApiError::Internal(cause)) => {
            tracing::error!(cause, "entries of the log that the database had lost are not read back");
            Err(stopped)
        }
        other => other,
    }
}

/// Reads the entries of a signed tree that the database lacks.
///
/// # Errors
/// [`ApiError::Internal`] if the tree does not continue the database, or its tiles are incomplete; storage.
pub async fn read_back(app: &App, signed: &Checkpoint) -> Result<u64, ApiError> {
    let have = count(app.db.log_head().await?.entries)?;
    let first = have - have % WIDTH;
    let mut entries = Vec::new();
    for n in first / WIDTH..signed.size.div_ceil(WIDTH) {
        let tile = Tile {
            level: Level::Entries,
            n,
        };
        let bundle = read(app, &tile, tile.width(signed.size), signed.size).await?;
        entries.extend(unframe(&bundle).ok_or_else(|| unusable("a bundle of entries is damaged"))?);
    }
    let known = app.db.log_entries(first, have).await?;
    if entries.get(..known.len()) != Some(known.as_slice()) {
        return Err(unusable("its last entries are others than those of the checkpoint"));
    }
    // The root over what the database has, with what is to come, must be the one that was signed.
    let overlay = Overlay(grow(app, have, first, &entries).await?);
    if root(app, signed.size, signed.size, &overlay).await? != signed.root {
        return Err(unusable("the tiles do not give the root of the checkpoint"));
    }
    let lost: Vec<(&str, ObjectDigest)> = entries.iter().skip(known.len()).map(row).collect();
    app.db.log_restore(have, &lost, app.now()).await?;
    tracing::warn!(
        entries = lost.len(),
        "read entries of the log back that the database had lost"
    );
    Ok(lost.len() as u64)
}

fn row(entry: &Entry) -> (&'static str, ObjectDigest) {
    let kind = match entry.kind {
        EntryKind::Card => "card",
        EntryKind::Receipt => "receipt",
    };
    (kind, entry.digest.into())
}

fn unusable(cause: &str) -> ApiError {
    ApiError::Internal(format!(
        "the log's newest checkpoint does not continue the database: {cause}; were database and objects restored from one backup?"
    ))
}
