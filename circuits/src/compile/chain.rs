//! Chains: a program in segments, each in a circuit of its own, all of one size. What two of them have in common lies in the same cells of both,
//! so that one commitment is of both.

use super::search::{candidates, roomy, weight_bits};
use crate::argument::{Cost, Objective};
use crate::error::CircuitError;
use crate::layout::{Ends, InputShape, Layout, LayoutError, Shape, MAX_COMMITTED, MAX_K};
use crate::program::{CutError, Precision, Program, TensorId};
use crate::register::RegisterCircuit;

/// Most segments of a chain.
pub const MAX_SEGMENTS: usize = 64;

/// Where a program is to be cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cuts {
    /// Into so many segments, of which the largest is as small as it can be.
    Into(usize),
    /// At the tensors of these names.
    At(Vec<String>),
}

impl From<usize> for Cuts {
    fn from(segments: usize) -> Self {
        Self::Into(segments)
    }
}

impl Cuts {
    /// The tensors.
    fn of(&self, program: &Program) -> Result<Vec<TensorId>, CircuitError> {
        let too_many = |asked| CircuitError::Segments {
            asked,
            most: (program.cuts().len() + 1).min(MAX_SEGMENTS),
        };
        let names = match self {
            Self::Into(segments) => {
                let cuts = (2..=MAX_SEGMENTS).contains(segments);
                let cuts = cuts.then(|| program.cut_into(*segments)).flatten();
                return cuts.ok_or_else(|| too_many(*segments));
            }
            Self::At(names) => names,
        };
        if !(1..MAX_SEGMENTS).contains(&names.len()) {
            return Err(too_many(names.len() + 1));
        }
        program.cut_at(names).map_err(|CutError { name, reason }| {
            let possible = program.cuts().into_iter().map(|cut| program.tensors[cut].name.clone());
            CircuitError::CutAt {
                name,
                reason,
                possible: possible.collect(),
            }
        })
    }
}

/// A program in segments.
#[derive(Clone, Debug)]
pub struct Chained {
    /// The program.
    pub model: Program,
    /// The tensors at which it is cut.
    pub cuts: Vec<TensorId>,
    /// Its segments with their layouts, from the first.
    pub segments: Vec<(Program, Layout)>,
    /// What all of them are forecast to cost together; memory is that of the largest.
    pub cost: Cost,
}

/// Cuts a program, and chooses the shape that they share by the cost model. `build` gives the program at a precision.
///
/// # Errors
/// [`CircuitError::Segments`] and [`CircuitError::CutAt`] if it cannot be cut so, otherwise as [`choose`](super::search::choose).
pub(super) fn choose(
    build: &dyn Fn(Precision) -> Result<Program, CircuitError>,
    public: &[bool],
    cuts: &Cuts,
    objective: Objective,
) -> Result<Chained, CircuitError> {
    let structure = build(Precision {
        table_bits: 8,
        limbs: 2,
        top_bits: 0,
    })?;
    let cuts = cuts.of(&structure)?;
    let parts = structure.segments(&cuts);
    let mut best: Option<(f64, Shape)> = None;
    let mut refused = CircuitError::TooLarge { max_k: MAX_K };
    for candidate in candidates(&InputShape::of(&structure, public)) {
        let most = best.as_ref().map_or(f64::INFINITY, |(cost, _)| *cost);
        match cost(&parts, &structure, public, &cuts, &candidate, &|cost| {
            objective.of(cost) >= most
        }) {
            Ok(cost) => best = Some((objective.of(&cost), candidate)),
            Err(error @ CircuitError::Layout { reason, .. }) if reason != LayoutError::Unwanted => refused = error,
            Err(_) => {}
        }
    }
    let (_, shape) = best.ok_or(refused)?;
    let model = build(shape.precision())?;
    let mut chained = Chained {
        segments: vec![],
        cost: NOTHING,
        cuts,
        model,
    };
    let parts = chained.model.segments(&chained.cuts);
    for (program, shape) in parts
        .into_iter()
        .zip(shapes(&chained.model, public, &chained.cuts, &shape))
    {
        let shape = Shape {
            weight_bits: weight_bits(&program),
            ..shape
        };
        let layout = laid_out(&program, shape)?;
        chained.cost = sum(chained.cost, Cost::of(&layout.shape));
        chained.segments.push((program, layout));
    }
    Ok(chained)
}

