//! Asking for the receipt of a colouring.

use super::http::body;
use super::http::id::named;
use super::inputs::form::{ColouringSummary, Form, GraphSummary};
use super::proofs::context::ContextRequest;
use super::submit::{admit, submit, turn, Wanted};
use super::view::JobView;
use crate::error::CliError;
use crate::estimate::Cost;
use crate::server::auth::Caller;
use crate::server::error::ApiError;
use crate::server::ids::{InputDigest, ModelId, ObjectDigest};
use crate::server::job::{self, Colouring, JobRequest};
use crate::server::keys::Scope;
use crate::server::ledger::{self, About, Charge};
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use provenn_verifier::ColouringClass;
use serde::de::DeserializeOwned;
use serde::Deserialize;
use utoipa::ToSchema;

/// What to prove: that a proper colouring of a graph is known.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ColouringRequest {
    /// SHA-256 of an uploaded graph.
    graph: String,
    /// SHA-256 of an uploaded colouring of it, which the receipt does not show.
    colouring: String,
    /// The number of colours that the receipt states.
    #[schema(minimum = 2, maximum = 16)]
    colours: u32,
    #[serde(default)]
    context: ContextRequest,
    /// 0 to 9; of a tenant's jobs higher ones start first.
    #[schema(maximum = 9)]
    priority: Option<u8>,
}

/// Starts a proof that a colouring is known. The same statement gives the same job, unless that failed, was cancelled or expired.
#[utoipa::path(post, path = "/v1/colourings", tag = "proofs", security(("key" = ["prove"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same body gives the same job, for a week")),
    request_body = ColouringRequest,
    responses(
        (status = 202, body = JobView, headers(("Location" = String))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn post_colouring(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Prove)?;
    let (asked, digest) = body::json::<ColouringRequest>(body).await?;
    let turn = turn(&app, &caller).await?;
    let context = asked.context.checked()?;
    let (graph, public) = uploaded::<GraphSummary>(&app, &caller, &asked.graph, (Form::Graph, "graph")).await?;
    let of = (Form::Colouring, "colouring");
    let (colouring, secret) = uploaded::<ColouringSummary>(&app, &caller, &asked.colouring, of).await?;
    // How many vertices a colouring has is no secret; whether it is proper a job answers, and is charged for it.
    if secret.vertices != public.vertices {
        return Err(ApiError::Refused {
            code: "colouring-length".into(),
            message: format!("{} colours for {} vertices", secret.vertices, public.vertices),
            help: "upload one colour for each vertex of the graph, those without edges too".into(),
            forecast: None,
        });
    }
    let class = ColouringClass::of(asked.colours, public.vertices).map_err(CliError::from)?;
    let cost = Cost::of_colouring(class, public.edges);
    let forecast = cost.json();
    admit(&forecast, &app.config.limits)?;
    let not_after = context.deadline(cost.cpu_seconds, app.now(), &forecast)?;
    // To the ledger the graph stands in the place of the model.
    let charge = Charge {
        model: ModelId::known(public.graph),
        about: About {
            input: InputDigest::known(secret.colours),
            joint: vec![],
        },
        requester: caller.key.clone(),
        policy: format!("colouring:{}", asked.colours),
        microbits: ledger::COLOURING,
    };
    let of = (&charge.model, &colouring, "");
    app.db.set_input_digest(&caller.tenant, of, &charge.about.input).await?;
    let wanted = Wanted {
        turn,
        request: JobRequest::Colouring(Colouring {
            graph,
            colouring,
            colours: asked.colours,
            audience: context.audience,
            nonce: context.nonce,
            not_after: context.not_after,
        }),
        priority: asked.priority,
        not_after,
        forecast,
        charge: Some(charge),
        body: job::digest(&["colouring", &digest]),
    };
    submit(&app, &caller, &headers, wanted).await
}

/// An upload of a form, and what was read of it.
async fn uploaded<T: DeserializeOwned>(
    app: &App,
    caller: &Caller,
    text: &str,
    (form, what): (Form, &'static str),
) -> Result<(ObjectDigest, T), ApiError> {
    let sha256 = named(text, what)?;
    let known = app.db.upload(&caller.tenant, "input", &sha256).await?;
    let known = known.filter(|known| form.is_of(&known.summary));
    let known = known.ok_or(ApiError::NotFound { what })?;
    Ok((sha256, serde_json::from_value(known.summary)?))
}
