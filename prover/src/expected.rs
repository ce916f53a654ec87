//! The sample gate: outputs that the exporter's runtime recorded, beside those of the model as it would be proven.

use crate::commit::Compiled;
use crate::error::ProveError;
use crate::fidelity::{argmax, compare};
use provenn_circuits::compile;
use provenn_circuits::graph::Sample;
use serde::Serialize;

/// Samples with their recorded outputs.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The elements of each input, for each sample.
    pub rows: Vec<Sample>,
    /// The elements of each output, for each sample.
    pub outputs: Vec<Vec<Vec<f64>>>,
}

/// How far an output is from what was recorded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gap {
    /// Name of the output.
    pub output: String,
    /// Samples compared.
    pub samples: usize,
    /// Largest difference of an element; of indices, samples with another one.
    pub error: f64,
    /// The same as a share of the largest element recorded; of indices, of the samples.
    pub share: f64,
}

/// The largest difference of an output so far.
#[derive(Default)]
struct Worst {
    error: f64,
    /// Sample, element, and what was recorded, imported and computed in integers there.
    at: (usize, usize, [f64; 3]),
    largest: f64,
    wrong: usize,
}

impl Expected {
    /// Compares the integer program with what was recorded.
    ///
    /// # Errors
    /// [`ProveError::Expected`] if an output is off by more than `limit` of its largest element, or more than that share of the indices
    /// of an output differ, or if a sample cannot be proven; errors of execution.
    pub fn check(&self, compiled: &Compiled, limit: f64) -> Result<Vec<Gap>, ProveError> {
        let graph = &compiled.graph;
        let scores = compile::scores(graph);
        let is_index: Vec<bool> = scores
            .iter()
            .zip(&graph.outputs)
            .map(|(id, output)| *id != output.value)
            .collect();
        let mut worst: Vec<Worst> = graph.outputs.iter().map(|_| Worst::default()).collect();
        for (sample, (row, recorded)) in self.rows.iter().zip(&self.outputs).enumerate() {
            let (exact, ours) = compare(graph, &compiled.model, row)?.map_err(|error| ProveError::Expected {
                reason: format!("sample {sample} cannot be proven: {error}"),
                help: "calibrate on rows that are as large as these samples",
            })?;
            for (index, worst) in worst.iter_mut().enumerate() {
                let (recorded, exact, ours) = (&recorded[index], &exact[index], &ours[index]);
                let shown = |values: &[f64]| match is_index[index] {
                    true => {
                        let each = values.len() / recorded.len().max(1);
                        values.chunks(each.max(1)).map(|scores| argmax(scores) as f64).collect()
                    }
                    false => values.to_vec(),
                };
                let (exact, ours) = (shown(exact), shown(ours));
                if ours.len() != recorded.len() {
                    let (name, got, expected) = (&graph.outputs[index].name, recorded.len(), ours.len());
                    return Err(ProveError::Expected {
                        reason: format!("sample {sample} has {got} elements for output `{name}`, which has {expected}"),
                        help: "record the outputs of this very model",
                    });
                }
                worst.wrong += usize::from(ours.iter().zip(recorded).any(|(a, b)| a != b));
                for (element, ((recorded, exact), ours)) in recorded.iter().zip(&exact).zip(&ours).enumerate() {
                    worst.largest = worst.largest.max(recorded.abs());
                    let error = (recorded - ours).abs();
                    // What is no number is as far off as can be.
                    if error > worst.error || error.is_nan() {
                        worst.error = if error.is_nan() { f64::INFINITY } else { error };
                        worst.at = (sample, element, [*recorded, *exact, *ours]);
                    }
                }
            }
        }
        let gaps = worst.iter().zip(&graph.outputs).zip(is_index);
        gaps.map(|((worst, output), is_index)| worst.gap(&output.name, self.rows.len(), is_index, limit))
            .collect()
    }
}

impl Worst {
    fn gap(&self, output: &str, samples: usize, is_index: bool, limit: f64) -> Result<Gap, ProveError> {
        let (error, of) = match is_index {
            true => (self.wrong as f64, samples as f64),
            // Of an output of zeros any difference is all of it.
            false => (self.error, self.largest.max(f64::MIN_POSITIVE)),
        };
        let share = error / of;
        if share <= limit {
            return Ok(Gap {
                output: output.to_owned(),
                samples,
                error,
                share,
            });
        }
        let (sample, element, [recorded, exact, ours]) = self.at;
        let imported_wrong = match is_index {
            true => exact != recorded,
            false => exact.is_nan() || (exact - recorded).abs() > limit * of,
        };
        Err(ProveError::Expected {
            reason: format!(
                "output `{output}` is off by {:.3} % of {}, more than the {} % that are accepted: element {element} of sample {sample} was recorded \
                 as {recorded}, the imported model gives {exact}, in integers {ours}",
                100.0 * share,
                if is_index { "the samples" } else { "its largest element" },
                100.0 * limit,
            ),
            help: match imported_wrong {
                true => "the model means something else to the runtime that recorded it: compare the versions of both, and report the model's `provenn structure`",
                false => "the import is right and the integers are too coarse: calibrate on rows like these samples, or accept more with --expect-error",
            },
        })
    }
}
