//! What operators that only choose and mix elements are made of: picks of elements, and constant linear maps along an axis.

use super::Call;
use crate::graph::{elements, Op, ValueId};
use crate::onnx::build::{Builder, Fault};
use crate::onnx::tensor::Const;

/// A constant map along an axis: `rows[o][i]` is what element `i` counts in element `o` of the result, `shift[o]` is added.
pub struct Map {
    pub rows: Vec<Vec<f64>>,
    pub shift: Vec<f64>,
    /// The constants that its numbers are computed from; none if the structure determines them.
    pub from: Vec<ValueId>,
}

impl Map {
    /// A map whose numbers the structure determines.
    pub fn public(rows: Vec<Vec<f64>>) -> Self {
        Self {
            rows,
            shift: vec![],
            from: vec![],
        }
    }

    /// Which element each element of the result is, if it is one.
    fn picks(&self) -> Option<Vec<usize>> {
        if !self.shift.is_empty() || !self.from.is_empty() {
            return None;
        }
        let pick = |row: &Vec<f64>| {
            let at = row.iter().position(|&w| w != 0.0)?;
            let lone = row
                .iter()
                .enumerate()
                .all(|(i, &w)| w == if i == at { 1.0 } else { 0.0 });
            lone.then_some(at)
        };
        self.rows.iter().map(pick).collect()
    }
}

/// The result of an operator is a value that has no node of its own name yet.
pub fn labelled(label: &str, more: &str) -> String {
    match label {
        "" => more.to_owned(),
        label => format!("{label}/{more}"),
    }
}

/// A value in another shape.
pub fn reshaped(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    x: ValueId,
    shape: Vec<usize>,
) -> Result<ValueId, Fault> {
    if b.shape(x)? == shape {
        return Ok(x);
    }
    b.emit(&call.origin, label, Op::Reshape { shape }, &[x])
}

/// A value of the shape `to`, each element one of `x` by its number; `None` is `fill`.
pub fn picked(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    x: ValueId,
    to: &[usize],
    (sources, fill): (&[Option<usize>], f32),
) -> Result<ValueId, Fault> {
    let n = elements(b.shape(x)?).unwrap_or(0);
    if b.shape(x)? == to && sources.iter().enumerate().all(|(i, s)| *s == Some(i)) {
        return Ok(x);
    }
    b.reserve(&[sources.len()], 1)?;
    let mut flat = reshaped(call, b, &labelled(label, "flat"), x, vec![n])?;
    if sources.contains(&None) {
        let pad = Op::Pad {
            pads: vec![(0, 1)],
            value: fill,
        };
        flat = b.emit(&call.origin, &labelled(label, "filled"), pad, &[flat])?;
    }
    let op = Op::Gather {
        axis: 0,
        indices: sources.iter().map(|s| s.unwrap_or(n)).collect(),
        indices_shape: to.to_vec(),
    };
    b.emit(&call.origin, label, op, &[flat])
}

/// A map along one axis.
pub fn along(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    x: ValueId,
    (axis, map): (usize, &Map),
) -> Result<ValueId, Fault> {
    let shape = b.shape(x)?.to_vec();
    let (rank, inner, outer) = (shape.len(), shape.get(axis).copied().unwrap_or(0), map.rows.len());
    if let Some(indices) = map.picks() {
        if indices.iter().copied().eq(0..inner) {
            return Ok(x);
        }
        let op = Op::Gather {
            axis,
            indices,
            indices_shape: vec![outer],
        };
        return b.emit(&call.origin, label, op, &[x]);
    }
    call.real(b, x)?;
    b.reserve(&[inner.max(1), outer], 1)?;
    let data = (0..inner).flat_map(|i| {
        map.rows
            .iter()
            .map(move |row| row.get(i).copied().unwrap_or(0.0) as f32)
    });
    let data = Const::Floats(data.collect());
    let name = format!("{}/{}", call.origin.output, labelled(label, "map"));
    let matrix = b.constant(&name, vec![inner, outer], 1, data, map.from.clone());
    let last = axis + 1 == rank;
    let mut perm: Vec<usize> = (0..rank).collect();
    perm.swap(axis, rank.saturating_sub(1));
    let mut y = x;
    if !last {
        let op = Op::Transpose { perm: perm.clone() };
        y = b.emit(&call.origin, &labelled(label, "turned"), op, &[y])?;
    }
    let own = |done: bool, word: &str| match done {
        true => label.to_owned(),
        false => labelled(label, word),
    };
    y = b.emit(
        &call.origin,
        &own(last && map.shift.is_empty(), "mapped"),
        Op::MatMul,
        &[y, matrix],
    )?;
    if !map.shift.is_empty() {
        let name = format!("{}/{}", call.origin.output, labelled(label, "shift"));
        let shift = Const::Floats(map.shift.iter().map(|&v| v as f32).collect());
        let shift = b.constant(&name, vec![outer], 1, shift, map.from.clone());
        y = b.emit(&call.origin, &own(last, "shifted"), Op::Add, &[y, shift])?;
    }
    match last {
        true => Ok(y),
        false => b.emit(&call.origin, label, Op::Transpose { perm }, &[y]),
    }
}

/// Row-major strides.
pub fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        if let (Some(&next), Some(&extent)) = (strides.get(axis), shape.get(axis)) {
            if let Some(own) = strides.get_mut(axis - 1) {
                *own = extent.saturating_mul(next);
            }
        }
    }
    strides
}

/// Every index of a shape, row-major.
pub fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    let strides = strides(shape);
    (0..elements(shape).unwrap_or(0)).map(move |i| {
        let at = shape.iter().zip(&strides);
        at.map(|(&extent, &stride)| i / stride.max(1) % extent.max(1)).collect()
    })
}

/// The number of an element.
pub fn number(index: &[usize], shape: &[usize]) -> usize {
    index.iter().zip(strides(shape)).map(|(i, s)| i * s).sum()
}
