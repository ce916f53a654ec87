//! The receipt that a proof made.

use crate::server::api::http::body::Bytes;
use crate::server::api::http::headers::{file, BYTES};
use crate::server::api::http::id::named;
use crate::server::auth::Caller;
use crate::server::error::ApiError;
use crate::server::ids::{JobId, ObjectDigest};
use crate::server::job::Kinds;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::server::store::Kind;
use axum::extract::{Path, State};
use axum::response::IntoResponse;

/// The canonical bytes of a receipt, verified before they were published.
#[utoipa::path(get, path = "/v1/proofs/{id}/receipt", tag = "proofs", security(("key" = ["read"])),
    params(("id" = String, Path)),
    responses(
        (status = 200, body = inline(Bytes), content_type = "application/octet-stream"),
        (status = 409, description = "Not done", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_receipt(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    caller.needs(Scope::Read)?;
    let id = named(&id, "proof")?;
    let sha256 = of(&app, &caller, &id).await?;
    let bytes = app.store.get(&caller.tenant, Kind::Receipt, &sha256).await?;
    Ok((file(BYTES, id.as_str(), "receipt"), bytes))
}

/// The digest of a job's receipt.
///
/// # Errors
/// There is none, yet or any more.
pub async fn of(app: &App, caller: &Caller, id: &JobId) -> Result<ObjectDigest, ApiError> {
    if let Some(sha256) = app.db.receipt(&caller.tenant, id).await? {
        return Ok(sha256);
    }
    let job = app.db.job(&caller.tenant, Kinds::Receipts, id).await?;
    let job = job.ok_or(ApiError::NotFound { what: "proof" })?;
    Err(match job.removed {
        Some(_) => ApiError::Removed,
        None => ApiError::NotDone {
            state: job.state.name().into(),
        },
    })
}
