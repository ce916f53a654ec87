//! Published receipts.

use super::Db;
use crate::server::error::ApiError;
use crate::server::ids::{JobId, ObjectDigest, TenantId};
use sqlx::Row;

impl Db {
    /// The receipt of a job.
    pub async fn receipt(&self, tenant: &TenantId, job: &JobId) -> Result<Option<ObjectDigest>, ApiError> {
        let row = sqlx::query("SELECT blob FROM receipts WHERE tenant = $1 AND job = $2")
            .bind(tenant)
            .bind(job)
            .fetch_optional(&self.read)
            .await?;
        Ok(row.map(|row| row.try_get("blob")).transpose()?)
    }
}
