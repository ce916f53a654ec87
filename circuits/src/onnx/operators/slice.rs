//! Slices, splits and pads.

use super::table::{many, one, Operator};
use super::Call;
use crate::graph::{Op, ValueId};
use crate::onnx::build::{remedy, unsupported, Builder, Fault, Origin};

pub const TABLE: &[Operator] = &[
    one("Pad", pad, "constant pads and value"),
    one("Slice", slice, "constant bounds"),
    many("Split", split, "constant sizes"),
];

type Range = (usize, usize, i64);

/// Whole axes.
fn whole(shape: &[usize]) -> Vec<Range> {
    shape.iter().map(|&d| (0, d, 1)).collect()
}

/// The same value if nothing is cut off.
fn cut(b: &mut Builder, from: &Origin, label: &str, x: ValueId, ranges: Vec<Range>) -> Result<ValueId, Fault> {
    if ranges == whole(b.shape(x)?) {
        return Ok(x);
    }
    b.emit(from, label, Op::Slice { ranges }, &[x])
}

/// Bounds are attributes before operator set 10 and inputs since.
pub fn slice(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let mut list = |i: usize, name: &str| -> Result<Option<Vec<i64>>, Fault> {
        if call.opset < 10 {
            return Ok(call.attrs.ints(name)?.map(<[i64]>::to_vec));
        }
        call.ints(b, i, name)
    };
    let (Some(starts), Some(ends)) = (list(1, "starts")?, list(2, "ends")?) else {
        return Err(call.shape_error("starts or ends are missing"));
    };
    let n = starts.len();
    let axes = match list(3, "axes")? {
        Some(axes) => call.axes(&axes, shape.len())?,
        None => (0..n).collect(),
    };
    let steps = if call.opset < 10 { None } else { list(4, "steps")? }.unwrap_or_else(|| vec![1; n]);
    if ends.len() != n || axes.len() != n || steps.len() != n {
        return Err(call.shape_error("starts, ends, axes and steps differ in length"));
    }
    let mut ranges = whole(&shape);
    for ((axis, step), (start, end)) in axes.into_iter().zip(steps).zip(starts.into_iter().zip(ends)) {
        let (Some(range), false) = (ranges.get_mut(axis), step == 0) else {
            return Err(call.shape_error("an axis does not exist, or a step is 0"));
        };
        *range = resolve(start, end, step, range.1);
    }
    cut(b, &call.origin, "", x, ranges)
}

/// Python-like bounds on an axis of `extent` elements.
fn resolve(start: i64, end: i64, step: i64, extent: usize) -> Range {
    let n = extent as i64;
    let from_end = |i: i64| if i < 0 { i.saturating_add(n) } else { i };
    let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let first = from_end(start).clamp(low.max(0).min(high), high);
    let last = from_end(end).clamp(low, high);
    let distance = if step > 0 { last - first } else { first - last };
    let len = if distance <= 0 {
        0
    } else {
        (distance as u64).div_ceil(step.unsigned_abs())
    };
    match len {
        0 => (0, 0, 1),
        // The step over a single element does not matter.
        1 => (first as usize, 1, 1),
        len => (first as usize, len as usize, step),
    }
}

/// Sizes are an attribute before operator set 13, an input since, and may be left out for equal parts.
pub fn split(call: &Call<'_>, b: &mut Builder) -> Result<Vec<Option<ValueId>>, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let axis = call.axis(call.attrs.int("axis")?.unwrap_or(0), shape.len())?;
    let extent = shape.get(axis).copied().unwrap_or(0);
    let given = match call.ints(b, 1, "the sizes")? {
        Some(sizes) => Some(sizes),
        None => call.attrs.ints("split")?.map(<[i64]>::to_vec),
    };
    let n = call.outputs.len();
    let sizes: Vec<usize> = match given {
        Some(sizes) => {
            let sizes: Option<Vec<usize>> = sizes.iter().map(|&s| usize::try_from(s).ok()).collect();
            sizes.ok_or_else(|| call.shape_error("a part has a negative size"))?
        }
        None => {
            let declared = call.attrs.int("num_outputs")?;
            if declared.is_some_and(|d| d != n as i64) || (declared.is_none() && extent % n.max(1) != 0) {
                return Err(call.shape_error(format!("{extent} elements cannot be split into {n} parts")));
            }
            let part = extent.div_ceil(n.max(1));
            (0..n).map(|i| part.min(extent.saturating_sub(i * part))).collect()
        }
    };
    let total = sizes.iter().try_fold(0usize, |sum, &s| sum.checked_add(s));
    if sizes.len() != n || total != Some(extent) {
        return Err(call.shape_error(format!(
            "parts {sizes:?} do not make up {extent} elements in {n} outputs"
        )));
    }
    let mut parts = Vec::new();
    let mut start = 0;
    for (size, output) in sizes.into_iter().zip(call.outputs) {
        let mut ranges = whole(&shape);
        if let Some(range) = ranges.get_mut(axis) {
            *range = (start, size, 1);
        }
        start += size;
        let node = format!("{}/{}", call.origin.node, parts.len());
        let origin = Origin {
            node,
            onnx_op: call.origin.onnx_op.clone(),
            output: output.clone(),
        };
        parts.push(Some(cut(b, &origin, "", x, ranges)?));
    }
    Ok(parts)
}

