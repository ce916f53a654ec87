//! Why an attempt gave nothing, and when the next one may begin.

use crate::server::clock::Millis;
use crate::server::config::Timing;
use crate::server::error::ApiError;
use serde::{Deserialize, Serialize};
use std::io;
use utoipa::ToSchema;

/// Why an attempt ended without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = RetryCause)]
pub enum Cause {
    /// The prover process, or the work around it, ended early.
    Died,
    /// The worker was gone or frozen.
    LeaseEnded,
    /// File descriptors, processes or memory of the machine.
    NoResources,
    /// The disk is full.
    NoSpace,
    /// The prover process could not be started.
    NotStarted,
    /// The object store lacks what the job needs.
    ObjectMissing,
    /// The database, the object store or the disk.
    Unavailable,
}

impl Cause {
    const ALL: [Self; 7] = [
        Self::Died,
        Self::LeaseEnded,
        Self::NoResources,
        Self::NoSpace,
        Self::NotStarted,
        Self::ObjectMissing,
        Self::Unavailable,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Died => "died",
            Self::LeaseEnded => "lease-ended",
            Self::NoResources => "no-resources",
            Self::NoSpace => "no-space",
            Self::NotStarted => "not-started",
            Self::ObjectMissing => "object-missing",
            Self::Unavailable => "unavailable",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }

    /// Whether the machine is at fault: the job has not been tried then. A worker that is gone may have been killed by its job.
    pub fn of_machine(self) -> bool {
        !matches!(self, Self::Died | Self::LeaseEnded)
    }

    /// Of an operation on this machine; a file that is missing or not as expected is the fault of who should have made it.
    pub fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace,
            io::ErrorKind::OutOfMemory | io::ErrorKind::WouldBlock => Self::NoResources,
            io::ErrorKind::NotFound | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Self::Died,
            _ => match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
                Some(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE) => Self::NoResources,
                _ => Self::Unavailable,
            },
        }
    }

    /// Of starting a process.
    pub fn of_start(error: &io::Error) -> Self {
        match Self::of_io(error) {
            known @ (Self::NoResources | Self::NoSpace) => known,
            _ => Self::NotStarted,
        }
    }
}

/// How often a job was tried.
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    pub attempt: i64,
    /// Those of them that a fault of the machine ended.
    pub faults: i64,
}

impl Tries {
    /// Tries that count against the limit, with one that ended by `cause`.
    pub fn counted(self, cause: Cause) -> i64 {
        self.attempt - self.faults - i64::from(cause.of_machine())
    }
}

/// How long to wait after so many attempts: twice as long after each, up to a bound, and at random between half of that and all of it, so
/// that what failed together is not tried together.
///
/// # Errors
/// The system gives no randomness.
pub fn delay(attempt: i64, timing: &Timing) -> Result<Millis, ApiError> {
    let mut random = [0; 4];
    getrandom::getrandom(&mut random).map_err(|e| ApiError::Internal(format!("randomness: {e}")))?;
    Ok(between(attempt, timing, u32::from_le_bytes(random)))
}

fn between(attempt: i64, timing: &Timing, random: u32) -> Millis {
    let doublings = u32::try_from((attempt - 1).clamp(0, 30)).unwrap_or_default();
    let most = timing.backoff.saturating_mul(1 << doublings).min(timing.backoff_max);
    let half = most / 2;
    half + i64::from(random) % (most - half + 1)
}

#[cfg(test)]
mod tests;
