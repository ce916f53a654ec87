//! Settings with which nothing could work.

use super::{bad, Config};
use crate::error::CliError;
use crate::output::kept;
use provenn_verifier::text::printable;

/// More than anything has, and within what the database can count.
const MOST: u64 = i64::MAX as u64;

impl Config {
    /// The same, if it can work.
    ///
    /// # Errors
    /// A setting with which nothing could be done, or that says a secret in the wrong place.
    pub fn check(self) -> Result<Self, CliError> {
        kept(&self.data)?;
        let (limits, timing) = (&self.limits, &self.timing);
        let size = |bytes: i64| u64::try_from(bytes).unwrap_or_default();
        let day = 24 * 3600 * 1000;
        // Name, value, least, most.
        let ranges: [(&str, u64, u64, u64); 37] = [
            ("workers", self.workers as u64, 1, 1024),
            ("limits.model_bytes", limits.model_bytes, 1, MOST),
            ("limits.model_nodes", limits.model_nodes, 1, MOST),
            ("limits.model_parameters", limits.model_parameters, 1, MOST),
            ("limits.model_macs", limits.model_macs, 1, MOST),
            ("limits.input_bytes", limits.input_bytes, 1, MOST),
            ("limits.graph_vertices", limits.graph_vertices, 1, MOST),
            ("limits.graph_edges", limits.graph_edges, 1, MOST),
            ("limits.prover_memory_bytes", limits.prover_memory_bytes, 1 << 20, MOST),
            ("limits.prover_seconds", limits.prover_seconds, 1, 365 * 24 * 3600),
            ("limits.attempts", size(limits.attempts), 1, 1_000_000),
            ("limits.faults", size(limits.faults), 1, MOST),
            ("limits.tenant_jobs", size(limits.tenant_jobs), 1, MOST),
            ("limits.tenant_bytes", size(limits.tenant_bytes), 1, MOST),
            (
                "limits.requests_per_second",
                limits.requests_per_second.into(),
                1,
                1_000_000_000,
            ),
            ("limits.burst", limits.burst.into(), 1, MOST),
            (
                "limits.address_requests_per_second",
                limits.address_requests_per_second.into(),
                1,
                1_000_000_000,
            ),
            ("limits.address_burst", limits.address_burst.into(), 1, MOST),
            ("limits.receipt_bytes", limits.receipt_bytes, 1 << 10, MOST),
            ("limits.verifications", limits.verifications as u64, 1, 1024),
            ("limits.inspections", limits.inspections as u64, 1, 1024),
            ("limits.streams", limits.streams as u64, 1, 1 << 20),
            ("limits.connections", limits.connections as u64, 1, 1 << 20),
            (
                "limits.address_connections",
                limits.address_connections as u64,
                1,
                1 << 20,
            ),
            ("limits.cache_bytes", limits.cache_bytes, 0, MOST),
            ("limits.free_bytes", limits.free_bytes, 0, MOST),
            ("timing.lease", size(timing.lease), 1, day),
            ("timing.renew", timing.renew, 1, day),
            ("timing.clock_skew", size(timing.clock_skew), 1, day),
            ("timing.backoff", size(timing.backoff), 1, day),
            (
                "timing.backoff_max",
                size(timing.backoff_max),
                size(timing.backoff),
                day,
            ),
            ("timing.sweep", timing.sweep, 1, day),
            ("timing.poll", timing.poll, 1, day),
            ("timing.heartbeat", timing.heartbeat, 1000, day),
            ("timing.head", timing.head, 1, day),
            ("timing.grace", timing.grace, 0, day),
            (
                "limits.forecast_cpu_seconds",
                limits.forecast_cpu_seconds.ceil() as u64,
                1,
                MOST,
            ),
        ];
        let out = |(_, value, least, most): &&(&str, u64, u64, u64)| value < least || value > most;
        if let Some((name, _, least, most)) = ranges.iter().find(out) {
            return Err(bad(format!("{name} is out of range: {least} to {most} is possible")));
        }
        if self.timing.renew.saturating_mul(2) > size(self.timing.lease) {
            return Err(bad("timing.lease must be at least twice timing.renew".into()));
        }
        // Two machines may be off in opposite directions.
        if self.timing.clock_skew.saturating_mul(4) > self.timing.lease {
            return Err(bad("timing.lease must be at least four times timing.clock_skew".into()));
        }
        if self.log_level.parse::<tracing::Level>().is_err() {
            return Err(bad(format!(
                "log_level is `{}`, error, warn, info, debug and trace are possible",
                printable(&self.log_level)
            )));
        }
        if let Err(error) = self.log.known_witnesses() {
            return Err(bad(format!("log.witnesses: {error}")));
        }
        self.places()?;
        Ok(self)
    }

    /// Where things are, without repeating what may be a secret.
    fn places(&self) -> Result<(), CliError> {
        let databases = ["postgres://", "postgresql://", "sqlite:"];
        if !self.database.is_empty() && !databases.iter().any(|scheme| self.database.starts_with(scheme)) {
            return Err(bad("database has to begin with postgres:// or sqlite://".into()));
        }
        let s3 = self.store.strip_prefix("s3://");
        if s3.unwrap_or_default().contains(['@', '?']) || self.s3.endpoint.contains(['@', '?']) {
            return Err(bad(
                "store and s3.endpoint hold no user, password or parameter: these are s3.access_key_id and s3.secret_access_key".into(),
            ));
        }
        if s3.is_some_and(|place| place.split('/').next().is_none_or(str::is_empty)) {
            return Err(bad("store names no bucket: s3://bucket/prefix is expected".into()));
        }
        Ok(())
    }
}
