//! What a proof will cost, from the dimensions of the circuit.

use crate::error::CliError;
use provenn_circuits::layout::{Shape, TAIL};
use serde_json::{json, Value};

/// Forecast of one proof.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// log2 of the number of rows.
    pub k: u32,
    /// Columns of the circuit.
    pub columns: usize,
    /// By the cost model, on the machine it was fitted to.
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
    pub fn of(shape: &Shape, input_shape: &[usize]) -> Self {
        Self {
            k: shape.k,
            columns: shape.small_columns() + shape.full_columns(),
            cpu_seconds: shape.predicted_cpu_seconds(),
            memory_bytes: memory_bytes(shape),
            bytes: receipt_bytes(shape, input_shape.iter().product()),
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

/// Resident bytes of the prover process: its polynomials, of 32 bytes for each row of each column, in several forms. Fitted to
/// the peaks of proofs with 2^7 to 2^16 rows on two cores (12 MiB to 798 MiB); the test beside it has the measurements.
fn memory_bytes(shape: &Shape) -> u64 {
    memory(shape.k, shape.small_columns() + shape.full_columns())
}

fn memory(k: u32, columns: usize) -> u64 {
    let cells = (columns as u64).saturating_mul(1u64.checked_shl(k).unwrap_or(u64::MAX));
    (16 << 20) + cells.saturating_mul(32 * 11 / 2)
}

/// Bytes of a receipt under the `label` policy, without context, for an input of `values` elements that uses its range.
///
/// Counts the messages of the proof (32 bytes each): commitments and evaluations of advice columns, evaluations of
/// fixed columns and permutation polynomials, permutation products, quotient pieces, opening; then claim and link.
fn receipt_bytes(shape: &Shape, values: usize) -> usize {
    let parts = (shape.limbs + shape.top_bits) as usize;
    let inputs = if shape.public_input { 0 } else { shape.lanes };
    let lanes = shape.lanes * (2 + 2 * parts) + inputs;
    let lookups = shape.lookups().div_ceil(3) + 2;
    let advice = shape.weight_lanes + lanes + 2 + 1 + lookups + 3 + 3 * shape.slots;
    // Beside each column at its own row: values at two earlier rows, `top`, `sum`, `pow`, `uacc`, `pacc`, accumulators.
    let advice_evals = advice + 2 * shape.lanes + 5 + shape.slots;
    let fixed_evals = 17 + 4 * shape.slots - 1;
    let permuted = 4 + 3 * shape.slots;
    let products = permuted.div_ceil(3);
    let quotient = 4;
    let opening = 2;
    let messages =
        advice + advice_evals + fixed_evals + 1 + permuted + products + (3 * products - 1) + 1 + quotient + opening;
    // Public values take as many bytes each as the widest needs, named by one byte.
    let width = (shape.precision().bits() as usize).div_ceil(8);
    let binding = if shape.public_input {
        1 + width * values
    } else {
        32 * shape.lanes
    };
    let claim = 2 + 16 + 4 * 32 + 5 + 1 + 4 + binding + 4 + 32 + 8;
    6 + 4 + claim + 4 + 32 * messages + 32 + 4 + 32 * TAIL
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Log of the rows, columns, and MiB at the peak of `provenn prove`.
    const MEASURED: [(u32, usize, u64); 10] = [
        (7, 29, 12),
        (9, 58, 18),
        (9, 90, 18),
        (11, 54, 30),
        (12, 82, 61),
        (12, 146, 89),
        (12, 194, 95),
        (14, 76, 210),
        (15, 75, 405),
        (16, 73, 798),
    ];

    #[test]
    fn memory_is_forecast_from_above() {
        for (k, columns, measured) in MEASURED {
            let forecast = memory(k, columns) >> 20;
            assert!(
                (measured..2 * measured).contains(&forecast),
                "2^{k} rows, {columns} columns: {forecast} MiB, measured {measured} MiB"
            );
        }
    }

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
