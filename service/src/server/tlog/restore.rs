//! Entries that the log signed and the database has lost, read back from the tiles.
//!
//! A backup of the database is older than what was signed after it. What the log said then stays said: its entries come
//! back, so that it goes on from there, though the receipts of some may be gone.

use super::count;
use super::proofs::{read, root, Overlay};
use super::tiles::{grow, unframe, Level, Tile, WIDTH};
use crate::bytes::hex;
use crate::server::error::ApiError;
use crate::server::state::App;
use provenn_verifier::tlog::{Checkpoint, Entry, EntryKind};

/// Brings the database's entries up to the newest checkpoint that is known, if that continues them. Returns how many came back.
/// To be called before anything is published.
///
/// # Errors
/// Storage; [`ApiError::Internal`] if the checkpoint is of another tree, or its tiles are incomplete.
pub async fn restore(app: &App) -> Result<u64, ApiError> {
    let Some(signer) = &app.tlog.signer else {
        return Ok(0);
    };
    // Of the places that know a checkpoint the one that knows the longest tree; the other is compared before the next is signed.
    let mut notes = Vec::new();
    for (_, note) in super::signed(app).await? {
        notes.push(Checkpoint::from_note(&note, &signer.key).map_err(|e| unusable(&e.to_string()))?);
    }
    let Some(signed) = notes.into_iter().max_by_key(|signed| signed.size) else {
        return Ok(0);
    };
    let have = count(app.db.log_head().await?.entries)?;
    if signed.size <= have {
        return Ok(0);
    }
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
    let lost: Vec<(&str, String)> = entries.iter().skip(known.len()).map(row).collect();
    app.db.log_restore(have, &lost, app.now()).await?;
    tracing::warn!(
        entries = lost.len(),
        "read entries of the log back that the database had lost; was it restored from a backup?"
    );
    Ok(lost.len() as u64)
}

fn row(entry: &Entry) -> (&'static str, String) {
    let kind = match entry.kind {
        EntryKind::Card => "card",
        EntryKind::Receipt => "receipt",
    };
    (kind, hex(&entry.digest))
}

fn unusable(cause: &str) -> ApiError {
    ApiError::Internal(format!(
        "the log's newest checkpoint does not continue the database: {cause}; were database and objects restored from one backup?"
    ))
}
