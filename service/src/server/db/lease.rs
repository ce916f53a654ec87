//! Work on jobs. A worker holds a job by a lease with a fencing token; each change names the token, so that a worker that lost
//! its lease changes nothing.

use super::jobs::add_event;
use super::ledger::{settle, End};
use super::parts::{end_parts, whole};
use super::receipts::{add_receipt, NewReceipt};
use super::registry::lock_of_job;
use super::storage::{settle as count, Object};
use super::tlog::append;
use super::{Db, Job, Model, State};
use crate::fail;
use crate::server::clock::{Clock, Millis};
use crate::server::error::ApiError;
use crate::server::ids::{JobId, TaskId};
use crate::server::job::LEVEL;
use crate::server::problem::Problem;
use crate::server::worker::retry::{Cause, Tries};
use serde_json::{json, Value};
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

/// The right to work on a job.
#[derive(Clone, Debug)]
pub struct Lease {
    pub job: JobId,
    pub token: i64,
}

/// Whether a change took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    Applied,
    /// The lease was lost, or the job cancelled or expired.
    Lost,
}

/// What a job made.
#[derive(Clone, Debug)]
pub struct Publication {
    pub stored: Stored,
    /// What was stored for it.
    pub objects: Vec<Object>,
    /// Shown in the job's status.
    pub result: Value,
    pub peak_bytes: Option<i64>,
    pub cpu_ms: i64,
}

#[derive(Clone, Debug)]
pub enum Stored {
    Receipt(NewReceipt),
    Model(Box<Model>),
    /// Recorded by [`Db::add_opening`] already.
    Opening,
}

/// A job that needs a task in the job engine.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub id: JobId,
    pub task: TaskId,
    pub not_before: Millis,
    pub place: Place,
}

/// A place in the order of waiting jobs; the first one by default.
#[derive(Clone, Debug, Default)]
pub struct Place(Millis, Option<JobId>);

/// Waiting jobs that are looked at together.
pub const WAITING: usize = 100;

/// A job whose lease ended.
#[derive(Clone, Debug)]
pub struct Lapsed {
    pub lease: Lease,
    pub tries: Tries,
}

/// The next attempt at a job that goes back to the queue.
#[derive(Clone, Debug)]
pub struct Again {
    pub task: TaskId,
    /// Why the last one gave nothing.
    pub cause: Cause,
    pub not_before: Millis,
}

