//! What all submissions of jobs share.

use super::view::JobView;
use crate::estimate;
use crate::fail;
use crate::server::auth::Caller;
use crate::server::config::Limits;
use crate::server::db::{Most, Submission, Submitted};
use crate::server::door::turns::Turn;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::ids::{JobId, TaskId};
use crate::server::job::JobRequest;
use crate::server::ledger::Charge;
use crate::server::state::App;
use axum::http::{header, HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::Json;
use serde_json::Value;
use tokio::sync::oneshot;

const IDEMPOTENCY: &str = "idempotency-key";
const MAX_IDEMPOTENCY: usize = 255;
const MAX_PRIORITY: u8 = 9;
/// Priority of those who name none.
pub const PRIORITY: u8 = 5;

/// Refuses what would take too long, or too much memory, by forecast.
pub fn admit(forecast: &Value, limits: &Limits) -> Result<(), ApiError> {
    let seconds = forecast.get("cpu_seconds").and_then(Value::as_f64).unwrap_or_default();
    // Models that were committed before it was forecast have none.
    let memory = forecast.get("memory_bytes").and_then(Value::as_u64).unwrap_or_default();
    estimate::admit(seconds, memory, limits.of_a_proof()).map_err(|message| ApiError::Refused {
        code: estimate::EXCEEDS.into(),
        message,
        help: estimate::HELP.into(),
        forecast: Some(forecast.clone()),
    })
}

/// A turn at asking for a job, which a handler takes once the request is there, before it asks the database anything.
///
/// # Errors
/// [`ApiError::Busy`].
pub async fn turn(app: &App, caller: &Caller) -> Result<Turn, ApiError> {
    app.submissions.take(&Client::Tenant(caller.tenant.clone())).await
}

/// A job that a handler wants.
pub struct Wanted {
    pub turn: Turn,
    pub request: JobRequest,
    pub priority: Option<u8>,
    /// Unix milliseconds.
    pub not_after: Option<i64>,
    pub forecast: Value,
    /// What a receipt will be charged with.
    pub charge: Option<Charge>,
    /// Digest of route and body.
    pub body: String,
}

pub async fn submit(app: &App, caller: &Caller, headers: &HeaderMap, wanted: Wanted) -> Result<Response, ApiError> {
    let priority = wanted.priority.unwrap_or(PRIORITY);
    if priority > MAX_PRIORITY {
        return Err(ApiError::bad(format!(
            "the priority is {priority}, 0 to {MAX_PRIORITY} is accepted"
        )));
    }
    let idempotency = match headers.get(IDEMPOTENCY).map(HeaderValue::to_str) {
        None => None,
        Some(Ok(key)) if !key.is_empty() && key.len() <= MAX_IDEMPOTENCY => Some((key.to_owned(), wanted.body)),
        Some(_) => {
            return Err(ApiError::bad(format!(
                "an Idempotency-Key has 1 to {MAX_IDEMPOTENCY} visible characters"
            )))
        }
    };
    let submission = Submission {
        id: JobId::fresh(),
        task: TaskId::fresh(),
        tenant: caller.tenant.clone(),
        kind: wanted.request.kind(),
        statement: wanted.request.statement()?,
        agreement: wanted.request.agreement().cloned(),
        request: wanted.request.document()?,
        level: wanted.request.level(),
        priority: priority.into(),
        not_after: wanted.not_after,
        forecast: wanted.forecast,
        charge: wanted.charge,
        idempotency,
    };
    fail::point("before-submit");
    let most = Most {
        jobs: app.config.limits.tenant_jobs,
        bytes: app.config.limits.tenant_bytes,
    };
    let submitted = added(app, submission, most, wanted.turn).await?;
    let location = format!("{}/{}", wanted.request.place(), submitted.job().id);
    let location = HeaderValue::from_str(&location).map_err(|e| ApiError::Internal(e.to_string()))?;
    let view = JobView::new(submitted.job().clone(), app.now());
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(view)).into_response())
}

/// Adds a job, and tells the engine of it, which nobody waits for: the job is safe before. The turn lasts until the engine knows.
async fn added(app: &App, submission: Submission, most: Most, turn: Turn) -> Result<Submitted, ApiError> {
    let (answer, submitted) = oneshot::channel();
    let app = app.clone();
    tokio::spawn(async move {
        let _turn = turn;
        let submitted = match app.changes.take(&Client::Tenant(submission.tenant.clone())).await {
            Ok(_change) => app.db.submit(&submission, &most, app.now()).await,
            Err(busy) => Err(busy),
        };
        if submitted.is_ok() {
            fail::point("after-submit");
        }
        let new = match &submitted {
            Ok(Submitted::New(job)) => Some(job.id.clone()),
            _ => None,
        };
        // Whoever asked may be gone.
        let _asked = answer.send(submitted);
        if let Some(job) = new {
            // If this fails, the sweeper tells the engine later.
            if let Err(error) = app.queue.push(&submission.task, 0).await {
                tracing::warn!(job = job.as_str(), %error, "the job engine did not take a task");
            }
            fail::point("after-push");
        }
    });
    submitted
        .await
        .map_err(|_| ApiError::Internal("a submission ended before it was answered".into()))?
}
