//! Everything that ends a request without what it asked for.

use super::ids::ObjectDigest;
use super::problem::{Problem, Room};
use super::tlog::stop::Stop;
use super::worker::retry::Cause;
use crate::error::CliError;
use axum::http::{header, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// Seconds after which a client that found no turn may try again.
const BUSY: u64 = 5;

/// Why a request was refused or could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("{reason}")]
    BadRequest { reason: String },
    #[error("others are being served")]
    Busy,
    #[error("a stored object is not what was stored")]
    Damaged(String),
    #[error("the database is damaged")]
    DatabaseDamaged(String),
    #[error("the bytes have the SHA-256 {got}, the address names {expected}")]
    DigestMismatch { expected: ObjectDigest, got: ObjectDigest },
    #[error("the job is {state}")]
    Finished { state: String },
    #[error("the key lacks the scope `{scope}`")]
    Forbidden { scope: &'static str },
    #[error("the Idempotency-Key was used for another request")]
    IdempotencyMismatch,
    #[error("it is used by {by}")]
    InUse { by: String },
    #[error("internal error")]
    Internal(String),
    #[error("the link was used, or is too old")]
    LinkOver,
    #[error("no checkpoint that was asked for includes it yet")]
    LogPending,
    #[error("the log signs nothing: {0}")]
    LogStopped(Stop),
    /// A row of the database names it.
    #[error("a stored object is missing")]
    Missing(String),
    #[error("the model was uploaded before the service kept graphs")]
    NoGraph,
    /// This machine's clock is far from the database's.
    #[error("the clock of a machine of the service is wrong")]
    ClockOff(String),
    /// The disk of this machine, of the database or of the object store.
    #[error("the disk is full")]
    NoSpace(String),
    #[error("no such {what}")]
    NotFound { what: &'static str },
    #[error("the job is {state}")]
    NotDone { state: String },
    #[error("{what}: {got}, the maximum is {maximum}")]
    Quota { what: &'static str, maximum: i64, got: i64 },
    #[error("too many requests")]
    RateLimited { retry_after: u64 },
    #[error("it was removed")]
    Removed,
    /// A refusal of the libraries, or of a job's admission.
    #[error("{message}")]
    Refused {
        code: String,
        message: String,
        help: String,
        forecast: Option<Value>,
    },
    #[error("{used} of {limit} bytes of storage are used, {asked} more are asked for")]
    Storage { used: i64, limit: i64, asked: i64 },
    #[error("more than {maximum} bytes")]
    TooLarge { maximum: u64 },
    #[error("a valid key is needed")]
    Unauthorized,
    #[error("storage is not available")]
    Unavailable(String),
    #[error("the object store is not that of the database")]
    WrongStore(String),
}

impl ApiError {
    /// Stable identifier.
    pub fn code(&self) -> &str {
        self.texts().1
    }

    #[rustfmt::skip]
    fn texts(&self) -> (u16, &str, &str) {
        match self {
            Self::BadRequest { .. } => (400, "bad-request", "compare the request with /openapi.json"),
            Self::Busy => (503, "busy", "try again after Retry-After"),
            Self::ClockOff(_) => (503, "clock-off", "the operator has to set it; the service's log says by how much it is off"),
            Self::Damaged(_) => (500, "object-damaged", "the operator has to restore it; the service's log names it"),
            Self::DatabaseDamaged(_) => (503, "database-damaged", "the operator has to restore it from a backup; the service's log says more"),
            Self::DigestMismatch { .. } => (409, "digest-mismatch", "upload the bytes under their own digest, as sha256sum prints it"),
            Self::Finished { .. } => (409, "already-finished", "a finished job cannot be cancelled"),
            Self::Forbidden { .. } => (403, "forbidden", "use a key with this scope; `provenn keys create` makes one"),
            Self::IdempotencyMismatch => (422, "idempotency-mismatch", "use a new Idempotency-Key for a new request"),
            Self::InUse { .. } => (409, "in-use", "remove what uses it first, or wait for the job to end or cancel it; what was published stays"),
            Self::Internal(_) => (500, "internal", "the service's log says more; please report it"),
            Self::LinkOver => (410, "link-over", "start the service again for a new link, or use the key in its file first.key"),
            Self::LogPending => (409, "log-pending", "ask again in a moment"),
            Self::LogStopped(_) => (503, "log-stopped", "the operator says how it goes on: `provenn log resume` or `provenn log renew`, see docs/runbook.md"),
            Self::Missing(_) => (503, "object-missing", "upload it again, if it was an upload; else the operator has to restore it, the service's log names it"),
            Self::NoGraph => (404, "no-graph", "upload the same file again: its graph is then read from it"),
            Self::NoSpace(_) => (503, "no-space", "the operator has to make room; try again then"),
            Self::NotFound { .. } => (404, "not-found", "check the identifier; each tenant sees its own objects only"),
            Self::NotDone { .. } => (409, "not-done", "follow the job's events until it is done"),
            Self::Quota { .. } => (429, "quota-exceeded", "wait for jobs to finish, or ask the operator for more"),
            Self::RateLimited { .. } => (429, "rate-limited", "send requests more slowly; Retry-After says when"),
            Self::Refused { code, help, .. } => (422, code, help),
            Self::Removed => (410, "removed", "ask for the same proof again; the log and the ledger still have the old one"),
            Self::Storage { .. } => (507, "storage-quota-exceeded", "delete what you no longer need, wait for what is being received, or ask the operator for more"),
            Self::TooLarge { .. } => (413, "upload-too-large", "send a smaller file, or ask the operator for a higher limit"),
            Self::Unauthorized => (401, "unauthorized", "send `Authorization: Bearer KEY` with a key that is not revoked"),
            Self::Unavailable(_) => (503, "unavailable", "try again in a moment"),
            Self::WrongStore(_) => (503, "wrong-store", "the operator has to configure the right one; the service's log names both"),
        }
    }

    /// What happened, for the operator: clients are told less.
    pub fn cause(&self) -> String {
        match self {
            Self::ClockOff(cause)
            | Self::Damaged(cause)
            | Self::DatabaseDamaged(cause)
            | Self::Internal(cause)
            | Self::Missing(cause)
            | Self::NoSpace(cause)
            | Self::Unavailable(cause)
            | Self::WrongStore(cause) => cause.clone(),
            other => other.to_string(),
        }
    }

    pub fn problem(&self) -> Problem {
        let (status, code, help) = self.texts();
        let mut problem = Problem::new(status, code, self.to_string(), help);
        if let Self::Refused { forecast, .. } = self {
            problem.forecast.clone_from(forecast);
        }
        if let Self::Storage { used, limit, asked } = *self {
            problem.storage = Some(Room { used, limit, asked });
        }
        problem
    }

    pub fn revoked(reason: &str) -> Self {
        Self::Refused {
            code: "model-revoked".into(),
            message: format!("the model was revoked: {reason}"),
            help: "use another version of the model; the registry shows them".into(),
            forecast: None,
        }
    }

    /// A NUL character, which PostgreSQL takes in no text.
    pub fn unstorable() -> Self {
        Self::bad("a text holds a character that cannot be stored")
    }

    pub fn bad(reason: impl Into<String>) -> Self {
        Self::BadRequest { reason: reason.into() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if matches!(
            &self,
            Self::ClockOff(_)
                | Self::Damaged(_)
                | Self::DatabaseDamaged(_)
                | Self::Internal(_)
                | Self::Missing(_)
                | Self::NoSpace(_)
                | Self::Unavailable(_)
                | Self::WrongStore(_)
        ) {
            tracing::error!(code = self.code(), cause = self.cause(), "request failed");
        }
        let problem = self.problem();
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        let headers = response.headers_mut();
        match self {
            Self::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Busy => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(BUSY));
            }
            Self::RateLimited { retry_after } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
            }
            _ => {}
        }
        response
    }
}

/// Whether a database refuses the statement itself, so that trying again gives the same. PostgreSQL: data, integrity, syntax; SQLite:
/// SQLITE_ERROR, SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, the last byte of longer codes.
fn of_statement(code: &str) -> bool {
    match code.len() {
        5 => ["22", "23", "42"].iter().any(|class| code.starts_with(class)),
        _ => code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 1 | 18..=20)),
    }
}

