//! Calibration: the largest magnitude of every value of a graph, constants included.

use super::{size, Taken, Weights};
use crate::error::CircuitError;
use crate::graph::{float, Graph, Sample, Tensor};
use serde::{Deserialize, Serialize};

/// Steps per octave.
const STEPS: f64 = 8.0;
/// Stands for a value that is always zero.
const NONE: i16 = i16::MIN;
/// The steps of the finite 32-bit floats: from 2^-149 to below 2^128.
const FLOATS: std::ops::RangeInclusive<i16> = -149 * STEPS as i16..=128 * STEPS as i16;

/// Magnitudes of the values of a graph, in steps of an eighth of an octave, rounded up. They are the public
/// quantization recipe: with the structure of the graph they determine every scale.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranges(Vec<i16>);

impl Ranges {
    /// Largest magnitudes over samples.
    ///
    /// # Errors
    /// [`CircuitError::Calibration`] for no rows or values that are not finite, and errors of the float executor.
    pub fn calibrate(graph: &Graph, samples: &[Sample]) -> Result<Self, CircuitError> {
        if samples.is_empty() {
            return Err(CircuitError::Calibration("no rows were given".into()));
        }
        size::check(graph)?;
        let mut ranges = vec![0f64; graph.values.len()];
        for input in &graph.inputs {
            let range = ranges.get_mut(input.value).zip(input.elements.magnitude());
            range.into_iter().for_each(|(range, magnitude)| *range = magnitude);
        }
        for (row, sample) in samples.iter().enumerate() {
            for (input, values) in graph.inputs.iter().zip(sample) {
                if let Some(bad) = values.iter().find(|v| !v.is_finite()) {
                    return Err(CircuitError::Calibration(format!("row {row} has the value {bad}")));
                }
                if let Some(bad) = values.iter().find(|x| !input.elements.holds(**x)) {
                    let takes = input.elements;
                    return Err(CircuitError::Calibration(format!(
                        "row {row} has the value {bad}, the model takes {takes}"
                    )));
                }
            }
            let tensors = float::run(graph, sample).map_err(|e| CircuitError::Float(e.to_string()))?;
            for ((range, tensor), value) in ranges.iter_mut().zip(&tensors).zip(&graph.values) {
                let Some(tensor) = value.constant.as_ref().or(tensor.as_ref()) else {
                    continue;
                };
                *range = range.max(largest(&value.name, &format!("with row {row}, "), tensor)?);
            }
        }
        Ok(Self(ranges.into_iter().map(step).collect()))
    }

    /// Those of a stage that takes this: its input has the magnitude whose headroom the encoding has, which gives it the scale of the encoding.
    ///
    /// # Errors
    /// [`CircuitError::Stage`] if rows have numbers that the stage before cannot give.
    pub fn of_stage(mut self, graph: &Graph, taken: &Taken) -> Result<Self, CircuitError> {
        let octave = i64::from(taken.bits) - 2 - i64::from(taken.frac);
        let step = i16::try_from(octave.saturating_mul(STEPS as i64)).ok();
        let step = step
            .filter(|step| FLOATS.contains(step))
            .ok_or_else(|| CircuitError::Stage {
                reason: format!(
                    "what the stage before gives has {} fractional bits, which no input has",
                    taken.frac
                ),
                help: "commit the stage before it again with rows of the data that it is for",
            })?;
        let input = graph.inputs.first().and_then(|input| self.0.get_mut(input.value));
        let Some(seen) = input else { return Ok(self) };
        let largest = step.saturating_add(STEPS as i16);
        if *seen > largest {
            return Err(CircuitError::Stage {
                reason: format!(
                    "calibration rows reach {:.3e}, and what the stage before gives is less than {:.3e}",
                    magnitude(seen),
                    magnitude(&largest)
                ),
                help: "calibrate with what the stage before gives",
            });
        }
        *seen = step;
        Ok(self)
    }

    /// The magnitudes, one for each value.
    pub fn steps(&self) -> &[i16] {
        &self.0
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a calibration of the graph could have these: a magnitude of a 32-bit float for each value, and for constants
    /// that are known their own.
    pub(super) fn check(&self, graph: &Graph, weights: Weights) -> Result<(), CircuitError> {
        let refused = |what: String| Err(CircuitError::Recipe(what));
        if self.len() != graph.values.len() {
            return refused(format!("{} magnitudes for {} values", self.len(), graph.values.len()));
        }
        for (given, value) in self.0.iter().zip(&graph.values) {
            if *given != NONE && !FLOATS.contains(given) {
                return refused(format!(
                    "a magnitude of 2^{} for `{}`",
                    given / STEPS as i16,
                    value.name
                ));
            }
            let known = value
                .constant
                .as_ref()
                .filter(|_| value.public || weights == Weights::Given);
            let Some(constant) = known else { continue };
            let own = step(largest(&value.name, "", constant)?);
            if *given != own {
                return refused(format!(
                    "the magnitude {:e} for `{}`, which has {:e}",
                    magnitude(given),
                    value.name,
                    magnitude(&own)
                ));
            }
        }
        Ok(())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The magnitudes.
    pub fn magnitudes(&self) -> Vec<f64> {
        self.0.iter().map(magnitude).collect()
    }
}

/// The step of a magnitude.
fn step(range: f64) -> i16 {
    match range > 0.0 {
        true => (libm::log2(range) * STEPS).ceil() as i16,
        false => NONE,
    }
}

/// The magnitude of a step.
fn magnitude(step: &i16) -> f64 {
    match *step {
        NONE => 0.0,
        step => libm::exp2(f64::from(step) / STEPS),
    }
}

/// Largest magnitude of a tensor.
fn largest(name: &str, place: &str, tensor: &Tensor) -> Result<f64, CircuitError> {
    match tensor.data.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        Some((index, value)) => Err(CircuitError::NotFinite {
            tensor: name.into(),
            place: format!("{place}element {index}"),
            value: f64::from(*value),
        }),
        None => Ok(tensor.data.iter().fold(0f32, |m, v| m.max(v.abs())).into()),
    }
}
