//! Convolutions and pooling, by lists of (result, operand) positions for each kernel tap.

use crate::graph::{Op, Tensor, Window};

impl Window<'_> {
    fn size(&self) -> usize {
        self.kernel.iter().product()
    }

    /// For the kernel tap `tap` (row-major), all `(few, many)` with `many = few * stride + tap * dilation - pad` in
    /// range, as flat positions; `few` are the windows of a convolution, `many` the elements they slide over.
    fn pairs(&self, tap: usize, few: &[usize], many: &[usize]) -> Vec<(usize, usize)> {
        let mut pairs = vec![(0, 0)];
        let mut below = self.size();
        let axes = self
            .kernel
            .iter()
            .zip(self.strides)
            .zip(self.pads.iter().zip(self.dilations));
        for (((k, stride), (pad, dilation)), (&windows, &extent)) in axes.zip(few.iter().zip(many)) {
            below /= k;
            let shift = tap / below % k * dilation;
            let line: Vec<_> = (0..windows)
                .filter_map(|w| Some((w, (w * stride + shift).checked_sub(pad.0).filter(|&i| i < extent)?)))
                .collect();
            pairs = pairs
                .into_iter()
                .flat_map(|(f, m)| line.iter().map(move |(w, i)| (f * windows + w, m * extent + i)))
                .collect();
        }
        pairs
    }
}

/// `Conv` and `ConvTranspose`; shapes have been checked.
pub fn convolution(op: &Op, x: &Tensor, w: &Tensor, bias: Option<&Tensor>, shape: &[usize]) -> Vec<f32> {
    let (Op::Conv { groups, .. } | Op::ConvTranspose { groups, .. }) = op else {
        return Vec::new();
    };
    let transposed = matches!(op, Op::ConvTranspose { .. });
    let ([batch, channels_in, from @ ..], [_, channels_out, to @ ..], Some(window)) =
        (x.shape.as_slice(), shape, op.window())
    else {
        return Vec::new();
    };
    let (size_in, size_out): (usize, usize) = (from.iter().product(), to.iter().product());
    let (group_in, group_out) = (channels_in / groups, channels_out / groups);
    let start = |c: usize| bias.and_then(|b| b.data.get(c)).map_or(0.0, |&b| f64::from(b));
    let mut sums: Vec<f64> = (0..batch * channels_out)
        .flat_map(|i| std::iter::repeat_n(start(i % channels_out), size_out))
        .collect();
    for tap in 0..window.size() {
        let pairs = if transposed {
            window
                .pairs(tap, from, to)
                .into_iter()
                .map(|(few, many)| (many, few))
                .collect()
        } else {
            window.pairs(tap, to, from)
        };
        for (row, sums) in sums.chunks_exact_mut(size_out.max(1)).enumerate() {
            let (n, o) = (row / channels_out, row % channels_out);
            for i in 0..group_in {
                let c = o / group_out * group_in + i;
                let at = if transposed {
                    c * group_out + o % group_out
                } else {
                    o * group_in + i
                };
                let weight = w.data.get(at * window.size() + tap).map_or(0.0, |&w| f64::from(w));
                let first = (n * channels_in + c) * size_in;
                let plane = x.data.get(first..first + size_in).unwrap_or_default();
                for &(to, from) in &pairs {
                    if let (Some(sum), Some(&x)) = (sums.get_mut(to), plane.get(from)) {
                        *sum += weight * f64::from(x);
                    }
                }
            }
        }
    }
    sums.into_iter().map(|s| s as f32).collect()
}

/// `MaxPool` and `AveragePool`; shapes have been checked.
pub fn pool(op: &Op, x: &Tensor, shape: &[usize]) -> Vec<f32> {
    let ([_, _, from @ ..], [_, _, to @ ..], Some(window)) = (x.shape.as_slice(), shape, op.window()) else {
        return Vec::new();
    };
    let (size_in, size_out): (usize, usize) = (from.iter().product(), to.iter().product());
    let max = matches!(op, Op::MaxPool { .. });
    let mut counts = vec![0usize; size_out];
    let mut acc = vec![if max { f64::NEG_INFINITY } else { 0.0 }; shape.iter().product()];
    for tap in 0..window.size() {
        let pairs = window.pairs(tap, to, from);
        for &(to, _) in &pairs {
            if let Some(count) = counts.get_mut(to) {
                *count += 1;
            }
        }
        for (plane, acc) in x
            .data
            .chunks_exact(size_in.max(1))
            .zip(acc.chunks_exact_mut(size_out.max(1)))
        {
            for &(to, from) in &pairs {
                if let (Some(acc), Some(&x)) = (acc.get_mut(to), plane.get(from)) {
                    *acc = if max { acc.max(x.into()) } else { *acc + f64::from(x) };
                }
            }
        }
    }
    if max {
        return acc.into_iter().map(|x| x as f32).collect();
    }
    if matches!(
        op,
        Op::AveragePool {
            count_include_pad: true,
            ..
        }
    ) {
        counts.fill(window.size());
    }
    acc.into_iter()
        .zip(counts.iter().cycle())
        .map(|(sum, &count)| (sum / count as f64) as f32)
        .collect()
}
