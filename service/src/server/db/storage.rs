//! Bytes of a tenant: objects that rows name, and what is reserved for those that are on their way.

use super::registry::lock;
use super::Db;
use crate::server::clock::Millis;
use crate::server::error::ApiError;
use crate::server::ids::{ObjectDigest, ProcessId, ReservationId, TenantId};
use crate::server::store::Kind;
use serde::Serialize;
use sqlx::{Any, Row, Transaction};
use utoipa::ToSchema;

/// Reservations that one sweep ends.
const BATCH: i64 = 100;

/// Where an object lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub tenant: TenantId,
    pub kind: Kind,
    pub sha256: ObjectDigest,
}

/// An object that was stored under a reservation, for the transaction that names it.
#[derive(Clone, Debug)]
pub struct Object {
    pub kind: Kind,
    pub sha256: ObjectDigest,
    pub bytes: i64,
    pub reservation: ReservationId,
}

/// A reservation that is asked for.
#[derive(Clone, Debug)]
pub struct Reservation {
    pub id: ReservationId,
    pub address: Address,
    pub bytes: i64,
    /// The process that prolongs it.
    pub owner: ProcessId,
    pub ends: Millis,
}

/// A tenant's bytes.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Usage {
    /// Of uploads, files of committed models, openings and receipts.
    pub stored: i64,
    /// Of what is being received or made.
    pub reserved: i64,
}

impl Usage {
    pub fn all(&self) -> i64 {
        self.stored.saturating_add(self.reserved)
    }
}

impl Db {
    pub async fn usage(&self, tenant: &TenantId) -> Result<Usage, ApiError> {
        let row = sqlx::query("SELECT stored, reserved FROM tenants WHERE name = $1")
            .bind(tenant)
            .fetch_one(&self.read)
            .await?;
        Ok(Usage {
            stored: row.try_get("stored")?,
            reserved: row.try_get("reserved")?,
        })
    }

    /// Reserves bytes for an object within `limit`, if there is one. Bytes that a tenant has already are free: `known` says whether they may be.
    ///
    /// # Errors
    /// [`ApiError::Storage`].
    pub async fn reserve(&self, new: &Reservation, limit: Option<i64>, known: bool) -> Result<(), ApiError> {
        let Address { tenant, kind, sha256 } = &new.address;
        let mut tx = self.begin().await?;
        lock(&mut tx, tenant).await?;
        let there = sqlx::query("SELECT 1 FROM objects WHERE tenant = $1 AND kind = $2 AND sha256 = $3")
            .bind(tenant)
            .bind(kind.name())
            .bind(sha256)
            .fetch_optional(&mut *tx)
            .await?;
        let bytes = if known && there.is_some() { 0 } else { new.bytes };
        take(&mut tx, tenant, bytes, limit).await?;
        sqlx::query(
            "INSERT INTO reservations (id, tenant, kind, sha256, bytes, owner, ends) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&new.id)
        .bind(tenant)
        .bind(kind.name())
        .bind(sha256)
        .bind(bytes)
        .bind(&new.owner)
        .bind(new.ends)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Adds to a reservation.
    ///
    /// # Errors
    /// [`ApiError::Storage`]; [`ApiError::Unavailable`] if it ended.
    pub async fn grow(
        &self,
        tenant: &TenantId,
        id: &ReservationId,
        by: i64,
        limit: Option<i64>,
    ) -> Result<(), ApiError> {
        let mut tx = self.begin().await?;
        take(&mut tx, tenant, by, limit).await?;
        let grown = sqlx::query("UPDATE reservations SET bytes = bytes + $2 WHERE id = $1")
            .bind(id)
            .bind(by)
            .execute(&mut *tx)
            .await?;
        match grown.rows_affected() {
            0 => Err(ended()),
            _ => Ok(tx.commit().await?),
        }
    }

    /// Ends a reservation; what was stored under it is nobody's.
    pub async fn release(&self, tenant: &TenantId, id: &ReservationId) -> Result<(), ApiError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, tenant).await?;
        give(&mut tx, tenant, id).await?;
        Ok(tx.commit().await?)
    }

