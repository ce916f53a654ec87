//! Operators that are supported on constants only: what exporters use to compute shapes and masks.

use super::{pool, Call};
use crate::graph::{broadcast, reduced};
use crate::onnx::build::{remedy, unsupported, Builder, Fault};
use crate::onnx::fold::zip;
use crate::onnx::tensor::{wrapped, Const};

type Folded = (Vec<usize>, Const);

/// The constant with its element type.
pub fn lower(call: &Call<'_>, b: &mut Builder) -> Result<(Vec<usize>, i32, Const), Fault> {
    let (shape, data) = computed(call, b)?;
    let data_type = match call.op {
        "And" | "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" | "Not" | "Or" | "Xor" => 9,
        "Where" => b.slot(call.required(1)?)?.data_type,
        _ => b.slot(call.required(0)?)?.data_type,
    };
    let data = match data {
        Const::Ints(data) => data
            .into_iter()
            .map(|x| wrapped(x, data_type))
            .collect::<Option<_>>()
            .map(Const::Ints),
        floats => Some(floats),
    };
    let overflow = || call.shape_error("integer overflow");
    Ok((shape, data_type, data.ok_or_else(overflow)?))
}

fn computed(call: &Call<'_>, b: &mut Builder) -> Result<Folded, Fault> {
    match call.op {
        "Range" => range(call, b),
        "ReduceProd" => product(call, b),
        "Where" => select(call, b),
        "And" | "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" | "Mod" | "Or" | "Pow" | "Xor" => {
            pair(call, b)
        }
        _ => map(call, b),
    }
}

/// A constant operand.
fn known<'b>(call: &Call<'_>, b: &'b Builder, i: usize) -> Result<(&'b [usize], &'b Const), Fault> {
    let slot = b.slot(call.required(i)?)?;
    match &slot.constant {
        Some(data) => Ok((&slot.shape, data)),
        None => unsupported("supported only where all operands are constant", remedy::FOLD),
    }
}

fn range(call: &Call<'_>, b: &mut Builder) -> Result<Folded, Fault> {
    let mut bounds = Vec::new();
    for i in 0..3 {
        if known(call, b, i).is_ok_and(|(_, data)| matches!(data, Const::Floats(_))) {
            return real_range(call, b);
        }
        bounds.extend(call.ints(b, i, "the bounds")?.unwrap_or_default());
    }
    let &[start, end, step] = bounds.as_slice() else {
        return Err(call.shape_error("the bounds must be single integers"));
    };
    if step == 0 {
        return Err(call.shape_error("the step is 0"));
    }
    let distance = (i128::from(end) - i128::from(start)) * i128::from(step.signum());
    let n = distance.max(0).unsigned_abs().div_ceil(u128::from(step.unsigned_abs()));
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    b.reserve(&[n], 1)?;
    let data: Option<Vec<i64>> = (0..n as i64).map(|i| i.checked_mul(step)?.checked_add(start)).collect();
    Ok((
        vec![n],
        Const::Ints(data.ok_or_else(|| call.shape_error("the range overflows"))?),
    ))
}

fn real_range(call: &Call<'_>, b: &mut Builder) -> Result<Folded, Fault> {
    let mut bound = |i: usize| Ok::<_, Fault>(f64::from(call.number(b, i, "the bounds")?.unwrap_or(f32::NAN)));
    let (start, end, step) = (bound(0)?, bound(1)?, bound(2)?);
    let n = ((end - start) / step).ceil().max(0.0);
    if !n.is_finite() {
        return Err(call.shape_error("the bounds are not finite, or the step is 0"));
    }
    b.reserve(&[n as usize], 1)?;
    let data = (0..n as usize).map(|i| (start + i as f64 * step) as f32).collect();
    Ok((vec![n as usize], Const::Floats(data)))
}

/// Products of all elements, of integers (sizes).
fn product(call: &Call<'_>, b: &mut Builder) -> Result<Folded, Fault> {
    let rank = known(call, b, 0)?.0.len();
    let axes = pool::axes(call, b, rank)?;
    let (shape, data) = known(call, b, 0)?;
    let Const::Ints(data) = data else {
        return unsupported("only products of constant integers", "cast them to float32 before it");
    };
    if axes.len() != shape.len() {
        return unsupported("only products of all elements", "name all axes");
    }
    let keepdims = call.attrs.flag("keepdims", true)?;
    let shape = reduced(shape, &axes, keepdims).map_err(|reason| call.shape_error(reason))?;
    let product = data.iter().try_fold(1i64, |p, &x| p.checked_mul(x));
    Ok((
        shape,
        Const::Ints(vec![product.ok_or_else(|| call.shape_error("the product overflows"))?]),
    ))
}

