//! Elements taken from constant places.

use super::maps::{indices, number, picked, reshaped};
use super::shapes::gathered;
use super::table::{one, Operator};
use super::Call;
use crate::graph::{elements, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{Builder, Fault};

pub const TABLE: &[Operator] = &[
    one("ArrayFeatureExtractor", array_feature_extractor, "constant indices").ml(),
    one("Compress", compress, "constant condition"),
    one("GatherElements", gather_elements, "constant indices"),
    one("GatherND", gather_nd, "constant indices"),
    one(
        "OneHot",
        one_hot,
        "constant depth; indices that are constant, or from 0 into at most 4,096",
    ),
];

/// Resolved indices along an axis of `extent`; negative ones count from the end.
pub fn resolved(call: &Call<'_>, given: &[i64], extent: usize) -> Result<Vec<usize>, Fault> {
    let all = given
        .iter()
        .map(|&i| call.axis(i, extent))
        .collect::<Result<Vec<usize>, _>>();
    all.map_err(|_| call.shape_error(format!("an index is not in an axis of {extent}")))
}

pub fn required_ints(call: &Call<'_>, b: &mut Builder, i: usize, what: &str) -> Result<(Vec<usize>, Vec<i64>), Fault> {
    let shape = b.shape(call.required(i)?)?.to_vec();
    Ok((shape, call.ints(b, i, what)?.unwrap_or_default()))
}

fn compress(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let mut x = call.required(0)?;
    let (_, condition) = required_ints(call, b, 1, "the condition")?;
    let axis = match call.attrs.int("axis")? {
        Some(axis) => call.axis(axis, b.shape(x)?.len())?,
        None => {
            let n = elements(b.shape(x)?).unwrap_or(0);
            x = reshaped(call, b, "flat", x, vec![n])?;
            0
        }
    };
    let extent = b.shape(x)?.get(axis).copied().unwrap_or(0);
    let chosen: Vec<usize> = (0..condition.len()).filter(|&i| condition.get(i) != Some(&0)).collect();
    if chosen.iter().any(|&i| i >= extent) {
        return Err(call.shape_error("the condition is longer than the axis"));
    }
    gathered(call, b, "", x, (axis, chosen))
}

fn array_feature_extractor(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let mut x = call.required(0)?;
    if let [n] = *b.shape(x)? {
        x = reshaped(call, b, "row", x, vec![1, n])?;
    }
    let (_, given) = required_ints(call, b, 1, "the indices")?;
    let axis = b.shape(x)?.len().saturating_sub(1);
    let extent = b.shape(x)?.last().copied().unwrap_or(0);
    let chosen = resolved(call, &given, extent)?;
    gathered(call, b, "", x, (axis, chosen))
}

fn gather_elements(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let from = b.shape(x)?.to_vec();
    let axis = call.axis(call.attrs.int("axis")?.unwrap_or(0), from.len())?;
    let (to, given) = required_ints(call, b, 1, "the indices")?;
    let at = resolved(call, &given, from.get(axis).copied().unwrap_or(0))?;
    let fits = to.len() == from.len() && to.iter().zip(&from).enumerate().all(|(i, (t, f))| i == axis || t <= f);
    if !fits {
        return Err(call.shape_error(format!("indices of shape {to:?} for {from:?}")));
    }
    let source = |(mut index, at): (Vec<usize>, &usize)| {
        index.iter_mut().skip(axis).take(1).for_each(|i| *i = *at);
        Some(number(&index, &from))
    };
    b.reserve(&to, 1)?;
    let sources: Vec<Option<usize>> = indices(&to).zip(&at).map(source).collect();
    picked(call, b, "", x, &to, (&sources, 0.0))
}

/// For lists of indices `[.., depth]` into the first `depth` axes after `batch`: the number of the first element of each block,
/// and the shape of a block.
pub fn blocks(
    call: &Call<'_>,
    from: &[usize],
    (shape, given): (&[usize], &[i64]),
    batch: usize,
) -> Result<(Vec<usize>, Vec<usize>), Fault> {
    let misfit = || call.shape_error(format!("indices of shape {shape:?} for {from:?}"));
    let (depth, lists) = shape.split_last().ok_or_else(misfit)?;
    let block = from.get(batch.saturating_add(*depth)..).ok_or_else(misfit)?.to_vec();
    if lists.get(..batch) != from.get(..batch) {
        return Err(misfit());
    }
    let size = elements(&block).unwrap_or(0);
    let mut starts = vec![];
    for (index, list) in indices(lists).zip(given.chunks((*depth).max(1))) {
        let mut at = index.get(..batch).unwrap_or_default().to_vec();
        for (&i, &extent) in list.iter().zip(from.iter().skip(batch)) {
            at.extend(resolved(call, &[i], extent)?);
        }
        let outer = from.get(..batch + depth).unwrap_or_default();
        starts.push(number(&at, outer) * size);
    }
    Ok((starts, block))
}

fn gather_nd(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let from = b.shape(x)?.to_vec();
    let batch = size("batch_dims", call.attrs.int("batch_dims")?.unwrap_or(0))?;
    let (shape, given) = required_ints(call, b, 1, "the indices")?;
    let (starts, block) = blocks(call, &from, (&shape, &given), batch)?;
    let lists = shape.split_last().map_or(&[][..], |s| s.1);
    let to = [lists, &block].concat();
    b.reserve(&to, 1)?;
    let size = elements(&block).unwrap_or(0);
    let sources: Vec<Option<usize>> = starts.iter().flat_map(|&s| (s..s + size).map(Some)).collect();
    picked(call, b, "", x, &to, (&sources, 0.0))
}

fn one_hot(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let shape = b.shape(call.required(0)?)?.to_vec();
    let depth = call.number(b, 1, "the depth")?.unwrap_or(0.0) as i64;
    let depth = size("depth", depth)?;
    let values = call.required(2)?;
    if depth == 0 || *b.shape(values)? != [2] {
        return Err(call.shape_error("the depth must be positive, the values two"));
    }
    let rank = shape.len() + 1;
    let axis = call.axis(call.attrs.int("axis")?.unwrap_or(-1), rank)?;
    if !call.is_known(b, 0) {
        let values = call.floats(b, 2, "the values")?.unwrap_or_default();
        return super::ids::hot(call, b, (depth, axis), &values);
    }
    let given: Vec<f32> = call.floats(b, 0, "the indices")?.unwrap_or_default();
    let mut to = shape.clone();
    to.insert(axis, depth);
    b.reserve(&to, 1)?;
    let source = |mut index: Vec<usize>| {
        let at = index.remove(axis);
        let given = given.get(number(&index, &shape)).copied().unwrap_or(0.0) as i64;
        let given = if given < 0 {
            given.saturating_add(depth as i64)
        } else {
            given
        };
        Some(usize::from(given == at as i64))
    };
    let sources: Vec<Option<usize>> = indices(&to).map(source).collect();
    picked(call, b, "", values, &to, (&sources, 0.0))
}
