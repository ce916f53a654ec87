//! Errors of jobs and requests as documents: RFC 9457, with the `code` that the command line shows too.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:provenn:error:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    /// HTTP status.
    pub status: u16,
    pub detail: String,
    /// Stable identifier of the error.
    pub code: String,
    /// What the reader can do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// Forecast of the refused job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub forecast: Option<Value>,
    /// Bytes of the tenant that left no room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Room>,
}

/// A tenant's bytes, and what was asked for beyond them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StorageRoom)]
pub struct Room {
    /// Stored and reserved.
    pub used: i64,
    pub limit: i64,
    pub asked: i64,
}

impl Problem {
    pub fn new(status: u16, code: &str, detail: impl Into<String>, help: &str) -> Self {
        Self {
            kind: format!("urn:provenn:error:{code}"),
            title: code.replace('-', " "),
            status,
            detail: detail.into(),
            code: code.into(),
            help: help.into(),
            forecast: None,
            storage: None,
        }
    }
}
