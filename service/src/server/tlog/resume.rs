//! A stopped log goes on: its entries continue the newest checkpoint that anybody outside has, and all that is known here.

use super::key::Signer;
use super::proofs::{root, Overlay};
use super::restore::read_back;
use super::stop::Known;
use super::{count, watermark, BATCH, COPY};
use crate::server::error::ApiError;
use crate::server::state::App;
use provenn_verifier::tlog::{empty_root, node_hash, Hash};
use std::collections::{BTreeMap, BTreeSet};

/// How a log goes on.
#[derive(Debug)]
pub struct Resumed {
    /// Entries that came back from the tiles.
    pub restored: u64,
    pub entries: u64,
    /// Size of the newest tree that is known to be signed.
    pub signed: u64,
}

/// Lets the log sign again, if its entries continue the checkpoint from `outside` and those that are known here.
///
/// # Errors
/// [`ApiError::Internal`] with what contradicts the database; storage. Nothing is signed then.
pub async fn resume(app: &App, signer: &Signer, outside: String) -> Result<Resumed, ApiError> {
    let mut known = vec![Known::read("file of --checkpoint", outside, &signer.key)?];
    let head = app.db.log_head().await?;
    let copy = app.store.read(COPY).await?.map(String::from_utf8).transpose();
    let copy = copy.map_err(|e| ApiError::Internal(format!("{COPY}: {e}")))?;
    let served = Some(head.checkpoint).filter(|note| !note.is_empty());
    for (place, note) in [
        ("file beside the log's key", watermark::read(&app.config)?),
        ("object store", copy),
        ("database", served),
    ] {
        if let Some(note) = note {
            known.push(Known::read(place, note, &signer.key)?);
        }
    }
    known.sort_by_key(|known| known.checkpoint.size);
    let Some(newest) = known.last() else {
        return Err(ApiError::Internal("no checkpoint is known".into()));
    };
    let signed = newest.checkpoint.size;
    let restored = match signed > count(head.entries)? {
        true => read_back(app, &newest.checkpoint).await?,
        false => 0,
    };
    let head = app.db.log_head().await?;
    let (entries, size) = (count(head.entries)?, count(head.size)?);
    let sizes = known.iter().map(|known| known.checkpoint.size).chain([size]).collect();
    let roots = roots(app, &sizes).await?;
    for known in &known {
        if roots.get(&known.checkpoint.size) != Some(&known.checkpoint.root) {
            return Err(ApiError::Internal(format!(
                "the database does not continue the checkpoint of {} entries in the {}; restore a newer backup, or start a new \
                 log with `provenn log renew`",
                known.checkpoint.size, known.place
            )));
        }
    }
    // Tiles that are missing, or of another tree, are made again from the entries.
    let whole = matches!(root(app, size, size, &Overlay::default()).await, Ok(root) if roots.get(&size) == Some(&root));
    watermark::write(&app.config, &newest.note)?;
    app.store.write(COPY, newest.note.clone().into_bytes()).await?;
    app.db.log_resume(if whole { size } else { 0 }).await?;
    Ok(Resumed {
        restored,
        entries,
        signed,
    })
}

/// The roots over the first entries of the database, of which there are as many.
async fn roots(app: &App, sizes: &BTreeSet<u64>) -> Result<BTreeMap<u64, Hash>, ApiError> {
    let mut roots = BTreeMap::new();
    // The complete subtrees that the entries so far make, the largest first.
    let mut complete: Vec<Hash> = Vec::new();
    let (mut size, last) = (0, sizes.last().copied().unwrap_or_default());
    loop {
        if sizes.contains(&size) {
            let all = complete.iter().rev().copied();
            let root = all.reduce(|right, left| node_hash(&left, &right));
            roots.insert(size, root.unwrap_or_else(empty_root));
        }
        if size >= last {
            return Ok(roots);
        }
        // Up to the next size that is asked for.
        let next = sizes.range(size + 1..).next().copied().unwrap_or(last);
        let next = next.min(size + BATCH);
        for entry in app.db.log_entries(size, next).await? {
            complete.push(entry.leaf());
            size += 1;
            for _ in 0..size.trailing_zeros() {
                if let (Some(right), Some(left)) = (complete.pop(), complete.pop()) {
                    complete.push(node_hash(&left, &right));
                }
            }
        }
        if size < next {
            return Ok(roots);
        }
    }
}
