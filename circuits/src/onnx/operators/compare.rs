//! Comparisons of values: no value of their own, but what selects between two, or becomes 1 and 0 by a cast.

use super::table::{one, Operator};
use super::Call;
use crate::graph::{broadcast, Binary, Function, Op, ValueId};
use crate::onnx::build::{Builder, Comparison, Fault};

pub const TABLE: &[Operator] = &[
    one("Greater", compared, LIMITS),
    one("GreaterOrEqual", compared, LIMITS),
    one("Less", compared, LIMITS),
    one("LessOrEqual", compared, LIMITS),
];

const LIMITS: &str = "constants; or as the condition of Where, in logical operators, and in casts to floats";

/// What may read a comparison.
pub const READERS: &[&str] = &["And", "Cast", "CastLike", "Identity", "Not", "Or", "Where", "Xor"];

fn compared(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let (x, y) = (call.required(0)?, call.required(1)?);
    if call.is_known(b, 0) && call.is_known(b, 1) {
        return super::constant::lower(call, b);
    }
    let shape = broadcast(b.shape(x)?, b.shape(y)?).map_err(|reason| call.shape_error(reason))?;
    let (less, than) = match call.op {
        "Less" | "LessOrEqual" => (x, y),
        _ => (y, x),
    };
    let or_equal = call.op.ends_with("OrEqual");
    let comparison = Comparison { less, than, or_equal };
    Ok(b.comparison(&call.origin.output, shape, comparison))
}

/// `Not` of a comparison.
pub fn negated(call: &Call<'_>, b: &mut Builder, comparison: Comparison) -> Result<ValueId, Fault> {
    let shape = b.shape(call.required(0)?)?.to_vec();
    let comparison = Comparison {
        less: comparison.than,
        than: comparison.less,
        or_equal: !comparison.or_equal,
    };
    Ok(b.comparison(&call.origin.output, shape, comparison))
}

/// 1 where a comparison holds, else 0: a function of the value that is compared with a number, or of a difference.
pub fn indicator(call: &Call<'_>, b: &mut Builder, label: &str, comparison: Comparison) -> Result<ValueId, Fault> {
    let Comparison { less, than, or_equal } = comparison;
    let x = || Function::Variable;
    let number = |id: ValueId| b.number(id).map(|number| Function::Number(number.into()));
    let (value, low, high) = match (number(less), number(than)) {
        (_, Some(bound)) => (less, x(), bound),
        (Some(bound), _) => (than, bound, x()),
        _ => {
            let difference = b.emit(&call.origin, "difference", Op::Sub, &[than, less])?;
            (difference, Function::Number(0.0), x())
        }
    };
    let function = match or_equal {
        false => high.with(Binary::Greater, low),
        true => Function::Number(1.0).with(Binary::Sub, low.with(Binary::Greater, high)),
    };
    b.emit(&call.origin, label, Op::Function(function), &[value])
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
    let piece = match piece(call, b, comparison, (x, y))? {
        Some(piece) => piece,
        None => {
            let indicator = indicator(call, b, "indicator", comparison)?;
            let difference = b.emit(&call.origin, "branches", Op::Sub, &[x, y])?;
            let part = b.emit(&call.origin, "part", Op::Mul, &[indicator, difference])?;
            b.emit(&call.origin, "chosen", Op::Add, &[y, part])?
        }
    };
    match b.shape(piece)? == to {
        true => Ok(piece),
        false => b.emit(&call.origin, "wide", Op::Expand { shape: to }, &[piece]),
    }
}

/// The maximum, minimum or leaky rectifier that the branches are: without a jump they agree where both sides are equal.
fn piece(
    call: &Call<'_>,
    b: &mut Builder,
    Comparison { less, than, .. }: Comparison,
    (x, y): (ValueId, ValueId),
) -> Result<Option<ValueId>, Fault> {
    if (x, y) == (than, less) {
        return b.emit(&call.origin, "", Op::Max, &[less, than]).map(Some);
    }
    if (x, y) == (less, than) {
        return b.emit(&call.origin, "", Op::Min, &[less, than]).map(Some);
    }
    // Below zero a multiple of the value, else the value.
    if zero(b, than) && y == less {
        if let Some(slope) = multiple(b, x, less) {
            return b.emit(&call.origin, "", Op::PRelu, &[less, slope]).map(Some);
        }
    }
    if zero(b, less) && x == than {
        if let Some(slope) = multiple(b, y, than) {
            return b.emit(&call.origin, "", Op::PRelu, &[than, slope]).map(Some);
        }
    }
    Ok(None)
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
