//! What a proof will cost, from the dimensions of the circuit.

use crate::error::CliError;
use provenn_circuits::shape::{Shape, TAIL};
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
    /// Size of a receipt with the policy `label`.
    pub bytes: usize,
}

impl Cost {
    pub fn of(shape: &Shape, input_shape: &[usize]) -> Self {
        Self {
            k: shape.k,
            columns: shape.small_columns() + shape.full_columns(),
            cpu_seconds: shape.predicted_cpu_seconds(),
            bytes: receipt_bytes(shape, input_shape.iter().product()),
        }
    }

    pub fn json(&self) -> Value {
        json!({ "k": self.k, "columns": self.columns, "cpu_seconds": self.cpu_seconds, "receipt_bytes": self.bytes })
    }

    /// Refuses what exceeds a limit on the CPU seconds of one proof.
    pub fn admit(&self, limit: f64) -> Result<(), CliError> {
        if self.cpu_seconds <= limit {
            return Ok(());
        }
        let message = format!(
            "forecast: {:.1} CPU seconds per proof (2^{} rows, {} columns), the limit is {limit:.1}",
            self.cpu_seconds, self.k, self.columns
        );
        Err(CliError::new(
            5,
            "forecast-exceeds-limit",
            message,
            "commit to a smaller model, or ask the operator for a higher limit",
        ))
    }
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
