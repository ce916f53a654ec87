//! How receipts bind uploaded inputs.

use super::api::inputs::form::{Form, OpeningSummary};
use super::db::Model;
use super::error::ApiError;
use super::ids::{ObjectDigest, TenantId};
use super::inputs::PerInput;
use super::state::App;
use super::store::Kind;
use crate::bytes::hex32;
use crate::data::{sample, source::Source};
use crate::error::CliError;
use provenn_prover::commit::Description;
use provenn_verifier::InputBinding;
use std::collections::BTreeMap;

/// What is known of an input that was uploaded as its opening; none of one that is a sample.
///
/// # Errors
/// There is no such upload; it opens another input of the model, or one that receipts show.
pub async fn opened(
    app: &App,
    tenant: &TenantId,
    model: &Model,
    (name, sha256): (Option<&str>, &ObjectDigest),
) -> Result<Option<OpeningSummary>, ApiError> {
    let upload = app.db.upload(tenant, "input", sha256).await?;
    let upload = upload.ok_or(ApiError::NotFound { what: "input" })?;
    if !Form::Opening.is_of(&upload.summary) {
        return Ok(None);
    }
    let summary: OpeningSummary = serde_json::from_value(upload.summary)?;
    if !model.commits_to(name) {
        return Err(ApiError::bad("an opening is uploaded of an input that receipts show"));
    }
    match summary.name.as_deref() == name {
        true => Ok(Some(summary)),
        false => Err(ApiError::bad(format!(
            "the upload {sha256} opens another input of the model"
        ))),
    }
}

/// The bindings by the index of the input. One that is committed to by nobody yet is not among them.
///
/// # Errors
/// An upload that does not fit the model; storage.
pub async fn bindings(
    app: &App,
    tenant: &TenantId,
    model: &Model,
    inputs: &PerInput<ObjectDigest>,
    description: &Description,
) -> Result<BTreeMap<u32, InputBinding>, ApiError> {
    let mut bindings = BTreeMap::new();
    for (name, sha256) in inputs.iter() {
        let index = name.map_or(Ok(0), |name| description.input(name).map_err(CliError::from))?;
        let binding = match model.commits_to(name) {
            false => Some(shown(app, tenant, (name, sha256), description).await?),
            true => committed(app, tenant, model, (name, sha256)).await?,
        };
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        bindings.extend(binding.map(|binding| (index, binding)));
    }
    Ok(bindings)
}

async fn committed(
    app: &App,
    tenant: &TenantId,
    model: &Model,
    (name, sha256): (Option<&str>, &ObjectDigest),
) -> Result<Option<InputBinding>, ApiError> {
    let points = match opened(app, tenant, model, (name, sha256)).await? {
        Some(opened) => Some(opened.points),
        None => {
            let of = (&model.id, sha256, name.unwrap_or_default());
            app.db.opening(tenant, of).await?.map(|(points, _)| points)
        }
    };
    let decode = |points: Vec<String>| points.iter().map(|point| hex32(point)).collect::<Result<Vec<_>, _>>();
    let points = points.map(decode).transpose().map_err(ApiError::Internal)?;
    Ok(points.map(|points| InputBinding::Committed { points }))
}

async fn shown(
    app: &App,
    tenant: &TenantId,
    (name, sha256): (Option<&str>, &ObjectDigest),
    description: &Description,
) -> Result<InputBinding, ApiError> {
    let temporary = app.temporary()?;
    let path = temporary.path().join("input");
    app.store.fetch(tenant, Kind::Input, sha256, &path).await?;
    let (input, description) = (name.map(str::to_owned), description.clone());
    let values = tokio::task::spawn_blocking(move || {
        let (index, elements) = sample::single(Source::Path { input, path }, &description)?;
        Ok::<_, CliError>(sample::quantize(&elements, &description, index))
    });
    let values = values.await.map_err(|e| ApiError::Internal(e.to_string()))??;
    drop(temporary);
    Ok(InputBinding::Public { values })
}
