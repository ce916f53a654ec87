//! Constants, shapes, casts.

use super::{folded, Call};
use crate::onnx::attr::size;
use crate::onnx::build::{unsupported, Builder, Fault};
use crate::onnx::error::ImportError;
use crate::onnx::model::ValueId;
use crate::onnx::tensor::{decode, elements, Const};

pub fn lower(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let mut from = vec![];
    let (shape, data) = match call.op {
        "Constant" => {
            let (shape, data) = literal(call)?;
            return Ok(b.stored(&call.origin.output, shape, data));
        }
        "Identity" => return Ok(call.required(0)?),
        "Dropout" => return dropout(call, b),
        "Cast" => return cast(call, b),
        "ConstantOfShape" => filled(call, b)?,
        "Shape" => {
            let shape: Vec<i64> = b.shape(call.required(0)?)?.iter().map(|&d| d as i64).collect();
            let range = bounds(call, shape.len())?;
            let part = shape.get(range).unwrap_or_default().to_vec();
            (vec![part.len()], Const::Ints(part))
        }
        "Size" => {
            let n = elements(b.shape(call.required(0)?)?).unwrap_or(0);
            (Vec::new(), Const::Ints(vec![n as i64]))
        }
        _ => {
            from.extend(call.inputs.iter().flatten());
            folded::lower(call, b)?
        }
    };
    Ok(b.constant(&call.origin.output, shape, data, from))
}

fn literal(call: &Call<'_>) -> Result<(Vec<usize>, Const), Fault> {
    let attrs = call.attrs;
    Ok(if let Some(tensor) = attrs.tensor("value")? {
        decode(tensor)?
    } else if let Some(x) = attrs.float("value_float")? {
        (Vec::new(), Const::Floats(vec![x]))
    } else if let Some(i) = attrs.int("value_int")? {
        (Vec::new(), Const::Ints(vec![i]))
    } else if let Some(data) = attrs.floats("value_floats")? {
        (vec![data.len()], Const::Floats(data.to_vec()))
    } else if let Some(data) = attrs.ints("value_ints")? {
        (vec![data.len()], Const::Ints(data.to_vec()))
    } else {
        return unsupported("only dense numeric constants are supported");
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

fn filled(call: &Call<'_>, b: &mut Builder) -> Result<(Vec<usize>, Const), Fault> {
    let wanted = call
        .ints(b, 0, "the shape")?
        .ok_or_else(|| call.shape_error("the shape is missing"))?;
    let shape: Vec<usize> = wanted.iter().map(|&d| size("shape", d)).collect::<Result<_, _>>()?;
    b.reserve(&shape, 1)?;
    let n = elements(&shape).unwrap_or(0);
    let value = match call.attrs.tensor("value")? {
        Some(tensor) => decode(tensor)?.1,
        None => Const::Floats(vec![0.0]),
    };
    let data = match value {
        Const::Floats(data) => <[f32; 1]>::try_from(data).map(|[x]| Const::Floats(vec![x; n])).ok(),
        Const::Ints(data) => <[i64; 1]>::try_from(data).map(|[x]| Const::Ints(vec![x; n])).ok(),
    };
    Ok((
        shape,
        data.ok_or_else(|| call.shape_error("the value must be one number"))?,
    ))
}

/// Inference: the input. A mask, if asked for, is reported by the caller as not available.
fn dropout(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let training = call.number(b, 2, "training_mode")?.is_some_and(|x| x != 0.0);
    if training || call.attrs.has("is_test") {
        return unsupported("dropout is supported in inference only");
    }
    Ok(call.required(0)?)
}

/// Constants are converted. At run time every value is a real number, so casts to floats and widening are nothing.
fn cast(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let slot = b.slot(x)?;
    let (shape, integer) = (slot.shape.clone(), slot.integer);
    let target = call.attrs.int("to")?.unwrap_or(0);
    let Some(data) = slot.constant.clone() else {
        return match target {
            1 | 10 | 11 | 16 => Ok(x),
            6 | 7 if integer => Ok(x),
            _ => unsupported("a cast of values that are not constant must be between float types"),
        };
    };
    let data = match (target, data) {
        (1 | 10 | 11 | 16, data) => Const::Floats(data.into_floats()),
        (9, data) => Const::Ints(data.into_floats().into_iter().map(|x| (x != 0.0).into()).collect()),
        (6 | 7, Const::Floats(data)) => Const::Ints(data.into_iter().map(|x| x as i64).collect()),
        (6 | 7, ints) => ints,
        _ => return unsupported("the element type is not supported"),
    };
    b.reserve(&shape, 1)?;
    Ok(b.derived(&format!("Cast {target}"), &call.origin.output, shape, data, vec![x]))
}
