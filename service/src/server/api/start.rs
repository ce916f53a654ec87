//! A key for the page, in exchange for the code of the link that the service printed when it started.

use super::http::body;
use crate::server::db::NewKey;
use crate::server::error::ApiError;
use crate::server::ids::TenantId;
use crate::server::keys::{Scope, Secret};
use crate::server::problem::Problem;
use crate::server::run::FIRST_TENANT;
use crate::server::state::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long the key of a link is valid, in milliseconds: a day.
const VALID: i64 = 24 * 3600 * 1000;

/// The code of a link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRequest {
    code: String,
}

/// A key with all scopes.
#[derive(Debug, Serialize, ToSchema)]
pub struct StartView {
    key: String,
    /// Unix milliseconds.
    expires: i64,
}

/// Gives a key for the code of the link that the service printed when it started, once and within ten minutes.
#[utoipa::path(post, path = "/v1/start", tag = "operations",
    request_body = StartRequest,
    responses(
        (status = 201, body = StartView),
        (status = 410, description = "Used, or too old", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn post_start(State(app): State<App>, body: Body) -> Result<(StatusCode, Json<StartView>), ApiError> {
    let (StartRequest { code }, _) = body::json::<StartRequest>(body).await?;
    if !app.link.take(&code) {
        return Err(ApiError::LinkOver);
    }
    let secret = Secret::random().map_err(ApiError::from)?;
    let expires = app.now() + VALID;
    let key = NewKey {
        secret: &secret,
        tenant: &TenantId::known(FIRST_TENANT),
        label: "link of a start",
        scopes: &Scope::ALL,
        expires: Some(expires),
    };
    app.db.add_tenant(key.tenant, app.now()).await?;
    app.db.add_key(&key, app.now()).await?;
    let key = secret.reveal();
    Ok((StatusCode::CREATED, Json(StartView { key, expires })))
}
