//! Committing to an uploaded model.

use crate::child::work::SEGMENTS_ONLY;
use crate::data::labels::MOST_ITEMS;
use crate::server::api::http::body;
use crate::server::api::http::id::named;
use crate::server::api::submit::{admit, submit, turn, Wanted};
use crate::server::api::view::JobView;
use crate::server::auth::Caller;
use crate::server::error::ApiError;
use crate::server::ids::{ObjectDigest, TenantId};
use crate::server::inputs::{ByName, PerInput};
use crate::server::job::{self, Commit, JobRequest};
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use provenn_circuits::compile::MAX_SEGMENTS;
use provenn_prover::about::About;
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use utoipa::ToSchema;

/// How receipts bind an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Binding {
    /// They show it.
    #[default]
    Public,
    /// They show a hiding commitment.
    Committed,
}

/// How to commit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitRequest {
    /// SHA-256 of uploaded rows that scales are chosen from; of a model with several inputs an object of such, by name.
    calibration: PerInput<String>,
    /// SHA-256 of uploaded rows that the fidelity on the card is measured on, likewise.
    held_out: Option<PerInput<String>>,
    /// Run the model on so many items at once, the first axis of its inputs: receipts then count their labels, and inputs have a row for each item.
    #[schema(minimum = 1, maximum = 65536)]
    batch: Option<u32>,
    /// Cut the model into so many segments, each in a circuit of its own, so that a proof takes the memory of the largest. Not with `batch`.
    #[schema(minimum = 2, maximum = 64)]
    segments: Option<u32>,
    /// Cut it at the tensors of these names in place of so many segments: where one tensor is all that the rest of the model reads.
    #[schema(min_items = 1, max_items = 63)]
    cut_at: Option<Vec<String>>,
    /// All inputs.
    input: Option<Binding>,
    /// Each input by its name; those that are not named are public.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Binding>>)]
    inputs: Option<ByName<Binding>>,
    /// What people expect on a card: name, version, licence, intended use, contact, data, units, and the classes of outputs.
    #[schema(value_type = Option<Object>)]
    about: Option<Value>,
    /// 0 to 9; of a tenant's jobs higher ones start first.
    #[schema(maximum = 9)]
    priority: Option<u8>,
}

