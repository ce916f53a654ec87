//! The transparency log, for everybody. `checkpoint` and tiles lie where C2SP `tlog-tiles` wants them, below the root.

pub mod cosignatures;

use super::http::body;
use super::http::headers::file;
use crate::server::api::http::id::named;
use crate::server::error::ApiError;
use crate::server::ids::ObjectDigest;
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::server::tlog::{cosigned, count, proofs, tile};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{header, HeaderName};
use axum::response::IntoResponse;
use axum::Json;
use provenn_verifier::tlog::{ConsistencyProof, InclusionProof};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const TEXT: (HeaderName, &str) = (header::CONTENT_TYPE, "text/plain; charset=utf-8");

/// The log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogView {
    /// Public key, as `provenn log` takes it. Whoever relies on the log gets it from a source of their own.
    key: String,
    /// Entries under the signed checkpoint.
    size: i64,
    /// Entries that the next checkpoint will add.
    pending: i64,
    /// Whether it signs nothing until the operator says how it goes on.
    stopped: bool,
    /// Keys that it had before, the first first.
    earlier: Vec<EarlierView>,
}

/// A key that the log had before. What it signed stays signed; it signs nothing more.
#[derive(Debug, Serialize, ToSchema)]
pub struct EarlierView {
    key: String,
    /// The newest note that it is known to have signed; empty if there is none.
    checkpoint: String,
    /// When another key took its place, in milliseconds since 1970.
    ended: i64,
}

/// Key and size of the log.
#[utoipa::path(get, path = "/v1/log", tag = "log", responses(
    (status = 200, body = LogView),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
    (status = "5XX", body = Problem, content_type = "application/problem+json"),
))]
pub async fn get_log(State(app): State<App>) -> Result<Json<LogView>, ApiError> {
    let head = app.db.log_head().await?;
    let earlier = app.db.log_keys().await?.into_iter().map(|old| EarlierView {
        key: old.key,
        checkpoint: old.checkpoint,
        ended: old.ended,
    });
    Ok(Json(LogView {
        stopped: head.stopped.is_some(),
        earlier: earlier.collect(),
        key: head.key,
        size: head.size,
        pending: head.entries - head.size,
    }))
}

/// Who has to have seen a checkpoint.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct Seen {
    /// Of the checkpoints that so many known witnesses cosigned, the newest one; by default the newest of all.
    witnesses: u8,
}

/// The newest checkpoint: a signed note, with the cosignatures of known witnesses that were brought.
#[utoipa::path(get, path = "/checkpoint", tag = "log", params(Seen), responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
    (status = "5XX", body = Problem, content_type = "application/problem+json"),
))]
pub async fn checkpoint(
    State(app): State<App>,
    seen: Result<Query<Seen>, QueryRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let Query(seen) = seen.map_err(|e| body::query(&e))?;
    let head = app.db.log_head().await?;
    if head.checkpoint.is_empty() {
        return Err(ApiError::Unavailable("the log has no checkpoint yet".into()));
    }
    let (_, note) = cosigned::newest(&app, &head, seen.witnesses.into(), 0).await?;
    Ok(([TEXT, (header::CACHE_CONTROL, "no-cache")], note))
}

/// A tile of hashes or entries. OpenAPI has no words for addresses of varying depth, so this one is not in the document.
pub async fn get_tile(State(app): State<App>, Path(address): Path<String>) -> Result<impl IntoResponse, ApiError> {
    let bytes = tile(&app, &address).await?.ok_or(ApiError::NotFound { what: "tile" })?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, bytes))
}

/// That a card or a receipt is in the log: path and signed checkpoint, to be checked offline (C2SP `tlog-proof`).
#[utoipa::path(get, path = "/v1/log/proofs/{sha256}", tag = "log",
    params(("sha256" = String, Path, pattern = "^[0-9a-f]{64}$", description = "SHA-256 of the card or the receipt"), Seen),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 409, description = "A later checkpoint will include it", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_inclusion(
    State(app): State<App>,
    Path(sha256): Path<String>,
    seen: Result<Query<Seen>, QueryRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let Query(seen) = seen.map_err(|e| body::query(&e))?;
    let sha256 = named::<ObjectDigest>(&sha256, "entry")?;
    let proof = inclusion(&app, &sha256, seen.witnesses.into()).await?;
    Ok((file(TEXT.1, sha256.as_str(), "tlog-proof"), proof.to_text()))
}

/// That an entry is in the log, under a checkpoint that so many witnesses have seen.
///
/// # Errors
/// There is no such entry, or no such checkpoint includes it.
pub async fn inclusion(app: &App, sha256: &ObjectDigest, witnesses: usize) -> Result<InclusionProof, ApiError> {
    let entry = app.db.log_entry(sha256).await?;
    let (index, _) = entry.ok_or(ApiError::NotFound { what: "entry" })?;
    let head = app.db.log_head().await?;
    if index >= count(head.size)? {
        return Err(ApiError::LogPending);
    }
    let (size, checkpoint) = cosigned::newest(app, &head, witnesses, index + 1).await?;
    Ok(InclusionProof {
        extra: vec![],
        index,
        path: proofs::inclusion(app, index, size).await?,
        checkpoint,
    })
}

/// Two sizes of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    /// Entries of the older tree.
    old: u64,
    /// Entries of the newer tree, at most those under the checkpoint.
    new: u64,
}

/// That the log only grew between two sizes.
#[utoipa::path(get, path = "/v1/log/consistency", tag = "log", params(Sizes), responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
    (status = "5XX", body = Problem, content_type = "application/problem+json"),
))]
pub async fn get_consistency(
    State(app): State<App>,
    sizes: Result<Query<Sizes>, QueryRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let Query(Sizes { old, new }) = sizes.map_err(|e| body::query(&e))?;
    let size = count(app.db.log_head().await?.size)?;
    if old > new || new > size {
        return Err(ApiError::bad(format!("old <= new <= {size} is expected")));
    }
    let proof = ConsistencyProof {
        old,
        new,
        path: proofs::consistency(&app, old, new).await?,
    };
    Ok(([TEXT], proof.to_text()))
}
