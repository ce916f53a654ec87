//! From a calibrated float graph to a program and its layout.
//!
//! Linear operators are never stored: a graph value is a [`Form`], a linear combination of stored tensors or an
//! accumulator that is not rounded yet. Only activations, pools, whatever needs a rounding, and what holds weights and is
//! read several times become tensors: a weight is committed once.

mod chain;
mod form;
mod functions;
mod lower;
mod quantize;
mod ranges;
mod search;
mod size;
mod stage;

use crate::argument::Objective;
use crate::error::CircuitError;
use crate::graph::{Graph, Input, Sample};
use crate::layout::{Layout, Shape};
use crate::program::{Precision, Program, TensorId};
use crate::register::RegisterCircuit;
pub use chain::{Chained, Cuts, MAX_SEGMENTS};
pub use form::{FloatProgram, Form};
pub use functions::{tabulations, Tabulation};
pub use lower::scores;
pub use ranges::Ranges;
pub use search::{Choice, Chosen};
pub use size::work;
pub use stage::{Stage, Taken};
use std::fmt;
use std::str::FromStr;

/// Calibrated ranges leave this factor above the largest value seen, so that unseen inputs fit.
pub const HEADROOM: f64 = 2.0;

/// Whether a graph holds its weights, or numbers in their place as [`structure`](crate::onnx::structure) leaves them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// They are those of the model.
    Given,
    /// They say nothing, and are not looked at: the program has zeros.
    Unknown,
}

/// Most values of an output that policies speak of one by one, where nothing else is asked for.
const MAX_SCORED: usize = 1 << 16;

/// How receipts speak of the outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outputs {
    /// Of outputs with more than 2^16 values as `Whole`, of others as `Scores`.
    #[default]
    Auto,
    /// They show an output whole or not at all: its values are public cells, a lane beside the other, and cost next to nothing.
    Whole,
    /// By any policy: each value takes a row.
    Scores,
}

impl Outputs {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Whole, Self::Scores];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Whole => "whole",
            Self::Scores => "scores",
        }
    }

    /// Which outputs of a graph are shown whole, by their indices. One that is an index has no values to show.
    pub fn whole(self, graph: &Graph) -> Vec<usize> {
        let scores = scores(graph);
        let is_whole = |(index, output): (usize, &crate::graph::Output)| {
            let large = graph.values[output.value].shape.iter().product::<usize>() > MAX_SCORED;
            let asked = match self {
                Self::Auto => large,
                Self::Whole => true,
                Self::Scores => false,
            };
            (asked && scores.get(index) == Some(&output.value)).then_some(index)
        };
        graph.outputs.iter().enumerate().filter_map(is_whole).collect()
    }
}

