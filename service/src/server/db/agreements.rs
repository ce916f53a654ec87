//! Agreements that receipts are made under.

use super::registry::lock;
use super::Db;
use crate::server::clock::{Clock, Millis};
use crate::server::error::ApiError;
use crate::server::ids::{AgreementDigest, ModelId, ObjectDigest, TenantId};
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use utoipa::ToSchema;

/// Agreements of a tenant that have not ended.
const MOST: i64 = 10_000;

/// An agreement of a tenant's.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Agreement {
    /// Digest of the terms, which receipts name.
    #[schema(value_type = String)]
    pub agreement: AgreementDigest,
    /// SHA-256 of the uploaded file.
    #[schema(value_type = String)]
    pub file: ObjectDigest,
    /// Model id.
    #[schema(value_type = String)]
    pub model: ModelId,
    /// Of the parties.
    pub roles: Vec<String>,
    /// Its last second, in unix time.
    pub not_after: i64,
    /// When it was uploaded, in unix milliseconds.
    pub created: i64,
    /// When it was revoked, in unix milliseconds.
    pub revoked: Option<i64>,
    /// Why it was revoked.
    pub reason: String,
}

const COLUMNS: &str = "digest, file, model, roles, not_after, created, revoked, reason";

impl Agreement {
    fn from_row(row: &AnyRow) -> Result<Self, ApiError> {
        Ok(Self {
            agreement: row.try_get("digest")?,
            file: row.try_get("file")?,
            model: row.try_get("model")?,
            roles: serde_json::from_str(row.try_get("roles")?)?,
            not_after: row.try_get("not_after")?,
            created: row.try_get("created")?,
            revoked: row.try_get("revoked")?,
            reason: row.try_get("reason")?,
        })
    }

    /// Refuses one that was revoked.
    ///
    /// # Errors
    /// [`ApiError::Refused`].
    pub fn in_force(self) -> Result<Self, ApiError> {
        match self.revoked {
            None => Ok(self),
            Some(_) => Err(ApiError::Refused {
                code: "agreement-revoked".into(),
                message: format!("the agreement was revoked: {}", self.reason),
                help: "agree anew: the parties sign other terms, a later end suffices".into(),
                forecast: None,
            }),
        }
    }
}

impl Db {
    /// An agreement of a tenant's.
    ///
    /// # Errors
    /// [`ApiError::NotFound`].
    pub async fn agreement(&self, tenant: &TenantId, digest: &AgreementDigest) -> Result<Agreement, ApiError> {
        let query = format!("SELECT {COLUMNS} FROM agreements WHERE tenant = $1 AND digest = $2");
        let row = sqlx::query(AssertSqlSafe(query))
            .bind(tenant)
            .bind(digest)
            .fetch_optional(&self.read)
            .await?;
        found(row.as_ref())
    }

    /// The same, whose ever it is: it is about a model of one tenant.
    ///
    /// # Errors
    /// [`ApiError::NotFound`].
    pub async fn agreement_of_any_tenant(&self, digest: &AgreementDigest) -> Result<Agreement, ApiError> {
        let query = format!("SELECT {COLUMNS} FROM agreements WHERE digest = $1 ORDER BY created LIMIT 1");
        let row = sqlx::query(AssertSqlSafe(query))
            .bind(digest)
            .fetch_optional(&self.read)
            .await?;
        found(row.as_ref())
    }

    /// Those of a tenant, newest first.
    pub async fn agreements(&self, tenant: &TenantId, most: i64) -> Result<Vec<Agreement>, ApiError> {
        let query =
            format!("SELECT {COLUMNS} FROM agreements WHERE tenant = $1 ORDER BY created DESC, digest LIMIT $2");
        let rows = sqlx::query(AssertSqlSafe(query))
            .bind(tenant)
            .bind(most)
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(Agreement::from_row).collect()
    }

