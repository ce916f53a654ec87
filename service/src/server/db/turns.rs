//! Whose turn it is. Tenants are served in turn, whatever their priorities: the one with the fewest jobs that workers have, and of those
//! the one served longest ago. A priority orders the jobs of one tenant.

use super::{Db, Job, Lease};
use crate::server::clock::Millis;
use crate::server::error::ApiError;
use crate::server::ids::{JobId, TaskId, TenantId};
use crate::server::job::LEVEL;
use sqlx::{AssertSqlSafe, Row};

/// Tenants that are looked at: the first of them may have no job but one that somebody is taking.
const TENANTS: i64 = 16;
/// How often a job may be taken by somebody else meanwhile.
const ROUNDS: usize = 16;

impl Db {
    /// Takes the job whose turn it is, on behalf of `task`; none if no job may be begun now.
    pub async fn claim_next(
        &self,
        task: &TaskId,
        owner: &str,
        until: Millis,
        now: Millis,
    ) -> Result<Option<(Lease, Job)>, ApiError> {
        for _ in 0..ROUNDS {
            let Some(id) = self.next(now).await? else {
                return Ok(None);
            };
            let Some((lease, job)) = self.claim(&id, owner, until, now).await? else {
                continue;
            };
            // The job has its lease: what follows only keeps order.
            if let Err(error) = self.served(task, &job).await {
                tracing::warn!(job = job.id.as_str(), %error, "noting whose turn it was");
            }
            return Ok(Some((lease, job)));
        }
        Ok(None)
    }

    async fn next(&self, now: Millis) -> Result<Option<JobId>, ApiError> {
        let tenants = sqlx::query(
            "SELECT t.name FROM tenants t LEFT JOIN turns ON turns.tenant = t.name
             WHERE EXISTS (SELECT 1 FROM jobs WHERE tenant = t.name AND state = 'queued' AND level <= $3 AND not_before <= $1
                 AND (not_after IS NULL OR not_after > $1))
             ORDER BY (SELECT COUNT(*) FROM jobs WHERE tenant = t.name AND state IN ('witness', 'proving', 'verifying') AND owner IS NOT NULL),
                 COALESCE(turns.served, 0), t.name LIMIT $2",
        )
        .bind(now)
        .bind(TENANTS)
        .bind(LEVEL)
        .fetch_all(&self.read)
        .await?;
        for tenant in &tenants {
            let job = sqlx::query(AssertSqlSafe(format!(
                "SELECT id FROM jobs WHERE tenant = $1 AND state = 'queued' AND level <= $3 AND not_before <= $2 AND (not_after IS NULL OR not_after > $2)
                 ORDER BY priority DESC, id LIMIT 1 {}",
                self.skip_locked()
            )))
            .bind(tenant.try_get::<TenantId, _>("name")?)
            .bind(now)
            .bind(LEVEL)
            .fetch_optional(&self.read)
            .await?;
            if let Some(job) = job {
                return Ok(Some(job.try_get("id")?));
            }
        }
        Ok(None)
    }

    /// The tenant goes to the end of the line. The job engine gave `task` away for a job that still waits: it gets the task of the one
    /// that was begun.
    async fn served(&self, task: &TaskId, job: &Job) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO turns (tenant, served) VALUES ($1, (SELECT COALESCE(MAX(served), 0) + 1 FROM turns))
             ON CONFLICT (tenant) DO UPDATE SET served = EXCLUDED.served",
        )
        .bind(&job.tenant)
        .execute(&self.write)
        .await?;
        sqlx::query("UPDATE jobs SET task = $2 WHERE task = $1 AND state = 'queued'")
            .bind(task)
            .bind(&job.task)
            .execute(&self.write)
            .await
            .map(drop)
    }
}
