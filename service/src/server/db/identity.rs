//! Whose objects these are.

use super::Db;
use crate::server::error::ApiError;
use crate::server::ids::{DatabaseId, ObjectDigest, TenantId};
use sqlx::Row;

/// The database's id.
#[derive(Clone, Debug)]
pub struct Identity {
    pub id: DatabaseId,
    /// Whether the object store has had a copy of it.
    pub marked: bool,
}

impl Db {
    /// The database's id: `fresh`, if it had none.
    pub async fn identity(&self, fresh: &DatabaseId) -> Result<Identity, ApiError> {
        sqlx::query("INSERT INTO identity (one, id, marked) VALUES (1, $1, 0) ON CONFLICT DO NOTHING")
            .bind(fresh)
            .execute(&self.write)
            .await?;
        let known = self.known_identity().await?;
        known.ok_or_else(|| ApiError::Internal("the database does not keep its id".into()))
    }

    /// The database's id, if a service was started on it.
    pub async fn known_identity(&self) -> Result<Option<Identity>, ApiError> {
        let row = sqlx::query("SELECT id, marked FROM identity WHERE one = 1")
            .fetch_optional(&self.write)
            .await?;
        row.map(|row| {
            Ok(Identity {
                id: row.try_get("id")?,
                marked: row.try_get::<i64, _>("marked")? != 0,
            })
        })
        .transpose()
    }

    /// The object store has a copy of the id.
    pub async fn set_marked(&self) -> Result<(), ApiError> {
        sqlx::query("UPDATE identity SET marked = 1 WHERE one = 1")
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Tenant, kind and digest of the newest upload.
    pub async fn newest_upload(&self) -> Result<Option<(TenantId, String, ObjectDigest)>, ApiError> {
        let row = sqlx::query("SELECT tenant, kind, sha256 FROM uploads ORDER BY created DESC LIMIT 1")
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| Ok((row.try_get("tenant")?, row.try_get("kind")?, row.try_get("sha256")?)))
            .transpose()
    }
}
