//! Softmax and its relatives: exponentials of the distances to the largest element, by their sum.

use super::functions::of;
use super::maps::{labelled, picked, reshaped};
use super::table::{one, Operator};
use super::{pool, truth, Call};
use crate::graph::{broadcast, elements, float, reduced, Binary, Function, Op, ReduceKind, Unary, ValueId};
use crate::onnx::build::{unsupported, Builder, Fault, HIDES};
use crate::onnx::tensor::Const;
use std::collections::BTreeMap;

mod shown;

pub const TABLE: &[Operator] = &[
    one("Hardmax", hardmax, ""),
    one("LogSoftmax", log_softmax, ""),
    one("ReduceLogSumExp", log_sum_exp, "`noop_with_empty_axes` only with axes"),
    one(
        "Softmax",
        softmax,
        "constants of -10,000 or less that are added to scores hide them and are public: shown scores are less apart than that",
    ),
];

/// A reduction that keeps its axes.
pub fn kept(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    x: ValueId,
    (kind, axes): (ReduceKind, &[usize]),
) -> Result<ValueId, Fault> {
    let op = Op::Reduce {
        kind,
        axes: axes.to_vec(),
        keepdims: true,
    };
    b.emit(&call.origin, label, op, &[x])
}

/// One axis since operator set 13; before, all from one on.
fn axes(call: &Call<'_>, b: &Builder) -> Result<Vec<usize>, Fault> {
    let rank = b.shape(call.required(0)?)?.len();
    let whole = call.opset < 13;
    let axis = call.attrs.int("axis")?.unwrap_or(if whole { 1 } else { -1 });
    let axis = call.axis(axis, rank)?;
    Ok((axis..if whole { rank } else { axis + 1 }).collect())
}

/// Distances to the largest element, which are not above 0.
fn distances(call: &Call<'_>, b: &mut Builder, label: &str, x: ValueId, axes: &[usize]) -> Result<ValueId, Fault> {
    let largest = kept(call, b, &labelled(label, "largest"), x, (ReduceKind::Max, axes))?;
    b.emit(&call.origin, &labelled(label, "distances"), Op::Sub, &[x, largest])
}

fn softmax(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let axes = axes(call, b)?;
    let (x, shown) = truth::unveiled(call, b, "", call.required(0)?)?;
    let (x, hidden) = masked(call, b, x)?;
    if let Some(hidden) = &hidden {
        let shape = b.shape(x)?.to_vec();
        let rows: Vec<usize> = float::reduced_positions(&axes, &shape).collect();
        if first_shown(&rows, hidden).len() != rows.iter().max().map_or(0, |last| last + 1) {
            return unsupported(
                "a mask that hides all elements of a row, of which there is no softmax",
                "let it leave one",
            );
        }
    }
    shares(call, b, "", (x, shown), (&axes, hidden.as_deref()))
}

/// Scores that are as low as the lowest of their row where they are not shown, so that the largest is one that is.
fn lowered(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    (x, shown): (ValueId, Option<ValueId>),
    axes: &[usize],
) -> Result<ValueId, Fault> {
    let Some(shown) = shown else { return Ok(x) };
    let lowest = kept(call, b, &labelled(label, "lowest"), x, (ReduceKind::Min, axes))?;
    let above = b.emit(&call.origin, &labelled(label, "above"), Op::Sub, &[x, lowest])?;
    let above = b.emit(&call.origin, &labelled(label, "above/shown"), Op::Mul, &[above, shown])?;
    b.emit(&call.origin, &labelled(label, "lowered"), Op::Add, &[lowest, above])
}

/// Exponentials of distances; 0 where they are not shown.
fn exponentials(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    (distances, shown): (ValueId, Option<ValueId>),
) -> Result<ValueId, Fault> {
    match shown {
        None => of(call, b, label, Unary::Exp, distances),
        Some(shown) => {
            let all = of(call, b, &labelled(label, "all"), Unary::Exp, distances)?;
            b.emit(&call.origin, label, Op::Mul, &[all, shown])
        }
    }
}

