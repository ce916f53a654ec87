//! The size of a receipt, from the dimensions of the circuit.

use provenn_circuits::shape::{Shape, TAIL};

/// Bytes of a receipt under the `label` policy, without context, for an input of `values` elements that uses its range.
///
/// Counts the messages of the proof (32 bytes each): commitments and evaluations of advice columns, evaluations of
/// fixed columns and permutation polynomials, permutation products, quotient pieces, opening; then claim and link.
pub fn receipt_bytes(shape: &Shape, values: usize) -> usize {
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
