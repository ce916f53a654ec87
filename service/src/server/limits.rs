//! Rate limits per tenant, and per address for those without a key.

use super::config::Limits;
use super::error::ApiError;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;

/// Token buckets by name.
#[derive(Debug)]
pub struct RateLimits(DefaultKeyedRateLimiter<String>);

impl RateLimits {
    pub fn new(limits: &Limits) -> Self {
        let positive = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(positive(limits.requests_per_second)).allow_burst(positive(limits.burst));
        Self(RateLimiter::keyed(quota))
    }

    /// Counts one request of `who`.
    pub fn take(&self, who: &str) -> Result<(), ApiError> {
        self.0.check_key(&who.to_owned()).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            ApiError::RateLimited {
                retry_after: wait.as_secs() + 1,
            }
        })
    }

    /// Forgets those whose buckets are full.
    pub fn prune(&self) {
        self.0.retain_recent();
    }
}
