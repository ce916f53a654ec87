//! Linear operators over sequences: rotations by position, causal convolutions, windows put back together.

use super::geometry::Geometry;
use super::maps::{along, indices, number, reshaped, Map};
use super::table::{many, one, Operator};
use super::windows::{convolution, Convolution};
use super::Call;
use crate::graph::{Axis, Binary, Function, Op, Unary, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{remedy, unsupported, Builder, Fault};

pub const TABLE: &[Operator] = &[
    many("CausalConvWithState", causal, "constant weights"),
    one("Col2Im", col2im, "constant shapes"),
    one("RotaryEmbedding", rotary, ""),
];

/// Pairs of elements rotated by angles of their position: `x cos - y sin` and `x sin + y cos`.
pub fn rotary(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let from = &call.origin;
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let heads = size("num_heads", call.attrs.int("num_heads")?.unwrap_or(0))?;
    // As [batch, position, head, element].
    let (y, turned) = match *shape.as_slice() {
        [n, t, hidden] if heads > 0 && hidden % heads == 0 => {
            (reshaped(call, b, "heads", x, vec![n, t, heads, hidden / heads])?, false)
        }
        [_, _, _, _] => {
            let op = Op::Transpose { perm: vec![0, 2, 1, 3] };
            (b.emit(from, "heads", op, &[x])?, true)
        }
        _ => return Err(call.shape_error("the input must have four axes, or three and `num_heads`")),
    };
    let own = b.shape(y)?.to_vec();
    let element = own.last().copied().unwrap_or(0);
    let rotated = match size(
        "rotary_embedding_dim",
        call.attrs.int("rotary_embedding_dim")?.unwrap_or(0),
    )? {
        0 => element,
        dim => dim,
    };
    if rotated == 0 || rotated % 2 == 1 || rotated > element {
        return Err(call.shape_error(format!("{rotated} rotated elements of {element}")));
    }
    let half = rotated / 2;
    let mut caches = vec![];
    for (i, label) in [(1, "cos"), (2, "sin")] {
        let mut cache = call.required(i)?;
        if let Some(places) = call.ints(b, 3, "the positions")? {
            let extent = b.shape(cache)?.first().copied().unwrap_or(0);
            let places: Result<Vec<usize>, Fault> = places.iter().map(|&p| call.axis(p, extent)).collect();
            let op = Op::Gather {
                axis: 0,
                indices: places.map_err(|_| call.shape_error("a position is not in the cache"))?,
                indices_shape: b.shape(call.required(3)?)?.to_vec(),
            };
            cache = b.emit(from, label, op, &[cache])?;
        }
        let &[n, t, width] = b.shape(cache)? else {
            return Err(call.shape_error("a cache must have three axes, or two and positions"));
        };
        if width != half || Some(&n) != own.first() || Some(&t) != own.get(1) {
            return Err(call.shape_error("a cache that does not fit the input"));
        }
        caches.push(reshaped(call, b, &format!("{label}/wide"), cache, vec![n, t, 1, half])?);
    }
    let &[cos, sin] = caches.as_slice() else {
        return Err(call.shape_error("two caches are needed"));
    };
    let interleaved = call.attrs.flag("interleaved", false)?;
    let slice = |b: &mut Builder, label: &str, range: (usize, usize, i64)| {
        let whole = own.iter().take(3).map(|&d| (0, d, 1));
        let ranges = whole.chain([range]).collect();
        b.emit(from, label, Op::Slice { ranges }, &[y])
    };
    let ((first, second), step) = match interleaved {
        true => ((0, 1), 2),
        false => ((0, half), 1),
    };
    let step = if half == 1 { 1 } else { step };
    let (first, second) = (
        slice(b, "first", (first, half, step))?,
        slice(b, "second", (second, half, step))?,
    );
    let mut product = |label: &str, x: ValueId, by: ValueId| b.emit(from, label, Op::Mul, &[x, by]);
    let (a, c) = (product("first/cos", first, cos)?, product("second/sin", second, sin)?);
    let (d, e) = (product("first/sin", first, sin)?, product("second/cos", second, cos)?);
    let real = b.emit(from, "real", Op::Sub, &[a, c])?;
    let imaginary = b.emit(from, "imaginary", Op::Add, &[d, e])?;
    let lead = own.get(..3).unwrap_or_default().to_vec();
    let mut parts = match interleaved {
        false => vec![real, imaginary],
        true => {
            let pair = [lead.clone(), vec![half, 1]].concat();
            let real = reshaped(call, b, "real/pair", real, pair.clone())?;
            let imaginary = reshaped(call, b, "imaginary/pair", imaginary, pair)?;
            let both = b.emit(from, "pairs", Op::Concat { axis: 4 }, &[real, imaginary])?;
            vec![reshaped(call, b, "rotated", both, [lead, vec![rotated]].concat())?]
        }
    };
    if rotated < element {
        parts.push(slice(b, "rest", (rotated, element - rotated, 1))?);
    }
    let all = match parts.as_slice() {
        [one] => *one,
        all => b.emit(from, "all", Op::Concat { axis: 3 }, all)?,
    };
    match turned {
        true => b.emit(from, "", Op::Transpose { perm: vec![0, 2, 1, 3] }, &[all]),
        false => reshaped(call, b, "", all, shape),
    }
}

/// A convolution of each channel with what came before, and what the next call needs.
fn causal(call: &Call<'_>, b: &mut Builder) -> Result<Vec<Option<ValueId>>, Fault> {
    let from = &call.origin;
    let activation = match call.attrs.string("activation")? {
        "" | "none" => None,
        "silu" | "swish" => Some(
            Function::Variable
                .then(Unary::Sigmoid)
                .with(Binary::Mul, Function::Variable),
        ),
        other => {
            return unsupported(
                format!("the activation `{}` is unknown", crate::onnx::shown(other)),
                remedy::STANDARD,
            )
        }
    };
    let (x, w) = (call.required(0)?, call.required(1)?);
    let &[n, c, length] = b.shape(x)? else {
        return Err(call.shape_error("the input must have three axes"));
    };
    let kernel = b.shape(w)?.get(2..).unwrap_or_default().to_vec();
    let (&[taps], true) = (kernel.as_slice(), b.shape(w)?.first() == Some(&c)) else {
        return Err(call.shape_error("the weights must have three axes, one kernel for each channel"));
    };
    let before = taps.saturating_sub(1);
    let padded = match call.optional(3) {
        _ if before == 0 => x,
        Some(past) if *b.shape(past)? == [n, c, before] => {
            b.emit(from, "padded", Op::Concat { axis: 2 }, &[past, x])?
        }
        Some(_) => return Err(call.shape_error("the state does not fit the kernel")),
        None => {
            let pads = vec![(0, 0), (0, 0), (before, 0)];
            b.emit(from, "padded", Op::Pad { pads, value: 0.0 }, &[x])?
        }
    };
    let conv = Convolution {
        geometry: Geometry {
            kernel: vec![taps],
            strides: vec![1],
            dilations: vec![1],
            spatial: vec![length + before],
        },
        pads: vec![(0, 0)],
        groups: c,
        output_padding: None,
    };
    let inputs: Vec<ValueId> = [padded, w].into_iter().chain(call.optional(2)).collect();
    let mut y = convolution(call, b, &inputs, conv)?;
    if let Some(function) = activation {
        y = b.emit(from, "active", Op::Function(function), &[y])?;
    }
    let wanted = call.outputs.get(1).is_some_and(|name| !name.is_empty());
    if !wanted || before == 0 {
        return Ok(vec![Some(y)]);
    }
    let ranges = vec![(0, n, 1), (0, c, 1), (length, before, 1)];
    let state = b.emit(from, "state", Op::Slice { ranges }, &[padded])?;
    Ok(vec![Some(y), Some(state)])
}

/// The sum of all windows where they lay.
fn col2im(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let sizes = |list: Vec<i64>, name: &str| list.iter().map(|&d| size(name, d)).collect::<Result<Vec<usize>, _>>();
    let image = sizes(call.ints(b, 1, "the shape")?.unwrap_or_default(), "image_shape")?;
    let block = sizes(call.ints(b, 2, "the block")?.unwrap_or_default(), "block_shape")?;
    let k = image.len();
    let (strides, dilations) = (call.attrs.sizes("strides", k, 1)?, call.attrs.sizes("dilations", k, 1)?);
    let pads = call.attrs.sizes("pads", 2 * k, 0)?;
    let (begin, end) = pads.split_at(k);
    let mut axes = vec![];
    for (i, (&input, &kernel)) in image.iter().zip(&block).enumerate() {
        let at = |list: &[usize]| list.get(i).copied().unwrap_or(0);
        axes.push(Axis {
            input,
            kernel,
            stride: at(&strides),
            pads: (at(begin), at(end)),
            dilation: at(&dilations),
        });
    }
    let windows: Result<Vec<usize>, String> = axes.iter().map(|axis| axis.output()).collect();
    let windows = windows.map_err(|reason| call.shape_error(reason))?;
    let (taps, places): (usize, usize) = (block.iter().product(), windows.iter().product());
    let shape = b.shape(x)?.to_vec();
    let &[n, rows, columns] = shape.as_slice() else {
        return Err(call.shape_error("the input must have three axes"));
    };
    if block.len() != k || taps == 0 || rows % taps != 0 || columns != places {
        return Err(call.shape_error("windows that do not fit the shapes"));
    }
    let (elements, channels) = (image.iter().product::<usize>(), rows / taps);
    b.reserve(&[taps * places, elements], 1)?;
    let mut map = vec![vec![0.0; taps * places]; elements];
    for (t, tap) in indices(&block).enumerate() {
        for (p, window) in indices(&windows).enumerate() {
            let at = axes.iter().zip(tap.iter().zip(&window)).map(|(axis, (t, w))| {
                let at = (w * axis.stride + t * axis.dilation).checked_sub(axis.pads.0)?;
                (at < axis.input).then_some(at)
            });
            if let Some(at) = at.collect::<Option<Vec<usize>>>() {
                let row = map.get_mut(number(&at, &image));
                row.into_iter()
                    .for_each(|row| row.iter_mut().skip(t * places + p).take(1).for_each(|w| *w = 1.0));
            }
        }
    }
    let y = reshaped(call, b, "windows", x, vec![n, channels, taps * places])?;
    let y = along(call, b, "joined", y, (2, &Map::public(map)))?;
    reshaped(call, b, "", y, [vec![n, channels], image].concat())
}
