//! What a tenant has: for pages and people, newest first.

use super::{Db, Job};
use crate::server::error::ApiError;
use crate::server::ids::{JobId, ObjectDigest, TenantId};
use serde_json::{json, Value};
use sqlx::any::AnyRow;
use sqlx::Row;

impl Db {
    /// Jobs older than the job `before`; all without one.
    pub async fn jobs(&self, tenant: &TenantId, before: Option<&JobId>, most: i64) -> Result<Vec<Job>, ApiError> {
        let rows = sqlx::query(
            "SELECT * FROM jobs WHERE tenant = $1 AND whole IS NULL AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3",
        )
        .bind(tenant)
        .bind(before.map_or("", JobId::as_str))
        .bind(most)
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(Job::from_row).collect()
    }

    /// Uploaded models that came before one; all without one.
    pub async fn uploaded_models(
        &self,
        tenant: &TenantId,
        before: Option<&ObjectDigest>,
        most: i64,
    ) -> Result<Vec<Value>, ApiError> {
        let uploads = sqlx::query(
            "SELECT sha256, bytes, summary, created FROM uploads u WHERE tenant = $1 AND kind = 'model' AND ($2 = '' OR EXISTS (
                 SELECT 1 FROM uploads b WHERE b.tenant = $1 AND b.kind = 'model' AND b.sha256 = $2
                     AND (u.created < b.created OR (u.created = b.created AND u.sha256 > b.sha256))))
             ORDER BY created DESC, sha256 LIMIT $3",
        )
        .bind(tenant)
        .bind(before.map_or("", ObjectDigest::as_str))
        .bind(most)
        .fetch_all(&self.read)
        .await?;
        let upload = |row: &AnyRow| {
            Ok(json!({
                "sha256": row.try_get::<String, _>("sha256")?,
                "bytes": row.try_get::<i64, _>("bytes")?,
                "summary": serde_json::from_str::<Value>(row.try_get("summary")?)?,
                "created": row.try_get::<i64, _>("created")?,
            }))
        };
        uploads.iter().map(upload).collect()
    }

    /// What was committed of an uploaded model: the newest few.
    pub async fn commits(&self, tenant: &TenantId, source: &ObjectDigest) -> Result<Vec<Value>, ApiError> {
        let rows = sqlx::query(
            "SELECT id, description, created FROM models WHERE tenant = $1 AND source = $2 ORDER BY created DESC, id LIMIT 20",
        )
        .bind(tenant)
        .bind(source)
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(commit).collect()
    }

    /// The graph of an uploaded model.
    pub async fn graph(&self, tenant: &TenantId, sha256: &ObjectDigest) -> Result<Option<Value>, ApiError> {
        let row = sqlx::query("SELECT graph FROM graphs WHERE tenant = $1 AND sha256 = $2")
            .bind(tenant)
            .bind(sha256)
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| Ok(serde_json::from_str(row.try_get("graph")?)?))
            .transpose()
    }

    /// Adds the graph of a model that was uploaded before graphs were kept.
    pub async fn add_graph(&self, tenant: &TenantId, sha256: &ObjectDigest, graph: &str) -> Result<(), ApiError> {
        sqlx::query("INSERT INTO graphs (tenant, sha256, graph) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(tenant)
            .bind(sha256)
            .bind(graph)
            .execute(&self.write)
            .await?;
        Ok(())
    }
}

/// What a list says of a committed model.
fn commit(row: &AnyRow) -> Result<Value, ApiError> {
    let description: Value = serde_json::from_str(row.try_get("description")?)?;
    let inputs = description
        .get("inputs")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let (field, bindings) = match inputs {
        [] | [_] => (
            "input",
            description.pointer("/inputs/0/binding").cloned().unwrap_or_default(),
        ),
        several => {
            let named = several
                .iter()
                .filter_map(|input| Some((input.get("name")?.as_str()?.to_owned(), input.get("binding")?.clone())));
            ("inputs", Value::Object(named.collect()))
        }
    };
    Ok(json!({
        "model_id": row.try_get::<String, _>("id")?,
        field: bindings,
        "fidelity": description.get("fidelity"),
        "created": row.try_get::<i64, _>("created")?,
    }))
}
