//! Norms and products along axes, running sums, sums over windows.

use super::functions::of;
use super::geometry::Geometry;
use super::maps::{along, Map};
use super::table::{one, Operator};
use super::{pool, Call};
use crate::graph::{elements, reduced, Binary, Function, Op, ReduceKind, Unary, ValueId};
use crate::onnx::build::{unsupported, Builder, Fault};
use crate::onnx::tensor::{wrapped, Const};

/// Factors of one product: with each the resolution of the result gets lower.
const MAX_FACTORS: usize = 64;

pub const TABLE: &[Operator] = &[
    one("CumProd", cumulated_product, "at most 64 factors"),
    one("CumSum", cumulated_sum, "constant axis"),
    one("GlobalLpPool", global_lp_pool, ""),
    one("LpPool", lp_pool, ""),
    one("ReduceL1", sum_of, "`noop_with_empty_axes` only with axes"),
    one("ReduceL2", sum_of, "`noop_with_empty_axes` only with axes"),
    one("ReduceLogSum", sum_of, "`noop_with_empty_axes` only with axes"),
    one("ReduceProd", product, "at most 64 factors, or constants"),
    one("ReduceSumSquare", sum_of, "`noop_with_empty_axes` only with axes"),
];

/// Sums of magnitudes, squares or the elements themselves, and functions of the sum.
fn sum_of(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let axes = pool::axes(call, b, b.shape(x)?.len())?;
    if axes.is_empty() {
        return unsupported(
            "noop_with_empty_axes without axes, where versions of the standard differ",
            "use Abs or Mul",
        );
    }
    let part = match call.op {
        "ReduceL1" => b.emit(&call.origin, "parts", Op::Abs, &[x])?,
        "ReduceLogSum" => x,
        _ => b.emit(&call.origin, "parts", Op::Mul, &[x, x])?,
    };
    let last = match call.op {
        "ReduceL2" => Some(Unary::Sqrt),
        "ReduceLogSum" => Some(Unary::Log),
        _ => None,
    };
    let op = Op::Reduce {
        kind: ReduceKind::Sum,
        axes,
        keepdims: call.attrs.flag("keepdims", true)?,
    };
    match last {
        None => b.emit(&call.origin, "", op, &[part]),
        Some(last) => {
            let sum = b.emit(&call.origin, "sum", op, &[part])?;
            of(call, b, "", last, sum)
        }
    }
}

/// Constants exactly; at run time a tree of products.
fn product(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    if b.slot(x)?.constant.is_some() && b.slot(x)?.integer() {
        return super::constant::lower(call, b);
    }
    if b.slot(x)?.integer() {
        return unsupported(
            "products of integers that are not constant, which wrap around on overflow",
            "cast them to float32 before it",
        );
    }
    let shape = b.shape(x)?.to_vec();
    let axes = pool::axes(call, b, shape.len())?;
    if axes.is_empty() {
        return Ok(x);
    }
    let keepdims = call.attrs.flag("keepdims", true)?;
    let to = reduced(&shape, &axes, keepdims).map_err(|reason| call.shape_error(reason))?;
    let kept: Vec<usize> = (0..shape.len()).filter(|a| !axes.contains(a)).collect();
    let factors: usize = axes.iter().filter_map(|&a| shape.get(a)).product();
    if factors == 0 || factors > MAX_FACTORS {
        return unsupported(
            format!("products of {factors} factors; from 1 to {MAX_FACTORS} are supported"),
            "split it into several products",
        );
    }
    let perm = [kept, axes].concat();
    let turned = b.emit(&call.origin, "turned", Op::Transpose { perm }, &[x])?;
    let rows = elements(&to).unwrap_or(0);
    let mut y = super::maps::reshaped(call, b, "rows", turned, vec![rows, factors])?;
    let mut left = factors;
    while left > 1 {
        let half = left / 2;
        let part = |b: &mut Builder, label: &str, start: usize, len: usize, of: ValueId| {
            let ranges = vec![(0, rows, 1), (start, len, 1)];
            b.emit(&call.origin, &format!("{left}/{label}"), Op::Slice { ranges }, &[of])
        };
        let (first, second) = (part(b, "first", 0, half, y)?, part(b, "second", half, half, y)?);
        let mut next = b.emit(&call.origin, &format!("{left}"), Op::Mul, &[first, second])?;
        if left % 2 == 1 {
            let odd = part(b, "odd", left - 1, 1, y)?;
            next = b.emit(
                &call.origin,
                &format!("{left}/all"),
                Op::Concat { axis: 1 },
                &[next, odd],
            )?;
        }
        (y, left) = (next, left - half);
    }
    super::maps::reshaped(call, b, "", y, to)
}

