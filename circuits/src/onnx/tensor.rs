//! Constants while importing: exact integers or floats.

use super::error::ImportError;
use crate::graph::{elements, InputType};
use half::{bf16, f16};
use onnx_protobuf::{tensor_proto::DataLocation, TensorProto};

/// The elements of a constant. Booleans are integers 0 and 1.
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    Floats(Vec<f32>),
    Ints(Vec<i64>),
}

impl Const {
    pub fn into_floats(self) -> Vec<f32> {
        match self {
            Self::Floats(data) => data,
            Self::Ints(data) => data.into_iter().map(|i| i as f32).collect(),
        }
    }
}

/// Refuses tensors (also in attributes) whose data is in another file.
pub fn refuse_external(tensor: &TensorProto) -> Result<(), ImportError> {
    if tensor.data_location.value() == DataLocation::DEFAULT as i32 && tensor.external_data.is_empty() {
        return Ok(());
    }
    Err(ImportError::ExternalData {
        tensor: tensor.name.clone(),
    })
}

/// Decodes a tensor; the number of elements must be exactly what the shape says.
pub fn decode(tensor: &TensorProto) -> Result<(Vec<usize>, Const), ImportError> {
    refuse_external(tensor)?;
    let bad = |what: &str| ImportError::malformed(format!("tensor `{}`: {what}", tensor.name));
    if tensor.segment.is_some() {
        return Err(bad("segments are not used by ONNX files"));
    }
    let shape: Option<Vec<usize>> = tensor.dims.iter().map(|&d| usize::try_from(d).ok()).collect();
    let shape = shape.ok_or_else(|| bad("negative extent"))?;
    let expected = elements(&shape).ok_or_else(|| bad("absurd shape"))?;
    let data = data(tensor, expected).ok_or_else(|| {
        let kind = type_name(tensor.data_type);
        bad(&format!(
            "{kind} elements are not supported, or a number is out of range of the type"
        ))
    })?;
    let got = match &data {
        Const::Floats(data) => data.len(),
        Const::Ints(data) => data.len(),
    };
    let whole = width(tensor.data_type).is_none_or(|w| tensor.raw_data.chunks_exact(w).remainder().is_empty());
    if got != expected || !whole {
        return Err(bad(&format!("{got} elements for shape {shape:?}")));
    }
    Ok((shape, data))
}

/// Bytes of one raw element, if it has whole bytes.
fn width(data_type: i32) -> Option<usize> {
    Some(match data_type {
        2 | 3 | 9 | 17..=20 => 1,
        4 | 5 | 10 | 16 => 2,
        1 | 6 | 12 => 4,
        7 | 11 | 13 => 8,
        _ => return None,
    })
}

/// Elements of a few bits: floats by exponent and mantissa, integers by [`integers`]. Those of less than a byte fill bytes from their
/// lowest bits on.
fn small(t: &TensorProto, expected: usize) -> Option<Const> {
    let bits = few_bits(t.data_type)?;
    let bytes: Vec<u8> = match t.raw_data.as_slice() {
        [] => t
            .int32_data
            .iter()
            .map(|&i| u8::try_from(i).ok())
            .collect::<Option<_>>()?,
        raw => raw.to_vec(),
    };
    let each = 8 / bits;
    if bytes.len() != expected.div_ceil(each) {
        return None;
    }
    let mask = u8::MAX >> (8 - bits);
    let all = bytes
        .iter()
        .flat_map(|&byte| (0..each).map(move |i| byte >> (i * bits) & mask));
    let all = all.take(expected);
    Some(match integers(t.data_type) {
        Some((min, _)) => {
            let signed = |v: u8| i64::from(v) - if min < 0 && i64::from(v) >= -min { -2 * min } else { 0 };
            Const::Ints(all.map(signed).collect())
        }
        None => Const::Floats(all.map(|v| small_float(v, t.data_type)).collect()),
    })
}

/// Bits of an element of the types that have a byte at most and no other form.
pub fn few_bits(data_type: i32) -> Option<usize> {
    match data_type {
        17..=20 => Some(8),
        21..=23 => Some(4),
        25 | 26 => Some(2),
        _ => None,
    }
}

/// The number that a float of a byte or less is.
fn small_float(v: u8, data_type: i32) -> f32 {
    // Bits of the mantissa, and what is taken from the exponent.
    let (bits, mantissa, bias) = match data_type {
        17 => (8, 3, 7),
        18 => (8, 3, 8),
        19 => (8, 2, 15),
        20 => (8, 2, 16),
        _ => (4, 1, 1),
    };
    let sign = if v >> (bits - 1) == 1 { -1.0 } else { 1.0 };
    let magnitude = v & (u8::MAX >> (9 - bits));
    match (data_type, v, magnitude) {
        (17, _, 0x7f) | (18 | 20, 0x80, _) | (19, _, 0x7d..) => return f32::NAN,
        (19, _, 0x7c) => return sign * f32::INFINITY,
        _ => {}
    }
    let (exponent, part) = (
        i32::from(magnitude >> mantissa),
        f32::from(magnitude & ((1 << mantissa) - 1)),
    );
    let share = part / f32::from(1u8 << mantissa);
    sign * match exponent {
        0 => share * 2f32.powi(1 - bias),
        exponent => (1.0 + share) * 2f32.powi(exponent - bias),
    }
}

