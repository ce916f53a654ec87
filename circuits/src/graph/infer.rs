//! Shape inference for [`Op`].

use super::model::Op;
use super::window::Axis;

/// The product of the extents. `None` if it, or that of the extents other than 0, does not fit in `isize`.
pub fn elements(shape: &[usize]) -> Option<usize> {
    let mut factors = shape.iter().filter(|&&d| d != 0);
    let product = factors
        .try_fold(1usize, |n, &d| n.checked_mul(d))
        .filter(|&n| isize::try_from(n).is_ok())?;
    Some(if shape.contains(&0) { 0 } else { product })
}

/// The shape of `op` applied to operands of the given shapes, or what does not fit.
pub fn infer(op: &Op, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
    match (op, inputs) {
        (
            Op::Conv {
                kernel,
                strides,
                pads,
                dilations,
                groups,
            },
            [x, w, bias @ ..],
        ) if bias.len() < 2 => {
            let axes = axes(x, kernel, strides, pads, dilations)?;
            let (out, per_group) = weights(w, kernel)?;
            if *groups == 0 || per_group.checked_mul(*groups) != x.get(1).copied() || out % groups != 0 {
                return Err(format!("weights {w:?} in {groups} groups do not fit input {x:?}"));
            }
            bias_fits(bias, out)?;
            let spatial: Result<Vec<_>, _> = axes.into_iter().map(Axis::output).collect();
            Ok([x.get(..1).unwrap_or_default(), &[out], &spatial?].concat())
        }
        (
            Op::ConvTranspose {
                kernel,
                strides,
                pads,
                dilations,
                groups,
                output_padding,
            },
            [x, w, bias @ ..],
        ) if bias.len() < 2 => {
            let axes = axes(x, kernel, strides, pads, dilations)?;
            let (channels, per_group) = weights(w, kernel)?;
            if *groups == 0 || Some(channels) != x.get(1).copied() || channels % groups != 0 {
                return Err(format!("weights {w:?} in {groups} groups do not fit input {x:?}"));
            }
            if output_padding.len() != kernel.len() {
                return Err("output_padding needs one entry per spatial axis".into());
            }
            let out = per_group.saturating_mul(*groups);
            bias_fits(bias, out)?;
            let spatial: Result<Vec<_>, _> = axes
                .into_iter()
                .zip(output_padding)
                .map(|(axis, &extra)| axis.transposed(extra))
                .collect();
            Ok([x.get(..1).unwrap_or_default(), &[out], &spatial?].concat())
        }
        (
            Op::MaxPool {
                kernel,
                strides,
                pads,
                dilations,
            },
            [x],
        )
        | (
            Op::AveragePool {
                kernel,
                strides,
                pads,
                dilations,
                ..
            },
            [x],
        ) => {
            let axes = axes(x, kernel, strides, pads, dilations)?;
            let spatial: Result<Vec<_>, _> = axes.into_iter().map(Axis::output).collect();
            Ok([x.get(..2).unwrap_or_default(), &spatial?].concat())
        }
        (Op::MatMul, [a, b]) => matmul(a, b),
        (Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Min | Op::Max, [a, b]) => broadcast(a, b),
        (Op::PRelu, [x, slope]) if broadcast(x, slope)? == *x => Ok(x.to_vec()),
        (Op::Relu | Op::LeakyRelu { .. } | Op::Abs | Op::Neg | Op::Clip { .. } | Op::Function(_), [x]) => {
            Ok(x.to_vec())
        }
        (Op::Reduce { axes, keepdims, .. }, [x]) => reduced(x, axes, *keepdims),
        (Op::ArgMax { axis, keepdims }, [x]) => reduced(x, &[*axis], *keepdims),
        (Op::Reshape { shape }, [x]) => {
            if elements(shape).is_none() || elements(shape) != elements(x) {
                return Err(format!("{x:?} cannot be reshaped to {shape:?}"));
            }
            Ok(shape.clone())
        }
        (Op::Transpose { perm }, [x]) => {
            let mut sorted = perm.clone();
            sorted.sort_unstable();
            if !sorted.into_iter().eq(0..x.len()) {
                return Err(format!("{perm:?} is no permutation of the axes of {x:?}"));
            }
            Ok(perm.iter().filter_map(|&p| x.get(p).copied()).collect())
        }
        (Op::Concat { axis }, [first, rest @ ..]) => {
            let mut shape = first.to_vec();
            for x in rest {
                let same =
                    x.len() == first.len() && x.iter().zip(*first).enumerate().all(|(i, (a, b))| i == *axis || a == b);
                let (Some(sum), Some(&d), true) = (shape.get_mut(*axis), x.get(*axis), same) else {
                    return Err(format!("{first:?} and {x:?} cannot be joined along axis {axis}"));
                };
                *sum = sum.saturating_add(d);
            }
            if *axis >= first.len() {
                return Err(format!("axis {axis} of {first:?} does not exist"));
            }
            Ok(shape)
        }
        (Op::Slice { ranges }, [x]) => {
            let inside = ranges.len() == x.len() && ranges.iter().zip(*x).all(|(&range, &d)| in_range(range, d));
            if !inside {
                return Err(format!("slice {ranges:?} of {x:?} is out of range"));
            }
            Ok(ranges.iter().map(|&(_, len, _)| len).collect())
        }
        (Op::Pad { pads, .. }, [x]) if pads.len() == x.len() => Ok(x
            .iter()
            .zip(pads)
            .map(|(d, (a, b))| d.saturating_add(*a).saturating_add(*b))
            .collect()),
        (Op::Expand { shape }, [x]) if broadcast(x, shape)? == *shape => Ok(shape.clone()),
        (
            Op::Gather {
                axis,
                indices,
                indices_shape,
            },
            [x],
        ) => {
            let (Some(before), Some(&d), Some(after)) = (x.get(..*axis), x.get(*axis), x.get(axis + 1..)) else {
                return Err(format!("axis {axis} of {x:?} does not exist"));
            };
            if elements(indices_shape) != Some(indices.len()) || indices.iter().any(|&i| i >= d) {
                return Err(format!("an index is not below {d}"));
            }
            Ok([before, indices_shape, after].concat())
        }
        (Op::Delay { rows }, [x]) if x.first().and_then(|n| n.checked_rem(*rows)) == Some(0) => Ok(x.to_vec()),
        _ => Err(format!("operands of shapes {inputs:?} do not fit the operator")),
    }
}

