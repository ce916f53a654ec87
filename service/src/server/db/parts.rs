//! Proofs in parts. The segments of a run are jobs of their own: leases, attempts and turns are those of all jobs. Rows and objects of the
//! parts live while the proof is under way; the transaction that ends it takes them away.
//!
//! Whoever changes both locks the proof before its parts.

use super::jobs::add_event;
use super::lease::Lease;
use super::registry::lock_of_job;
use super::removal::unname;
use super::storage::{settle as count, Address, Object};
use super::{Db, Job};
use crate::fail;
use crate::server::clock::Millis;
use crate::server::error::ApiError;
use crate::server::ids::{JobId, ModelId, ObjectDigest, TaskId, TenantId};
use crate::server::job::{JobRequest, Segment};
use crate::server::store::Kind;
use crate::stage::Stage;
use serde_json::{json, Value};
use sqlx::{Any, Row, Transaction};

/// The run of a model in segments, which are to be proven.
#[derive(Clone, Debug)]
pub struct Split {
    pub model: ModelId,
    pub run: Object,
    pub segments: u32,
    pub peak_bytes: Option<i64>,
    pub cpu_ms: i64,
}

/// A segment that is proven.
#[derive(Clone, Debug)]
pub struct Piece {
    pub whole: JobId,
    pub object: Object,
    pub peak_bytes: Option<i64>,
    pub cpu_ms: i64,
}

/// What comes after a segment.
#[derive(Clone, Debug)]
pub enum Next {
    /// The lease was lost, or the proof ended.
    Lost,
    /// Others are not proven yet.
    Others,
    /// It was the last one: the proof is this worker's.
    Join(Lease, Box<Job>),
}

impl Db {
    /// Makes a proof's segments jobs; nobody has a lease of the proof until they are proven. Returns their tasks; none if the lease was lost.
    pub async fn split(&self, lease: &Lease, split: &Split, now: Millis) -> Result<Option<Vec<TaskId>>, ApiError> {
        let mut tx = self.begin().await?;
        lock_of_job(&mut tx, &lease.job).await?;
        let row = sqlx::query(
            "UPDATE jobs SET state = $3, stage = $4, owner = NULL, lease_until = NULL, token = token + 1, blob = $5, parts = $6, parts_done = 0,
                 peak_bytes = $7, cpu_ms = $8
             WHERE id = $1 AND token = $2 AND state IN ('witness', 'proving', 'verifying') AND (not_after IS NULL OR not_after > $9)
             RETURNING *",
        )
        .bind(&lease.job)
        .bind(lease.token)
        .bind(Stage::Segments.state().name())
        .bind(Stage::Segments.name())
        .bind(&split.run.sha256)
        .bind(i64::from(split.segments))
        .bind(split.peak_bytes)
        .bind(split.cpu_ms)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let proof = Job::from_row(&row)?;
        count(&mut tx, &proof.tenant, &split.run).await?;
        let mut tasks = Vec::new();
        for segment in 1..=split.segments {
            let request = JobRequest::Segment(Segment {
                proof: proof.id.clone(),
                model: split.model.clone(),
                run: split.run.sha256.clone(),
                segment,
            });
            tasks.push(add_part(&mut tx, &proof, &request, segment, now).await?);
        }
        add_event(&mut tx, &proof.id, &body(&proof, now), now).await?;
        fail::point("in-split");
        tx.commit().await?;
        Ok(Some(tasks))
    }