    /// Revokes one: no receipt under it is published from now on.
    ///
    /// # Errors
    /// [`ApiError::NotFound`]; [`ApiError::Refused`] if it is revoked already.
    pub async fn revoke_agreement(
        &self,
        tenant: &TenantId,
        digest: &AgreementDigest,
        reason: &str,
        clock: &Clock,
    ) -> Result<Agreement, ApiError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, tenant).await?;
        let known = locked(&mut tx, tenant, digest).await?.in_force()?;
        let now = clock.now();
        sqlx::query("UPDATE agreements SET revoked = $3, reason = $4 WHERE tenant = $1 AND digest = $2")
            .bind(tenant)
            .bind(digest)
            .bind(now)
            .bind(reason)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Agreement {
            revoked: Some(now),
            reason: reason.into(),
            ..known
        })
    }
}

fn found(row: Option<&AnyRow>) -> Result<Agreement, ApiError> {
    let known = row.map(Agreement::from_row).transpose()?;
    known.ok_or(ApiError::NotFound { what: "agreement" })
}

async fn locked(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    digest: &AgreementDigest,
) -> Result<Agreement, ApiError> {
    let query = format!("SELECT {COLUMNS} FROM agreements WHERE tenant = $1 AND digest = $2");
    let row = sqlx::query(AssertSqlSafe(query))
        .bind(tenant)
        .bind(digest)
        .fetch_optional(&mut **tx)
        .await?;
    found(row.as_ref())
}

/// Refuses what is under an agreement that was revoked, within a transaction that has the tenant's lock.
pub(super) async fn in_force(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    digest: Option<&AgreementDigest>,
) -> Result<(), ApiError> {
    match digest {
        None => Ok(()),
        Some(digest) => locked(tx, tenant, digest).await?.in_force().map(drop),
    }
}

/// Adds an agreement whose file was uploaded; of a known one the file is the new one.
///
/// # Errors
/// [`ApiError::Quota`].
pub(super) async fn add(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    new: &Agreement,
    now: Millis,
) -> Result<(), ApiError> {
    let ended = sqlx::query("DELETE FROM agreements WHERE tenant = $1 AND not_after < $2");
    ended.bind(tenant).bind(now / 1000).execute(&mut **tx).await?;
    let there: i64 = sqlx::query("SELECT COUNT(*) AS there FROM agreements WHERE tenant = $1")
        .bind(tenant)
        .fetch_one(&mut **tx)
        .await?
        .try_get("there")?;
    if there >= MOST {
        return Err(ApiError::Quota {
            what: "agreements that have not ended",
            maximum: MOST,
            got: there,
        });
    }
    sqlx::query(
        "INSERT INTO agreements (tenant, digest, file, model, roles, not_after, created) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (tenant, digest) DO UPDATE SET file = excluded.file",
    )
    .bind(tenant)
    .bind(&new.agreement)
    .bind(&new.file)
    .bind(&new.model)
    .bind(serde_json::to_string(&new.roles)?)
    .bind(new.not_after)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    /// What has ended makes room.
    #[tokio::test]
    async fn a_tenant_has_so_many_agreements() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("service.db").display());
        let db = Db::migrate(&url).await.unwrap();
        let alice = TenantId::known("alice");
        let new = Agreement {
            agreement: AgreementDigest::known("new"),
            file: ObjectDigest::known("file"),
            model: ModelId::known("model"),
            roles: vec![],
            not_after: 20,
            created: 0,
            revoked: None,
            reason: String::new(),
        };
        let mut tx = db.begin().await.unwrap();
        let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
             INSERT INTO agreements (tenant, digest, file, model, roles, not_after, created)
             SELECT 'alice', CAST(i AS TEXT), '', '', '[]', CASE i WHEN 1 THEN 10 ELSE 20 END, 0 FROM n";
        sqlx::query(many).bind(MOST).execute(&mut *tx).await.unwrap();
        let refused = add(&mut tx, &alice, &new, 10_000).await.unwrap_err();
        assert!(matches!(refused, ApiError::Quota { got: MOST, .. }), "{refused:?}");
        add(&mut tx, &alice, &new, 11_000).await.unwrap();
        // Those of others are not counted.
        add(&mut tx, &TenantId::known("bob"), &new, 10_000).await.unwrap();
    }
}