/// Numpy broadcasting of two shapes.
pub fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let rank = a.len().max(b.len());
    let padded = |s: &[usize]| [vec![1; rank - s.len()], s.to_vec()].concat();
    let pairs = padded(a).into_iter().zip(padded(b));
    let shape: Option<Vec<usize>> = pairs
        .map(|pair| match pair {
            (x, y) if x == y => Some(x),
            (1, y) => Some(y),
            (x, 1) => Some(x),
            _ => None,
        })
        .collect();
    shape.ok_or_else(|| format!("{a:?} and {b:?} cannot be broadcast"))
}

/// `shape` with `axes` reduced.
pub fn reduced(shape: &[usize], axes: &[usize], keepdims: bool) -> Result<Vec<usize>, String> {
    if axes.iter().any(|a| *a >= shape.len()) {
        return Err(format!("reduced axes {axes:?} of {shape:?} do not exist"));
    }
    let kept = shape
        .iter()
        .enumerate()
        .filter_map(|(i, &d)| match (axes.contains(&i), keepdims) {
            (false, _) => Some(d),
            (true, true) => Some(1),
            (true, false) => None,
        });
    Ok(kept.collect())
}

fn in_range((start, len, step): (usize, usize, i64), extent: usize) -> bool {
    let (Ok(first), Ok(n), Ok(extent)) = (i64::try_from(start), i64::try_from(len), i64::try_from(extent)) else {
        return false;
    };
    let last = (n - 1).checked_mul(step).and_then(|d| d.checked_add(first));
    n == 0 || (step != 0 && first < extent && last.is_some_and(|l| (0..extent).contains(&l)))
}

fn axes(
    x: &[usize],
    kernel: &[usize],
    strides: &[usize],
    pads: &[(usize, usize)],
    dilations: &[usize],
) -> Result<Vec<Axis>, String> {
    let spatial = x.get(2..).unwrap_or_default();
    let n = spatial.len();
    if n == 0 || kernel.len() != n || strides.len() != n || pads.len() != n || dilations.len() != n {
        return Err(format!(
            "input {x:?} and window {kernel:?} need the same spatial axes, at least one"
        ));
    }
    let rest = strides.iter().zip(pads).zip(dilations);
    let all = spatial.iter().zip(kernel).zip(rest);
    Ok(all
        .map(|((&input, &kernel), ((&stride, &pads), &dilation))| Axis {
            input,
            kernel,
            stride,
            pads,
            dilation,
        })
        .collect())
}

fn weights(w: &[usize], kernel: &[usize]) -> Result<(usize, usize), String> {
    match w {
        [a, b, spatial @ ..] if spatial == kernel => Ok((*a, *b)),
        _ => Err(format!("weights {w:?} do not fit kernel {kernel:?}")),
    }
}

fn bias_fits(bias: &[&[usize]], channels: usize) -> Result<(), String> {
    match bias.first() {
        Some(shape) if **shape != [channels] => Err(format!("bias {shape:?} does not fit {channels} channels")),
        _ => Ok(()),
    }
}

fn matmul(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let misfit = || format!("{a:?} and {b:?} cannot be multiplied as matrices");
    let (batch_a, m, k_a) = match a {
        [k] => (&[][..], None, *k),
        [batch @ .., m, k] => (batch, Some(*m), *k),
        [] => return Err(misfit()),
    };
    let (batch_b, k_b, n) = match b {
        [k] => (&[][..], *k, None),
        [batch @ .., k, n] => (batch, *k, Some(*n)),
        [] => return Err(misfit()),
    };
    if k_a != k_b {
        return Err(misfit());
    }
    let mut shape = broadcast(batch_a, batch_b)?;
    shape.extend(m);
    shape.extend(n);
    Ok(shape)
}
