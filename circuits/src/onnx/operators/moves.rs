//! Operators that move elements.

use super::table::{one, Operator};
use super::Call;
use crate::graph::{broadcast, elements, Op, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{Builder, Fault};
use crate::onnx::error::ImportError;

pub const TABLE: &[Operator] = &[
    one("Concat", concat, ""),
    one("Expand", expand, "constant shape"),
    one(
        "Gather",
        gather,
        "indices that are constant, or from 0 into at most 4,096",
    ),
    one("Transpose", transpose, ""),
];

pub fn transpose(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let rank = b.shape(x)?.len();
    let perm = match call.attrs.ints("perm")? {
        Some(perm) => perm
            .iter()
            .map(|&p| size("perm", p))
            .collect::<Result<_, ImportError>>()?,
        None => (0..rank).rev().collect::<Vec<_>>(),
    };
    if perm.iter().copied().eq(0..rank) {
        return Ok(x);
    }
    b.emit(&call.origin, "", Op::Transpose { perm }, &[x])
}

pub fn concat(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let all = call.all()?;
    let first = call.required(0)?;
    let axis = call
        .attrs
        .int("axis")?
        .ok_or_else(|| call.shape_error("the axis is missing"))?;
    let axis = call.axis(axis, b.shape(first)?.len())?;
    let filled = |id: &ValueId| b.slots.get(*id).and_then(|slot| elements(&slot.shape)) != Some(0);
    let some: Vec<ValueId> = all.iter().copied().filter(filled).collect();
    match (some.as_slice(), all.as_slice()) {
        ([one], _) | (_, [one]) => Ok(*one),
        ([], all) | (all, _) => b.emit(&call.origin, "", Op::Concat { axis }, all),
    }
}

/// Broadcasting in both directions.
pub fn expand(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let wanted = call
        .ints(b, 1, "the shape")?
        .ok_or_else(|| call.shape_error("the shape is missing"))?;
    let wanted: Vec<usize> = wanted.iter().map(|&d| size("shape", d)).collect::<Result<_, _>>()?;
    let shape = broadcast(b.shape(x)?, &wanted).map_err(|reason| call.shape_error(reason))?;
    if b.shape(x)? == shape {
        return Ok(x);
    }
    b.emit(&call.origin, "", Op::Expand { shape }, &[x])
}

/// Constant indices count from the end if they are negative.
pub fn gather(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let axis = call.axis(call.attrs.int("axis")?.unwrap_or(0), shape.len())?;
    let extent = shape.get(axis).copied().unwrap_or(0);
    if !call.is_known(b, 1) {
        return super::ids::gather(call, b, (x, call.required(1)?), axis);
    }
    let given = call.ints(b, 1, "the indices")?.unwrap_or_default();
    let indices_shape = b.shape(call.required(1)?)?.to_vec();
    let indices = given.iter().map(|&i| call.axis(i, extent)).collect::<Result<_, _>>();
    let indices = indices.map_err(|_| call.shape_error(format!("an index is not in an axis of {extent}")))?;
    b.emit(
        &call.origin,
        "",
        Op::Gather {
            axis,
            indices,
            indices_shape,
        },
        &[x],
    )
}
