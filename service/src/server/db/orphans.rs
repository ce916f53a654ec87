//! Objects that no row names, as `provenn gc` finds them: asked of the rows themselves, not of what was counted.

use super::registry::lock;
use super::removal::within;
use super::storage::Address;
use super::Db;
use crate::server::error::ApiError;
use crate::server::store::Kind;
use sqlx::{AnyConnection, Row};
use std::future::Future;

impl Db {
    /// Whether a row names an object, or somebody is about to store it.
    pub async fn is_named(&self, of: &Address) -> Result<bool, ApiError> {
        is_named(&mut *self.read.acquire().await?, of).await
    }

    /// Has `remove` take an object away that still no row names, under the tenant's lock: who stores it again reserves first, and so waits.
    /// `remove` says whether it did.
    pub async fn remove_orphan(
        &self,
        of: &Address,
        remove: impl Future<Output = Result<bool, ApiError>>,
    ) -> Result<bool, ApiError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, &of.tenant).await?;
        if is_named(&mut tx, of).await? || !within(remove).await? {
            return Ok(false);
        }
        let counted =
            sqlx::query("DELETE FROM objects WHERE tenant = $1 AND kind = $2 AND sha256 = $3 RETURNING bytes")
                .bind(&of.tenant)
                .bind(of.kind.name())
                .bind(&of.sha256)
                .fetch_optional(&mut *tx)
                .await?;
        if let Some(row) = counted {
            sqlx::query("UPDATE tenants SET stored = stored - $2 WHERE name = $1")
                .bind(&of.tenant)
                .bind(row.try_get::<i64, _>("bytes")?)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

async fn is_named(connection: &mut AnyConnection, of: &Address) -> Result<bool, ApiError> {
    let rows = match of.kind {
        Kind::Model | Kind::Input => "SELECT 1 FROM uploads WHERE tenant = $1 AND kind = $2 AND sha256 = $3",
        Kind::Receipt => "SELECT 1 FROM receipts WHERE tenant = $1 AND blob = $3 AND $2 <> ''",
        Kind::Private => {
            "SELECT 1 FROM openings WHERE tenant = $1 AND blob = $3 AND $2 <> ''
             UNION ALL SELECT 1 FROM jobs WHERE tenant = $1 AND blob = $3 AND blob IS NOT NULL
             UNION ALL SELECT 1 FROM models WHERE tenant = $1 AND files LIKE '%' || $3 || '%'"
        }
    };
    let reserved = "SELECT 1 FROM reservations WHERE tenant = $1 AND kind = $2 AND sha256 = $3";
    for query in [rows, reserved] {
        let row = sqlx::query(query)
            .bind(&of.tenant)
            .bind(of.kind.name())
            .bind(&of.sha256)
            .fetch_optional(&mut *connection)
            .await?;
        if row.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