/// The axis that an operand gives.
fn given_axis(call: &Call<'_>, b: &mut Builder, rank: usize) -> Result<usize, Fault> {
    match call.ints(b, 1, "the axis")?.as_deref() {
        Some([axis]) => call.axis(*axis, rank),
        _ => Err(call.shape_error("the axis must be one integer")),
    }
}

fn cumulated_sum(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let axis = given_axis(call, b, shape.len())?;
    let n = shape.get(axis).copied().unwrap_or(0);
    let (exclusive, reverse) = (call.attrs.flag("exclusive", false)?, call.attrs.flag("reverse", false)?);
    if b.slot(x)?.integer() {
        return whole_sums(call, b, x, axis, (exclusive, reverse));
    }
    b.reserve(&[n, n], 1)?;
    let counts = |o: usize, i: usize| match (exclusive, reverse) {
        (false, false) => i <= o,
        (true, false) => i < o,
        (false, true) => i >= o,
        (true, true) => i > o,
    };
    let rows = (0..n).map(|o| (0..n).map(|i| f64::from(u8::from(counts(o, i)))).collect());
    along(call, b, "", x, (axis, &Map::public(rows.collect())))
}

/// Running sums of constant integers, exactly.
fn whole_sums(
    call: &Call<'_>,
    b: &mut Builder,
    x: ValueId,
    axis: usize,
    (exclusive, reverse): (bool, bool),
) -> Result<ValueId, Fault> {
    let (shape, data_type) = (b.shape(x)?.to_vec(), b.slot(x)?.data_type);
    let Some(Const::Ints(data)) = b.slot(x)?.constant.clone() else {
        return unsupported(
            "sums of integers that are not constant, which wrap around on overflow",
            "cast them to float32 before it",
        );
    };
    b.reserve(&shape, 1)?;
    let n = shape.get(axis).copied().unwrap_or(0);
    let stride: usize = shape.iter().skip(axis + 1).product();
    let mut sums = vec![0i64; data.len()];
    for line in (0..data.len()).filter(|i| i / stride.max(1) % n.max(1) == 0) {
        let mut sum = 0i64;
        for step in 0..n {
            let at = line + stride * if reverse { n - 1 - step } else { step };
            let own = data.get(at).copied().unwrap_or(0);
            let next = sum
                .checked_add(own)
                .ok_or_else(|| call.shape_error("integer overflow"))?;
            let shown = if exclusive { sum } else { next };
            sums.iter_mut().skip(at).take(1).for_each(|slot| *slot = shown);
            sum = next;
        }
    }
    let sums: Option<Vec<i64>> = sums.into_iter().map(|x| wrapped(x, data_type)).collect();
    let sums = sums.ok_or_else(|| call.shape_error("integer overflow"))?;
    Ok(b.constant(&call.origin.output, shape, data_type, Const::Ints(sums), vec![x]))
}

