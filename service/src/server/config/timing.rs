//! How long things take.

use serde::{Deserialize, Serialize};

/// Times in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timing {
    /// A worker that does not renew its lease for so long has lost the job.
    pub lease: i64,
    /// How often leases are renewed.
    pub renew: u64,
    /// How far a machine's clock may be from the database's.
    pub clock_skew: i64,
    /// Pause before a job is tried again, doubled after each attempt.
    pub backoff: i64,
    /// Longest such pause.
    pub backoff_max: i64,
    /// How often leases, expiry and forgotten jobs are looked at.
    pub sweep: u64,
    /// How often workers look for jobs of other processes.
    pub poll: u64,
    /// Heartbeat of the job engine; a worker is dead to it after four.
    pub heartbeat: u64,
    /// How long the head of a request may take to arrive, and a connection be idle.
    pub head: u64,
    /// How long running jobs may finish after a request to stop.
    pub grace: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: 20_000,
            renew: 5_000,
            clock_skew: 2_000,
            backoff: 1_000,
            backoff_max: 300_000,
            sweep: 2_000,
            poll: 50,
            heartbeat: 5_000,
            head: 30_000,
            grace: 30_000,
        }
    }
}
