//! Constant folding: integers exactly, floats by the reference executor.

use super::model::{Op, ReduceKind, Tensor};
use super::tensor::Const;
use crate::float;

type Ints<'a> = (&'a [usize], &'a [i64]);

/// Applies `op` to constants; `shape` is the inferred shape of the result.
pub fn apply(op: &Op, inputs: &[(&[usize], &Const)], shape: &[usize]) -> Result<Const, String> {
    let ints: Option<Vec<Ints<'_>>> = inputs
        .iter()
        .map(|(shape, data)| match data {
            Const::Ints(data) => Some((*shape, data.as_slice())),
            Const::Floats(_) => None,
        })
        .collect();
    if let Some(ints) = ints {
        if let Some(data) = float::structural(op, &ints, shape) {
            return Ok(Const::Ints(data));
        }
        if let Some(result) = exact(op, &ints, shape) {
            return result
                .map(Const::Ints)
                .ok_or_else(|| "integer overflow or division by zero".into());
        }
    }
    let tensors: Vec<Tensor> = inputs
        .iter()
        .map(|(shape, data)| Tensor {
            shape: shape.to_vec(),
            data: (*data).clone().into_floats(),
        })
        .collect();
    let result = float::apply(op, &tensors.iter().collect::<Vec<_>>())?;
    Ok(match op {
        Op::ArgMax { .. } => Const::Ints(result.data.into_iter().map(|x| x as i64).collect()),
        _ => Const::Floats(result.data),
    })
}

/// Integer arithmetic. The outer `None`: not an integer operator; the inner: no result.
fn exact(op: &Op, inputs: &[Ints<'_>], shape: &[usize]) -> Option<Option<Vec<i64>>> {
    Some(match (op, inputs) {
        (Op::Add, [a, b]) => zip(*a, *b, shape, i64::checked_add),
        (Op::Sub, [a, b]) => zip(*a, *b, shape, i64::checked_sub),
        (Op::Mul, [a, b]) => zip(*a, *b, shape, i64::checked_mul),
        (Op::Div, [a, b]) => zip(*a, *b, shape, i64::checked_div),
        (Op::Min, [a, b]) => zip(*a, *b, shape, |x, y| Some(x.min(y))),
        (Op::Max, [a, b]) => zip(*a, *b, shape, |x, y| Some(x.max(y))),
        (Op::Neg, [(_, x)]) => x.iter().map(|x| x.checked_neg()).collect(),
        (Op::Abs, [(_, x)]) => x.iter().map(|x| x.checked_abs()).collect(),
        (Op::Relu, [(_, x)]) => Some(x.iter().map(|x| *x.max(&0)).collect()),
        (Op::Reduce { kind, axes, .. }, [(from, x)]) if axes.len() == from.len() && !x.is_empty() => {
            let mut items = x.iter().copied();
            let total = match kind {
                ReduceKind::Sum => items.try_fold(0i64, i64::checked_add),
                ReduceKind::Max => items.max(),
                ReduceKind::Min => items.min(),
                ReduceKind::Mean => return None,
            };
            total.map(|t| vec![t])
        }
        _ => return None,
    })
}

/// Combines two broadcast tensors; `None` if `f` is anywhere.
pub fn zip<T: Copy, U: Copy, R>(
    a: (&[usize], &[T]),
    b: (&[usize], &[U]),
    shape: &[usize],
    f: impl Fn(T, U) -> Option<R>,
) -> Option<Vec<R>> {
    let (a, b) = (
        float::broadcast_positions(a, shape),
        float::broadcast_positions(b, shape),
    );
    a.zip(b).map(|(x, y)| f(x?, y?)).collect()
}
