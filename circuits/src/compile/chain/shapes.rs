//! The shapes of segments: rows and bits are those of all, lanes and line columns of each are its own.

use super::{sum, Cuts, NOTHING};
use crate::argument::{Cost, Objective};
use crate::compile::search::{candidates, nearer, roomy};
use crate::error::CircuitError;
use crate::layout::{Ends, InputShape, Layout, LayoutError, Shape, MAX_COMMITTED, MAX_K};
use crate::program::{Program, Tensor, TensorId};
use crate::register::RegisterCircuit;

/// The tensors to cut at, and the best shapes for an objective, from the first segment on; up to what a layout chooses.
///
/// # Errors
/// As [`choose`](super::super::search::choose).
pub(super) fn choose(
    structure: &Program,
    public: &[bool],
    cuts: &Cuts,
    objective: Objective,
) -> Result<(Vec<TensorId>, Vec<Shape>), CircuitError> {
    cuts.named(structure)?;
    let inputs = InputShape::of(structure, public);
    let mut best: Option<(f64, Vec<TensorId>, Vec<Shape>)> = None;
    // The segments of some cuts, as long as those are the best.
    let mut parts: (Vec<TensorId>, Vec<Program>) = (vec![], vec![]);
    let mut refused = CircuitError::TooLarge { max_k: MAX_K };
    let all: Vec<Shape> = candidates(&inputs).collect();
    // Those of one size and precision follow one another.
    for alike in all.chunk_by(|a, b| (a.k, a.precision()) == (b.k, b.precision())) {
        let Some(cuts) = cuts.of(structure, alike)? else {
            continue;
        };
        if parts.0 != cuts {
            // Not both at once: they have the weights.
            parts.1.clear();
            parts = (cuts.clone(), structure.segments(&cuts));
        }
        let search = Search {
            parts: &parts.1,
            inputs: &inputs,
            alike,
            objective,
            most: best.as_ref().map_or(f64::INFINITY, |(cost, ..)| *cost),
        };
        match search.shapes() {
            Ok((cost, shapes)) => best = Some((cost, cuts, shapes)),
            Err(CircuitError::Layout { k, reason }) => refused = nearer(refused, k, reason),
            Err(error) => refused = error,
        }
    }
    best.map(|(_, cuts, shapes)| (cuts, shapes)).ok_or(refused)
}

/// The search among shapes of one size and precision.
struct Search<'a> {
    parts: &'a [Program],
    inputs: &'a [InputShape],
    alike: &'a [Shape],
    objective: Objective,
    /// What is known to be possible.
    most: f64,
}

