//! What must hold of a program for its registration to mean anything.

use super::RegisterShape;
use crate::error::CircuitError;
use crate::layout::bias_capacity;
use crate::program::{Program, Step, LARGEST};

/// Accumulators stay below this many bits whatever registered weights are used; the field has 253.
const REGISTERED_BITS: u32 = 200;
/// No accumulator of any input in range can come near the field size, whatever weights are registered.
pub(super) fn check_accumulators(model: &Program, shape: &RegisterShape) -> Result<(), CircuitError> {
    let bits = shape.accumulator_bits(model);
    match bits > REGISTERED_BITS {
        true => Err(CircuitError::Wrap {
            tensor: "any, with the largest weights that can be registered".into(),
            bits,
            limit: REGISTERED_BITS,
        }),
        false => Ok(()),
    }
}

/// Constants must be themselves in their cells: no digits lost, no cell below 0. A card could have a shape for which they are
/// not. Weights that are not known are zeros here.
pub(super) fn check_constants(model: &Program, weight_bits: u32) -> Result<(), CircuitError> {
    for tensor in &model.tensors {
        let Step::Affine(affine) = &tensor.step else { continue };
        let weights = affine.contractions.iter().flat_map(|c| c.weights.iter());
        let weights = weights.map(|w| ("weight", w, weight_bits - 1));
        let bias = affine.bias.iter().map(|b| ("bias", *b, bias_capacity(weight_bits)));
        for (what, value, bits) in weights.chain(bias) {
            let limit = LARGEST.min((1 << bits.min(62)) - 1);
            if value.unsigned_abs() > limit.unsigned_abs() {
                return Err(CircuitError::Constant {
                    tensor: tensor.name.clone(),
                    what,
                    value: value as f64,
                    units: value as f64,
                    limit,
                });
            }
        }
    }
    Ok(())
}
