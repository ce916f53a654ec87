//! Bringing cosignatures of witnesses.

use crate::server::api::http::body;
use crate::server::auth::Caller;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::server::tlog::cosigned;
use axum::body::Body;
use axum::extract::State;
use axum::Json;
use provenn_verifier::tlog::MAX_NOTE;
use serde::Serialize;
use utoipa::ToSchema;

/// What was taken of a note.
#[derive(Debug, Serialize, ToSchema)]
pub struct CosignedView {
    /// Entries under the checkpoint.
    size: i64,
    /// Keys of the witnesses that cosigned it.
    witnesses: Vec<String>,
}

/// Adds the cosignatures in a checkpoint of this log, as `provenn log cosign` wrote it. Those of witnesses that the operator named are checked, kept, and
/// served with the checkpoint; other lines are left out.
#[utoipa::path(post, path = "/v1/log/cosignatures", tag = "log", security(("key" = ["govern"])),
    request_body(content = String, content_type = "text/plain"),
    responses(
        (status = 200, body = CosignedView),
        (status = 422, description = "No checkpoint of this log, or no cosignature of a known witness", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn post_cosignatures(
    State(app): State<App>,
    caller: Caller,
    body: Body,
) -> Result<Json<CosignedView>, ApiError> {
    caller.needs(Scope::Govern)?;
    let note = body::bytes(body, MAX_NOTE as u64).await?;
    let note = String::from_utf8(note).map_err(|_| ApiError::bad("a checkpoint is text"))?;
    let client = Client::Tenant(caller.tenant);
    let _turn = app.lists.take(&client).await?;
    let head = app.db.log_head().await?;
    let found = cosigned::read(&app, &head, &note).await?;
    app.db.add_cosignatures(&head.key, &found).await?;
    Ok(Json(CosignedView {
        size: found.first().map_or(0, |one| one.size),
        witnesses: found.into_iter().map(|one| one.witness).collect(),
    }))
}
