//! With the weights at hand: do magnitudes and integers on a card follow the float model?
//!
//! A publisher chooses the magnitudes of activations, and with them every scale. Far too large ones leave no digits of a
//! value, so that the integers that are proven are those of another function; far too small ones refuse every input.

use crate::commit::Compiled;
use crate::error::ProveError;
use provenn_circuits::compile::{self, Ranges};
use provenn_circuits::graph::float;
use provenn_circuits::program::{execute, quantize_input};
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

/// Random inputs of the magnitude that the card has for them, times `part`.
fn samples(model: &Compiled, part: f64) -> Vec<Vec<f32>> {
    let magnitudes = model.ranges.magnitudes();
    let input = model.graph.input.first().and_then(|&id| magnitudes.get(id));
    let scale = (input.copied().unwrap_or(1.0) * part) as f32;
    let mut rows = compile::default_samples(&model.graph, ROWS);
    rows.iter_mut().flatten().for_each(|v| *v *= scale);
    rows
}

/// The values of which the card has a magnitude that is far off. Those of constants are compared exactly elsewhere.
pub fn magnitudes(model: &Compiled) -> Result<Vec<String>, ProveError> {
    let graph = &model.graph;
    let reached = |part| Ranges::calibrate(graph, &samples(model, part)).map(|ranges| ranges.magnitudes());
    let (all, small, given) = (reached(1.0)?, reached(SMALL_PART)?, model.ranges.magnitudes());
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
pub fn outputs(model: &Compiled) -> Result<Vec<String>, ProveError> {
    let (program, graph) = (&model.model, &model.graph);
    let Some(scores) = compile::scores(graph) else {
        return Ok(vec![]);
    };
    let unit = 2f64.powi(-program.tensors[program.output()].frac);
    let (mut difference, mut largest) = (0f64, 0f64);
    for row in samples(model, 1.0) {
        let trace = match quantize_input(program, &row).and_then(|input| execute(program, &input)) {
            Ok(trace) => trace,
            Err(CircuitError::OutOfRange { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let tensors = float::run(graph, &row).map_err(|e| CircuitError::Float(e.to_string()))?;
        let exact = tensors[scores].iter().flat_map(|tensor| &tensor.data);
        for (exact, ours) in exact.zip(&trace.values[program.output()]) {
            let exact = f64::from(*exact);
            largest = largest.max(exact.abs());
            difference = difference.max((exact - *ours as f64 * unit).abs());
        }
    }
    match difference > largest * DIFFERENCE && difference > 2.0 * unit {
        true => Ok(vec![format!(
            "an output is {difference:.3e} away from the float model's, of which the largest is {largest:.3e}"
        )]),
        false => Ok(vec![]),
    }
}
