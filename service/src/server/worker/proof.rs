//! Proving, and the check before anything is published.

use super::cache::Public;
use super::process::Made;
use super::{Attempt, Stopped};
use crate::bytes::hex32;
use crate::child::protocol::{Data, Work};
use crate::data::sample;
use crate::fail;
use crate::files::{self, MAX_RECEIPT};
use crate::server::db::{Publication, Stored};
use crate::server::error::ApiError;
use crate::server::ids::{ModelId, ObjectDigest};
use crate::server::job::Proof;
use crate::server::problem::Problem;
use crate::server::room::Quota;
use crate::server::store::Kind;
use crate::stage::Stage;
use provenn_verifier::{verify, Expectation, InferenceExpectation, InputBinding, StatementKind, VerifyError};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

impl Attempt<'_> {
    pub(super) async fn proof(&self, asked: &Proof) -> Result<Publication, Stopped> {
        let (app, tenant) = (self.app, &self.job.tenant);
        let model = self.model(&asked.model).await?;
        app.db.usable(&model.tenant, &model.id).await?;
        let temporary = app.temporary()?;
        let at = |name: &str| temporary.path().join(name);
        let mut inputs = self.data(&asked.inputs, &at("input")).await?;
        let mut shown = Vec::new();
        for (data, (name, sha256)) in inputs.iter_mut().zip(asked.inputs.iter()) {
            let mut points = None;
            if model.commits_to(name) {
                let ((opened, blob), _) = self.open(&model, sha256, data).await?;
                let opening = data.path.with_extension("opening");
                app.store.fetch(tenant, Kind::Private, &blob, &opening).await?;
                (data.opening, points) = (Some(opening), Some(opened));
            }
            shown.push(points);
        }
        fail::point("before-spawn");
        let folder = app.models.folder(&app.store, &model).await?;
        let made = self
            .child(Work::Prove {
                folder: folder.path().into(),
                srs_id: model.files.get("parameters_id").cloned().unwrap_or_default(),
                inputs: inputs.clone(),
                policy: asked.policy.clone(),
                audience: asked.audience.clone(),
                nonce: asked.nonce,
                not_after: asked.not_after,
                out: at("receipt"),
            })
            .await?;
        drop(folder);
        self.to_be_checked().await?;
        let public = app.models.public(&app.store, &model).await?;
        let expectation = self.expectation(asked, &public, &inputs, shown)?;
        let receipt = checked(&at("receipt"), move |bytes| {
            verify(bytes, &public.card, &public.srs, &expectation).map(drop)
        })
        .await?;
        self.receipt(model.id, receipt, &made).await
    }

    /// The prover is done: what it made is checked next.
    pub(super) async fn to_be_checked(&self) -> Result<(), Stopped> {
        fail::point("before-verify");
        self.reached(Stage::Check).await
    }

    /// Stores a receipt that verifies.
    pub(super) async fn receipt(
        &self,
        subject: ModelId,
        receipt: Vec<u8>,
        made: &Made,
    ) -> Result<Publication, Stopped> {
        fail::point("after-verify");
        let (length, name) = (receipt.len(), ObjectDigest::of(&receipt));
        let object = self.room(Kind::Receipt, &name, length as u64, Quota::Beyond).await?;
        let blob = self.app.store.put(&self.job.tenant, Kind::Receipt, receipt).await?;
        fail::point("after-store-receipt");
        let bytes = i64::try_from(length).unwrap_or(i64::MAX);
        Ok(Publication {
            result: json!({ "receipt_sha256": blob, "receipt_bytes": bytes }),
            stored: Stored::Receipt { subject, blob, bytes },
            objects: vec![object],
            peak_bytes: made.peak_bytes,
            cpu_ms: made.cpu_ms,
        })
    }

    /// What the receipt has to state: exactly what was asked for.
    fn expectation(
        &self,
        asked: &Proof,
        public: &Public,
        inputs: &[Data],
        shown: Vec<Option<Vec<String>>>,
    ) -> Result<Expectation, Stopped> {
        let description = &public.description;
        let decode = |points: Vec<String>| points.iter().map(|point| hex32(point)).collect::<Result<Vec<_>, _>>();
        let mut bindings = BTreeMap::new();
        for (data, points) in inputs.iter().zip(shown) {
            let (index, elements) = sample::single(data.source(), description)?;
            let binding = match points.map(decode).transpose().map_err(ApiError::Internal)? {
                None => InputBinding::Public {
                    values: sample::quantize(&elements, description, index),
                },
                Some(points) => InputBinding::Committed { points },
            };
            bindings.insert(u32::try_from(index).unwrap_or(u32::MAX), binding);
        }
        Ok(Expectation {
            statements: Some(vec![StatementKind::Inference]),
            inference: InferenceExpectation {
                policy: Some(asked.policy.of(description)?),
                inputs: bindings,
                ..InferenceExpectation::default()
            },
            audience: Some(asked.audience.clone()),
            nonce: Some(asked.nonce.0),
            now: u64::try_from(self.app.now() / 1000).ok(),
            accept_dev: true,
            ..Expectation::default()
        })
    }
}

/// The bytes of a receipt that verifies.
pub(super) async fn checked<V>(path: &Path, verify: V) -> Result<Vec<u8>, Stopped>
where
    V: FnOnce(&[u8]) -> Result<(), VerifyError> + Send + 'static,
{
    let bytes = files::read(path, MAX_RECEIPT).map_err(|e| Stopped::Died(e.parts().1.into()))?;
    let check = tokio::task::spawn_blocking(move || {
        let verified = verify(&bytes);
        (bytes, verified)
    });
    match check.await {
        Ok((bytes, Ok(()))) => Ok(bytes),
        Ok((_, Err(error))) => {
            tracing::error!(
                code = error.code(),
                "the prover made a wrong receipt; it is not published"
            );
            Err(Stopped::Failed(Box::new(Problem::new(
                500,
                "wrong-receipt",
                "the prover made a receipt that does not verify",
                "please report this",
            ))))
        }
        Err(error) => Err(Stopped::Died(error.to_string())),
    }
}
