//! Agreements of several parties: a tenant's own, and for everybody who has a receipt whether one was revoked.

use super::http::body;
use super::http::page::{answer, rows, Rows};
use crate::server::api::http::id::named;
use crate::server::api::http::reason::reason;
use crate::server::auth::Caller;
use crate::server::db::Agreement;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::ids::AgreementDigest;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What there is none of at an address.
const AGREEMENT: &str = "agreement";

/// Agreements in one answer.
const MOST: usize = 1000;

/// One more, to see whether there are more.
const ASKED: i64 = MOST as i64 + 1;

/// Agreements, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgreementList {
    agreements: Vec<Agreement>,
    /// Whether older ones were left out.
    more: bool,
}

/// What everybody may know of an agreement.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgreementStatus {
    /// Digest of the terms, which receipts name.
    #[schema(value_type = String)]
    agreement: AgreementDigest,
    /// Its last second, in unix time.
    not_after: i64,
    /// When it was revoked, in unix milliseconds: receipts from before were made under it.
    revoked: Option<i64>,
    /// Why it was revoked.
    reason: String,
}

/// Why no receipt is to be made any more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeRequest {
    /// Everybody can read it.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Your agreements, newest first. An ended one is listed until another is uploaded.
#[utoipa::path(get, path = "/v1/agreements", tag = "agreements", security(("key" = ["read"])), responses(
    (status = 200, body = AgreementList),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
    (status = "5XX", body = Problem, content_type = "application/problem+json"),
))]
pub async fn list_agreements(
    State(app): State<App>,
    caller: Caller,
    Extension(client): Extension<Client>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Read)?;
    let all = app.clone();
    let list = async move {
        let Rows { rows: agreements, more } = rows(all.db.agreements(&caller.tenant, ASKED).await?, MOST)?;
        Ok(AgreementList { agreements, more })
    };
    answer(&app, &client, list).await
}

/// Whether an agreement was revoked. Whoever has a receipt has its digest, behind `agreement:` in the audience.
#[utoipa::path(get, path = "/v1/agreements/{digest}", tag = "agreements",
    params(("digest" = String, Path, pattern = "^[0-9a-f]{64}$", description = "Digest of the terms")),
    responses(
        (status = 200, body = AgreementStatus),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_agreement(
    State(app): State<App>,
    Extension(client): Extension<Client>,
    Path(digest): Path<String>,
) -> Result<Json<AgreementStatus>, ApiError> {
    let _turn = app.looks.take(&client).await?;
    let known = app.db.agreement_of_any_tenant(&named(&digest, AGREEMENT)?).await?;
    Ok(Json(AgreementStatus {
        agreement: known.agreement,
        not_after: known.not_after,
        revoked: known.revoked,
        reason: known.reason,
    }))
}

/// Revokes an agreement: no receipt is made under it any more, those of jobs under way included. There is no way back.
#[utoipa::path(post, path = "/v1/agreements/{digest}/revoke", tag = "agreements", security(("key" = ["govern"])),
    params(("digest" = String, Path, pattern = "^[0-9a-f]{64}$", description = "Digest of the terms")),
    request_body = RevokeRequest,
    responses(
        (status = 200, body = Agreement),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn revoke_agreement(
    State(app): State<App>,
    caller: Caller,
    Path(digest): Path<String>,
    body: Body,
) -> Result<Json<Agreement>, ApiError> {
    caller.needs(Scope::Govern)?;
    let (asked, _) = body::json::<RevokeRequest>(body).await?;
    let reason = reason(&asked.reason)?;
    let digest = named(&digest, AGREEMENT)?;
    Ok(Json(
        app.db
            .revoke_agreement(&caller.tenant, &digest, reason, &app.clock)
            .await?,
    ))
}
