//! New jobs: idempotency, quota, one job per statement.

use super::agreements::in_force;
use super::jobs::insert_event;
use super::needs::Need;
use super::{ledger, Db, Job};
use crate::server::clock::Millis;
use crate::server::error::ApiError;
use crate::server::ids::{AgreementDigest, JobId, TaskId, TenantId};
use crate::server::ledger::Charge;
use serde_json::{json, Value};
use sqlx::{Any, Row, Transaction};

/// A job that is asked for.
#[derive(Clone, Debug)]
pub struct Submission {
    pub id: JobId,
    /// Its first task in the job engine.
    pub task: TaskId,
    pub tenant: TenantId,
    pub kind: &'static str,
    pub statement: String,
    pub request: Value,
    /// What a worker has to know to do it.
    pub level: i64,
    pub priority: i64,
    pub not_after: Option<Millis>,
    pub forecast: Value,
    /// What a receipt will be made under.
    pub agreement: Option<AgreementDigest>,
    /// What a receipt will be charged with.
    pub charge: Option<Charge>,
    /// Idempotency-Key, and the digest of the request it came with.
    pub idempotency: Option<(String, String)>,
}

/// What a tenant may have.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    /// Jobs under way.
    pub jobs: i64,
    /// Bytes.
    pub bytes: i64,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Submitted {
    New(Job),
    /// The same request, or the same statement, was submitted before.
    Known(Job),
}

impl Submitted {
    pub fn job(&self) -> &Job {
        match self {
            Self::New(job) | Self::Known(job) => job,
        }
    }
}

impl Db {
    /// Forgets the Idempotency-Keys of requests before `before`.
    pub async fn forget_requests(&self, before: Millis) -> Result<(), ApiError> {
        let old = sqlx::query("DELETE FROM idempotency WHERE created < $1").bind(before);
        old.execute(&self.write).await?;
        Ok(())
    }

    /// Adds a job, unless the request or the statement has one.
    ///
    /// # Errors
    /// Another request under the same Idempotency-Key; the tenant's quota; a revoked model or agreement; a budget of the ledger.
    pub async fn submit(&self, new: &Submission, most: &Most, now: Millis) -> Result<Submitted, ApiError> {
        let mut tx = self.begin().await?;
        // First, so that the submissions of a tenant wait for each other.
        let row = sqlx::query(
            "UPDATE tenants SET submitted = submitted + 1 WHERE name = $1 RETURNING stored + reserved AS used",
        )
        .bind(&new.tenant)
        .fetch_optional(&mut *tx)
        .await?;
        let used: i64 = row.map_or(Ok(0), |row| row.try_get("used"))?;
        if let Some((key, body)) = &new.idempotency {
            let row = sqlx::query("SELECT body, job FROM idempotency WHERE tenant = $1 AND key = $2")
                .bind(&new.tenant)
                .bind(key)
                .fetch_optional(&mut *tx)
                .await?;
            if let Some(row) = row {
                if row.try_get::<String, _>("body")? != *body {
                    return Err(ApiError::IdempotencyMismatch);
                }
                let job = job(&mut tx, &row.try_get("job")?).await?;
                if let Some(charge) = &new.charge {
                    ledger::reserve(&mut tx, &new.tenant, &job.id, charge).await?;
                }
                tx.commit().await?;
                return Ok(Submitted::Known(job));
            }
        }
        let there = There::of(&mut tx, new).await?;
        let submitted = match &there.known {
            Some(known) => {
                let job = job(&mut tx, known).await?;
                if let Some(charge) = &new.charge {
                    ledger::reserve(&mut tx, &new.tenant, known, charge).await?;
                }
                Submitted::Known(job)
            }
            None => {
                there.suffices(most, used)?;
                Submitted::New(add(&mut tx, new, &there, now).await?)
            }
        };
        if let Some((key, body)) = &new.idempotency {
            sqlx::query("INSERT INTO idempotency (tenant, key, body, job, created) VALUES ($1, $2, $3, $4, $5)")
                .bind(&new.tenant)
                .bind(key)
                .bind(body)
                .bind(&submitted.job().id)
                .bind(now)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(submitted)
    }
}

/// What a submission finds, all in one question: each takes a way to the database and back.
struct There {
    /// A job for the same statement.
    known: Option<JobId>,
    /// Jobs of the tenant that are under way.
    open: i64,
    /// Whether the tenant has set any budget.
    budgets: bool,
    /// Why the model was revoked.
    revoked: Option<String>,
}

impl There {
    async fn of(tx: &mut Transaction<'static, Any>, new: &Submission) -> Result<Self, ApiError> {
        let row = sqlx::query(
            "SELECT (SELECT id FROM jobs WHERE tenant = $1 AND kind = $2 AND statement = $3 AND state NOT IN ('failed', 'cancelled', 'expired') AND removed IS NULL) AS known,
                 (SELECT COUNT(*) FROM jobs WHERE tenant = $1 AND state IN ('queued', 'witness', 'proving', 'verifying') AND whole IS NULL) AS open,
                 (SELECT COUNT(*) FROM budgets WHERE tenant = $1) AS budgets,
                 (SELECT reason FROM registry WHERE tenant = $1 AND model = $4 AND status = 'revoked') AS revoked",
        )
        .bind(&new.tenant)
        .bind(new.kind)
        .bind(&new.statement)
        .bind(new.charge.as_ref().map_or("", |charge| charge.model.as_str()))
        .fetch_one(&mut **tx)
        .await?;
        Ok(Self {
            known: row.try_get("known")?,
            open: row.try_get("open")?,
            budgets: row.try_get::<i64, _>("budgets")? > 0,
            revoked: row.try_get("revoked")?,
        })
    }

