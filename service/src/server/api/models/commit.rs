//! Committing to an uploaded model.

use crate::server::api::http::body;
use crate::server::api::submit::{admit, submit, Wanted};
use crate::server::api::view::JobView;
use crate::server::auth::Caller;
use crate::server::error::ApiError;
use crate::server::job::{self, Commit, JobRequest};
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// How receipts bind their input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Binding {
    /// They show it.
    #[default]
    Public,
    /// They show a hiding commitment.
    Committed,
}

/// How to commit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitRequest {
    /// SHA-256 of uploaded rows that scales are chosen from.
    calibration: String,
    /// SHA-256 of uploaded rows that the fidelity on the card is measured on.
    held_out: Option<String>,
    #[serde(default)]
    input: Binding,
    /// 0 to 9; of a tenant's jobs higher ones start first.
    #[schema(maximum = 9)]
    priority: Option<u8>,
}

/// Chooses scales, makes keys, commits to the weights. A job; its result names the model id.
#[utoipa::path(post, path = "/v1/models/{id}/commit", tag = "models", security(("key" = ["commit"])),
    params(
        ("id" = String, Path, description = "Digest of an uploaded model"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same body gives the same job, for a week"),
    ),
    request_body = CommitRequest,
    responses(
        (status = 202, body = JobView, headers(("Location" = String))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn commit_model(
    State(app): State<App>,
    caller: Caller,
    Path(sha256): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Commit)?;
    let (asked, digest) = body::json::<CommitRequest>(body).await?;
    let upload = app
        .db
        .upload(&caller.tenant, "model", &sha256)
        .await?
        .ok_or(ApiError::NotFound { what: "model" })?;
    for input in [Some(&asked.calibration), asked.held_out.as_ref()]
        .into_iter()
        .flatten()
    {
        app.db
            .upload(&caller.tenant, "input", input)
            .await?
            .ok_or(ApiError::NotFound { what: "input" })?;
    }
    let forecast = upload.summary.get("forecast").cloned().unwrap_or_default();
    admit(&forecast, &app.config.limits)?;
    let wanted = Wanted {
        body: job::digest(&["commit", &sha256, &digest]),
        request: JobRequest::Commit(Commit {
            model: sha256,
            calibration: asked.calibration,
            held_out: asked.held_out,
            input: asked.input,
        }),
        priority: asked.priority,
        not_after: None,
        forecast: json!(null),
        charge: None,
    };
    submit(&app, &caller, &headers, wanted).await
}
