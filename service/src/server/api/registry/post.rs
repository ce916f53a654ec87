//! Publishing models, and withdrawing them.

use crate::server::api::http::body;
use crate::server::api::http::id::named;
use crate::server::api::http::reason::reason;
use crate::server::auth::Caller;
use crate::server::db::{Status, Version};
use crate::server::error::ApiError;
use crate::server::ids::TenantId;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::Json;
use serde::Deserialize;
use utoipa::ToSchema;

/// Longest name of a model.
const MAX_NAME: usize = 64;

/// A version to publish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishRequest {
    /// Id of a committed model.
    model: String,
    /// Whether the versions before it become deprecated.
    #[serde(default = "yes")]
    rotate: bool,
}

fn yes() -> bool {
    true
}

/// A worse status for a version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusRequest {
    /// deprecated or revoked
    status: Status,
    /// Why; everybody can read it.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Publishes a committed model as the next version under a name: its card is public from then on.
#[utoipa::path(post, path = "/v1/registry/{tenant}/{name}", tag = "registry", security(("key" = ["publish"])),
    params(("tenant" = String, Path, description = "Your own"), ("name" = String, Path, pattern = "^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$")),
    request_body = PublishRequest,
    responses(
        (status = 201, body = Version),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn post_version(
    State(app): State<App>,
    caller: Caller,
    Path((tenant, name)): Path<(String, String)>,
    body: Body,
) -> Result<(StatusCode, Json<Version>), ApiError> {
    caller.needs(Scope::Publish)?;
    let tenant = own(&caller, &tenant)?;
    let (asked, _) = body::json::<PublishRequest>(body).await?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.len() > MAX_NAME || !name.bytes().all(plain) || name.starts_with('.') {
        return Err(ApiError::bad(format!(
            "a name has 1 to {MAX_NAME} letters, digits, dashes, underscores and dots, and does not begin with a dot"
        )));
    }
    let known = app.db.model(tenant, &named(&asked.model, "model")?).await?;
    let model = known.ok_or(ApiError::NotFound { what: "model" })?;
    let version = app
        .db
        .add_version(tenant, &name, &model.id, asked.rotate, app.now())
        .await?;
    Ok((StatusCode::CREATED, Json(version)))
}

/// Deprecates or revokes a version. There is no way back; no receipts are made for a revoked model.
#[utoipa::path(post, path = "/v1/registry/{tenant}/{name}/{version}/status", tag = "registry", security(("key" = ["govern"])),
    params(("tenant" = String, Path, description = "Your own"), ("name" = String, Path), ("version" = i64, Path)),
    request_body = StatusRequest,
    responses(
        (status = 200, body = Version),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn post_status(
    State(app): State<App>,
    caller: Caller,
    Path((tenant, name, version)): Path<(String, String, String)>,
    body: Body,
) -> Result<Json<Version>, ApiError> {
    caller.needs(Scope::Govern)?;
    let tenant = own(&caller, &tenant)?;
    let (asked, _) = body::json::<StatusRequest>(body).await?;
    let reason = reason(&asked.reason)?;
    let version = version.parse().map_err(|_| ApiError::NotFound { what: "version" })?;
    let address = (tenant, name.as_str(), version);
    Ok(Json(
        app.db.set_status(address, asked.status, reason, &app.clock).await?,
    ))
}

/// The caller's tenant, if it is the one of the address: others' names are theirs.
fn own<'a>(caller: &'a Caller, tenant: &str) -> Result<&'a TenantId, ApiError> {
    match caller.tenant.as_str() == tenant {
        true => Ok(&caller.tenant),
        false => Err(ApiError::NotFound {
            what: "tenant of yours",
        }),
    }
}
