//! Reductions.

use super::walk::{strides, Walk};
use crate::graph::{reduced, ReduceKind, Tensor};

/// For each element of a tensor, the element of the result (row-major) that it falls on.
pub(crate) fn positions(axes: &[usize], shape: &[usize]) -> impl Iterator<Item = usize> {
    let kept = reduced(shape, axes, true).unwrap_or_default();
    let to: Vec<isize> = strides(&kept)
        .into_iter()
        .enumerate()
        .map(|(i, s)| if axes.contains(&i) { 0 } else { s })
        .collect();
    Walk::new(shape, &to, 0)
}

/// Reduces along `axes`; the result is row-major in the remaining axes.
pub fn reduce(kind: ReduceKind, axes: &[usize], x: &Tensor) -> Vec<f32> {
    let kept = reduced(&x.shape, axes, true).unwrap_or_default();
    let start = match kind {
        ReduceKind::Sum | ReduceKind::Mean => 0.0,
        ReduceKind::Max => f64::NEG_INFINITY,
        ReduceKind::Min => f64::INFINITY,
    };
    let mut sums = vec![start; kept.iter().product()];
    let count = x.data.len() as f64 / sums.len() as f64;
    for (i, &x) in positions(axes, &x.shape).zip(&x.data) {
        let Some(sum) = sums.get_mut(i) else { continue };
        *sum = match kind {
            ReduceKind::Sum | ReduceKind::Mean => *sum + f64::from(x),
            ReduceKind::Max => sum.max(x.into()),
            ReduceKind::Min => sum.min(x.into()),
        };
    }
    let scale = if kind == ReduceKind::Mean { count } else { 1.0 };
    sums.into_iter().map(|s| (s / scale) as f32).collect()
}

/// Index of the first maximum along `axis`; `least` is the least number of the type.
pub(crate) fn first_maxima<T: Copy + PartialOrd>(axis: usize, shape: &[usize], data: &[T], least: T) -> Vec<i64> {
    let extent = shape.get(axis).copied().unwrap_or(1);
    let inner: usize = shape.iter().skip(axis + 1).product();
    let mut out = Vec::new();
    for block in data.chunks_exact((extent * inner).max(1)) {
        for i in 0..inner {
            let mut best = (0i64, least);
            for (at, &x) in block.iter().skip(i).step_by(inner).enumerate() {
                if x > best.1 {
                    best = (at as i64, x);
                }
            }
            out.push(best.0);
        }
    }
    out
}

/// Index of the first maximum along `axis`.
pub fn argmax(axis: usize, x: &Tensor) -> Vec<f32> {
    let indices = first_maxima(axis, &x.shape, &x.data, f32::NEG_INFINITY);
    indices.into_iter().map(|i| i as f32).collect()
}
