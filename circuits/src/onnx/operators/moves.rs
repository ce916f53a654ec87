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
    one("Flatten", flatten, ""),
    one(
        "Gather",
        gather,
        "indices that are constant, or from 0 into at most 4,096",
    ),
    one("Reshape", reshape, "constant shape"),
    one("Squeeze", squeeze, "constant axes"),
    one("Transpose", transpose, ""),
    one("Unsqueeze", unsqueeze, "constant axes"),
];

/// The same value if the shape is the same.
pub fn reshaped(call: &Call<'_>, b: &mut Builder, shape: Vec<usize>) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    if b.shape(x)? == shape {
        return Ok(x);
    }
    b.emit(&call.origin, "", Op::Reshape { shape }, &[x])
}

/// Extent 0 copies the one of the input (unless `allowzero`), -1 is what remains.
pub fn reshape(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let from = b.shape(call.required(0)?)?.to_vec();
    let wanted = call
        .ints(b, 1, "the shape")?
        .ok_or_else(|| call.shape_error("the shape is missing"))?;
    let copies = !call.attrs.flag("allowzero", false)?;
    let mut shape = Vec::new();
    let mut free = None;
    for (i, &d) in wanted.iter().enumerate() {
        shape.push(match d {
            -1 if free.replace(i).is_none() => 1,
            -1 => return Err(call.shape_error("-1 occurs twice in the shape")),
            0 if copies => from
                .get(i)
                .copied()
                .ok_or_else(|| call.shape_error("no extent to copy"))?,
            d => size("shape", d)?,
        });
    }
    if let Some(slot) = free.and_then(|i| shape.get_mut(i)) {
        *slot = 0;
        let rest = elements(
            &shape
                .iter()
                .copied()
                .enumerate()
                .filter(|(i, _)| Some(*i) != free)
                .map(|(_, d)| d)
                .collect::<Vec<_>>(),
        );
        let all = elements(&from);
        let quotient = all.zip(rest).and_then(|(all, rest)| all.checked_div(rest));
        let quotient = quotient.ok_or_else(|| call.shape_error("-1 cannot be resolved"))?;
        if let Some(slot) = free.and_then(|i| shape.get_mut(i)) {
            *slot = quotient;
        }
    }
    reshaped(call, b, shape)
}

pub fn flatten(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let from = b.shape(call.required(0)?)?;
    let axis = call.attrs.int("axis")?.unwrap_or(1);
    let axis = if axis == from.len() as i64 {
        from.len()
    } else {
        call.axis(axis, from.len())?
    };
    let (outer, inner) = from.split_at(axis);
    let shape = vec![outer.iter().product(), inner.iter().product()];
    reshaped(call, b, shape)
}

/// Axes are an attribute before operator set 13 and an input since.
fn given_axes(call: &Call<'_>, b: &mut Builder) -> Result<Option<Vec<i64>>, Fault> {
    match call.ints(b, 1, "the axes")? {
        Some(axes) => Ok(Some(axes)),
        None => Ok(call.attrs.ints("axes")?.map(<[i64]>::to_vec)),
    }
}

pub fn squeeze(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let from = b.shape(call.required(0)?)?.to_vec();
    let axes = match given_axes(call, b)? {
        Some(axes) => call.axes(&axes, from.len())?,
        None => (0..from.len()).filter(|&i| from.get(i) == Some(&1)).collect(),
    };
    if axes.iter().any(|&a| from.get(a) != Some(&1)) {
        return Err(call.shape_error(format!("axes {axes:?} of {from:?} are not all of extent 1")));
    }
    let shape = from
        .iter()
        .enumerate()
        .filter(|(i, _)| !axes.contains(i))
        .map(|(_, &d)| d)
        .collect();
    reshaped(call, b, shape)
}

pub fn unsqueeze(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let from = b.shape(call.required(0)?)?.to_vec();
    let axes = given_axes(call, b)?.ok_or_else(|| call.shape_error("the axes are missing"))?;
    let rank = from.len() + axes.len();
    let axes = call.axes(&axes, rank)?;
    let mut rest = from.into_iter();
    let shape = (0..rank)
        .map(|i| if axes.contains(&i) { 1 } else { rest.next().unwrap_or(1) })
        .collect();
    reshaped(call, b, shape)
}

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
