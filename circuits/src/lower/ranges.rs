//! Calibration: the largest magnitude of every value of a graph, constants included.

use crate::error::CircuitError;
use crate::float;
use crate::onnx::Graph;
use serde::{Deserialize, Serialize};

/// Steps per octave.
const STEPS: f64 = 8.0;
/// Stands for a value that is always zero.
const NONE: i16 = i16::MIN;

/// Magnitudes of the values of a graph, in steps of an eighth of an octave, rounded up. They are the public
/// quantization recipe: with the structure of the graph they determine every scale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranges(Vec<i16>);

impl Ranges {
    /// Largest magnitudes over samples (rows of the input shape).
    ///
    /// # Errors
    /// [`CircuitError::Calibration`] for no rows or values that are not finite, and errors of the float executor.
    pub fn calibrate(graph: &Graph, samples: &[Vec<f32>]) -> Result<Self, CircuitError> {
        if samples.is_empty() {
            return Err(CircuitError::Calibration("no rows were given".into()));
        }
        let mut ranges = vec![0f64; graph.values.len()];
        for (row, sample) in samples.iter().enumerate() {
            if let Some(bad) = sample.iter().find(|v| !v.is_finite()) {
                return Err(CircuitError::Calibration(format!("row {row} has the value {bad}")));
            }
            let tensors = float::run(graph, sample).map_err(|e| CircuitError::Float(e.to_string()))?;
            for ((range, tensor), value) in ranges.iter_mut().zip(&tensors).zip(&graph.values) {
                let Some(tensor) = value.constant.as_ref().or(tensor.as_ref()) else {
                    continue;
                };
                let largest = tensor.data.iter().fold(0f32, |m, v| m.max(v.abs()));
                *range = range.max(f64::from(largest));
            }
        }
        let step = |range: &f64| match *range > 0.0 {
            true => (range.log2() * STEPS).ceil() as i16,
            false => NONE,
        };
        Ok(Self(ranges.iter().map(step).collect()))
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether these are magnitudes of 32-bit floats.
    pub(super) fn are_plausible(&self) -> bool {
        let limit = STEPS as i16 * 160;
        self.0
            .iter()
            .all(|step| *step == NONE || (-limit..=limit).contains(step))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The magnitudes.
    pub fn magnitudes(&self) -> Vec<f64> {
        let magnitude = |step: &i16| match *step {
            NONE => 0.0,
            step => (f64::from(step) / STEPS).exp2(),
        };
        self.0.iter().map(magnitude).collect()
    }
}
