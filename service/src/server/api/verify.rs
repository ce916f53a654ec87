//! Verification for those who have no verifier of their own.

use super::http::body::{self, Bytes};
use crate::bytes::{hex, hex32};
use crate::error::CliError;
use crate::files::MAX_RECEIPT;
use crate::policy::Asked;
use crate::server::db::Version;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::server::worker::cache::Public;
use crate::statement::{Check, Named, Said};
use axum::body::Body;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use provenn_verifier::{
    differences, verify, Claim, Difference, Expectation, InferenceExpectation, Receipt, StatementKind, Verdict,
    VerifyError,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
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
    let about = Said::new(&claim, None)
        .map_err(|error| refused(error, vec![]))?
        .model_id();
    let model = app.db.model_of_any_tenant(&about.into()).await?;
    let model = model.ok_or(ApiError::NotFound { what: "model" })?;
    let public = app.models.public(&app.store, &model).await?;
    pinned(asks.model.as_deref(), about, VerifyError::ModelMismatch)?;
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
        ..view(&asks, &public, &verdict)?
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
        .map_err(|e| ApiError::bad(e.to_string()))?;
    let policy = policy
        .map(|asked| asked.about(None, &public.description)?.of(&public.description))
        .transpose()?;
    Ok(Expectation {
        statements: Some(vec![StatementKind::Inference]),
        inference: InferenceExpectation {
            policy,
            ..InferenceExpectation::default()
        },
        audience: asks.audience.clone(),
        nonce: asks.nonce.as_deref().map(hex32).transpose().map_err(ApiError::bad)?,
        now: u64::try_from(now / 1000).ok(),
        accept_dev: asks.accept_dev,
        ..Expectation::default()
    })
}

fn view(asks: &Asks, public: &Public, verdict: &Verdict) -> Result<VerdictView, ApiError> {
    let claim: &Claim = verdict.claim();
    let said = Said::new(claim, Some(&public.description)).map_err(|error| refused(error, vec![]))?;
    let named = Named {
        model: asks.model.is_some(),
        srs: asks.srs.is_some(),
        policy: asks.policy.is_some(),
        inputs: BTreeSet::new(),
        audience: asks.audience.is_some(),
        nonce: asks.nonce.is_some(),
    };
    Ok(VerdictView {
        valid: true,
        published: None,
        dev: matches!(verdict, Verdict::Dev(_)),
        output: said.output_json(),
        checks: said.checks(&named, public.card.commitments.len(), public.srs.kind),
    })
}
