//! Jobs of any kind: state, events, cancellation.

pub mod list;
mod stream;

use super::http::body;
use super::view::{JobView, StageEvent};
use crate::server::api::http::id::named;
use crate::server::auth::Caller;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::ids::JobId;
use crate::server::job::Kinds;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::removal;
use crate::server::state::App;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::Json;
use serde::Deserialize;
use utoipa::IntoParams;

/// Where to go on with events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// Number of the last event seen; the header Last-Event-ID counts before it.
    after: Option<i64>,
}

/// State of a job.
#[utoipa::path(get, path = "/v1/jobs/{id}", tag = "jobs", security(("key" = ["read"])),
    params(("id" = String, Path)),
    responses(
        (status = 200, body = JobView),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_job(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobView>, ApiError> {
    state(&app, &caller, Kinds::All, named(&id, "job")).await
}

/// Events of a job.
#[utoipa::path(get, path = "/v1/jobs/{id}/events", tag = "jobs", security(("key" = ["read"])),
    params(("id" = String, Path), After, ("Last-Event-ID" = Option<i64>, Header)),
    responses(
        (status = 200, description = "Server-sent events: one per stage, the last one is final", body = StageEvent, content_type = "text/event-stream"),
        (status = 204, description = "The job is finished and all its events were seen"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn job_events(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    after: Result<Query<After>, QueryRejection>,
) -> Result<Response, ApiError> {
    events(app, &caller, Kinds::All, named(&id, "job"), &headers, after).await
}

/// Cancels a job; its process ends.
#[utoipa::path(delete, path = "/v1/jobs/{id}", tag = "jobs", security(("key" = ["prove"])),
    params(("id" = String, Path)),
    responses(
        (status = 204, description = "Cancelled, now or before"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn cancel_job(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    cancel(&app, &caller, Kinds::All, named(&id, "job")).await
}

/// The job that an address names.
type Named = Result<JobId, ApiError>;

/// State of a job of these kinds.
pub async fn state(app: &App, caller: &Caller, kinds: Kinds, id: Named) -> Result<Json<JobView>, ApiError> {
    caller.needs(Scope::Read)?;
    let id = id?;
    let job = app
        .db
        .job(&caller.tenant, kinds, &id)
        .await?
        .ok_or(ApiError::NotFound { what: "job" })?;
    Ok(Json(JobView::new(job, app.now())))
}

pub async fn events(
    app: App,
    caller: &Caller,
    kinds: Kinds,
    id: Named,
    headers: &HeaderMap,
    after: Result<Query<After>, QueryRejection>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Read)?;
    let id = id?;
    let job = app
        .db
        .job(&caller.tenant, kinds, &id)
        .await?
        .ok_or(ApiError::NotFound { what: "job" })?;
    let Query(after) = after.map_err(|e| body::query(&e))?;
    let last = match headers
        .get("last-event-id")
        .map(|value| value.to_str().ok().and_then(|v| v.parse().ok()))
    {
        Some(None) => return Err(ApiError::bad("Last-Event-ID is not a number")),
        Some(Some(last)) => last,
        None => after.after.unwrap_or(0),
    };
    stream::stream(app, caller, job, last)
}

pub async fn cancel(app: &App, caller: &Caller, kinds: Kinds, id: Named) -> Result<StatusCode, ApiError> {
    caller.needs(Scope::Prove)?;
    let id = id?;
    let cancelled = {
        let _turn = app.changes.take(&Client::Tenant(caller.tenant.clone())).await?;
        app.db.cancel(&caller.tenant, kinds, &id, app.now()).await?
    };
    if cancelled {
        app.hub.tell(&id, None);
        removal::after_request(app, &caller.tenant).await;
        return Ok(StatusCode::NO_CONTENT);
    }
    let job = app
        .db
        .job(&caller.tenant, kinds, &id)
        .await?
        .ok_or(ApiError::NotFound { what: "job" })?;
    match job.state.name() {
        "cancelled" => Ok(StatusCode::NO_CONTENT),
        state => Err(ApiError::Finished { state: state.into() }),
    }
}
