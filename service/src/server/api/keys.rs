//! The verifying key of a circuit.

use crate::bytes::hex;
use crate::server::api::http::id::named;
use crate::server::auth::Caller;
use crate::server::error::ApiError;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::extract::{Path, State};
use axum::Json;
use serde_json::{json, Value};

/// Verifying key (bytes in hexadecimal), the id of its SRS, and the circuit as text. Of a model in segments lists of `keys` and `circuits`, in their order.
#[utoipa::path(get, path = "/v1/keys/{digest}", tag = "verification", security(("key" = ["read"])),
    params(("digest" = String, Path, description = "Key digest, as in a claim")),
    responses(
        (status = 200, body = Object),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_key(
    State(app): State<App>,
    caller: Caller,
    Path(digest): Path<String>,
) -> Result<Json<Value>, ApiError> {
    caller.needs(Scope::Read)?;
    let model = app
        .db
        .model_with_key(&caller.tenant, &named(&digest, "key")?)
        .await?
        .ok_or(ApiError::NotFound { what: "key" })?;
    let public = app.models.public(&app.store, &model).await?;
    // As many as there are segments, each a text of some length.
    let card = public.clone();
    let written = tokio::task::spawn_blocking(move || {
        let circuits = card.card.circuits().iter();
        let texts = circuits.map(|card| (hex(&card.key.to_bytes()), format!("{:#?}", card.key)));
        texts.unzip::<String, String, Vec<_>, Vec<_>>()
    });
    let (keys, texts) = written.await.map_err(|e| ApiError::Internal(e.to_string()))?;
    Ok(Json(
        match (public.card.segments(), keys.as_slice(), texts.as_slice()) {
            (None, [key], [circuit]) => {
                json!({ "digest": digest, "srs_id": model.srs_id, "key": key, "circuit": circuit })
            }
            _ => json!({ "digest": digest, "srs_id": model.srs_id, "keys": keys, "circuits": texts }),
        },
    ))
}
