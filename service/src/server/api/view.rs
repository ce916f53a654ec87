//! Jobs as documents.

use crate::server::db::{Job, State};
use crate::server::ids::JobId;
use crate::server::problem::Problem;
use crate::server::worker::retry::Cause;
use crate::stage::Stage;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A job. Times are unix milliseconds.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobView {
    #[schema(value_type = String)]
    pub id: JobId,
    /// commit, opening, proof or colouring
    pub kind: String,
    pub state: State,
    /// The stage within the state.
    pub stage: String,
    /// Tries so far.
    pub attempt: i64,
    /// Why the last try gave nothing; absent unless the job waits for another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<Cause>,
    /// When the next try may begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<i64>,
    /// 0 to 1, from the stages passed.
    pub progress: f64,
    /// Of a proof of a model in segments, once it was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<SegmentsView>,
    /// Milliseconds that the rest may take, by the forecast; absent while queued and when finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_ms: Option<i64>,
    pub priority: i64,
    pub created: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<i64>,
    /// Largest memory of the prover process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_bytes: Option<i64>,
    /// CPU milliseconds of the prover process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<i64>,
    /// What was asked for.
    #[schema(value_type = Object)]
    pub request: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object)]
    pub forecast: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// When what it made was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<i64>,
}

impl JobView {
    pub fn new(job: Job, now: i64) -> Self {
        let segments = (job.parts > 0).then_some(SegmentsView {
            done: job.parts_done,
            of: job.parts,
        });
        let progress = progress(job.state, &job.stage, segments);
        let seconds = job.forecast.get("cpu_seconds").and_then(Value::as_f64);
        let running = !job.state.finished() && job.state != State::Queued;
        let eta_ms = match (seconds, job.started) {
            // The forecast counts CPU time on one core of the machine it was fitted to.
            (Some(seconds), Some(started)) if running => Some(((seconds * 1000.0) as i64 - (now - started)).max(0)),
            _ => None,
        };
        let retry = job.retry.filter(|_| job.state == State::Queued);
        Self {
            id: job.id,
            kind: job.kind,
            state: job.state,
            stage: job.stage,
            attempt: job.attempt,
            retry,
            not_before: retry.map(|_| job.not_before),
            progress,
            segments,
            eta_ms,
            priority: job.priority,
            created: job.created,
            started: job.started,
            finished: job.finished,
            peak_bytes: job.peak_bytes,
            cpu_ms: job.cpu_ms,
            request: job.request,
            forecast: job.forecast,
            result: job.result,
            error: job.error,
            removed: job.removed,
        }
    }
}

/// How many segments are proven, of how many.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Segments)]
pub struct SegmentsView {
    pub done: i64,
    pub of: i64,
}

/// A server-sent event.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what is streamed")]
pub struct StageEvent {
    /// Its number, from 1 without gaps.
    id: String,
    /// The state, as in a job.
    event: String,
    /// JSON with `state`, `stage`, `attempt`, `at` (unix milliseconds), `error` if the job failed, `retry` and `not_before` if it waits for
    /// another try, `segments` with how many of them are proven.
    data: String,
}

fn progress(state: State, stage: &str, segments: Option<SegmentsView>) -> f64 {
    let reached = Stage::named(stage);
    match (state, reached, segments) {
        (State::Done, ..) => 1.0,
        (_, Some(Stage::Segments), Some(SegmentsView { done, of })) => {
            let (from, to) = (Stage::Segments.progress(), Stage::Verify.progress());
            from + (to - from) * done as f64 / of as f64
        }
        _ => reached.map_or(0.0, Stage::progress),
    }
}