impl Search<'_> {
    /// The shapes, chosen from the last segment on: the cells that a segment gives are those of the one that takes them.
    fn shapes(&self) -> Result<(f64, Vec<Shape>), CircuitError> {
        let mut chosen: Vec<Shape> = vec![];
        let mut all = NOTHING;
        for index in (0..self.parts.len()).rev() {
            let (cost, shape) = self.shape(index, &all, chosen.last())?;
            all = sum(all, cost);
            chosen.push(shape);
        }
        chosen.reverse();
        Ok((self.objective.of(&all), chosen))
    }

    /// The best shape of a segment, before one that has a shape; `after` is what those cost that come after it.
    fn shape(&self, index: usize, after: &Cost, next: Option<&Shape>) -> Result<(Cost, Shape), CircuitError> {
        let part = &self.parts[index];
        let mut best: Option<(f64, Cost, Shape)> = None;
        let mut refused = CircuitError::TooLarge { max_k: MAX_K };
        // Shares of an objective weigh as they do in the whole, if others are like it.
        let worth = |cost: &Cost| {
            let like = (0..self.parts.len()).fold(NOTHING, |all, _| sum(all, *cost));
            self.objective.of(&like)
        };
        // Those that give have no policy, so that their limbs may be wider.
        let wide = self
            .alike
            .iter()
            .filter(|_| next.is_some())
            .filter_map(Shape::without_bits);
        let candidates = self.alike.iter().cloned().chain(wide);
        for candidate in candidates {
            let least = best.as_ref().map_or(f64::INFINITY, |(worth, ..)| *worth);
            let unwanted = |cost: &Cost| worth(cost) >= least || self.objective.of(&sum(*after, *cost)) >= self.most;
            match self.laid_out(index, &candidate, next, &unwanted) {
                Ok((cost, shape)) => match RegisterCircuit::tells_apart(part, &shape) {
                    Ok(()) => best = Some((worth(&cost), cost, ends_only(&candidate, &shape.shape))),
                    Err(reason) => refused = reason,
                },
                Err(reason) => refused = nearer(refused, candidate.k, reason),
            }
        }
        best.map(|(_, cost, shape)| (cost, shape)).ok_or(refused)
    }

    fn laid_out(
        &self,
        index: usize,
        candidate: &Shape,
        next: Option<&Shape>,
        unwanted: &dyn Fn(&Cost) -> bool,
    ) -> Result<(Cost, Layout), LayoutError> {
        let part = &self.parts[index];
        let shape = Shape {
            inputs: match index {
                0 => self.inputs.to_vec(),
                // The layout fills it in.
                _ => vec![InputShape {
                    public: false,
                    channels: 0,
                    positions: 0,
                    unsigned: false,
                }],
            },
            ends: self.ends(index, candidate.lanes, next),
            ..candidate.clone()
        };
        roomy(part, &shape)?;
        let hopeless = |shape: &Shape| {
            let (columns, most) = (shape.committed_columns(), MAX_COMMITTED);
            if columns > most {
                return Some(LayoutError::Committed { columns, most });
            }
            unwanted(&Cost::of(shape)).then_some(LayoutError::Unwanted)
        };
        let layout = Layout::build_unless(part, shape, &hopeless)?;
        let cost = Cost::of(&layout.shape);
        match unwanted(&cost) {
            true => Err(LayoutError::Unwanted),
            false => Ok((cost, layout)),
        }
    }

    /// Where a segment on so many lanes has what it takes and gives. What it takes stands above what it gives if that is on its lanes, or below.
    fn ends(&self, index: usize, lanes: usize, next: Option<&Shape>) -> Ends {
        let gives = next.and_then(|next| next.ends.takes);
        let onto = next.map(|next| next.lanes).filter(|onto| *onto != lanes);
        let taken = index.checked_sub(1).map(|_| {
            let rows = |tensor: &Tensor| tensor.channels.div_ceil(lanes) * tensor.positions();
            let part = &self.parts[index];
            let given = part.outputs.first().map(|output| rows(&part.tensors[output.tensor]));
            // Above all is what gives way to nothing: public inputs of the first segment, policy rows of the last.
            let base = self.base(index, lanes);
            let taken = rows(&part.tensors[0]);
            match gives.filter(|_| onto.is_none()).zip(given) {
                Some((start, given)) if base + taken > start => start + given,
                _ => base,
            }
        });
        Ends {
            takes: taken,
            gives,
            onto,
        }
    }

    /// The first row that both segments have at a cut before this segment, if they have so many lanes.
    fn base(&self, index: usize, lanes: usize) -> usize {
        let part = &self.parts[index];
        let stated = part.outputs.iter().map(|output| {
            let tensor = &part.tensors[output.tensor];
            match tensor.positions() {
                1 => tensor.channels.next_multiple_of(lanes),
                _ => tensor.len(),
            }
        });
        let last = index + 1 == self.parts.len();
        let shown = self.inputs.iter().filter(|input| input.public && index == 1);
        let shown: usize = shown
            .map(|input| input.channels.div_ceil(lanes) * input.positions)
            .sum();
        shown.max(if last { stated.sum() } else { 0 })
    }
}

/// A candidate with the ends and inputs of its layout, which chooses the rest again.
fn ends_only(candidate: &Shape, laid_out: &Shape) -> Shape {
    Shape {
        ends: laid_out.ends,
        inputs: laid_out.inputs.clone(),
        ..candidate.clone()
    }
}
