//! Asking for a receipt.

use crate::policy::Asked;
use crate::server::agreed::Agreed;
use crate::server::api::http::body;
use crate::server::api::http::id::named;
use crate::server::api::proofs::context::ContextRequest;
use crate::server::api::submit::{admit, submit, turn, Wanted};
use crate::server::api::view::JobView;
use crate::server::auth::Caller;
use crate::server::bindings::{bindings, opened};
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::ids::ObjectDigest;
use crate::server::inputs::{ByName, PerInput};
use crate::server::job::{self, JobRequest, Proof};
use crate::server::keys::Scope;
use crate::server::labels::labels as uploaded;
use crate::server::ledger::{self, Charge};
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

/// What to prove.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofRequest {
    /// Id of a committed model.
    model: String,
    /// SHA-256 of an uploaded input, for a model with one.
    input: Option<String>,
    /// SHA-256 of an upload for each input of the model, by its name.
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    inputs: Option<ByName<String>>,
    /// Name and parameters, as on the command line and in the list of policies: `label`, `threshold:OUTPUT:VALUE`; of a model with several
    /// outputs after the index of one or `all`: `1/label`, `all/scores`. Of `accuracy`, `confusion`, `by-group`, `gap` and `accuracy-gap` without the list that they take.
    #[schema(pattern = "^(([0-9]{1,3}|all)/)?[a-z-]{1,32}(:-?[0-9]{1,9}(\\.[0-9]{1,9})?){0,8}$")]
    policy: String,
    /// SHA-256 of the uploaded labels of a batch's items, for `accuracy` and `confusion`, or of their groups, for `by-group` and `gap`, or both in turn, for `accuracy-gap`.
    labels: Option<String>,
    #[serde(default)]
    context: ContextRequest,
    /// Digest of an agreement that was uploaded: the receipt's audience is it, its end that of the agreement unless one is given, and what was not agreed is refused.
    agreement: Option<String>,
    /// SHA-256 of the uploaded signatures of inputs that parties supply.
    #[serde(default)]
    #[schema(max_items = 64)]
    signatures: Vec<String>,
    /// 0 to 9; of a tenant's jobs higher ones start first.
    #[schema(maximum = 9)]
    priority: Option<u8>,
}

/// Starts a proof. The same statement gives the same job, unless that failed, was cancelled or expired.
#[utoipa::path(post, path = "/v1/proofs", tag = "proofs", security(("key" = ["prove"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same body gives the same job, for a week")),
    request_body = ProofRequest,
    responses(
        (status = 202, body = JobView, headers(("Location" = String))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn post_proof(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Prove)?;
    let (asked, digest) = body::json::<ProofRequest>(body).await?;
    let turn = turn(&app, &caller).await?;
    let policy = asked
        .policy
        .parse::<Asked>()
        .map_err(|e| ApiError::bad(e.to_string()))?;
    let mut context = asked.context.checked()?;
    let model = app
        .db
        .model(&caller.tenant, &named(&asked.model, "model")?)
        .await?
        .ok_or(ApiError::NotFound { what: "model" })?;
    let inputs = PerInput::given(asked.input, asked.inputs)?;
    let inputs = inputs.ok_or_else(|| ApiError::bad("`input`, or `inputs` of a model with several, is missing"))?;
    let inputs = inputs.of("inputs", &model.input_names())?;
    let inputs = inputs.try_map(|text| named(&text, "input"))?;
    admit(&model.forecast, &app.config.limits)?;
    let deal = Agreed::read(&app, &caller.tenant, (asked.agreement, asked.signatures), &mut context).await?;
    let not_after = context.deadline(model.cpu_seconds(), app.now(), &model.forecast)?;
    let public = app.models.public(&app.store, &model).await?;
    let description = &public.description;
    let labels = asked
        .labels
        .map(|text| named::<ObjectDigest>(&text, "labels"))
        .transpose()?;
    let disclosed = {
        let _turn = match labels {
            Some(_) => Some(app.readings.take(&Client::Tenant(caller.tenant.clone())).await?),
            None => None,
        };
        let labels = uploaded(&app, &caller.tenant, labels.as_ref()).await?;
        let whole = policy.labelled(labels.as_deref())?;
        whole.about(None, description)?.of(description)?
    };
    let microbits = {
        let layout = public.card.layout();
        let layout = layout.ok_or_else(|| ApiError::Internal("a model's key has no outputs".into()))?;
        disclosed.microbits(&layout)
    };
    // What the model alone refuses costs no look at the inputs.
    let mut openings = Vec::new();
    for input in inputs.iter() {
        openings.push(opened(&app, &caller.tenant, &model, input).await?);
    }
    if let Some(deal) = &deal {
        let _turn = app.readings.take(&Client::Tenant(caller.tenant.clone())).await?;
        let bindings = bindings(&app, &caller.tenant, &model, &inputs, description).await?;
        deal.permits(&public, &disclosed, bindings, (context.not_after, app.now()))?;
    }
    let charge = Charge {
        about: ledger::about(&app, &caller.tenant, &model.id, &inputs, &openings, description).await?,
        model: model.id.clone(),
        requester: caller.key.clone(),
        policy: asked.policy.clone(),
        microbits: i64::try_from(microbits).unwrap_or(i64::MAX),
    };
    let wanted = Wanted {
        turn,
        request: JobRequest::Proof(Proof {
            model: model.id,
            inputs,
            policy,
            labels,
            audience: context.audience,
            nonce: context.nonce,
            not_after: context.not_after,
            under: deal.map(|deal| deal.under),
        }),
        priority: asked.priority,
        not_after,
        forecast: model.forecast,
        charge: Some(charge),
        body: job::digest(&["proof", &digest]),
    };
    submit(&app, &caller, &headers, wanted).await
}
