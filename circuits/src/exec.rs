//! Reference executor: the integer semantics of a [`QModel`], bit for bit what the circuit proves.

use crate::error::CircuitError;
use crate::qmodel::{Affine, Contraction, Linear, MaxPool, QModel, Step, Tensor};
use rayon::prelude::*;

/// Values and accumulators of one run.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Value of each tensor, `[channels, height, width]` flattened.
    pub values: Vec<Vec<i64>>,
    /// Accumulator of each `Affine` tensor before rounding; empty for others.
    pub accumulators: Vec<Vec<i128>>,
}

/// Quantizes a float input: `round(x * 2^frac)`.
///
/// # Errors
/// [`CircuitError::InputLength`], or [`CircuitError::OutOfRange`] for values outside the input range.
pub fn quantize_input(model: &QModel, input: &[f32]) -> Result<Vec<i64>, CircuitError> {
    let tensor = &model.tensors[0];
    if input.len() != tensor.len() {
        return Err(CircuitError::InputLength {
            expected: tensor.len(),
            got: input.len(),
        });
    }
    let scale = 2f64.powi(tensor.frac);
    let quantized: Vec<i64> = input.iter().map(|&x| (f64::from(x) * scale).round() as i64).collect();
    check_input(model, &quantized)?;
    Ok(quantized)
}

fn check_input(model: &QModel, input: &[i64]) -> Result<(), CircuitError> {
    let tensor = &model.tensors[0];
    if input.len() != tensor.len() {
        return Err(CircuitError::InputLength {
            expected: tensor.len(),
            got: input.len(),
        });
    }
    let half = 1i64 << (model.precision.bits() - 1);
    match input.iter().find(|v| !(-half..half).contains(*v)) {
        Some(&v) => Err(out_of_range(tensor, v.into(), (-half).into(), (half - 1).into())),
        None => Ok(()),
    }
}

fn out_of_range(tensor: &Tensor, value: i128, min: i128, max: i128) -> CircuitError {
    CircuitError::OutOfRange {
        tensor: tensor.name.clone(),
        value,
        min,
        max,
    }
}

/// Runs the model on a quantized input.
///
/// # Errors
/// [`CircuitError::OutOfRange`] if a value leaves the provable range; nothing is clamped silently.
pub fn execute(model: &QModel, input: &[i64]) -> Result<Trace, CircuitError> {
    check_input(model, input)?;
    let mut trace = Trace {
        values: vec![input.to_vec()],
        accumulators: vec![vec![]],
    };
    for (id, tensor) in model.tensors.iter().enumerate().skip(1) {
        let (values, accumulators) = match &tensor.step {
            Step::Input => (input.to_vec(), vec![]),
            Step::Affine(affine) => {
                let acc = accumulate(tensor, affine, &trace.values, model);
                (round(model, id, &acc)?, acc)
            }
            Step::MaxPool(pool) => (max_pool(tensor, pool, &trace.values, model), vec![]),
        };
        trace.values.push(values);
        trace.accumulators.push(accumulators);
    }
    Ok(trace)
}

fn accumulate(out: &Tensor, affine: &Affine, values: &[Vec<i64>], model: &QModel) -> Vec<i128> {
    let mut acc = vec![0i128; out.len()];
    if let Some(contraction) = &affine.contraction {
        contract(&mut acc, out, contraction, &affine.bias, values, model);
    }
    for term in &affine.linear {
        add_linear(&mut acc, out, term, values, model);
    }
    acc
}

/// The virtual tensor that a contraction reads.
pub fn virtual_source(contraction: &Contraction, values: &[Vec<i64>], model: &QModel) -> Vec<i64> {
    let Some(first) = contraction.parts.first() else {
        return vec![];
    };
    let positions = model.tensors[first.tensor].positions();
    let mut source = vec![0i64; contraction.channels * positions];
    for part in &contraction.parts {
        let from = &mut source[part.offset * positions..];
        for (to, v) in from.iter_mut().zip(&values[part.tensor]) {
            *to += part.alpha * v;
        }
    }
    source
}

fn contract(acc: &mut [i128], out: &Tensor, c: &Contraction, bias: &[i64], values: &[Vec<i64>], model: &QModel) {
    let source = virtual_source(c, values, model);
    let width = c.parts.first().map_or(1, |p| model.tensors[p.tensor].width);
    let plane = source.len() / c.channels.max(1);
    let [kh, kw] = [c.axes[0].kernel, c.axes[1].kernel];
    acc.par_chunks_mut(out.positions()).enumerate().for_each(|(o, acc)| {
        let weights = &c.weights[o * c.channels * kh * kw..(o + 1) * c.channels * kh * kw];
        for (p, acc) in acc.iter_mut().enumerate() {
            let (rows, cols) = (&c.axes[0].taps[p / out.width], &c.axes[1].taps[p % out.width]);
            let mut sum = i128::from(bias.get(o).copied().unwrap_or(0));
            for ch in 0..c.channels {
                let (x, w) = (&source[ch * plane..], &weights[ch * kh * kw..]);
                for &(ky, y) in rows {
                    for &(kx, xx) in cols {
                        sum += i128::from(w[ky * kw + kx]) * i128::from(x[y * width + xx]);
                    }
                }
            }
            *acc += sum;
        }
    });
}

fn add_linear(acc: &mut [i128], out: &Tensor, term: &Linear, values: &[Vec<i64>], model: &QModel) {
    let source = &model.tensors[term.tensor];
    for c in 0..source.channels {
        for p in 0..out.positions() {
            let (rows, cols) = (&term.axes[0].taps[p / out.width], &term.axes[1].taps[p % out.width]);
            let mut sum = 0i128;
            for &(_, y) in rows {
                for &(_, x) in cols {
                    sum += i128::from(values[term.tensor][c * source.positions() + y * source.width + x]);
                }
            }
            acc[(term.offset + c) * out.positions() + p] += i128::from(term.alpha) * sum;
        }
    }
}

fn round(model: &QModel, id: usize, acc: &[i128]) -> Result<Vec<i64>, CircuitError> {
    let (tensor, zero, f) = (&model.tensors[id], i128::from(model.zero(id)), model.precision.bits());
    let span = 1i128 << f;
    acc.iter()
        .map(|&a| {
            let shifted = a + (1i128 << (f - 1)) + (zero << f);
            let stored = (shifted >> f).max(0);
            // Below the clamp the circuit still needs a magnitude of 2f bits.
            if stored >= span || shifted < -(span << f) {
                return Err(out_of_range(
                    tensor,
                    (a + (1i128 << (f - 1))) >> f,
                    -zero - span,
                    span - 1 - zero,
                ));
            }
            Ok((stored - zero) as i64)
        })
        .collect()
}

fn max_pool(out: &Tensor, pool: &MaxPool, values: &[Vec<i64>], model: &QModel) -> Vec<i64> {
    let source = &model.tensors[pool.tensor];
    let mut result = Vec::with_capacity(out.len());
    for c in 0..source.channels {
        let plane = &values[pool.tensor][c * source.positions()..];
        for rows in &pool.rows {
            for cols in &pool.cols {
                let window = rows
                    .iter()
                    .flat_map(|y| cols.iter().map(move |x| plane[y * source.width + x]));
                result.push(window.max().unwrap_or(0));
            }
        }
    }
    result
}