/// The broadcast shape of the first `n` operands, accounted for.
fn common(call: &Call<'_>, b: &mut Builder, n: usize) -> Result<Vec<usize>, Fault> {
    let mut shape = Vec::new();
    for i in 0..n {
        let (other, _) = known(call, b, i)?;
        shape = broadcast(&shape, other).map_err(|reason| call.shape_error(reason))?;
    }
    b.reserve(&shape, 1)?;
    Ok(shape)
}

fn select(call: &Call<'_>, b: &mut Builder) -> Result<Folded, Fault> {
    let shape = common(call, b, 3)?;
    let ((at, cond), (at_x, x), (at_y, y)) = (known(call, b, 0)?, known(call, b, 1)?, known(call, b, 2)?);
    let data = match (cond, x, y) {
        (Const::Ints(cond), Const::Ints(x), Const::Ints(y)) => {
            choose((at, cond), (at_x, x), (at_y, y), &shape).map(Const::Ints)
        }
        (Const::Ints(cond), Const::Floats(x), Const::Floats(y)) => {
            choose((at, cond), (at_x, x), (at_y, y), &shape).map(Const::Floats)
        }
        _ => None,
    };
    Ok((
        shape,
        data.ok_or_else(|| call.shape_error("operands of different types"))?,
    ))
}

fn choose<T: Copy>(
    cond: (&[usize], &[i64]),
    x: (&[usize], &[T]),
    y: (&[usize], &[T]),
    shape: &[usize],
) -> Option<Vec<T>> {
    let chosen = zip(cond, x, shape, |c, x| Some(if c != 0 { Some(x) } else { None }))?;
    zip((shape, &chosen), y, shape, |x, y| Some(x.unwrap_or(y)))
}

fn pair(call: &Call<'_>, b: &mut Builder) -> Result<Folded, Fault> {
    let shape = common(call, b, 2)?;
    let fmod = call.op == "Mod" && call.attrs.flag("fmod", false)?;
    let ((at_x, x), (at_y, y)) = (known(call, b, 0)?, known(call, b, 1)?);
    let data = match (x, y) {
        (Const::Ints(x), Const::Ints(y)) => zip((at_x, x), (at_y, y), &shape, |x, y| match call.op {
            "And" => Some((x != 0 && y != 0).into()),
            "Equal" => Some((x == y).into()),
            "Greater" => Some((x > y).into()),
            "GreaterOrEqual" => Some((x >= y).into()),
            "Less" => Some((x < y).into()),
            "LessOrEqual" => Some((x <= y).into()),
            "Xor" => Some(((x != 0) != (y != 0)).into()),
            // The sign of the divisor, or with `fmod` of the dividend.
            "Mod" if fmod => x.checked_rem(y),
            "Mod" => x
                .checked_rem(y)
                .map(|r| if r != 0 && (r < 0) != (y < 0) { r + y } else { r }),
            "Or" => Some((x != 0 || y != 0).into()),
            _ => x.checked_pow(u32::try_from(y).ok()?),
        })
        .map(Const::Ints),
        (x, y) => {
            let integer = matches!(x, Const::Ints(_));
            let (x, y) = (x.clone().into_floats(), y.clone().into_floats());
            let (x, y) = ((at_x, x.as_slice()), (at_y, y.as_slice()));
            match call.op {
                "Pow" if integer => None,
                "Pow" => zip(x, y, &shape, |x, y| Some(x.powf(y))).map(Const::Floats),
                "Equal" => zip(x, y, &shape, |x, y| Some((x == y).into())).map(Const::Ints),
                "Greater" => zip(x, y, &shape, |x, y| Some((x > y).into())).map(Const::Ints),
                "GreaterOrEqual" => zip(x, y, &shape, |x, y| Some((x >= y).into())).map(Const::Ints),
                "Less" => zip(x, y, &shape, |x, y| Some((x < y).into())).map(Const::Ints),
                "LessOrEqual" => zip(x, y, &shape, |x, y| Some((x <= y).into())).map(Const::Ints),
                "Mod" if fmod => zip(x, y, &shape, |x, y| Some(x % y)).map(Const::Floats),
                _ => None,
            }
        }
    };
    Ok((
        shape,
        data.ok_or_else(|| call.shape_error("operands of the wrong type, or overflow"))?,
    ))
}

fn map(call: &Call<'_>, b: &mut Builder) -> Result<Folded, Fault> {
    let shape = common(call, b, 1)?;
    let data = match (call.op, known(call, b, 0)?.1) {
        ("Not", Const::Ints(data)) => Const::Ints(data.iter().map(|&x| (x == 0).into()).collect()),
        ("Not", Const::Floats(_)) => return Err(call.shape_error("an operand of the wrong type")),
        _ => {
            return unsupported(
                "the operator is not supported",
                "express it by operators of the table that inspect --operators prints",
            )
        }
    };
    Ok((shape, data))
}
