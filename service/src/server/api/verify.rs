//! Verification for those who have no verifier of their own.

use super::http::body::{self, Bytes};
use super::inputs::form;
use crate::bytes::{hex, hex32, unhex};
use crate::error::CliError;
use crate::files::MAX_RECEIPT;
use crate::policy::Asked;
use crate::server::db::Version;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::server::worker::cache::Public;
use crate::statement::{colouring_checks, Check, Named, Said};
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::HeaderMap;
use axum::{Extension, Json};
use provenn_prover::store::json_reason;
use provenn_verifier::{
    differences, verify, AnyReceipt, Claim, ColouringExpectation, Difference, Expectation, InferenceExpectation,
    Receipt, StatementKind, Verdict, VerifyError,
};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
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
    /// The number of colours you expect, of a colouring.
    #[param(minimum = 2, maximum = 16)]
    colours: Option<u32>,
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

/// The receipt of a colouring, with the graph that it must be about.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfGraph {
    /// The bytes of the receipt in hexadecimal.
    #[schema(pattern = "^([0-9a-fA-F]{2})*$")]
    receipt: String,
    /// The text of the graph: DIMACS `.col`, a list of edges, GraphML, or node-link JSON.
    graph: String,
}

/// Verifies a receipt about a model that was committed here. A refused receipt is an error with the verifier's code.
///
/// The receipt of a colouring that was proven here comes as JSON, with its graph.
#[utoipa::path(post, path = "/v1/verify", tag = "verification", params(Asks),
    request_body(content((inline(Bytes) = "application/octet-stream"), (OfGraph = "application/json"))),
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
    headers: HeaderMap,
    body: Body,
) -> Result<Json<VerdictView>, ApiError> {
    let Query(asks) = asks.map_err(|e| body::query(&e))?;
    let mut kept = app.receipts.hold(&client);
    let json = headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(JSON));
    let bytes = match json {
        // A line's end takes two characters.
        true => body::buffered(body, app.config.limits.input_bytes.saturating_mul(2), &mut kept).await?,
        false => body::buffered(body, MAX_RECEIPT, &mut kept).await?,
    };
    let _turn = app.verifications.take(&client).await?;
    match json {
        true => colouring(&app, &asks, bytes).await,
        false => inference(&app, &asks, bytes).await,
    }
}

const JSON: &[u8] = b"application/json";

async fn inference(app: &App, asks: &Asks, bytes: Vec<u8>) -> Result<Json<VerdictView>, ApiError> {
    if asks.colours.is_some() {
        return Err(ApiError::bad(
            "`colours` is of colourings, whose receipts are sent as JSON with their graph",
        ));
    }
    let read = move || (AnyReceipt::from_bytes(&bytes).map(AnyReceipt::into_claim), bytes);
    let read = tokio::task::spawn_blocking(read).await;
    let (claim, bytes) = read.map_err(|e| ApiError::Internal(e.to_string()))?;
    let claim = claim.map_err(|error| refused(error, vec![]))?;
    let about = Said::new(&claim, None)
        .map_err(|error| refused(error, vec![]))?
        .model_id();
    let model = app.db.model_of_any_tenant(&about.into()).await?;
    let model = model.ok_or(ApiError::NotFound { what: "model" })?;
    let public = app.models.public(&app.store, &model).await?;
    pinned(asks.model.as_deref(), about, VerifyError::ModelMismatch)?;
    pinned(asks.srs.as_deref(), public.srs.id(), VerifyError::SrsMismatch)?;
    let expectation = expectation(asks, &public, app.now())?;
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
        ..view(asks, &public, &verdict)?
    }))
}

