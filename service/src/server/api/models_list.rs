//! A tenant's models.

use crate::server::auth::Caller;
use crate::server::error::ApiError;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::extract::State;
use axum::Json;
use serde_json::{json, Value};

/// Models in the answer.
const MOST: i64 = 200;

/// The newest 200 uploaded models, each with its commitments.
#[utoipa::path(get, path = "/v1/models", tag = "models", security(("key" = ["read"])),
    responses(
        (status = 200, body = Object),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn list_models(State(app): State<App>, caller: Caller) -> Result<Json<Value>, ApiError> {
    caller.needs(Scope::Read)?;
    let models = app.db.uploaded_models(&caller.tenant, MOST).await?;
    Ok(Json(json!({ "tenant": caller.tenant, "models": models })))
}
