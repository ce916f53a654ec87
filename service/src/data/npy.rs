//! NumPy `.npy` files, versions 1 and 2: little-endian `f4`, `f8`, `i8` in C order.
//!
//! Format: NEP 1. The first axis counts rows; whatever is not exactly this is refused.

use crate::data::sample::MAX_AXES;
use crate::error::CliError;
use provenn_prover::rows::Rows;

/// First bytes of a file.
pub const MAGIC: &[u8] = b"\x93NUMPY";
const MAX_HEADER: usize = 4096;

/// Rows of a data file of one input, with the shape of each.
pub fn parse(bytes: &[u8]) -> Result<Rows, CliError> {
    let (header, data) = checked(bytes)?;
    let values: Vec<f32> = header.values(data).map(|x| x as f32).collect();
    let shape = header.shape.get(1..).unwrap_or_default().to_vec();
    let per_row = shape.iter().product::<usize>().max(1);
    let rows = values.chunks(per_row).map(|row| vec![row.to_vec()]).collect();
    Ok(Rows {
        shapes: vec![Some(shape)],
        rows,
    })
}

/// Shape of a file and its elements. Integers beyond 2^53 are the nearest float.
pub fn array(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f64>), CliError> {
    let (header, data) = checked(bytes)?;
    let values = header.values(data).collect();
    Ok((header.shape, values))
}

/// A file of this shape, of 64-bit floats.
pub fn write(shape: &[usize], values: &[f64]) -> Vec<u8> {
    let axes: String = shape.iter().map(|axis| format!("{axis}, ")).collect();
    let mut header = format!(
        "{{'descr': '<f8', 'fortran_order': False, 'shape': ({}), }}",
        axes.trim_end()
    );
    // As numpy has it: data begin at a multiple of 64 bytes.
    let before = MAGIC.len() + 4;
    let padded = (before + header.len() + 1).next_multiple_of(64) - before - 1;
    header.extend(std::iter::repeat_n(' ', padded - header.len()));
    header.push('\n');
    let len = u16::try_from(header.len()).unwrap_or(u16::MAX);
    let data = values.iter().flat_map(|value| value.to_le_bytes());
    let head = MAGIC.iter().copied().chain([1, 0]).chain(len.to_le_bytes());
    head.chain(header.into_bytes()).chain(data).collect()
}

/// The shape of a file, the number of rows first, without its values.
pub fn shape(bytes: &[u8]) -> Result<Vec<usize>, CliError> {
    Ok(checked(bytes)?.0.shape)
}

/// Header and data, which are what the header says.
fn checked(bytes: &[u8]) -> Result<(Header, &[u8]), CliError> {
    let (header, data) = split(bytes)?;
    let header = Header::parse(header)?;
    let Some((&count, shape)) = header.shape.split_first() else {
        return Err(bad("the array has no axis".into()));
    };
    let per_row = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    let expected = per_row.and_then(|n| n.checked_mul(count)?.checked_mul(header.kind.width()));
    if expected != Some(data.len()) {
        return Err(bad(format!(
            "the shape {:?} does not fit {} bytes of data",
            header.shape,
            data.len()
        )));
    }
    match per_row {
        Some(0) | None => Err(bad("rows are empty".into())),
        Some(_) => Ok((header, data)),
    }
}

fn bad(reason: String) -> CliError {
    CliError::usage(
        "npy",
        format!("not a usable .npy file: {reason}"),
        "save with numpy.save: float32, float64 or int64, C order, one row per sample",
    )
}

/// Header text and data.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), CliError> {
    let cut = || bad("it ends early".into());
    let rest = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| bad("it does not begin as one".into()))?;
    let (len, rest) = match rest {
        [1, 0, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2, 0, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        [major, minor, ..] => return Err(bad(format!("version {major}.{minor}; 1.0 and 2.0 are supported"))),
        _ => return Err(cut()),
    };
    if len > MAX_HEADER {
        return Err(bad(format!(
            "a header of {len} bytes, at most {MAX_HEADER} are accepted"
        )));
    }
    let (header, data) = rest.split_at_checked(len).ok_or_else(cut)?;
    let header = std::str::from_utf8(header).map_err(|_| bad("the header is not text".into()))?;
    Ok((header, data))
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    F4,
    F8,
    I8,
}

impl Kind {
    fn width(self) -> usize {
        match self {
            Self::F4 => 4,
            Self::F8 | Self::I8 => 8,
        }
    }

    /// One element; `bytes` has [`Self::width`] bytes.
    fn value(self, bytes: &[u8]) -> f64 {
        let eight = || <[u8; 8]>::try_from(bytes).unwrap_or_default();
        match self {
            Self::F4 => f32::from_le_bytes(bytes.try_into().unwrap_or_default()).into(),
            Self::F8 => f64::from_le_bytes(eight()),
            Self::I8 => i64::from_le_bytes(eight()) as f64,
        }
    }
}

struct Header {
    kind: Kind,
    shape: Vec<usize>,
}

impl Header {
    /// The elements of the data that belongs to it.
    fn values<'a>(&self, data: &'a [u8]) -> impl Iterator<Item = f64> + use<'a> {
        let kind = self.kind;
        data.chunks_exact(kind.width()).map(move |bytes| kind.value(bytes))
    }

    /// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (64, 30), }` with its keys in any order.
    fn parse(text: &str) -> Result<Self, CliError> {
        let wrong = || bad("the header is not one that numpy.save writes".into());
        let mut rest = text
            .trim()
            .strip_prefix('{')
            .and_then(|t| t.strip_suffix('}'))
            .ok_or_else(wrong)?
            .trim();
        let (mut kind, mut order, mut shape) = (None, None, None);
        while !rest.is_empty() {
            let (key, after) = rest.split_once(':').ok_or_else(wrong)?;
            let after = after.trim_start();
            let end = match after.starts_with('(') {
                true => after.find(')').ok_or_else(wrong)? + 1,
                false => after.find(',').unwrap_or(after.len()),
            };
            let (value, after) = after.split_at_checked(end).ok_or_else(wrong)?;
            let repeated = match key.trim() {
                "'descr'" => kind.replace(value.trim()).is_some(),
                "'fortran_order'" => order.replace(value.trim()).is_some(),
                "'shape'" => shape.replace(value).is_some(),
                _ => true,
            };
            let after = after.trim_start();
            if repeated || !(after.is_empty() || after.starts_with(',')) {
                return Err(wrong());
            }
            rest = after.strip_prefix(',').unwrap_or("").trim_start();
        }
        let kind = match kind.ok_or_else(wrong)? {
            "'<f4'" => Kind::F4,
            "'<f8'" => Kind::F8,
            "'<i8'" => Kind::I8,
            other => {
                return Err(bad(format!(
                    "element type {other}; '<f4', '<f8' and '<i8' are supported"
                )))
            }
        };
        if order != Some("False") {
            return Err(bad("the array is not in C order".into()));
        }
        let shape = shape
            .and_then(|s| s.strip_prefix('(')?.strip_suffix(')'))
            .ok_or_else(wrong)?;
        let axes = shape.strip_suffix(',').unwrap_or(shape).split(',').map(str::trim);
        let shape = axes
            .map(|axis| axis.parse().map_err(|_| wrong()))
            .collect::<Result<Vec<usize>, _>>()?;
        if shape.len() > MAX_AXES {
            return Err(bad(format!("{} axes, at most {MAX_AXES} are accepted", shape.len())));
        }
        Ok(Self { kind, shape })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
