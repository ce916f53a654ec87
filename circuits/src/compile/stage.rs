//! Stages: models that are compiled and committed apart, each from a file of its own, of which one takes what another gives. What the two have in
//! common is fixed by the one that gives: rows of the circuit, place, width and scale of the values. The one that takes is compiled for it, so that
//! one commitment is of both.

use super::search::{candidates, nearer, roomy, weight_bits, Choice, Chosen};
use crate::argument::{Cost, Objective};
use crate::error::CircuitError;
use crate::graph::{Graph, InputType};
use crate::layout::{Ends, InputShape, Layout, LayoutError, Shape, MAX_COMMITTED, MAX_K};
use crate::program::{Precision, Program};
use crate::register::RegisterCircuit;

/// Where a model stands in a chain of stages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// What its only input is, if the stage before gives it.
    pub takes: Option<Taken>,
    /// Whether it gives its only output to the next stage; the first row of what it gives is this one or a later one. What comes before is for the
    /// outputs of the last stage.
    pub gives: Option<usize>,
    /// log2 of the rows of its circuit, if that is not to be chosen. A stage that takes something has those of the stage before.
    pub k: Option<u32>,
}

/// What a stage gives to the next one, as its card says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// log2 of the rows of all circuits of the chain.
    pub k: u32,
    /// Lanes that the values lie on.
    pub lanes: usize,
    /// Channels of the tensor.
    pub channels: usize,
    /// Positions of each channel.
    pub positions: usize,
    /// The first row.
    pub row: usize,
    /// Values are in `[-2^(bits - 1), 2^(bits - 1))`.
    pub bits: u32,
    /// A value `v` stands for `v / 2^frac`.
    pub frac: i32,
}

impl Stage {
    /// Whether a graph can stand there: what is given and taken is one tensor of real numbers.
    ///
    /// # Errors
    /// [`CircuitError::Stage`].
    pub fn check(&self, graph: &Graph) -> Result<(), CircuitError> {
        let refused = |reason: String, help| Err(CircuitError::Stage { reason, help });
        if let Some(taken) = &self.takes {
            let [input] = graph.inputs.as_slice() else {
                let reason = format!("it has {} inputs, and takes one tensor", graph.inputs.len());
                return refused(reason, "export the model with one input, or join the files to one");
            };
            // Cells of integers without a sign are others, and nothing shows that what is given is whole.
            if let InputType::Integers { .. } = input.elements {
                let reason = "its input is of integers, and what a stage gives is of real numbers".to_owned();
                return refused(reason, "export the model with an input of floats");
            }
            let (own, given) = (graph.input_lens()[0], taken.channels.saturating_mul(taken.positions));
            if own != given {
                let reason = format!("its input has {own} elements, and the stage before gives {given}");
                return refused(reason, "name the stage that gives what the model takes");
            }
        }
        if self.gives.is_some() {
            let [output] = graph.outputs.as_slice() else {
                let reason = format!("it has {} outputs, and gives one tensor", graph.outputs.len());
                return refused(reason, "export the model with one output, or join the files to one");
            };
            if super::scores(graph) != [output.value] {
                let reason = "its output is an index".to_owned();
                return refused(reason, "export the model without ArgMax at its end");
            }
        }
        Ok(())
    }

    /// Whether its circuit may have this size and so many lanes: those of what it takes, or enough for all channels.
    fn allows(&self, shape: &Shape) -> bool {
        self.k.is_none_or(|k| k == shape.k)
            && self.takes.is_none_or(|taken| {
                let in_one_row = taken.channels <= taken.lanes.min(shape.lanes);
                (shape.k, shape.precision().bits()) == (taken.k, taken.bits)
                    && (shape.lanes == taken.lanes || in_one_row)
            })
    }

    /// Where a circuit of so many lanes has what it takes and gives: the latter after public inputs and what it takes.
    fn ends(&self, inputs: &[InputShape], lanes: usize) -> Ends {
        let rows = |channels: usize, positions: usize| channels.div_ceil(lanes).saturating_mul(positions);
        let shown = inputs.iter().filter(|input| input.public);
        let shown: usize = shown.map(|input| rows(input.channels, input.positions)).sum();
        let taken = self
            .takes
            .map_or(0, |taken| taken.row + rows(taken.channels, taken.positions));
        Ends {
            takes: self.takes.map(|taken| taken.row),
            gives: self.gives.map(|room| room.max(shown).max(taken)),
            onto: None,
        }
    }

