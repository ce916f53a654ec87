//! Published models.

use super::Db;
use crate::server::clock::{Clock, Millis};
use crate::server::error::ApiError;
use crate::server::ids::{JobId, ModelId, TenantId};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};
use utoipa::ToSchema;

/// What the owner says of a version. It only ever gets worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// In use.
    Active,
    /// There is something better; receipts are still made.
    Deprecated,
    /// Not to be relied on; no further receipts.
    Revoked,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deprecated => "deprecated",
            Self::Revoked => "revoked",
        }
    }

    fn parse(name: &str) -> Result<Self, ApiError> {
        let all = [Self::Active, Self::Deprecated, Self::Revoked];
        let known = all.into_iter().find(|status| status.name() == name);
        known.ok_or_else(|| ApiError::Internal(format!("unknown status {name}")))
    }
}

/// A published model. Times are unix milliseconds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Version {
    #[schema(value_type = String)]
    pub tenant: TenantId,
    pub name: String,
    /// Counts from 1.
    pub version: i64,
    /// Model id.
    #[schema(value_type = String)]
    pub model: ModelId,
    pub status: Status,
    /// Why it is deprecated or revoked.
    pub reason: String,
    pub created: i64,
    /// When the status last changed.
    pub changed: i64,
}

const COLUMNS: &str = "tenant, name, version, model, status, reason, created, changed";

impl Version {
    fn from_row(row: &AnyRow) -> Result<Self, ApiError> {
        Ok(Self {
            tenant: row.try_get("tenant")?,
            name: row.try_get("name")?,
            version: row.try_get("version")?,
            model: row.try_get("model")?,
            status: Status::parse(row.try_get("status")?)?,
            reason: row.try_get("reason")?,
            created: row.try_get("created")?,
            changed: row.try_get("changed")?,
        })
    }
}

