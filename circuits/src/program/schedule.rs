//! In which order the elements of a program are computed.
//!
//! A tensor may read itself, and tensors after it, as long as no position of one depends on itself: the steps of a recurrent layer
//! are positions of the same tensors, and each reads those of the step before.

use super::{Affine, MaxPool, Part, Program, Step, TensorId};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// What is computed at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A tensor.
    Whole(TensorId),
    /// All channels of a tensor at these positions.
    Part(TensorId, Vec<usize>),
}

/// Everything but the inputs, each after what it reads; none if something depends on itself. What steps read must exist.
pub(crate) fn schedule(program: &Program) -> Option<Vec<Stage>> {
    let mut stages = vec![];
    let mut loops = loops(program).into_iter().peekable();
    let mut id = program.inputs.len();
    while id < program.tensors.len() {
        match loops.next_if(|range| range.contains(&id)) {
            Some(range) => {
                id = *range.end() + 1;
                stages.extend(positions(program, range)?);
            }
            None => {
                stages.push(Stage::Whole(id));
                id += 1;
            }
        }
    }
    Some(stages)
}

/// Tensors from one that reads itself or a later one to the last that it reads; those that overlap are together.
fn loops(program: &Program) -> Vec<RangeInclusive<TensorId>> {
    let mut loops: Vec<RangeInclusive<TensorId>> = vec![];
    for (id, tensor) in program.tensors.iter().enumerate() {
        let Some(last) = tensor.step.sources().into_iter().max().filter(|&last| last >= id) else {
            continue;
        };
        match loops.last_mut() {
            Some(range) if range.contains(&id) => *range = *range.start()..=last.max(*range.end()),
            _ => loops.push(id..=last),
        }
    }
    loops
}

/// A position of a tensor.
type Place = (TensorId, usize);

/// The positions of the tensors of a loop, in as few stages as possible.
fn positions(program: &Program, tensors: RangeInclusive<TensorId>) -> Option<Vec<Stage>> {
    let mut missing: BTreeMap<Place, usize> = BTreeMap::new();
    let mut readers: BTreeMap<Place, Vec<Place>> = BTreeMap::new();
    for id in tensors.clone() {
        for (position, reads) in reads(program, id, &tensors).into_iter().enumerate() {
            missing.insert((id, position), reads.len());
            for place in reads {
                readers.entry(place).or_default().push((id, position));
            }
        }
    }
    let mut ready: BTreeSet<Place> = missing
        .iter()
        .filter(|(_, n)| **n == 0)
        .map(|(place, _)| *place)
        .collect();
    let (mut stages, mut done) = (vec![], 0);
    while let Some(&(id, _)) = ready.first() {
        let now: Vec<usize> = ready.range((id, 0)..=(id, usize::MAX)).map(|place| place.1).collect();
        for &position in &now {
            ready.remove(&(id, position));
            for place in readers.get(&(id, position)).into_iter().flatten() {
                let left = missing.get_mut(place)?;
                *left -= 1;
                if *left == 0 {
                    ready.insert(*place);
                }
            }
        }
        done += now.len();
        stages.push(Stage::Part(id, now));
    }
    (done == missing.len()).then_some(stages)
}

/// For each position of a tensor, the positions that it reads of the tensors of a loop.
fn reads(program: &Program, id: TensorId, tensors: &RangeInclusive<TensorId>) -> Vec<BTreeSet<Place>> {
    let tensor = &program.tensors[id];
    let each = |source: TensorId, at: &dyn Fn(usize) -> Vec<usize>| {
        let reads = |position| match tensors.contains(&source) {
            true => at(position).into_iter().map(|at| (source, at)).collect(),
            false => BTreeSet::new(),
        };
        (0..tensor.positions()).map(reads).collect()
    };
    match &tensor.step {
        Step::Input => vec![BTreeSet::new(); tensor.positions()],
        Step::Affine(affine) => of_affine(program, id, affine, tensors),
        Step::Product(product) => each(product.tensor, &|p| vec![2 * p, 2 * p + 1]),
        Step::Quotient(quotient) => each(quotient.tensor, &|p| vec![2 * p, 2 * p + 1]),
        Step::MaxPool(MaxPool {
            tensor: source,
            rows,
            cols,
        }) => {
            let width = program.tensors[*source].width;
            each(*source, &|p| {
                let (rows, cols) = (&rows[p / tensor.width], &cols[p % tensor.width]);
                rows.iter()
                    .flat_map(|y| cols.iter().map(move |x| y * width + x))
                    .collect()
            })
        }
    }
}

fn of_affine(
    program: &Program,
    id: TensorId,
    affine: &Affine,
    tensors: &RangeInclusive<TensorId>,
) -> Vec<BTreeSet<Place>> {
    let tensor = &program.tensors[id];
    let mut reads = vec![BTreeSet::new(); tensor.positions()];
    let contractions = affine
        .contractions
        .iter()
        .flat_map(|c| c.parts.iter().map(move |p| (p, &c.axes)));
    let linear = affine.linear.iter().map(|term| (&term.part, &term.axes));
    for (part, axes) in contractions
        .chain(linear)
        .filter(|(part, _)| tensors.contains(&part.tensor))
    {
        let (columns, width) = (columns(program, part), program.grid(part)[2]);
        for (position, reads) in reads.iter_mut().enumerate() {
            for (_, y) in &axes[0].taps[position / tensor.width] {
                for (_, x) in &axes[1].taps[position % tensor.width] {
                    reads.extend(columns[y * width + x].iter().map(|&at| (part.tensor, at)));
                }
            }
        }
    }
    for product in &affine.matrix_products {
        // A column of the right factor, and all of the left one.
        let [left, right] = [&product.left, &product.right].map(|(source, view)| {
            let positions = program.tensors[*source].positions();
            let columns = view.grid[2].max(1);
            let elements = view.elements.iter().enumerate().filter(|_| tensors.contains(source));
            elements.filter_map(move |(i, element)| Some((i % columns, (*source, (*element)? % positions))))
        });
        let left: BTreeSet<Place> = left.map(|(_, place)| place).collect();
        reads.iter_mut().for_each(|reads| reads.extend(&left));
        for (column, place) in right {
            if let Some(reads) = reads.get_mut(column) {
                reads.insert(place);
            }
        }
    }
    reads
}

/// For each position of what a part reads, the positions of its tensor that are read there, over all channels.
fn columns(program: &Program, part: &Part) -> Vec<Vec<usize>> {
    let [_, height, width] = program.grid(part);
    let positions = program.tensors[part.tensor].positions();
    let Some(view) = &part.view else {
        return (0..height * width).map(|at| vec![at]).collect();
    };
    let mut columns: Vec<Vec<usize>> = vec![vec![]; height * width];
    for (i, element) in view.elements.iter().enumerate() {
        let column = &mut columns[i % (height * width)];
        // Channels that lie alike say the same.
        column.extend(element.map(|e| e % positions).filter(|at| column.last() != Some(at)));
    }
    columns
}
