//! Windows over any number of axes and over batches, by those over one or two axes of one example.

use super::geometry::Geometry;
use super::maps::{labelled, reshaped};
use super::Call;
use crate::graph::{elements, Op, ValueId};
use crate::onnx::build::{Builder, Fault};

/// A convolution; for a transposed one, what has to be added at the ends.
pub struct Convolution {
    pub geometry: Geometry,
    pub pads: Vec<(usize, usize)>,
    pub groups: usize,
    pub output_padding: Option<Vec<usize>>,
}

/// What the circuit takes as it is.
fn plain(shape: &[usize]) -> bool {
    shape.first() == Some(&1) && shape.len() <= 4
}

/// The same kernel over each example of a batch, and over more than two axes: the taps of all axes but the last become
/// channels, the positions of all axes but the last, and examples, one axis.
pub fn convolution(
    call: &Call<'_>,
    b: &mut Builder,
    operands: &[ValueId],
    conv: Convolution,
) -> Result<ValueId, Fault> {
    let [x, w, ..] = *operands else {
        return Err(call.shape_error("a convolution takes an input and weights"));
    };
    let shape = b.shape(x)?.to_vec();
    let op = emitted(&conv);
    let known = operands
        .iter()
        .all(|&id| b.slots.get(id).is_some_and(|s| s.constant.is_some()));
    if plain(&shape) || known {
        return b.emit(&call.origin, "", op, operands);
    }
    // Shapes that do not fit are found as those of the operator itself.
    let shapes: Vec<&[usize]> = operands.iter().map(|&id| b.shape(id)).collect::<Result<_, _>>()?;
    let to = crate::graph::infer(&op, &shapes).map_err(|reason| call.shape_error(reason))?;
    let (x, w, conv) = match conv.output_padding.clone() {
        Some(extra) => spread(call, b, (x, w), conv, (&to, &extra))?,
        None => (x, w, conv),
    };
    let bias = operands.get(2).copied();
    unfolded(call, b, (x, w, bias), conv, &to)
}

fn emitted(conv: &Convolution) -> Op {
    let Geometry {
        kernel,
        strides,
        dilations,
        ..
    } = conv.geometry.clone();
    let (pads, groups) = (conv.pads.clone(), conv.groups);
    match conv.output_padding.clone() {
        None => Op::Conv {
            kernel,
            strides,
            pads,
            dilations,
            groups,
        },
        Some(output_padding) => Op::ConvTranspose {
            kernel,
            strides,
            pads,
            dilations,
            groups,
            output_padding,
        },
    }
}

