//! A model in segments before anything is committed.

use super::ChainDescription;
use crate::commit::{calibrated, describe_parts, instance_layout, Calibrated, CommitOptions, Described, Lifting};
use crate::error::ProveError;
use crate::fidelity::{measure, Fidelity, Source};
use crate::rows::{affordable, Rows};
use provenn_circuits::argument::Cost;
use provenn_circuits::compile::{self, Chained, Cuts, Ranges};
use provenn_circuits::graph::Graph;
use provenn_circuits::layout::{Layout, Shape};
use provenn_circuits::program::{Program, TensorId};
use provenn_verifier::InstanceLayout;
use std::sync::Arc;

/// A compiled model in segments.
#[derive(Clone, Debug)]
pub struct CompiledChain {
    /// The float graph.
    pub graph: Graph,
    /// Calibrated magnitudes of its values.
    pub ranges: Ranges,
    /// The quantized program, whole.
    pub model: Arc<Program>,
    /// The tensors at which it is cut.
    pub cuts: Vec<TensorId>,
    /// Its segments.
    pub segments: Vec<(Arc<Program>, Arc<Layout>)>,
    /// What a receipt is forecast to cost.
    pub cost: Cost,
    /// The rows that its scales were chosen from.
    pub calibration: Rows,
    /// What is odd about them, for the owner.
    pub warnings: Vec<String>,
}

/// Imports and compiles a model in segments: so many, or cut at tensors that are named.
///
/// # Errors
/// As [`crate::commit::compile`], and if the model cannot be cut so.
pub fn compile(bytes: &[u8], options: &CommitOptions, cuts: impl Into<Cuts>) -> Result<CompiledChain, ProveError> {
    let Calibrated {
        graph,
        public,
        ranges,
        rows,
    } = calibrated(bytes, options, Lifting::Wanted)?;
    let chained = compile::compile_chain(&graph, &ranges, &public, &cuts.into(), options.objective)?;
    let warnings = match options.calibration.is_some() {
        true => rows.warnings(&chained.model),
        false => vec![],
    };
    Ok(CompiledChain {
        warnings,
        ..CompiledChain::new(graph, ranges, chained, rows)
    })
}

impl CompiledChain {
    pub(super) fn new(graph: Graph, ranges: Ranges, chained: Chained, calibration: Rows) -> Self {
        let segments = chained.segments.into_iter();
        Self {
            graph,
            ranges,
            model: Arc::new(chained.model),
            cuts: chained.cuts,
            segments: segments
                .map(|(program, layout)| (Arc::new(program), Arc::new(layout)))
                .collect(),
            cost: chained.cost,
            calibration,
            warnings: vec![],
        }
    }

    /// The names of the tensors at which it is cut.
    pub fn cut_names(&self) -> Vec<&str> {
        let names = |cut: &usize| self.model.tensors.get(*cut).map(|tensor| tensor.name.as_str());
        self.cuts.iter().filter_map(names).collect()
    }

    /// log2 of the rows of all circuits.
    pub fn k(&self) -> u32 {
        self.segments.first().map_or(0, |(_, layout)| layout.shape.k)
    }

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
        let few = rows.len().min(affordable(&self.graph));
        measure(&self.graph, &self.model, &rows[..few], source)
    }

    /// The public columns of the whole: inputs of the first segment, outputs of the last.
    pub(super) fn instances(&self) -> Option<InstanceLayout> {
        let (first, last) = self.segments.first().zip(self.segments.last())?;
        Some(InstanceLayout {
            outputs: instance_layout(&last.0, &last.1).outputs,
            ..instance_layout(&first.0, &first.1)
        })
    }

    fn shape(&self) -> Option<Shape> {
        let (first, last) = self.segments.first().zip(self.segments.last())?;
        Some(Shape {
            inputs: first.1.shape.inputs.clone(),
            ..last.1.shape.clone()
        })
    }

    /// What the card says.
    pub(super) fn describe(&self, fidelity: Fidelity) -> Option<ChainDescription> {
        let model = describe_parts(Described {
            graph: &self.graph,
            ranges: &self.ranges,
            model: &self.model,
            shape: &self.shape()?,
            instances: &self.instances()?,
            fidelity,
        });
        Some(ChainDescription {
            model,
            cuts: self.cuts.clone(),
            stages: vec![],
        })
    }
}