/// Lays out the segments of a program as a card says.
pub(super) fn rebuild(
    model: Program,
    cuts: &[TensorId],
    shapes: &[Shape],
    known: bool,
) -> Result<Chained, CircuitError> {
    let refused = |what: &str| Err(CircuitError::Recipe(what.into()));
    let possible = model.cuts();
    let ascend = cuts.windows(2).all(|pair| pair[0] < pair[1]);
    if cuts.is_empty() || !ascend || !cuts.iter().all(|cut| possible.contains(cut)) {
        return refused("cuts at tensors where this model cannot be cut");
    }
    if shapes.len() != cuts.len() + 1 {
        return refused("another number of segments than its cuts make");
    }
    let mut segments = vec![];
    for (program, shape) in model.segments(cuts).into_iter().zip(shapes) {
        if known && weight_bits(&program) != shape.weight_bits {
            return refused("weights of another width than these have");
        }
        let layout = laid_out(&program, shape.clone())?;
        if layout.shape != *shape {
            return refused("columns that a segment of this model does not have");
        }
        segments.push((program, layout));
    }
    let cost = segments
        .iter()
        .fold(NOTHING, |all, (_, layout)| sum(all, Cost::of(&layout.shape)));
    Ok(Chained {
        cuts: cuts.to_vec(),
        model,
        segments,
        cost,
    })
}

fn laid_out(program: &Program, shape: Shape) -> Result<Layout, CircuitError> {
    let k = shape.k;
    let layout = Layout::build(program, shape).map_err(|reason| CircuitError::Layout { k, reason })?;
    RegisterCircuit::new(program, &layout)?;
    Ok(layout)
}

/// The shapes of the segments, up to what a layout chooses.
fn shapes(model: &Program, public: &[bool], cuts: &[TensorId], shared: &Shape) -> Vec<Shape> {
    let rows = |id: TensorId| {
        let tensor = &model.tensors[id];
        tensor.channels.div_ceil(shared.lanes) * tensor.positions()
    };
    // Above all there is where tensors are that others cannot give way to: public inputs of the first segment, policy rows of the last one.
    let shown = (0..model.inputs.len())
        .filter(|input| public[*input])
        .map(rows)
        .sum::<usize>();
    let stated = model
        .outputs
        .iter()
        .map(|output| match model.tensors[output.tensor].positions() {
            1 => model.tensors[output.tensor].channels.next_multiple_of(shared.lanes),
            _ => model.tensors[output.tensor].len(),
        });
    let base = shown.max(stated.sum());
    // Each lies above the one before where there is room, otherwise below: the segment between has both.
    let mut starts: Vec<usize> = vec![];
    for (index, &cut) in cuts.iter().enumerate() {
        starts.push(match starts.last() {
            Some(&before) if base + rows(cut) > before => before + rows(cuts[index - 1]),
            _ => base,
        });
    }
    let takes = std::iter::once(None).chain(starts.iter().copied().map(Some));
    let gives = starts.iter().copied().map(Some).chain([None]);
    let shape = |(takes, gives): (Option<usize>, Option<usize>)| Shape {
        inputs: match takes {
            None => InputShape::of(model, public),
            // The layout fills it in.
            Some(_) => vec![InputShape {
                public: false,
                channels: 0,
                positions: 0,
                unsigned: false,
            }],
        },
        ends: Ends { takes, gives },
        ..shared.clone()
    };
    takes.zip(gives).map(shape).collect()
}

/// What a candidate costs, unless it is not wanted.
fn cost(
    parts: &[Program],
    structure: &Program,
    public: &[bool],
    cuts: &[TensorId],
    candidate: &Shape,
    unwanted: &dyn Fn(&Cost) -> bool,
) -> Result<Cost, CircuitError> {
    let k = candidate.k;
    let refuse = |reason| CircuitError::Layout { k, reason };
    let shapes = shapes(structure, public, cuts, candidate);
    let rooms = parts.iter().zip(&shapes);
    rooms
        .clone()
        .try_for_each(|(part, shape)| roomy(part, shape))
        .map_err(refuse)?;
    let mut all = NOTHING;
    for (part, shape) in rooms {
        let hopeless = |shape: &Shape| {
            let (columns, most) = (shape.committed_columns(), MAX_COMMITTED);
            if columns > most {
                return Some(LayoutError::Committed { columns, most });
            }
            unwanted(&sum(all, Cost::of(shape))).then_some(LayoutError::Unwanted)
        };
        let layout = Layout::build_unless(part, shape.clone(), &hopeless).map_err(refuse)?;
        RegisterCircuit::tells_apart(part, &layout)?;
        all = sum(all, Cost::of(&layout.shape));
    }
    match unwanted(&all) {
        true => Err(refuse(LayoutError::Unwanted)),
        false => Ok(all),
    }
}

const NOTHING: Cost = Cost {
    prove_m20: 0.0,
    commit_m20: 0.0,
    memory_bytes: 0,
    receipt_bytes: 0,
    card_bytes: 0,
    verify_ms: 0.0,
    gas: 0.0,
};

/// Of circuits that are proven one after the other.
fn sum(a: Cost, b: Cost) -> Cost {
    Cost {
        prove_m20: a.prove_m20 + b.prove_m20,
        commit_m20: a.commit_m20 + b.commit_m20,
        memory_bytes: a.memory_bytes.max(b.memory_bytes),
        receipt_bytes: a.receipt_bytes + b.receipt_bytes,
        card_bytes: a.card_bytes + b.card_bytes,
        verify_ms: a.verify_ms + b.verify_ms,
        gas: a.gas + b.gas,
    }
}
