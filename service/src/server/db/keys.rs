//! Tenants and their keys.

pub(super) mod shared;

use super::Db;
use crate::server::clock::Millis;
use crate::server::ids::{KeyId, TenantId};
use crate::server::keys::{scopes, scopes_text, Scope, Secret};
use sqlx::Row;

/// A key as `keys list` shows it.
#[derive(Clone, Debug)]
pub struct KeyRow {
    pub id: KeyId,
    pub tenant: TenantId,
    pub label: String,
    pub scopes: String,
    pub created: Millis,
    pub revoked: Option<Millis>,
    pub expires: Option<Millis>,
    /// When it was used last, give or take a minute.
    pub used: Option<Millis>,
}

/// Who a valid key belongs to.
#[derive(Clone, Debug)]
pub struct Known {
    pub tenant: TenantId,
    pub scopes: Vec<Scope>,
}

/// What a new key is.
#[derive(Clone, Copy)]
pub struct NewKey<'a> {
    pub secret: &'a Secret,
    pub tenant: &'a TenantId,
    pub label: &'a str,
    pub scopes: &'a [Scope],
    pub expires: Option<Millis>,
}

impl Db {
    /// Makes a tenant unless there is one of this name.
    pub async fn add_tenant(&self, name: &TenantId, now: Millis) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO tenants (name, created) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(name)
            .bind(now)
            .execute(&self.write)
            .await
            .map(drop)
    }

    /// The names of all tenants.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, sqlx::Error> {
        let rows = sqlx::query("SELECT name FROM tenants ORDER BY name")
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(|row| row.try_get("name")).collect()
    }

    /// Stores a new key of a tenant that exists.
    pub async fn add_key(&self, key: &NewKey<'_>, now: Millis) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO keys (id, tenant, label, hash, scopes, created, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&key.secret.id)
        .bind(key.tenant)
        .bind(key.label)
        .bind(key.secret.hash())
        .bind(scopes_text(key.scopes))
        .bind(now)
        .bind(key.expires)
        .execute(&self.write)
        .await
        .map(drop)
    }

    /// Who holds this key, if it is valid.
    pub async fn known(&self, key: &Secret, now: Millis) -> Result<Option<Known>, sqlx::Error> {
        let question = async {
            let row = sqlx::query("SELECT tenant, hash, scopes FROM keys WHERE id = $1 AND revoked IS NULL AND (expires IS NULL OR expires > $2)")
                .bind(&key.id)
                .bind(now)
                .fetch_optional(&self.door)
                .await?;
            let Some(row) = row else { return Ok(None) };
            let known = Known {
                tenant: row.try_get("tenant")?,
                scopes: scopes(row.try_get("scopes")?),
            };
            Ok::<_, sqlx::Error>(Some((known, row.try_get::<String, _>("hash")?)))
        };
        // Who has the id of a key only shares the row, which the secret has to fit.
        let known = self.asked.ask(&key.id, question).await?;
        Ok(known.and_then(|(known, hash)| key.matches(&hash).then_some(known)))
    }

    /// Whether a key of this id is valid.
    pub async fn valid_key(&self, id: &KeyId, now: Millis) -> Result<bool, sqlx::Error> {
        let row =
            sqlx::query("SELECT 1 FROM keys WHERE id = $1 AND revoked IS NULL AND (expires IS NULL OR expires > $2)")
                .bind(id)
                .bind(now)
                .fetch_optional(&self.door)
                .await?;
        Ok(row.is_some())
    }

    /// Notes that a key was used.
    pub async fn used_key(&self, id: &KeyId, now: Millis) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE keys SET used = $2 WHERE id = $1")
            .bind(id)
            .bind(now)
            .execute(&self.write)
            .await
            .map(drop)
    }

    /// Lets a valid key end at `expires`, unless it ends before; false if there is no such valid key.
    pub async fn end_key(&self, id: &KeyId, expires: Millis, now: Millis) -> Result<bool, sqlx::Error> {
        let ended = sqlx::query(
            "UPDATE keys SET expires = CASE WHEN expires < $2 THEN expires ELSE $2 END
             WHERE id = $1 AND revoked IS NULL AND (expires IS NULL OR expires > $3)",
        )
        .bind(id)
        .bind(expires)
        .bind(now)
        .execute(&self.write)
        .await?;
        Ok(ended.rows_affected() == 1)
    }

    pub async fn keys(&self) -> Result<Vec<KeyRow>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT id, tenant, label, scopes, created, revoked, expires, used FROM keys ORDER BY created, id",
        );
        let row = |row: &sqlx::any::AnyRow| {
            Ok(KeyRow {
                id: row.try_get("id")?,
                tenant: row.try_get("tenant")?,
                label: row.try_get("label")?,
                scopes: row.try_get("scopes")?,
                created: row.try_get("created")?,
                revoked: row.try_get("revoked")?,
                expires: row.try_get("expires")?,
                used: row.try_get("used")?,
            })
        };
        rows.fetch_all(&self.read).await?.iter().map(row).collect()
    }

    /// Whether a tenant has a key of this id.
    pub async fn has_key(&self, tenant: &TenantId, id: &KeyId) -> Result<bool, sqlx::Error> {
        let row = sqlx::query("SELECT 1 FROM keys WHERE tenant = $1 AND id = $2")
            .bind(tenant)
            .bind(id)
            .fetch_optional(&self.read)
            .await?;
        Ok(row.is_some())
    }

    /// Ends the validity of a key; false if there is no such valid key.
    pub async fn revoke_key(&self, id: &KeyId, now: Millis) -> Result<bool, sqlx::Error> {
        let revoked = sqlx::query("UPDATE keys SET revoked = $2 WHERE id = $1 AND revoked IS NULL")
            .bind(id)
            .bind(now)
            .execute(&self.write)
            .await?;
        Ok(revoked.rows_affected() == 1)
    }
}
