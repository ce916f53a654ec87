//! Fidelity: how far the integer program of a model is from its float model, measured by the model's owner for its card.

use crate::error::ProveError;
use provenn_circuits::graph::{float, Graph, Sample};
use provenn_circuits::program::{execute, quantize_inputs, Program};
use provenn_circuits::{compile, CircuitError};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Outputs that a card names, those of the largest share first.
const NAMED: usize = 16;
/// An output whose error is more than this share of its own size is not resolved.
pub const RESOLVED: f64 = 0.02;

/// Where the rows come from that fidelity was measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Rows that the scales were not chosen from.
    HeldOut,
    /// The rows that the scales were chosen from.
    Calibration,
    /// Seeded values, as no rows were given.
    Seeded,
}

impl Source {
    /// In words: `16 held-out rows`.
    pub fn rows(self, count: usize) -> String {
        let kind = match self {
            Self::HeldOut => "held-out",
            Self::Calibration => "calibration",
            Self::Seeded => "seeded",
        };
        format!("{count} {kind} row{}", if count == 1 { "" } else { "s" })
    }
}

/// How far one output is off.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct OutputError {
    /// Which output of the model, by its index.
    pub tensor: usize,
    /// Index in the output.
    pub output: usize,
    /// Largest absolute error over the rows, in the units of the output.
    pub error: f64,
    /// Largest magnitude over the rows in the float model.
    pub size: f64,
}

impl OutputError {
    /// The error as a share of the output's own size; at most 1, which says that nothing of it is left.
    pub fn share(&self) -> f64 {
        match self.error > 0.0 {
            true => self.error / self.size.max(self.error),
            false => 0.0,
        }
    }
}

/// What was measured on which rows.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Fidelity {
    /// Rows measured.
    pub rows: usize,
    /// Where they come from.
    pub source: Source,
    /// Rows that cannot be proven because a value leaves its range. Nothing else is measured on them.
    pub unprovable: usize,
    /// Rows of which the largest score of some output is another one than in float.
    pub label_flips: usize,
    /// Largest absolute error of any output.
    pub max_error: f64,
    /// Largest share that an output's error has of its own size.
    pub relative_error: f64,
    /// The outputs of the largest shares, at most 16 of them.
    pub outputs: Vec<OutputError>,
    /// Outputs that have one value on all of several rows: how far they are off at others is not known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unmoved: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Float outputs and dequantized outputs of a row, one list for each; or why it cannot be proven.
pub(crate) type Outputs = Result<(Vec<Vec<f64>>, Vec<Vec<f64>>), CircuitError>;

/// Compares the quantized model with float.
///
/// # Errors
/// Errors of execution, except values out of range, which are counted. [`ProveError::Unprovable`] if rows were given and none can be
/// proven: nobody is to commit to a model that has no receipts.
pub fn measure(graph: &Graph, model: &Program, rows: &[Sample], source: Source) -> Result<Fidelity, ProveError> {
    // Errors in order of the rows: a parallel collection into a result would give that of any row.
    let compared: Vec<Result<Outputs, _>> = rows.par_iter().map(|row| compare(graph, model, row)).collect();
    let pairs: Vec<Outputs> = compared.into_iter().collect::<Result<_, _>>()?;
    let mut outputs: Vec<OutputError> = vec![];
    let (mut unprovable, mut label_flips) = (0, 0);
    for pair in &pairs {
        let Ok((exact, ours)) = pair else {
            unprovable += 1;
            continue;
        };
        if outputs.is_empty() {
            outputs.extend(exact.iter().enumerate().flat_map(|(tensor, scores)| {
                (0..scores.len()).map(move |output| OutputError {
                    tensor,
                    output,
                    error: 0.0,
                    size: 0.0,
                })
            }));
        }
        let scores = exact.iter().flatten().zip(ours.iter().flatten());
        for (output, (a, b)) in outputs.iter_mut().zip(scores) {
            output.error = output.error.max((a - b).abs());
            output.size = output.size.max(a.abs());
        }
        let flips = |(exact, ours): (&Vec<f64>, &Vec<f64>)| argmax(exact) != argmax(ours);
        label_flips += usize::from(exact.iter().zip(ours).any(flips));
    }
    let unmoved = unmoved(&pairs);
    if unprovable == rows.len() && source != Source::Seeded {
        if let Some(Err(first)) = pairs.into_iter().next() {
            let rows = source.rows(rows.len());
            return Err(ProveError::Unprovable { rows, first });
        }
    }
    let largest = |of: &dyn Fn(&OutputError) -> f64| outputs.iter().map(of).fold(0.0, f64::max);
    let (max_error, relative_error) = (largest(&|o| o.error), largest(&OutputError::share));
    outputs.sort_by(|a, b| b.share().total_cmp(&a.share()));
    outputs.truncate(NAMED);
    Ok(Fidelity {
        rows: rows.len(),
        source,
        unprovable,
        label_flips,
        max_error,
        relative_error,
        outputs,
        unmoved,
    })
}

