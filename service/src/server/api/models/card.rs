//! The card of a committed model, as verifiers need it.

use crate::server::api::http::body::Bytes;
use crate::server::api::http::headers::{file, BYTES};
use crate::server::api::http::id::named;
use crate::server::auth::Caller;
use crate::server::error::ApiError;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::extract::{Path, State};
use axum::response::IntoResponse;

/// The bytes of `model.card`.
#[utoipa::path(get, path = "/v1/models/{id}/card", tag = "verification", security(("key" = ["read"])),
    params(("id" = String, Path, description = "Model id")),
    responses(
        (status = 200, body = inline(Bytes), content_type = "application/octet-stream"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_card(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    caller.needs(Scope::Read)?;
    let model = app
        .db
        .model(&caller.tenant, &named(&id, "model")?)
        .await?
        .ok_or(ApiError::NotFound { what: "model" })?;
    let card = app.models.card(&app.store, &model).await?;
    Ok((file(BYTES, model.id.as_str(), "card"), card))
}
