//! Upload of a model.

use crate::child::protocol::{Start, Work};
use crate::child::work::GRAPH;
use crate::names::names;
use crate::server::api::http::body::{digest, Arriving, Bytes};
use crate::server::api::keep::{keep, repair, Beside, Checked};
use crate::server::auth::Caller;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::room::address;
use crate::server::state::App;
use crate::server::store::Kind;
use crate::server::worker::retry::Cause;
use crate::server::worker::{process, Stopped};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::Json;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::time::Duration;

const NAME: &str = "model.onnx";
/// Memory and time for reading an uploaded model; more than any model within the limits takes.
const MEMORY: u64 = 4 << 30;
const SECONDS: u64 = 60;
/// Answers to others come before it, and it has as much weight as proofs.
const NICE: i32 = 19;

/// Uploads an ONNX file under its SHA-256. The file is read in a process of its own before it is kept.
#[utoipa::path(put, path = "/v1/models/{id}", tag = "models", security(("key" = ["upload"])),
    params(("id" = String, Path, pattern = "^[0-9a-f]{64}$", description = "Digest of the bytes, as sha256sum prints it")),
    request_body(content = inline(Bytes), content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "Stored: what the model is and what a proof would cost", body = Object),
        (status = 200, description = "Was stored before", body = Object),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn put_model(
    State(app): State<App>,
    caller: Caller,
    Path(sha256): Path<String>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    caller.needs(Scope::Upload)?;
    let sha256 = digest(&sha256)?;
    let arriving = Arriving::new(
        &app,
        address(&caller.tenant, Kind::Model, &sha256),
        body,
        app.config.limits.model_bytes,
    )
    .await?;
    let temporary = app.temporary()?;
    let path = temporary.path().join(NAME);
    let (bytes, mut room) = arriving.file(&path).await?;
    let known = app.db.upload(&caller.tenant, "model", &sha256).await?;
    if let Some(known) = &known {
        repair(&app, &caller.tenant, Kind::Model, &sha256, (&path, bytes)).await?;
        if app.db.graph(&caller.tenant, &sha256).await?.is_some() {
            return Ok((StatusCode::OK, Json(known.summary.clone())));
        }
    }
    let start = Start {
        work: Work::Inspect {
            model: path.clone(),
            compile: true,
        },
        memory_bytes: MEMORY.min(app.config.limits.prover_memory_bytes),
        cpu_seconds: SECONDS,
        nice: NICE,
    };
    let _turn = app.inspections.take(&Client::Tenant(caller.tenant.clone())).await?;
    let made = process::run(&app, &start, Duration::from_secs(SECONDS), None).await;
    let mut summary = made.map_err(refusal)?.result;
    names(&mut summary);
    let graph = match summary.as_object_mut().and_then(|all| all.remove(GRAPH)) {
        // Whether it is JSON, without keeping what it says.
        Some(Value::String(graph)) if serde_json::from_str::<IgnoredAny>(&graph).is_ok() => graph,
        _ => return Err(ApiError::Internal("the reader of a model drew no graph".into())),
    };
    if let Some(known) = known {
        // Uploaded before graphs were kept.
        app.db.add_graph(&caller.tenant, &sha256, &graph).await?;
        return Ok((StatusCode::OK, Json(known.summary)));
    }
    within(&summary, "nodes", app.config.limits.model_nodes)?;
    within(&summary, "parameters", app.config.limits.model_parameters)?;
    within(&summary, "macs", app.config.limits.model_macs)?;
    let beside = Beside::Graph(graph);
    let all = bytes.saturating_add(beside.bytes());
    room.hold(all, all).await?;
    let upload = Checked {
        tenant: caller.tenant,
        kind: Kind::Model,
        sha256,
        bytes,
        room,
        folder: temporary,
        name: NAME,
        summary: summary.clone(),
        beside: Some(beside),
    };
    keep(&app, upload).await?;
    Ok((StatusCode::CREATED, Json(summary)))
}

/// Why a file is no usable model.
fn refusal(stopped: Stopped) -> ApiError {
    match stopped {
        Stopped::Failed(problem) | Stopped::Refused(problem) => ApiError::Refused {
            code: problem.code,
            message: problem.detail,
            help: problem.help,
            forecast: None,
        },
        // The reader died of this file: nobody should try it again.
        Stopped::Died(cause) => {
            tracing::warn!(cause, "reading an uploaded model");
            ApiError::Refused {
                code: "model-unreadable".into(),
                message: "reading the model failed".into(),
                help: "check the file with onnx.checker.check_model".into(),
                forecast: None,
            }
        }
        Stopped::Faulty(Cause::NoSpace, cause) => ApiError::NoSpace(cause),
        Stopped::Faulty(_, cause) => ApiError::Unavailable(cause),
        Stopped::Lost => ApiError::Internal("an upload has no lease".into()),
    }
}

fn within(summary: &Value, field: &'static str, maximum: u64) -> Result<(), ApiError> {
    match summary.get(field).and_then(Value::as_u64) {
        Some(got) if got > maximum => Err(ApiError::Refused {
            code: "model-too-large".into(),
            message: format!("the model has {got} {field}, at most {maximum} are accepted"),
            help: "use a smaller model, or ask the operator for a higher limit".into(),
            forecast: summary.get("forecast").cloned(),
        }),
        _ => Ok(()),
    }
}
