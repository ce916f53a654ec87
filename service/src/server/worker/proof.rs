//! Proving, and the check before anything is published.

use super::cache::{size, Public};
use super::{Attempt, Stopped};
use crate::bytes::{hex, hex32};
use crate::child::protocol::Work;
use crate::fail;
use crate::files::{self, MAX_RECEIPT};
use crate::policy::Asked;
use crate::sample;
use crate::server::db::{Publication, State, Stored};
use crate::server::error::ApiError;
use crate::server::problem::Problem;
use crate::server::room::Quota;
use crate::server::store::Kind;
use provenn_verifier::policy::PolicyError;
use provenn_verifier::{verify, Expectation, InferenceExpectation, InputBinding, StatementKind};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;

impl Attempt<'_> {
    pub(super) async fn proof(&self) -> Result<Publication, Stopped> {
        let (app, tenant) = (self.app, &self.job.tenant);
        let model = self.model().await?;
        app.db.usable(&model.tenant, &model.id).await?;
        let temporary = app.temporary()?;
        let at = |name: &str| temporary.path().join(name);
        app.store
            .fetch(tenant, Kind::Input, self.text("input"), &at("input"))
            .await?;
        let mut opening = None;
        let mut points = None;
        if model.committed_input() {
            let ((shown, blob), _) = self.open(&model, &at("input"), temporary.path()).await?;
            app.store.fetch(tenant, Kind::Private, &blob, &at("opening")).await?;
            (opening, points) = (Some(at("opening")), Some(shown));
        }
        fail::point("before-spawn");
        let folder = app.models.folder(&app.store, &model).await?;
        let made = self
            .child(Work::Prove {
                folder: folder.path().into(),
                srs_id: model.files.get("parameters_id").cloned().unwrap_or_default(),
                input: at("input"),
                opening,
                policy: self.text("policy").into(),
                audience: self.text("audience").into(),
                nonce: self.text("nonce").into(),
                not_after: self.not_after(),
                out: at("receipt"),
            })
            .await?;
        drop(folder);
        fail::point("before-verify");
        self.reached(State::Verifying, "check").await?;
        let public = app.models.public(&app.store, &model).await?;
        let expectation = self.expectation(&public, &at("input"), points)?;
        let receipt = checked(public, at("receipt").as_path(), expectation).await?;
        fail::point("after-verify");
        let (bytes, name) = (size(&at("receipt")), hex(&Sha256::digest(&receipt)));
        let object = self
            .room(Kind::Receipt, &name, receipt.len() as u64, Quota::Beyond)
            .await?;
        let blob = app.store.put(tenant, Kind::Receipt, receipt).await?;
        fail::point("after-store-receipt");
        Ok(Publication {
            result: json!({ "receipt_sha256": blob, "receipt_bytes": bytes }),
            stored: Stored::Receipt {
                model: model.id,
                blob,
                bytes,
            },
            objects: vec![object],
            peak_bytes: made.peak_bytes,
            cpu_ms: made.cpu_ms,
        })
    }

    fn not_after(&self) -> u64 {
        self.job.request.get("not_after").and_then(Value::as_u64).unwrap_or(0)
    }

    /// What the receipt has to state: exactly what was asked for.
    fn expectation(&self, public: &Public, input: &Path, points: Option<Vec<String>>) -> Result<Expectation, Stopped> {
        let description = &public.description;
        let policy: Asked = self
            .text("policy")
            .parse()
            .map_err(|e: PolicyError| ApiError::bad(e.to_string()))?;
        let values = sample::quantize(&sample::one(input, description)?, description);
        let decode = |points: Vec<String>| points.iter().map(|point| hex32(point)).collect::<Result<Vec<_>, _>>();
        let points = points.map(decode).transpose().map_err(ApiError::Internal)?;
        Ok(Expectation {
            statements: Some(vec![StatementKind::Inference]),
            inference: InferenceExpectation {
                policy: Some(policy.of(description)?),
                answer: None,
                input: Some(match points {
                    None => InputBinding::Public { values },
                    Some(points) => InputBinding::Committed { points },
                }),
            },
            audience: Some(self.text("audience").into()),
            nonce: Some(hex32(self.text("nonce")).map_err(ApiError::bad)?),
            now: u64::try_from(self.app.now() / 1000).ok(),
            accept_dev: true,
        })
    }
}

/// The bytes of a receipt that verifies.
async fn checked(public: Arc<Public>, path: &Path, expectation: Expectation) -> Result<Vec<u8>, Stopped> {
    let bytes = files::read(path, MAX_RECEIPT).map_err(|e| Stopped::Died(e.parts().1.into()))?;
    let check = tokio::task::spawn_blocking(move || {
        let verdict =
            verify(&bytes, &public.card, &public.srs, &expectation).map(|verdict| verdict.claim().context.not_after);
        (bytes, verdict)
    });
    match check.await {
        Ok((bytes, Ok(_))) => Ok(bytes),
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

/// Digest of a statement: equal exactly for jobs that ask for the same thing.
pub fn statement(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    hex(&digest.finalize())
}
