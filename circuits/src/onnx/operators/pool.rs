//! Pooling and reductions.

use super::geometry::Geometry;
use super::table::{one, Operator};
use super::windows::pooled;
use super::Call;
use crate::graph::{elements, Op, ReduceKind, ValueId};
use crate::onnx::build::{unsupported, Builder, Fault};
use crate::onnx::tensor::Const;
use crate::onnx::wire::limit;

pub const TABLE: &[Operator] = &[
    one("AveragePool", pool, "no windows of padding only"),
    one("GlobalAveragePool", global, ""),
    one("GlobalMaxPool", global, ""),
    one("MaxPool", pool, "no windows of padding only; no indices"),
    one("ReduceMax", reduce, ""),
    one("ReduceMean", reduce, ""),
    one("ReduceMin", reduce, ""),
    one("ReduceSum", reduce, ""),
];

/// Elements of the largest pooling window.
const MAX_WINDOW: u64 = 1 << 20;

/// `MaxPool` and `AveragePool`.
pub fn pool(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?;
    let rank = shape.len().saturating_sub(2);
    let kernel = call.attrs.sizes("kernel_shape", rank, 0)?;
    let geometry = Geometry::read(call, shape, &kernel)?;
    let mut pads = geometry.pads(call)?;
    let count_include_pad = call.attrs.flag("count_include_pad", false)?;
    let auto = call.attrs.string("auto_pad")?;
    // `SAME_*` fixes the number of windows; rounding matters for the other modes only.
    if call.attrs.flag("ceil_mode", false)? && matches!(auto, "" | "NOTSET" | "VALID") {
        let axes = geometry.axes(&pads);
        if axes.iter().any(|axis| axis.beyond()) {
            return unsupported(
                "ceil_mode with a window that is larger than the padded input",
                "pad the input before it",
            );
        }
        let extra: Result<Vec<usize>, _> = axes.into_iter().map(|axis| axis.ceil_padding()).collect();
        let extra = extra.map_err(|reason| call.shape_error(reason))?;
        let beyond = extra.iter().any(|&e| e > 0);
        if beyond && auto == "VALID" {
            return unsupported(
                "ceil_mode with auto_pad VALID, where the standard and its implementations differ",
                "give explicit pads",
            );
        }
        if beyond && call.op == "AveragePool" && count_include_pad {
            return partly_beyond(call, b, x, (geometry, pads), &extra);
        }
        for ((_, end), extra) in pads.iter_mut().zip(extra) {
            *end = end.saturating_add(extra);
        }
    }
    let padding = (call.op == "AveragePool").then_some(count_include_pad);
    windows(call, b, "", x, (geometry, pads, padding))
}

/// Means over windows that reach beyond the pads: what is beyond counts nothing, pads do.
fn partly_beyond(
    call: &Call<'_>,
    b: &mut Builder,
    x: ValueId,
    (geometry, mut pads): (Geometry, Vec<(usize, usize)>),
    extra: &[usize],
) -> Result<ValueId, Fault> {
    let axes = geometry.axes(&pads);
    for ((_, end), extra) in pads.iter_mut().zip(extra) {
        *end = end.saturating_add(*extra);
    }
    let taps = elements(&geometry.kernel).unwrap_or(usize::MAX) as f32;
    let wider = geometry.axes(&pads);
    let means = windows(call, b, "means", x, (geometry, pads, Some(true)))?;
    let mut shares = vec![taps];
    let mut shape = vec![1, 1];
    for (axis, wider) in axes.into_iter().zip(wider) {
        let windows = wider.output().map_err(|reason| call.shape_error(reason))?;
        let end = axis.pads.0 + axis.input + axis.pads.1;
        // Taps before the end.
        let count = |w: usize| {
            let left = end.saturating_sub(w * axis.stride);
            left.div_ceil(axis.dilation.max(1)).min(axis.kernel)
        };
        let counts: Vec<f32> = (0..windows).map(|w| count(w) as f32).collect();
        shares = shares.iter().flat_map(|s| counts.iter().map(move |c| s / c)).collect();
        shape.push(windows);
    }
    b.reserve(&shape, 1)?;
    let name = format!("{}/shares", call.origin.output);
    let shares = b.constant(&name, shape, 1, Const::Floats(shares), vec![]);
    b.emit(&call.origin, "", Op::Mul, &[means, shares])
}

/// Means over windows, in which padding counts or not; or maxima.
pub fn windows(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    x: ValueId,
    (geometry, pads, padding): (Geometry, Vec<(usize, usize)>, Option<bool>),
) -> Result<ValueId, Fault> {
    let taps = elements(&geometry.kernel).map_or(u64::MAX, |n| n as u64);
    limit("number of elements in one pooling window", MAX_WINDOW, taps)?;
    for axis in geometry.axes(&pads) {
        if !axis.no_window_of_padding().map_err(|reason| call.shape_error(reason))? {
            return unsupported("a window that holds only padding", "use smaller pads");
        }
    }
    let pool = |geometry: Geometry, pads| {
        let Geometry {
            kernel,
            strides,
            dilations,
            ..
        } = geometry;
        match padding {
            None => Op::MaxPool {
                kernel,
                strides,
                pads,
                dilations,
            },
            Some(count_include_pad) => Op::AveragePool {
                kernel,
                strides,
                pads,
                dilations,
                count_include_pad,
            },
        }
    };
    pooled(call, b, label, x, (&geometry, &pads), &pool)
}

/// `GlobalMaxPool` and `GlobalAveragePool`.
pub fn global(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let kind = if call.op == "GlobalMaxPool" {
        ReduceKind::Max
    } else {
        ReduceKind::Mean
    };
    let op = Op::Reduce {
        kind,
        axes: (2..b.shape(x)?.len()).collect(),
        keepdims: true,
    };
    b.emit(&call.origin, "", op, &[x])
}

/// The reduced axes, from the input (`ReduceSum` since 13, others since 18) or the attribute; sorted.
pub fn axes(call: &Call<'_>, b: &mut Builder, rank: usize) -> Result<Vec<usize>, Fault> {
    let given = match call.ints(b, 1, "the axes")? {
        Some(axes) => axes,
        None => call.attrs.ints("axes")?.unwrap_or_default().to_vec(),
    };
    if given.is_empty() {
        let noop = call.attrs.flag("noop_with_empty_axes", false)?;
        return Ok(if noop { Vec::new() } else { (0..rank).collect() });
    }
    let mut axes = call.axes(&given, rank)?;
    axes.sort_unstable();
    Ok(axes)
}

/// `ReduceSum`, `ReduceMean`, `ReduceMax` and `ReduceMin`.
pub fn reduce(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let rank = b.shape(x)?.len();
    let axes = axes(call, b, rank)?;
    if axes.is_empty() {
        return Ok(x);
    }
    let kind = match call.op {
        "ReduceSum" => ReduceKind::Sum,
        "ReduceMean" => ReduceKind::Mean,
        "ReduceMax" => ReduceKind::Max,
        _ => ReduceKind::Min,
    };
    let keepdims = call.attrs.flag("keepdims", true)?;
    b.emit(&call.origin, "", Op::Reduce { kind, axes, keepdims }, &[x])
}
