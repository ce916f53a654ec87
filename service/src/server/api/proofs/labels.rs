//! What a receipt compares the items of a batch with.

use crate::policy;
use crate::server::api::http::headers::file;
use crate::server::api::http::id::named;
use crate::server::api::proofs::receipt;
use crate::server::auth::Caller;
use crate::server::error::ApiError;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::server::store::Kind;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use provenn_verifier::AnyReceipt;

/// The labels, or groups, that a receipt about a batch states, one on each line. Whoever verifies has them from a source to trust: those of whoever proves say nothing.
#[utoipa::path(get, path = "/v1/proofs/{id}/labels", tag = "proofs", security(("key" = ["read"])),
    params(("id" = String, Path)),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 409, description = "Not done", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_labels(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    caller.needs(Scope::Read)?;
    let id = named(&id, "proof")?;
    let sha256 = receipt::of(&app, &caller, &id).await?;
    let bytes = app.store.get(&caller.tenant, Kind::Receipt, &sha256).await?;
    // A receipt of many items takes longer to decode than other requests should wait.
    let lines = tokio::task::spawn_blocking(move || lines(&bytes)).await;
    let lines = lines.map_err(|e| ApiError::Internal(e.to_string()))??;
    Ok((file("text/plain; charset=utf-8", id.as_str(), "labels"), lines))
}

fn lines(receipt: &[u8]) -> Result<String, ApiError> {
    let receipt = AnyReceipt::from_bytes(receipt).map_err(|e| ApiError::Internal(e.to_string()))?;
    let body = receipt.claim().body.inference();
    let stated = body.and_then(|body| policy::list(&body.policy.policy));
    let labels = stated.ok_or(ApiError::NotFound { what: "labels" })?;
    Ok(labels.iter().map(|label| format!("{label}\n")).collect())
}
