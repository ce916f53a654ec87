//! What a program must be for its layout to bind what the executor computes.

use crate::layout::{Ends, Shape};
use crate::program::{
    schedule, Affine, Axis, Contraction, Linear, MatrixProduct, MaxPool, Output, Part, Program, Step, Table, Tensor,
    View,
};
use std::collections::BTreeSet;

/// The first tensors are the inputs, each element one of the caller's, and the others have elements. None depends on itself, so that one after
/// the other is determined, whatever the order of the tensors. Every map of elements stays
/// inside its source and leads to the elements of its tensor, so that distinct elements have distinct powers of the
/// challenges. A contraction has rows of its own; a bias has one without groups to carry it.
///
/// Pools, products and quotients read a rounded tensor that no other of them reads: pools one of the same sign with
/// disjoint windows that are not empty, products and quotients a signed one of twice the width, quotients one that is not looked up and give one that is signed. A table is that of a signed tensor, and
/// takes and gives integers in range.
pub(super) fn well_formed(model: &Program) -> bool {
    let mut neighbours = vec![];
    let mut first = |id: usize| {
        let new = !neighbours.contains(&id);
        neighbours.push(id);
        new && matches!(model.tensors[id].step, Step::Affine(_))
    };
    let step = |(id, tensor): (usize, &Tensor)| {
        let earlier = |source: usize| (source < id).then(|| &model.tensors[source]);
        !tensor.is_empty()
            && match &tensor.step {
                Step::Input => {
                    let order = model.inputs.get(id).map(|input| &input.order);
                    order.is_some_and(|order| order.fits(tensor.len()))
                }
                Step::Affine(affine) => affine_is_well_formed(model, id, affine),
                Step::MaxPool(pool) => {
                    earlier(pool.tensor).is_some_and(|source| pool_is_well_formed(source, tensor, pool))
                        && first(pool.tensor)
                }
                Step::Product(product) => {
                    earlier(product.tensor).is_some_and(pairs(tensor)) && first(product.tensor) && product.alpha > 0
                }
                Step::Quotient(quotient) => {
                    earlier(quotient.tensor).is_some_and(pairs(tensor))
                        && model.table(quotient.tensor).is_none()
                        && first(quotient.tensor)
                        && quotient.alpha > 0
                        && tensor.signed
                }
            }
    };
    let inputs = model
        .tensors
        .iter()
        .take_while(|t| matches!(t.step, Step::Input))
        .count();
    let output = |output: &Output| output.tensor < model.tensors.len();
    let formed = inputs == model.inputs.len()
        && inputs > 0
        && !model.outputs.is_empty()
        && model.outputs.iter().all(output)
        && model.tensors.iter().enumerate().all(step);
    formed && schedule(model).is_some()
}

/// Whether the ends of a program are those of a model, whose inputs and outputs may be negative; or of a segment, which takes what it reads of
/// the one before, committed, or gives one tensor that has rows of its own to the next.
pub(super) fn ends_are_well_formed(model: &Program, shape: &Shape) -> bool {
    let signed = |id: usize| model.tensors[id].signed;
    let takes = match shape.ends.takes {
        Some(_) => matches!(shape.inputs.as_slice(), [input] if !input.public),
        None => (0..model.inputs.len()).all(signed),
    };
    // One form for each: lanes of its own are not named.
    let onto = shape
        .ends
        .onto
        .is_none_or(|lanes| shape.ends.gives.is_some() && lanes > 0 && lanes != shape.lanes);
    let gives = match (shape.ends.gives, model.outputs.as_slice()) {
        (None, outputs) => outputs.iter().all(|output| signed(output.tensor)),
        (Some(_), [output]) => shape.items == 0 && model.stands_alone(output.tensor),
        (Some(_), _) => false,
    };
    takes && gives && onto
}

/// Whether outputs that are shown whole can be: in ascending order, each in rows that it shares with nothing, of a whole model that is no batch.
pub(super) fn whole_is_well_formed(model: &Program, shape: &Shape) -> bool {
    let mut seen = BTreeSet::new();
    let mut alone = |id: usize| model.stands_alone(id) && seen.insert(id);
    let fits = |index: &usize| model.outputs.get(*index).is_some_and(|output| alone(output.tensor));
    let ascending = shape.whole.windows(2).all(|pair| pair[0] < pair[1]);
    let elsewhere = (shape.items, shape.ends, shape.dense) != (0, Ends::default(), false);
    ascending && (shape.whole.is_empty() || !elsewhere) && shape.whole.iter().all(fits)
}

