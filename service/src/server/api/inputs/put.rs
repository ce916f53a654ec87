//! Upload of an input, or of calibration data.

use super::form::{As, Form};
use crate::data::agreement;
use crate::error::CliError;
use crate::server::api::http::body::{self, digest, Arriving, Bytes};
use crate::server::api::keep::{keep, repair, Beside, Checked};
use crate::server::auth::Caller;
use crate::server::db::Agreement;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::ids::ObjectDigest;
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
use provenn_verifier::agreement::AgreementError;
use serde_json::Value;
use std::path::Path as FilePath;

const NAME: &str = "input";

/// Uploads tensors under their SHA-256: JSON `{"shape": [..], "values": [..]}`, or `.npy` whose first axis counts rows.
///
/// With `form` it is a graph (DIMACS `.col`, a list of edges, GraphML, or node-link JSON), or a colouring of one (one colour on each line), which no answer shows;
/// or an agreement about one of your models that all parties signed, a party's signature of its input, or the secret opening of an input that a party committed to;
/// or the labels (groups) of the items of a batch.
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
    let beside = match form {
        Form::Agreement => Some(Beside::Agreement(Box::new(
            agreed(&app, &caller, &path, &sha256).await?,
        ))),
        _ => None,
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
        beside,
    };
    keep(&app, upload).await?;
    Ok((StatusCode::CREATED, Json(summary)))
}

/// What an agreement is about: one of the caller's models, as its card describes it. It has not ended.
async fn agreed(app: &App, caller: &Caller, path: &FilePath, file: &ObjectDigest) -> Result<Agreement, ApiError> {
    let signed = agreement::read(path)?;
    let terms = signed.agreement();
    let not_after = i64::try_from(terms.not_after).unwrap_or(i64::MAX);
    if not_after < app.now() / 1000 {
        let now = u64::try_from(app.now() / 1000).unwrap_or_default();
        let not_after = terms.not_after;
        return Err(CliError::from(AgreementError::Expired { not_after, now }).into());
    }
    let model = app.db.model(&caller.tenant, &terms.model_id.into()).await?;
    let model = model.ok_or(ApiError::NotFound {
        what: "model of yours with the id that the agreement names",
    })?;
    let public = app.models.public(&app.store, &model).await?;
    agreement::about(terms, &public.card.model_id(), &public.description)?;
    Ok(Agreement {
        agreement: terms.digest().into(),
        file: file.clone(),
        model: model.id,
        roles: terms.parties.iter().map(|party| party.role.clone()).collect(),
        not_after,
        created: 0,
        revoked: None,
        reason: String::new(),
    })
}