impl fmt::Display for Outputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Outputs {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|outputs| outputs.name() == name);
        found.ok_or_else(|| format!("one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// Compiles a calibrated graph, of which these inputs are `public` and the others committed: chooses shape and precision by the cost model, and gives the program with its layout.
///
/// # Errors
/// Unsupported operators (all of them at once), models that are too large, constants that are no integers of a circuit, or
/// accumulators that may wrap around.
pub fn compile(
    graph: &Graph,
    ranges: &Ranges,
    public: &[bool],
    outputs: Outputs,
    objective: Objective,
) -> Result<Chosen, CircuitError> {
    let (program, whole) = (lower::lower(graph, &ranges.magnitudes(), None)?, outputs.whole(graph));
    let build = |precision: Precision| {
        let model = quantize::quantize(&program, precision, Weights::Given)?;
        Ok(model.with_whole(&whole))
    };
    search::choose(&build, public, &whole, objective)
}

/// The same of a stage of a chain, where it stands, with the ranges that [`Ranges::of_stage`] gives.
///
/// # Errors
/// [`CircuitError::Stage`] if it cannot stand there, and as [`compile`].
pub fn compile_stage(
    graph: &Graph,
    ranges: &Ranges,
    public: &[bool],
    stage: &Stage,
    objective: Objective,
) -> Result<Chosen, CircuitError> {
    stage.check(graph)?;
    let taken = stage.takes.as_ref().map(|taken| [taken.channels, taken.positions]);
    let program = lower::lower(graph, &ranges.magnitudes(), taken)?;
    let build = |precision: Precision| {
        let model = quantize::quantize(&program, precision, Weights::Given)?;
        Ok(match stage.gives {
            Some(_) => stage::giving(model),
            None => model,
        })
    };
    let chosen = stage::choose(&build, public, stage, objective)?;
    let frac = chosen.model.tensors[0].frac;
    match &stage.takes {
        Some(taken) if taken.frac != frac => Err(CircuitError::Stage {
            reason: format!(
                "what the stage before gives has {} fractional bits, which no input has",
                taken.frac
            ),
            help: "commit the stage before it again with rows of the data that it is for",
        }),
        _ => Ok(chosen),
    }
}

/// The same in segments, each in a circuit of its own.
///
/// # Errors
/// [`CircuitError::Segments`] and [`CircuitError::CutAt`] if the model cannot be cut so, and as [`compile`].
pub fn compile_chain(
    graph: &Graph,
    ranges: &Ranges,
    public: &[bool],
    cuts: &Cuts,
    objective: Objective,
) -> Result<Chained, CircuitError> {
    let program = lower::lower(graph, &ranges.magnitudes(), None)?;
    let build = |precision: Precision| quantize::quantize(&program, precision, Weights::Given);
    chain::choose(&build, public, cuts, objective)
}

/// As [`rebuild`], in segments of these shapes, cut at these tensors.
///
/// # Errors
/// As [`rebuild`].
pub fn rebuild_chain(
    graph: &Graph,
    ranges: &Ranges,
    cuts: &[TensorId],
    shapes: &[Shape],
    weights: Weights,
) -> Result<Chained, CircuitError> {
    let [others @ .., last] = shapes else {
        return Err(CircuitError::Recipe("no segments".into()));
    };
    shapes.iter().try_for_each(Shape::check)?;
    let shared = |shape: &Shape| (shape.k, shape.precision().bits());
    if others.iter().any(|shape| shared(shape) != shared(last)) {
        return Err(CircuitError::Recipe("segments of different sizes".into()));
    }
    ranges.check(graph, weights)?;
    let program = lower::lower(graph, &ranges.magnitudes(), None)?;
    let model = quantize::quantize(&program, last.precision(), weights)?;
    chain::rebuild(model, cuts, shapes, weights == Weights::Given)
}

/// The program and layout that a graph of this structure has at a shape, also that of a stage. Up to weights and biases that are not public
/// they are those of [`compile`], whatever the weights of the graph: an auditor needs none to rebuild the keys of a model.
///
/// # Errors
/// As [`compile`]; [`CircuitError::Recipe`] for ranges or a shape that no compilation gives, and
/// [`CircuitError::Layout`] if the program does not fit the shape.
pub fn rebuild(
    graph: &Graph,
    ranges: &Ranges,
    shape: &Shape,
    weights: Weights,
) -> Result<(Program, Layout), CircuitError> {
    shape.check()?;
    ranges.check(graph, weights)?;
    if shape.inputs.len() != graph.inputs.len() {
        return Err(CircuitError::Recipe(format!(
            "{} inputs, this model has {}",
            shape.inputs.len(),
            graph.inputs.len()
        )));
    }
    let taken = taken(graph, shape)?;
    let program = lower::lower(graph, &ranges.magnitudes(), taken)?;
    let model = quantize::quantize(&program, shape.precision(), weights)?.with_whole(&shape.whole);
    let model = match shape.ends.gives {
        Some(_) => stage::giving(model),
        None => model,
    };
    if weights == Weights::Given && search::weight_bits(&model) != shape.weight_bits {
        return Err(CircuitError::Recipe(format!(
            "weights of {} bits, these have {}",
            shape.weight_bits,
            search::weight_bits(&model)
        )));
    }
    let layout = Layout::build(&model, shape.clone()).map_err(|reason| CircuitError::Layout { k: shape.k, reason })?;
    if layout.shape != *shape {
        return Err(CircuitError::Recipe("columns that this model does not have".into()));
    }
    RegisterCircuit::new(&model, &layout)?;
    Ok((model, layout))
}

/// Channels and positions of what a stage of this shape takes, if it takes something. Refused is a graph that cannot stand there.
fn taken(graph: &Graph, shape: &Shape) -> Result<Option<[usize; 2]>, CircuitError> {
    let taken = shape.ends.takes.zip(shape.inputs.first()).map(|(row, input)| Taken {
        k: shape.k,
        lanes: shape.lanes,
        channels: input.channels,
        positions: input.positions,
        row,
        bits: shape.precision().bits(),
        // That of its ranges.
        frac: 0,
    });
    let stage = Stage {
        takes: taken,
        gives: shape.ends.gives,
        k: None,
    };
    let other = |_| CircuitError::Recipe("a place in a chain where this model cannot stand".into());
    stage.check(graph).map_err(other)?;
    Ok(taken.map(|taken| [taken.channels, taken.positions]))
}

/// Rows for calibration when none are given: seeded, uniform in [-1, 1]; of integers those up to 127, or all of a type of few.
pub fn default_samples(graph: &Graph, count: usize) -> Vec<Sample> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    };
    let lens = graph.input_lens();
    let mut values = |input: &Input, len: usize| (0..len).map(|_| input.elements.sample(next())).collect();
    let mut sample = || {
        let inputs = graph.inputs.iter().zip(&lens);
        inputs.map(|(input, &len)| values(input, len)).collect()
    };
    (0..count).map(|_| sample()).collect()
}
