//! Functions of each element: what they compute, by operator.

use super::maps::{picked, reshaped};
use super::softmax::{by_largest, exponents};
use super::table::{one, Operator};
use super::Call;
use crate::graph::{broadcast, elements, float, Binary, Function, Op, Unary, ValueId};
use crate::onnx::build::{remedy, unsupported, Builder, Fault};
use crate::onnx::tensor::Const;
use std::collections::BTreeMap;
use std::f64::consts::{FRAC_1_SQRT_2, PI};

pub const TABLE: &[Operator] = &[
    one("Acos", lower, ""),
    one("Acosh", lower, ""),
    one("Asin", lower, ""),
    one("Asinh", lower, ""),
    one("Atan", lower, ""),
    one("Atanh", lower, ""),
    one("Ceil", lower, ""),
    one("Celu", lower, ""),
    one("Cos", lower, ""),
    one("Cosh", lower, ""),
    one("Elu", lower, ""),
    one("Erf", lower, ""),
    one("Exp", lower, ""),
    one("Floor", lower, ""),
    one("Gelu", lower, ""),
    one("HardSigmoid", lower, ""),
    one("HardSwish", lower, ""),
    one("Log", lower, ""),
    one("Mish", lower, ""),
    one("Reciprocal", lower, ""),
    one("Round", lower, ""),
    one("Selu", lower, ""),
    one("Shrink", lower, ""),
    one("Sigmoid", lower, ""),
    one("Sign", lower, ""),
    one("Sin", lower, ""),
    one("Sinh", lower, ""),
    one("Softplus", lower, ""),
    one("Softsign", lower, ""),
    one("Sqrt", lower, ""),
    one("Swish", lower, ""),
    one("Tan", lower, ""),
    one("Tanh", lower, ""),
    one("ThresholdedRelu", lower, ""),
    one("IsNaN", is_nan, "of values that no function gives"),
    one(
        "Pow",
        pow,
        "constant exponents: up to 64 different numbers; constant base",
    ),
];

/// A function of each element of the operand.
pub fn lower(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    // Integers may be compared with 0; anything else is defined on floats.
    if b.slot(x)?.integer() && call.op != "Sign" {
        return Err(call.shape_error("the operand must be floats"));
    }
    if let ("Log", Some((from, axes, keepdims))) = (call.op, exponents(b, x)) {
        return by_largest(call, b, from, (&axes, keepdims));
    }
    let function = function(call)?;
    b.emit(&call.origin, "", Op::Function(function), &[x])
}

/// An operation on each element.
pub fn of(call: &Call<'_>, b: &mut Builder, label: &str, operation: Unary, x: ValueId) -> Result<ValueId, Fault> {
    b.emit(
        &call.origin,
        label,
        Op::Function(Function::Variable.then(operation)),
        &[x],
    )
}

/// `max(x, 0) + alpha (exp(min(x, 0) / by) - 1)`.
pub fn exponential(alpha: f64, by: f64) -> Function {
    let x = || Function::Variable;
    let below = x().with(Binary::Min, 0.0).with(Binary::Div, by).then(Unary::Expm1);
    x().with(Binary::Max, 0.0)
        .with(Binary::Add, below.with(Binary::Mul, alpha))
}

/// `max(x, 0) + log(1 + exp(-|x|))`, in which nothing overflows.
pub fn softplus() -> Function {
    let x = || Function::Variable;
    let small = x()
        .then(Unary::Abs)
        .then(Unary::Neg)
        .then(Unary::Exp)
        .then(Unary::Log1p);
    x().with(Binary::Max, 0.0).with(Binary::Add, small)
}

/// `alpha x + beta` between 0 and 1.
pub fn ramp(alpha: f64, beta: f64) -> Function {
    let line = Function::Variable.with(Binary::Mul, alpha).with(Binary::Add, beta);
    line.with(Binary::Max, 0.0).with(Binary::Min, 1.0)
}

