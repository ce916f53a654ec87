//! Functions of each element: what they compute, by operator.

use super::Call;
use crate::graph::{elements, Binary, Function, Op, Unary, ValueId};
use crate::onnx::build::{unsupported, Builder, Fault};
use crate::onnx::tensor::Const;
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// The operators that [`lower`] knows.
#[rustfmt::skip]
pub const NAMES: &[&str] = &[
    "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Celu", "Cos", "Cosh", "Elu", "Erf", "Exp", "Floor", "Gelu",
    "HardSigmoid", "HardSwish", "Log", "Mish", "Reciprocal", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh",
    "Softplus", "Softsign", "Sqrt", "Swish", "Tan", "Tanh", "ThresholdedRelu",
];

/// A function of each element of the operand.
pub fn lower(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    // Integers may be compared with 0; anything else is defined on floats.
    if b.slot(x)?.integer() && call.op != "Sign" {
        return Err(call.shape_error("the operand must be floats"));
    }
    let function = function(call)?;
    b.emit(&call.origin, "", Op::Function(function), &[x])
}

/// An attribute, finite.
fn number(call: &Call<'_>, name: &str, default: f32) -> Result<f64, Fault> {
    let number = call.attrs.float(name)?.unwrap_or(default);
    match number.is_finite() {
        true => Ok(number.into()),
        false => unsupported(format!("{name} is not finite")),
    }
}

fn function(call: &Call<'_>) -> Result<Function, Fault> {
    use Binary::{Add, Div, Greater, Max, Min, Mul, Sub};
    use Unary::{Abs, Erf, Exp, Expm1, Log1p, Neg, Sigmoid, Tanh};
    let x = || Function::Variable;
    // `max(x, 0) + alpha (exp(min(x, 0) / by) - 1)`.
    let exponential = |alpha: f64, by: f64| {
        let below = x().with(Min, 0.0).with(Div, by).then(Expm1).with(Mul, alpha);
        x().with(Max, 0.0).with(Add, below)
    };
    // `max(x, 0) + log(1 + exp(-|x|))`, in which nothing overflows.
    let softplus = || {
        x().with(Max, 0.0)
            .with(Add, x().then(Abs).then(Neg).then(Exp).then(Log1p))
    };
    // `alpha x + beta` between 0 and 1.
    let ramp = |alpha: f64, beta: f64| x().with(Mul, alpha).with(Add, beta).with(Max, 0.0).with(Min, 1.0);
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
        "Gelu" => {
            let inner = match call.attrs.string("approximate")? {
                "" | "none" => x().with(Mul, FRAC_1_SQRT_2).then(Erf),
                "tanh" => {
                    let cube = x().with(Mul, x()).with(Mul, x()).with(Mul, 0.044_715);
                    x().with(Add, cube).with(Mul, (2.0 / PI).sqrt()).then(Tanh)
                }
                other => return unsupported(format!("the approximation `{}`", crate::onnx::shown(other))),
            };
            inner.with(Add, 1.0).with(Mul, x().with(Mul, 0.5))
        }
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
        "Softsign" => x().with(Div, x().then(Abs).with(Add, 1.0)),
        "Sqrt" => x().then(Unary::Sqrt),
        "Swish" => x().with(Mul, number(call, "alpha", 1.0)?).then(Sigmoid).with(Mul, x()),
        "Tan" => x().then(Unary::Tan),
        "Tanh" => x().then(Tanh),
        "ThresholdedRelu" => x().with(Mul, x().with(Greater, number(call, "alpha", 1.0)?)),
        _ => return unsupported("the operator is not supported"),
    })
}

/// Powers of constants, squares, and functions with a constant exponent.
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
    if elements(exponent) != Some(1) {
        return unsupported("only exponents that are one constant are supported");
    }
    match call.number(b, 1, "the exponent")? {
        Some(1.0) => Ok(x),
        Some(2.0) => b.emit(&call.origin, "", Op::Mul, &[x, x]),
        Some(exponent) if exponent.is_finite() && !b.slot(x)?.integer() => {
            let function = Function::Variable.with(Binary::Pow, f64::from(exponent));
            b.emit(&call.origin, "", Op::Function(function), &[x])
        }
        Some(exponent) => unsupported(format!(
            "the exponent {exponent}; any finite one is supported on floats, 1 and 2 on integers"
        )),
        None => unsupported("the exponent is missing"),
    }
}

/// Nothing that is proven is NaN.
pub fn is_nan(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
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
