//! From a float graph and calibration data to a quantized model.
//!
//! Linear operators are never stored: a graph value is a [`Form`], a linear combination of stored tensors or an
//! accumulator that is not rounded yet. Only activations, pools and whatever needs a rounding become tensors.

mod form;
mod ops;
mod quantize;

use crate::error::CircuitError;
use crate::float;
use crate::layout::Layout;
use crate::onnx::Graph;
use crate::qmodel::{Precision, QModel};
use crate::shape;
pub use form::{FloatModel, Form};

/// Calibrated ranges leave this factor above the largest value seen, so that unseen inputs fit.
pub const HEADROOM: f64 = 2.0;

/// Compiles a graph: calibrates on `samples` (rows of the input shape), chooses shape and precision by the cost
/// model, and gives the program with its layout.
///
/// # Errors
/// Unsupported operators (all of them at once), bad calibration data, models that are too large, or accumulators
/// that may wrap around.
pub fn compile(graph: &Graph, samples: &[Vec<f32>], public_input: bool) -> Result<(QModel, Layout), CircuitError> {
    let ranges = calibrate(graph, samples)?;
    let program = ops::lower(graph, &ranges)?;
    let build = |precision: Precision| quantize::quantize(&program, precision);
    shape::choose(&build, public_input)
}

/// Largest magnitude of every graph value over the samples.
fn calibrate(graph: &Graph, samples: &[Vec<f32>]) -> Result<Vec<f64>, CircuitError> {
    if samples.is_empty() {
        return Err(CircuitError::Calibration("no rows were given".into()));
    }
    let mut ranges = vec![0f64; graph.values.len()];
    for (row, sample) in samples.iter().enumerate() {
        if let Some(bad) = sample.iter().find(|v| !v.is_finite()) {
            return Err(CircuitError::Calibration(format!("row {row} has the value {bad}")));
        }
        let tensors = float::run(graph, sample).map_err(|e| CircuitError::Float(e.to_string()))?;
        for (range, tensor) in ranges.iter_mut().zip(&tensors) {
            let Some(tensor) = tensor else { continue };
            let largest = tensor.data.iter().fold(0f32, |m, v| m.max(v.abs()));
            *range = range.max(f64::from(largest));
        }
    }
    Ok(ranges)
}

/// Rows for calibration when none are given: seeded, uniform in [-1, 1].
pub fn default_samples(graph: &Graph, count: usize) -> Vec<Vec<f32>> {
    let len = graph
        .input
        .first()
        .map_or(0, |&id| graph.values[id].shape.iter().product());
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    };
    (0..count).map(|_| (0..len).map(|_| next()).collect()).collect()
}
