//! Uploaded models and inputs.

use super::registry::lock;
use super::storage::{settle, Object};
use super::{agreements, Db};
use crate::server::api::keep::{Beside, Checked};
use crate::server::clock::Millis;
use crate::server::error::ApiError;
use crate::server::ids::{ModelId, ObjectDigest, TenantId};
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
    /// Records an upload whose bytes are stored under a reservation. False if it was known; the reservation is as it was then.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`] if the reservation ended; [`ApiError::Quota`] of agreements.
    pub async fn add_upload(&self, upload: &Checked, object: &Object, now: Millis) -> Result<bool, ApiError> {
        let (tenant, sha256) = (&upload.tenant, &upload.sha256);
        let mut tx = self.begin().await?;
        lock(&mut tx, tenant).await?;
        let added = sqlx::query(
            "INSERT INTO uploads (tenant, kind, sha256, bytes, summary, created) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(tenant)
        .bind(upload.kind.name())
        .bind(sha256)
        .bind(i64::try_from(upload.bytes).unwrap_or(i64::MAX))
        .bind(upload.summary.to_string())
        .bind(now)
        .execute(&mut *tx)
        .await?;
        if added.rows_affected() == 0 {
            return Ok(false);
        }
        settle(&mut tx, tenant, object).await?;
        match &upload.beside {
            None => {}
            Some(Beside::Graph(graph)) => {
                sqlx::query("INSERT INTO graphs (tenant, sha256, graph) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                    .bind(tenant)
                    .bind(sha256)
                    .bind(graph.as_str())
                    .execute(&mut *tx)
                    .await?;
            }
            Some(Beside::Agreement(agreement)) => agreements::add(&mut tx, tenant, agreement, now).await?,
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Whether a graph of this digest is among a tenant's uploads. To the ledger it stands in the place of a model.
    pub async fn has_graph(&self, tenant: &TenantId, graph: &ModelId) -> Result<bool, ApiError> {
        let row = sqlx::query("SELECT 1 FROM uploads WHERE tenant = $1 AND kind = 'input' AND summary LIKE $2 LIMIT 1")
            .bind(tenant)
            .bind(format!("%\"graph\":\"{graph}\"%"))
            .fetch_optional(&self.read)
            .await?;
        Ok(row.is_some())
    }

    pub async fn upload(
        &self,
        tenant: &TenantId,
        kind: &str,
        sha256: &ObjectDigest,
    ) -> Result<Option<Upload>, ApiError> {
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
