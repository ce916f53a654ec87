//! Interval analysis: how large an accumulator can become on inputs in range. The integers of the program and the field of
//! the circuit agree only far below the field's size, so soundness rests on it, both for the weights of a compilation and
//! for any that a registration lets pass.

use super::{Affine, Axis, Contraction, Linear, MatrixProduct, Precision, Step, Tensor};
use crate::octaves;

/// How large committed constants may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Constants {
    /// They are those of the program.
    Own,
    /// Any of magnitudes below these.
    Any {
        /// Of a weight.
        weight: f64,
        /// Of a bias.
        bias: f64,
    },
}

/// Bits that the magnitude of an accumulator of a tensor can need.
pub(crate) fn accumulator_bits(tensor: &Tensor, precision: Precision, constants: Constants) -> u32 {
    let value = 2f64.powi(precision.bits() as i32);
    let bound = match &tensor.step {
        Step::Affine(affine) => affine_bound(affine, value, constants),
        Step::Product(product) => product.alpha.unsigned_abs() as f64 * value * value,
        // Both sides of `2 alpha a + b = 2 b q + rem`.
        Step::Quotient(quotient) => 2.0 * value * value * (quotient.alpha.unsigned_abs() as f64 + value),
        Step::Input | Step::MaxPool(_) => 0.0,
    };
    octaves::ceil(bound.max(1.0)) as u32
}

/// Largest magnitude of a sum whose terms read values below `value`.
fn affine_bound(affine: &Affine, value: f64, constants: Constants) -> f64 {
    let taps = |axes: &[Axis; 2]| (axes[0].most_taps() * axes[1].most_taps()) as f64;
    let contraction = |c: &Contraction| {
        let parts: f64 = c.parts.iter().map(|p| p.alpha.unsigned_abs() as f64 * value).sum();
        let source = parts + c.constant.unsigned_abs() as f64;
        let weight = match constants {
            Constants::Own => c.weights.largest() as f64,
            Constants::Any { weight, .. } => weight,
        };
        weight * (c.channels / c.groups) as f64 * taps(&c.axes) * source
    };
    let bias = match constants {
        Constants::Any { bias, .. } if !affine.bias.is_empty() => bias,
        _ => affine.bias.iter().map(|b| b.unsigned_abs()).max().unwrap_or(0) as f64,
    };
    let linear = |term: &Linear| term.part.alpha.unsigned_abs() as f64 * taps(&term.axes) * value;
    let product = |p: &MatrixProduct| p.alpha.unsigned_abs() as f64 * p.right.1.grid[1] as f64 * value * value;
    bias + affine.contractions.iter().map(contraction).sum::<f64>()
        + affine.linear.iter().map(linear).sum::<f64>()
        + affine.matrix_products.iter().map(product).sum::<f64>()
}