/// Pads are an attribute before operator set 11 and an input since; negative ones cut.
pub fn pad(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let mode = call.attrs.string("mode")?;
    if !matches!(mode, "" | "constant" | "edge" | "reflect" | "wrap") {
        return unsupported(format!("mode `{mode}` is unknown"), remedy::STANDARD);
    }
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let (given, value) = if call.opset < 11 {
        (
            call.attrs.ints("pads")?.map(<[i64]>::to_vec),
            call.attrs.float("value")?,
        )
    } else {
        (call.ints(b, 1, "the pads")?, call.number(b, 2, "the padding value")?)
    };
    let given = given.ok_or_else(|| call.shape_error("the pads are missing"))?;
    let value = value.unwrap_or(0.0);
    if !value.is_finite() && !call.is_known(b, 0) {
        return unsupported("the padding value is not finite", remedy::FINITE);
    }
    let axes = match call.ints(b, 3, "the axes")? {
        Some(axes) => call.axes(&axes, shape.len())?,
        None => (0..shape.len()).collect(),
    };
    if given.len() != 2 * axes.len() {
        return Err(call.shape_error(format!("{} pads for {} axes", given.len(), axes.len())));
    }
    let (begins, ends) = given.split_at(axes.len());
    let mut ranges = whole(&shape);
    let mut pads = vec![(0, 0); shape.len()];
    for (axis, (&begin, &end)) in axes.into_iter().zip(begins.iter().zip(ends)) {
        let (Some(range), Some(pad)) = (ranges.get_mut(axis), pads.get_mut(axis)) else {
            continue;
        };
        let amount = |p: i64| crate::onnx::attr::size("pads", p.saturating_abs());
        let (first, last) = (amount(begin)?, amount(end)?);
        let removed = (if begin < 0 { first } else { 0 }) + (if end < 0 { last } else { 0 });
        let left = range.1.checked_sub(removed).filter(|&n| n > 0);
        let left = left.ok_or_else(|| call.shape_error("negative pads remove everything"))?;
        *range = (if begin < 0 { first } else { 0 }, left, 1);
        *pad = (if begin < 0 { 0 } else { first }, if end < 0 { 0 } else { last });
    }
    let padded = pads.iter().any(|&p| p != (0, 0));
    let constant = matches!(mode, "" | "constant");
    if !constant && padded && ranges != whole(&shape) {
        return unsupported(
            format!("negative pads beside others in mode `{mode}`"),
            "crop with Slice before it",
        );
    }
    let x = cut(b, &call.origin, if padded { "cut" } else { "" }, x, ranges)?;
    if !padded {
        return Ok(x);
    }
    if !constant {
        return repeated(call, b, x, &pads, mode);
    }
    b.emit(&call.origin, "", Op::Pad { pads, value }, &[x])
}

/// Padding by elements of the axis itself.
fn repeated(
    call: &Call<'_>,
    b: &mut Builder,
    x: ValueId,
    pads: &[(usize, usize)],
    mode: &str,
) -> Result<ValueId, Fault> {
    let mut x = x;
    for (axis, &(before, after)) in pads.iter().enumerate().filter(|(_, pads)| **pads != (0, 0)) {
        let extent = b.shape(x)?.get(axis).copied().unwrap_or(0);
        if mode == "reflect" && before.max(after) >= extent {
            return unsupported("reflections longer than the axis", "pad in several steps");
        }
        let length = before.saturating_add(extent).saturating_add(after);
        b.reserve(&[length], 1)?;
        let (before, last) = (before as i64, extent as i64 - 1);
        let source = |p: i64| match mode {
            "edge" => (p - before).clamp(0, last),
            "reflect" => last - (last - (p - before).abs()).abs(),
            _ => (p - before).rem_euclid(last + 1),
        };
        let indices = (0..length as i64).map(|p| source(p) as usize).collect();
        x = super::shapes::gathered(call, b, &format!("{axis}"), x, (axis, indices))?;
    }
    Ok(x)
}
