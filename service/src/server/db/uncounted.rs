//! Committed models and openings that an older version added, which counted uploads only.

use super::models::objects;
use super::registry::lock;
use super::storage::{name, Address};
use super::Db;
use crate::server::error::ApiError;
use crate::server::ids::{ModelId, ObjectDigest, TenantId};
use crate::server::store::Kind;
use sqlx::Row;
use std::collections::BTreeMap;

/// Rows of each kind that are read at once.
const BATCH: i64 = 100;

/// A row whose objects are not counted.
#[derive(Clone, Debug)]
pub struct Uncounted {
    tenant: TenantId,
    row: Which,
    /// SHA-256 of each.
    objects: Vec<ObjectDigest>,
}

#[derive(Clone, Debug)]
enum Which {
    Model(ModelId),
    Opening {
        model: ModelId,
        input: ObjectDigest,
        name: String,
    },
}

impl Uncounted {
    pub fn objects(&self) -> impl Iterator<Item = Address> + '_ {
        self.objects.iter().map(|sha256| Address {
            tenant: self.tenant.clone(),
            kind: Kind::Private,
            sha256: sha256.clone(),
        })
    }
}

impl Db {
    /// Some of them; none when all are counted.
    pub async fn uncounted(&self) -> Result<Vec<Uncounted>, ApiError> {
        let mut found = Vec::new();
        let models = sqlx::query("SELECT tenant, id, files FROM models WHERE counted = 0 LIMIT $1").bind(BATCH);
        for row in models.fetch_all(&self.read).await? {
            let files: BTreeMap<String, String> = serde_json::from_str(row.try_get("files")?)?;
            found.push(Uncounted {
                tenant: row.try_get("tenant")?,
                row: Which::Model(row.try_get("id")?),
                objects: objects(&files).map(|(_, sha256)| sha256).collect(),
            });
        }
        let openings =
            sqlx::query("SELECT tenant, model, input, name, blob FROM openings WHERE counted = 0 LIMIT $1").bind(BATCH);
        for row in openings.fetch_all(&self.read).await? {
            found.push(Uncounted {
                tenant: row.try_get("tenant")?,
                row: Which::Opening {
                    model: row.try_get("model")?,
                    input: row.try_get("input")?,
                    name: row.try_get("name")?,
                },
                objects: vec![row.try_get("blob")?],
            });
        }
        Ok(found)
    }

    /// Counts one, unless another process did. `sizes` are those of its objects, in their order.
    pub async fn count(&self, of: &Uncounted, sizes: &[i64]) -> Result<(), ApiError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, &of.tenant).await?;
        let counted = match &of.row {
            Which::Model(id) => {
                sqlx::query("UPDATE models SET counted = 1 WHERE tenant = $1 AND id = $2 AND counted = 0")
                    .bind(&of.tenant)
                    .bind(id)
            }
            Which::Opening { model, input, name } => sqlx::query(
                "UPDATE openings SET counted = 1 WHERE tenant = $1 AND model = $2 AND input = $3 AND name = $4 AND counted = 0",
            )
            .bind(&of.tenant)
            .bind(model)
            .bind(input)
            .bind(name),
        };
        if counted.execute(&mut *tx).await?.rows_affected() == 0 {
            return Ok(());
        }
        for (sha256, bytes) in of.objects.iter().zip(sizes) {
            name(&mut tx, &of.tenant, (Kind::Private, sha256), *bytes).await?;
        }
        Ok(tx.commit().await?)
    }
}
