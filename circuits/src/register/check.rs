//! What must hold of a program for its registration to mean anything.

use super::known::Known;
use super::RegisterShape;
use crate::error::CircuitError;
use crate::layout::{bias_capacity, Layout};
use crate::program::{Program, Step, LARGEST};

/// Accumulators stay below this many bits whatever registered weights are used; the field has 253.
const REGISTERED_BITS: u32 = 200;
/// Most classes of lanes: each is a column of the registration.
const MAX_CLASSES: usize = 256;

/// No accumulator of any input in range can come near the field size, whatever weights are registered; the constants of
/// the model fit their cells, and lanes do not differ too much in what is known of them.
///
/// # Errors
/// [`CircuitError::Wrap`], [`CircuitError::Constant`] or [`CircuitError::Unsupported`] if not.
pub fn check_registered(model: &Program, layout: &Layout) -> Result<(), CircuitError> {
    check_constants(model, layout.shape.weight_bits)?;
    let classes = Known::new(model, layout).columns.len();
    if classes > MAX_CLASSES {
        return Err(CircuitError::Unsupported(vec![format!(
            "public constants that differ from channel to channel: {classes} kinds of lanes, a registration tells {MAX_CLASSES} apart"
        )]));
    }
    let bits = RegisterShape::of_layout(layout, classes).accumulator_bits(model);
    if bits > REGISTERED_BITS {
        return Err(CircuitError::Wrap {
            tensor: "any, with the largest weights that can be registered".into(),
            bits,
            limit: REGISTERED_BITS,
        });
    }
    Ok(())
}

/// Constants must be themselves in their cells: no digits lost, no cell below 0. A card could have a shape for which they are
/// not. Weights that are not known are zeros here.
fn check_constants(model: &Program, weight_bits: u32) -> Result<(), CircuitError> {
    for tensor in &model.tensors {
        let Step::Affine(affine) = &tensor.step else { continue };
        let weights = affine.contractions.iter().flat_map(|c| &c.weights);
        let weights = weights.map(|w| ("weight", *w, weight_bits - 1));
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
