//! What is known of a model.

use crate::server::api::http::id::named;
use crate::server::auth::Caller;
use crate::server::error::ApiError;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::extract::{Path, State};
use axum::Json;
use serde_json::{json, Value};

/// A committed model by its id (the card's digest), or an uploaded one by its SHA-256.
#[utoipa::path(get, path = "/v1/models/{id}", tag = "models", security(("key" = ["read"])),
    params(("id" = String, Path, description = "Model id, or SHA-256 of an uploaded file")),
    responses(
        (status = 200, body = Object),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_model(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    caller.needs(Scope::Read)?;
    if let Some(model) = app.db.model(&caller.tenant, &named(&id, "model")?).await? {
        return Ok(Json(json!({
            "state": "committed",
            "model_id": model.id,
            "source_sha256": model.source,
            "key_digest": model.key_digest,
            "srs_id": model.srs_id,
            "card": model.description,
            "commitments": app.models.public(&app.store, &model).await?.card.circuits().iter().flat_map(|card| &card.commitments).map(|c| crate::bytes::hex(c)).collect::<Vec<_>>(),
            "forecast": model.forecast,
            "created": model.created,
        })));
    }
    let upload = app
        .db
        .upload(&caller.tenant, "model", &named(&id, "model")?)
        .await?
        .ok_or(ApiError::NotFound { what: "model" })?;
    Ok(Json(
        json!({ "state": "uploaded", "sha256": id, "bytes": upload.bytes, "summary": upload.summary, "created": upload.created }),
    ))
}