/// The receipt in a body, what it claims, and the graph.
fn of_graph(bytes: &[u8], maximum: u64) -> Result<(Vec<u8>, Claim, String), ApiError> {
    let OfGraph { receipt, graph } = serde_json::from_slice(bytes)
        .map_err(|e| ApiError::bad(format!("the body is not as expected: {}", json_reason(&e))))?;
    // The body is longer than the graph in it: by escapes, and the receipt.
    if graph.len() as u64 > maximum {
        return Err(ApiError::TooLarge { maximum });
    }
    let receipt = unhex(&receipt).map_err(|e| ApiError::bad(format!("receipt: {e}")))?;
    let claim = Receipt::from_bytes(&receipt)
        .map_err(|error| refused(error, vec![]))?
        .claim;
    Ok((receipt, claim, graph))
}

async fn colouring(app: &App, asks: &Asks, bytes: Vec<u8>) -> Result<Json<VerdictView>, ApiError> {
    if asks.policy.is_some() || asks.model.is_some() {
        return Err(ApiError::bad(
            "`policy` and `model` are of inferences, whose receipts are sent as they are",
        ));
    }
    let maximum = app.config.limits.input_bytes;
    let read = tokio::task::spawn_blocking(move || of_graph(&bytes, maximum)).await;
    let (receipt, claim, graph) = read.map_err(|e| ApiError::Internal(e.to_string()))??;
    let found = claim.body.kind();
    let Some(body) = claim.body.colouring().cloned() else {
        return Err(refused(VerifyError::StatementMismatch { found }, vec![]));
    };
    pinned(asks.srs.as_deref(), claim.srs_id, VerifyError::SrsMismatch)?;
    let srs = app.db.parameters(&claim.srs_id.into()).await?;
    let srs = srs.ok_or(ApiError::NotFound { what: "SRS" })?;
    let kind = srs.kind;
    let expectation = Expectation {
        statements: Some(vec![StatementKind::Colouring]),
        colouring: ColouringExpectation { colours: asks.colours },
        ..context(asks, app.now())?
    };
    let limits = app.config.limits.clone();
    let judged = tokio::task::spawn_blocking(move || {
        let graph = form::graph(graph.as_bytes(), &limits)?.graph;
        verify(&receipt, &graph, &srs, &expectation).map_err(|error| {
            let differs = differences(&claim, &graph, &srs, &expectation);
            refused(error, differs.iter().map(Difference::to_string).collect())
        })
    });
    let verdict = judged.await.map_err(|e| ApiError::Internal(e.to_string()))??;
    let named = Named {
        colours: asks.colours.is_some(),
        ..named(asks)
    };
    Ok(Json(VerdictView {
        valid: true,
        dev: matches!(verdict, Verdict::Dev(_)),
        output: json!({ "colours": body.colours, "vertices": body.vertices, "edges": body.edges, "graph": hex(&body.graph) }),
        checks: colouring_checks(verdict.claim(), &body, &named, kind),
        published: None,
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
        ..context(asks, now)?
    })
}

/// What is expected of whatever a receipt states.
fn context(asks: &Asks, now: i64) -> Result<Expectation, ApiError> {
    Ok(Expectation {
        audience: asks.audience.clone(),
        nonce: asks.nonce.as_deref().map(hex32).transpose().map_err(ApiError::bad)?,
        now: u64::try_from(now / 1000).ok(),
        accept_dev: asks.accept_dev,
        ..Expectation::default()
    })
}

fn named(asks: &Asks) -> Named {
    Named {
        model: asks.model.is_some(),
        srs: asks.srs.is_some(),
        policy: asks.policy.is_some(),
        audience: asks.audience.is_some(),
        nonce: asks.nonce.is_some(),
        ..Named::default()
    }
}

fn view(asks: &Asks, public: &Public, verdict: &Verdict) -> Result<VerdictView, ApiError> {
    let claim: &Claim = verdict.claim();
    let said = Said::new(claim, Some(&public.description)).map_err(|error| refused(error, vec![]))?;
    Ok(VerdictView {
        valid: true,
        published: None,
        dev: matches!(verdict, Verdict::Dev(_)),
        output: said.output_json(),
        checks: said.checks(&named(asks), public.card.commitments(), public.srs.kind),
    })
}
