//! The verifier's part of the parameters.

use super::http::body::Bytes;
use super::http::headers::{file, BYTES};
use crate::server::api::http::id::named;
use crate::server::error::ApiError;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::extract::{Path, State};
use axum::response::IntoResponse;

/// The bytes of `srs.vk`. Whoever relies on receipts compares the id with one from a source of their own.
#[utoipa::path(get, path = "/v1/srs/{id}", tag = "verification",
    params(("id" = String, Path, description = "SRS id, as on a model's card")),
    responses(
        (status = 200, body = inline(Bytes), content_type = "application/octet-stream"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_srs(State(app): State<App>, Path(id): Path<String>) -> Result<impl IntoResponse, ApiError> {
    let srs = named(&id, "SRS")?;
    if let Some(own) = app.db.parameters(&srs).await? {
        return Ok((file(BYTES, &id, "srs"), own.to_bytes()));
    }
    let model = app
        .db
        .model_with_srs(&srs)
        .await?
        .ok_or(ApiError::NotFound { what: "SRS" })?;
    let public = app.models.public(&app.store, &model).await?;
    Ok((file(BYTES, &id, "srs"), public.srs.to_bytes()))
}
