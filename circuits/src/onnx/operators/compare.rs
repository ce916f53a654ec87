//! Comparisons of values: no value of their own, but what selects between straight pieces without a jump.

use super::table::{one, Operator};
use super::Call;
use crate::graph::{broadcast, Op, ValueId};
use crate::onnx::build::{unsupported, Builder, Comparison, Fault};

pub const TABLE: &[Operator] = &[
    one("Greater", compared, LIMITS),
    one("GreaterOrEqual", compared, LIMITS),
    one("Less", compared, LIMITS),
    one("LessOrEqual", compared, LIMITS),
];

const LIMITS: &str = "constants; or as the condition of Where that gives a maximum, a minimum or a leaky rectifier";

/// What may read a comparison.
pub const READERS: &[&str] = &["Identity", "Where"];

fn compared(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let (x, y) = (call.required(0)?, call.required(1)?);
    if call.is_known(b, 0) && call.is_known(b, 1) {
        return super::constant::lower(call, b);
    }
    let shape = broadcast(b.shape(x)?, b.shape(y)?).map_err(|reason| call.shape_error(reason))?;
    // Pieces without a jump agree where both are equal.
    let (less, than) = match call.op {
        "Less" | "LessOrEqual" => (x, y),
        _ => (y, x),
    };
    Ok(b.comparison(&call.origin.output, shape, Comparison { less, than }))
}

/// `Where(less < than, x, y)`.
pub fn selected(
    call: &Call<'_>,
    b: &mut Builder,
    comparison: Comparison,
    (x, y): (ValueId, ValueId),
) -> Result<ValueId, Fault> {
    let mut to = b.shape(call.required(0)?)?.to_vec();
    for id in [x, y] {
        to = broadcast(&to, b.shape(id)?).map_err(|reason| call.shape_error(reason))?;
    }
    let piece = piece(call, b, comparison, (x, y))?;
    match b.shape(piece)? == to {
        true => Ok(piece),
        false => b.emit(&call.origin, "wide", Op::Expand { shape: to }, &[piece]),
    }
}

/// The maximum, minimum or leaky rectifier that the branches are.
fn piece(
    call: &Call<'_>,
    b: &mut Builder,
    Comparison { less, than }: Comparison,
    (x, y): (ValueId, ValueId),
) -> Result<ValueId, Fault> {
    if (x, y) == (than, less) {
        return b.emit(&call.origin, "", Op::Max, &[less, than]);
    }
    if (x, y) == (less, than) {
        return b.emit(&call.origin, "", Op::Min, &[less, than]);
    }
    // Below zero a multiple of the value, else the value.
    if zero(b, than) && y == less {
        if let Some(slope) = multiple(b, x, less) {
            return b.emit(&call.origin, "", Op::PRelu, &[less, slope]);
        }
    }
    if zero(b, less) && x == than {
        if let Some(slope) = multiple(b, y, than) {
            return b.emit(&call.origin, "", Op::PRelu, &[than, slope]);
        }
    }
    unsupported("a condition that is not constant, and does not give a maximum, a minimum or a leaky rectifier")
}

/// Whether a value is the number 0, which the structure determines.
fn zero(b: &Builder, id: ValueId) -> bool {
    b.number(id) == Some(0.0)
}

/// The constant that `x` is `of` times.
fn multiple(b: &Builder, x: ValueId, of: ValueId) -> Option<ValueId> {
    let step = b.steps.iter().rev().find(|step| step.output == x)?;
    match (&step.op, step.inputs.as_slice()) {
        (Op::Mul, [a, c]) if *a == of => Some(*c),
        (Op::Mul, [a, c]) if *c == of => Some(*a),
        _ => None,
    }
    .filter(|&id| b.slots.get(id).is_some_and(|slot| slot.constant.is_some()))
}
