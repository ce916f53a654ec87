//! Committing to an uploaded input before anything is proven about it.

use crate::names::name;
use crate::server::api::http::body;
use crate::server::api::http::id::named;
use crate::server::api::submit::{submit, turn, Wanted};
use crate::server::api::view::JobView;
use crate::server::auth::Caller;
use crate::server::error::ApiError;
use crate::server::job::{self, JobRequest, Opening};
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// For which model.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InputCommitRequest {
    /// Id of a model that was committed with `input: committed`.
    model: String,
    /// Of a model with several inputs the name of the one that it is.
    name: Option<String>,
    /// 0 to 9; of a tenant's jobs higher ones start first.
    #[schema(maximum = 9)]
    priority: Option<u8>,
}

/// Commits to an input. A job; its result holds the commitment's points. All receipts about this input and model show them.
#[utoipa::path(post, path = "/v1/inputs/{sha256}/commit", tag = "inputs", security(("key" = ["prove"])),
    params(
        ("sha256" = String, Path, description = "Digest of an uploaded input"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same body gives the same job, for a week"),
    ),
    request_body = InputCommitRequest,
    responses(
        (status = 202, body = JobView, headers(("Location" = String))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn commit_input(
    State(app): State<App>,
    caller: Caller,
    Path(sha256): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Prove)?;
    let (asked, digest) = body::json::<InputCommitRequest>(body).await?;
    let turn = turn(&app, &caller).await?;
    let sha256 = named(&sha256, "input")?;
    app.db
        .upload(&caller.tenant, "input", &sha256)
        .await?
        .ok_or(ApiError::NotFound { what: "input" })?;
    let model = app
        .db
        .model(&caller.tenant, &named(&asked.model, "model")?)
        .await?
        .ok_or(ApiError::NotFound { what: "model" })?;
    let names = model.input_names();
    let name = which(asked.name, &names)?;
    if !model.commits_to(name.as_deref()) {
        return Err(ApiError::bad("the model was committed with this input public"));
    }
    let wanted = Wanted {
        turn,
        body: job::digest(&["opening", sha256.as_str(), &digest]),
        request: JobRequest::Opening(Opening {
            model: model.id,
            input: sha256,
            name,
        }),
        priority: asked.priority,
        not_after: None,
        forecast: json!(null),
        charge: None,
    };
    submit(&app, &caller, &headers, wanted).await
}

/// The name of an input where there are several.
fn which(given: Option<String>, names: &[String]) -> Result<Option<String>, ApiError> {
    let known = names
        .iter()
        .map(|known| format!("`{}`", name(known)))
        .collect::<Vec<_>>()
        .join(", ");
    match given {
        None if names.len() > 1 => Err(ApiError::bad(format!(
            "`name` is missing: the model has the inputs {known}"
        ))),
        Some(other) if !names.contains(&other) => Err(ApiError::bad(format!(
            "`name`: the model has no input `{}`, its inputs are {known}",
            name(&other)
        ))),
        given => Ok(given.filter(|_| names.len() > 1)),
    }
}
