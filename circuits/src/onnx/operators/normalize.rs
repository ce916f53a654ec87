//! Normalisations: differences to a mean by a deviation, magnitudes by a norm.

use super::functions::of;
use super::maps::{along, reshaped, Map};
use super::softmax::kept;
use super::table::{many, one, Operator};
use super::Call;
use crate::graph::{Binary, Function, Op, ReduceKind, Unary, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{remedy, unsupported, Builder, Fault};

pub const TABLE: &[Operator] = &[
    one("GroupNormalization", group, ""),
    one("InstanceNormalization", instance, ""),
    one("LRN", local_response, ""),
    many("LayerNormalization", layer, ""),
    one("LpNormalization", by_norm, ""),
    one("MeanVarianceNormalization", mean_variance, ""),
    one("RMSNormalization", root_mean_square, ""),
    one(
        "SimplifiedLayerNormalization",
        root_mean_square,
        "what RMSNormalization was called before",
    ),
];

/// What a normalisation gives.
pub struct Standard {
    /// Differences to the mean by the deviation.
    pub y: ValueId,
    pub mean: ValueId,
    pub variance: ValueId,
    deviation: ValueId,
}

/// An attribute that is added or multiplied: finite.
pub fn finite(call: &Call<'_>, name: &str, default: f32) -> Result<f32, Fault> {
    let number = call.attrs.float(name)?.unwrap_or(default);
    match number.is_finite() {
        true => Ok(number),
        false => unsupported(format!("{name} is not finite"), remedy::FINITE),
    }
}

/// The root of a value and a small number.
fn deviation(call: &Call<'_>, b: &mut Builder, square: ValueId, epsilon: f32) -> Result<ValueId, Fault> {
    let epsilon = b.scalar(epsilon);
    let sum = b.emit(&call.origin, "square", Op::Add, &[square, epsilon])?;
    of(call, b, "deviation", Unary::Sqrt, sum)
}

/// Mean 0 and deviation 1 over the axes.
pub fn standardized(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    x: ValueId,
    (axes, epsilon): (&[usize], f32),
) -> Result<Standard, Fault> {
    let mean = kept(call, b, "mean", x, (ReduceKind::Mean, axes))?;
    let differences = b.emit(&call.origin, "differences", Op::Sub, &[x, mean])?;
    let squares = b.emit(&call.origin, "squares", Op::Mul, &[differences, differences])?;
    let variance = kept(call, b, "variance", squares, (ReduceKind::Mean, axes))?;
    let deviation = deviation(call, b, variance, epsilon)?;
    let y = b.emit(&call.origin, label, Op::Div, &[differences, deviation])?;
    Ok(Standard {
        y,
        mean,
        variance,
        deviation,
    })
}

/// Times a scale and with a bias added, which must not make the value larger.
pub fn affine(
    call: &Call<'_>,
    b: &mut Builder,
    x: ValueId,
    (scale, bias): (Option<ValueId>, Option<ValueId>),
) -> Result<ValueId, Fault> {
    let shape = b.shape(x)?.to_vec();
    let mut y = x;
    if let Some(scale) = scale {
        let label = if bias.is_some() { "scaled" } else { "" };
        y = b.emit(&call.origin, label, Op::Mul, &[y, scale])?;
    }
    if let Some(bias) = bias {
        y = b.emit(&call.origin, "", Op::Add, &[y, bias])?;
    }
    match b.shape(y)? == shape {
        true => Ok(y),
        false => Err(call.shape_error("a scale or bias that does not fit the input")),
    }
}

/// A parameter of each channel, along axis 1.
pub fn by_channel(call: &Call<'_>, b: &mut Builder, i: usize, shape: &[usize]) -> Result<ValueId, Fault> {
    let parameter = call.required(i)?;
    let channels = shape.get(1).copied().unwrap_or(0);
    if b.shape(parameter)? != [channels] {
        return Err(call.shape_error(format!("parameters that do not fit {channels} channels")));
    }
    let wide = std::iter::once(channels).chain(std::iter::repeat_n(1, shape.len().saturating_sub(2)));
    reshaped(call, b, &format!("{i}/wide"), parameter, wide.collect())
}

/// The axes from the one that the attribute names on.
fn from_axis(call: &Call<'_>, b: &Builder) -> Result<Vec<usize>, Fault> {
    let rank = b.shape(call.required(0)?)?.len();
    let axis = call.axis(call.attrs.int("axis")?.unwrap_or(-1), rank)?;
    Ok((axis..rank).collect())
}

fn layer(call: &Call<'_>, b: &mut Builder) -> Result<Vec<Option<ValueId>>, Fault> {
    let axes = from_axis(call, b)?;
    let (x, epsilon) = (call.required(0)?, finite(call, "epsilon", 1e-5)?);
    let standard = standardized(call, b, "standard", x, (&axes, epsilon))?;
    let y = affine(call, b, standard.y, (Some(call.required(1)?), call.optional(2)))?;
    let wanted = |i: usize| call.outputs.get(i).is_some_and(|name| !name.is_empty());
    let inverse = match wanted(2) {
        true => {
            let one = b.scalar(1.0);
            Some(b.emit(&call.origin, "inverse", Op::Div, &[one, standard.deviation])?)
        }
        false => None,
    };
    Ok(vec![Some(y), Some(standard.mean), inverse])
}

fn root_mean_square(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let axes = from_axis(call, b)?;
    let (x, epsilon) = (call.required(0)?, finite(call, "epsilon", 1e-5)?);
    let y = by_root(call, b, x, (&axes, epsilon))?;
    affine(call, b, y, (Some(call.required(1)?), None))
}

/// Elements by the root of their mean square over the axes.
pub fn by_root(
    call: &Call<'_>,
    b: &mut Builder,
    x: ValueId,
    (axes, epsilon): (&[usize], f32),
) -> Result<ValueId, Fault> {
    let squares = b.emit(&call.origin, "squares", Op::Mul, &[x, x])?;
    let mean = kept(call, b, "mean", squares, (ReduceKind::Mean, axes))?;
    let root = deviation(call, b, mean, epsilon)?;
    b.emit(&call.origin, "standard", Op::Div, &[x, root])
}

fn instance(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    if shape.len() < 3 {
        return Err(call.shape_error("the input must have three axes at least"));
    }
    let axes: Vec<usize> = (2..shape.len()).collect();
    let epsilon = finite(call, "epsilon", 1e-5)?;
    let standard = standardized(call, b, "standard", x, (&axes, epsilon))?;
    let (scale, bias) = (by_channel(call, b, 1, &shape)?, by_channel(call, b, 2, &shape)?);
    affine(call, b, standard.y, (Some(scale), Some(bias)))
}

/// Before operator set 21 parameters are of groups, since then of channels.
fn group(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let groups = size("num_groups", call.attrs.int("num_groups")?.unwrap_or(0))?;
    let (&[n, channels, ..], true) = (shape.as_slice(), shape.len() >= 3) else {
        return Err(call.shape_error("the input must have three axes at least"));
    };
    if groups == 0 || channels % groups != 0 {
        return Err(call.shape_error(format!("{groups} groups of {channels} channels")));
    }
    let rest: usize = shape.iter().skip(2).product();
    let grouped = vec![n, groups, channels / groups * rest];
    let rows = reshaped(call, b, "groups", x, grouped.clone())?;
    let epsilon = finite(call, "epsilon", 1e-5)?;
    let standard = standardized(call, b, "standard", rows, (&[2], epsilon))?;
    if call.opset < 21 {
        let (scale, bias) = (by_channel(call, b, 1, &grouped)?, by_channel(call, b, 2, &grouped)?);
        let scaled = b.emit(&call.origin, "scaled", Op::Mul, &[standard.y, scale])?;
        let shifted = b.emit(&call.origin, "shifted", Op::Add, &[scaled, bias])?;
        return reshaped(call, b, "", shifted, shape);
    }
    let y = reshaped(call, b, "channels", standard.y, shape.clone())?;
    let (scale, bias) = (by_channel(call, b, 1, &shape)?, by_channel(call, b, 2, &shape)?);
    affine(call, b, y, (Some(scale), Some(bias)))
}

fn mean_variance(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let rank = b.shape(x)?.len();
    let mut axes = call.axes(call.attrs.ints("axes")?.unwrap_or(&[0, 2, 3]), rank)?;
    axes.sort_unstable();
    if axes.is_empty() {
        return Err(call.shape_error("the list of axes is empty"));
    }
    Ok(standardized(call, b, "", x, (&axes, 0.0))?.y)
}

/// A norm; 1 where it is 0, so that 0 is the quotient of the zeros that it is a norm of.
fn divisor(norm: Function) -> Op {
    let none = Function::Number(1.0).with(Binary::Sub, Function::Variable.with(Binary::Greater, 0.0));
    Op::Function(norm.with(Binary::Add, none))
}

fn by_norm(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let axis = call.axis(call.attrs.int("axis")?.unwrap_or(-1), b.shape(x)?.len())?;
    by_order(call, b, x, (axis, call.attrs.int("p")?.unwrap_or(2)))
}

/// Elements by the norm of an order along an axis.
pub fn by_order(call: &Call<'_>, b: &mut Builder, x: ValueId, (axis, p): (usize, i64)) -> Result<ValueId, Fault> {
    let (part, norm) = match p {
        1 => (b.emit(&call.origin, "parts", Op::Abs, &[x])?, Function::Variable),
        2 => {
            let squares = b.emit(&call.origin, "parts", Op::Mul, &[x, x])?;
            (squares, Function::Variable.then(Unary::Sqrt))
        }
        p => return Err(call.shape_error(format!("p is {p}, the standard knows 1 and 2"))),
    };
    let sum = kept(call, b, "sum", part, (ReduceKind::Sum, &[axis]))?;
    let norm = b.emit(&call.origin, "norm", divisor(norm), &[sum])?;
    b.emit(&call.origin, "", Op::Div, &[x, norm])
}

/// Each element by a power of the sum of squares at its place in the channels around.
fn local_response(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let channels = match b.shape(x)? {
        [_, channels, _, ..] => *channels,
        _ => return Err(call.shape_error("the input must have three axes at least")),
    };
    let width = size("size", call.attrs.int("size")?.unwrap_or(0))?;
    if width == 0 {
        return Err(call.shape_error("the size is missing or 0"));
    }
    let (alpha, beta) = (finite(call, "alpha", 1e-4)?, finite(call, "beta", 0.75)?);
    let bias = finite(call, "bias", 1.0)?;
    let (before, after) = ((width - 1) / 2, width / 2);
    b.reserve(&[channels, channels], 1)?;
    let near = |c: usize, i: usize| i.saturating_add(before) >= c && i <= c.saturating_add(after);
    let row = |c: usize| (0..channels).map(|i| f64::from(u8::from(near(c, i)))).collect();
    let map = Map::public((0..channels).map(row).collect());
    let squares = b.emit(&call.origin, "squares", Op::Mul, &[x, x])?;
    let sums = along(call, b, "sums", squares, (1, &map))?;
    let share = f64::from(alpha) / width as f64;
    let function = Function::Variable
        .with(Binary::Mul, share)
        .with(Binary::Add, f64::from(bias))
        .with(Binary::Pow, -f64::from(beta));
    let factors = b.emit(&call.origin, "factors", Op::Function(function), &[sums])?;
    b.emit(&call.origin, "", Op::Mul, &[x, factors])
}
