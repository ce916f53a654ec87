//! Reasons that everybody can read.

use crate::server::error::ApiError;
use provenn_verifier::text::{is_printable, printable};

/// Longest reason.
const MAX_REASON: usize = 500;

/// A reason as it is given, if it can be shown.
///
/// # Errors
/// [`ApiError::BadRequest`].
pub fn reason(text: &str) -> Result<&str, ApiError> {
    if text.is_empty() || text.len() > MAX_REASON {
        return Err(ApiError::bad(format!(
            "a reason has 1 to {MAX_REASON} bytes, this one has {}",
            text.len()
        )));
    }
    match is_printable(text) {
        true => Ok(text),
        false => {
            let shown = printable(text);
            Err(ApiError::bad(format!(
                "a reason has no invisible characters, line breaks included: {shown}"
            )))
        }
    }
}
