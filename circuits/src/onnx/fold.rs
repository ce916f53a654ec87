//! Constant folding: integers exactly, floats by the reference executor.

use super::tensor::{rounded, wrapped, Const};
use crate::graph::{float, Op, ReduceKind, Tensor};

type Ints<'a> = (&'a [usize], &'a [i64]);

/// Applies `op` to constants; `shape` is the inferred shape of the result, integers wrap around as those of
/// `data_type`, floats are rounded to it once.
/// `None`: the operator is not known on integers.
pub fn apply(op: &Op, inputs: &[(&[usize], &Const)], shape: &[usize], data_type: i32) -> Result<Option<Const>, String> {
    let ints: Option<Vec<Ints<'_>>> = inputs
        .iter()
        .map(|(shape, data)| match data {
            Const::Ints(data) => Some((*shape, data.as_slice())),
            Const::Floats(_) => None,
        })
        .collect();
    if let Some(ints) = ints {
        if let Some(data) = float::structural(op, &ints, shape) {
            return Ok(Some(Const::Ints(data)));
        }
        if let Some(result) = exact(op, &ints, shape) {
            let result = result.and_then(|data| data.into_iter().map(|x| wrapped(x, data_type)).collect());
            return result
                .map(|data| Some(Const::Ints(data)))
                .ok_or_else(|| "integer overflow or division by zero".into());
        }
        return Ok(None);
    }
    let tensors: Vec<Tensor> = inputs
        .iter()
        .map(|(shape, data)| Tensor {
            shape: shape.to_vec(),
            data: (*data).clone().into_floats(),
        })
        .collect();
    let result = float::apply(op, &tensors.iter().collect::<Vec<_>>())?;
    Ok(Some(match op {
        Op::ArgMax { .. } => Const::Ints(result.data.into_iter().map(|x| x as i64).collect()),
        _ => Const::Floats(result.data.into_iter().map(|x| rounded(x, data_type)).collect()),
    }))
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
        (Op::ArgMax { axis, .. }, [(from, x)]) => Some(float::first_maxima(*axis, from, x, i64::MIN)),
        (Op::Reduce { kind, axes, .. }, [(from, x)]) => {
            let join = match kind {
                ReduceKind::Sum => i64::checked_add,
                ReduceKind::Max => |x: i64, y: i64| Some(x.max(y)),
                ReduceKind::Min => |x: i64, y: i64| Some(x.min(y)),
                ReduceKind::Mean => return None,
            };
            reduce(axes, from, x, shape, join)
        }
        _ => return None,
    })
}

/// Joins what falls on one element; `None` if `join` is anywhere, or if nothing falls on an element.
fn reduce(
    axes: &[usize],
    from: &[usize],
    data: &[i64],
    shape: &[usize],
    join: impl Fn(i64, i64) -> Option<i64>,
) -> Option<Vec<i64>> {
    let mut joined: Vec<Option<i64>> = vec![None; shape.iter().product()];
    for (i, &x) in float::reduced_positions(axes, from).zip(data) {
        let element = joined.get_mut(i)?;
        *element = Some(match *element {
            Some(y) => join(y, x)?,
            None => x,
        });
    }
    joined.into_iter().collect()
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
