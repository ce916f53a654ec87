//! Verification for those who have no verifier of their own.

use super::body::{self, Bytes};
use crate::bytes::{hex, hex32};
use crate::commands::explain;
use crate::error::CliError;
use crate::files::MAX_RECEIPT;
use crate::policy::Asked;
use crate::server::db::Version;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::server::worker::cache::Public;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use provenn_verifier::{
    differences, verify, Claim, Difference, Expectation, PolicyExpectation, Receipt, Verdict, VerifyError,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What the caller relies on. What is not named is reported as stated, not checked.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Asks {
    /// The agreed policy, as on the command line.
    policy: Option<String>,
    audience: Option<String>,
    /// 32 bytes in hexadecimal.
    nonce: Option<String>,
    /// The model id you expect.
    model: Option<String>,
    /// The SRS id you expect.
    srs: Option<String>,
    /// Accept development parameters, which are worth as much as the machine that made them.
    #[serde(default)]
    accept_dev: bool,
}

/// One check of a verdict.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    name: &'static str,
    value: String,
    /// False: stated by the receipt, but the caller named no expectation.
    checked: bool,
}

/// A receipt that verified.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerdictView {
    valid: bool,
    /// Whether it rests on development parameters.
    dev: bool,
    #[schema(value_type = Object)]
    output: Value,
    checks: Vec<Check>,
    /// How the model is published, and whether it was deprecated or revoked since.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<Version>,
}

/// Verifies a receipt about a model that was committed here. A refused receipt is an error with the verifier's code.
#[utoipa::path(post, path = "/v1/verify", tag = "verification", params(Asks),
    request_body(content = inline(Bytes), content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "The receipt is valid", body = VerdictView),
        (status = 422, description = "The receipt is refused", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn verify_receipt(
    State(app): State<App>,
    Extension(client): Extension<Client>,
    asks: Result<Query<Asks>, axum::extract::rejection::QueryRejection>,
    body: Body,
) -> Result<Json<VerdictView>, ApiError> {
    let Query(asks) = asks.map_err(|e| body::query(&e))?;
    let mut kept = app.receipts.hold(&client);
    let bytes = body::buffered(body, MAX_RECEIPT, &mut kept).await?;
    let _turn = app.verifications.take(&client).await?;
    let claim = Receipt::from_bytes(&bytes);
    let claim = claim.map_err(|error| refused(error, vec![]))?.claim;
    let model = app.db.model_of_any_tenant(&hex(&claim.model_id)).await?;
    let model = model.ok_or(ApiError::NotFound { what: "model" })?;
    let public = app.models.public(&app.store, &model).await?;
    pinned(asks.model.as_deref(), claim.model_id, VerifyError::ModelMismatch)?;
    pinned(asks.srs.as_deref(), public.srs.id(), VerifyError::SrsMismatch)?;
    let expectation = expectation(&asks, &public, app.now())?;
    let judged = {
        let public = public.clone();
        tokio::task::spawn_blocking(move || {
            let verdict = verify(&bytes, &public.card, &public.srs, &expectation);
            verdict.map_err(|error| (error, differences(&claim, &public.card, &public.srs, &expectation)))
        })
        .await
    };
    let verdict = judged
        .map_err(|e| ApiError::Internal(e.to_string()))?
        .map_err(|(error, differs)| refused(error, differs.iter().map(Difference::to_string).collect()))?;
    let published = app.db.published(&model.tenant, &model.id).await?;
    Ok(Json(VerdictView {
        published,
        ..view(&asks, &public, &verdict)
    }))
}

fn refused(error: VerifyError, differs: Vec<String>) -> ApiError {
    CliError::from(error).with(differs).into()
}

fn pinned(expected: Option<&str>, got: [u8; 32], error: VerifyError) -> Result<(), ApiError> {
    match expected.map(hex32).transpose().map_err(ApiError::bad)? {
        Some(expected) if expected != got => {
            let differs = format!("named by you: {}, found {}", hex(&expected), hex(&got));
            Err(refused(error, vec![differs]))
        }
        _ => Ok(()),
    }
}

fn expectation(asks: &Asks, public: &Arc<Public>, now: i64) -> Result<Expectation, ApiError> {
    let policy = asks
        .policy
        .as_deref()
        .map(str::parse::<Asked>)
        .transpose()
        .map_err(ApiError::bad)?;
    let kind = policy.map(|asked| asked.kind(&public.description)).transpose()?;
    Ok(Expectation {
        policy: kind.map(PolicyExpectation::Kind),
        audience: asks.audience.clone(),
        nonce: asks.nonce.as_deref().map(hex32).transpose().map_err(ApiError::bad)?,
        now: u64::try_from(now / 1000).ok(),
        accept_dev: asks.accept_dev,
        ..Expectation::default()
    })
}

fn view(asks: &Asks, public: &Public, verdict: &Verdict) -> VerdictView {
    let claim: &Claim = verdict.claim();
    let (description, dev) = (Some(&public.description), matches!(verdict, Verdict::Dev(_)));
    let check = |name, value: String, checked| Check { name, value, checked };
    let end = match claim.context.not_after {
        0 => "no end of validity".into(),
        end => format!("valid until {end} (unix seconds)"),
    };
    VerdictView {
        valid: true,
        published: None,
        dev,
        output: explain::output_json(&claim.policy, description),
        checks: vec![
            check("proof", "holds, with its link to the weight commitments".into(), true),
            check("model", hex(&claim.model_id), asks.model.is_some()),
            check("srs", hex(&claim.srs_id), asks.srs.is_some()),
            check(
                "policy",
                explain::policy(&claim.policy, description),
                asks.policy.is_some(),
            ),
            check("input", explain::input(&claim.input), false),
            check("audience", claim.context.audience.clone(), asks.audience.is_some()),
            check("nonce", hex(&claim.context.nonce), asks.nonce.is_some()),
            check("expiry", end, true),
        ],
    }
}
