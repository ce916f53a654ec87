//! Leases and ends of statements are times of machines. One whose clock is far from the database's would take everybody's leases away, or let
//! nobody have its own: it takes no part until its clock is set.

use super::clock::{Clock, Millis};
use super::db::Db;
use super::error::ApiError;
use std::sync::atomic::{AtomicI64, Ordering};

/// How far this machine's clock is from the database's.
#[derive(Debug)]
pub struct Skew {
    /// How far it may be.
    most: Millis,
    /// By how much it is ahead at least, by the last look; negative if it is behind.
    ahead: AtomicI64,
}

impl Skew {
    pub fn new(most: Millis) -> Self {
        Self {
            most,
            ahead: AtomicI64::new(0),
        }
    }

    /// Looks at both clocks.
    ///
    /// # Errors
    /// The database cannot be reached: what was seen last still counts. Else those of [`Self::check`].
    pub async fn look(&self, db: &Db, clock: &Clock) -> Result<(), ApiError> {
        let before = clock.now();
        let there = db.clock().await?;
        let after = clock.now();
        // SQLite is on this machine and has no clock of its own.
        let Some(there) = there else { return Ok(()) };
        self.ahead.store(ahead(before, there, after), Ordering::SeqCst);
        self.check()
    }

    /// # Errors
    /// [`ApiError::ClockOff`]
    pub fn check(&self) -> Result<(), ApiError> {
        let ahead = self.ahead.load(Ordering::SeqCst);
        match ahead.saturating_abs() > self.most {
            false => Ok(()),
            true => Err(ApiError::ClockOff(format!(
                "this machine's clock is {} ms {} the database's, timing.clock_skew allows {}: set it, best by NTP on both",
                ahead.saturating_abs(),
                if ahead > 0 { "ahead of" } else { "behind" },
                self.most
            ))),
        }
    }
}

/// The database's clock was read at some moment between two of this machine's.
fn ahead(before: Millis, there: Millis, after: Millis) -> Millis {
    match there {
        there if there < before => before - there,
        there if there > after => after - there,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::ahead;

    #[test]
    fn a_slow_answer_is_no_skew() {
        assert_eq!(ahead(1_000, 1_500, 9_000), 0);
        assert_eq!(ahead(23_000, 1_000, 23_010), 22_000);
        assert_eq!(ahead(1_000, 23_010, 1_010), -22_000);
    }
}
