//! What every request must not hold, and what every answer says.

use crate::server::error::ApiError;
use axum::extract::Request;
use axum::http::{header, HeaderName, HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// No browser takes an answer for another kind than it says, and nobody keeps one that does not say how long.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = match nul(request.uri()) {
        true => ApiError::bad("the address holds a NUL character").into_response(),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// No identifier has one, and PostgreSQL takes no text with it. An address has it in this form only.
fn nul(address: &Uri) -> bool {
    address.path_and_query().is_some_and(|all| all.as_str().contains("%00"))
}

/// Headers of bytes to be kept as a file, under a name with an ending of ours.
pub fn file(kind: &'static str, stem: &str, ending: &str) -> [(HeaderName, String); 2] {
    // Of the characters of identifiers and published names, whatever the stem is.
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let stem: String = stem.chars().filter(plain).take(LONGEST).collect();
    [
        (header::CONTENT_TYPE, kind.into()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{stem}.{ending}\""),
        ),
    ]
}

/// Of a stem; a digest is told by fewer characters.
const LONGEST: usize = 80;

/// Content type of canonical bytes.
pub const BYTES: &str = "application/octet-stream";