/// Outputs that have one value on all of several rows, in float and as integers.
fn unmoved(pairs: &[Outputs]) -> usize {
    let mut rows = pairs.iter().flatten();
    let Some((exact, ours)) = rows.next() else { return 0 };
    let flat = |outputs: &[Vec<f64>]| outputs.iter().flatten().copied().collect::<Vec<f64>>();
    let (exact, ours) = (flat(exact), flat(ours));
    let (mut moved, mut several) = (vec![false; exact.len()], false);
    for row in rows {
        several = true;
        let now = row.0.iter().flatten().zip(row.1.iter().flatten());
        let first = exact.iter().zip(&ours);
        for ((moved, first), now) in moved.iter_mut().zip(first).zip(now) {
            *moved |= first != now;
        }
    }
    match several {
        true => moved.iter().filter(|moved| !**moved).count(),
        false => 0,
    }
}

impl Fidelity {
    /// That of a chain of stages, whose cards have what was measured of each.
    pub(crate) fn unmeasured() -> Self {
        Self {
            rows: 0,
            source: Source::Seeded,
            unprovable: 0,
            label_flips: 0,
            max_error: 0.0,
            relative_error: 0.0,
            outputs: vec![],
            unmoved: 0,
        }
    }

    /// In one line: `0 of 16 held-out rows change their label against float, ..`.
    pub fn words(&self) -> String {
        if self.rows == 0 {
            return "not measured of the whole: the card of each stage says how far it is off".to_owned();
        }
        let unmoved = match self.unmoved {
            0 => String::new(),
            count => format!(", {}", one_value(count)),
        };
        format!(
            "{} of {} change their label against float, {} cannot be proven, largest error {:.3e}, at most {:.2} % of an output's own size{unmoved}",
            self.label_flips,
            self.source.rows(self.rows),
            self.unprovable,
            self.max_error,
            100.0 * self.relative_error
        )
    }

    /// What the owner should know of the outputs before the card is made.
    pub fn warnings(&self, model: &Program) -> Vec<String> {
        let unmoved = (self.unmoved > 0).then(|| {
            format!(
                "calibration: {}. Nothing is known of the error where they differ: give rows on which they do",
                one_value(self.unmoved)
            )
        });
        self.resolution(model).into_iter().chain(unmoved).collect()
    }

    /// The output that is not resolved, if there is one, and what to do: the scales show all values of a tensor in equal steps.
    pub fn resolution(&self, model: &Program) -> Option<String> {
        let worst = self.outputs.first().filter(|worst| worst.share() > RESOLVED)?;
        let tensor = model.output(worst.tensor);
        let of = match model.outputs.as_slice() {
            [_] => String::new(),
            outputs => format!(" of `{}`", outputs[worst.tensor].name),
        };
        let more = self.outputs.iter().filter(|output| output.share() > RESOLVED).count() - 1;
        let more = match more {
            0 => String::new(),
            more if more + 1 == NAMED => ", and so are others".to_owned(),
            more => format!(", and {more} other{} too", if more == 1 { " is" } else { "s are" }),
        };
        Some(format!(
            "resolution: output {}{of} is off by up to {:.3e}, {:.0} % of its own size of {:.3e}{more}. All values of the tensor `{}` are shown in steps \
             of {:.3e}, and those before it in steps of their own: what is small beside the largest value of its tensor is lost. \
             Scale the parts of the model to similar sizes",
            worst.output,
            worst.error,
            100.0 * worst.share(),
            worst.size,
            tensor.name,
            2f64.powi(-tensor.frac),
        ))
    }
}

fn one_value(outputs: usize) -> String {
    let s = if outputs == 1 { " has" } else { "s have" };
    format!("{outputs} output{s} the same value on all rows")
}

/// What a row gives in float and in the integer program; or why the latter cannot be proven.
pub(crate) fn compare(graph: &Graph, model: &Program, row: &Sample) -> Result<Outputs, ProveError> {
    let tensors = float::run(graph, row).map_err(|e| CircuitError::Float(e.to_string()))?;
    // Of an output that is an index: what it is the index of.
    let exact = compile::scores(graph).into_iter().map(|id| {
        let scores = tensors.get(id).and_then(Option::as_ref);
        scores
            .map(|t| t.data.iter().map(|&v| f64::from(v)).collect())
            .unwrap_or_default()
    });
    let trace = match quantize_inputs(model, row).and_then(|inputs| execute(model, &inputs)) {
        Ok(trace) => trace,
        Err(error @ CircuitError::OutOfRange { .. }) => return Ok(Err(error)),
        Err(error) => return Err(error.into()),
    };
    let ours = trace.outputs(model).into_iter().enumerate().map(|(index, scores)| {
        let scale = 2f64.powi(-model.output(index).frac);
        scores.iter().map(|&v| v as f64 * scale).collect()
    });
    Ok(Ok((exact.collect(), ours.collect())))
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
