//! Jobs that prove: state, events, cancellation.

pub mod bundle;
pub mod context;
pub mod labels;
pub mod post;
pub mod receipt;

use super::jobs::{self, After};
use super::view::{JobView, StageEvent};
use crate::server::api::http::id::named;
use crate::server::auth::Caller;
use crate::server::error::ApiError;
use crate::server::job::Kinds;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::Json;

/// State of a proof.
#[utoipa::path(get, path = "/v1/proofs/{id}", tag = "proofs", security(("key" = ["read"])),
    params(("id" = String, Path)),
    responses(
        (status = 200, body = JobView),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_proof(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobView>, ApiError> {
    jobs::state(&app, &caller, Kinds::Receipts, named(&id, "job")).await
}

/// Events of a proof.
#[utoipa::path(get, path = "/v1/proofs/{id}/events", tag = "proofs", security(("key" = ["read"])),
    params(("id" = String, Path), After, ("Last-Event-ID" = Option<i64>, Header)),
    responses(
        (status = 200, description = "Server-sent events: one per stage, the last one is final", body = StageEvent, content_type = "text/event-stream"),
        (status = 204, description = "The proof is finished and all its events were seen"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn proof_events(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    after: Result<Query<After>, QueryRejection>,
) -> Result<Response, ApiError> {
    jobs::events(app, &caller, Kinds::Receipts, named(&id, "job"), &headers, after).await
}

/// Cancels a proof; its process ends.
#[utoipa::path(delete, path = "/v1/proofs/{id}", tag = "proofs", security(("key" = ["prove"])),
    params(("id" = String, Path)),
    responses(
        (status = 204, description = "Cancelled, now or before"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn cancel_proof(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    jobs::cancel(&app, &caller, Kinds::Receipts, named(&id, "job")).await
}
