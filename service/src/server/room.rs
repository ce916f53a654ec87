//! Room in a tenant's quota for bytes that are on their way, reserved before they are there.

use super::clock::Millis;
use super::db::{Address, Object, Reservation};
use super::error::ApiError;
use super::ids::{ObjectDigest, ReservationId, TenantId};
use super::state::App;
use super::store::Kind;

/// A process that does not prolong a reservation for so long is taken for dead.
pub const LEASE: Millis = 120_000;
/// Bytes by which a reservation grows while a body of unknown length arrives.
const STEP: u64 = 1 << 20;

/// Whether a reservation has to fit into the quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    Within,
    /// What work that was admitted has made is never thrown away for its size: it counts, and the next is refused.
    Beyond,
}

/// A reservation, released when this is dropped.
pub struct Room {
    app: App,
    reservation: Reservation,
    /// The row that names the object took it over.
    settled: bool,
}

impl Room {
    /// Room for a body that is about to be read.
    pub async fn for_body(app: &App, address: Address, announced: Option<u64>) -> Result<Self, ApiError> {
        Self::reserve(app, address, announced.unwrap_or(0), Quota::Within, false).await
    }

    /// Room for what a worker made. What the tenant has already takes none.
    pub async fn for_object(app: &App, address: Address, bytes: u64, quota: Quota) -> Result<Self, ApiError> {
        Self::reserve(app, address, bytes, quota, true).await
    }

    async fn reserve(app: &App, address: Address, bytes: u64, quota: Quota, known: bool) -> Result<Self, ApiError> {
        let mut room = Self {
            app: app.clone(),
            reservation: Reservation {
                id: ReservationId::fresh(),
                address,
                bytes: signed(bytes),
                owner: app.instance.clone(),
                ends: app.now().saturating_add(LEASE),
            },
            settled: false,
        };
        let limit = (quota == Quota::Within).then_some(app.config.limits.tenant_bytes);
        // To its end, also if the client goes away meanwhile: what is reserved has somebody who releases it.
        let reserved = tokio::spawn(async move {
            let reserved = room.app.db.reserve(&room.reservation, limit, known).await;
            // What was refused is not there to be released.
            room.settled = matches!(reserved, Err(ApiError::Storage { .. }));
            reserved.map(|()| room)
        });
        reserved.await.map_err(|e| ApiError::Internal(e.to_string()))?
    }

    /// Makes it at least so large, at most `maximum`.
    pub async fn hold(&mut self, bytes: u64, maximum: u64) -> Result<(), ApiError> {
        let bytes = signed(bytes);
        let short = bytes.saturating_sub(self.reservation.bytes);
        if short <= 0 {
            return Ok(());
        }
        let left = signed(maximum).saturating_sub(self.reservation.bytes);
        // The last part of a quota may be less than a step.
        match self.grow(short.max(signed(STEP)).min(left.max(short))).await {
            Err(ApiError::Storage { asked, .. }) if asked > short => self.grow(short).await,
            grown => grown,
        }
    }

    async fn grow(&mut self, by: i64) -> Result<(), ApiError> {
        let (tenant, id) = (&self.reservation.address.tenant, &self.reservation.id);
        let limit = Some(self.app.config.limits.tenant_bytes);
        self.app.db.grow(tenant, id, by, limit).await?;
        self.reservation.bytes = self.reservation.bytes.saturating_add(by);
        Ok(())
    }

    /// The object that was stored under it, for the row that names it.
    pub fn object(&self, bytes: u64) -> Object {
        let Address { kind, sha256, .. } = &self.reservation.address;
        Object {
            kind: *kind,
            sha256: sha256.clone(),
            bytes: signed(bytes),
            reservation: self.reservation.id.clone(),
        }
    }

    /// Whether an object was stored under it.
    pub fn is_of(&self, object: &Object) -> bool {
        self.reservation.id == object.reservation
    }

    /// Its row is there.
    pub fn settled(mut self) {
        self.settled = true;
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // Where nothing runs any more, the lease ends it.
        let (false, Ok(runtime)) = (self.settled, tokio::runtime::Handle::try_current()) else {
            return;
        };
        let (app, tenant) = (self.app.clone(), self.reservation.address.tenant.clone());
        let id = self.reservation.id.clone();
        runtime.spawn(async move {
            if let Err(error) = app.db.release(&tenant, &id).await {
                tracing::warn!(%error, "releasing what was reserved; it ends with its lease");
            }
        });
    }
}

/// The address of an object of a tenant.
pub fn address(tenant: &TenantId, kind: Kind, sha256: &ObjectDigest) -> Address {
    Address {
        tenant: tenant.clone(),
        kind,
        sha256: sha256.clone(),
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
