//! Pointwise operators.

use super::maps::{picked, reshaped};
use super::table::{one, Operator};
use super::Call;
use crate::graph::{broadcast, float, Op, ValueId};
use crate::onnx::build::{unsupported, Builder, Fault};

pub const TABLE: &[Operator] = &[
    one("Abs", |call, b| unary(call, b, Op::Abs), ""),
    one("Add", |call, b| binary(call, b, Op::Add), ""),
    one("Clip", clip, "constant bounds, one number each"),
    one("Div", div, "constant divisor"),
    one("LeakyRelu", leaky_relu, ""),
    one("Max", |call, b| chain(call, b, &Op::Max), ""),
    one("Mean", mean, ""),
    one("Min", |call, b| chain(call, b, &Op::Min), ""),
    one("Mul", |call, b| binary(call, b, Op::Mul), ""),
    one("Neg", |call, b| unary(call, b, Op::Neg), ""),
    one("PRelu", |call, b| binary(call, b, Op::PRelu), "constant slope"),
    one(
        "Pow",
        pow,
        "constant exponents, whole numbers from 0 to 8; constant base",
    ),
    one("Relu", |call, b| unary(call, b, Op::Relu), ""),
    one("Sub", |call, b| binary(call, b, Op::Sub), ""),
    one("Sum", |call, b| chain(call, b, &Op::Add), ""),
];

pub fn unary(call: &Call<'_>, b: &mut Builder, op: Op) -> Result<ValueId, Fault> {
    b.emit(&call.origin, "", op, &[call.required(0)?])
}

pub fn binary(call: &Call<'_>, b: &mut Builder, op: Op) -> Result<ValueId, Fault> {
    b.emit(&call.origin, "", op, &[call.required(0)?, call.required(1)?])
}

/// Division of floats by a constant is multiplication by its reciprocals.
pub fn div(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let (left, right) = (call.required(0)?, call.required(1)?);
    let (dividend, divisor) = (b.slot(left)?, b.slot(right)?);
    if dividend.constant.is_some() || divisor.constant.is_none() || divisor.integer() {
        return binary(call, b, Op::Div);
    }
    let one = b.scalar(1.0);
    let reciprocal = b.emit(&call.origin, "reciprocal", Op::Div, &[one, right])?;
    b.emit(&call.origin, "", Op::Mul, &[left, reciprocal])
}

/// `Min`, `Max` and `Sum` of any number of operands.
pub fn chain(call: &Call<'_>, b: &mut Builder, op: &Op) -> Result<ValueId, Fault> {
    let all = call.all()?;
    fold(call, b, op, &all, true)
}

pub fn mean(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let all = call.all()?;
    if all.len() == 1 {
        return call.required(0).map_err(Fault::from);
    }
    let sum = fold(call, b, &Op::Add, &all, false)?;
    let share = b.scalar(1.0 / all.len() as f32);
    b.emit(&call.origin, "", Op::Mul, &[sum, share])
}

fn fold(call: &Call<'_>, b: &mut Builder, op: &Op, all: &[ValueId], last: bool) -> Result<ValueId, Fault> {
    let mut acc = call.required(0)?;
    for (i, &x) in all.iter().enumerate().skip(1) {
        let label = if last && i + 1 == all.len() {
            String::new()
        } else {
            format!("{i}")
        };
        acc = b.emit(&call.origin, &label, op.clone(), &[acc, x])?;
    }
    Ok(acc)
}

pub fn leaky_relu(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let alpha = call.attrs.float("alpha")?.unwrap_or(0.01);
    if !alpha.is_finite() {
        return unsupported("alpha is not finite");
    }
    unary(call, b, Op::LeakyRelu { alpha })
}

/// Bounds are attributes before operator set 11 and inputs since.
pub fn clip(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let mut x = call.required(0)?;
    if b.slot(x)?.constant.is_some() && b.slot(x)?.integer() {
        for (i, op, label) in [(1, Op::Max, "lower"), (2, Op::Min, "upper")] {
            if let Some(bound) = call.optional(i) {
                x = b.emit(&call.origin, label, op, &[x, bound])?;
            }
        }
        return Ok(x);
    }
    let (min, max) = if call.opset < 11 {
        (call.attrs.float("min")?, call.attrs.float("max")?)
    } else {
        (
            call.number(b, 1, "the lower bound")?,
            call.number(b, 2, "the upper bound")?,
        )
    };
    // The defaults before operator set 11 are the extreme floats; they and infinities do not bind.
    let min = min.filter(|&x| x > f32::MIN || x.is_nan());
    let max = max.filter(|&x| x < f32::MAX || x.is_nan());
    if [min, max].into_iter().flatten().any(|x| !x.is_finite()) {
        return unsupported("a bound is not a finite number");
    }
    if (min, max) == (None, None) {
        return Ok(call.required(0)?);
    }
    unary(call, b, Op::Clip { min, max })
}

/// Powers of constants, and squares.
pub fn pow(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    if b.slot(x)?.constant.is_some() {
        return super::constant::lower(call, b);
    }
    let (base, exponent) = (b.shape(x)?, b.shape(call.required(1)?)?);
    if exponent.len() > base.len() {
        return unsupported(format!(
            "an exponent of shape {exponent:?}, which gives the result more axes than {base:?}"
        ));
    }
    let to = broadcast(base, exponent).map_err(|reason| call.shape_error(reason))?;
    let (shape, exponents) = (
        exponent.to_vec(),
        call.floats(b, 1, "the exponent")?.unwrap_or_default(),
    );
    let small = |&e: &f32| e.fract() == 0.0 && (0.0..=LARGEST_POWER).contains(&e);
    if !exponents.iter().all(small) || exponents.is_empty() {
        let listed: Vec<String> = exponents.iter().take(3).map(f32::to_string).collect();
        return unsupported(format!(
            "the exponent {}; on values that are not constant, whole numbers from 0 to {LARGEST_POWER} are supported",
            listed.join(", ")
        ));
    }
    let x = match b.shape(x)? == to {
        true => x,
        false => b.emit(&call.origin, "base", Op::Expand { shape: to.clone() }, &[x])?,
    };
    let exponents: Option<Vec<f32>> = float::broadcast_positions((&shape, &exponents), &to).collect();
    let exponents: Vec<usize> = exponents.unwrap_or_default().into_iter().map(|e| e as usize).collect();
    let largest = exponents.iter().copied().max().unwrap_or(0);
    let one = b.scalar(1.0);
    let ones = b.emit(&call.origin, "0", Op::Expand { shape: to.clone() }, &[one])?;
    let mut powers = vec![ones, x];
    for e in 2..=largest {
        let (half, rest) = (powers[e / 2], powers[e - e / 2]);
        // Of those that are not read nothing stays.
        powers.push(b.emit(&call.origin, &format!("{e}"), Op::Mul, &[half, rest])?);
    }
    if let Some(&all) = exponents.iter().find(|&&first| exponents.iter().all(|&e| e == first)) {
        return Ok(powers[all]);
    }
    let n = exponents.len();
    let mut flat = vec![];
    for (e, &power) in powers.iter().enumerate() {
        flat.push(reshaped(call, b, &format!("{e}/flat"), power, vec![n])?);
    }
    let all = b.emit(&call.origin, "powers", Op::Concat { axis: 0 }, &flat)?;
    let sources: Vec<Option<usize>> = exponents.iter().enumerate().map(|(i, e)| Some(e * n + i)).collect();
    picked(call, b, "", all, &to, (&sources, 0.0))
}

/// With each factor the resolution of the result gets lower.
const LARGEST_POWER: f32 = 8.0;
