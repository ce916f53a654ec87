//! Operators that only move elements, for floats and for the exact integers of the importer.

use super::walk::{broadcast_strides, strides, Walk};
use crate::graph::Op;

/// A tensor element.
pub(crate) trait Element: Copy {
    /// The padding element.
    fn padding(value: f32) -> Self;
}

impl Element for f32 {
    fn padding(value: f32) -> Self {
        value
    }
}

impl Element for i64 {
    fn padding(value: f32) -> Self {
        value as i64
    }
}

/// Applies `op` to `(shape, data)` operands if it only moves elements. `shape` is the inferred shape of the result.
pub(crate) fn structural<T: Element>(op: &Op, inputs: &[(&[usize], &[T])], shape: &[usize]) -> Option<Vec<T>> {
    let &(from, data) = inputs.first()?;
    let own = strides(from);
    let view = |shape: &[usize], strides: &[isize], offset: isize| -> Vec<T> {
        Walk::new(shape, strides, offset)
            .filter_map(|i| data.get(i).copied())
            .collect()
    };
    Some(match op {
        Op::Reshape { .. } => data.to_vec(),
        Op::Transpose { perm } => {
            let permuted: Vec<isize> = perm.iter().filter_map(|&p| own.get(p).copied()).collect();
            view(shape, &permuted, 0)
        }
        Op::Expand { .. } => view(shape, &broadcast_strides(from, shape.len()), 0),
        Op::Slice { ranges } => {
            let offset = ranges.iter().zip(&own).map(|(r, s)| r.0 as isize * s).sum();
            let steps: Vec<isize> = ranges.iter().zip(&own).map(|(r, s)| r.2 as isize * s).collect();
            view(shape, &steps, offset)
        }
        Op::Pad { pads, value } => {
            let mut out = vec![T::padding(*value); shape.iter().product()];
            let steps = strides(shape);
            let offset = pads.iter().zip(&steps).map(|(p, s)| p.0 as isize * s).sum();
            for (to, &x) in Walk::new(from, &steps, offset).zip(data) {
                if let Some(slot) = out.get_mut(to) {
                    *slot = x;
                }
            }
            out
        }
        Op::Concat { axis } => concat(*axis, inputs, shape)?,
        Op::Gather { axis, indices, .. } => {
            let block: usize = from.get(axis + 1..)?.iter().product();
            let outer: usize = from.get(..*axis)?.iter().product();
            let extent = *from.get(*axis)?;
            let mut out = Vec::with_capacity(shape.iter().product());
            for o in 0..outer {
                for i in indices {
                    let start = (o * extent + i) * block;
                    out.extend_from_slice(data.get(start..start + block)?);
                }
            }
            out
        }
        _ => return None,
    })
}

fn concat<T: Element>(axis: usize, inputs: &[(&[usize], &[T])], shape: &[usize]) -> Option<Vec<T>> {
    let outer: usize = shape.get(..axis)?.iter().product();
    let mut out = Vec::with_capacity(shape.iter().product());
    for o in 0..outer {
        for (from, data) in inputs {
            let block: usize = from.get(axis..)?.iter().product();
            out.extend_from_slice(data.get(o * block..(o + 1) * block)?);
        }
    }
    Some(out)
}
