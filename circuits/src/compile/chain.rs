//! Chains: a program in segments, each in a circuit of its own, all of one size. What two of them have in common lies in the same cells of both,
//! so that one commitment is of both.

mod cuts;
mod shapes;

use super::search::weight_bits;
use crate::argument::{Cost, Objective};
use crate::error::CircuitError;
use crate::layout::{Layout, Shape, MAX_K};
use crate::program::{CutError, Precision, Program, TensorId};
use crate::register::RegisterCircuit;

/// Most segments of a chain.
pub const MAX_SEGMENTS: usize = 64;

/// Where a program is to be cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cuts {
    /// Into so many segments: of the ways whose largest segment is at most an eighth larger than it has to be, the one that takes the least time.
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
    /// The tensors, as far as they are the same for all shapes.
    fn named(&self, program: &Program) -> Result<Option<Vec<TensorId>>, CircuitError> {
        let most = (program.cuts().len() + 1).min(MAX_SEGMENTS);
        let asked = match self {
            Self::Into(segments) => *segments,
            Self::At(names) => names.len() + 1,
        };
        let names = match self {
            _ if !(2..=MAX_SEGMENTS).contains(&asked) => return Err(CircuitError::Segments { asked, most }),
            Self::Into(segments) if *segments > most => return Err(CircuitError::Segments { asked, most }),
            Self::Into(_) => return Ok(None),
            Self::At(names) => names,
        };
        let cuts = program.cut_at(names).map_err(|CutError { name, reason }| {
            let possible = program.cuts().into_iter().map(|cut| program.tensors[cut].name.clone());
            CircuitError::CutAt {
                name,
                reason,
                possible: possible.collect(),
            }
        });
        cuts.map(Some)
    }

    /// The tensors for shapes of one size and precision; none if no segments fit them.
    fn of(&self, program: &Program, alike: &[Shape]) -> Result<Option<Vec<TensorId>>, CircuitError> {
        match (self.named(program)?, self) {
            (None, Self::Into(segments)) => Ok(cuts::into(program, *segments, alike)),
            (named, _) => Ok(named),
        }
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

/// Cuts a program, and chooses the shapes of its segments by the cost model. `build` gives the program at a precision.
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
    let (cuts, shapes) = shapes::choose(&structure, public, cuts, objective)?;
    // That of all but in how many limbs and bits a value is.
    let precision = shapes
        .last()
        .ok_or(CircuitError::TooLarge { max_k: MAX_K })?
        .precision();
    let mut chained = Chained {
        segments: vec![],
        cost: NOTHING,
        cuts,
        model: build(precision)?,
    };
    let parts = chained.model.segments(&chained.cuts);
    for (program, shape) in parts.into_iter().zip(shapes) {
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
