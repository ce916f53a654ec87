//! Softmax of scores of which a constant mask hides some, but one at the same place in every row, as causal masks do.
//!
//! Scores are taken relative to that one, so that the largest of a row is 0 at least, and hidden ones count as 0 in it. No
//! element stands in the place of another: rows that lie side by side in a circuit may hide different ones.

use super::super::maps::labelled;
use super::super::Call;
use super::kept;
use crate::graph::{Binary, Function, Op, ReduceKind, Unary, ValueId};
use crate::onnx::build::{Builder, Fault};
use crate::onnx::tensor::Const;

/// The first place along an axis at which a mask hides nothing.
pub(super) fn place(shape: &[usize], axis: usize, hidden: &[bool]) -> Option<usize> {
    let n = shape.get(axis).copied().filter(|n| *n > 0)?;
    let inner: usize = shape.iter().skip(axis + 1).product();
    let mut shown = vec![true; n];
    for (i, _) in hidden.iter().enumerate().filter(|(_, hides)| **hides) {
        if let Some(place) = shown.get_mut(i / inner % n) {
            *place = false;
        }
    }
    shown.iter().position(|shown| *shown)
}

/// 1 where a mask shows an element, 0 elsewhere, without leading axes along which it repeats; one for all masks that are alike.
fn shown(b: &mut Builder, mut shape: &[usize], mut hidden: &[bool]) -> Result<ValueId, Fault> {
    while let [first, rest @ ..] = shape {
        let own = hidden.len() / first.max(&1);
        let (one, others) = hidden.split_at(own);
        if rest.is_empty() || own == 0 || others.chunks(own).any(|other| other != one) {
            break;
        }
        (shape, hidden) = (rest, one);
    }
    b.reserve(shape, 1)?;
    let bits: String = hidden.iter().map(|&hides| if hides { '0' } else { '1' }).collect();
    let data = hidden.iter().map(|&hides| f32::from(u8::from(!hides))).collect();
    Ok(b.derived(
        &format!("shown {bits}"),
        "shown",
        shape.to_vec(),
        1,
        Const::Floats(data),
        vec![],
    ))
}

/// Elements that are not negative, 0 where they are hidden.
fn only(call: &Call<'_>, b: &mut Builder, label: &str, x: ValueId, shown: ValueId) -> Result<ValueId, Fault> {
    let product = b.emit(&call.origin, &labelled(label, "shown"), Op::Mul, &[x, shown])?;
    b.emit(&call.origin, label, Op::Relu, &[product])
}

/// The softmax along an axis, of which the mask shows the element at a place in every row.
pub(super) fn shares(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    x: ValueId,
    ((axis, place), hidden): ((usize, usize), &[bool]),
) -> Result<ValueId, Fault> {
    let shape = b.shape(x)?.to_vec();
    let shown = shown(b, &shape, hidden)?;
    let range = |(of, &n): (usize, &usize)| if of == axis { (place, 1, 1) } else { (0, n, 1) };
    let ranges = shape.iter().enumerate().map(range).collect();
    let base = b.emit(&call.origin, &labelled(label, "base"), Op::Slice { ranges }, &[x])?;
    let above = b.emit(&call.origin, &labelled(label, "above"), Op::Sub, &[x, base])?;
    let scores = only(call, b, &labelled(label, "scores"), above, shown)?;
    let largest = kept(call, b, &labelled(label, "largest"), scores, (ReduceKind::Max, &[axis]))?;
    let distances = b.emit(&call.origin, &labelled(label, "distances"), Op::Sub, &[above, largest])?;
    // Only hidden elements may be above the largest that is shown.
    let exponential = Op::Function(Function::Variable.with(Binary::Min, 0.0).then(Unary::Exp));
    let all = b.emit(
        &call.origin,
        &labelled(label, "exponentials"),
        exponential,
        &[distances],
    )?;
    let parts = only(call, b, &labelled(label, "parts"), all, shown)?;
    let sum = kept(call, b, &labelled(label, "sum"), parts, (ReduceKind::Sum, &[axis]))?;
    b.emit(&call.origin, label, Op::Div, &[parts, sum])
}