fn unfolded(
    call: &Call<'_>,
    b: &mut Builder,
    (x, w, bias): (ValueId, ValueId, Option<ValueId>),
    conv: Convolution,
    to: &[usize],
) -> Result<ValueId, Fault> {
    let from = &call.origin;
    let Geometry {
        kernel,
        strides,
        dilations,
        ..
    } = conv.geometry;
    let (k, batch) = (kernel.len(), to.first().copied().unwrap_or(1));
    let lead = k - 1;
    let (out, last) = (to.get(1).copied().unwrap_or(0), to.last().copied().unwrap_or(0));
    let mut x = x;
    let mut pads = vec![(0, 0); k + 2];
    pads.iter_mut()
        .skip(2)
        .zip(conv.pads.iter().take(lead))
        .for_each(|(p, own)| *p = *own);
    if pads.iter().any(|p| *p != (0, 0)) {
        x = b.emit(from, "padded", Op::Pad { pads, value: 0.0 }, &[x])?;
    }
    // Axes of positions and taps alternate: each gather puts two in the place of one.
    let mut window: Vec<(usize, usize)> = vec![];
    for (i, ((&taps, &stride), &dilation)) in kernel.iter().zip(&strides).zip(&dilations).take(lead).enumerate() {
        let positions = to.get(i + 2).copied().unwrap_or(0);
        b.reserve(&[positions, taps], 1)?;
        let op = Op::Gather {
            axis: 2 + 2 * i,
            indices: (0..positions)
                .flat_map(|p| (0..taps).map(move |t| p * stride + t * dilation))
                .collect(),
            indices_shape: vec![positions, taps],
        };
        x = b.emit(from, &format!("windows/{i}"), op, &[x])?;
        window.push((3 + 2 * i, 2 + 2 * i));
    }
    let tap_axes = window.iter().map(|w| w.0);
    let position_axes = window.iter().map(|w| w.1);
    let perm = std::iter::once(1)
        .chain(tap_axes)
        .chain([0])
        .chain(position_axes)
        .chain([2 + 2 * lead]);
    x = b.emit(from, "channels", Op::Transpose { perm: perm.collect() }, &[x])?;
    let taps: usize = kernel.iter().take(lead).product();
    let channels = conv_channels(b, x)?;
    let rows = to.iter().skip(2).take(lead).product::<usize>() * batch;
    let width = b.shape(x)?.last().copied().unwrap_or(0);
    x = reshaped(call, b, "rows", x, vec![1, channels * taps, rows, width])?;
    let per_group = b.shape(w)?.get(1).copied().unwrap_or(0);
    let tail = |list: &[usize], first: usize| vec![first, list.last().copied().unwrap_or(1)];
    let w = reshaped(
        call,
        b,
        "kernel",
        w,
        [vec![out, per_group * taps], tail(&kernel, 1)].concat(),
    )?;
    let op = Op::Conv {
        kernel: tail(&kernel, 1),
        strides: tail(&strides, 1),
        pads: vec![(0, 0), conv.pads.last().copied().unwrap_or((0, 0))],
        dilations: tail(&dilations, 1),
        groups: conv.groups,
    };
    let inputs: Vec<ValueId> = [x, w].into_iter().chain(bias).collect();
    let y = b.emit(from, "convolution", op, &inputs)?;
    let mut split = vec![out, batch];
    split.extend(to.iter().skip(2).take(lead));
    split.push(last);
    let y = reshaped(call, b, "split", y, split)?;
    let perm = [1, 0].into_iter().chain(2..k + 2).collect();
    b.emit(from, "", Op::Transpose { perm }, &[y])
}

/// Channels after they came first.
fn conv_channels(b: &Builder, x: ValueId) -> Result<usize, Fault> {
    Ok(b.shape(x)?.first().copied().unwrap_or(0))
}

/// A transposed convolution as one over the input with zeros in between, by the kernel turned around.
fn spread(
    call: &Call<'_>,
    b: &mut Builder,
    (x, w): (ValueId, ValueId),
    conv: Convolution,
    (to, extra): (&[usize], &[usize]),
) -> Result<(ValueId, ValueId, Convolution), Fault> {
    let from = &call.origin;
    let mut x = x;
    let (geometry, groups) = (conv.geometry, conv.groups);
    let k = geometry.kernel.len();
    for (i, (axis, (&stride, _))) in geometry
        .axes(&conv.pads)
        .into_iter()
        .zip(geometry.strides.iter().zip(extra))
        .enumerate()
    {
        let (extent, output) = (axis.extent(), to.get(i + 2).copied().unwrap_or(0));
        // Element `p` of the result reads from `p - (extent - 1 - pad)` on.
        let length = output + extent - 1;
        let start = extent as i64 - 1 - axis.pads.0 as i64;
        let source = |p: usize| {
            let at = p as i64 - start;
            let whole = at >= 0 && at % stride as i64 == 0;
            usize::try_from(at / stride as i64)
                .ok()
                .filter(|&q| whole && q < axis.input)
        };
        b.reserve(&[length], 1)?;
        let mut pads = vec![(0, 0); k + 2];
        pads.iter_mut().skip(i + 2).take(1).for_each(|p| *p = (0, 1));
        x = b.emit(from, &format!("zero/{i}"), Op::Pad { pads, value: 0.0 }, &[x])?;
        let indices = (0..length).map(|p| source(p).unwrap_or(axis.input)).collect();
        x = super::shapes::gathered(call, b, &format!("spread/{i}"), x, (i + 2, indices))?;
    }
    // `[c, o / g, ..]` to `[o, c / g, ..]`, turned around.
    let shape = b.shape(w)?.to_vec();
    let (Some(&c), Some(&per_out), Some(spatial)) = (shape.first(), shape.get(1), shape.get(2..)) else {
        return Err(call.shape_error("weights without axes"));
    };
    let per_in = c / groups.max(1);
    let w = reshaped(
        call,
        b,
        "kernel/groups",
        w,
        [&[groups, per_in, per_out], spatial].concat(),
    )?;
    let perm = [0, 2, 1].into_iter().chain(3..k + 3).collect();
    let w = b.emit(from, "kernel/turned", Op::Transpose { perm }, &[w])?;
    let w = reshaped(
        call,
        b,
        "kernel/joined",
        w,
        [&[groups * per_out, per_in], spatial].concat(),
    )?;
    let whole = [(0, groups * per_out, 1), (0, per_in, 1)].into_iter();
    let ranges = whole
        .chain(spatial.iter().map(|&d| (d - 1, d, if d == 1 { 1 } else { -1 })))
        .collect();
    let w = b.emit(from, "kernel/reversed", Op::Slice { ranges }, &[w])?;
    let spatial = b.shape(x)?.get(2..).unwrap_or_default().to_vec();
    let geometry = Geometry {
        strides: vec![1; k],
        spatial,
        ..geometry
    };
    let conv = Convolution {
        geometry,
        pads: vec![(0, 0); k],
        groups,
        output_padding: None,
    };
    Ok((x, w, conv))
}

