//! A new log in place of one that cannot go on: another name and key, over the entries of the database.
//!
//! The old key's public part and its newest note stay in the database and are shown with the log. Steps that were taken before a
//! crash are not taken again: the new key lies beside the old one until the database has it.

use super::key::Signer;
use super::{watermark, COPY};
use crate::server::clock::Millis;
use crate::server::config::Config;
use crate::server::db::Db;
use crate::server::error::ApiError;
use crate::server::store::Store;
use provenn_verifier::tlog::{Checkpoint, LogKey};
use std::path::{Path, PathBuf};

/// A key that the log had, with the newest note that it is known to have signed; empty if there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierKey {
    pub key: String,
    pub checkpoint: String,
    pub ended: Millis,
}

/// Starts the new log. To be called while no process of the service runs. Returns its key and the old one.
///
/// # Errors
/// A name that the log had before; storage.
pub async fn renew(
    config: &Config,
    db: &Db,
    store: &Store,
    origin: &str,
    now: Millis,
) -> Result<(LogKey, EarlierKey), ApiError> {
    let (path, next) = (config.log_key(), beside(&config.log_key(), "next"));
    let head = db.log_head().await?;
    let mut earlier = db.log_keys().await?;
    if next.try_exists()? {
        let begun = Signer::load(&next)?;
        if let (true, Some(old)) = (begun.key.to_string() == head.key, earlier.pop()) {
            finish(config, store, &old).await?;
            return Ok((begun.key, old));
        }
    }
    let key: LogKey = head.key.parse().map_err(|_| ApiError::bad("the log has no key yet"))?;
    let taken = earlier.iter().filter_map(|old| old.key.parse::<LogKey>().ok());
    if taken.chain([key.clone()]).any(|old| old.name() == origin) {
        return Err(ApiError::bad(format!(
            "the log had the name {origin} already: witnesses and monitors take a name for one log"
        )));
    }
    let copy = store
        .read(COPY)
        .await?
        .map(|note| String::from_utf8_lossy(&note).into_owned());
    let notes = [watermark::read(config)?, copy, Some(head.checkpoint)]
        .into_iter()
        .flatten();
    let newest = notes
        .filter_map(|note| Some((Checkpoint::from_note(&note, &key).ok()?.size, note)))
        .max_by_key(|(size, _)| *size);
    let old = EarlierKey {
        key: head.key,
        checkpoint: newest.map_or_else(String::new, |(_, note)| note),
        ended: now,
    };
    let signer = Signer::make(origin, &next)?;
    db.log_renew(&old, &signer.key.to_string()).await?;
    finish(config, store, &old).await?;
    tracing::warn!(path = %path.display(), key = %signer.key, "the log has a new key");
    Ok((signer.key, old))
}

/// Puts the files of the new key in the place of the old ones, which stay beside them under the old key's id.
async fn finish(config: &Config, store: &Store, old: &EarlierKey) -> Result<(), ApiError> {
    let path = config.log_key();
    let id = old.key.split('+').nth(1).unwrap_or_default();
    // What the old key signed is no copy of what the new one did.
    store.remove_named(COPY).await?;
    for file in [watermark::path(config), path.clone()] {
        if file.try_exists()? {
            std::fs::rename(&file, beside(&file, id))?;
        }
    }
    Ok(std::fs::rename(beside(&path, "next"), path)?)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}