fn cumulated_product(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let axis = given_axis(call, b, shape.len())?;
    let n = shape.get(axis).copied().unwrap_or(0);
    if n == 0 || n > MAX_FACTORS {
        return unsupported(
            format!("products of {n} factors; from 1 to {MAX_FACTORS} are supported"),
            "split it into several products",
        );
    }
    let (exclusive, reverse) = (call.attrs.flag("exclusive", false)?, call.attrs.flag("reverse", false)?);
    let part = |b: &mut Builder, i: usize| {
        let mut ranges: Vec<(usize, usize, i64)> = shape.iter().map(|&d| (0, d, 1)).collect();
        if let Some(range) = ranges.get_mut(axis) {
            *range = (if reverse { n - 1 - i } else { i }, 1, 1);
        }
        b.emit(&call.origin, &format!("{i}/factor"), Op::Slice { ranges }, &[x])
    };
    let mut parts = vec![];
    if exclusive {
        let mut one = shape.clone();
        one.iter_mut().skip(axis).take(1).for_each(|d| *d = 1);
        b.reserve(&one, 1)?;
        let (data, data_type) = (vec![1.0; elements(&one).unwrap_or(0)], b.slot(x)?.data_type);
        let name = format!("{}/one", call.origin.output);
        parts.push(b.constant(&name, one, data_type, Const::Floats(data), vec![]));
    }
    let mut product = None;
    for i in 0..n - usize::from(exclusive) {
        let factor = part(b, i)?;
        let next = match product {
            None => factor,
            Some(before) => b.emit(&call.origin, &format!("{i}/product"), Op::Mul, &[before, factor])?,
        };
        product = Some(next);
        parts.push(next);
    }
    if reverse {
        parts.reverse();
    }
    match parts.as_slice() {
        [one] => Ok(*one),
        all => b.emit(&call.origin, "", Op::Concat { axis }, all),
    }
}

/// The order of a norm.
fn order(call: &Call<'_>) -> Result<f64, Fault> {
    match call.attrs.int("p")?.unwrap_or(2) {
        p @ 1..=MAX_ORDER => Ok(p as f64),
        p => unsupported(
            format!("p is {p}, from 1 to {MAX_ORDER} are supported"),
            "use such a norm",
        ),
    }
}

/// The largest order of a norm: with each factor the resolution of the sum gets lower.
const MAX_ORDER: i64 = 16;

/// Powers of magnitudes.
fn powers(call: &Call<'_>, b: &mut Builder, order: f64) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let op = match order {
        1.0 => Op::Abs,
        2.0 => return b.emit(&call.origin, "powers", Op::Mul, &[x, x]),
        order => Op::Function(Function::Variable.then(Unary::Abs).with(Binary::Pow, order)),
    };
    b.emit(&call.origin, "powers", op, &[x])
}

/// The root of a sum of powers.
fn root(call: &Call<'_>, b: &mut Builder, sum: ValueId, order: f64) -> Result<ValueId, Fault> {
    match order {
        2.0 => of(call, b, "", Unary::Sqrt, sum),
        order => {
            let root = Function::Variable.with(Binary::Pow, 1.0 / order);
            b.emit(&call.origin, "", Op::Function(root), &[sum])
        }
    }
}

/// The mean of powers of magnitudes times the size of the window, and its root.
fn lp_pool(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let order = order(call)?;
    let shape = b.shape(call.required(0)?)?.to_vec();
    let kernel = call.attrs.sizes("kernel_shape", shape.len().saturating_sub(2), 0)?;
    let geometry = Geometry::read(call, &shape, &kernel)?;
    let mut pads = geometry.pads(call)?;
    if call.attrs.flag("ceil_mode", false)? {
        for ((_, end), axis) in pads.iter_mut().zip(geometry.axes(&geometry.pads(call)?)) {
            *end += axis.ceil_padding().map_err(|reason| call.shape_error(reason))?;
        }
    }
    let powers = powers(call, b, order)?;
    let taps = elements(&kernel).unwrap_or(usize::MAX);
    let means = pool::windows(call, b, "means", powers, (geometry, pads, Some(true)))?;
    let taps = b.scalar(taps as f32);
    if order == 1.0 {
        return b.emit(&call.origin, "", Op::Mul, &[means, taps]);
    }
    let sums = b.emit(&call.origin, "sums", Op::Mul, &[means, taps])?;
    root(call, b, sums, order)
}

fn global_lp_pool(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let order = order(call)?;
    let op = Op::Reduce {
        kind: ReduceKind::Sum,
        axes: (2..b.shape(call.required(0)?)?.len()).collect(),
        keepdims: true,
    };
    let powers = powers(call, b, order)?;
    if order == 1.0 {
        return b.emit(&call.origin, "", op, &[powers]);
    }
    let sums = b.emit(&call.origin, "sums", op, &[powers])?;
    root(call, b, sums, order)
}
