//! Committed models and commitments to inputs.

use super::registry::lock;
use super::storage::{settle, Object};
use super::Db;
use crate::bytes::{hex, unhex};
use crate::server::clock::Millis;
use crate::server::error::ApiError;
use crate::server::ids::{KeyDigest, ModelId, ObjectDigest, SrsId, TenantId};
use provenn_prover::{chain, store};
use provenn_verifier::SrsVerifyingKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::Row;
use std::collections::BTreeMap;

/// A committed model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Model {
    pub tenant: TenantId,
    pub id: ModelId,
    /// Of the ONNX file.
    pub source: ObjectDigest,
    pub key_digest: KeyDigest,
    pub srs_id: SrsId,
    pub description: Value,
    pub forecast: Value,
    /// SHA-256 of each of its files, and `parameters_id`.
    pub files: BTreeMap<String, String>,
    pub created: Millis,
}

impl Model {
    fn from_row(row: &AnyRow) -> Result<Self, ApiError> {
        Ok(Self {
            tenant: row.try_get("tenant")?,
            id: row.try_get("id")?,
            source: row.try_get("source")?,
            key_digest: row.try_get("key_digest")?,
            srs_id: row.try_get("srs_id")?,
            description: serde_json::from_str(row.try_get("description")?)?,
            forecast: serde_json::from_str(row.try_get("forecast")?)?,
            files: serde_json::from_str(row.try_get("files")?)?,
            created: row.try_get("created")?,
        })
    }

    /// One of its files.
    ///
    /// # Errors
    /// [`ApiError::NotFound`]
    pub fn file(&self, name: &str) -> Result<ObjectDigest, ApiError> {
        let file = self.files.get(name).map(ObjectDigest::known);
        file.ok_or(ApiError::NotFound {
            what: "file of the model",
        })
    }

    /// Its card: of a model in one circuit, or in segments.
    pub fn card_sha256(&self) -> ObjectDigest {
        let card = self.files.get(store::CARD).or_else(|| self.files.get(chain::CARD));
        ObjectDigest::known(card.map_or("", String::as_str))
    }

    /// What the parameters that its proofs are made with are known by.
    pub fn parameters_id(&self) -> String {
        self.files.get(PARAMETERS).cloned().unwrap_or_default()
    }

    /// Its files, by their paths in its folder.
    pub fn objects(&self) -> impl Iterator<Item = (&str, ObjectDigest)> {
        objects(&self.files)
    }

    /// How many segments it has; none of a model in one circuit.
    pub fn segments(&self) -> u32 {
        let of_segment = |name: &&String| name.ends_with(store::PRIVATE) && name.contains('/');
        u32::try_from(self.files.keys().filter(of_segment).count()).unwrap_or(u32::MAX)
    }

    fn inputs(&self) -> impl Iterator<Item = &Value> {
        self.description
            .get("inputs")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }

    /// Names of its inputs, in their order.
    pub fn input_names(&self) -> Vec<String> {
        let names = self.inputs().filter_map(|input| input.get("name")?.as_str());
        names.map(str::to_owned).collect()
    }

    /// Whether receipts show a commitment in place of an input: the one of this name, or the only one.
    pub fn commits_to(&self, name: Option<&str>) -> bool {
        let named = |input: &&Value| name.is_none_or(|name| input.get("name").is_some_and(|known| known == name));
        let bindings = self.inputs().filter(named).filter_map(|input| input.get("binding"));
        // Models of databases from before models had several inputs name one.
        let mut bindings = bindings.chain(self.description.get("input"));
        bindings.any(|binding| binding == "committed")
    }

    /// CPU seconds of a proof, by forecast.
    pub fn cpu_seconds(&self) -> f64 {
        self.forecast
            .get("cpu_seconds")
            .and_then(Value::as_f64)
            .unwrap_or(f64::INFINITY)
    }
}

/// The files among what is written down of a model's files; the rest names the parameters.
pub fn objects(files: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, ObjectDigest)> {
    let files = files.iter().filter(|(name, _)| *name != PARAMETERS);
    files.map(|(name, sha256)| (name.as_str(), ObjectDigest::known(sha256)))
}

