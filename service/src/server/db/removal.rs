//! Removing rows, and the objects that no row names any more.

use super::models::objects;
use super::needs::Need;
use super::registry::{lock, status_of};
use super::storage::Address;
use super::Db;
use crate::server::clock::Millis;
use crate::server::error::ApiError;
use crate::server::ids::{ModelId, ObjectDigest, TenantId};
use crate::server::job::{JobRequest, Opening};
use crate::server::store::Kind;
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};
use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

/// Objects that are read at once.
const BATCH: i64 = 100;
/// How long the tenant's lock is kept for the object store.
const PATIENCE: Duration = Duration::from_secs(5);

impl Db {
    /// Removes an upload; an input takes its openings with it. False if there is none.
    ///
    /// # Errors
    /// [`ApiError::InUse`] if a job under way or a committed model needs it.
    pub async fn delete_upload(&self, of: &Address, now: Millis) -> Result<bool, ApiError> {
        let Address { tenant, kind, sha256 } = of;
        let mut tx = self.begin().await?;
        lock(&mut tx, tenant).await?;
        if *kind == Kind::Model {
            let committed = sqlx::query("SELECT id FROM models WHERE tenant = $1 AND (source = $2 OR id = $2) LIMIT 1")
                .bind(tenant)
                .bind(sha256)
                .fetch_optional(&mut *tx)
                .await?;
            if let Some(row) = committed {
                let id: ModelId = row.try_get("id")?;
                let by = format!("the commitment {id}, which `DELETE /v1/models/{id}/commit` removes");
                return Err(ApiError::InUse { by });
            }
        }
        Need::Upload(*kind, sha256.clone()).by_no_job(&mut tx, tenant).await?;
        let deleted = sqlx::query("DELETE FROM uploads WHERE tenant = $1 AND kind = $2 AND sha256 = $3")
            .bind(tenant)
            .bind(kind.name())
            .bind(sha256)
            .execute(&mut *tx)
            .await?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        all_counted(&mut tx, tenant).await?;
        unname(&mut tx, of).await?;
        match kind {
            Kind::Input => delete_openings(&mut tx, tenant, Of::Input(sha256), now).await?,
            _ => {
                sqlx::query("DELETE FROM graphs WHERE tenant = $1 AND sha256 = $2")
                    .bind(tenant)
                    .bind(sha256)
                    .execute(&mut *tx)
                    .await?;
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Removes a committed model with its files and openings. Receipts, the ledger and the log stay. False if there is none.
    ///
    /// # Errors
    /// [`ApiError::InUse`] if it is published, or a job under way needs it.
    pub async fn delete_commitment(&self, tenant: &TenantId, id: &ModelId, now: Millis) -> Result<bool, ApiError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, tenant).await?;
        let row = sqlx::query("SELECT files FROM models WHERE tenant = $1 AND id = $2")
            .bind(tenant)
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else { return Ok(false) };
        if let Some(version) = status_of(&mut tx, tenant, id).await? {
            let by = format!(
                "the registry: it is version {} of `{}`, and receipts are verified against its card",
                version.version, version.name
            );
            return Err(ApiError::InUse { by });
        }
        Need::Commitment(id.clone()).by_no_job(&mut tx, tenant).await?;
        all_counted(&mut tx, tenant).await?;
        delete_openings(&mut tx, tenant, Of::Model(id), now).await?;
        sqlx::query("DELETE FROM models WHERE tenant = $1 AND id = $2")
            .bind(tenant)
            .bind(id)
            .execute(&mut *tx)
            .await?;
        let files: BTreeMap<String, String> = serde_json::from_str(row.try_get("files")?)?;
        for (_, sha256) in objects(&files) {
            unname(&mut tx, &private(tenant, sha256)).await?;
        }
        // The job that made it stands for its statement no more.
        sqlx::query(
            "UPDATE jobs SET removed = $3 WHERE tenant = $1 AND kind = 'commit' AND state NOT IN ('failed', 'cancelled', 'expired')
                 AND removed IS NULL AND state = 'done' AND result LIKE $2",
        )
        .bind(tenant)
        .bind(format!("%\"model_id\":\"{id}\"%"))
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Objects that no row names, of a tenant or of all: some of them.
    pub async fn unnamed(&self, tenant: Option<&TenantId>) -> Result<Vec<Address>, ApiError> {
        let rows = sqlx::query(
            "SELECT tenant, kind, sha256 FROM objects WHERE named = 0 AND ($1 = '' OR tenant = $1) ORDER BY tenant LIMIT $2",
        )
        .bind(tenant.map_or("", TenantId::as_str))
        .bind(BATCH)
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(address).collect()
    }

    /// Takes an object away with `remove` if no row names it and nobody is about to store it, under the tenant's lock: who stores it
    /// again reserves first, and so waits. False if it stays.
    pub async fn remove_object(
        &self,
        of: &Address,
        remove: impl Future<Output = Result<(), ApiError>>,
    ) -> Result<bool, ApiError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, &of.tenant).await?;
        let unnamed = sqlx::query(
            "DELETE FROM objects WHERE tenant = $1 AND kind = $2 AND sha256 = $3 AND named = 0 AND NOT EXISTS
                 (SELECT 1 FROM reservations r WHERE r.tenant = $1 AND r.kind = $2 AND r.sha256 = $3) RETURNING bytes",
        )
        .bind(&of.tenant)
        .bind(of.kind.name())
        .bind(&of.sha256)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = unnamed else { return Ok(false) };
        sqlx::query("UPDATE tenants SET stored = stored - $2 WHERE name = $1")
            .bind(&of.tenant)
            .bind(row.try_get::<i64, _>("bytes")?)
            .execute(&mut *tx)
            .await?;
        within(remove).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// What the object store does within a transaction has to end before the database gives up on that.
pub(super) async fn within<T>(work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or_else(|_| Err(ApiError::Unavailable("the object store is slow".into())))
}

/// One row less names an object.
pub(super) async fn unname(tx: &mut Transaction<'static, Any>, of: &Address) -> Result<(), ApiError> {
    sqlx::query("UPDATE objects SET named = named - 1 WHERE tenant = $1 AND kind = $2 AND sha256 = $3 AND named > 0")
        .bind(&of.tenant)
        .bind(of.kind.name())
        .bind(&of.sha256)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whose openings.
enum Of<'a> {
    Model(&'a ModelId),
    Input(&'a ObjectDigest),
}

/// Removes the openings of a model, or of an input.
async fn delete_openings(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    of: Of<'_>,
    now: Millis,
) -> Result<(), ApiError> {
    let (query, of) = match of {
        Of::Input(sha256) => (
            "DELETE FROM openings WHERE tenant = $1 AND input = $2 RETURNING model, input, name, blob",
            sha256.as_str(),
        ),
        Of::Model(id) => (
            "DELETE FROM openings WHERE tenant = $1 AND model = $2 RETURNING model, input, name, blob",
            id.as_str(),
        ),
    };
    let deleted = sqlx::query(query).bind(tenant).bind(of).fetch_all(&mut **tx).await?;
    for row in deleted {
        let name: String = row.try_get("name")?;
        unname(tx, &private(tenant, row.try_get("blob")?)).await?;
        let request = JobRequest::Opening(Opening {
            model: row.try_get("model")?,
            input: row.try_get("input")?,
            name: (!name.is_empty()).then_some(name),
        });
        sqlx::query(
            "UPDATE jobs SET removed = $3 WHERE tenant = $1 AND kind = 'opening' AND statement = $2
                 AND state NOT IN ('failed', 'cancelled', 'expired') AND removed IS NULL AND state = 'done'",
        )
        .bind(tenant)
        .bind(request.statement()?)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Refuses while rows of an older version are not counted: how many name an object is not known then.
async fn all_counted(tx: &mut Transaction<'static, Any>, tenant: &TenantId) -> Result<(), ApiError> {
    let left = sqlx::query(
        "SELECT 1 FROM models WHERE tenant = $1 AND counted = 0 UNION ALL SELECT 1 FROM openings WHERE tenant = $1 AND counted = 0 LIMIT 1",
    )
    .bind(tenant)
    .fetch_optional(&mut **tx)
    .await?;
    match left {
        None => Ok(()),
        Some(_) => Err(ApiError::Unavailable(
            "what an older version stored is still being counted".into(),
        )),
    }
}

fn private(tenant: &TenantId, sha256: ObjectDigest) -> Address {
    Address {
        tenant: tenant.clone(),
        kind: Kind::Private,
        sha256,
    }
}

fn address(row: &AnyRow) -> Result<Address, ApiError> {
    let kind: String = row.try_get("kind")?;
    Ok(Address {
        tenant: row.try_get("tenant")?,
        kind: Kind::parse(&kind).ok_or_else(|| ApiError::Internal(format!("unknown kind of object {kind}")))?,
        sha256: row.try_get("sha256")?,
    })
}