/// The elements; `None` for types without meaning here and integers beyond 63 bits.
fn data(t: &TensorProto, expected: usize) -> Option<Const> {
    if few_bits(t.data_type).is_some() {
        return small(t, expected);
    }
    let raw = t.raw_data.as_slice();
    if raw.is_empty() {
        return Some(match t.data_type {
            1 => Const::Floats(t.float_data.clone()),
            10 => Const::Floats(
                bits(&t.int32_data)?
                    .into_iter()
                    .map(|b| f16::from_bits(b).to_f32())
                    .collect(),
            ),
            11 => Const::Floats(t.double_data.iter().map(|&x| x as f32).collect()),
            16 => Const::Floats(
                bits(&t.int32_data)?
                    .into_iter()
                    .map(|i| f32::from_bits(u32::from(i) << 16))
                    .collect(),
            ),
            2..=6 | 9 => within(t.data_type, t.int32_data.iter().map(|&i| i.into()).collect())?,
            7 => Const::Ints(t.int64_data.clone()),
            12 | 13 => {
                let data: Option<Vec<i64>> = t.uint64_data.iter().map(|&i| i.try_into().ok()).collect();
                within(t.data_type, data?)?
            }
            _ => return None,
        });
    }
    Some(match t.data_type {
        1 => Const::Floats(words(raw, f32::from_le_bytes)),
        2 => Const::Ints(words(raw, |[b]| b.into())),
        3 => Const::Ints(words(raw, |b| i8::from_le_bytes(b).into())),
        4 => Const::Ints(words(raw, |b| u16::from_le_bytes(b).into())),
        5 => Const::Ints(words(raw, |b| i16::from_le_bytes(b).into())),
        6 => Const::Ints(words(raw, |b| i32::from_le_bytes(b).into())),
        7 => Const::Ints(words(raw, i64::from_le_bytes)),
        9 => within(9, words(raw, |[b]| b.into()))?,
        10 => Const::Floats(words(raw, |b| f16::from_le_bytes(b).to_f32())),
        11 => Const::Floats(words(raw, |b| f64::from_le_bytes(b) as f32)),
        12 => Const::Ints(words(raw, |b| u32::from_le_bytes(b).into())),
        13 => Const::Ints(
            words(raw, |b| i64::try_from(u64::from_le_bytes(b)).ok())
                .into_iter()
                .collect::<Option<_>>()?,
        ),
        16 => Const::Floats(words(raw, |b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16))),
        _ => return None,
    })
}

/// Integers, if the type holds all of them.
fn within(data_type: i32, data: Vec<i64>) -> Option<Const> {
    let (min, max) = integers(data_type)?;
    let inside = data.iter().all(|x| (min..=max).contains(x));
    inside.then_some(Const::Ints(data))
}

/// The bits of 16-bit floats.
fn bits(data: &[i32]) -> Option<Vec<u16>> {
    data.iter().map(|&i| u16::try_from(i).ok()).collect()
}

/// The smallest and the largest integer (below 2^63) of an element type. `None` for floats.
pub fn integers(data_type: i32) -> Option<(i64, i64)> {
    Some(match data_type {
        2 => (0, u8::MAX.into()),
        3 => (i8::MIN.into(), i8::MAX.into()),
        4 => (0, u16::MAX.into()),
        5 => (i16::MIN.into(), i16::MAX.into()),
        6 => (i32::MIN.into(), i32::MAX.into()),
        7 => (i64::MIN, i64::MAX),
        9 => (0, 1),
        12 => (0, u32::MAX.into()),
        13 => (0, i64::MAX),
        21 => (0, 15),
        22 => (-8, 7),
        25 => (0, 3),
        26 => (-2, 1),
        _ => return None,
    })
}

/// The number of 16-bit floats among the types of ONNX.
const FLOAT16: i32 = 10;

/// Which numbers the elements of an input of this element type may be.
pub fn input_type(data_type: i32) -> InputType {
    match integers(data_type) {
        Some((least, largest)) => InputType::Integers { least, largest },
        None if data_type == FLOAT16 => InputType::Float16,
        None => InputType::Reals,
    }
}

/// What an element type is called.
pub fn type_name(data_type: i32) -> &'static str {
    match data_type {
        1 => "float32",
        2 => "uint8",
        3 => "int8",
        4 => "uint16",
        5 => "int16",
        6 => "int32",
        7 => "int64",
        8 => "string",
        9 => "bool",
        10 => "float16",
        11 => "float64",
        12 => "uint32",
        13 => "uint64",
        14 | 15 => "complex",
        16 => "bfloat16",
        17..=20 => "float8",
        21 => "uint4",
        22 => "int4",
        23 => "float4",
        25 => "uint2",
        26 => "int2",
        _ => "unknown",
    }
}

/// The integer modulo the size of its type. `None` where a type of 64 bits or a truth value does not hold it.
pub fn wrapped(x: i64, data_type: i32) -> Option<i64> {
    let (min, max) = integers(data_type)?;
    if (min..=max).contains(&x) {
        return Some(x);
    }
    Some(match data_type {
        2 => (x as u8).into(),
        3 => (x as i8).into(),
        4 => (x as u16).into(),
        5 => (x as i16).into(),
        6 => (x as i32).into(),
        12 => (x as u32).into(),
        _ => return None,
    })
}

/// The nearest number of a float type, even among two; infinite beyond the largest.
pub fn rounded(x: f32, data_type: i32) -> f32 {
    match data_type {
        10 => f16::from_f32(x).to_f32(),
        16 => bf16::from_f32(x).to_f32(),
        _ => x,
    }
}

fn words<const N: usize, T>(raw: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
    raw.chunks_exact(N)
        .filter_map(|chunk| chunk.try_into().ok())
        .map(read)
        .collect()
}
