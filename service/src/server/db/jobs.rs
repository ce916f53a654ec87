//! Jobs as clients see them, and their events.

use super::ledger::{settle, End};
use super::parts::end_parts;
use super::Db;
use crate::server::clock::Millis;
use crate::server::error::ApiError;
use crate::server::ids::{JobId, TaskId, TenantId};
use crate::server::job::Kinds;
use crate::server::problem::Problem;
use crate::server::worker::retry::{Cause, Tries};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};
use utoipa::ToSchema;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Queued,
    Witness,
    Proving,
    Verifying,
    Done,
    Failed,
    Cancelled,
    Expired,
}

impl State {
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Witness,
        Self::Proving,
        Self::Verifying,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Witness => "witness",
            Self::Proving => "proving",
            Self::Verifying => "verifying",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing will change any more.
    pub fn finished(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled | Self::Expired)
    }
}

/// A job.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: JobId,
    pub tenant: TenantId,
    pub kind: String,
    pub statement: String,
    pub request: Value,
    pub priority: i64,
    /// The job engine's task for it.
    pub task: TaskId,
    pub not_after: Option<Millis>,
    pub state: State,
    pub stage: String,
    pub attempt: i64,
    /// Attempts that a fault of the machine ended.
    pub faults: i64,
    /// No attempt before.
    pub not_before: Millis,
    /// Why the attempt before gave nothing.
    pub retry: Option<Cause>,
    pub token: i64,
    pub forecast: Value,
    pub created: Millis,
    pub started: Option<Millis>,
    pub finished: Option<Millis>,
    pub seq: i64,
    pub peak_bytes: Option<i64>,
    pub cpu_ms: Option<i64>,
    pub result: Option<Value>,
    pub error: Option<Problem>,
    /// When its result was removed.
    pub removed: Option<Millis>,
    /// The proof that it is a segment of.
    pub whole: Option<JobId>,
    /// The segments of a proof whose model was run, and those that are proven.
    pub parts: i64,
    pub parts_done: i64,
}

impl Job {
    pub fn tries(&self) -> Tries {
        Tries {
            attempt: self.attempt,
            faults: self.faults,
        }
    }

    pub(super) fn from_row(row: &AnyRow) -> Result<Self, ApiError> {
        let state: String = row.try_get("state")?;
        let retry: Option<String> = row.try_get("retry")?;
        let document = |column: &str| -> Result<Option<Value>, ApiError> {
            let text: Option<String> = row.try_get(column)?;
            Ok(text.as_deref().map(serde_json::from_str).transpose()?)
        };
        Ok(Self {
            id: row.try_get("id")?,
            tenant: row.try_get("tenant")?,
            kind: row.try_get("kind")?,
            statement: row.try_get("statement")?,
            request: document("request")?.unwrap_or_default(),
            priority: row.try_get("priority")?,
            task: row.try_get("task")?,
            not_after: row.try_get("not_after")?,
            state: State::parse(&state).ok_or_else(|| ApiError::Internal(format!("unknown state {state}")))?,
            stage: row.try_get("stage")?,
            attempt: row.try_get("attempt")?,
            faults: row.try_get("faults")?,
            not_before: row.try_get("not_before")?,
            retry: retry.as_deref().and_then(Cause::parse),
            token: row.try_get("token")?,
            forecast: document("forecast")?.unwrap_or_default(),
            created: row.try_get("created")?,
            started: row.try_get("started")?,
            finished: row.try_get("finished")?,
            seq: row.try_get("seq")?,
            peak_bytes: row.try_get("peak_bytes")?,
            cpu_ms: row.try_get("cpu_ms")?,
            result: document("result")?,
            error: document("error")?.map(serde_json::from_value).transpose()?,
            removed: row.try_get("removed")?,
            whole: row.try_get("whole")?,
            parts: row.try_get("parts")?,
            parts_done: row.try_get("parts_done")?,
        })
    }
}

/// One event of a job. `seq` counts from 1 without gaps.
#[derive(Clone, Debug)]
pub struct Event {
    pub seq: i64,
    pub body: Value,
}

impl Db {
    /// A job of these kinds.
    pub async fn job(&self, tenant: &TenantId, kinds: Kinds, id: &JobId) -> Result<Option<Job>, ApiError> {
        let row = sqlx::query(
            "SELECT * FROM jobs WHERE id = $1 AND tenant = $2 AND ($3 = 0 OR kind IN ('proof', 'colouring')) AND whole IS NULL",
        )
        .bind(id)
        .bind(tenant)
        .bind(kinds.receipts())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(Job::from_row).transpose()
    }

