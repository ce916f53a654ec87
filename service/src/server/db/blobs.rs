//! Uploaded models and inputs.

use super::Db;
use crate::server::api::keep::Checked;
use crate::server::clock::Millis;
use crate::server::error::ApiError;
use serde_json::Value;
use sqlx::Row;

/// An upload.
#[derive(Clone, Debug)]
pub struct Upload {
    pub bytes: i64,
    pub summary: Value,
    pub created: Millis,
}

impl Db {
    /// Whether a tenant may store so many bytes more.
    ///
    /// # Errors
    /// The tenant's quota.
    pub async fn room(&self, tenant: &str, bytes: u64, maximum: i64) -> Result<(), ApiError> {
        let stored: i64 = sqlx::query("SELECT stored FROM tenants WHERE name = $1")
            .bind(tenant)
            .fetch_one(&self.read)
            .await?
            .try_get("stored")?;
        within(stored.saturating_add(signed(bytes)), maximum)
    }

    /// Records an upload whose bytes are stored. False if it was known.
    ///
    /// # Errors
    /// The tenant's quota.
    pub async fn add_upload(&self, upload: &Checked, maximum: i64, now: Millis) -> Result<bool, ApiError> {
        let (tenant, sha256, bytes) = (&upload.tenant, &upload.sha256, signed(upload.bytes));
        let mut tx = self.begin().await?;
        let added = sqlx::query(
            "INSERT INTO uploads (tenant, kind, sha256, bytes, summary, created) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(tenant)
        .bind(upload.kind.name())
        .bind(sha256)
        .bind(bytes)
        .bind(upload.summary.to_string())
        .bind(now)
        .execute(&mut *tx)
        .await?;
        if added.rows_affected() == 0 {
            return Ok(false);
        }
        let stored: i64 = sqlx::query("UPDATE tenants SET stored = stored + $2 WHERE name = $1 RETURNING stored")
            .bind(tenant)
            .bind(bytes)
            .fetch_one(&mut *tx)
            .await?
            .try_get("stored")?;
        within(stored, maximum)?;
        if let Some(graph) = &upload.graph {
            sqlx::query("INSERT INTO graphs (tenant, sha256, graph) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(tenant)
                .bind(sha256)
                .bind(graph.to_string())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    pub async fn upload(&self, tenant: &str, kind: &str, sha256: &str) -> Result<Option<Upload>, ApiError> {
        let row =
            sqlx::query("SELECT bytes, summary, created FROM uploads WHERE tenant = $1 AND kind = $2 AND sha256 = $3")
                .bind(tenant)
                .bind(kind)
                .bind(sha256)
                .fetch_optional(&self.read)
                .await?;
        row.map(|row| {
            Ok(Upload {
                bytes: row.try_get("bytes")?,
                summary: serde_json::from_str(row.try_get("summary")?)?,
                created: row.try_get("created")?,
            })
        })
        .transpose()
    }
}

fn within(stored: i64, maximum: i64) -> Result<(), ApiError> {
    match stored > maximum {
        false => Ok(()),
        true => Err(ApiError::Quota {
            what: "bytes of uploads",
            maximum,
            got: stored,
        }),
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