/// `x (1 + erf(x / sqrt 2)) / 2`, or an approximation by `tanh`.
pub fn gelu(approximate: bool) -> Function {
    let x = || Function::Variable;
    let inner = match approximate {
        false => x().with(Binary::Mul, FRAC_1_SQRT_2).then(Unary::Erf),
        true => {
            let cube = x()
                .with(Binary::Mul, x())
                .with(Binary::Mul, x())
                .with(Binary::Mul, 0.044_715);
            x().with(Binary::Add, cube)
                .with(Binary::Mul, (2.0 / PI).sqrt())
                .then(Unary::Tanh)
        }
    };
    inner
        .with(Binary::Add, 1.0)
        .with(Binary::Mul, x().with(Binary::Mul, 0.5))
}

/// `x / (1 + |x|)`.
pub fn softsign() -> Function {
    let x = || Function::Variable;
    x().with(Binary::Div, x().then(Unary::Abs).with(Binary::Add, 1.0))
}

/// An attribute, finite.
fn number(call: &Call<'_>, name: &str, default: f32) -> Result<f64, Fault> {
    let number = call.attrs.float(name)?.unwrap_or(default);
    match number.is_finite() {
        true => Ok(number.into()),
        false => unsupported(format!("{name} is not finite"), remedy::FINITE),
    }
}

fn function(call: &Call<'_>) -> Result<Function, Fault> {
    use Binary::{Add, Div, Greater, Mul, Sub};
    use Unary::{Erf, Exp, Sigmoid, Tanh};
    let x = || Function::Variable;
    Ok(match call.op {
        "Acos" => x().then(Unary::Acos),
        "Acosh" => x().then(Unary::Acosh),
        "Asin" => x().then(Unary::Asin),
        "Asinh" => x().then(Unary::Asinh),
        "Atan" => x().then(Unary::Atan),
        "Atanh" => x().then(Unary::Atanh),
        "Ceil" => x().then(Unary::Ceil),
        "Celu" => {
            let alpha = number(call, "alpha", 1.0)?;
            exponential(alpha, alpha)
        }
        "Cos" => x().then(Unary::Cos),
        "Cosh" => x().then(Unary::Cosh),
        "Elu" => exponential(number(call, "alpha", 1.0)?, 1.0),
        "Erf" => x().then(Erf),
        "Exp" => x().then(Exp),
        "Floor" => x().then(Unary::Floor),
        "Gelu" => match call.attrs.string("approximate")? {
            "" | "none" => gelu(false),
            "tanh" => gelu(true),
            other => {
                return unsupported(
                    format!("the approximation `{}`", crate::onnx::shown(other)),
                    remedy::STANDARD,
                )
            }
        },
        "HardSigmoid" => ramp(number(call, "alpha", 0.2)?, number(call, "beta", 0.5)?),
        "HardSwish" => ramp(1.0 / 6.0, 0.5).with(Mul, x()),
        "Log" => x().then(Unary::Log),
        "Mish" => softplus().then(Tanh).with(Mul, x()),
        "Reciprocal" => Function::Number(1.0).with(Div, x()),
        "Round" => x().then(Unary::Round),
        "Selu" => {
            let alpha = number(call, "alpha", 1.673_263_2)?;
            exponential(alpha, 1.0).with(Mul, number(call, "gamma", 1.050_701)?)
        }
        "Shrink" => {
            let (bias, limit) = (number(call, "bias", 0.0)?, number(call, "lambd", 0.5)?);
            let above = x().with(Sub, bias).with(Mul, x().with(Greater, limit));
            let below = x()
                .with(Add, bias)
                .with(Mul, Function::Number(-limit).with(Greater, x()));
            above.with(Add, below)
        }
        "Sigmoid" => x().then(Sigmoid),
        "Sign" => x().then(Unary::Sign),
        "Sin" => x().then(Unary::Sin),
        "Sinh" => x().then(Unary::Sinh),
        "Softplus" => softplus(),
        "Softsign" => softsign(),
        "Sqrt" => x().then(Unary::Sqrt),
        "Swish" | "QuickGelu" => x()
            .with(
                Mul,
                number(call, "alpha", if call.op == "Swish" { 1.0 } else { 1.702 })?,
            )
            .then(Sigmoid)
            .with(Mul, x()),
        "Tan" => x().then(Unary::Tan),
        "Tanh" => x().then(Tanh),
        "ThresholdedRelu" => x().with(Mul, x().with(Greater, number(call, "alpha", 1.0)?)),
        _ => {
            return unsupported(
                "the operator is not supported",
                "express it by operators of the table that inspect --operators prints",
            )
        }
    })
}

