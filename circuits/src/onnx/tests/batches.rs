//! Windows over batches and over three axes, against loops over the text's formulas.

use super::builder::A;
use super::*;

/// Where a tap of a window reads along an axis.
type Tap = fn(output: i64, tap: i64) -> i64;

/// A window over `[n, c, extents]`: for each output position the sum of what `weight` gives for a tap, by its formula.
fn direct(
    (x, shape): (&[f32], &[usize]),
    (out, kernel): (&[usize], &[usize]),
    at: Tap,
    channels: usize,
    weight: &dyn Fn(usize, usize, usize) -> f32,
) -> Vec<f32> {
    let spatial: usize = shape[2..].iter().product();
    let mut result = vec![];
    for n in 0..shape[0] {
        for o in 0..channels {
            for p in 0..out.iter().product() {
                let mut sum = 0.0;
                for c in 0..shape[1] {
                    for k in 0..kernel.iter().product() {
                        let (mut rest_p, mut rest_k, mut stride) = (p, k, 1);
                        let mut index = Some(0);
                        for axis in (0..out.len()).rev() {
                            let i = at((rest_p % out[axis]) as i64, (rest_k % kernel[axis]) as i64);
                            let inside = usize::try_from(i).ok().filter(|&i| i < shape[axis + 2]);
                            index = index.zip(inside).map(|(index, i)| index + i * stride);
                            (rest_p, rest_k, stride) =
                                (rest_p / out[axis], rest_k / kernel[axis], stride * shape[axis + 2]);
                        }
                        if let Some(i) = index {
                            sum += x[(n * shape[1] + c) * spatial + i] * weight(o, c, k);
                        }
                    }
                }
                result.push(sum);
            }
        }
    }
    result
}

fn ramp(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7 + 3) % 11) as f32 - 5.0).collect()
}

#[test]
fn convolutions_of_batches_and_volumes() {
    let cases: [(&[usize], &[usize], &[usize]); 3] = [
        (&[2, 2, 4], &[3], &[2]),
        (&[3, 2, 4, 5], &[2, 3], &[3, 3]),
        (&[2, 2, 3, 4, 5], &[2, 1, 3], &[2, 3, 3]),
    ];
    for (shape, kernel, out) in cases {
        let (x, taps) = (ramp(shape.iter().product()), kernel.iter().product::<usize>());
        let weights = ramp(3 * 2 * taps);
        let dims: Vec<i64> = [3, 2].into_iter().chain(kernel.iter().map(|&k| k as i64)).collect();
        let (stride, dilation, pad) = (2, 1, 1);
        let k = kernel.len();
        let attributes = [
            ("strides", A::Is(&[stride; 3][..k])),
            ("dilations", A::Is(&[dilation; 3][..k])),
            ("pads", A::Is(&[pad; 6][..2 * k])),
        ];
        let model = Model::new(13, &shape.iter().map(|&d| d as i64).collect::<Vec<_>>())
            .floats("w", &dims, &weights)
            .floats("b", &[3], &[1.0, -2.0, 3.0])
            .node("Conv", &["x", "w", "b"], &["y"], &attributes);
        let sums = direct((&x, shape), (out, kernel), |o, t| 2 * o + t - 1, 3, &|o, c, k| {
            weights[(o * 2 + c) * taps + k]
        });
        let block: usize = out.iter().product();
        let expected: Vec<f32> = sums
            .iter()
            .enumerate()
            .map(|(i, s)| s + [1.0, -2.0, 3.0][i / block % 3])
            .collect();
        check(&model, &x, &[&[shape[0], 3][..], out].concat(), &expected);
        assert!(model
            .import()
            .expect("importable")
            .nodes
            .iter()
            .all(|n| n.op.window().is_none_or(|w| w.kernel.len() <= 2)));
    }
}

