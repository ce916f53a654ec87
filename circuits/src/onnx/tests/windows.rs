//! Convolutions and pooling.

use super::builder::{unary, A};
use super::*;

fn conv(shape: &[i64], w: &[i64], attrs: &[(&str, A<'_>)]) -> Model {
    let n: i64 = w.iter().product();
    Model::new(13, shape)
        .floats("w", w, &iota(n as usize))
        .node("Conv", &["x", "w"], &["y"], attrs)
}

#[test]
fn convolution() {
    // [0 1; 2 3] over [0 1 2; 3 4 5; 6 7 8]
    let x = iota(9);
    check(
        &conv(&[1, 1, 3, 3], &[1, 1, 2, 2], &[]),
        &x,
        &[1, 1, 2, 2],
        &[19.0, 25.0, 37.0, 43.0],
    );
    let strided = conv(
        &[1, 1, 3, 3],
        &[1, 1, 2, 2],
        &[("strides", A::Is(&[2, 2])), ("pads", A::Is(&[1, 1, 0, 0]))],
    );
    check(
        &strided,
        &x,
        &[1, 1, 2, 2],
        &[0.0, 2.0 * 1.0 + 3.0 * 2.0, 3.0 + 18.0, 43.0],
    );
    let dilated = conv(&[1, 1, 3, 3], &[1, 1, 2, 2], &[("dilations", A::Is(&[2, 2]))]);
    check(&dilated, &x, &[1, 1, 1, 1], &[2.0 + 12.0 + 24.0]);
}

#[test]
fn convolution_groups_bias_and_one_axis() {
    let grouped = conv(&[1, 2, 2], &[2, 1, 1], &[("group", A::I(2))]);
    check(&grouped, &[1.0, 2.0, 3.0, 4.0], &[1, 2, 2], &[0.0, 0.0, 3.0, 4.0]);
    assert!(matches!(&ops(&grouped)[0], Op::Conv { kernel, groups: 2, .. } if kernel == &[1]));
    let bias = Model::new(13, &[0, 2, 2])
        .floats("w", &[1, 2, 2], &[1.0, 2.0, 3.0, 4.0])
        .floats("b", &[1], &[0.5])
        .node("Conv", &["x", "w", "b"], &["y"], &[]);
    check(&bias, &[1.0, 1.0, 1.0, 2.0], &[1, 1, 1], &[14.5]);
    let volume = conv(&[1, 1, 2, 2, 2], &[1, 1, 2, 2, 2], &[]);
    check(&volume, &[1.0; 8], &[1, 1, 1, 1, 1], &[28.0]);
}

#[test]
fn auto_pad() {
    let with = |mode: &str| conv(&[1, 1, 4], &[1, 1, 2], &[("auto_pad", A::S(mode))]);
    let x = [1.0, 2.0, 3.0, 4.0];
    check(&with("SAME_UPPER"), &x, &[1, 1, 4], &[2.0, 3.0, 4.0, 0.0]);
    check(&with("SAME_LOWER"), &x, &[1, 1, 4], &[1.0, 2.0, 3.0, 4.0]);
    check(&with("VALID"), &x, &[1, 1, 3], &[2.0, 3.0, 4.0]);
}

fn transposed(attrs: &[(&str, A<'_>)]) -> Model {
    Model::new(13, &[1, 1, 2])
        .floats("w", &[1, 1, 3], &[1.0, 10.0, 100.0])
        .node("ConvTranspose", &["x", "w"], &["y"], attrs)
}

#[test]
fn transposed_convolution() {
    let x = [1.0, 2.0];
    check(&transposed(&[]), &x, &[1, 1, 4], &[1.0, 12.0, 120.0, 200.0]);
    let stride = || ("strides", A::Is(&[2]));
    check(
        &transposed(&[stride()]),
        &x,
        &[1, 1, 5],
        &[1.0, 10.0, 102.0, 20.0, 200.0],
    );
    let extra = transposed(&[stride(), ("output_padding", A::Is(&[1])), ("pads", A::Is(&[1, 1]))]);
    check(&extra, &x, &[1, 1, 4], &[10.0, 102.0, 20.0, 200.0]);
    let shaped = transposed(&[stride(), ("output_shape", A::Is(&[4]))]);
    check(&shaped, &x, &[1, 1, 4], &[10.0, 102.0, 20.0, 200.0]);
    let same = transposed(&[stride(), ("auto_pad", A::S("SAME_UPPER"))]);
    check(&same, &x, &[1, 1, 4], &[1.0, 10.0, 102.0, 20.0]);
    let grouped = Model::new(13, &[1, 2, 1])
        .floats("w", &[2, 2, 1], &[1.0, 2.0, 3.0, 4.0])
        .node("ConvTranspose", &["x", "w"], &["y"], &[("group", A::I(2))]);
    check(&grouped, &[1.0, 10.0], &[1, 4, 1], &[1.0, 2.0, 30.0, 40.0]);
}

#[test]
fn max_pool() {
    let x = iota(9);
    let with = |attrs: Vec<(&'static str, A<'static>)>| {
        let kernel = ("kernel_shape", A::Is(&[2, 2]));
        unary(
            12,
            &[1, 1, 3, 3],
            "MaxPool",
            &attrs.into_iter().chain([kernel]).collect::<Vec<_>>(),
        )
    };
    check(&with(vec![]), &x, &[1, 1, 2, 2], &[4.0, 5.0, 7.0, 8.0]);
    let strides = || ("strides", A::Is(&[2, 2]));
    check(&with(vec![strides()]), &x, &[1, 1, 1, 1], &[4.0]);
    check(
        &with(vec![strides(), ("ceil_mode", A::I(1))]),
        &x,
        &[1, 1, 2, 2],
        &[4.0, 5.0, 7.0, 8.0],
    );
    check(
        &with(vec![strides(), ("auto_pad", A::S("SAME_LOWER"))]),
        &x,
        &[1, 1, 2, 2],
        &[0.0, 2.0, 6.0, 8.0],
    );
    let valid = with(vec![strides(), ("auto_pad", A::S("VALID")), ("ceil_mode", A::I(1))]);
    assert_eq!(valid.import().expect_err("refused").code(), "onnx-unsupported");
    let negative: Vec<f32> = x.iter().map(|x| x - 100.0).collect();
    let padded = with(vec![strides(), ("pads", A::Is(&[1, 1, 0, 0]))]);
    check(&padded, &negative, &[1, 1, 2, 2], &[-100.0, -98.0, -94.0, -92.0]);
}

#[test]
fn average_pool() {
    let pads = || ("pads", A::Is(&[1, 0]));
    let with = |attrs: Vec<(&'static str, A<'static>)>| {
        let kernel = ("kernel_shape", A::Is(&[2]));
        unary(
            12,
            &[1, 1, 3],
            "AveragePool",
            &attrs.into_iter().chain([kernel]).collect::<Vec<_>>(),
        )
    };
    let x = [2.0, 4.0, 8.0];
    check(&with(vec![]), &x, &[1, 1, 2], &[3.0, 6.0]);
    check(&with(vec![pads()]), &x, &[1, 1, 3], &[2.0, 3.0, 6.0]);
    check(
        &with(vec![pads(), ("count_include_pad", A::I(1))]),
        &x,
        &[1, 1, 3],
        &[1.0, 3.0, 6.0],
    );
    let ceil = || ("ceil_mode", A::I(1));
    let strides = || ("strides", A::Is(&[2]));
    check(&with(vec![strides(), ceil()]), &x, &[1, 1, 2], &[3.0, 8.0]);
    let both = with(vec![strides(), ceil(), ("count_include_pad", A::I(1))]);
    // What is beyond the pads counts nothing, here as where pads do not count either.
    check(&both, &x, &[1, 1, 2], &[3.0, 8.0]);
}

#[test]
fn global_pools() {
    let x = iota(8);
    check(
        &unary(13, &[1, 2, 2, 2], "GlobalAveragePool", &[]),
        &x,
        &[1, 2, 1, 1],
        &[1.5, 5.5],
    );
    check(
        &unary(13, &[1, 2, 2, 2], "GlobalMaxPool", &[]),
        &x,
        &[1, 2, 1, 1],
        &[3.0, 7.0],
    );
}

#[test]
fn padding_only_windows_are_refused() {
    let attrs = [("kernel_shape", A::Is(&[2])), ("pads", A::Is(&[2, 0]))];
    let error = unary(12, &[1, 1, 3], "MaxPool", &attrs).import().expect_err("refused");
    assert!(error.to_string().contains("only padding"), "{error}");
}

#[test]
fn convolution_is_fast_enough() {
    let m = Model::new(13, &[1, 12, 32, 32])
        .floats("w", &[12, 12, 3, 3], &vec![0.1; 12 * 12 * 9])
        .node("Conv", &["x", "w"], &["y"], &[("pads", A::Is(&[1, 1, 1, 1]))]);
    let graph = m.import().expect("importable");
    let start = std::time::Instant::now();
    float::run(&graph, &[iota(12 * 32 * 32)]).expect("runnable");
    assert!(
        start.elapsed() < std::time::Duration::from_millis(200),
        "took {:?}",
        start.elapsed()
    );
}
