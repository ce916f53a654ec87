//! Integers for the float program: scales, weights, biases, and the interval analysis.

use super::form::{Affine, Contraction, FloatModel, Pairing, Part, Step, Tensor};
use super::{HEADROOM, LARGEST};
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
            Step::Affine(affine) => qmodel::Step::Affine(integers(tensor, affine, frac, precision, &tensors)?),
            Step::Product(source) => {
                let shift = frac + precision.bits() as i32 - 2 * tensors[*source].frac;
                qmodel::Step::Product(qmodel::Product {
                    tensor: *source,
                    alpha: power(&tensor.name, 1.0, shift)?,
                })
            }
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
    precision.bits() as i32 - i32::from(signed) - integer_bits(range)
}

fn round(value: f64, frac: i32) -> i64 {
    (value * 2f64.powi(frac)).round().clamp(-LARGEST, LARGEST) as i64
}

/// `coef * 2^shift`, which must be an integer: factors of products are exact.
fn power(name: &str, coef: f64, shift: i32) -> Result<i64, CircuitError> {
    let value = coef * 2f64.powi(shift);
    match value.fract() == 0.0 && value != 0.0 && value.abs() < 2f64.powi(62) {
        true => Ok(value as i64),
        false => Err(CircuitError::Unsupported(vec![format!(
            "tensor `{name}`: the scale of a product of activations is no integer"
        )])),
    }
}

/// Bits before the point with which a range and its headroom fit.
pub(super) fn integer_bits(range: f64) -> i32 {
    (range.max(1e-6) * HEADROOM).log2().ceil() as i32
}

fn integers(
    tensor: &Tensor,
    affine: &Affine,
    frac: i32,
    precision: Precision,
    tensors: &[qmodel::Tensor],
) -> Result<qmodel::Affine, CircuitError> {
    let scale = frac + precision.bits() as i32;
    let part = |p: &Part, frac: i32| qmodel::Part {
        tensor: p.tensor,
        alpha: round(p.coef, frac - tensors[p.tensor].frac),
        offset: p.offset,
        view: p.view.clone(),
    };
    let contraction = |c: &Contraction| {
        let exact = |x: f64| x != 0.0 && x.abs().log2().fract() == 0.0;
        let extra = if c.parts.iter().all(|p| exact(p.coef)) {
            0
        } else {
            COEFFICIENT_BITS
        };
        // Fractional bits of the virtual tensor: the finest part decides.
        let finest = |p: &Part| tensors[p.tensor].frac - p.coef.abs().log2().floor().min(0.0) as i32;
        let mut source = c.parts.iter().map(finest).max().unwrap_or(0) + extra;
        if c.parts.is_empty() {
            // A constant is as large as keeps its weights below the width of a value.
            let largest = c.magnitude.max(1e-6);
            source = (scale + 1 + largest.log2().ceil() as i32 - precision.bits() as i32).clamp(0, 60);
        }
        qmodel::Contraction {
            parts: c.parts.iter().map(|p| part(p, source)).collect(),
            constant: if c.parts.is_empty() { 1 << source } else { 0 },
            channels: c.channels,
            axes: c.axes.clone(),
            groups: c.groups,
            weights: c.weights.iter().map(|&w| round(w, scale - source)).collect(),
            public: c.public,
        }
    };
    let linear = affine.linear.iter().map(|l| qmodel::Linear {
        part: part(&l.part, scale),
        axes: l.axes.clone(),
    });
    let pairing = |p: &Pairing| {
        let shift = scale - tensors[p.left.0].frac - tensors[p.right.0].frac;
        Ok(qmodel::Pairing {
            alpha: power(&tensor.name, p.coef, shift)?,
            left: p.left.clone(),
            right: p.right.clone(),
        })
    };
    Ok(qmodel::Affine {
        contractions: affine
            .contractions(tensor.grid)
            .iter()
            .map(|c| contraction(c))
            .collect(),
        bias: affine.bias.values.iter().map(|&b| round(b, scale)).collect(),
        public_bias: affine.bias.public,
        pairings: affine
            .pairings
            .iter()
            .map(pairing)
            .collect::<Result<_, CircuitError>>()?,
        linear: linear.collect(),
    })
}

/// Interval analysis: no accumulator of any input in range may come near the field size.
fn check_bounds(tensor: &qmodel::Tensor, precision: Precision) -> Result<(), CircuitError> {
    let largest = 2f64.powi(precision.bits() as i32);
    let bound = match &tensor.step {
        qmodel::Step::Affine(affine) => affine_bound(tensor, affine, largest)?,
        qmodel::Step::Product(product) => product.alpha.unsigned_abs() as f64 * largest * largest,
        qmodel::Step::Input | qmodel::Step::MaxPool(_) => return Ok(()),
    };
    let bits = bound.max(1.0).log2().ceil() as u32;
    match bits > ACCUMULATOR_BITS {
        true => Err(wrap(tensor, bits, ACCUMULATOR_BITS)),
        false => Ok(()),
    }
}

fn wrap(tensor: &qmodel::Tensor, bits: u32, limit: u32) -> CircuitError {
    CircuitError::Wrap {
        tensor: tensor.name.clone(),
        bits,
        limit,
    }
}

/// Largest magnitude of an accumulator whose terms read values below `largest`.
fn affine_bound(tensor: &qmodel::Tensor, affine: &qmodel::Affine, largest: f64) -> Result<f64, CircuitError> {
    let taps = |axes: &[qmodel::Axis; 2]| axes[0].most_taps() * axes[1].most_taps();
    let mut bound = 0f64;
    for c in &affine.contractions {
        let parts: f64 = c.parts.iter().map(|p| p.alpha.unsigned_abs() as f64 * largest).sum();
        let source = parts + c.constant.unsigned_abs() as f64;
        let weight = c.weights.iter().map(|w| w.unsigned_abs()).max().unwrap_or(0) as f64;
        bound += weight * (c.channels / c.groups * taps(&c.axes)) as f64 * source;
    }
    let weights = affine.contractions.iter().flat_map(|c| &c.weights);
    let weight_bits = 65 - weights.map(|w| w.unsigned_abs()).max().unwrap_or(0).leading_zeros();
    let bias = affine.bias.iter().map(|b| b.unsigned_abs()).max().unwrap_or(0);
    let capacity = bias_capacity(weight_bits.max(16));
    if u64::BITS - bias.leading_zeros() > capacity {
        return Err(wrap(tensor, 64, capacity));
    }
    bound += bias as f64;
    for term in &affine.linear {
        bound += term.part.alpha.unsigned_abs() as f64 * taps(&term.axes) as f64 * largest;
    }
    for pairing in &affine.pairings {
        let inner = pairing.right.1.grid[1] as f64;
        bound += pairing.alpha.unsigned_abs() as f64 * inner * largest * largest;
    }
    Ok(bound)
}