    /// Refuses a new job of a tenant that has too many, or of whose bytes so many are used.
    fn suffices(&self, most: &Most, used: i64) -> Result<(), ApiError> {
        if self.open >= most.jobs {
            return Err(ApiError::Quota {
                what: "jobs under way",
                maximum: most.jobs,
                got: self.open,
            });
        }
        // What it makes is kept whatever its size.
        if used >= most.bytes {
            return Err(ApiError::Storage {
                used,
                limit: most.bytes,
                asked: 1,
            });
        }
        Ok(())
    }
}

async fn job(tx: &mut Transaction<'static, Any>, id: &JobId) -> Result<Job, ApiError> {
    let row = sqlx::query("SELECT * FROM jobs WHERE id = $1").bind(id);
    Job::from_row(&row.fetch_one(&mut **tx).await?)
}

/// Adds a job to those of a tenant.
async fn add(
    tx: &mut Transaction<'static, Any>,
    new: &Submission,
    there: &There,
    now: Millis,
) -> Result<Job, ApiError> {
    Need::are_there(&Need::of(new.kind, &new.request), tx, &new.tenant).await?;
    // With its first event.
    let row = sqlx::query(
        "INSERT INTO jobs (id, tenant, kind, statement, request, priority, not_after, state, stage, pushed, task, forecast, created, changed, seq, level)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', 'queued', $8, $9, $10, $8, $8, 1, $11) RETURNING *",
    )
    .bind(&new.id)
    .bind(&new.tenant)
    .bind(new.kind)
    .bind(&new.statement)
    .bind(new.request.to_string())
    .bind(new.priority)
    .bind(new.not_after)
    .bind(now)
    .bind(&new.task)
    .bind(new.forecast.to_string())
    .bind(new.level)
    .fetch_one(&mut **tx)
    .await?;
    let queued = json!({ "state": "queued", "stage": "queued", "attempt": 0, "at": now });
    insert_event(tx, &new.id, 1, &queued, now).await?;
    if let Some(charge) = &new.charge {
        if let Some(reason) = &there.revoked {
            return Err(ApiError::revoked(reason));
        }
        in_force(tx, &new.tenant, new.agreement.as_ref()).await?;
        ledger::reserve_first(tx, &new.tenant, &new.id, charge, there.budgets).await?;
    }
    Job::from_row(&row)
}
