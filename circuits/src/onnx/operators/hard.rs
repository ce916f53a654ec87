//! Activations of straight pieces.

use super::table::{one, Operator};
use super::{constant, Call};
use crate::graph::{Op, ValueId};
use crate::onnx::build::{unsupported, Builder, Fault};

pub const TABLE: &[Operator] = &[
    one("CastLike", constant::cast, "as Cast"),
    one("HardSigmoid", hard_sigmoid, ""),
    one("HardSwish", hard_swish, ""),
    one("Shrink", shrink, "`bias` equal to `lambd`, so that there is no jump"),
    one(
        "ThresholdedRelu",
        thresholded_relu,
        "`alpha` = 0, so that there is no jump",
    ),
];

/// `max(0, min(1, alpha x + beta))`.
fn straight(call: &Call<'_>, b: &mut Builder, label: &str, (alpha, beta): (f32, f32)) -> Result<ValueId, Fault> {
    if !alpha.is_finite() || !beta.is_finite() {
        return unsupported("alpha or beta is not finite");
    }
    let (alpha, beta) = (b.scalar(alpha), b.scalar(beta));
    let scaled = b.emit(&call.origin, "scaled", Op::Mul, &[call.required(0)?, alpha])?;
    let shifted = b.emit(&call.origin, "shifted", Op::Add, &[scaled, beta])?;
    let op = Op::Clip {
        min: Some(0.0),
        max: Some(1.0),
    };
    b.emit(&call.origin, label, op, &[shifted])
}

fn hard_sigmoid(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let alpha = call.attrs.float("alpha")?.unwrap_or(0.2);
    let beta = call.attrs.float("beta")?.unwrap_or(0.5);
    straight(call, b, "", (alpha, beta))
}

/// `x max(0, min(1, x / 6 + 1 / 2))`.
fn hard_swish(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let share = straight(call, b, "share", (1.0 / 6.0, 0.5))?;
    b.emit(&call.origin, "", Op::Mul, &[call.required(0)?, share])
}

/// `max(x - lambd, 0) - max(-x - lambd, 0)`.
fn shrink(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let lambd = call.attrs.float("lambd")?.unwrap_or(0.5);
    let bias = call.attrs.float("bias")?.unwrap_or(0.0);
    if lambd != bias || !lambd.is_finite() || lambd < 0.0 {
        return unsupported("a function that jumps; `bias` equal to `lambd` is supported");
    }
    let (x, by) = (call.required(0)?, b.scalar(lambd));
    let above = b.emit(&call.origin, "above", Op::Sub, &[x, by])?;
    let above = b.emit(&call.origin, "above/relu", Op::Relu, &[above])?;
    let negated = b.emit(&call.origin, "negated", Op::Neg, &[x])?;
    let below = b.emit(&call.origin, "below", Op::Sub, &[negated, by])?;
    let below = b.emit(&call.origin, "below/relu", Op::Relu, &[below])?;
    b.emit(&call.origin, "", Op::Sub, &[above, below])
}

fn thresholded_relu(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    match call.attrs.float("alpha")?.unwrap_or(1.0) {
        0.0 => b.emit(&call.origin, "", Op::Relu, &[call.required(0)?]),
        alpha => unsupported(format!("a function that jumps at {alpha}; `alpha` = 0 is supported")),
    }
}