/// The softmax of the elements that are not hidden; hidden ones are 0, as are those of which all are hidden. Where the input says
/// which ones are `shown`, one of each row has to be.
pub fn shares(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    (x, shown_here): (ValueId, Option<ValueId>),
    (axes, hidden): (&[usize], Option<&[bool]>),
) -> Result<ValueId, Fault> {
    let shape = b.shape(x)?.to_vec();
    let Some(hidden) = hidden.filter(|hidden| hidden.contains(&true)) else {
        let x = lowered(call, b, label, (x, shown_here), axes)?;
        let distances = distances(call, b, label, x, axes)?;
        let parts = exponentials(call, b, &labelled(label, "parts"), (distances, shown_here))?;
        let sum = kept(call, b, &labelled(label, "sum"), parts, (ReduceKind::Sum, axes))?;
        return b.emit(&call.origin, label, Op::Div, &[parts, sum]);
    };
    if let (&[axis], None) = (axes, shown_here) {
        if let Some(place) = shown::place(&shape, axis, hidden) {
            return shown::shares(call, b, label, x, ((axis, place), hidden));
        }
    }
    b.reserve(&shape, 2)?;
    let rows: Vec<usize> = float::reduced_positions(axes, &shape).collect();
    let first = first_shown(&rows, hidden);
    // In the place of a hidden element stands a shown one, so that the largest is one of those.
    let places = || rows.iter().zip(hidden).enumerate();
    let in_place = places().map(|(i, (row, &hides))| Some(first.get(row).copied().filter(|_| hides).unwrap_or(i)));
    let in_place: Vec<Option<usize>> = in_place.collect();
    let shown = places().map(|(i, (row, &hides))| (!hides || !first.contains_key(row)).then_some(i));
    let shown: Vec<Option<usize>> = shown.collect();
    let x = picked(call, b, &labelled(label, "shown"), x, &shape, (&in_place, 0.0))?;
    let shown_here = match shown_here {
        Some(here) => Some(picked(
            call,
            b,
            &labelled(label, "shown/here"),
            here,
            &shape,
            (&in_place, 0.0),
        )?),
        None => None,
    };
    let x = lowered(call, b, label, (x, shown_here), axes)?;
    let distances = distances(call, b, label, x, axes)?;
    let parts = exponentials(call, b, &labelled(label, "exponentials"), (distances, shown_here))?;
    let parts = picked(call, b, &labelled(label, "parts"), parts, &shape, (&shown, 0.0))?;
    let sum = kept(call, b, &labelled(label, "sum"), parts, (ReduceKind::Sum, axes))?;
    let empty = rows.iter().any(|row| !first.contains_key(row));
    let own = if empty {
        labelled(label, "shares")
    } else {
        label.to_owned()
    };
    let shares = b.emit(&call.origin, &own, Op::Div, &[parts, sum])?;
    if !empty {
        return Ok(shares);
    }
    let left: Vec<Option<usize>> = places()
        .map(|(i, (row, _))| first.contains_key(row).then_some(i))
        .collect();
    picked(call, b, label, shares, &shape, (&left, 0.0))
}

/// The first element of each row that is not hidden.
fn first_shown(rows: &[usize], hidden: &[bool]) -> BTreeMap<usize, usize> {
    let mut first = BTreeMap::new();
    for (i, (&row, _)) in rows.iter().zip(hidden).enumerate().filter(|(_, (_, hides))| !**hides) {
        first.entry(row).or_insert(i);
    }
    first
}

/// Scores without the constants in their last sum that hide some, and which ones those are.
fn masked(call: &Call<'_>, b: &mut Builder, x: ValueId) -> Result<(ValueId, Option<Vec<bool>>), Fault> {
    let step = b.steps.iter().rev().find(|step| step.output == x);
    let operands = step.filter(|step| step.op == Op::Add).map(|step| step.inputs.clone());
    let Some(&[a, c]) = operands.as_deref() else {
        return Ok((x, None));
    };
    let constant = |id: ValueId| b.slots.get(id).is_some_and(|slot| slot.constant.is_some());
    let (scores, mask) = if constant(a) { (c, a) } else { (a, c) };
    let to = b.shape(x)?.to_vec();
    let (scores, hidden) = hiding(call, b, "scores", scores, (mask, &to))?;
    Ok(match hidden.contains(&true) {
        true => (scores, Some(hidden)),
        false => (x, None),
    })
}

