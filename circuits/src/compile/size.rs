//! What a graph would take, counted from its shapes before anything of that size is made.

use super::form::{Affine, Form, Kind, Part};
use crate::error::CircuitError;
use crate::graph::{Graph, Op};
use crate::layout::{usable, MAX_K, MAX_LANES};

/// Most weights of a model.
const MAX_WEIGHTS: usize = 1 << 24;
/// Most multiplications of one run.
const MAX_WORK: usize = 1 << 30;
/// Most terms of a linear form; one of more is rounded into a tensor.
pub(super) const MAX_TERMS: usize = 256;
/// Most entries of the index maps of one form, and of all forms that wait for a reader.
pub(super) const MAX_FORM: usize = 1 << 22;
pub(super) const MAX_FORMS: usize = 1 << 23;

fn product(extents: &[usize]) -> usize {
    extents.iter().fold(1, |n, extent| n.saturating_mul(*extent))
}

/// Multiplications of one run of a graph, about.
pub fn work(graph: &Graph) -> usize {
    let shape = |id: Option<&usize>| id.map_or(&[][..], |&id| &graph.values[id].shape);
    let of = |node: &crate::graph::Node| {
        let (input, other) = (shape(node.inputs.first()), shape(node.inputs.get(1)));
        let out = product(shape(Some(&node.output)));
        let per_first = product(other.get(1..).unwrap_or_default());
        match &node.op {
            Op::Conv { .. } => out.saturating_mul(per_first),
            Op::ConvTranspose { .. } => product(input).saturating_mul(per_first),
            Op::MatMul => out.saturating_mul(input.last().copied().unwrap_or(1)),
            // Each element of a window is looked up by itself.
            Op::MaxPool { kernel, .. } | Op::AveragePool { kernel, .. } => {
                out.saturating_mul(4).saturating_mul(product(kernel))
            }
            _ => out.max(product(input)),
        }
    };
    graph.nodes.iter().map(of).fold(0, usize::saturating_add)
}

/// Refuses graphs that no circuit has room for, or that nobody has time to calibrate.
pub(super) fn check(graph: &Graph) -> Result<(), CircuitError> {
    let constants = graph.values.iter().filter(|value| value.constant.is_some());
    let weights = constants
        .map(|value| product(&value.shape))
        .fold(0, usize::saturating_add);
    let inputs = graph
        .inputs
        .iter()
        .map(|input| product(&graph.values[input.value].shape));
    let cells = usable(MAX_K) * MAX_LANES;
    match weights <= MAX_WEIGHTS && work(graph) <= MAX_WORK && inputs.fold(0, usize::saturating_add) <= cells {
        true => Ok(()),
        false => Err(CircuitError::TooLarge { max_k: MAX_K }),
    }
}

/// Rows that a stored tensor takes at least.
pub(super) fn rows([channels, height, width]: [usize; 3]) -> usize {
    channels
        .div_ceil(MAX_LANES)
        .saturating_mul(height.saturating_mul(width))
}

/// Whether the largest circuit has so many rows.
pub(super) fn fits(rows: usize) -> bool {
    rows <= usable(MAX_K)
}

/// Terms of a form.
pub(super) fn terms(form: &Form) -> usize {
    match &form.kind {
        Kind::Sum { parts, .. } => parts.len(),
        Kind::Pending(affine) => affine.contractions.len() + affine.linear.len() + affine.matrix_products.len(),
    }
}

/// Entries of the index maps of a form.
pub(super) fn entries(form: &Form) -> usize {
    let part = |p: &Part| 8 + p.view.as_ref().map_or(0, |v| v.elements.len());
    let axes = |axes: &[crate::program::Axis; 2]| axes.iter().flat_map(|a| &a.taps).map(|t| 4 + t.len()).sum::<usize>();
    let affine = |a: &Affine| {
        let contractions = a.contractions.iter();
        let contractions = contractions.map(|c| c.parts.iter().map(part).sum::<usize>() + axes(&c.axes));
        let linear = a.linear.iter().map(|l| part(&l.part) + axes(&l.axes));
        let matrix_products = a
            .matrix_products
            .iter()
            .map(|p| p.left.1.elements.len() + p.right.1.elements.len());
        contractions.chain(linear).chain(matrix_products).sum()
    };
    match &form.kind {
        Kind::Sum { parts, .. } => parts.iter().map(part).sum(),
        Kind::Pending(a) => affine(a),
    }
}
