//! What age removes, a batch at a time. Entries of the ledger and of the log are not among it.

use super::registry::lock;
use super::removal::unname;
use super::storage::Address;
use super::Db;
use crate::server::clock::Millis;
use crate::server::error::ApiError;
use crate::server::ids::{JobId, TenantId};
use crate::server::store::Kind;
use sqlx::Row;

/// Rows of a batch.
pub const BATCH: i64 = 100;

/// An old upload, and where the next batch goes on.
#[derive(Clone, Debug)]
pub struct Old {
    pub upload: Address,
    pub created: Millis,
}

impl Db {
    /// Inputs from before a time, oldest first, after one of them.
    pub async fn old_inputs(&self, before: Millis, after: Option<&Old>) -> Result<Vec<Old>, ApiError> {
        let rows = sqlx::query(
            "SELECT tenant, sha256, created FROM uploads WHERE kind = 'input' AND created < $1 AND (created, tenant, sha256) > ($2, $3, $4)
             ORDER BY created, tenant, sha256 LIMIT $5",
        )
        .bind(before)
        .bind(after.map_or(Millis::MIN, |old| old.created))
        .bind(after.map_or("", |old| old.upload.tenant.as_str()))
        .bind(after.map_or("", |old| old.upload.sha256.as_str()))
        .bind(BATCH)
        .fetch_all(&self.read)
        .await?;
        let old = |row: &sqlx::any::AnyRow| {
            Ok(Old {
                upload: Address {
                    tenant: row.try_get("tenant")?,
                    kind: Kind::Input,
                    sha256: row.try_get("sha256")?,
                },
                created: row.try_get("created")?,
            })
        };
        rows.iter().map(old).collect()
    }

    /// Removes the oldest receipts from before a time, of one tenant. Their jobs stay, and say so. Returns how many.
    pub async fn remove_receipts(&self, before: Millis, now: Millis) -> Result<i64, ApiError> {
        let oldest = sqlx::query("SELECT tenant FROM receipts WHERE created < $1 ORDER BY created LIMIT 1")
            .bind(before)
            .fetch_optional(&self.read)
            .await?;
        let Some(oldest) = oldest else { return Ok(0) };
        let tenant: TenantId = oldest.try_get("tenant")?;
        let mut tx = self.begin().await?;
        lock(&mut tx, &tenant).await?;
        let removed = sqlx::query(
            "DELETE FROM receipts WHERE tenant = $1 AND statement IN
                 (SELECT statement FROM receipts WHERE tenant = $1 AND created < $2 ORDER BY created LIMIT $3)
             RETURNING job, blob",
        )
        .bind(&tenant)
        .bind(before)
        .bind(BATCH)
        .fetch_all(&mut *tx)
        .await?;
        for row in &removed {
            let receipt = Address {
                tenant: tenant.clone(),
                kind: Kind::Receipt,
                sha256: row.try_get("blob")?,
            };
            unname(&mut tx, &receipt).await?;
            sqlx::query("UPDATE jobs SET removed = $2 WHERE id = $1")
                .bind(row.try_get::<JobId, _>("job")?)
                .bind(now)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(i64::try_from(removed.len()).unwrap_or(i64::MAX))
    }

    /// Removes the jobs that ended first before a time, with their events. One that made a receipt stays while that does. Returns how many.
    pub async fn remove_jobs(&self, before: Millis) -> Result<i64, ApiError> {
        let mut tx = self.begin().await?;
        let old = sqlx::query(
            "SELECT id FROM jobs WHERE finished < $1
                 AND finished IS NOT NULL AND (kind NOT IN ('proof', 'colouring') OR state <> 'done' OR removed IS NOT NULL)
                 AND whole IS NULL ORDER BY finished LIMIT $2",
        )
        .bind(before)
        .bind(BATCH)
        .fetch_all(&mut *tx)
        .await?;
        for row in &old {
            let id: JobId = row.try_get("id")?;
            for query in [
                "DELETE FROM events WHERE job = $1",
                "DELETE FROM idempotency WHERE job = $1",
                "DELETE FROM jobs WHERE id = $1",
            ] {
                sqlx::query(query).bind(&id).execute(&mut *tx).await?;
            }
        }
        tx.commit().await?;
        Ok(i64::try_from(old.len()).unwrap_or(i64::MAX))
    }
}
