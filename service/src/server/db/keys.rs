//! Tenants and their keys.

use super::Db;
use crate::server::clock::Millis;
use crate::server::keys::{scopes, scopes_text, Scope, Secret};
use sqlx::Row;

/// A key as `keys list` shows it.
#[derive(Clone, Debug)]
pub struct KeyRow {
    pub id: String,
    pub tenant: String,
    pub label: String,
    pub scopes: String,
    pub created: Millis,
    pub revoked: Option<Millis>,
}

/// Who a valid key belongs to.
#[derive(Clone, Debug)]
pub struct Known {
    pub tenant: String,
    pub scopes: Vec<Scope>,
}

impl Db {
    /// Stores a new key, and its tenant if that is new.
    pub async fn add_key(
        &self,
        key: &Secret,
        tenant: &str,
        label: &str,
        scopes: &[Scope],
        now: Millis,
    ) -> Result<(), sqlx::Error> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO tenants (name, created) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(tenant)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO keys (id, tenant, label, hash, scopes, created) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(&key.id)
            .bind(tenant)
            .bind(label)
            .bind(key.hash())
            .bind(scopes_text(scopes))
            .bind(now)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// Who holds this key, if it is valid.
    pub async fn known(&self, key: &Secret) -> Result<Option<Known>, sqlx::Error> {
        let row = sqlx::query("SELECT tenant, hash, scopes FROM keys WHERE id = $1 AND revoked IS NULL")
            .bind(&key.id)
            .fetch_optional(&self.read)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let known = Known {
            tenant: row.try_get("tenant")?,
            scopes: scopes(row.try_get("scopes")?),
        };
        Ok(key.matches(row.try_get("hash")?).then_some(known))
    }

    pub async fn keys(&self) -> Result<Vec<KeyRow>, sqlx::Error> {
        let rows = sqlx::query("SELECT id, tenant, label, scopes, created, revoked FROM keys ORDER BY created, id");
        let row = |row: &sqlx::any::AnyRow| {
            Ok(KeyRow {
                id: row.try_get("id")?,
                tenant: row.try_get("tenant")?,
                label: row.try_get("label")?,
                scopes: row.try_get("scopes")?,
                created: row.try_get("created")?,
                revoked: row.try_get("revoked")?,
            })
        };
        rows.fetch_all(&self.read).await?.iter().map(row).collect()
    }

    /// Whether a tenant has a key of this id.
    pub async fn has_key(&self, tenant: &str, id: &str) -> Result<bool, sqlx::Error> {
        let row = sqlx::query("SELECT 1 FROM keys WHERE tenant = $1 AND id = $2")
            .bind(tenant)
            .bind(id)
            .fetch_optional(&self.read)
            .await?;
        Ok(row.is_some())
    }

    /// Ends the validity of a key; false if there is no such valid key.
    pub async fn revoke_key(&self, id: &str, now: Millis) -> Result<bool, sqlx::Error> {
        let revoked = sqlx::query("UPDATE keys SET revoked = $2 WHERE id = $1 AND revoked IS NULL")
            .bind(id)
            .bind(now)
            .execute(&self.write)
            .await?;
        Ok(revoked.rows_affected() == 1)
    }
}