/// Windows of `pool` over the last axes, two at a time: maxima and means of boxes are those along axes one after the other.
pub fn pooled(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    x: ValueId,
    (geometry, pads): (&Geometry, &[(usize, usize)]),
    pool: &dyn Fn(Geometry, Vec<(usize, usize)>) -> Op,
) -> Result<ValueId, Fault> {
    let shape = b.shape(x)?.to_vec();
    let known = b.slot(x)?.constant.is_some();
    if plain(&shape) || known {
        return b.emit(&call.origin, label, pool(geometry.clone(), pads.to_vec()), &[x]);
    }
    let k = geometry.kernel.len();
    let part = |list: &[usize], of: &[usize]| of.iter().filter_map(|&i| list.get(i).copied()).collect::<Vec<usize>>();
    let pairs: Vec<Vec<usize>> = match k {
        1 => vec![vec![0]],
        _ => std::iter::once(vec![k - 2, k - 1])
            .chain((0..k - 2).rev().map(|i| vec![i]))
            .collect(),
    };
    let mut y = x;
    for (i, of) in pairs.iter().enumerate() {
        let done = i + 1 == pairs.len();
        let shape = b.shape(y)?.to_vec();
        // The pooled axes last, all others as channels of one example.
        let others: Vec<usize> = (0..shape.len()).filter(|a| !of.iter().any(|o| o + 2 == *a)).collect();
        let perm: Vec<usize> = others.iter().copied().chain(of.iter().map(|o| o + 2)).collect();
        let named = |word: &str| labelled(label, &format!("{word}/{i}"));
        let turned = !perm.iter().copied().eq(0..shape.len());
        if turned {
            y = b.emit(
                &call.origin,
                &named("turned"),
                Op::Transpose { perm: perm.clone() },
                &[y],
            )?;
        }
        let kept = part(&shape, &others);
        let own = Geometry {
            kernel: part(&geometry.kernel, of),
            strides: part(&geometry.strides, of),
            dilations: part(&geometry.dilations, of),
            spatial: part(&geometry.spatial, of),
        };
        let channels = elements(&kept).unwrap_or(0);
        y = reshaped(
            call,
            b,
            &named("channels"),
            y,
            [vec![1, channels], own.spatial.clone()].concat(),
        )?;
        let own_pads = of.iter().filter_map(|&i| pads.get(i).copied()).collect();
        y = b.emit(&call.origin, &named("pool"), pool(own, own_pads), &[y])?;
        let pooled = b.shape(y)?.get(2..).unwrap_or_default().to_vec();
        let last = |word: &str| if done { label.to_owned() } else { named(word) };
        let split = if turned { named("split") } else { last("split") };
        y = reshaped(call, b, &split, y, [kept, pooled].concat())?;
        if turned {
            let mut inverse = vec![0; perm.len()];
            perm.iter()
                .enumerate()
                .for_each(|(to, &from)| inverse.iter_mut().skip(from).take(1).for_each(|p| *p = to));
            y = b.emit(&call.origin, &last("back"), Op::Transpose { perm: inverse }, &[y])?;
        }
    }
    Ok(y)
}
