//! Elements put to constant places.

use super::maps::{indices, labelled, number, picked, reshaped};
use super::pick::{blocks, required_ints, resolved};
use super::table::{one, Operator};
use super::Call;
use crate::graph::{broadcast, elements, float, Op, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{remedy, unsupported, Builder, Fault};

pub const TABLE: &[Operator] = &[
    one("MaxUnpool", max_unpool, "constant indices, all distinct"),
    one(
        "Scatter",
        scatter_elements,
        "constant indices, distinct ones without a reduction",
    ),
    one(
        "ScatterElements",
        scatter_elements,
        "constant indices, distinct ones without a reduction",
    ),
    one(
        "ScatterND",
        scatter_nd,
        "constant indices, distinct ones without a reduction",
    ),
    one("TensorScatter", tensor_scatter, "constant places, distinct ones"),
    one("Where", select, ""),
];

/// `x` with the elements of `updates` put to `places`, each to one.
fn put(
    call: &Call<'_>,
    b: &mut Builder,
    (x, updates): (ValueId, ValueId),
    places: &[usize],
    reduction: &str,
) -> Result<ValueId, Fault> {
    let to = b.shape(x)?.to_vec();
    let n = elements(&to).unwrap_or(0);
    b.reserve(&[n], 1)?;
    // In each round every place takes one update at most.
    let mut rounds: Vec<Vec<Option<usize>>> = vec![];
    let mut filled = vec![0; n];
    for (update, &place) in places.iter().enumerate() {
        let Some(round) = filled.get_mut(place) else {
            return Err(call.shape_error("a place is out of range"));
        };
        if *round == rounds.len() {
            b.reserve(&[n], 1)?;
            rounds.push(vec![None; n]);
        }
        rounds.iter_mut().skip(*round).take(1).for_each(|r| {
            r.iter_mut().skip(place).take(1).for_each(|slot| *slot = Some(update));
        });
        *round += 1;
    }
    if reduction == "none" && rounds.len() > 1 {
        return unsupported(
            "two updates of one element, of which the standard does not say which counts",
            "make the places distinct, or name a reduction",
        );
    }
    let op = match reduction {
        "none" => None,
        "add" => Some(Op::Add),
        "mul" => Some(Op::Mul),
        "max" => Some(Op::Max),
        "min" => Some(Op::Min),
        other => return unsupported(format!("reduction `{other}` is unknown"), remedy::STANDARD),
    };
    let known = [x, updates].map(|id| b.slot(id).is_ok_and(|slot| slot.constant.is_some()));
    if let (Some(Op::Add | Op::Mul), false) = (&op, known == [true; 2]) {
        call.real(b, x)?;
    }
    let mut y = x;
    for (i, round) in rounds.iter().enumerate() {
        let label = |word: &str| format!("{i}/{word}");
        let last = i + 1 == rounds.len();
        let own = if last { String::new() } else { label("joined") };
        let Some(op) = op.clone() else {
            return joined(call, b, &own, (y, updates), round);
        };
        let by = match op {
            Op::Add => picked(call, b, &label("updates"), updates, &to, (round, 0.0))?,
            Op::Mul => picked(call, b, &label("updates"), updates, &to, (round, 1.0))?,
            _ => joined(call, b, &label("updates"), (y, updates), round)?,
        };
        y = b.emit(&call.origin, &own, op, &[y, by])?;
    }
    Ok(y)
}

/// The elements of `x`, or in their place those of `updates`.
fn joined(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    (x, updates): (ValueId, ValueId),
    places: &[Option<usize>],
) -> Result<ValueId, Fault> {
    let to = b.shape(x)?.to_vec();
    let (n, m) = (places.len(), elements(b.shape(updates)?).unwrap_or(0));
    let flat = reshaped(call, b, &labelled(label, "elements"), x, vec![n])?;
    let more = reshaped(call, b, &labelled(label, "more"), updates, vec![m])?;
    let all = b.emit(
        &call.origin,
        &labelled(label, "all"),
        Op::Concat { axis: 0 },
        &[flat, more],
    )?;
    let sources: Vec<Option<usize>> = places
        .iter()
        .enumerate()
        .map(|(i, p)| Some(p.map_or(i, |p| n + p)))
        .collect();
    picked(call, b, label, all, &to, (&sources, 0.0))
}

fn reduction<'a>(call: &Call<'a>) -> Result<&'a str, Fault> {
    Ok(match call.attrs.string("reduction")? {
        "" => "none",
        other => other,
    })
}

