//! Time, injected.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Unix time in milliseconds.
pub type Millis = i64;

/// Where time comes from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    /// Moves only when told: for tests.
    Manual(Arc<AtomicI64>),
    /// Off by so many milliseconds: for tests.
    Off(Arc<AtomicI64>),
}

impl Clock {
    pub fn now(&self) -> Millis {
        match self {
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)),
            Self::Off(by) => Self::System.now().saturating_add(by.load(Ordering::SeqCst)),
            Self::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// A clock that stands at `now` until it is advanced.
    pub fn manual(now: Millis) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now)))
    }

    /// The system's clock, ahead by so much.
    pub fn off_by(by: Millis) -> Self {
        Self::Off(Arc::new(AtomicI64::new(by)))
    }

    /// Moves a clock that is not the system's.
    pub fn advance(&self, by: Millis) {
        if let Self::Manual(now) | Self::Off(now) = self {
            now.fetch_add(by, Ordering::SeqCst);
        }
    }
}
