//! Rate limits per tenant, and lower ones per address for those without a key.

use super::config::Limits;
use super::error::ApiError;
use super::ids::TenantId;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::hash::Hash;
use std::num::NonZeroU32;

/// Token buckets of tenants, and of addresses.
#[derive(Debug)]
pub struct RateLimits {
    tenants: DefaultKeyedRateLimiter<TenantId>,
    addresses: DefaultKeyedRateLimiter<String>,
}

impl RateLimits {
    pub fn new(limits: &Limits) -> Self {
        let positive = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let of = |per_second, burst| Quota::per_second(positive(per_second)).allow_burst(positive(burst));
        Self {
            tenants: RateLimiter::keyed(of(limits.requests_per_second, limits.burst)),
            addresses: RateLimiter::keyed(of(limits.address_requests_per_second, limits.address_burst)),
        }
    }

    /// Counts one request of a tenant.
    pub fn tenant(&self, id: &TenantId) -> Result<(), ApiError> {
        take(&self.tenants, id)
    }

    /// Counts one request of an address, without a key that is known.
    pub fn address(&self, bucket: &str) -> Result<(), ApiError> {
        take(&self.addresses, &bucket.to_owned())
    }

    /// Forgets those whose buckets are full.
    pub fn prune(&self) {
        self.tenants.retain_recent();
        self.addresses.retain_recent();
    }
}

fn take<K: Clone + Eq + Hash>(buckets: &DefaultKeyedRateLimiter<K>, who: &K) -> Result<(), ApiError> {
    buckets.check_key(who).map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now());
        ApiError::RateLimited {
            retry_after: wait.as_secs() + 1,
        }
    })
}
