//! The search for the cheapest shape.

use crate::error::CircuitError;
use crate::layout::{
    bias_capacity, precisions, Features, Layout, Shape, LANES, MAX_K, MIN_K, RECEIPT_BYTES, WEIGHT_BITS,
};
use crate::program::{Precision, Program, Step, Tensor};
use crate::register::check_registered;

/// Chooses the cheapest shape for a program, by the cost model. `build` gives the program at a precision.
///
/// # Errors
/// [`CircuitError::TooLarge`] if no supported size fits; errors of `build`.
pub fn choose(
    build: &dyn Fn(Precision) -> Result<Program, CircuitError>,
    public_input: bool,
) -> Result<(Program, Layout), CircuitError> {
    let mut best: Option<(f64, Shape)> = None;
    let structure = build(Precision {
        table_bits: 8,
        limbs: 2,
        top_bits: 0,
    })?;
    let input_bytes = if public_input {
        2 * structure.tensors[0].len()
    } else {
        0
    };
    for k in MIN_K..=MAX_K {
        if best.as_ref().is_some_and(|(_, shape)| k > shape.k + 2) {
            break;
        }
        for precision in precisions(k) {
            for lanes in LANES {
                let shape = Shape {
                    k,
                    lanes,
                    slots: 2,
                    table_bits: precision.table_bits,
                    limbs: precision.limbs,
                    top_bits: precision.top_bits,
                    weight_bits: precision.bits(),
                    public_input,
                    weight_lanes: 0,
                    live_input_lanes: 0,
                    features: Features::default(),
                };
                if least_rows(&structure, lanes) > shape.usable() {
                    continue;
                }
                let Some(layout) = Layout::build(&structure, shape) else {
                    continue;
                };
                let over = layout.shape.predicted_receipt_bytes() + input_bytes > RECEIPT_BYTES;
                let cost = layout.shape.predicted_m20() * if over { 100.0 } else { 1.0 };
                if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                    best = Some((cost, layout.shape));
                }
            }
        }
    }
    let (_, mut shape) = best.ok_or(CircuitError::TooLarge { max_k: MAX_K })?;
    let model = build(shape.precision())?;
    shape.weight_bits = weight_bits(&model);
    let layout = Layout::build(&model, shape).ok_or(CircuitError::TooLarge { max_k: MAX_K })?;
    check_registered(&model, &layout)?;
    Ok((model, layout))
}

/// Rows that stored tensors or the policy take at least, on so many lanes.
fn least_rows(model: &Program, lanes: usize) -> usize {
    let rows = |t: &Tensor| t.channels.div_ceil(lanes).saturating_mul(t.positions());
    let stored = model.tensors.iter().map(rows).fold(0, usize::saturating_add);
    let output = &model.tensors[model.output()];
    stored.max(output.len() / if output.positions() == 1 { lanes } else { 1 })
}

/// The fewest bits, of those possible, of a signed integer that holds every weight, and of which three limbs hold every bias.
pub fn weight_bits(model: &Program) -> u32 {
    let steps = model.tensors.iter().filter_map(|t| match &t.step {
        Step::Affine(affine) => Some(affine),
        _ => None,
    });
    let bits = |values: &[i64]| {
        values
            .iter()
            .map(|v| u64::BITS - v.unsigned_abs().leading_zeros())
            .max()
            .unwrap_or(0)
    };
    let (mut weight, mut bias) = (0, 0);
    for affine in steps {
        weight = affine
            .contractions
            .iter()
            .map(|c| bits(&c.weights))
            .fold(weight, u32::max);
        bias = bias.max(bits(&affine.bias));
    }
    let fits = |width: &u32| weight < *width && bias <= bias_capacity(*width);
    WEIGHT_BITS.into_iter().find(fits).unwrap_or(*WEIGHT_BITS.end())
}
