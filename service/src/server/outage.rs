//! Leases that nobody could renew. While the database is away all of them end, and none of their workers is to blame.

use super::clock::Millis;
use super::config::Timing;
use std::sync::atomic::{AtomicI64, Ordering};

/// When this process could last look at leases, and until when it excuses those that end.
#[derive(Debug)]
pub struct Outage {
    looked: AtomicI64,
    until: AtomicI64,
}

impl Outage {
    pub fn new(now: Millis) -> Self {
        Self {
            looked: AtomicI64::new(now),
            until: AtomicI64::new(Millis::MIN),
        }
    }

    /// The leases were just read. Whether those that ended are excused: before this, they could not be read for so long that a worker may
    /// have missed its renewals, or workers have not had the time of a lease since.
    pub fn excuses(&self, now: Millis, timing: &Timing) -> bool {
        let gap = now.saturating_sub(self.looked.swap(now, Ordering::SeqCst));
        let ms = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
        let slack = timing.lease.saturating_sub(ms(timing.renew).saturating_mul(2));
        if gap > slack.max(ms(timing.sweep).saturating_mul(3)) {
            self.until.store(now.saturating_add(timing.lease), Ordering::SeqCst);
        }
        now < self.until.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_that_end_in_an_outage_are_excused() {
        let timing = Timing::default();
        let outage = Outage::new(0);
        assert!(!outage.excuses(2_000, &timing));
        assert!(!outage.excuses(9_000, &timing));
        assert!(outage.excuses(20_000, &timing), "nobody could look for 11 s");
        assert!(outage.excuses(39_000, &timing));
        assert!(!outage.excuses(41_000, &timing));
    }
}
