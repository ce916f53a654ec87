//! Measured accuracy of a quantized model, for its card.

use crate::error::ProveError;
use provenn_circuits::exec::{execute, quantize_input};
use provenn_circuits::onnx::Graph;
use provenn_circuits::qmodel::QModel;
use provenn_circuits::{float, lower, CircuitError};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// What was measured on which rows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Accuracy {
    /// Rows measured.
    pub rows: usize,
    /// Whether the rows were held out from calibration.
    pub held_out: bool,
    /// Rows that cannot be proven because a value leaves its range.
    pub unprovable: usize,
    /// Largest absolute error of an output against float.
    pub max_error: f64,
    /// That error divided by the range of the float outputs.
    pub relative_error: f64,
    /// Rows whose largest output is another one than in float.
    pub label_flips: usize,
}

/// Float outputs and dequantized outputs of a row; `None` if it cannot be proven.
type Outputs = Option<(Vec<f64>, Vec<f64>)>;

/// Compares the quantized model with float.
///
/// # Errors
/// Errors of execution, except values out of range, which are counted.
pub fn measure(graph: &Graph, model: &QModel, rows: &[Vec<f32>], held_out: bool) -> Result<Accuracy, ProveError> {
    let pairs: Vec<Outputs> = rows
        .par_iter()
        .map(|row| compare(graph, model, row))
        .collect::<Result<_, _>>()?;
    let mut accuracy = Accuracy {
        rows: rows.len(),
        held_out,
        ..Accuracy::default()
    };
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for pair in &pairs {
        let Some((exact, ours)) = pair else {
            accuracy.unprovable += 1;
            continue;
        };
        for (a, b) in exact.iter().zip(ours) {
            accuracy.max_error = accuracy.max_error.max((a - b).abs());
            (low, high) = (low.min(*a), high.max(*a));
        }
        accuracy.label_flips += usize::from(argmax(exact) != argmax(ours));
    }
    accuracy.relative_error = if high > low {
        accuracy.max_error / (high - low)
    } else {
        0.0
    };
    Ok(accuracy)
}

fn compare(graph: &Graph, model: &QModel, row: &[f32]) -> Result<Outputs, ProveError> {
    let tensors = float::run(graph, row).map_err(|e| CircuitError::Float(e.to_string()))?;
    // Of a model that ends in an index: what it is the index of.
    let output = lower::scores(graph)
        .and_then(|id| tensors.get(id))
        .and_then(Option::as_ref);
    let exact = output
        .map(|t| t.data.iter().map(|&v| f64::from(v)).collect::<Vec<f64>>())
        .unwrap_or_default();
    let trace = match quantize_input(model, row).and_then(|input| execute(model, &input)) {
        Ok(trace) => trace,
        Err(CircuitError::OutOfRange { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let scale = 2f64.powi(-model.tensors[model.output()].frac);
    let ours = trace.values[model.output()].iter().map(|&v| v as f64 * scale).collect();
    Ok(Some((exact, ours)))
}

/// Index of the largest value, the lowest among equals.
pub fn argmax<T: PartialOrd>(values: &[T]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}
