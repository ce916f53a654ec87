//! With the weights at hand: do magnitudes and integers on a card follow the float model?
//!
//! A publisher chooses the magnitudes of activations, and with them every scale. Far too large ones leave no digits of a
//! value, so that the integers that are proven are those of another function; far too small ones refuse every input.

use crate::error::ProveError;
use provenn_circuits::compile::{self, Ranges};
use provenn_circuits::graph::{float, Graph, Sample};
use provenn_circuits::program::{execute, quantize_inputs, Program};
use provenn_circuits::CircuitError;

/// Random inputs that are tried.
const ROWS: usize = 16;
/// A magnitude this many times what random inputs reach leaves two digits of a value or fewer.
const TOO_LARGE: f64 = 4096.0;
/// A magnitude that inputs of a small part of the card's exceed this many times refuses about every input.
const TOO_SMALL: f64 = 16.0;
const SMALL_PART: f64 = 1.0 / 4096.0;
/// Differences above this part of the largest output are no rounding.
const DIFFERENCE: f64 = 0.125;

/// Random inputs of the magnitude that the card has for each element, times `part`.
fn samples(graph: &Graph, ranges: &Ranges, part: f64) -> Vec<Sample> {
    let magnitudes = ranges.magnitudes();
    let mut rows = compile::default_samples(graph, ROWS);
    for (index, input) in graph.inputs.iter().enumerate() {
        let scale = (magnitudes.get(input.value).copied().unwrap_or(1.0) * part) as f32;
        for values in rows.iter_mut().filter_map(|row| row.get_mut(index)) {
            values.iter_mut().for_each(|v| *v *= scale);
            let lifted = values.iter_mut().zip(&input.lifts);
            lifted.for_each(|(v, lift)| *v /= 2f32.powi((*lift).into()));
        }
    }
    rows
}

/// The values of which the card has a magnitude that is far off. Those of constants are compared exactly elsewhere.
pub fn magnitudes(graph: &Graph, ranges: &Ranges) -> Result<Vec<String>, ProveError> {
    let reached = |part| Ranges::calibrate(graph, &samples(graph, ranges, part)).map(|ranges| ranges.magnitudes());
    let (all, small, given) = (reached(1.0)?, reached(SMALL_PART)?, ranges.magnitudes());
    let mut found = vec![];
    for (id, value) in graph.values.iter().enumerate() {
        let (all, small, given) = (all[id], small[id], given[id]);
        let large = all > 0.0 && given > all * TOO_LARGE;
        let too = match (value.constant.is_none(), large, given * TOO_SMALL < small) {
            (true, true, _) => "large",
            (true, _, true) => "small",
            _ => continue,
        };
        found.push(format!(
            "`{}` has magnitude {given:.3e} on the card, far too {too}: random inputs reach {all:.3e}",
            value.name
        ));
    }
    Ok(found)
}

/// How far the integers are from the float model, if that is no rounding. Inputs that cannot be proven are left out.
pub fn outputs(graph: &Graph, ranges: &Ranges, program: &Program) -> Result<Vec<String>, ProveError> {
    let scores = compile::scores(graph);
    let mut found = vec![];
    // For each output how far it is off, and its largest score.
    let mut far = vec![(0f64, 0f64); scores.len()];
    for row in samples(graph, ranges, 1.0) {
        let trace = match quantize_inputs(program, &row).and_then(|inputs| execute(program, &inputs)) {
            Ok(trace) => trace,
            Err(CircuitError::OutOfRange { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let tensors = float::run(graph, &row).map_err(|e| CircuitError::Float(e.to_string()))?;
        let outputs = scores.iter().zip(trace.outputs(program)).enumerate();
        for (index, (&id, ours)) in outputs {
            let unit = 2f64.powi(-program.output(index).frac);
            let (difference, largest) = &mut far[index];
            let exact = tensors[id].iter().flat_map(|tensor| &tensor.data);
            for (exact, ours) in exact.zip(&ours) {
                let exact = f64::from(*exact);
                *largest = largest.max(exact.abs());
                *difference = difference.max((exact - *ours as f64 * unit).abs());
            }
        }
    }
    for (index, (difference, largest)) in far.into_iter().enumerate() {
        let unit = 2f64.powi(-program.output(index).frac);
        if difference > largest * DIFFERENCE && difference > 2.0 * unit {
            found.push(format!(
                "an output is {difference:.3e} away from the float model's, of which the largest is {largest:.3e}"
            ));
        }
    }
    Ok(found)
}
