//! A receipt with everything that a verdict about it needs, in one file.

use crate::server::agreed::Agreed;
use crate::server::api::http::body::Bytes;
use crate::server::api::http::headers::{file, BYTES};
use crate::server::api::http::id::named;
use crate::server::api::log::inclusion;
use crate::server::api::proofs::receipt;
use crate::server::auth::Caller;
use crate::server::error::ApiError;
use crate::server::ids::{JobId, ObjectDigest};
use crate::server::job::{JobRequest, Kinds};
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::server::store::Kind;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use provenn_verifier::bundle::MAX_BUNDLE;
use provenn_verifier::{Bundle, BundledReceipt};

/// The receipt of an inference with card, SRS key, and the log's proofs of card and receipt where it has signed them: as `provenn bundle` writes it.
///
/// Of a receipt under an agreement this and the parties' signatures of inputs go with it. A bundle has no place for a graph: the receipt of a colouring comes alone.
#[utoipa::path(get, path = "/v1/proofs/{id}/bundle", tag = "proofs", security(("key" = ["read"])),
    params(("id" = String, Path)),
    responses(
        (status = 200, body = inline(Bytes), content_type = "application/octet-stream"),
        (status = 409, description = "Not done", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_bundle(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    caller.needs(Scope::Read)?;
    let id: JobId = named(&id, "proof")?;
    let missing = ApiError::NotFound { what: "proof" };
    let job = app.db.job(&caller.tenant, Kinds::Receipts, &id).await?.ok_or(missing)?;
    let JobRequest::Proof(asked) = JobRequest::stored(&job.kind, &job.request)? else {
        return Err(ApiError::NotFound { what: "bundle" });
    };
    let sha256 = receipt::of(&app, &caller, &id).await?;
    let model = app.db.model(&caller.tenant, &asked.model).await?;
    let model = model.ok_or(ApiError::NotFound { what: "model" })?;
    let agreed = match &asked.under {
        Some(under) => Agreed::files(&app, &caller.tenant, under).await?,
        None => None,
    };
    let (agreement, input_signatures) =
        agreed.map_or((None, vec![]), |files| (Some(files.agreement), files.signatures));
    let bundle = Bundle {
        card: app.models.card(&app.store, &model).await?,
        srs: app.models.public(&app.store, &model).await?.srs.to_bytes(),
        card_log_proof: logged(&app, &model.card_sha256()).await?,
        signature: None,
        receipts: vec![BundledReceipt {
            receipt: app.store.get(&caller.tenant, Kind::Receipt, &sha256).await?,
            log_proof: logged(&app, &sha256).await?,
        }],
        state: None,
        agreement,
        input_signatures,
    };
    let bytes = bundle.to_bytes();
    match bytes.len() <= MAX_BUNDLE {
        true => Ok((file(BYTES, id.as_str(), "bundle"), bytes)),
        false => Err(ApiError::TooLarge {
            maximum: MAX_BUNDLE as u64,
        }),
    }
}

/// The log's proof of an entry, if it has signed that.
async fn logged(app: &App, sha256: &ObjectDigest) -> Result<Option<String>, ApiError> {
    match inclusion(app, sha256, 0).await {
        Ok(proof) => Ok(Some(proof.to_text())),
        Err(ApiError::LogPending | ApiError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