/// The shape of a mask of scores of the shape `to`: its last axis may end before theirs, what is beyond is hidden.
pub fn mask_shape(call: &Call<'_>, own: &[usize], to: &[usize]) -> Result<Vec<usize>, Fault> {
    let mut shape = own.to_vec();
    if let (Some(last), Some(&all)) = (shape.last_mut(), to.last()) {
        *last = if *last == 1 { 1 } else { (*last).max(all) };
    }
    match broadcast(&shape, to) {
        Ok(both) if both == to => Ok(shape),
        _ => Err(call.shape_error(format!("a mask of shape {own:?} does not fit scores of shape {to:?}"))),
    }
}

/// The elements of a mask whose last axis is lengthened.
pub fn lengthened<T: Copy>(data: &[T], (own, to): (&[usize], &[usize]), by: T) -> Vec<T> {
    let (last, all) = (own.last().copied().unwrap_or(1), to.last().copied().unwrap_or(1));
    let more = all.saturating_sub(last);
    let row = |row: &[T]| {
        row.iter()
            .copied()
            .chain(std::iter::repeat_n(by, more))
            .collect::<Vec<T>>()
    };
    data.chunks(last.max(1)).flat_map(row).collect()
}

/// The sum of scores and the constants of a mask that do not hide, in the shape `to`, and which elements are hidden.
pub fn hiding(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    scores: ValueId,
    (mask, to): (ValueId, &[usize]),
) -> Result<(ValueId, Vec<bool>), Fault> {
    let slot = b.slot(mask)?;
    let (own, shape) = (slot.shape.clone(), mask_shape(call, &slot.shape, to)?);
    let short = own != shape;
    let data = match &slot.constant {
        Some(Const::Floats(data)) if short || data.iter().any(|&v| v <= HIDES) => data.clone(),
        _ if short => {
            return unsupported(
                "a mask that is shorter than the keys and not constant",
                "pad it with zeros",
            )
        }
        _ => {
            let sum = b.emit(&call.origin, &labelled(label, "masked"), Op::Add, &[scores, mask])?;
            return Ok((sum, vec![false; elements(to).unwrap_or(0)]));
        }
    };
    if data.iter().any(|&v| v <= HIDES) {
        // Which elements are hidden is part of the circuit.
        b.publish(mask, "a mask", &call.origin);
    }
    b.reserve(to, 2)?;
    let data = lengthened(&data, (&own, &shape), f32::NEG_INFINITY);
    let wide: Option<Vec<f32>> = float::broadcast_positions((&shape, data.as_slice()), to).collect();
    let wide = wide.ok_or_else(|| call.shape_error("the mask does not fit the scores"))?;
    let hidden: Vec<bool> = wide.iter().map(|&v| v <= HIDES).collect();
    let rest: Vec<f32> = data.into_iter().map(|v| if v <= HIDES { 0.0 } else { v }).collect();
    let mut y = scores;
    if rest.iter().any(|&v| v != 0.0) {
        let name = format!("{}/{}", call.origin.output, labelled(label, "mask"));
        let rest = b.constant(&name, shape, 1, Const::Floats(rest), vec![mask]);
        y = b.emit(&call.origin, &labelled(label, "masked"), Op::Add, &[scores, rest])?;
    }
    if b.shape(y)? != to {
        let op = Op::Expand { shape: to.to_vec() };
        y = b.emit(&call.origin, &labelled(label, "wide"), op, &[y])?;
    }
    Ok((y, hidden))
}

/// Scores in whose places a constant that hides some of them stands here and there: their sum with a mask.
pub fn selected(
    call: &Call<'_>,
    b: &mut Builder,
    (scores, mask): (ValueId, ValueId),
    places: &[bool],
) -> Result<Option<ValueId>, Fault> {
    let to = b.shape(scores)?.to_vec();
    let data = match &b.slot(mask)?.constant {
        Some(Const::Floats(data)) if data.iter().any(|&v| v <= HIDES) => data.clone(),
        _ => return Ok(None),
    };
    b.reserve(&to, 1)?;
    let at = data
        .into_iter()
        .zip(places)
        .map(|(v, &here)| if here { v } else { 0.0 });
    let name = format!("{}/mask", call.origin.output);
    let mask = b.constant(&name, to.clone(), 1, Const::Floats(at.collect()), vec![mask]);
    let left = places.iter().enumerate().map(|(i, &here)| (!here).then_some(i));
    let left: Vec<Option<usize>> = left.collect();
    let left = picked(call, b, "left", scores, &to, (&left, 0.0))?;
    Ok(Some(b.emit(&call.origin, "", Op::Add, &[left, mask])?))
}

