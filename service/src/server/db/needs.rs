//! What a job needs until it ends: nobody may remove it meanwhile.

use crate::server::error::ApiError;
use crate::server::ids::{JobId, ModelId, ObjectDigest, TenantId};
use crate::server::store::Kind;
use serde_json::Value;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

/// Things in one question: a row of a database has so many columns.
const AT_ONCE: usize = 100;

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

    /// What it is, and which.
    fn named(&self) -> (&'static str, &str) {
        match self {
            Self::Upload(kind, sha256) => (kind.name(), sha256.as_str()),
            Self::Commitment(id) => ("model", id.as_str()),
        }
    }

    /// Refuses a job that needs what is not there, within the transaction that adds it. One question for all: each takes a way to the database and back.
    pub(super) async fn are_there(
        needs: &[Self],
        tx: &mut Transaction<'static, Any>,
        tenant: &TenantId,
    ) -> Result<(), ApiError> {
        for needs in needs.chunks(AT_ONCE) {
            let there = needs.iter().enumerate().map(|(n, need)| match need {
                Self::Upload(kind, _) => format!(
                    "(SELECT COUNT(*) FROM uploads WHERE tenant = $1 AND kind = '{}' AND sha256 = ${})",
                    kind.name(),
                    n + 2
                ),
                Self::Commitment(_) => format!("(SELECT COUNT(*) FROM models WHERE tenant = $1 AND id = ${})", n + 2),
            });
            let query = format!("SELECT {}", there.collect::<Vec<_>>().join(", "));
            let mut query = sqlx::query(AssertSqlSafe(query)).bind(tenant);
            for need in needs {
                query = query.bind(need.named().1);
            }
            let row = query.fetch_one(&mut **tx).await?;
            for (n, need) in needs.iter().enumerate() {
                if row.try_get::<i64, _>(n)? == 0 {
                    return Err(ApiError::NotFound { what: need.named().0 });
                }
            }
        }
        Ok(())
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
