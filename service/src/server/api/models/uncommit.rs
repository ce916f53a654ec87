//! Removing a committed model.

use crate::server::auth::Caller;
use crate::server::error::ApiError;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::removal::after_request;
use crate::server::state::App;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// Removes a committed model: keys, private part, card, commitments to inputs. Refused if it was ever published, and while a job under way
/// needs it. Its receipts stay; whoever has its card can verify them.
#[utoipa::path(delete, path = "/v1/models/{id}/commit", tag = "models", security(("key" = ["commit"])),
    params(("id" = String, Path, description = "Model id")),
    responses(
        (status = 204, description = "There is none, any more or ever"),
        (status = 409, description = "In use", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn delete_commitment(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.needs(Scope::Commit)?;
    // Nothing has an id of another form.
    let Ok(id) = id.parse() else {
        return Ok(StatusCode::NO_CONTENT);
    };
    if app.db.delete_commitment(&caller.tenant, &id, app.now()).await? {
        if let Err(error) = app.models.forget(&caller.tenant, &id) {
            tracing::warn!(%error, "working files of a model are removed later");
        }
        after_request(&app, &caller.tenant).await;
    }
    Ok(StatusCode::NO_CONTENT)
}