#[test]
fn grouped_convolutions_of_batches() {
    let x = ramp(2 * 4 * 3);
    let weights = ramp(4 * 2 * 2);
    let model = Model::new(13, &[2, 4, 3]).floats("w", &[4, 2, 2], &weights).node(
        "Conv",
        &["x", "w"],
        &["y"],
        &[("group", A::I(2))],
    );
    // Output channels 0 and 1 read channels 0 and 1, the others 2 and 3.
    let weight = |o: usize, c: usize, k: usize| {
        if o / 2 == c / 2 {
            weights[(o * 2 + c % 2) * 2 + k]
        } else {
            0.0
        }
    };
    let expected = direct((&x, &[2, 4, 3]), (&[2], &[2]), |o, t| o + t, 4, &weight);
    check(&model, &x, &[2, 4, 2], &expected);
}

#[test]
fn transposed_convolutions_of_batches() {
    let x = ramp(2 * 2 * 3);
    let weights = ramp(2 * 3 * 3);
    let model = Model::new(13, &[2, 2, 3]).floats("w", &[2, 3, 3], &weights).node(
        "ConvTranspose",
        &["x", "w"],
        &["y"],
        &[
            ("strides", A::Is(&[2])),
            ("pads", A::Is(&[1, 0])),
            ("output_padding", A::Is(&[1])),
        ],
    );
    // y[2 i + t - 1] += x[i] w[t]
    let mut expected = vec![0.0; 2 * 3 * 7];
    for n in 0..2 {
        for (o, c, i, t) in (0..3 * 2 * 3 * 3).map(|k| (k / 18, k / 9 % 2, k / 3 % 3, k % 3)) {
            if let Some(p) = (2usize * i + t).checked_sub(1).filter(|&p| p < 7) {
                expected[(n * 3 + o) * 7 + p] += x[(n * 2 + c) * 3 + i] * weights[(c * 3 + o) * 3 + t];
            }
        }
    }
    check(&model, &x, &[2, 3, 7], &expected);
}

#[test]
fn pools_of_batches_and_volumes() {
    let x = ramp(2 * 2 * 3 * 4);
    let attributes = [("kernel_shape", A::Is(&[2, 2, 3])), ("strides", A::Is(&[1, 1, 1]))];
    let window = |n: usize, p: usize, q: usize| -> Vec<f32> {
        let all = (0..2 * 2 * 3).map(|k| (k / 6, k / 3 % 2, k % 3));
        all.map(|(a, b, c)| x[n * 24 + a * 12 + (p + b) * 4 + q + c]).collect()
    };
    let windows: Vec<Vec<f32>> = (0..2 * 2 * 2).map(|i| window(i / 4, i / 2 % 2, i % 2)).collect();
    let model = |op: &str| Model::new(13, &[2, 1, 2, 3, 4]).node(op, &["x"], &["y"], &attributes);
    let maxima: Vec<f32> = windows
        .iter()
        .map(|w| w.iter().copied().fold(f32::MIN, f32::max))
        .collect();
    check(&model("MaxPool"), &x, &[2, 1, 1, 2, 2], &maxima);
    let means: Vec<f32> = windows.iter().map(|w| w.iter().sum::<f32>() / 12.0).collect();
    check(&model("AveragePool"), &x, &[2, 1, 1, 2, 2], &means);
}

#[test]
fn means_beyond_the_pads() {
    // 0 3 6 1 | 4 8 0: the last window of four has three elements, the pad being one of them.
    let attributes = [
        ("kernel_shape", A::Is(&[4])),
        ("strides", A::Is(&[4])),
        ("pads", A::Is(&[1, 1])),
        ("ceil_mode", A::I(1)),
        ("count_include_pad", A::I(1)),
    ];
    let model = Model::new(19, &[1, 1, 5]).node("AveragePool", &["x"], &["y"], &attributes);
    check(&model, &[3.0, 6.0, 1.0, 4.0, 8.0], &[1, 1, 2], &[2.5, 4.0]);
}
