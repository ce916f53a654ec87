//! Operators that repeat, cut out and rearrange elements.

use super::maps::{indices, number, picked};
use super::table::{one, Operator};
use super::Call;
use crate::graph::{elements, Op, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{remedy, unsupported, Builder, Fault};
use crate::onnx::tensor::Const;

pub const TABLE: &[Operator] = &[
    one("CenterCropPad", center_crop_pad, "constant shape"),
    one("DepthToSpace", depth_to_space, ""),
    one("EyeLike", eye_like, ""),
    one("ReverseSequence", reverse_sequence, "constant lengths"),
    one("SpaceToDepth", space_to_depth, ""),
    one("Tile", tile, "constant repeats"),
    one("Trilu", trilu, "constant `k`"),
];

/// A gather of whole slices of one axis.
pub fn gathered(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    x: ValueId,
    (axis, indices): (usize, Vec<usize>),
) -> Result<ValueId, Fault> {
    let extent = b.shape(x)?.get(axis).copied().unwrap_or(0);
    if indices.iter().copied().eq(0..extent) {
        return Ok(x);
    }
    let op = Op::Gather {
        axis,
        indices_shape: vec![indices.len()],
        indices,
    };
    b.emit(&call.origin, label, op, &[x])
}

fn tile(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let mut x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let repeats = call.ints(b, 1, "the repeats")?;
    let repeats = repeats.filter(|r| r.len() == shape.len());
    let repeats = repeats.ok_or_else(|| call.shape_error("the repeats must be one integer for each axis"))?;
    for (axis, (&extent, repeat)) in shape.iter().zip(repeats).enumerate() {
        let repeat = size("repeats", repeat)?;
        b.reserve(&[extent, repeat], 1)?;
        let indices = (0..repeat).flat_map(|_| 0..extent).collect();
        x = gathered(call, b, &format!("{axis}"), x, (axis, indices))?;
    }
    Ok(x)
}

/// `[n, c, h, w]`, and the block size.
fn blocks(call: &Call<'_>, b: &Builder) -> Result<([usize; 4], usize), Fault> {
    let shape = <[usize; 4]>::try_from(b.shape(call.required(0)?)?);
    let shape = shape.map_err(|_| call.shape_error("the input must have four axes"))?;
    let block = size("blocksize", call.attrs.int("blocksize")?.unwrap_or(0))?;
    match block {
        0 => Err(call.shape_error("the block size is missing or 0")),
        block => Ok((shape, block)),
    }
}

/// Splits into six axes, permutes them, joins them.
fn rearranged(
    call: &Call<'_>,
    b: &mut Builder,
    split: [usize; 6],
    perm: [usize; 6],
    to: [usize; 4],
) -> Result<ValueId, Fault> {
    let shape = split.to_vec();
    let x = b.emit(&call.origin, "split", Op::Reshape { shape }, &[call.required(0)?])?;
    let perm = perm.to_vec();
    let x = b.emit(&call.origin, "turned", Op::Transpose { perm }, &[x])?;
    b.emit(&call.origin, "", Op::Reshape { shape: to.to_vec() }, &[x])
}

fn depth_to_space(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let ([n, c, h, w], s) = blocks(call, b)?;
    let depth = c / s.saturating_mul(s);
    let to = [n, depth, h.saturating_mul(s), w.saturating_mul(s)];
    match call.attrs.string("mode")? {
        "" | "DCR" => rearranged(call, b, [n, s, s, depth, h, w], [0, 3, 4, 1, 5, 2], to),
        "CRD" => rearranged(call, b, [n, depth, s, s, h, w], [0, 1, 4, 2, 5, 3], to),
        other => unsupported(format!("mode `{other}` is unknown"), remedy::STANDARD),
    }
}

fn space_to_depth(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let ([n, c, h, w], s) = blocks(call, b)?;
    let to = [n, c.saturating_mul(s).saturating_mul(s), h / s, w / s];
    rearranged(call, b, [n, c, h / s, s, w / s, s], [0, 3, 5, 1, 2, 4], to)
}

/// Elements above or below a diagonal, others are 0.
pub fn trilu(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let k = call.number(b, 1, "k")?.unwrap_or(0.0) as i64;
    let upper = call.attrs.flag("upper", true)?;
    if shape.len() < 2 {
        return Err(call.shape_error("the input must have two axes at least"));
    }
    b.reserve(&shape, 1)?;
    let kept = |(i, index): (usize, Vec<usize>)| {
        let [.., row, column] = index.as_slice() else {
            return None;
        };
        let diagonal = (*column as i64).saturating_sub(*row as i64);
        let inside = if upper { diagonal >= k } else { diagonal <= k };
        inside.then_some(i)
    };
    let sources: Vec<Option<usize>> = indices(&shape).enumerate().map(kept).collect();
    picked(call, b, "", x, &shape, (&sources, 0.0))
}

fn eye_like(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let slot = b.slot(call.required(0)?)?;
    let (shape, own) = (slot.shape.clone(), slot.data_type);
    let data_type = call.attrs.int("dtype")?.map_or(own, |t| i32::try_from(t).unwrap_or(0));
    let k = call.attrs.int("k")?.unwrap_or(0);
    if shape.len() != 2 {
        return Err(call.shape_error("the input must be a matrix"));
    }
    b.reserve(&shape, 1)?;
    let one = |index: Vec<usize>| match index.as_slice() {
        [row, column] => i64::from((*column as i64).saturating_sub(*row as i64) == k),
        _ => 0,
    };
    let ones: Vec<i64> = indices(&shape).map(one).collect();
    let data = match data_type {
        1 | 10 | 11 | 16 => Const::Floats(ones.into_iter().map(|x| x as f32).collect()),
        2..=7 | 9 | 12 | 13 => Const::Ints(ones),
        _ => return unsupported("a result of this element type", "use float32 or an integer type"),
    };
    Ok(b.constant(&call.origin.output, shape, data_type, data, vec![]))
}

/// The first elements of each sequence turned around.
fn reverse_sequence(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let axis = |name: &str, default: i64| Ok::<_, Fault>(call.attrs.int(name)?.unwrap_or(default));
    let batch = call.axis(axis("batch_axis", 1)?, shape.len())?;
    let time = call.axis(axis("time_axis", 0)?, shape.len())?;
    let lengths = call.ints(b, 1, "the lengths")?.unwrap_or_default();
    let steps = shape.get(time).copied().unwrap_or(0);
    let lengths: Vec<usize> = lengths
        .iter()
        .map(|&n| size("sequence_lens", n))
        .collect::<Result<_, _>>()?;
    let fits = batch != time && shape.get(batch) == Some(&lengths.len()) && lengths.iter().all(|&n| n <= steps);
    if !fits {
        return Err(call.shape_error("the lengths do not fit the sequences"));
    }
    b.reserve(&shape, 1)?;
    let source = |mut index: Vec<usize>| {
        let length = index.get(batch).and_then(|&i| lengths.get(i)).copied().unwrap_or(0);
        let at = index.iter_mut().skip(time).take(1).filter(|t| **t < length);
        at.for_each(|t| *t = length - 1 - *t);
        Some(number(&index, &shape))
    };
    let sources: Vec<Option<usize>> = indices(&shape).map(source).collect();
    picked(call, b, "", x, &shape, (&sources, 0.0))
}

fn center_crop_pad(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let from = b.shape(x)?.to_vec();
    let wanted = call.ints(b, 1, "the shape")?;
    let wanted = wanted.ok_or_else(|| call.shape_error("the shape is missing"))?;
    let axes = match call.attrs.ints("axes")? {
        Some(axes) => call.axes(axes, from.len())?,
        None => (0..from.len()).collect(),
    };
    if axes.len() != wanted.len() {
        return Err(call.shape_error("the shape has another number of axes"));
    }
    let (mut ranges, mut pads) = (
        from.iter().map(|&d| (0, d, 1)).collect::<Vec<_>>(),
        vec![(0, 0); from.len()],
    );
    for (axis, wanted) in axes.into_iter().zip(wanted) {
        let (wanted, own) = (size("shape", wanted)?, from.get(axis).copied().unwrap_or(0));
        if let (Some(range), Some(pad)) = (ranges.get_mut(axis), pads.get_mut(axis)) {
            // Of an odd number the larger half is at the end.
            let (cut, more) = (own.saturating_sub(wanted), wanted.saturating_sub(own));
            *range = (cut / 2, own - cut, 1);
            *pad = (more / 2, more - more / 2);
        }
    }
    let mut y = x;
    if ranges.iter().zip(&from).any(|(r, d)| r.1 != *d) {
        y = b.emit(&call.origin, "cut", Op::Slice { ranges }, &[y])?;
    }
    if pads.iter().any(|p| *p != (0, 0)) {
        y = b.emit(&call.origin, "", Op::Pad { pads, value: 0.0 }, &[y])?;
    }
    if elements(b.shape(y)?) == Some(0) {
        return Err(call.shape_error("nothing is left"));
    }
    Ok(y)
}