    /// Why no circuit holds it. If the stage before chose the rows, that one can be asked for more.
    fn told(&self, refused: CircuitError) -> CircuitError {
        let what = match (&self.takes, &refused) {
            (Some(_), CircuitError::Layout { reason, .. }) => reason.to_string(),
            (Some(_), CircuitError::TooLarge { .. }) => "the lanes are as many as those of the stage before".to_owned(),
            _ => return refused,
        };
        let k = self.takes.map_or(0, |taken| taken.k);
        CircuitError::Stage {
            reason: format!("no circuit of 2^{k} rows, as the stage before has, holds it: {what}"),
            help: "commit the first stage again with a larger --k, and those after it",
        }
    }

    /// The reason that is told of a stage whose outputs have no room beside what it takes.
    fn crowded(&self, program: &Program, lanes: usize) -> Option<CircuitError> {
        let stated = program.outputs.iter().map(|output| {
            let tensor = &program.tensors[output.tensor];
            match tensor.positions() {
                1 => tensor.channels.next_multiple_of(lanes),
                _ => tensor.len(),
            }
        });
        let (stated, room) = (stated.sum::<usize>(), self.takes?.row);
        (self.gives.is_none() && stated > room).then(|| CircuitError::Stage {
            reason: format!("its outputs take {stated} rows, and the stage before leaves {room}"),
            help: "commit the stage before it again with more --room",
        })
    }
}

/// A program with its one output in rows of its own, which the next stage reads.
pub(super) fn giving(program: Program) -> Program {
    program.with_whole(&[0])
}

/// Chooses the shape of a stage by the cost model. `build` gives the program at a precision.
///
/// # Errors
/// [`CircuitError::Stage`] if it does not fit the stage before it; as [`choose`](super::search::choose).
pub(super) fn choose(
    build: &dyn Fn(Precision) -> Result<Program, CircuitError>,
    public: &[bool],
    stage: &Stage,
    objective: Objective,
) -> Result<Chosen, CircuitError> {
    let structure = build(Precision {
        table_bits: 8,
        limbs: 2,
        top_bits: 0,
    })?;
    let inputs = InputShape::of(&structure, public);
    let mut best: Option<Choice> = None;
    let mut refused = CircuitError::TooLarge { max_k: MAX_K };
    for candidate in candidates(&inputs).filter(|shape| stage.allows(shape)) {
        // Those that give have no policy, so that their limbs may be wider.
        let wide = stage.gives.and_then(|_| candidate.without_bits());
        for candidate in std::iter::once(candidate).chain(wide) {
            if let Some(reason) = stage.crowded(&structure, candidate.lanes) {
                refused = reason;
                continue;
            }
            let shape = Shape {
                ends: stage.ends(&inputs, candidate.lanes),
                ..candidate
            };
            let k = shape.k;
            let worse = |cost: &Cost| {
                best.as_ref()
                    .is_some_and(|best| objective.of(cost) >= objective.of(&best.cost))
            };
            let hopeless = |shape: &Shape| {
                let (columns, most) = (shape.committed_columns(), MAX_COMMITTED);
                if columns > most {
                    return Some(LayoutError::Committed { columns, most });
                }
                worse(&Cost::of(shape)).then_some(LayoutError::Unwanted)
            };
            let layout = roomy(&structure, &shape).and_then(|()| Layout::build_unless(&structure, shape, &hopeless));
            match layout {
                Err(reason) => refused = nearer(refused, k, reason),
                Ok(layout) if worse(&Cost::of(&layout.shape)) => {}
                Ok(layout) => match RegisterCircuit::tells_apart(&structure, &layout) {
                    Err(reason) => refused = reason,
                    Ok(()) => {
                        best = Some(Choice {
                            objective,
                            cost: Cost::of(&layout.shape),
                            shape: layout.shape,
                        });
                    }
                },
            }
        }
    }
    let choice = best.ok_or_else(|| stage.told(refused))?;
    let model = build(choice.shape.precision())?;
    let shape = Shape {
        weight_bits: weight_bits(&model),
        ..choice.shape.clone()
    };
    let k = shape.k;
    let layout = Layout::build(&model, shape).map_err(|reason| CircuitError::Layout { k, reason })?;
    RegisterCircuit::new(&model, &layout)?;
    let choices = vec![choice];
    Ok(Chosen { model, layout, choices })
}