/// Whether a tensor has the operands of another one side by side.
fn pairs(tensor: &Tensor) -> impl Fn(&Tensor) -> bool {
    let shape = [tensor.channels, tensor.height, 2 * tensor.width];
    move |t| t.signed && [t.channels, t.height, t.width] == shape
}

fn pool_is_well_formed(source: &Tensor, tensor: &Tensor, pool: &MaxPool) -> bool {
    let windows = |windows: &[Vec<usize>], count: usize, len: usize| {
        let mut all: Vec<usize> = windows.iter().flatten().copied().collect();
        all.sort_unstable();
        let disjoint = all.windows(2).all(|w| w[0] != w[1]);
        disjoint && windows.len() == count && windows.iter().all(|w| !w.is_empty()) && all.iter().all(|&q| q < len)
    };
    (source.signed, source.channels) == (tensor.signed, tensor.channels)
        && windows(&pool.rows, tensor.height, source.height)
        && windows(&pool.cols, tensor.width, source.width)
}

fn affine_is_well_formed(model: &Program, id: usize, affine: &Affine) -> bool {
    let tensor = &model.tensors[id];
    let inside = |source: usize, view: &View| {
        let len = model.tensors[source].len();
        view.elements.len() == view.grid.iter().product::<usize>() && view.elements.iter().flatten().all(|&e| e < len)
    };
    let known = |source: usize| source < model.tensors.len();
    let part = |p: &Part| known(p.tensor) && p.view.as_ref().is_none_or(|v| inside(p.tensor, v));
    // From a grid to the positions of the tensor.
    let maps = |axes: &[Axis; 2], [_, height, width]: [usize; 3]| {
        let axis = |axis: &Axis, len: usize, out: usize| {
            let mut taps = axis.taps.iter().flatten();
            axis.out() == out && taps.all(|&(k, q)| k < axis.kernel && q < len)
        };
        axis(&axes[0], height, tensor.height) && axis(&axes[1], width, tensor.width)
    };
    let contraction = |(term, c): (usize, &Contraction)| match (c.parts.first(), c.channels) {
        // It has rows for the bias only.
        (None, 0) => (term, c.groups, affine.bias.is_empty()) == (0, 1, false),
        (None, channels) => {
            (channels, c.groups) == (1, 1) && c.axes.iter().all(|a| a.kernel > 0) && maps(&c.axes, [1; 3])
        }
        (Some(first), channels) => {
            let divides = |n: usize| n.checked_rem(c.groups) == Some(0);
            let part = |p: &Part| {
                let grid = || model.grid(p);
                part(p)
                    && p.offset + grid()[0] <= channels
                    && grid()[1..] == model.grid(first)[1..]
                    && maps(&c.axes, grid())
            };
            let groups = divides(channels) && divides(tensor.channels);
            channels > 0 && groups && c.axes.iter().all(|a| a.kernel > 0) && c.parts.iter().all(part)
        }
    };
    let linear = |l: &Linear| {
        let grid = || model.grid(&l.part);
        part(&l.part) && l.part.offset + grid()[0] <= tensor.channels && maps(&l.axes, grid())
    };
    let product = |p: &MatrixProduct| {
        let ([batches, rows, inner], [b, j, columns]) = (p.left.1.grid, p.right.1.grid);
        let fits = (b, j) == (batches, inner) && (batches * rows, columns) == (tensor.channels, tensor.positions());
        let factor = |(source, view): &(usize, View)| known(*source) && inside(*source, view);
        fits && p.pairs() > 0 && factor(&p.left) && factor(&p.right)
    };
    let half = 1 << (model.precision.bits() - 1);
    let table = |table: &Table| {
        let ends = [table.first, table.first.saturating_add(table.results.len() as i64 - 1)];
        let inside = |units: &i64| (-half..half).contains(units);
        let all = ends.iter().chain(table.results.iter().flatten()).all(inside);
        tensor.signed && all && table.results.iter().flatten().next().is_some()
    };
    affine.table.iter().all(table)
        && affine.contractions.iter().enumerate().all(contraction)
        && affine.linear.iter().all(linear)
        && affine.matrix_products.iter().all(product)
        && (affine.bias.is_empty() || affine.contractions.first().is_some_and(|c| c.groups == 1))
}
