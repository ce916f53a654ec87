//! Metrics for Prometheus. No label names a tenant.

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{exponential_buckets, Histogram};
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Request {
    pub method: &'static str,
    /// Route as in the OpenAPI document, without values.
    pub route: String,
    pub status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Ended {
    pub kind: String,
    /// done, failed, retried or lost.
    pub how: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Because {
    /// As in a job's `retry`.
    pub cause: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Renewed {
    /// kept, lost or failed.
    pub how: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct InState {
    pub state: String,
}

/// Why the log signs nothing.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Stopped {
    pub why: &'static str,
}

#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    pub requests: Family<Request, Counter>,
    pub latency: Histogram,
    pub attempts: Family<Ended, Counter>,
    pub prover_cpu: Histogram,
    pub jobs: Family<InState, Gauge>,
    pub segments: Family<InState, Gauge>,
    pub queue_age: Gauge,
    pub delayed: Gauge,
    pub lease_left: Gauge,
    pub renewals: Family<Renewed, Counter>,
    pub retries: Family<Because, Counter>,
    pub streams: Gauge,
    pub log_pending: Gauge,
    pub log_age: Gauge,
    pub log_stopped: Family<Stopped, Gauge>,
}

impl Metrics {
    pub fn new(missing: &Counter) -> Self {
        let mut registry = Registry::with_prefix("provenn");
        let metrics = Self {
            requests: Family::default(),
            latency: Histogram::new(exponential_buckets(0.0005, 2.0, 16)),
            attempts: Family::default(),
            prover_cpu: Histogram::new(exponential_buckets(0.05, 2.0, 16)),
            jobs: Family::default(),
            segments: Family::default(),
            queue_age: Gauge::default(),
            delayed: Gauge::default(),
            lease_left: Gauge::default(),
            renewals: Family::default(),
            retries: Family::default(),
            streams: Gauge::default(),
            log_pending: Gauge::default(),
            log_age: Gauge::default(),
            log_stopped: Family::default(),
            registry: Registry::default(),
        };
        registry.register(
            "http_requests",
            "Requests by method, route and status",
            metrics.requests.clone(),
        );
        registry.register_with_unit(
            "http_latency",
            "Time to the first byte of an answer",
            Unit::Seconds,
            metrics.latency.clone(),
        );
        registry.register("attempts", "Attempts at jobs by kind and end", metrics.attempts.clone());
        registry.register_with_unit(
            "prover_cpu",
            "CPU time of prover processes",
            Unit::Seconds,
            metrics.prover_cpu.clone(),
        );
        registry.register("jobs", "Jobs under way by state", metrics.jobs.clone());
        registry.register(
            "segments",
            "Segments of proofs under way by state",
            metrics.segments.clone(),
        );
        registry.register_with_unit(
            "queue_age",
            "How long the oldest job that may be begun has waited",
            Unit::Seconds,
            metrics.queue_age.clone(),
        );
        registry.register(
            "queue_delayed_jobs",
            "Queued jobs that wait before they are tried again",
            metrics.delayed.clone(),
        );
        registry.register_with_unit(
            "lease_left",
            "Time left of the lease that ends first; negative if nobody ended it",
            Unit::Seconds,
            metrics.lease_left.clone(),
        );
        registry.register(
            "lease_renewals",
            "Renewals of leases by this process: kept, lost or failed",
            metrics.renewals.clone(),
        );
        registry.register(
            "retries",
            "Attempts that this process gave back to the queue, by cause",
            metrics.retries.clone(),
        );
        registry.register("event_streams", "Open event streams", metrics.streams.clone());
        registry.register(
            "log_pending_entries",
            "Entries of the log that no checkpoint covers yet",
            metrics.log_pending.clone(),
        );
        registry.register_with_unit(
            "log_pending_age",
            "How long the oldest of these entries waits",
            Unit::Seconds,
            metrics.log_age.clone(),
        );
        registry.register(
            "log_stopped",
            "1 for the reason for which the log signs nothing",
            metrics.log_stopped.clone(),
        );
        registry.register(
            "objects_missing",
            "Objects that rows of the database name and the object store lacks, each time that one was asked for",
            missing.clone(),
        );
        Self { registry, ..metrics }
    }

    /// The text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let _infallible = encode(&mut text, &self.registry);
        text
    }
}