    /// Records a segment that is proven. With the last one the proof becomes `owner`'s, to be joined until `until`.
    pub async fn part_done(
        &self,
        lease: &Lease,
        made: &Piece,
        owner: &str,
        until: Millis,
        now: Millis,
    ) -> Result<Next, ApiError> {
        let mut tx = self.begin().await?;
        lock_of_job(&mut tx, &lease.job).await?;
        let row = sqlx::query(
            "UPDATE jobs SET parts_done = parts_done + 1, cpu_ms = COALESCE(cpu_ms, 0) + $2,
                 peak_bytes = CASE WHEN COALESCE(peak_bytes, 0) < $3 THEN $3 ELSE peak_bytes END,
                 state = CASE WHEN parts_done + 1 = parts THEN $4 ELSE state END,
                 stage = CASE WHEN parts_done + 1 = parts THEN $5 ELSE stage END,
                 owner = CASE WHEN parts_done + 1 = parts THEN $6 ELSE owner END,
                 lease_until = CASE WHEN parts_done + 1 = parts THEN $7 ELSE lease_until END,
                 token = CASE WHEN parts_done + 1 = parts THEN token + 1 ELSE token END
             WHERE id = $1 AND stage = $8 AND parts_done < parts AND state = 'proving' AND (not_after IS NULL OR not_after > $9)
             RETURNING *",
        )
        .bind(&made.whole)
        .bind(made.cpu_ms)
        .bind(made.peak_bytes.unwrap_or_default())
        .bind(Stage::Check.state().name())
        .bind(Stage::Check.name())
        .bind(owner)
        .bind(until)
        .bind(Stage::Segments.name())
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(Next::Lost) };
        let proof = Job::from_row(&row)?;
        let done = sqlx::query(
            "UPDATE jobs SET state = 'done', stage = 'done', finished = $3, owner = NULL, lease_until = NULL, blob = $4
             WHERE id = $1 AND token = $2 AND state IN ('witness', 'proving', 'verifying')",
        )
        .bind(&lease.job)
        .bind(lease.token)
        .bind(now)
        .bind(&made.object.sha256)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(Next::Lost);
        }
        count(&mut tx, &proof.tenant, &made.object).await?;
        add_event(&mut tx, &proof.id, &body(&proof, now), now).await?;
        fail::point("in-part");
        tx.commit().await?;
        Ok(match proof.stage == Stage::Segments.name() {
            true => Next::Others,
            false => Next::Join(
                Lease {
                    job: proof.id.clone(),
                    token: proof.token,
                },
                Box::new(proof),
            ),
        })
    }

    /// What the segments of a proof made, in their order.
    pub async fn pieces(&self, proof: &JobId) -> Result<Vec<ObjectDigest>, ApiError> {
        let rows = sqlx::query(
            "SELECT blob FROM jobs WHERE whole = $1 AND whole IS NOT NULL AND state = 'done' AND blob IS NOT NULL ORDER BY id",
        )
        .bind(proof)
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(|row| Ok(row.try_get("blob")?)).collect()
    }

    /// Segments of proofs under way, by state.
    pub async fn segments(&self) -> Result<Vec<(String, i64)>, ApiError> {
        let rows = sqlx::query("SELECT state, COUNT(*) AS n FROM jobs WHERE whole IS NOT NULL GROUP BY state")
            .fetch_all(&self.read)
            .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("state")?, row.try_get("n")?)))
            .collect()
    }
}

async fn add_part(
    tx: &mut Transaction<'static, Any>,
    proof: &Job,
    request: &JobRequest,
    segment: u32,
    now: Millis,
) -> Result<TaskId, ApiError> {
    let task = TaskId::fresh();
    sqlx::query(
        "INSERT INTO jobs (id, tenant, kind, statement, request, priority, not_after, state, stage, pushed, task, forecast, created, changed, level, whole)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', 'queued', $8, $9, 'null', $8, $8, $10, $11)",
    )
    // It has its place beside its proof, before jobs that came later, and no address.
    .bind(format!("{}.{segment:02}", proof.id))
    .bind(&proof.tenant)
    .bind(request.kind())
    .bind(request.statement()?)
    .bind(request.document()?.to_string())
    .bind(proof.priority)
    .bind(proof.not_after)
    .bind(now)
    .bind(&task)
    .bind(request.level())
    .bind(&proof.id)
    .execute(&mut **tx)
    .await?;
    Ok(task)
}

/// The event of a proof whose segments are proven.
fn body(proof: &Job, now: Millis) -> Value {
    json!({
        "state": proof.state, "stage": proof.stage, "attempt": proof.attempt, "at": now,
        "segments": { "done": proof.parts_done, "of": proof.parts },
    })
}

/// The proof that a job is a part of, locked; none of a job that is no part.
pub(super) async fn whole(tx: &mut Transaction<'static, Any>, job: &JobId) -> Result<Option<JobId>, ApiError> {
    let row = sqlx::query(
        "UPDATE jobs SET token = token WHERE id = (SELECT whole FROM jobs WHERE id = $1 AND whole IS NOT NULL) RETURNING id",
    )
    .bind(job)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| row.try_get("id")).transpose()?)
}

/// Takes the parts of a proof away, with what they made and the run, within the transaction that ends it.
pub(super) async fn end_parts(tx: &mut Transaction<'static, Any>, proof: &JobId) -> Result<(), ApiError> {
    // First, so that nobody claims one meanwhile.
    let parts = sqlx::query(
        "UPDATE jobs SET state = 'cancelled', owner = NULL WHERE whole = $1 AND whole IS NOT NULL RETURNING tenant, blob",
    )
    .bind(proof)
    .fetch_all(&mut **tx)
    .await?;
    let own = sqlx::query("SELECT tenant, blob FROM jobs WHERE id = $1")
        .bind(proof)
        .fetch_optional(&mut **tx)
        .await?;
    for row in parts.iter().chain(&own) {
        let (tenant, blob): (TenantId, Option<ObjectDigest>) = (row.try_get("tenant")?, row.try_get("blob")?);
        if let Some(sha256) = blob {
            let of = Address {
                tenant,
                kind: Kind::Private,
                sha256,
            };
            unname(tx, &of).await?;
        }
    }
    for query in [
        "DELETE FROM events WHERE job IN (SELECT id FROM jobs WHERE whole = $1 AND whole IS NOT NULL)",
        "DELETE FROM jobs WHERE whole = $1 AND whole IS NOT NULL",
        "UPDATE jobs SET blob = NULL WHERE id = $1",
    ] {
        sqlx::query(query).bind(proof).execute(&mut **tx).await?;
    }
    Ok(())
}
