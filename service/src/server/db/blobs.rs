//! Uploaded models and inputs.

use super::Db;
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
    /// Records an upload whose bytes are stored. False if it was known.
    ///
    /// # Errors
    /// The tenant's quota.
    #[expect(clippy::too_many_arguments, reason = "one value per column")]
    pub async fn add_upload(
        &self,
        tenant: &str,
        kind: &str,
        sha256: &str,
        bytes: i64,
        summary: &Value,
        maximum: i64,
        now: Millis,
    ) -> Result<bool, ApiError> {
        let mut tx = self.begin().await?;
        let added = sqlx::query(
            "INSERT INTO uploads (tenant, kind, sha256, bytes, summary, created) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(tenant)
        .bind(kind)
        .bind(sha256)
        .bind(bytes)
        .bind(summary.to_string())
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
        if stored > maximum {
            return Err(ApiError::Quota {
                what: "bytes of uploads",
                maximum,
                got: stored,
            });
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
