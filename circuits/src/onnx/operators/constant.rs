//! Constants, shapes, casts.

use super::table::{one, Operator};
use super::{folded, Call};
use crate::graph::{elements, Op, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{unsupported, Builder, Fault};
use crate::onnx::error::ImportError;
use crate::onnx::tensor::{decode, integers, rounded, type_name, wrapped, Const};

pub const TABLE: &[Operator] = &[
    one("And", lower, ""),
    one(
        "Cast",
        lower,
        "constants, or to a type that holds all values; an int64 input to int32, of which it takes the numbers then; to bool from integers that are 0 or 1",
    ),
    one("CastLike", cast, "as Cast"),
    one("Constant", lower, "numbers"),
    one("ConstantOfShape", lower, "constant shape"),
    one("Dropout", lower, "inference, or a ratio of 0"),
    one("Equal", lower, "of integers"),
    one("Identity", lower, ""),
    one("Not", lower, ""),
    one("OptionalGetElement", lower, "of tensors"),
    one("Or", lower, ""),
    one("Range", lower, "constant bounds"),
    one("Shape", lower, ""),
    one("Size", lower, ""),
    one("Mod", super::functions::modulo, "constants; or floats by constants, with `fmod`"),
    one("Xor", lower, ""),
];

/// The element type of truth values.
const BOOL: i32 = 9;

pub fn lower(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let mut from = vec![];
    let compared = call.optional(0).and_then(|id| b.compared(id));
    if let (Some(comparison), "Not") = (compared, call.op) {
        return super::compare::negated(call, b, comparison);
    }
    let logical = matches!(call.op, "And" | "Equal" | "Not" | "Or" | "Xor");
    if logical && (0..call.inputs.len()).any(|i| !call.is_known(b, i)) {
        return super::truth::logical(call, b);
    }
    let (shape, data_type, data) = match call.op {
        "Constant" => {
            let (shape, data_type, data) = literal(call)?;
            return Ok(b.stored(&call.origin.output, shape, data_type, data));
        }
        "Identity" | "OptionalGetElement" => return Ok(call.required(0)?),
        "Dropout" => return dropout(call, b),
        "Cast" => return cast(call, b),
        "ConstantOfShape" => filled(call, b)?,
        "Shape" => {
            let shape: Vec<i64> = b.shape(call.required(0)?)?.iter().map(|&d| d as i64).collect();
            let range = bounds(call, shape.len())?;
            let part = shape.get(range).unwrap_or_default().to_vec();
            (vec![part.len()], 7, Const::Ints(part))
        }
        "Size" => {
            let n = elements(b.shape(call.required(0)?)?).unwrap_or(0);
            (Vec::new(), 7, Const::Ints(vec![n as i64]))
        }
        _ => {
            from.extend(call.inputs.iter().flatten());
            folded::lower(call, b)?
        }
    };
    Ok(b.constant(&call.origin.output, shape, data_type, data, from))
}

fn literal(call: &Call<'_>) -> Result<(Vec<usize>, i32, Const), Fault> {
    let attrs = call.attrs;
    Ok(if let Some(tensor) = attrs.tensor("value")? {
        let (shape, data) = decode(tensor)?;
        (shape, tensor.data_type, data)
    } else if let Some(x) = attrs.float("value_float")? {
        (Vec::new(), 1, Const::Floats(vec![x]))
    } else if let Some(i) = attrs.int("value_int")? {
        (Vec::new(), 7, Const::Ints(vec![i]))
    } else if let Some(data) = attrs.floats("value_floats")? {
        (vec![data.len()], 1, Const::Floats(data.to_vec()))
    } else if let Some(data) = attrs.ints("value_ints")? {
        (vec![data.len()], 7, Const::Ints(data.to_vec()))
    } else {
        return unsupported(
            "only dense numeric constants are supported",
            "store numbers as a dense tensor",
        );
    })
}

/// `start` and `end` of `Shape`.
fn bounds(call: &Call<'_>, rank: usize) -> Result<std::ops::Range<usize>, ImportError> {
    let n = rank as i64;
    let clamp = |i: i64| (if i < 0 { i.saturating_add(n) } else { i }).clamp(0, n) as usize;
    let start = clamp(call.attrs.int("start")?.unwrap_or(0));
    let end = clamp(call.attrs.int("end")?.unwrap_or(n));
    Ok(start..end.max(start))
}

fn filled(call: &Call<'_>, b: &mut Builder) -> Result<(Vec<usize>, i32, Const), Fault> {
    let wanted = call
        .ints(b, 0, "the shape")?
        .ok_or_else(|| call.shape_error("the shape is missing"))?;
    let shape: Vec<usize> = wanted.iter().map(|&d| size("shape", d)).collect::<Result<_, _>>()?;
    b.reserve(&shape, 1)?;
    let n = elements(&shape).unwrap_or(0);
    let (data_type, value) = match call.attrs.tensor("value")? {
        Some(tensor) => (tensor.data_type, decode(tensor)?.1),
        None => (1, Const::Floats(vec![0.0])),
    };
    let data = match value {
        Const::Floats(data) => <[f32; 1]>::try_from(data).map(|[x]| Const::Floats(vec![x; n])).ok(),
        Const::Ints(data) => <[i64; 1]>::try_from(data).map(|[x]| Const::Ints(vec![x; n])).ok(),
    };
    Ok((
        shape,
        data_type,
        data.ok_or_else(|| call.shape_error("the value must be one number"))?,
    ))
}

/// Inference: the input. A mask, if asked for, is reported by the caller as not available.
fn dropout(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let training = call.number(b, 2, "training_mode")?.is_some_and(|x| x != 0.0);
    // Nothing is dropped.
    let training = training && call.number(b, 1, "the ratio")? != Some(0.0);
    if training || call.attrs.has("is_test") {
        return unsupported(
            "dropout is supported in inference only",
            "export the model in evaluation mode",
        );
    }
    Ok(call.required(0)?)
}

/// Constants are converted. At run time a value passes if the target holds all that its type holds.
pub fn cast(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let slot = b.slot(x)?;
    let shape = slot.shape.clone();
    let source = slot.data_type;
    let target = match call.op {
        "CastLike" => b.slot(call.required(1)?)?.data_type,
        _ => i32::try_from(call.attrs.int("to")?.unwrap_or(0)).unwrap_or(0),
    };
    if let Some(comparison) = b.compared(x) {
        return match integers(target) {
            None => super::compare::indicator(call, b, "", comparison),
            Some(_) => unsupported(
                format!(
                    "the operand is a comparison of values, which becomes 1 and 0 by a cast to floats, not to {}",
                    type_name(target)
                ),
                "cast to float32",
            ),
        };
    }
    let slot = b.slot(x)?;
    let Some(data) = &slot.constant else {
        if holds(target, source) && integers(source).is_none() {
            return Ok(x);
        }
        // What a circuit takes of an input of 64 bits is then what fits in 32.
        let narrowed = (source, target) == (7, 6) && b.is_of_inputs(x);
        if holds(target, source) || narrowed {
            // The same numbers under another type.
            let same = b.emit(&call.origin, "", Op::Reshape { shape }, &[x])?;
            b.slots
                .get_mut(same)
                .into_iter()
                .for_each(|slot| slot.data_type = target);
            if narrowed {
                b.bound(x, i32::MIN.into()..=i32::MAX.into(), same);
            }
            return Ok(same);
        }
        if target == BOOL {
            if let Some(truth) = super::truth::cast(call, b, x)? {
                return Ok(truth);
            }
        }
        let (from, to) = (type_name(source), type_name(target));
        return unsupported(
            format!("a cast of values that are not constant from {from} to {to}, which may change them"),
            "leave the cast out, or keep the values in float32",
        );
    };
    let Some(data) = converted(data, target) else {
        let to = type_name(target);
        return unsupported(
            format!("a constant that {to} does not hold, or a type that is not supported"),
            "store it in a type that holds it",
        );
    };
    b.reserve(&shape, 1)?;
    Ok(b.derived(
        &format!("Cast {target}"),
        &call.origin.output,
        shape,
        target,
        data,
        vec![x],
    ))
}

/// Whether every number of type `source` is one of type `target`. Float32 stands for all of its numbers and wider ones: what is proven are reals
/// near them, which are not rounded to 16 bits.
fn holds(target: i32, source: i32) -> bool {
    match (integers(source), integers(target)) {
        (Some((low, high)), Some((min, max))) => target == source || target != BOOL && min <= low && high <= max,
        (Some(_), None) => match target {
            1 | 11 => true,
            10 | 16 => matches!(source, 2 | 3 | 9),
            _ => false,
        },
        (None, None) => matches!(target, 1 | 11) || target == source,
        (None, Some(_)) => false,
    }
}

/// Floats round, or are cut to integers that have to be in range; integers wrap around.
fn converted(data: &Const, target: i32) -> Option<Const> {
    let Some((min, max)) = integers(target) else {
        let floats = data.clone().into_floats();
        let near: Vec<f32> = floats.iter().map(|&x| rounded(x, target)).collect();
        let finite = near.iter().zip(&floats).all(|(y, x)| y.is_finite() || !x.is_finite());
        return (matches!(target, 1 | 10 | 11 | 16) && finite).then_some(Const::Floats(near));
    };
    let ints: Option<Vec<i64>> = match data {
        _ if target == 9 => {
            let floats = data.clone().into_floats();
            Some(floats.into_iter().map(|x| (x != 0.0).into()).collect())
        }
        Const::Ints(data) => data.iter().map(|&x| wrapped(x, target)).collect(),
        Const::Floats(data) => data
            .iter()
            .map(|x| {
                let whole = x.trunc();
                let inside = f64::from(whole) >= min as f64 && f64::from(whole) < max as f64 + 1.0;
                inside.then_some(whole as i64)
            })
            .collect(),
    };
    ints.map(Const::Ints)
}
