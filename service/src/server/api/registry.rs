//! Published models: anybody may look.

pub mod post;

use super::http::body::{self, Bytes};
use super::http::headers::{file, BYTES};
use super::http::page::{answer, rows, Rows};
use crate::server::api::http::id::{named, wanted};
use crate::server::db::{Model, Version};
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::ids::{KeyDigest, ObjectDigest, SrsId};
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use provenn_verifier::SrsKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// What there is none of at an address where nothing was published.
const PUBLISHED: &str = "published model";

/// Versions in one answer.
const MOST: usize = 1000;

/// One more, to see whether there are more.
const ASKED: i64 = MOST as i64 + 1;

/// What to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Only versions of this tenant.
    tenant: String,
    /// Only the version of this model id.
    model: String,
}

/// Versions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionList {
    versions: Vec<Version>,
    /// Whether older ones were left out.
    more: bool,
}

/// Versions under a name, newest first: the newest 1,000, and at most a megabyte of them. Older ones are found by their number.
#[derive(Debug, Serialize, ToSchema)]
pub struct NameView {
    /// The newest active version, if there is one.
    current: Option<i64>,
    versions: Vec<Version>,
    /// Whether older ones were left out.
    more: bool,
}

/// A published model.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionView {
    #[serde(flatten)]
    version: Version,
    #[schema(value_type = String)]
    key_digest: KeyDigest,
    #[schema(value_type = String)]
    srs_id: SrsId,
    /// Whether that are development parameters: whoever controls the machine that made them can forge receipts.
    dev_srs: bool,
    /// What the card says of the model: shapes, fidelity to the float model, policies and the bits that each reveals.
    #[schema(value_type = Object)]
    card: Value,
    /// SHA-256 of the card, under which the log has it.
    #[schema(value_type = String)]
    card_sha256: ObjectDigest,
}

/// Published models, newest first.
#[utoipa::path(get, path = "/v1/registry", tag = "registry", params(Filter), responses(
    (status = 200, body = VersionList),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
    (status = "5XX", body = Problem, content_type = "application/problem+json"),
))]
pub async fn list_versions(
    State(app): State<App>,
    Extension(client): Extension<Client>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(filter) = filter.map_err(|e| body::query(&e))?;
    let all = app.clone();
    let list = async move {
        let versions = match (wanted(&filter.tenant), wanted(&filter.model)) {
            (Ok(tenant), Ok(model)) => all.db.versions(tenant.as_ref(), "", model.as_ref(), ASKED).await?,
            _ => vec![],
        };
        let Rows { rows: versions, more } = rows(versions, MOST)?;
        Ok(VersionList { versions, more })
    };
    answer(&app, &client, list).await
}

/// Versions under a name.
#[utoipa::path(get, path = "/v1/registry/{tenant}/{name}", tag = "registry",
    params(("tenant" = String, Path), ("name" = String, Path)),
    responses(
        (status = 200, body = NameView),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_name(
    State(app): State<App>,
    Extension(client): Extension<Client>,
    Path((tenant, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let tenant = named(&tenant, PUBLISHED)?;
    let all = app.clone();
    let list = async move {
        let versions = all.db.versions(Some(&tenant), &name, None, ASKED).await?;
        let Rows { rows: versions, more } = rows(versions, MOST)?;
        if versions.is_empty() {
            return Err(ApiError::NotFound { what: PUBLISHED });
        }
        let current = all.db.current(&tenant, &name).await?;
        Ok(NameView {
            current,
            versions,
            more,
        })
    };
    answer(&app, &client, list).await
}

/// A published model and what its card says.
#[utoipa::path(get, path = "/v1/registry/{tenant}/{name}/{version}", tag = "registry",
    params(("tenant" = String, Path), ("name" = String, Path), ("version" = i64, Path)),
    responses(
        (status = 200, body = VersionView),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_version(
    State(app): State<App>,
    Path(address): Path<(String, String, String)>,
) -> Result<Json<VersionView>, ApiError> {
    let (version, model) = find(&app, &address).await?;
    let public = app.models.public(&app.store, &model).await?;
    Ok(Json(VersionView {
        dev_srs: public.srs.kind == SrsKind::Dev,
        version,
        card_sha256: model.card_sha256(),
        key_digest: model.key_digest,
        srs_id: model.srs_id,
        card: model.description,
    }))
}

/// The card of a published model: the bytes that receipts are verified against.
#[utoipa::path(get, path = "/v1/registry/{tenant}/{name}/{version}/card", tag = "registry",
    params(("tenant" = String, Path), ("name" = String, Path), ("version" = i64, Path)),
    responses(
        (status = 200, body = inline(Bytes), content_type = "application/octet-stream"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_version_card(
    State(app): State<App>,
    Path(address): Path<(String, String, String)>,
) -> Result<impl IntoResponse, ApiError> {
    let (_, model) = find(&app, &address).await?;
    let card = app.models.card(&app.store, &model).await?;
    let (_, name, version) = &address;
    Ok((file(BYTES, &format!("{name}-{version}"), "card"), card))
}

async fn find(app: &App, (tenant, name, version): &(String, String, String)) -> Result<(Version, Model), ApiError> {
    let missing = || ApiError::NotFound { what: PUBLISHED };
    let tenant = named(tenant, PUBLISHED)?;
    // A version has one address: `01` and `+1` are none.
    let number = version
        .parse::<i64>()
        .ok()
        .filter(|number| number.to_string() == *version);
    let number = number.ok_or_else(missing)?;
    let version = app.db.version(&tenant, name, number).await?.ok_or_else(missing)?;
    let model = app.db.model(&tenant, &version.model).await?.ok_or_else(missing)?;
    Ok((version, model))
}
