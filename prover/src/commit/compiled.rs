//! A model before anything is committed.

use super::CommitOptions;
use crate::error::ProveError;
use crate::fidelity::{measure, Fidelity, Source};
use crate::rows::{self, Rows, Use};
use provenn_circuits::compile::{self, Choice, Chosen, Outputs, Ranges};
use provenn_circuits::graph::Graph;
use provenn_circuits::layout::Layout;
use provenn_circuits::onnx;
use provenn_circuits::program::Program;
use provenn_circuits::CircuitError;
use std::sync::Arc;

/// A compiled model: what `inspect` shows before anything is committed.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The float graph.
    pub graph: Graph,
    /// Calibrated magnitudes of its values.
    pub ranges: Ranges,
    /// The quantized program.
    pub model: Arc<Program>,
    /// Its layout.
    pub layout: Arc<Layout>,
    /// The best shape for each objective, with its forecast.
    pub choices: Vec<Choice>,
    /// The rows that its scales were chosen from.
    pub calibration: Rows,
    /// What is odd about them, for the owner.
    pub warnings: Vec<String>,
}

/// A graph with the ranges of its values.
pub(crate) struct Calibrated {
    pub graph: Graph,
    /// For each input whether it is public.
    pub public: Vec<bool>,
    pub ranges: Ranges,
    pub rows: Rows,
}

/// Whether small elements of inputs have scales of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifting {
    /// Where rows show that it helps.
    Wanted,
    /// Never: the input has the scale that the stage before gives it.
    None,
}

/// Imports and calibrates a model.
pub(crate) fn calibrated(bytes: &[u8], options: &CommitOptions, lifting: Lifting) -> Result<Calibrated, ProveError> {
    let graph = onnx::import(bytes)?;
    let public = options.committed_inputs.public(&graph)?;
    for (rows, data) in [
        (&options.calibration, Use::Calibration),
        (&options.held_out, Use::HeldOut),
    ] {
        rows.iter().try_for_each(|rows| rows.check(&graph, data))?;
    }
    let rows = match &options.calibration {
        Some(rows) => rows.clone(),
        None => rows::seeded(&graph).into(),
    };
    let graph = match lifting {
        Lifting::Wanted => graph.lifted_for(&rows.rows),
        Lifting::None => graph,
    };
    let ranges = Ranges::calibrate(&graph, &rows.rows)?;
    Ok(Calibrated {
        graph,
        public,
        ranges,
        rows,
    })
}

/// Imports and compiles a model.
///
/// # Errors
/// Import errors, unsupported operators, bad calibration data.
pub fn compile(bytes: &[u8], options: &CommitOptions) -> Result<Compiled, ProveError> {
    let Calibrated {
        graph,
        public,
        ranges,
        rows,
    } = calibrated(bytes, options, Lifting::Wanted)?;
    let outputs = match options.items {
        0 => options.outputs,
        _ => Outputs::Scores,
    };
    let chosen = compile::compile(&graph, &ranges, &public, outputs, options.objective)?;
    let Chosen { model, layout, choices } = match options.items {
        0 => chosen,
        items => {
            by_item(&graph, items)?;
            chosen.counting(items)?
        }
    };
    let warnings = match options.calibration.is_some() {
        true => rows.warnings(&model),
        false => vec![],
    };
    Ok(Compiled {
        graph,
        ranges,
        model: Arc::new(model),
        layout: Arc::new(layout),
        choices,
        calibration: rows,
        warnings,
    })
}

/// Whether the first axis of the scores is that of so many items.
fn by_item(graph: &Graph, items: usize) -> Result<(), ProveError> {
    let scores = compile::scores(graph);
    let shapes: Vec<&[usize]> = scores.iter().map(|id| graph.values[*id].shape.as_slice()).collect();
    // An index has no scores of its own on the card.
    let are_outputs = scores.iter().eq(graph.outputs.iter().map(|output| &output.value));
    match are_outputs && shapes.iter().all(|shape| shape.first() == Some(&items)) {
        true => Ok(()),
        false => Err(CircuitError::Items {
            items,
            shapes: format!("{shapes:?}"),
        }
        .into()),
    }
}

impl Compiled {
    /// Fidelity on the held-out rows, or on those that the scales were chosen from.
    ///
    /// # Errors
    /// As [`measure`].
    pub fn fidelity(&self, options: &CommitOptions) -> Result<Fidelity, ProveError> {
        let (rows, source) = options.measured_on(&self.calibration);
        measure(&self.graph, &self.model, &rows.rows, source)
    }

    /// Fidelity on as many of the calibration rows as take no more than seconds: what `inspect` has time for.
    ///
    /// # Errors
    /// As [`measure`].
    pub fn estimated_fidelity(&self, source: Source) -> Result<Fidelity, ProveError> {
        let rows = &self.calibration.rows;
        let few = rows.len().min(rows::affordable(&self.graph));
        measure(&self.graph, &self.model, &rows[..few], source)
    }
}