    /// Events after `seq`, oldest first.
    pub async fn events(&self, job: &JobId, after: i64) -> Result<Vec<Event>, ApiError> {
        let rows = sqlx::query("SELECT seq, body FROM events WHERE job = $1 AND seq > $2 ORDER BY seq")
            .bind(job)
            .bind(after)
            .fetch_all(&self.read)
            .await?;
        let event = |row: &AnyRow| {
            Ok(Event {
                seq: row.try_get("seq")?,
                body: serde_json::from_str(row.try_get("body")?)?,
            })
        };
        rows.iter().map(event).collect()
    }

    /// Jobs with news since `since`.
    pub async fn changed(&self, since: Millis) -> Result<Vec<(JobId, i64)>, ApiError> {
        let rows = sqlx::query("SELECT id, seq FROM jobs WHERE changed >= $1")
            .bind(since)
            .fetch_all(&self.read)
            .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("id")?, row.try_get("seq")?)))
            .collect()
    }

    /// Cancels a job that is not finished. Its worker notices when it next looks at its lease.
    pub async fn cancel(&self, tenant: &TenantId, kinds: Kinds, id: &JobId, now: Millis) -> Result<bool, ApiError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(
            "UPDATE jobs SET state = 'cancelled', stage = 'cancelled', finished = $4, owner = NULL, lease_until = NULL
             WHERE id = $1 AND tenant = $2 AND ($3 = 0 OR kind IN ('proof', 'colouring')) AND state IN ('queued', 'witness', 'proving', 'verifying')
                 AND whole IS NULL
             RETURNING attempt, parts",
        )
        .bind(id)
        .bind(tenant)
        .bind(kinds.receipts())
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(false) };
        let attempt: i64 = row.try_get("attempt")?;
        settle(&mut tx, id, End::given_up(attempt)).await?;
        if row.try_get::<i64, _>("parts")? > 0 {
            end_parts(&mut tx, id).await?;
        }
        let body = serde_json::json!({ "state": "cancelled", "stage": "cancelled", "attempt": attempt, "at": now });
        add_event(&mut tx, id, &body, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Since when the oldest job that may be begun waits, how many queued ones wait for their time, and when the first lease ends.
    pub async fn queue(&self, now: Millis) -> Result<(Option<Millis>, i64, Option<Millis>), ApiError> {
        let row = sqlx::query(
            "SELECT (SELECT MIN(CASE WHEN not_before > created THEN not_before ELSE created END) FROM jobs
                     WHERE state = 'queued' AND not_before <= $1) AS since,
                 (SELECT COUNT(*) FROM jobs WHERE state = 'queued' AND not_before > $1) AS delayed,
                 (SELECT MIN(lease_until) FROM jobs WHERE state IN ('witness', 'proving', 'verifying')) AS ends",
        )
        .bind(now)
        .fetch_one(&self.read)
        .await?;
        Ok((row.try_get("since")?, row.try_get("delayed")?, row.try_get("ends")?))
    }

    /// Jobs per state.
    pub async fn census(&self) -> Result<Vec<(String, i64)>, ApiError> {
        let rows = sqlx::query(
            "SELECT state, COUNT(*) AS n FROM jobs WHERE state IN ('queued', 'witness', 'proving', 'verifying') AND whole IS NULL GROUP BY state",
        )
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("state")?, row.try_get("n")?)))
            .collect()
    }
}

/// Appends an event within the transaction that changed the job.
pub(super) async fn add_event(
    tx: &mut Transaction<'static, Any>,
    job: &JobId,
    body: &Value,
    now: Millis,
) -> Result<i64, ApiError> {
    let seq: i64 = sqlx::query("UPDATE jobs SET seq = seq + 1, changed = $2 WHERE id = $1 RETURNING seq")
        .bind(job)
        .bind(now)
        .fetch_one(&mut **tx)
        .await?
        .try_get("seq")?;
    insert_event(tx, job, seq, body, now).await?;
    Ok(seq)
}

/// An event of a number that the job's row counts.
pub(super) async fn insert_event(
    tx: &mut Transaction<'static, Any>,
    job: &JobId,
    seq: i64,
    body: &Value,
    now: Millis,
) -> Result<(), ApiError> {
    sqlx::query("INSERT INTO events (job, seq, at, body) VALUES ($1, $2, $3, $4)")
        .bind(job)
        .bind(seq)
        .bind(now)
        .bind(body.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