/// Chooses scales, makes keys, commits to the weights. A job; its result names the model id.
#[utoipa::path(post, path = "/v1/models/{id}/commit", tag = "models", security(("key" = ["commit"])),
    params(
        ("id" = String, Path, description = "Digest of an uploaded model"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same body gives the same job, for a week"),
    ),
    request_body = CommitRequest,
    responses(
        (status = 202, body = JobView, headers(("Location" = String))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn commit_model(
    State(app): State<App>,
    caller: Caller,
    Path(sha256): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Commit)?;
    let (asked, digest) = body::json::<CommitRequest>(body).await?;
    let turn = turn(&app, &caller).await?;
    let sha256 = named(&sha256, "model")?;
    let upload = app
        .db
        .upload(&caller.tenant, "model", &sha256)
        .await?
        .ok_or(ApiError::NotFound { what: "model" })?;
    let names = input_names(&app, &caller.tenant, &sha256, &upload.summary).await?;
    let calibration = asked.calibration.of("calibration", &names)?;
    let held_out = asked.held_out.map(|rows| rows.of("held_out", &names)).transpose()?;
    let bindings = bindings(PerInput::given(asked.input, asked.inputs)?, &names)?;
    let uploaded = |text: String| named::<ObjectDigest>(&text, "input");
    let calibration = calibration.try_map(uploaded)?;
    let held_out = held_out.map(|rows| rows.try_map(uploaded)).transpose()?;
    for (_, rows) in calibration.iter().chain(held_out.iter().flat_map(PerInput::iter)) {
        app.db
            .upload(&caller.tenant, "input", rows)
            .await?
            .ok_or(ApiError::NotFound { what: "input" })?;
    }
    // A list would pass for an object whose fields it has in their order, if it was read with the rest.
    let about = asked.about.map(|about| About::from_json(about.to_string().as_bytes()));
    let about = about.transpose().map_err(|e| ApiError::bad(format!("`about`: {e}")))?;
    if let Some(items) = asked.batch.filter(|items| !(1..=MOST_ITEMS).contains(items)) {
        return Err(ApiError::bad(format!(
            "`batch` is {items}, 1 to {MOST_ITEMS} is accepted"
        )));
    }
    let cut_at = cuts(asked.segments, asked.cut_at, asked.batch)?;
    // Of a batch, and of segments, the process that commits knows what they cost.
    if asked.segments.is_none() && cut_at.is_empty() {
        one_circuit(&upload.summary)?;
        admit(
            &upload.summary.get("forecast").cloned().unwrap_or_default(),
            &app.config.limits,
        )?;
    }
    let wanted = Wanted {
        turn,
        body: job::digest(&["commit", sha256.as_str(), &digest]),
        request: JobRequest::Commit(Commit {
            model: sha256,
            calibration,
            held_out,
            batch: asked.batch,
            segments: asked.segments,
            cut_at,
            about,
            bindings,
        }),
        priority: asked.priority,
        not_after: None,
        forecast: json!(null),
        charge: None,
    };
    submit(&app, &caller, &headers, wanted).await
}

/// Where the model is cut, by name, if the request says so; whether what it says goes together.
fn cuts(segments: Option<u32>, cut_at: Option<Vec<String>>, batch: Option<u32>) -> Result<Vec<String>, ApiError> {
    if (segments.is_some() || cut_at.is_some()) && batch.is_some() {
        let field = if segments.is_some() { "segments" } else { "cut_at" };
        return Err(ApiError::bad(format!(
            "`{field}` is given with `batch`: batches are in one circuit"
        )));
    }
    let most = MAX_SEGMENTS as u32;
    match (segments, cut_at) {
        (Some(_), Some(_)) => Err(ApiError::bad(
            "`segments` and `cut_at` are both given; one says where the model is cut",
        )),
        (Some(segments), None) if !(2..=most).contains(&segments) => Err(ApiError::bad(format!(
            "`segments` is {segments}, 2 to {most} is accepted"
        ))),
        (None, Some(names)) if !(1..MAX_SEGMENTS).contains(&names.len()) => Err(ApiError::bad(format!(
            "`cut_at` has {} names, 1 to {} are accepted",
            names.len(),
            most - 1
        ))),
        (_, names) => Ok(names.unwrap_or_default()),
    }
}

/// Refuses a model that fits into no circuit.
fn one_circuit(summary: &Value) -> Result<(), ApiError> {
    match summary.get(SEGMENTS_ONLY) {
        None => Ok(()),
        Some(_) => Err(ApiError::Refused {
            code: "model-too-large".into(),
            message: "the model is too large for one circuit".into(),
            help: "commit it in segments: give `segments` or `cut_at`".into(),
            forecast: None,
        }),
    }
}

/// Names of an uploaded model's inputs, in their order.
async fn input_names(
    app: &App,
    tenant: &TenantId,
    sha256: &ObjectDigest,
    summary: &Value,
) -> Result<Vec<String>, ApiError> {
    let several = summary
        .get("input_shapes")
        .and_then(Value::as_array)
        .is_some_and(|shapes| shapes.len() > 1);
    let graph = match app.db.graph(tenant, sha256).await? {
        Some(graph) => graph,
        // Of one input nobody asks which.
        None if !several => return Ok(vec![]),
        None => return Err(ApiError::NoGraph),
    };
    let inputs = graph.get("inputs").and_then(Value::as_array).into_iter().flatten();
    let name = |input: &Value| {
        graph
            .get("values")?
            .get(usize::try_from(input.as_u64()?).ok()?)?
            .get("name")?
            .as_str()
    };
    Ok(inputs.filter_map(name).map(str::to_owned).collect())
}

/// How each input is bound; what is not said is public.
fn bindings(given: Option<PerInput<Binding>>, names: &[String]) -> Result<PerInput<Binding>, ApiError> {
    let each = |all: Binding| names.iter().map(move |name| (name.clone(), all));
    match given {
        Some(PerInput::Each(some)) => PerInput::Each(each(Binding::Public).chain(some).collect()).of("inputs", names),
        given => {
            let all = match given {
                Some(PerInput::Only(all)) => all,
                _ => Binding::default(),
            };
            match names {
                [] | [_] => Ok(PerInput::Only(all)),
                _ => Ok(PerInput::Each(each(all).collect())),
            }
        }
    }
}