/// Powers of constants, and constant powers: a square, a function for one exponent, products for several.
pub fn pow(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    if b.slot(x)?.constant.is_some() {
        return super::constant::lower(call, b);
    }
    let (base, exponent) = (b.shape(x)?, b.shape(call.required(1)?)?);
    if exponent.len() > base.len() {
        return unsupported(
            format!("an exponent of shape {exponent:?}, which gives the result more axes than {base:?}"),
            "expand the base to that shape before it",
        );
    }
    let to = broadcast(base, exponent).map_err(|reason| call.shape_error(reason))?;
    let (shape, exponents) = (
        exponent.to_vec(),
        call.floats(b, 1, "the exponent")?.unwrap_or_default(),
    );
    if let ([exponent], false) = (exponents.as_slice(), b.slot(x)?.integer()) {
        if exponent.is_finite() && b.shape(x)? == to {
            return match *exponent {
                1.0 => Ok(x),
                2.0 => b.emit(&call.origin, "", Op::Mul, &[x, x]),
                exponent => {
                    let function = Function::Variable.with(Binary::Pow, f64::from(exponent));
                    b.emit(&call.origin, "", Op::Function(function), &[x])
                }
            };
        }
    }
    let small = |e: &f32| e.fract() == 0.0 && (0.0..=LARGEST_POWER).contains(e);
    if exponents.iter().all(small) || exponents.iter().any(|e| !e.is_finite()) || b.slot(x)?.integer() {
        return products(call, b, (&shape, &exponents), &to);
    }
    let power = |e: f64| Function::Variable.with(Binary::Pow, e);
    by_number(call, b, (&shape, &exponents), (&to, &power))
}

/// Different numbers that one operator may have.
const MAX_NUMBERS: usize = 64;

/// A function of each element with a number of its own: elements of one number together.
fn by_number(
    call: &Call<'_>,
    b: &mut Builder,
    (shape, numbers): (&[usize], &[f32]),
    (to, function): (&[usize], &dyn Fn(f64) -> Function),
) -> Result<ValueId, Fault> {
    let x = b.widened(&call.origin, "wide", call.required(0)?, to)?;
    let numbers: Option<Vec<f32>> = float::broadcast_positions((shape, numbers), to).collect();
    let numbers = numbers.ok_or_else(|| call.shape_error("the operands do not broadcast"))?;
    b.reserve(to, 2)?;
    let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (i, number) in numbers.iter().enumerate() {
        groups.entry(number.to_bits()).or_default().push(i);
    }
    if groups.len() > MAX_NUMBERS {
        return unsupported(
            format!("{} different numbers, up to {MAX_NUMBERS} are supported", groups.len()),
            "split the operator",
        );
    }
    let mut parts = vec![];
    for (i, (number, places)) in groups.iter().enumerate() {
        let sources: Vec<Option<usize>> = places.iter().copied().map(Some).collect();
        let part = picked(call, b, &format!("{i}/operands"), x, &[places.len()], (&sources, 0.0))?;
        let op = Op::Function(function(f32::from_bits(*number).into()));
        parts.push(b.emit(&call.origin, &format!("{i}"), op, &[part])?);
    }
    let all = match parts.as_slice() {
        [one] => return reshaped(call, b, "", *one, to.to_vec()),
        all => b.emit(&call.origin, "all", Op::Concat { axis: 0 }, all)?,
    };
    let mut sources = vec![None; numbers.len()];
    for (at, &place) in groups.values().flatten().enumerate() {
        sources
            .iter_mut()
            .skip(place)
            .take(1)
            .for_each(|source| *source = Some(at));
    }
    picked(call, b, "", all, to, (&sources, 0.0))
}