impl Db {
    /// Takes a queued job that may be tried, of a level that this program knows.
    pub async fn claim(
        &self,
        id: &JobId,
        owner: &str,
        until: Millis,
        now: Millis,
    ) -> Result<Option<(Lease, Job)>, ApiError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(
            "UPDATE jobs SET state = 'witness', stage = 'started', owner = $2, lease_until = $3, token = token + 1,
                 attempt = attempt + 1, started = COALESCE(started, $4)
             WHERE id = $1 AND state = 'queued' AND level <= $5 AND not_before <= $4 AND (not_after IS NULL OR not_after > $4)
             RETURNING *",
        )
        .bind(id)
        .bind(owner)
        .bind(until)
        .bind(now)
        .bind(LEVEL)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let job = Job::from_row(&row)?;
        add_event(&mut tx, id, &body(State::Witness, "started", job.attempt, now), now).await?;
        fail::point("in-claim");
        tx.commit().await?;
        let lease = Lease {
            job: job.id.clone(),
            token: job.token,
        };
        Ok(Some((lease, job)))
    }

    /// Prolongs a lease.
    pub async fn renew(&self, lease: &Lease, until: Millis) -> Result<Outcome, ApiError> {
        let renewed = sqlx::query(
            "UPDATE jobs SET lease_until = $3 WHERE id = $1 AND token = $2 AND state IN ('witness', 'proving', 'verifying')",
        )
        .bind(&lease.job)
        .bind(lease.token)
        .bind(until)
        .execute(&self.write)
        .await?;
        Ok(if renewed.rows_affected() == 1 {
            Outcome::Applied
        } else {
            Outcome::Lost
        })
    }

    /// Whether a lease still counts.
    pub async fn held(&self, lease: &Lease) -> Result<Outcome, ApiError> {
        let row = sqlx::query(
            "SELECT 1 FROM jobs WHERE id = $1 AND token = $2 AND state IN ('witness', 'proving', 'verifying')",
        )
        .bind(&lease.job)
        .bind(lease.token)
        .fetch_optional(&self.read)
        .await?;
        Ok(if row.is_some() { Outcome::Applied } else { Outcome::Lost })
    }

    /// Records a stage.
    pub async fn reached(&self, lease: &Lease, state: State, stage: &str, now: Millis) -> Result<Outcome, ApiError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(
            "UPDATE jobs SET state = $3, stage = $4 WHERE id = $1 AND token = $2 AND state IN ('witness', 'proving', 'verifying')
             RETURNING attempt",
        )
        .bind(&lease.job)
        .bind(lease.token)
        .bind(state.name())
        .bind(stage)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(Outcome::Lost) };
        add_event(
            &mut tx,
            &lease.job,
            &body(state, stage, row.try_get("attempt")?, now),
            now,
        )
        .await?;
        fail::point("in-reached");
        tx.commit().await?;
        Ok(Outcome::Applied)
    }

    /// Publishes what a job made: result, state and place in the log change together or not at all.
    ///
    /// The tenant's lock comes first: a revocation that was acknowledged is seen. Time comes after it, however long that took.
    ///
    /// # Errors
    /// [`ApiError::Refused`] if the model, or the agreement, was revoked meanwhile.
    pub async fn publish(&self, lease: &Lease, made: &Publication, clock: &Clock) -> Result<Outcome, ApiError> {
        let mut tx = self.begin().await?;
        lock_of_job(&mut tx, &lease.job).await?;
        let now = clock.now();
        let row = sqlx::query(
            "UPDATE jobs SET state = 'done', stage = 'done', finished = $3, owner = NULL, lease_until = NULL, result = $4,
                 peak_bytes = $5, cpu_ms = $6
             WHERE id = $1 AND token = $2 AND state IN ('witness', 'proving', 'verifying') AND (not_after IS NULL OR not_after > $3)
             RETURNING *",
        )
        .bind(&lease.job)
        .bind(lease.token)
        .bind(now)
        .bind(made.result.to_string())
        .bind(made.peak_bytes)
        .bind(made.cpu_ms)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(Outcome::Lost) };
        let job = Job::from_row(&row)?;
        for object in &made.objects {
            count(&mut tx, &job.tenant, object).await?;
        }
        match &made.stored {
            Stored::Receipt(receipt) => {
                add_receipt(&mut tx, &job, receipt, now).await?;
                settle(&mut tx, &job.id, End::Published).await?;
            }
            Stored::Model(model) => add_model(&mut tx, model).await?,
            Stored::Opening => {}
        }
        if job.parts > 0 {
            end_parts(&mut tx, &job.id).await?;
        }
        add_event(&mut tx, &job.id, &body(State::Done, "done", job.attempt, now), now).await?;
        fail::point("in-publish");
        tx.commit().await?;
        Ok(Outcome::Applied)
    }

    /// Ends a job that cannot succeed; with a segment its proof.
    pub async fn fail(&self, lease: &Lease, problem: &Problem, now: Millis) -> Result<Outcome, ApiError> {
        let mut tx = self.begin().await?;
        let proof = whole(&mut tx, &lease.job).await?;
        let error = serde_json::to_string(problem)?;
        let failed = sqlx::query(
            "UPDATE jobs SET state = 'failed', stage = 'failed', finished = $3, owner = NULL, lease_until = NULL, error = $4
             WHERE id = $1 AND token = $2 AND state IN ('witness', 'proving', 'verifying') RETURNING id, attempt, parts",
        );
        let failed = failed.bind(&lease.job).bind(lease.token).bind(now).bind(&error);
        let mut row = failed.fetch_optional(&mut *tx).await?;
        if let (Some(_), Some(proof)) = (&row, proof) {
            let failed = sqlx::query(
                "UPDATE jobs SET state = 'failed', stage = 'failed', finished = $2, error = $3
                 WHERE id = $1 AND state IN ('witness', 'proving', 'verifying') RETURNING id, attempt, parts",
            );
            row = failed
                .bind(proof)
                .bind(now)
                .bind(&error)
                .fetch_optional(&mut *tx)
                .await?;
        }
        let Some(row) = row else { return Ok(Outcome::Lost) };
        let id: JobId = row.try_get("id")?;
        // A fault of the service is no answer.
        let end = if problem.status >= 500 {
            End::Released
        } else {
            End::Spent
        };
        settle(&mut tx, &id, end).await?;
        if row.try_get::<i64, _>("parts")? > 0 {
            end_parts(&mut tx, &id).await?;
        }
        let mut body = body(State::Failed, "failed", row.try_get("attempt")?, now);
        body["error"] = serde_json::to_value(problem)?;
        add_event(&mut tx, &id, &body, now).await?;
        fail::point("in-fail");
        tx.commit().await?;
        Ok(Outcome::Applied)
    }

    /// Gives a job back to the queue. The job engine gets patience from when it is to hand the job out.
    pub async fn give_back(&self, lease: &Lease, again: &Again, now: Millis) -> Result<Outcome, ApiError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(
            "UPDATE jobs SET state = 'queued', stage = 'queued', owner = NULL, lease_until = NULL, pushed = $3, task = $4,
                 not_before = $3, faults = faults + $5, retry = $6
             WHERE id = $1 AND token = $2 AND state IN ('witness', 'proving', 'verifying') RETURNING attempt",
        )
        .bind(&lease.job)
        .bind(lease.token)
        .bind(again.not_before)
        .bind(&again.task)
        .bind(i64::from(again.cause.of_machine()))
        .bind(again.cause.name())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(Outcome::Lost) };
        let mut body = body(State::Queued, "queued", row.try_get("attempt")?, now);
        body["retry"] = again.cause.name().into();
        body["not_before"] = again.not_before.into();
        add_event(&mut tx, &lease.job, &body, now).await?;
        fail::point("in-give-back");
        tx.commit().await?;
        Ok(Outcome::Applied)
    }

    /// Jobs whose lease ended. One that somebody is changing right now is found by a later sweep.
    pub async fn lapsed(&self, now: Millis) -> Result<Vec<Lapsed>, ApiError> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT id, token, attempt, faults FROM jobs
             WHERE state IN ('witness', 'proving', 'verifying') AND lease_until < $1 {}",
            self.skip_locked()
        )))
        .bind(now)
        .fetch_all(&self.sweep)
        .await?;
        let lapsed = |row: &AnyRow| {
            Ok(Lapsed {
                lease: Lease {
                    job: row.try_get("id")?,
                    token: row.try_get("token")?,
                },
                tries: Tries {
                    attempt: row.try_get("attempt")?,
                    faults: row.try_get("faults")?,
                },
            })
        };
        rows.iter().map(lapsed).collect()
    }

    /// Queued jobs that the job engine should have handed out before `before`, the oldest first: the next few after `after`.
    pub async fn waiting(&self, after: &Place, before: Millis) -> Result<Vec<Waiting>, ApiError> {
        let rows = sqlx::query(
            "SELECT id, task, not_before, pushed FROM jobs
             WHERE state = 'queued' AND pushed < $1 AND pushed >= $2 AND (pushed > $2 OR id > $3) ORDER BY pushed, id LIMIT $4",
        )
        .bind(before)
        .bind(after.0)
        .bind(after.1.as_ref().map_or("", JobId::as_str))
        .bind(WAITING as i64)
        .fetch_all(&self.sweep)
        .await?;
        let waiting = |row: &AnyRow| {
            Ok(Waiting {
                id: row.try_get("id")?,
                task: row.try_get("task")?,
                not_before: row.try_get("not_before")?,
                place: Place(row.try_get("pushed")?, row.try_get("id")?),
            })
        };
        rows.iter().map(waiting).collect()
    }

    /// Names the task that stands for a queued job from now on. False if somebody else did, or the job moved on.
    pub async fn retask(&self, job: &JobId, old: &TaskId, new: &TaskId, now: Millis) -> Result<bool, ApiError> {
        let changed =
            sqlx::query("UPDATE jobs SET task = $3, pushed = $4 WHERE id = $1 AND task = $2 AND state = 'queued'")
                .bind(job)
                .bind(old)
                .bind(new)
                .bind(now)
                .execute(&self.write)
                .await?;
        Ok(changed.rows_affected() == 1)
    }

    /// Ends jobs whose result would come too late.
    pub async fn expire(&self, now: Millis) -> Result<usize, ApiError> {
        // Most sweeps find none, and take no lock to see it.
        let any = sqlx::query(
            "SELECT 1 FROM jobs WHERE state IN ('queued', 'witness', 'proving', 'verifying') AND not_after IS NOT NULL AND not_after <= $1 LIMIT 1",
        );
        if any.bind(now).fetch_optional(&self.sweep).await?.is_none() {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        let rows = sqlx::query(AssertSqlSafe(format!(
            "UPDATE jobs SET state = 'expired', stage = 'expired', finished = $1, owner = NULL, lease_until = NULL
             WHERE id IN (SELECT id FROM jobs WHERE state IN ('queued', 'witness', 'proving', 'verifying') AND not_after IS NOT NULL AND not_after <= $1
                 AND whole IS NULL {})
             RETURNING id, attempt, parts",
            self.skip_locked()
        )))
        .bind(now)
        .fetch_all(&mut *tx)
        .await?;
        for row in &rows {
            let id: JobId = row.try_get("id")?;
            settle(&mut tx, &id, End::given_up(row.try_get("attempt")?)).await?;
            if row.try_get::<i64, _>("parts")? > 0 {
                end_parts(&mut tx, &id).await?;
            }
            add_event(
                &mut tx,
                &id,
                &body(State::Expired, "expired", row.try_get("attempt")?, now),
                now,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(rows.len())
    }
}

fn body(state: State, stage: &str, attempt: i64, now: Millis) -> Value {
    json!({ "state": state, "stage": stage, "attempt": attempt, "at": now })
}

async fn add_model(tx: &mut Transaction<'static, Any>, model: &Model) -> Result<(), ApiError> {
    sqlx::query(
        "INSERT INTO models (tenant, id, source, key_digest, srs_id, description, forecast, files, created, counted)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)",
    )
    .bind(&model.tenant)
    .bind(&model.id)
    .bind(&model.source)
    .bind(&model.key_digest)
    .bind(&model.srs_id)
    .bind(model.description.to_string())
    .bind(model.forecast.to_string())
    .bind(serde_json::to_string(&model.files)?)
    .bind(model.created)
    .execute(&mut **tx)
    .await?;
    append(tx, "card", &model.card_sha256(), model.created).await
}
