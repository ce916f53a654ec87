//! Removing objects that no row names: uploads and results of processes that died between the object and its row.

use super::clock::Millis;
use super::db::Db;
use super::error::ApiError;
use super::leftovers::{Count, AGE};
use super::store::{marker, Store};
use super::tlog::{count, COPY};
use futures_util::TryStreamExt;
use provenn_verifier::tlog::{Checkpoint, LogKey};
use std::pin::pin;

/// Refuses a database that is not the object store's, or older than it: to it, what the store has would be nobody's.
///
/// # Errors
/// [`ApiError::WrongStore`]; [`ApiError::Internal`] for a database that is older than the store, or without an id; storage.
pub async fn belong_together(db: &Db, store: &Store) -> Result<(), ApiError> {
    let refused = |why: &str| {
        ApiError::Internal(format!(
            "nothing is removed: {why}. Name the database and the object store of the same service; after a restore, start the service first"
        ))
    };
    let identity = db.known_identity().await?;
    let identity = identity.ok_or_else(|| refused("no service was started on the database"))?;
    marker::check(store, &identity.id).await?;
    // One of the same id may be a backup of some time ago. The store first: the log in the database only grows.
    let copy = store.read(COPY).await?;
    let head = db.log_head().await?;
    let Some(copy) = copy else {
        return match head.checkpoint.is_empty() {
            true => Ok(()),
            false => Err(refused(&format!(
                "the database has a log, the object store has no {COPY}"
            ))),
        };
    };
    let key: LogKey = head
        .key
        .parse()
        .map_err(|_| refused("the object store has a log, the database has none"))?;
    let note = String::from_utf8_lossy(&copy);
    let signed = Checkpoint::from_note(&note, &key)
        .map_err(|_| refused("the object store has another log than the database"))?;
    match signed.size <= count(head.entries)? {
        true => Ok(()),
        false => Err(refused(&format!(
            "the log in the object store has {} entries, that of the database {}",
            signed.size, head.entries
        ))),
    }
}

/// Removes objects that were stored more than a day before `now` and that no row names; with `dry_run` it only counts them. A
/// service may run meanwhile.
///
/// # Errors
/// Database or object store; what was removed before stays removed.
pub async fn orphans(db: &Db, store: &Store, now: Millis, dry_run: bool) -> Result<Count, ApiError> {
    let before = now.saturating_sub(Millis::try_from(AGE.as_millis()).unwrap_or(Millis::MAX));
    let mut found = Count::default();
    let mut objects = pin!(store.objects());
    while let Some(object) = objects.try_next().await? {
        let of = &object.address;
        if object.stored >= before || db.is_named(of).await? {
            continue;
        }
        if dry_run || db.remove_orphan(of, store.remove_before(of, before)).await? {
            found.add(object.bytes);
        }
    }
    Ok(found)
}