impl Db {
    /// Publishes a model as the next version under a name; with `rotate` the versions before it become deprecated.
    ///
    /// # Errors
    /// [`ApiError::Refused`] if the model is published already.
    pub async fn add_version(
        &self,
        tenant: &TenantId,
        name: &str,
        model: &ModelId,
        rotate: bool,
        now: Millis,
    ) -> Result<Version, ApiError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, tenant).await?;
        if let Some(known) = status_of(&mut tx, tenant, model).await? {
            return Err(ApiError::Refused {
                code: "already-published".into(),
                message: format!("the model is version {} of `{}`", known.version, known.name),
                help: "commit to the model again for a new version".into(),
                forecast: None,
            });
        }
        let version: i64 =
            sqlx::query("SELECT COALESCE(MAX(version), 0) + 1 AS next FROM registry WHERE tenant = $1 AND name = $2")
                .bind(tenant)
                .bind(name)
                .fetch_one(&mut *tx)
                .await?
                .try_get("next")?;
        if rotate {
            sqlx::query(
                "UPDATE registry SET status = 'deprecated', reason = $3, changed = $4 WHERE tenant = $1 AND name = $2 AND status = 'active'",
            )
            .bind(tenant)
            .bind(name)
            .bind(format!("superseded by version {version}"))
            .bind(now)
            .execute(&mut *tx)
            .await?;
        }
        sqlx::query(
            "INSERT INTO registry (tenant, name, version, model, status, reason, created, changed) VALUES ($1, $2, $3, $4, 'active', '', $5, $5)",
        )
        .bind(tenant)
        .bind(name)
        .bind(version)
        .bind(model)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        let added = status_of(&mut tx, tenant, model).await?;
        tx.commit().await?;
        added.ok_or(ApiError::NotFound { what: "version" })
    }

    /// Deprecates or revokes a version.
    ///
    /// # Errors
    /// [`ApiError::NotFound`]; [`ApiError::Refused`] if its status is as bad already.
    pub async fn set_status(
        &self,
        (tenant, name, version): (&TenantId, &str, i64),
        status: Status,
        reason: &str,
        clock: &Clock,
    ) -> Result<Version, ApiError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, tenant).await?;
        let now = clock.now();
        let query = format!("SELECT {COLUMNS} FROM registry WHERE tenant = $1 AND name = $2 AND version = $3");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(tenant)
            .bind(name)
            .bind(version)
            .fetch_optional(&mut *tx)
            .await?;
        let known = row.as_ref().map(Version::from_row).transpose()?;
        let known = known.ok_or(ApiError::NotFound { what: "version" })?;
        if status <= known.status {
            return Err(ApiError::Refused {
                code: "status-is-final".into(),
                message: format!("the version is {} since {}", known.status.name(), known.changed),
                help: "publish another version; a status can only go from active to deprecated to revoked".into(),
                forecast: None,
            });
        }
        sqlx::query("UPDATE registry SET status = $4, reason = $5, changed = $6 WHERE tenant = $1 AND name = $2 AND version = $3")
            .bind(tenant)
            .bind(name)
            .bind(version)
            .bind(status.name())
            .bind(reason)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Version {
            status,
            reason: reason.into(),
            changed: now,
            ..known
        })
    }

    /// Published versions, newest first: of a tenant, a name, a model, where these are given and the name is not empty.
    pub async fn versions(
        &self,
        tenant: Option<&TenantId>,
        name: &str,
        model: Option<&ModelId>,
        most: i64,
    ) -> Result<Vec<Version>, ApiError> {
        let query = format!(
            "SELECT {COLUMNS} FROM registry WHERE ($1 = '' OR tenant = $1) AND ($2 = '' OR name = $2) AND ($3 = '' OR model = $3)
             ORDER BY created DESC, tenant, name, version DESC LIMIT $4"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(tenant.map_or("", TenantId::as_str))
            .bind(name)
            .bind(model.map_or("", ModelId::as_str))
            .bind(most)
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(Version::from_row).collect()
    }

    /// One version under a name.
    pub async fn version(&self, tenant: &TenantId, name: &str, version: i64) -> Result<Option<Version>, ApiError> {
        let query = format!("SELECT {COLUMNS} FROM registry WHERE tenant = $1 AND name = $2 AND version = $3");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(tenant)
            .bind(name)
            .bind(version)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(Version::from_row).transpose()
    }

    /// The newest active version under a name.
    pub async fn current(&self, tenant: &TenantId, name: &str) -> Result<Option<i64>, ApiError> {
        let row = sqlx::query(
            "SELECT MAX(version) AS newest FROM registry WHERE tenant = $1 AND name = $2 AND status = 'active'",
        )
        .bind(tenant)
        .bind(name)
        .fetch_one(&self.read)
        .await?;
        Ok(row.try_get("newest")?)
    }

    /// How a model is published, if it is.
    pub async fn published(&self, tenant: &TenantId, model: &ModelId) -> Result<Option<Version>, ApiError> {
        Ok(self.versions(Some(tenant), "", Some(model), 1).await?.pop())
    }
}

impl Db {
    /// Refuses a revoked model.
    ///
    /// # Errors
    /// [`ApiError::Refused`].
    pub async fn usable(&self, tenant: &TenantId, model: &ModelId) -> Result<(), ApiError> {
        usable(self.published(tenant, model).await?)
    }
}

fn usable(version: Option<Version>) -> Result<(), ApiError> {
    match version {
        Some(version) if version.status == Status::Revoked => Err(ApiError::revoked(&version.reason)),
        _ => Ok(()),
    }
}

/// Makes changes of a tenant wait for each other.
pub(super) async fn lock(tx: &mut Transaction<'static, Any>, tenant: &TenantId) -> Result<(), ApiError> {
    sqlx::query("UPDATE tenants SET submitted = submitted WHERE name = $1")
        .bind(tenant)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The same for the tenant of a job.
pub(super) async fn lock_of_job(tx: &mut Transaction<'static, Any>, job: &JobId) -> Result<(), ApiError> {
    sqlx::query("UPDATE tenants SET submitted = submitted WHERE name = (SELECT tenant FROM jobs WHERE id = $1)")
        .bind(job)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn status_of(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    model: &ModelId,
) -> Result<Option<Version>, ApiError> {
    let query = format!("SELECT {COLUMNS} FROM registry WHERE tenant = $1 AND model = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(tenant)
        .bind(model)
        .fetch_optional(&mut **tx)
        .await?;
    row.as_ref().map(Version::from_row).transpose()
}

/// Refuses what makes receipts of a revoked model.
pub(super) async fn not_revoked(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    model: &ModelId,
) -> Result<(), ApiError> {
    usable(status_of(tx, tenant, model).await?)
}
