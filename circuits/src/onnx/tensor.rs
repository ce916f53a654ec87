//! Constants while importing: exact integers or floats.

use super::error::ImportError;
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

/// The product of the extents. `None` if it, or that of the extents other than 0, does not fit in `isize`.
pub fn elements(shape: &[usize]) -> Option<usize> {
    let mut factors = shape.iter().filter(|&&d| d != 0);
    let product = factors
        .try_fold(1usize, |n, &d| n.checked_mul(d))
        .filter(|&n| isize::try_from(n).is_ok())?;
    Some(if shape.contains(&0) { 0 } else { product })
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
    let data = data(tensor).ok_or_else(|| bad("element type is not supported, or a number is out of range"))?;
    let got = match &data {
        Const::Floats(data) => data.len(),
        Const::Ints(data) => data.len(),
    };
    let whole = width(tensor.data_type).is_some_and(|w| tensor.raw_data.chunks_exact(w).remainder().is_empty());
    if got != expected || !whole {
        return Err(bad(&format!("{got} elements for shape {shape:?}")));
    }
    Ok((shape, data))
}

/// Bytes of one raw element.
fn width(data_type: i32) -> Option<usize> {
    Some(match data_type {
        2 | 3 | 9 => 1,
        4 | 5 | 10 | 16 => 2,
        1 | 6 | 12 => 4,
        7 | 11 | 13 => 8,
        _ => return None,
    })
}

/// The elements; `None` for types without meaning here and integers beyond 63 bits.
fn data(t: &TensorProto) -> Option<Const> {
    let raw = t.raw_data.as_slice();
    if raw.is_empty() {
        return Some(match t.data_type {
            1 => Const::Floats(t.float_data.clone()),
            10 => Const::Floats(t.int32_data.iter().map(|&i| half(i as u16)).collect()),
            11 => Const::Floats(t.double_data.iter().map(|&x| x as f32).collect()),
            16 => Const::Floats(
                t.int32_data
                    .iter()
                    .map(|&i| f32::from_bits((i as u32 & 0xffff) << 16))
                    .collect(),
            ),
            2..=6 | 9 => Const::Ints(t.int32_data.iter().map(|&i| i.into()).collect()),
            7 => Const::Ints(t.int64_data.clone()),
            12 | 13 => Const::Ints(
                t.uint64_data
                    .iter()
                    .map(|&i| i.try_into().ok())
                    .collect::<Option<_>>()?,
            ),
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
        9 => Const::Ints(words(raw, |[b]| (b != 0).into())),
        10 => Const::Floats(words(raw, |b| half(u16::from_le_bytes(b)))),
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

fn words<const N: usize, T>(raw: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
    raw.chunks_exact(N)
        .filter_map(|chunk| chunk.try_into().ok())
        .map(read)
        .collect()
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f32::from(bits & 0x3ff);
    sign * match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        e => (1.0 + fraction / 1024.0) * 2f32.powi(e - 15),
    }
}
