//! Published receipts.

use super::agreements::in_force;
use super::registry::not_revoked;
use super::tlog::append;
use super::{Db, Job};
use crate::server::clock::Millis;
use crate::server::error::ApiError;
use crate::server::ids::{AgreementDigest, JobId, ModelId, ObjectDigest, TenantId};
use sqlx::{Any, Row, Transaction};

/// A receipt that is stored and verified.
#[derive(Clone, Debug)]
pub struct NewReceipt {
    /// The model, or the graph that it is about.
    pub subject: ModelId,
    pub blob: ObjectDigest,
    pub bytes: i64,
    /// What it was made under.
    pub agreement: Option<AgreementDigest>,
}

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

/// Publishes what a job made, within a transaction that has its tenant's lock.
///
/// # Errors
/// [`ApiError::Refused`] if the model or the agreement was revoked.
pub(super) async fn add_receipt(
    tx: &mut Transaction<'static, Any>,
    job: &Job,
    receipt: &NewReceipt,
    now: Millis,
) -> Result<(), ApiError> {
    not_revoked(tx, &job.tenant, &receipt.subject).await?;
    in_force(tx, &job.tenant, receipt.agreement.as_ref()).await?;
    // The primary key refuses a second receipt for the statement; the whole transaction then has no effect.
    sqlx::query("INSERT INTO receipts (tenant, statement, job, model, blob, bytes, created) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(&job.tenant)
        .bind(&job.statement)
        .bind(&job.id)
        .bind(&receipt.subject)
        .bind(&receipt.blob)
        .bind(receipt.bytes)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    append(tx, "receipt", &receipt.blob, now).await
}
