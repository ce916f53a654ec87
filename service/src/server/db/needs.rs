//! What a job needs until it ends: nobody may remove it meanwhile.

use crate::server::error::ApiError;
use crate::server::ids::{JobId, ModelId, ObjectDigest, TenantId};
use crate::server::store::Kind;
use serde_json::Value;
use sqlx::{Any, Row, Transaction};

/// Something of its tenant's that a job needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Upload(Kind, ObjectDigest),
    Commitment(ModelId),
}

impl Need {
    /// What a job of a kind that was asked for so needs.
    pub(super) fn of(kind: &str, request: &Value) -> Vec<Self> {
        let model = request.get("model").and_then(Value::as_str);
        let (model, inputs): (_, &[&str]) = match kind {
            "commit" => (
                model.map(|sha256| Self::Upload(Kind::Model, ObjectDigest::known(sha256))),
                &["calibration", "held_out"],
            ),
            "colouring" => (None, &["graph", "colouring"]),
            _ => (
                model.map(|id| Self::Commitment(ModelId::known(id))),
                &["input", "inputs", "labels"],
            ),
        };
        let inputs = inputs.iter().filter_map(|field| request.get(field));
        let under = request.get("under");
        let under = ["file", "signatures"]
            .into_iter()
            .filter_map(|field| under.and_then(|under| under.get(field)));
        model.into_iter().chain(inputs.chain(under).flat_map(uploads)).collect()
    }

    /// Refuses a job that needs what is not there, within the transaction that adds it.
    pub(super) async fn is_there(&self, tx: &mut Transaction<'static, Any>, tenant: &TenantId) -> Result<(), ApiError> {
        let (query, what) = match self {
            Self::Upload(kind, sha256) => (
                sqlx::query("SELECT 1 FROM uploads WHERE tenant = $1 AND sha256 = $2 AND kind = $3")
                    .bind(tenant)
                    .bind(sha256)
                    .bind(kind.name()),
                kind.name(),
            ),
            Self::Commitment(id) => (
                sqlx::query("SELECT 1 FROM models WHERE tenant = $1 AND id = $2")
                    .bind(tenant)
                    .bind(id),
                "model",
            ),
        };
        match query.fetch_optional(&mut **tx).await? {
            Some(_) => Ok(()),
            None => Err(ApiError::NotFound { what }),
        }
    }

    /// Refuses to remove what a job under way needs, under the tenant's lock.
    pub(super) async fn by_no_job(
        &self,
        tx: &mut Transaction<'static, Any>,
        tenant: &TenantId,
    ) -> Result<(), ApiError> {
        let open = sqlx::query(
            "SELECT id, kind, request FROM jobs WHERE tenant = $1 AND state IN ('queued', 'witness', 'proving', 'verifying')",
        )
        .bind(tenant)
        .fetch_all(&mut **tx)
        .await?;
        for job in open {
            let request = serde_json::from_str(job.try_get("request")?)?;
            if Self::of(job.try_get("kind")?, &request).contains(self) {
                let by = format!("the job {}, which is under way", job.try_get::<JobId, _>("id")?);
                return Err(ApiError::InUse { by });
            }
        }
        Ok(())
    }
}

/// The uploads of a field: one, a list, or one for each input by name.
fn uploads(field: &Value) -> Vec<Need> {
    let all = match field {
        Value::Object(each) => each.values().collect(),
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    let sha256 = all.into_iter().filter_map(Value::as_str);
    sha256
        .map(|sha256| Need::Upload(Kind::Input, ObjectDigest::known(sha256)))
        .collect()
}
