//! Proving, and the check before anything is published.

use super::cache::Public;
use super::process::Made;
use super::{Attempt, Stopped, Yield};
use crate::child::protocol::{Data, Work};
use crate::fail;
use crate::files::{self, MAX_RECEIPT};
use crate::policy::Asked;
use crate::server::agreed::Agreed;
use crate::server::bindings::{bindings, opened};
use crate::server::db::{Model, NewReceipt, Publication, Stored};
use crate::server::error::ApiError;
use crate::server::ids::{AgreementDigest, ModelId, ObjectDigest};
use crate::server::job::Proof;
use crate::server::labels::labels;
use crate::server::problem::Problem;
use crate::server::room::Quota;
use crate::server::store::Kind;
use crate::stage::Stage;
use provenn_verifier::{verify, Expectation, InferenceExpectation, InputBinding, StatementKind, Verdict, VerifyError};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Attempt<'_> {
    /// Proves; of a model in segments, runs it.
    pub(super) async fn proof(&self, asked: &Proof) -> Result<Yield, Stopped> {
        let (app, tenant) = (self.app, &self.job.tenant);
        let model = self.model(&asked.model).await?;
        app.db.usable(&model.tenant, &model.id).await?;
        let temporary = app.temporary()?;
        let at = |name: &str| temporary.path().join(name);
        if let Some(under) = &asked.under {
            app.db.agreement(tenant, &under.agreement).await?.in_force()?;
        }
        let labels = labels(app, tenant, asked.labels.as_ref()).await?;
        let policy = asked.policy.labelled(labels.as_deref()).map_err(ApiError::from)?;
        let mut inputs = self.data(&asked.inputs, &at("input")).await?;
        for (n, (data, (name, sha256))) in inputs.iter_mut().zip(asked.inputs.iter()).enumerate() {
            if !model.commits_to(name) {
                continue;
            }
            data.opening = true;
            // Whoever committed to it gave the opening, or the service makes one of the sample.
            if opened(app, tenant, &model, (name, sha256)).await?.is_none() {
                let sample = Data {
                    opening: false,
                    ..data.clone()
                };
                let ((_, blob), _) = self.open(&model, sha256, &sample).await?;
                data.path = at(&format!("opening.{n}"));
                app.store.fetch(tenant, Kind::Private, &blob, &data.path).await?;
            }
        }
        fail::point("before-spawn");
        let folder = app.models.folder(&app.store, &model).await?;
        let made = self
            .child(Work::Prove {
                folder: folder.path().into(),
                srs_id: model.parameters_id(),
                inputs,
                policy: policy.clone(),
                audience: asked.audience.clone(),
                nonce: asked.nonce,
                not_after: asked.not_after,
                out: at("receipt"),
            })
            .await?;
        drop(folder);
        if model.segments() > 0 {
            return self.ran(&model, &at("receipt"), made).await.map(Yield::Run);
        }
        self.to_be_checked().await?;
        let public = app.models.public(&app.store, &model).await?;
        let receipt = files::read(&at("receipt"), MAX_RECEIPT).map_err(|e| Stopped::Died(e.parts().1.into()))?;
        let of = (asked, &policy);
        self.inferred(&model, of, receipt, &public, &made)
            .await
            .map(Yield::Result)
    }

    /// Stores the receipt of an inference that is exactly what was asked for.
    pub(super) async fn inferred(
        &self,
        model: &Model,
        (asked, policy): (&Proof, &Asked),
        receipt: Vec<u8>,
        public: &Arc<Public>,
        made: &Made,
    ) -> Result<Publication, Stopped> {
        let (app, tenant) = (self.app, &self.job.tenant);
        let inputs = bindings(app, tenant, model, &asked.inputs, &public.description).await?;
        let expectation = self.expectation((asked, policy), public, inputs)?;
        let (receipt, verdict) = {
            let public = public.clone();
            checked(receipt, move |bytes| {
                verify(bytes, &public.card, &public.srs, &expectation)
            })
            .await?
        };
        if let Some(under) = &asked.under {
            let agreed = Agreed::load(app, tenant, under.clone()).await?;
            agreed.check(&verdict, public, app.now())?;
        }
        let agreement = asked.under.as_ref().map(|under| under.agreement.clone());
        self.receipt(model.id.clone(), agreement, receipt, made).await
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
        agreement: Option<AgreementDigest>,
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
            stored: Stored::Receipt(NewReceipt {
                subject,
                blob,
                bytes,
                agreement,
            }),
            objects: vec![object],
            peak_bytes: made.peak_bytes,
            cpu_ms: made.cpu_ms,
        })
    }

    /// What the receipt has to state: exactly what was asked for.
    fn expectation(
        &self,
        (asked, policy): (&Proof, &Asked),
        public: &Public,
        inputs: BTreeMap<u32, InputBinding>,
    ) -> Result<Expectation, Stopped> {
        let description = &public.description;
        Ok(Expectation {
            statements: Some(vec![StatementKind::Inference]),
            inference: InferenceExpectation {
                policy: Some(policy.of(description)?),
                inputs,
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

/// The bytes of a receipt that verifies, and the verdict.
pub(super) async fn checked<V>(bytes: Vec<u8>, verify: V) -> Result<(Vec<u8>, Verdict), Stopped>
where
    V: FnOnce(&[u8]) -> Result<Verdict, VerifyError> + Send + 'static,
{
    let check = tokio::task::spawn_blocking(move || {
        let verified = verify(&bytes);
        (bytes, verified)
    });
    match check.await {
        Ok((bytes, Ok(verdict))) => Ok((bytes, verdict)),
        Ok((_, Err(error))) => Err(wrong_receipt(error.code())),
        Err(error) => Err(Stopped::Died(error.to_string())),
    }
}

/// What the prover made does not verify.
pub(super) fn wrong_receipt(code: &str) -> Stopped {
    tracing::error!(code, "the prover made a wrong receipt; it is not published");
    Stopped::Failed(Box::new(Problem::new(
        500,
        "wrong-receipt",
        "the prover made a receipt that does not verify",
        "please report this",
    )))
}
