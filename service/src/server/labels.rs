//! Uploaded labels or groups of the items of a batch.

use super::agreed::bytes;
use super::api::inputs::form::Form;
use super::error::ApiError;
use super::ids::{ObjectDigest, TenantId};
use super::state::App;
use crate::data::labels;

/// Those of an upload, if a request names one.
///
/// # Errors
/// [`ApiError::NotFound`] of one that is not there, or of another form; storage.
pub async fn labels(app: &App, tenant: &TenantId, sha256: Option<&ObjectDigest>) -> Result<Option<Vec<u32>>, ApiError> {
    let Some(sha256) = sha256 else { return Ok(None) };
    let file = bytes(app, tenant, sha256, (Form::Labels, "labels")).await?;
    let read = tokio::task::spawn_blocking(move || labels::parse(&file));
    Ok(Some(read.await.map_err(|e| ApiError::Internal(e.to_string()))??))
}
