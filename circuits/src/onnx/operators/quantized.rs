//! Values as integers of a scale and back.

use super::maps::reshaped;
use super::table::{one, Operator};
use super::Call;
use crate::graph::{Binary, Function, Op, Unary, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{remedy, unsupported, Builder, Fault};
use crate::onnx::tensor::{integers, type_name, Const};

pub const TABLE: &[Operator] = &[
    one("DequantizeLinear", dequantize, ""),
    one(
        "QuantizeLinear",
        quantize,
        "to integers of 8 or 16 bits, constant scale",
    ),
];

/// A scale or zero point as it stands to the value: one number, one for each element of an axis, or for each block of one.
fn spread(call: &Call<'_>, b: &mut Builder, label: &str, parameter: ValueId) -> Result<ValueId, Fault> {
    let shape = b.shape(call.required(0)?)?.to_vec();
    let own = b.shape(parameter)?.to_vec();
    if own.iter().product::<usize>() == 1 && own.len() <= 1 {
        return reshaped(call, b, label, parameter, vec![]);
    }
    let axis = call.axis(call.attrs.int("axis")?.unwrap_or(1), shape.len())?;
    let block = size("block_size", call.attrs.int("block_size")?.unwrap_or(0))?;
    let extent = shape.get(axis).copied().unwrap_or(0);
    let misfit = || call.shape_error(format!("a scale or zero point of shape {own:?} for {shape:?}"));
    if block == 0 {
        let along = (0..shape.len()).map(|i| if i == axis { extent } else { 1 }).collect();
        return match own.as_slice() {
            [n] if *n == extent => reshaped(call, b, label, parameter, along),
            _ => Err(misfit()),
        };
    }
    let blocks = extent.div_ceil(block);
    let expected = shape
        .iter()
        .enumerate()
        .map(|(i, &d)| if i == axis { blocks } else { d });
    if !expected.eq(own.iter().copied()) {
        return Err(misfit());
    }
    let indices = (0..extent).map(|i| i / block).collect();
    super::shapes::gathered(call, b, label, parameter, (axis, indices))
}

/// Integers of a file as floats.
fn as_floats(call: &Call<'_>, b: &mut Builder, label: &str, x: ValueId) -> Result<ValueId, Fault> {
    let slot = b.slot(x)?;
    let Some(Const::Ints(data)) = slot.constant.clone() else {
        return Ok(x);
    };
    let shape = slot.shape.clone();
    b.reserve(&shape, 1)?;
    let data = Const::Floats(Const::Ints(data).into_floats());
    let name = format!("{}/{label}", call.origin.output);
    Ok(b.derived("floats", &name, shape, 1, data, vec![x]))
}

/// `(x - zero point) scale`.
fn dequantize(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let mut y = as_floats(call, b, "floats", call.required(0)?)?;
    if let Some(zero) = call.optional(2) {
        let zero = as_floats(call, b, "zero", zero)?;
        let zero = spread(call, b, "zero/wide", zero)?;
        y = b.emit(&call.origin, "shifted", Op::Sub, &[y, zero])?;
    }
    let scale = spread(call, b, "scale/wide", call.required(1)?)?;
    b.emit(&call.origin, "", Op::Mul, &[y, scale])
}

/// `x / scale` to the nearest integer, halves to the even one, and the zero point, within the type.
fn quantize(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let declared = call.attrs.int("output_dtype")?.unwrap_or(0);
    let data_type = match call.optional(2) {
        Some(zero) => b.slot(zero)?.data_type,
        None if declared == 0 => 2,
        None => i32::try_from(declared).unwrap_or(0),
    };
    let Some((least, largest)) = integers(data_type).filter(|_| matches!(data_type, 2..=5)) else {
        return unsupported(
            format!("integers of type {}", type_name(data_type)),
            "quantize to 8 or 16 bits",
        );
    };
    let scale = call.required(1)?;
    if b.slot(scale)?.constant.is_none() {
        return unsupported("the scale must be constant", remedy::FOLD);
    }
    if b.number(scale).is_some_and(|scale| !scale.is_finite() || scale <= 0.0) {
        return unsupported("a scale that is not a positive finite number", remedy::FINITE);
    }
    let zero = match call.optional(2) {
        Some(zero) => Some(as_floats(call, b, "zero", zero)?),
        None => None,
    };
    let offset = zero.map_or(Some(0.0), |zero| b.number(zero));
    let y = match (b.number(scale), offset) {
        // Between the bounds of the type before the function, whose table needs not reach further.
        (Some(scale), Some(offset)) => {
            let bound = |bound: i64| Some((bound as f32 - offset) * scale);
            let within = Op::Clip {
                min: bound(least),
                max: bound(largest),
            };
            let within = b.emit(&call.origin, "within", within, &[x])?;
            let rounded = Function::Variable
                .with(Binary::Div, f64::from(scale))
                .then(Unary::Round);
            let shifted = rounded.with(Binary::Add, f64::from(offset));
            b.emit(&call.origin, "", Op::Function(shifted), &[within])?
        }
        _ => {
            let one = b.scalar(1.0);
            let inverse = b.emit(&call.origin, "inverse", Op::Div, &[one, scale])?;
            let inverse = spread(call, b, "inverse/wide", inverse)?;
            let scaled = b.emit(&call.origin, "scaled", Op::Mul, &[x, inverse])?;
            let mut y = super::functions::of(call, b, "rounded", Unary::Round, scaled)?;
            if let Some(zero) = zero {
                let zero = spread(call, b, "zero/wide", zero)?;
                y = b.emit(&call.origin, "shifted", Op::Add, &[y, zero])?;
            }
            let within = Op::Clip {
                min: Some(least as f32),
                max: Some(largest as f32),
            };
            b.emit(&call.origin, "", within, &[y])?
        }
    };
    if b.slot(y)?.constant.is_some() {
        return unsupported("a constant", "store the integers");
    }
    b.slots
        .get_mut(y)
        .into_iter()
        .for_each(|slot| slot.data_type = data_type);
    Ok(y)
}
