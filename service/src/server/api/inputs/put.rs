//! Upload of an input, or of calibration data.

use super::form::As;
use crate::server::api::http::body::{self, digest, Arriving, Bytes};
use crate::server::api::keep::{keep, repair, Checked};
use crate::server::auth::Caller;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::room::address;
use crate::server::state::App;
use crate::server::store::Kind;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::Json;
use serde_json::Value;

const NAME: &str = "input";

/// Uploads tensors under their SHA-256: JSON `{"shape": [..], "values": [..]}`, or `.npy` whose first axis counts rows.
///
/// With `form` it is a graph (DIMACS `.col`, a list of edges, GraphML, or node-link JSON), or a colouring of one (one colour on each line), which no answer shows.
#[utoipa::path(put, path = "/v1/inputs/{sha256}", tag = "inputs", security(("key" = ["upload"])),
    params(("sha256" = String, Path, pattern = "^[0-9a-f]{64}$", description = "Digest of the bytes, as sha256sum prints it"), As),
    request_body(content = inline(Bytes), content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "Stored", body = Object),
        (status = 200, description = "Was stored before", body = Object),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn put_input(
    State(app): State<App>,
    caller: Caller,
    Path(sha256): Path<String>,
    how: Result<Query<As>, QueryRejection>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    caller.needs(Scope::Upload)?;
    let sha256 = digest(&sha256)?;
    let Query(As { form }) = how.map_err(|e| body::query(&e))?;
    let arriving = Arriving::new(
        &app,
        address(&caller.tenant, Kind::Input, &sha256),
        body,
        app.config.limits.input_bytes,
    )
    .await?;
    let temporary = app.temporary()?;
    let path = temporary.path().join(NAME);
    let (bytes, room) = arriving.file(&path).await?;
    let known = app.db.upload(&caller.tenant, "input", &sha256).await?;
    if let Some(known) = known.filter(|known| form.is_of(&known.summary)) {
        repair(&app, &caller.tenant, Kind::Input, &sha256, (&path, bytes)).await?;
        return Ok((StatusCode::OK, Json(known.summary)));
    }
    let _turn = app.readings.take(&Client::Tenant(caller.tenant.clone())).await?;
    let summary = {
        let (path, limits) = (path.clone(), app.config.limits.clone());
        let summary = tokio::task::spawn_blocking(move || form.summary(&std::fs::read(path)?, &limits));
        summary.await.map_err(|e| ApiError::Internal(e.to_string()))??
    };
    let upload = Checked {
        tenant: caller.tenant,
        kind: Kind::Input,
        sha256,
        bytes,
        room,
        folder: temporary,
        name: NAME,
        summary: summary.clone(),
        graph: None,
    };
    keep(&app, upload).await?;
    Ok((StatusCode::CREATED, Json(summary)))
}
