//! The transparency log of cards and receipts: C2SP `tlog-tiles`, one log for the whole service.
//!
//! A card or receipt gets its index in the transaction that publishes it, after the service verified it. That table alone
//! decides what the log is. [`publish`] then derives the rest from it, in this order: tiles, a copy of the checkpoint, the
//! checkpoint in the database, which is the one that is served. A crash anywhere in between leaves nothing but objects that
//! the next round writes again with the same bytes; processes may do so at once.
//!
//! The log never signs two trees that contradict each other: the copy of the checkpoint in the object store, and the one
//! beside the key ([`watermark`]), which backups leave out, are compared with the tree of the database first. What came out of a
//! backup, or does not continue them, stops the log ([`stop`]) until the operator says how it goes on ([`resume`], [`renew`]).
//! If the database only lacks the last entries of that tree, [`restore`] reads them back from the tiles at start.

pub mod cosigned;
pub mod key;
pub mod proofs;
pub mod renew;
pub mod restore;
pub mod resume;
pub mod stop;
#[cfg(test)]
mod tests;
pub mod tiles;
pub mod watermark;

use super::error::ApiError;
use super::state::App;
use crate::fail;
use key::Signer;
use proofs::{root, Overlay};
use provenn_verifier::tlog::{Checkpoint, Entry, EntryKind, WitnessKey};
use std::time::Duration;
use stop::Stop;
use tiles::{grow, Tile};
use tokio::sync::Notify;

/// Most entries per checkpoint.
const BATCH: u64 = 1 << 14;
/// Pause between looks for entries of other processes.
const POLL: Duration = Duration::from_secs(1);
/// Pause after a checkpoint: what arrives meanwhile shares the next one.
const SETTLE: Duration = Duration::from_millis(200);
/// Object that holds a copy of the newest checkpoint.
pub const COPY: &str = "_log/checkpoint";

/// The log's key, in processes that sign, and news of entries.
#[derive(Debug)]
pub struct Tlog {
    pub signer: Option<Signer>,
    /// Whose cosignatures are taken and served.
    pub witnesses: Vec<WitnessKey>,
    wake: Notify,
}

/// What the database knows of the log.
#[derive(Clone, Debug)]
pub struct Head {
    pub entries: i64,
    pub size: i64,
    pub checkpoint: String,
    pub key: String,
    pub stopped: Option<Stop>,
}

impl Tlog {
    pub fn new(signer: Option<Signer>, witnesses: Vec<WitnessKey>) -> Self {
        Self {
            signer,
            witnesses,
            wake: Notify::new(),
        }
    }

    /// There may be new entries.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}

/// Publishes until the process ends.
pub async fn run(app: App) {
    let mut said = None;
    loop {
        let published = publish(&app).await;
        // Once: it may last.
        if let Err(ApiError::LogStopped(stop)) = published {
            if said.replace(stop) != Some(stop) {
                tracing::error!(
                    why = stop.name(),
                    "the log signs nothing: {stop}; docs/runbook.md says how it goes on"
                );
            }
            tokio::time::sleep(POLL).await;
            continue;
        }
        said = None;
        match published {
            Ok(true) => tokio::time::sleep(SETTLE).await,
            Ok(false) => {
                let _either = tokio::time::timeout(POLL, app.tlog.wake.notified()).await;
            }
            Err(error) => {
                tracing::error!(cause = error.cause(), "the log is not published");
                tokio::time::sleep(POLL).await;
            }
        }
    }
}

/// Brings tiles and checkpoint up to the entries. False if there was nothing to do.
///
/// # Errors
/// Storage; [`ApiError::LogStopped`] if the log would contradict a checkpoint that it signed before.
pub async fn publish(app: &App) -> Result<bool, ApiError> {
    let Some(signer) = &app.tlog.signer else {
        return Ok(false);
    };
    let (head, mark) = stop::may_sign(app, signer).await?;
    if head.entries == head.size && !head.checkpoint.is_empty() {
        stop::follow(app, signer, head, mark.as_ref()).await?;
        return Ok(false);
    }
    let signed = stop::signed(app, &signer.key).await?;
    // Once more: all that was signed by now is in the database.
    let head = app.db.log_head().await?;
    let (old, entries) = (count(head.size)?, count(head.entries)?);
    let longest = signed.iter().max_by_key(|signed| signed.checkpoint.size);
    let least = longest.map_or(0, |signed| signed.checkpoint.size);
    if let Some(longest) = longest.filter(|_| least > entries) {
        return Err(stop::stop(app, Stop::Behind, longest).await);
    }
    let new = entries.min((old + BATCH).max(least));
    let first = old - old % tiles::WIDTH;
    let entries = app.db.log_entries(first, new).await?;
    if entries.len() as u64 != new - first {
        return Err(ApiError::Internal("the log's entries have gaps".into()));
    }
    let overlay = Overlay(grow(app, old, first, &entries).await?);
    let checkpoint = Checkpoint {
        origin: signer.key.name().into(),
        size: new,
        root: root(app, new, new, &overlay).await?,
    };
    for signed in &signed {
        stop::not_a_fork(app, &checkpoint, &overlay, signed).await?;
    }
    fail::point("log-before-tiles");
    for (tile, bytes) in &overlay.0 {
        app.store.write(&tile.object(new), bytes.clone()).await?;
    }
    let note = signer.sign(&checkpoint);
    fail::point("log-after-tiles");
    app.store.write(COPY, note.clone().into_bytes()).await?;
    // Only now: what is beside the key is in the object store too, and nobody has seen the checkpoint yet.
    watermark::write(&app.config, &note)?;
    fail::point("log-before-checkpoint");
    app.db.set_checkpoint(new, &note, &signer.key.to_string()).await?;
    tracing::info!(entries = new, "log published");
    // Full tiles contain their partial forms, which nobody needs any more.
    for tile in overlay.0.keys().filter(|tile| tile.width(new) == tiles::WIDTH) {
        app.store.remove_below(&tile.partials()).await?;
    }
    Ok(true)
}

/// The entry of a row.
pub fn entry(kind: &str, digest: [u8; 32]) -> Entry {
    Entry {
        kind: match kind {
            "card" => EntryKind::Card,
            _ => EntryKind::Receipt,
        },
        digest,
    }
}

/// A count of the database as the number that it is.
pub fn count(value: i64) -> Result<u64, ApiError> {
    u64::try_from(value).map_err(|_| ApiError::Internal("a count of the log is negative".into()))
}

/// A tile as its address in the log names it, if the log has it now.
pub async fn tile(app: &App, address: &str) -> Result<Option<Vec<u8>>, ApiError> {
    let Some((tile, width)) = Tile::parse(address) else {
        return Ok(None);
    };
    let size = count(app.db.log_head().await?.size)?;
    if width > tile.width(size) {
        return Ok(None);
    }
    proofs::read(app, &tile, width, size).await.map(Some)
}