/// What is left of a division of floats by constants, with the sign of the dividend.
pub fn modulo(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let floats = b.slot(call.required(0)?)?.constant.is_none() && !b.slot(call.required(0)?)?.integer();
    if !floats || !call.attrs.flag("fmod", false)? {
        return super::constant::lower(call, b);
    }
    let (x, by) = (call.required(0)?, call.required(1)?);
    let shape = b.shape(by)?.to_vec();
    let to = broadcast(b.shape(x)?, &shape).map_err(|reason| call.shape_error(reason))?;
    let numbers = call.floats(b, 1, "the divisor")?.unwrap_or_default();
    if numbers.iter().any(|&by| by == 0.0 || !by.is_finite()) {
        return unsupported("a divisor that is 0 or not finite", remedy::FINITE);
    }
    let rest = |by: f64| {
        let quotient = Function::Variable.with(Binary::Div, by);
        let whole = quotient.clone().then(Unary::Abs).then(Unary::Floor);
        let whole = whole.with(Binary::Mul, quotient.then(Unary::Sign));
        Function::Variable.with(Binary::Sub, whole.with(Binary::Mul, by))
    };
    by_number(call, b, (&shape, &numbers), (&to, &rest))
}

/// Powers with whole exponents as products of the base.
fn products(
    call: &Call<'_>,
    b: &mut Builder,
    (shape, exponents): (&[usize], &[f32]),
    to: &[usize],
) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let small = |&e: &f32| e.fract() == 0.0 && (0.0..=LARGEST_POWER).contains(&e);
    if !exponents.iter().all(small) || exponents.is_empty() {
        let listed: Vec<String> = exponents.iter().take(3).map(f32::to_string).collect();
        return unsupported(format!(
            "the exponent {}; on values that are not constant, one finite number for all floats is supported, or whole numbers from 0 to {LARGEST_POWER}",
            listed.join(", ")
        ), "express the power by such ones");
    }
    let x = match b.shape(x)? == to {
        true => x,
        false => b.emit(&call.origin, "base", Op::Expand { shape: to.to_vec() }, &[x])?,
    };
    let exponents: Option<Vec<f32>> = float::broadcast_positions((shape, exponents), to).collect();
    let exponents: Vec<usize> = exponents.unwrap_or_default().into_iter().map(|e| e as usize).collect();
    let largest = exponents.iter().copied().max().unwrap_or(0);
    let one = b.scalar(1.0);
    let ones = b.emit(&call.origin, "0", Op::Expand { shape: to.to_vec() }, &[one])?;
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
    picked(call, b, "", all, to, (&sources, 0.0))
}

/// With each factor the resolution of the result gets lower.
const LARGEST_POWER: f32 = 8.0;

/// Whatever is proven is a number. So it is before the first function and quotient; of values behind them this may be all that
/// is read, and then nothing would see that they are none.
pub fn is_nan(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    if let Some(operator) = undefined(b, x) {
        return unsupported(
            format!("values computed by {operator}, which may be no numbers"),
            "nothing is proven where they are none, so leave the operator out",
        );
    }
    let shape = b.shape(x)?.to_vec();
    b.reserve(&shape, 1)?;
    let data = match &b.slot(x)?.constant {
        Some(Const::Floats(data)) => data.iter().map(|x| x.is_nan().into()).collect(),
        Some(Const::Ints(_)) => return Err(call.shape_error("the operand must be floats")),
        None => vec![0; elements(&shape).unwrap_or(0)],
    };
    let from = b.slot(x)?.constant.is_some().then_some(x);
    let name = call.origin.output.clone();
    Ok(b.constant(&name, shape, 9, Const::Ints(data), from.into_iter().collect()))
}

/// The operator of a step that `x` depends on and that may have no value.
fn undefined(b: &Builder, x: ValueId) -> Option<&str> {
    let mut read = vec![false; b.slots.len()];
    read.iter_mut().skip(x).take(1).for_each(|read| *read = true);
    for step in b.steps.iter().rev() {
        if read.get(step.output) != Some(&true) {
            continue;
        }
        if matches!(step.op, Op::Function(_) | Op::Div) {
            return Some(&step.onnx_op);
        }
        for &id in &step.inputs {
            read.iter_mut().skip(id).take(1).for_each(|read| *read = true);
        }
    }
    None
}
