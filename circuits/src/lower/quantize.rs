//! Integers for the float program: scales, weights, biases, and the interval analysis.

use super::form::{Affine, FloatModel, Step};
use super::HEADROOM;
use crate::error::CircuitError;
use crate::qmodel::{self, Precision, QModel};
use crate::witness::bias_capacity;

/// Accumulators stay below 2^ACCUMULATOR_BITS, far from the field's 2^253.
const ACCUMULATOR_BITS: u32 = 120;
/// Extra fractional bits of a sum whose coefficients are not powers of two.
const COEFFICIENT_BITS: i32 = 12;

/// Quantizes at a precision.
pub fn quantize(program: &FloatModel, precision: Precision) -> Result<QModel, CircuitError> {
    let mut tensors: Vec<qmodel::Tensor> = vec![];
    for tensor in &program.tensors {
        let frac = match &tensor.step {
            Step::MaxPool(pool) => tensors[pool.tensor].frac,
            _ => fractional_bits(tensor.range, precision, tensor.signed),
        };
        let step = match &tensor.step {
            Step::Input => qmodel::Step::Input,
            Step::MaxPool(pool) => qmodel::Step::MaxPool(pool.clone()),
            Step::Affine(affine) => qmodel::Step::Affine(integers(affine, frac, precision, &tensors)),
        };
        let [channels, height, width] = tensor.grid;
        let quantized = qmodel::Tensor {
            name: tensor.name.clone(),
            channels,
            height,
            width,
            frac,
            signed: tensor.signed,
            step,
        };
        check_bounds(&quantized, precision)?;
        tensors.push(quantized);
    }
    Ok(QModel {
        precision,
        tensors,
        input_shape: program.input_shape.clone(),
        output_shape: program.output_shape.clone(),
    })
}

/// The most fractional bits with which `range` and its headroom fit.
fn fractional_bits(range: f64, precision: Precision, signed: bool) -> i32 {
    let integer = (range.max(1e-6) * HEADROOM).log2().ceil() as i32;
    precision.bits() as i32 - i32::from(signed) - integer
}

fn round(value: f64, frac: i32) -> i64 {
    (value * 2f64.powi(frac)).round().clamp(-9e15, 9e15) as i64
}

fn integers(affine: &Affine, frac: i32, precision: Precision, tensors: &[qmodel::Tensor]) -> qmodel::Affine {
    let scale = frac + precision.bits() as i32;
    let contraction = affine.contraction.as_ref().map(|c| {
        let exact = |x: f64| x != 0.0 && x.abs().log2().fract() == 0.0;
        let extra = if c.parts.iter().all(|p| exact(p.coef)) {
            0
        } else {
            COEFFICIENT_BITS
        };
        // Fractional bits of the virtual tensor: the finest part decides.
        let finest = |p: &super::form::Part| tensors[p.tensor].frac - p.coef.abs().log2().floor().min(0.0) as i32;
        let source = c.parts.iter().map(finest).max().unwrap_or(0) + extra;
        let alpha = |p: &super::form::Part| round(p.coef, source - tensors[p.tensor].frac);
        let parts = c.parts.iter().map(|p| qmodel::Part {
            tensor: p.tensor,
            alpha: alpha(p),
            offset: p.offset,
        });
        qmodel::Contraction {
            parts: parts.collect(),
            channels: c.channels,
            axes: c.axes.clone(),
            weights: c.weights.iter().map(|&w| round(w, scale - source)).collect(),
        }
    });
    let linear = affine.linear.iter().map(|l| qmodel::Linear {
        tensor: l.part.tensor,
        alpha: round(l.part.coef, scale - tensors[l.part.tensor].frac),
        offset: l.part.offset,
        axes: l.axes.clone(),
    });
    qmodel::Affine {
        contraction,
        bias: affine.bias.iter().map(|&b| round(b, scale)).collect(),
        linear: linear.collect(),
    }
}

/// Interval analysis: no accumulator of any input in range may come near the field size.
fn check_bounds(tensor: &qmodel::Tensor, precision: Precision) -> Result<(), CircuitError> {
    let qmodel::Step::Affine(affine) = &tensor.step else {
        return Ok(());
    };
    let largest = 2f64.powi(precision.bits() as i32);
    let mut bound = 0f64;
    if let Some(c) = &affine.contraction {
        let source: f64 = c.parts.iter().map(|p| p.alpha.unsigned_abs() as f64 * largest).sum();
        let row = (c.channels * c.axes[0].kernel * c.axes[1].kernel).max(1);
        let sums = c
            .weights
            .chunks(row)
            .map(|w| w.iter().map(|w| w.unsigned_abs() as f64).sum::<f64>());
        bound += sums.fold(0.0, f64::max) * source;
        let bias = affine.bias.iter().map(|b| b.unsigned_abs()).max().unwrap_or(0);
        let weight_bits = 65
            - c.weights
                .iter()
                .map(|w| w.unsigned_abs())
                .max()
                .unwrap_or(0)
                .leading_zeros();
        if u64::BITS - bias.leading_zeros() > bias_capacity(weight_bits.max(16)) {
            return Err(CircuitError::Wrap {
                tensor: tensor.name.clone(),
                bits: 64,
                limit: bias_capacity(weight_bits.max(16)),
            });
        }
        bound += bias as f64;
    }
    for term in &affine.linear {
        let taps: usize = term
            .axes
            .iter()
            .map(|a| a.taps.iter().map(Vec::len).max().unwrap_or(0))
            .product();
        bound += term.alpha.unsigned_abs() as f64 * taps as f64 * largest;
    }
    let bits = bound.max(1.0).log2().ceil() as u32;
    if bits > ACCUMULATOR_BITS {
        return Err(CircuitError::Wrap {
            tensor: tensor.name.clone(),
            bits,
            limit: ACCUMULATOR_BITS,
        });
    }
    Ok(())
}
