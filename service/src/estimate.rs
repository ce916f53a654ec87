//! What a proof will cost, from the dimensions of the circuit.

use crate::error::CliError;
use provenn_circuits::argument::{self, Counts, Machine};
use provenn_circuits::layout::Shape;
use provenn_prover::chain::CompiledChain;
use provenn_verifier::ColouringClass;
use serde_json::{json, Value};

/// Forecast of one proof.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// log2 of the number of rows.
    pub k: u32,
    /// Columns of the circuit.
    pub columns: usize,
    /// By the cost model, with what this machine proves with.
    pub cpu_seconds: f64,
    /// Largest resident memory of the prover.
    pub memory_bytes: u64,
    /// Size of a receipt with the policy `label`.
    pub bytes: usize,
}

/// What a proof may cost.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    pub cpu_seconds: f64,
    pub memory_bytes: u64,
}

impl Cost {
    pub fn of(shape: &Shape) -> Self {
        let forecast = argument::Cost::of(shape);
        let counts = Counts::of(shape);
        Self {
            k: shape.k,
            columns: counts.small + counts.full(),
            cpu_seconds: forecast.prove_cpu_seconds(provenn_prover::machine()),
            memory_bytes: forecast.memory_bytes,
            bytes: forecast.receipt_bytes,
        }
    }

    /// Of a model in segments, which are proven one after the other: columns and memory are those of the largest.
    pub fn of_segments(compiled: &CompiledChain) -> Self {
        let columns = compiled
            .segments
            .iter()
            .map(|(_, layout)| Self::of(&layout.shape).columns);
        Self {
            k: compiled.k(),
            columns: columns.max().unwrap_or(0),
            cpu_seconds: compiled.cost.prove_cpu_seconds(provenn_prover::machine()),
            memory_bytes: compiled.cost.memory_bytes,
            bytes: compiled.cost.receipt_bytes,
        }
    }

    /// Of a colouring, as measured on circuits of 2^5 to 2^14 rows.
    pub fn of_colouring(class: ColouringClass, edges: u32) -> Self {
        let columns = class.lanes() * (class.cells() + class.vectors()) + 1;
        let cells = 2f64.powi(class.rows() as i32) * f64::from(columns);
        let microseconds = match provenn_prover::machine() {
            Machine::Ifma => 2.6,
            Machine::Avx2 => 4.5,
            Machine::Portable => 8.0,
        };
        Self {
            k: class.rows(),
            columns: columns as usize,
            cpu_seconds: 0.03 + cells * microseconds / 1e6,
            memory_bytes: 20_000_000 + (cells * 320.0) as u64 + u64::from(edges) * 40,
            bytes: 2_800,
        }
    }

    pub fn json(&self) -> Value {
        json!({ "k": self.k, "columns": self.columns, "cpu_seconds": self.cpu_seconds, "memory_bytes": self.memory_bytes, "receipt_bytes": self.bytes })
    }

    /// Refuses what exceeds a limit on one proof.
    pub fn admit(&self, limits: Limits) -> Result<(), CliError> {
        let refused = admit(self.cpu_seconds, self.memory_bytes, limits);
        refused.map_err(|cause| {
            let message = format!("{cause} (2^{} rows, {} columns)", self.k, self.columns);
            CliError::new(5, EXCEEDS, message, HELP)
        })
    }
}

/// Code and help of a refusal by forecast.
pub const EXCEEDS: &str = "forecast-exceeds-limit";
pub const HELP: &str = "use a smaller model, or ask the operator for a higher limit";

/// Why a proof that costs so much by forecast cannot be made.
pub fn admit(cpu_seconds: f64, memory_bytes: u64, limits: Limits) -> Result<(), String> {
    if cpu_seconds > limits.cpu_seconds {
        return Err(format!(
            "a proof takes {cpu_seconds:.1} CPU seconds by forecast, the limit is {:.1}",
            limits.cpu_seconds
        ));
    }
    if memory_bytes > limits.memory_bytes {
        return Err(format!(
            "a proof takes {memory_bytes} bytes of memory by forecast, the limit is {}",
            limits.memory_bytes
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_fit_is_refused() {
        let limits = Limits {
            cpu_seconds: 10.0,
            memory_bytes: 1 << 30,
        };
        assert_eq!(admit(10.0, 1 << 30, limits), Ok(()));
        assert!(admit(10.1, 0, limits).is_err_and(|cause| cause.contains("10.1 CPU seconds")));
        assert!(admit(0.0, (1 << 30) + 1, limits).is_err_and(|cause| cause.contains("bytes of memory")));
    }
}
