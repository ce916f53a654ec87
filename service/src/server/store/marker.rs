//! Whose objects these are: the store keeps the id of its database. An empty folder where a disk is not mounted, or another bucket,
//! would look like a service that lost everything.

use super::{Kind, Store};
use crate::server::db::Db;
use crate::server::error::ApiError;
use crate::server::ids::DatabaseId;

/// Object with the database's id.
pub const MARKER: &str = "_service/database";

/// Compares the store with the database, or marks it at the first start. Returns the database's id.
///
/// # Errors
/// [`ApiError::WrongStore`]; storage.
pub async fn at_start(db: &Db, store: &Store, fresh: &DatabaseId) -> Result<DatabaseId, ApiError> {
    let known = db.identity(fresh).await?;
    // A database of a version before the marker.
    let unmarked = !known.marked && store.read(MARKER).await?.is_none();
    if unmarked {
        if let Some((tenant, kind, sha256)) = db.newest_upload().await? {
            let kind = Kind::parse(&kind).ok_or_else(|| ApiError::Internal(format!("kind of an upload: {kind}")))?;
            if store.size(&tenant, kind, &sha256).await?.is_none() {
                return Err(ApiError::WrongStore(format!(
                    "the object store lacks the newest upload of the database {}, {tenant}/{}/{sha256}: it is empty or another one; \
                     configure the right store",
                    known.id,
                    kind.name()
                )));
            }
        }
        store.write(MARKER, format!("{}\n", known.id).into_bytes()).await?;
    }
    check(store, &known.id).await?;
    if !known.marked {
        db.set_marked().await?;
    }
    Ok(known.id)
}

/// Whether the store is that of the database with this id.
///
/// # Errors
/// [`ApiError::WrongStore`]; storage.
pub async fn check(store: &Store, id: &DatabaseId) -> Result<(), ApiError> {
    let Some(found) = store.read(MARKER).await? else {
        return Err(ApiError::WrongStore(format!(
            "the object store has no {MARKER}, which this database ({id}) wrote: it is empty or another one, or lost the object; \
             configure the right store, or put the object back, whose text is the id"
        )));
    };
    match String::from_utf8_lossy(&found).trim_end() {
        found if found == id.as_str() => Ok(()),
        found => Err(ApiError::WrongStore(format!(
            "the object store belongs to the database {found}, this database is {id}; configure the right one of both ({MARKER} is \
             the store's copy of the id)"
        ))),
    }
}
