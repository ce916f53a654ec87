//! What a tenant has: for pages and people, newest first.

use super::{Db, Job};
use crate::server::error::ApiError;
use serde_json::{json, Value};
use sqlx::any::AnyRow;
use sqlx::Row;

impl Db {
    /// Jobs older than the job `before`; all, if that is empty.
    pub async fn jobs(&self, tenant: &str, before: &str, most: i64) -> Result<Vec<Job>, ApiError> {
        let rows =
            sqlx::query("SELECT * FROM jobs WHERE tenant = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3")
                .bind(tenant)
                .bind(before)
                .bind(most)
                .fetch_all(&self.read)
                .await?;
        rows.iter().map(Job::from_row).collect()
    }

    /// Uploaded models, each with what was committed of it.
    pub async fn uploaded_models(&self, tenant: &str, most: i64) -> Result<Vec<Value>, ApiError> {
        let uploads = sqlx::query(
            "SELECT sha256, bytes, summary, created FROM uploads WHERE tenant = $1 AND kind = 'model' ORDER BY created DESC, sha256 LIMIT $2",
        )
        .bind(tenant)
        .bind(most)
        .fetch_all(&self.read)
        .await?;
        let commits = sqlx::query(
            "SELECT id, source, description, created FROM models WHERE tenant = $1 ORDER BY created DESC, id",
        )
        .bind(tenant)
        .fetch_all(&self.read)
        .await?;
        let commits = commits.iter().map(commit).collect::<Result<Vec<_>, _>>()?;
        let upload = |row: &AnyRow| {
            let sha256: String = row.try_get("sha256")?;
            let of_it: Vec<&Value> = commits
                .iter()
                .filter(|(source, _)| *source == sha256)
                .map(|(_, c)| c)
                .collect();
            Ok(json!({
                "sha256": sha256,
                "bytes": row.try_get::<i64, _>("bytes")?,
                "summary": serde_json::from_str::<Value>(row.try_get("summary")?)?,
                "created": row.try_get::<i64, _>("created")?,
                "commits": of_it,
            }))
        };
        uploads.iter().map(upload).collect()
    }

    /// The graph of an uploaded model.
    pub async fn graph(&self, tenant: &str, sha256: &str) -> Result<Option<Value>, ApiError> {
        let row = sqlx::query("SELECT graph FROM graphs WHERE tenant = $1 AND sha256 = $2")
            .bind(tenant)
            .bind(sha256)
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| Ok(serde_json::from_str(row.try_get("graph")?)?))
            .transpose()
    }

    /// Adds the graph of a model that was uploaded before graphs were kept.
    pub async fn add_graph(&self, tenant: &str, sha256: &str, graph: &Value) -> Result<(), ApiError> {
        sqlx::query("INSERT INTO graphs (tenant, sha256, graph) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(tenant)
            .bind(sha256)
            .bind(graph.to_string())
            .execute(&self.write)
            .await?;
        Ok(())
    }
}

/// The source of a committed model, and what a list says of it.
fn commit(row: &AnyRow) -> Result<(String, Value), ApiError> {
    let description: Value = serde_json::from_str(row.try_get("description")?)?;
    let listed = json!({
        "model_id": row.try_get::<String, _>("id")?,
        "input": description.get("input"),
        "fidelity": description.get("fidelity"),
        "created": row.try_get::<i64, _>("created")?,
    });
    Ok((row.try_get("source")?, listed))
}