/// PostgreSQL's disk_full, and SQLITE_FULL.
fn full(code: &str) -> bool {
    matches!(code, "53100" | "13")
}

/// PostgreSQL's data_corrupted and index_corrupted, SQLITE_CORRUPT and SQLITE_NOTADB, the last byte of longer codes.
fn damaged(code: &str) -> bool {
    match code.len() {
        5 => matches!(code, "XX001" | "XX002"),
        _ => code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 11 | 26)),
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        let said = format!("database: {error}");
        match error.as_database_error().and_then(|e| e.code()) {
            Some(code) if full(&code) => Self::NoSpace(said),
            Some(code) if damaged(&code) => Self::DatabaseDamaged(said),
            // It came with the request.
            Some(code) if code == "22021" || code == "22P05" => Self::unstorable(),
            Some(code) if of_statement(&code) => Self::Internal(said),
            _ => Self::Unavailable(said),
        }
    }
}

/// What the system said, where that is what an error comes from.
fn of_disk(error: &(dyn std::error::Error + 'static)) -> Option<Cause> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return Some(Cause::of_io(error));
        }
        next = error.source();
    }
    None
}

impl From<object_store::Error> for ApiError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Missing(format!("object store: {error}")),
            error if of_disk(&error) == Some(Cause::NoSpace) => Self::NoSpace(format!("object store: {error}")),
            error => Self::Unavailable(format!("object store: {error}")),
        }
    }
}

impl From<std::io::Error> for ApiError {
    fn from(error: std::io::Error) -> Self {
        let said = format!("disk: {error}");
        match Cause::of_io(&error) {
            Cause::NoSpace => Self::NoSpace(said),
            _ => Self::Unavailable(said),
        }
    }
}

impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(format!("stored document: {error}"))
    }
}

/// What the libraries refuse about a request.
impl From<CliError> for ApiError {
    fn from(error: CliError) -> Self {
        let (code, _, help) = error.parts();
        Self::Refused {
            code: code.into(),
            message: error.whole(),
            help: help.into(),
            forecast: None,
        }
    }
}
