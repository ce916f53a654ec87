//! What anybody may use.

use crate::estimate;
use serde::{Deserialize, Serialize};

/// Limits; those of a tenant hold for each tenant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub model_bytes: u64,
    pub model_nodes: u64,
    pub model_parameters: u64,
    /// Multiplications of a model, those of convolutions and matrix products.
    pub model_macs: u64,
    pub input_bytes: u64,
    /// Vertices and edges of a graph that a colouring is of.
    pub graph_vertices: u64,
    pub graph_edges: u64,
    /// Most CPU seconds of a proof by forecast.
    pub forecast_cpu_seconds: f64,
    /// Address space of a prover process. A proof that needs more by forecast is refused.
    pub prover_memory_bytes: u64,
    /// Wall time of a prover process.
    pub prover_seconds: u64,
    /// Times that a job is tried before it fails.
    pub attempts: i64,
    /// Times that a fault of a machine may end a job before it fails.
    pub faults: i64,
    /// Jobs of a tenant under way.
    pub tenant_jobs: i64,
    /// Bytes of a tenant: uploads, files of committed models, openings, receipts, and bodies that are being received.
    pub tenant_bytes: i64,
    /// Requests per second of a tenant.
    pub requests_per_second: u32,
    /// Requests at once beyond that rate.
    pub burst: u32,
    /// Requests per second of an address without a key.
    pub address_requests_per_second: u32,
    /// Requests at once beyond that rate: the page asks for some thirty files each time it is opened.
    pub address_burst: u32,
    /// Bytes of receipts that are kept in memory to be verified, all together; a client has a quarter of them.
    pub receipt_bytes: u64,
    /// Verifications at a time.
    pub verifications: usize,
    /// Uploaded models read at a time, and as many inputs.
    pub inspections: usize,
    /// Event streams of a tenant at a time.
    pub streams: usize,
    /// Connections at a time; each takes a file descriptor.
    pub connections: usize,
    /// Connections of one address at a time, proxies excepted.
    pub address_connections: usize,
    /// Bytes of working files of models that a machine keeps; those not used for longest go.
    pub cache_bytes: u64,
    /// Bytes that have to be free on the disk of the data folder: with fewer, no job is begun and the process is not ready.
    pub free_bytes: u64,
    /// Days after which inputs that no job needs are removed; 0 for never.
    pub keep_inputs_days: u32,
    /// The same for receipts. The log and the ledger keep their entries.
    pub keep_receipts_days: u32,
    /// Days after its end that a job is kept, and a proof as long as its receipt; 0 for ever.
    pub keep_jobs_days: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            model_bytes: 256 << 20,
            model_nodes: 10_000,
            model_parameters: 64_000_000,
            model_macs: 4_000_000_000,
            input_bytes: 16 << 20,
            graph_vertices: 1_000_000,
            graph_edges: 4_000_000,
            forecast_cpu_seconds: 600.0,
            prover_memory_bytes: 8 << 30,
            prover_seconds: 3600,
            attempts: 5,
            faults: 1000,
            tenant_jobs: 10_000,
            tenant_bytes: 16 << 30,
            requests_per_second: 1000,
            burst: 2000,
            address_requests_per_second: 50,
            address_burst: 1000,
            receipt_bytes: 256 << 20,
            verifications: 4,
            inspections: 4,
            streams: 2_000,
            connections: 20_000,
            address_connections: 500,
            cache_bytes: 16 << 30,
            free_bytes: 256 << 20,
            keep_inputs_days: 0,
            keep_receipts_days: 0,
            keep_jobs_days: 0,
        }
    }
}

impl Limits {
    /// What one proof may cost by forecast.
    pub fn of_a_proof(&self) -> estimate::Limits {
        estimate::Limits {
            cpu_seconds: self.forecast_cpu_seconds,
            memory_bytes: self.prover_memory_bytes,
        }
    }
}