    /// Prolongs the reservations of a process, and ends those of processes that do not. Returns how many ended.
    pub async fn keep_reservations(&self, owner: &ProcessId, now: Millis, ends: Millis) -> Result<usize, ApiError> {
        let own = sqlx::query("SELECT 1 FROM reservations WHERE owner = $1 LIMIT 1").bind(owner);
        if own.fetch_optional(&self.sweep).await?.is_some() {
            sqlx::query("UPDATE reservations SET ends = $2 WHERE owner = $1")
                .bind(owner)
                .bind(ends)
                .execute(&self.write)
                .await?;
        }
        let rows = sqlx::query("SELECT id, tenant FROM reservations WHERE ends < $1 ORDER BY ends LIMIT $2")
            .bind(now)
            .bind(BATCH)
            .fetch_all(&self.sweep)
            .await?;
        for row in &rows {
            self.release(&row.try_get("tenant")?, &row.try_get("id")?).await?;
        }
        Ok(rows.len())
    }
}

/// Adds to what a tenant has reserved. The tenant's row is locked from here on.
async fn take(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    bytes: i64,
    limit: Option<i64>,
) -> Result<(), ApiError> {
    let used: i64 =
        sqlx::query("UPDATE tenants SET reserved = reserved + $2 WHERE name = $1 RETURNING stored + reserved AS used")
            .bind(tenant)
            .bind(bytes)
            .fetch_one(&mut **tx)
            .await?
            .try_get("used")?;
    match limit {
        Some(limit) if used > limit && bytes > 0 => Err(ApiError::Storage {
            used: used.saturating_sub(bytes),
            limit,
            asked: bytes,
        }),
        _ => Ok(()),
    }
}

/// Ends a reservation under the tenant's lock; false if it had ended.
async fn give(tx: &mut Transaction<'static, Any>, tenant: &TenantId, id: &ReservationId) -> Result<bool, ApiError> {
    let row = sqlx::query("DELETE FROM reservations WHERE id = $1 RETURNING bytes")
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?;
    let Some(row) = row else { return Ok(false) };
    sqlx::query("UPDATE tenants SET reserved = reserved - $2 WHERE name = $1")
        .bind(tenant)
        .bind(row.try_get::<i64, _>("bytes")?)
        .execute(&mut **tx)
        .await?;
    Ok(true)
}

/// Counts what was stored under a reservation, within the transaction that adds the row that names it and under the tenant's lock.
///
/// # Errors
/// [`ApiError::Unavailable`] if the reservation ended: the object may have been removed.
pub(super) async fn settle(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    object: &Object,
) -> Result<(), ApiError> {
    if !give(tx, tenant, &object.reservation).await? {
        return Err(ended());
    }
    name(tx, tenant, (object.kind, &object.sha256), object.bytes).await
}

/// One more row names an object. Its bytes count once.
pub(super) async fn name(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    (kind, sha256): (Kind, &ObjectDigest),
    bytes: i64,
) -> Result<(), ApiError> {
    let known = sqlx::query("UPDATE objects SET named = named + 1 WHERE tenant = $1 AND kind = $2 AND sha256 = $3")
        .bind(tenant)
        .bind(kind.name())
        .bind(sha256)
        .execute(&mut **tx)
        .await?;
    if known.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query("INSERT INTO objects (tenant, kind, sha256, bytes, named) VALUES ($1, $2, $3, $4, 1)")
        .bind(tenant)
        .bind(kind.name())
        .bind(sha256)
        .bind(bytes)
        .execute(&mut **tx)
        .await?;
    sqlx::query("UPDATE tenants SET stored = stored + $2 WHERE name = $1")
        .bind(tenant)
        .bind(bytes)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn ended() -> ApiError {
    ApiError::Unavailable("the reservation of an object ended before it was stored: this process was too slow".into())
}