fn log_softmax(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let axes = axes(call, b)?;
    logarithms(call, b, "", call.required(0)?, &axes)
}

/// Logarithms of the softmax: distances without the logarithm of the sum of their exponentials, which is 0 at least.
pub fn logarithms(call: &Call<'_>, b: &mut Builder, label: &str, x: ValueId, axes: &[usize]) -> Result<ValueId, Fault> {
    let distances = distances(call, b, label, x, axes)?;
    let parts = of(call, b, &labelled(label, "parts"), Unary::Exp, distances)?;
    let sum = kept(call, b, &labelled(label, "sum"), parts, (ReduceKind::Sum, axes))?;
    let logarithm = of(call, b, &labelled(label, "logarithm"), Unary::Log, sum)?;
    b.emit(&call.origin, label, Op::Sub, &[distances, logarithm])
}

/// The largest element, and the logarithm of the sum of the exponentials of the distances to it.
fn log_sum_exp(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let axes = pool::axes(call, b, shape.len())?;
    if axes.is_empty() {
        return unsupported(
            "noop_with_empty_axes without axes, where versions of the standard differ",
            "use Identity",
        );
    }
    by_largest(call, b, x, (&axes, call.attrs.flag("keepdims", true)?))
}

/// What a logarithm is of, if that is a sum of exponentials, and along which axes.
pub fn exponents(b: &Builder, x: ValueId) -> Option<(ValueId, Vec<usize>, bool)> {
    let sum = b.producer(x)?;
    let Op::Reduce {
        kind: ReduceKind::Sum,
        axes,
        keepdims,
    } = &sum.op
    else {
        return None;
    };
    let parts = b.producer(*sum.inputs.first()?)?;
    let exponential = parts.op == Op::Function(Function::Variable.then(Unary::Exp));
    let from = parts
        .inputs
        .first()
        .copied()
        .filter(|_| exponential && !axes.is_empty())?;
    Some((from, axes.clone(), *keepdims))
}

/// The logarithm of a sum of exponentials, none of which is large.
pub fn by_largest(
    call: &Call<'_>,
    b: &mut Builder,
    x: ValueId,
    (axes, keepdims): (&[usize], bool),
) -> Result<ValueId, Fault> {
    let to = reduced(b.shape(x)?, axes, keepdims).map_err(|reason| call.shape_error(reason))?;
    let largest = kept(call, b, "largest", x, (ReduceKind::Max, axes))?;
    let distances = b.emit(&call.origin, "distances", Op::Sub, &[x, largest])?;
    let parts = of(call, b, "parts", Unary::Exp, distances)?;
    let sum = kept(call, b, "sum", parts, (ReduceKind::Sum, axes))?;
    let logarithm = of(call, b, "logarithm", Unary::Log, sum)?;
    let label = if keepdims { "" } else { "kept" };
    let y = b.emit(&call.origin, label, Op::Add, &[largest, logarithm])?;
    reshaped(call, b, "", y, to)
}

/// 1 at the first of the largest elements, 0 elsewhere.
fn hardmax(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let axes = axes(call, b)?;
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let distances = distances(call, b, "", x, &axes)?;
    let below = Function::Number(0.0).with(Binary::Greater, Function::Variable);
    let largest = Op::Function(Function::Number(1.0).with(Binary::Sub, below));
    let largest = b.emit(&call.origin, "indicators", largest, &[distances])?;
    // How many of them come before: one that has some is not the first.
    let (outer, inner) = shape.split_at(axes.first().copied().unwrap_or(0));
    let (own, inner) = inner.split_at(axes.len());
    let n: usize = own.iter().product();
    b.reserve(&[n, n], 1)?;
    let rows = (0..n).map(|o| (0..n).map(|i| f64::from(u8::from(i < o))).collect());
    let flat = [outer, &[n], inner].concat();
    let flat = reshaped(call, b, "rows", largest, flat)?;
    let earlier = super::maps::along(
        call,
        b,
        "earlier",
        flat,
        (outer.len(), &super::maps::Map::public(rows.collect())),
    )?;
    let first = b.emit(&call.origin, "first", Op::Sub, &[flat, earlier])?;
    let first = reshaped(call, b, "shaped", first, shape)?;
    b.emit(&call.origin, "", Op::Relu, &[first])
}