fn scatter_elements(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let (x, updates) = (call.required(0)?, call.required(2)?);
    let from = b.shape(x)?.to_vec();
    let axis = call.axis(call.attrs.int("axis")?.unwrap_or(0), from.len())?;
    let (shape, given) = required_ints(call, b, 1, "the indices")?;
    let at = resolved(call, &given, from.get(axis).copied().unwrap_or(0))?;
    let inside = shape.len() == from.len()
        && shape
            .iter()
            .zip(&from)
            .enumerate()
            .all(|(i, (s, f))| i == axis || s <= f);
    if !inside || b.shape(updates)? != shape {
        return Err(call.shape_error(format!("indices of shape {shape:?} for {from:?}")));
    }
    let place = |(mut index, at): (Vec<usize>, &usize)| {
        index.iter_mut().skip(axis).take(1).for_each(|i| *i = *at);
        number(&index, &from)
    };
    b.reserve(&shape, 1)?;
    let places: Vec<usize> = indices(&shape).zip(&at).map(place).collect();
    put(call, b, (x, updates), &places, reduction(call)?)
}

fn scatter_nd(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let (x, updates) = (call.required(0)?, call.required(2)?);
    let from = b.shape(x)?.to_vec();
    let (shape, given) = required_ints(call, b, 1, "the indices")?;
    let (starts, block) = blocks(call, &from, (&shape, &given), 0)?;
    let lists = shape.split_last().map_or(&[][..], |s| s.1);
    if b.shape(updates)? != [lists, &block].concat() {
        return Err(call.shape_error("the updates do not fit the indices"));
    }
    let size = elements(&block).unwrap_or(0);
    b.reserve(&[starts.len(), size], 1)?;
    let places: Vec<usize> = starts.iter().flat_map(|&s| s..s + size).collect();
    put(call, b, (x, updates), &places, reduction(call)?)
}

/// Steps of a sequence into a cache, from a place on that is given for each example.
fn tensor_scatter(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let (x, updates) = (call.required(0)?, call.required(1)?);
    let (from, own) = (b.shape(x)?.to_vec(), b.shape(updates)?.to_vec());
    let axis = call.axis(call.attrs.int("axis")?.unwrap_or(-2), from.len())?;
    let starts = call
        .ints(b, 2, "the places")?
        .unwrap_or_else(|| vec![0; from.first().copied().unwrap_or(0)]);
    let circular = match call.attrs.string("mode")? {
        "" | "linear" => false,
        "circular" => true,
        other => return unsupported(format!("mode `{other}` is unknown"), remedy::STANDARD),
    };
    let same = own.len() == from.len() && own.iter().zip(&from).enumerate().all(|(i, (o, f))| i == axis || o == f);
    if axis == 0 || !same || Some(&starts.len()) != from.first() {
        return Err(call.shape_error(format!("updates of shape {own:?} for {from:?}")));
    }
    let extent = from.get(axis).copied().unwrap_or(1);
    b.reserve(&own, 1)?;
    let mut places = vec![];
    for mut index in indices(&own) {
        let start = index.first().and_then(|&i| starts.get(i)).copied().unwrap_or(0);
        let start = size("write_indices", start)?;
        for at in index.iter_mut().skip(axis).take(1) {
            *at += start;
            if circular {
                *at %= extent.max(1);
            }
            if *at >= extent {
                return Err(call.shape_error("a place beyond the cache"));
            }
        }
        places.push(number(&index, &from));
    }
    put(call, b, (x, updates), &places, "none")
}