/// Beside the files of a model the id of its parameters.
pub const PARAMETERS: &str = "parameters_id";

impl Db {
    pub async fn model(&self, tenant: &TenantId, id: &ModelId) -> Result<Option<Model>, ApiError> {
        let row = sqlx::query("SELECT * FROM models WHERE tenant = $1 AND id = $2")
            .bind(tenant)
            .bind(id)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(Model::from_row).transpose()
    }

    /// Whoever committed it: to verify receipts, which name the model by the digest of its card.
    pub async fn model_of_any_tenant(&self, id: &ModelId) -> Result<Option<Model>, ApiError> {
        let row = sqlx::query("SELECT * FROM models WHERE id = $1 LIMIT 1")
            .bind(id)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(Model::from_row).transpose()
    }

    pub async fn model_with_key(&self, tenant: &TenantId, key_digest: &KeyDigest) -> Result<Option<Model>, ApiError> {
        let row = sqlx::query("SELECT * FROM models WHERE tenant = $1 AND key_digest = $2 ORDER BY created LIMIT 1")
            .bind(tenant)
            .bind(key_digest)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(Model::from_row).transpose()
    }

    /// Of any tenant: parameters are nobody's secret.
    pub async fn model_with_srs(&self, srs_id: &SrsId) -> Result<Option<Model>, ApiError> {
        let row = sqlx::query("SELECT * FROM models WHERE srs_id = $1 ORDER BY created LIMIT 1")
            .bind(srs_id)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(Model::from_row).transpose()
    }

    /// Records the verifier's part of parameters that no model stands for.
    pub async fn add_parameters(&self, srs: &SrsVerifyingKey) -> Result<(), ApiError> {
        sqlx::query("INSERT INTO parameters (id, key) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(SrsId::from(srs.id()))
            .bind(hex(&srs.to_bytes()))
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Parameters that [`add_parameters`](Self::add_parameters) recorded.
    pub async fn parameters(&self, id: &SrsId) -> Result<Option<SrsVerifyingKey>, ApiError> {
        let row = sqlx::query("SELECT key FROM parameters WHERE id = $1").bind(id);
        let Some(row) = row.fetch_optional(&self.read).await? else {
            return Ok(None);
        };
        let bytes = unhex(row.try_get("key")?).map_err(ApiError::Internal)?;
        let key = SrsVerifyingKey::from_bytes(&bytes).map_err(|e| ApiError::Internal(e.to_string()))?;
        Ok(Some(key))
    }

    /// The points and the blob of a commitment to an upload, as the input of a name; that is empty where there is one input.
    pub async fn opening(
        &self,
        tenant: &TenantId,
        (model, input, name): (&ModelId, &ObjectDigest, &str),
    ) -> Result<Option<(Vec<String>, ObjectDigest)>, ApiError> {
        let query = "SELECT points, blob FROM openings WHERE tenant = $1 AND model = $2 AND input = $3 AND name = $4";
        let row = sqlx::query(query)
            .bind(tenant)
            .bind(model)
            .bind(input)
            .bind(name)
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| Ok((serde_json::from_str(row.try_get("points")?)?, row.try_get("blob")?)))
            .transpose()
    }

    /// Records a commitment to an input whose opening is stored under a reservation; the first one stays.
    pub async fn add_opening(
        &self,
        tenant: &TenantId,
        (model, input, name): (&ModelId, &ObjectDigest, &str),
        points: &Value,
        object: &Object,
        now: Millis,
    ) -> Result<(), ApiError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, tenant).await?;
        let added = sqlx::query(
            "INSERT INTO openings (tenant, model, input, name, points, blob, created, counted) VALUES ($1, $2, $3, $4, $5, $6, $7, 1) ON CONFLICT DO NOTHING",
        )
        .bind(tenant)
        .bind(model)
        .bind(input)
        .bind(name)
        .bind(points.to_string())
        .bind(&object.sha256)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        if added.rows_affected() > 0 {
            settle(&mut tx, tenant, object).await?;
        }
        Ok(tx.commit().await?)
    }
}
