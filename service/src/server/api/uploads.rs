//! Removing uploads.

use super::http::body::digest;
use crate::server::auth::Caller;
use crate::server::error::ApiError;
use crate::server::ids::ObjectDigest;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::removal::after_request;
use crate::server::room::address;
use crate::server::state::App;
use crate::server::store::Kind;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// Removes an uploaded model. Refused while a job under way or a commitment needs it.
#[utoipa::path(delete, path = "/v1/models/{id}", tag = "models", security(("key" = ["upload"])),
    params(("id" = String, Path, pattern = "^[0-9a-f]{64}$", description = "SHA-256 of the file")),
    responses(
        (status = 204, description = "There is none, any more or ever"),
        (status = 409, description = "In use", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn delete_model(
    State(app): State<App>,
    caller: Caller,
    Path(sha256): Path<String>,
) -> Result<StatusCode, ApiError> {
    delete(&app, &caller, Kind::Model, digest(&sha256)).await
}

/// Removes an uploaded input and its commitments. Refused while a job under way needs it; receipts about it stay.
#[utoipa::path(delete, path = "/v1/inputs/{sha256}", tag = "inputs", security(("key" = ["upload"])),
    params(("sha256" = String, Path, pattern = "^[0-9a-f]{64}$", description = "SHA-256 of the file")),
    responses(
        (status = 204, description = "There is none, any more or ever"),
        (status = 409, description = "In use", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn delete_input(
    State(app): State<App>,
    caller: Caller,
    Path(sha256): Path<String>,
) -> Result<StatusCode, ApiError> {
    delete(&app, &caller, Kind::Input, digest(&sha256)).await
}

async fn delete(
    app: &App,
    caller: &Caller,
    kind: Kind,
    sha256: Result<ObjectDigest, ApiError>,
) -> Result<StatusCode, ApiError> {
    caller.needs(Scope::Upload)?;
    let upload = address(&caller.tenant, kind, &sha256?);
    if app.db.delete_upload(&upload, app.now()).await? {
        after_request(app, &caller.tenant).await;
    }
    Ok(StatusCode::NO_CONTENT)
}