/// Elements back to where a pool took them from, 0 elsewhere.
fn max_unpool(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let from = b.shape(x)?.to_vec();
    let k = from.len().saturating_sub(2);
    let kernel = call.attrs.sizes("kernel_shape", k, 1)?;
    let strides = call.attrs.sizes("strides", k, 1)?;
    let pads = call.attrs.sizes("pads", 2 * k, 0)?;
    let mut natural = from.get(..2).unwrap_or_default().to_vec();
    for (i, ((&extent, &kernel), &stride)) in from.iter().skip(2).zip(&kernel).zip(&strides).enumerate() {
        let cut = pads.get(i).copied().unwrap_or(0) + pads.get(i + k).copied().unwrap_or(0);
        natural.push((extent.saturating_sub(1) * stride + kernel).saturating_sub(cut));
    }
    let (_, given) = required_ints(call, b, 1, "the indices")?;
    let to = match call.ints(b, 2, "the shape")? {
        Some(shape) => shape
            .iter()
            .map(|&d| size("output_shape", d))
            .collect::<Result<_, _>>()?,
        None => natural.clone(),
    };
    let fits =
        to.len() == natural.len() && to.get(..2) == natural.get(..2) && to.iter().zip(&natural).all(|(t, n)| t >= n);
    if !fits {
        return Err(call.shape_error(format!("a result of shape {to:?}")));
    }
    // Indices are those of the pooled tensor, whose shape is the natural one.
    b.reserve(&to, 1)?;
    let mut sources = vec![None; elements(&to).unwrap_or(0)];
    let (steps, all) = (super::maps::strides(&natural), elements(&natural).unwrap_or(0));
    for (i, &at) in given.iter().enumerate() {
        let at = usize::try_from(at).ok().filter(|&at| at < all);
        let at = at.ok_or_else(|| call.shape_error("an index is out of range"))?;
        let axes = natural.iter().zip(&steps);
        let index: Vec<usize> = axes.map(|(extent, stride)| at / stride % extent).collect();
        match sources.get_mut(number(&index, &to)) {
            Some(slot) if slot.is_none() => *slot = Some(i),
            _ => {
                return unsupported(
                    "an index that occurs twice, or is out of range",
                    "make them distinct places within the output",
                )
            }
        }
    }
    picked(call, b, "", x, &to, (&sources, 0.0))
}

/// With a constant condition each element is one of two known ones.
fn select(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    if (0..3).all(|i| call.is_known(b, i)) {
        return super::constant::lower(call, b);
    }
    let (x, y) = (call.required(1)?, call.required(2)?);
    if let Some(comparison) = b.compared(call.required(0)?) {
        return super::compare::selected(call, b, comparison, (x, y));
    }
    if super::truth::is_truth(b, call.required(0)?) {
        return super::truth::selected(call, b, (x, y));
    }
    let (shape, condition) = required_ints(call, b, 0, "the condition")?;
    let mut to = shape.clone();
    for id in [x, y] {
        to = broadcast(&to, b.shape(id)?).map_err(|reason| call.shape_error(reason))?;
    }
    b.reserve(&to, 1)?;
    let condition: Option<Vec<i64>> = float::broadcast_positions((&shape, &condition), &to).collect();
    let condition = condition.ok_or_else(|| call.shape_error("the condition does not broadcast"))?;
    let mut wide = |id: ValueId, label: &str| match b.shape(id)? == to {
        true => Ok(id),
        false => b.emit(&call.origin, label, Op::Expand { shape: to.clone() }, &[id]),
    };
    let (x, y) = (wide(x, "then")?, wide(y, "else")?);
    if condition.iter().all(|&c| c != 0) {
        return Ok(x);
    }
    if condition.iter().all(|&c| c == 0) {
        return Ok(y);
    }
    for (mask, scores, shown) in [(x, y, false), (y, x, true)] {
        let hides: Vec<bool> = condition.iter().map(|&c| (c != 0) != shown).collect();
        if let Some(masked) = super::softmax::selected(call, b, (scores, mask), &hides)? {
            return Ok(masked);
        }
    }
    let places: Vec<Option<usize>> = condition
        .iter()
        .enumerate()
        .map(|(i, &c)| (c != 0).then_some(i))
        .collect();
    joined(call, b, "", (y, x), &places)
}
