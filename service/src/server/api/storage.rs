//! What a tenant stores.

use crate::server::auth::Caller;
use crate::server::db::Usage;
use crate::server::error::ApiError;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::extract::State;
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// A tenant's bytes.
#[derive(Debug, Serialize, ToSchema)]
pub struct StorageView {
    #[serde(flatten)]
    usage: Usage,
    /// Of both together.
    limit: i64,
}

/// Bytes that are stored and reserved, and how many there may be.
#[utoipa::path(get, path = "/v1/storage", tag = "operations", security(("key" = ["read"])),
    responses(
        (status = 200, body = StorageView),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_storage(State(app): State<App>, caller: Caller) -> Result<Json<StorageView>, ApiError> {
    caller.needs(Scope::Read)?;
    Ok(Json(StorageView {
        usage: app.db.usage(&caller.tenant).await?,
        limit: app.config.limits.tenant_bytes,
    }))
}
