//! Limits on what receipts let out.

use super::Scope;
use crate::server::db::registry::lock;
use crate::server::db::Db;
use crate::server::error::ApiError;
use crate::server::ids::{KeyId, ModelId, TenantId};
use crate::server::ledger::shown;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::Row;
use utoipa::ToSchema;

/// A limit on bits.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Budget {
    /// model, input, requester (each of these of the model that is the subject) or key
    pub scope: String,
    /// Model id, or id of a key.
    pub subject: String,
    pub bits: f64,
}

/// What a limit is set on.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    Model(&'a ModelId),
    Key(&'a KeyId),
}

impl<'a> Subject<'a> {
    fn as_str(self) -> &'a str {
        match self {
            Self::Model(id) => id.as_str(),
            Self::Key(id) => id.as_str(),
        }
    }
}

impl Db {
    /// Budgets of a tenant.
    pub async fn budgets(&self, tenant: &TenantId) -> Result<Vec<Budget>, ApiError> {
        let rows =
            sqlx::query("SELECT scope, subject, microbits FROM budgets WHERE tenant = $1 ORDER BY scope, subject")
                .bind(tenant)
                .fetch_all(&self.read)
                .await?;
        let budget = |row: &AnyRow| {
            Ok(Budget {
                scope: row.try_get("scope")?,
                subject: row.try_get("subject")?,
                bits: shown(row.try_get("microbits")?),
            })
        };
        rows.iter().map(budget).collect()
    }

    /// Sets budgets of one subject, or removes them: all of them or none.
    pub async fn set_budgets(
        &self,
        tenant: &TenantId,
        subject: Subject<'_>,
        budgets: &[(Scope, Option<i64>)],
    ) -> Result<(), ApiError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, tenant).await?;
        for (scope, microbits) in budgets {
            let query = match microbits {
                Some(microbits) => sqlx::query(
                    "INSERT INTO budgets (tenant, scope, subject, microbits) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (tenant, scope, subject) DO UPDATE SET microbits = EXCLUDED.microbits",
                )
                .bind(tenant)
                .bind(scope.name())
                .bind(subject.as_str())
                .bind(*microbits),
                None => sqlx::query("DELETE FROM budgets WHERE tenant = $1 AND scope = $2 AND subject = $3")
                    .bind(tenant)
                    .bind(scope.name())
                    .bind(subject.as_str()),
            };
            query.execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }
}
