//! Operators that keep the order of elements and change their shape.

use super::table::{one, Operator};
use super::Call;
use crate::graph::{elements, Op, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{Builder, Fault};

pub const TABLE: &[Operator] = &[
    one("Flatten", flatten, ""),
    one("Reshape", reshape, "constant shape"),
    one("Squeeze", squeeze, "constant axes"),
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
