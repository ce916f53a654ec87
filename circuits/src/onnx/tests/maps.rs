//! Constant linear maps: resizing, sampling, transforms, sums of products.

use super::builder::{unary, A};
use super::*;

fn refusal(model: &Model) -> String {
    model.import().expect_err("refused").to_string()
}

/// A resize of `[1, n]` to `to` columns.
fn resize(n: i64, to: i64, attributes: &[(&str, A<'_>)]) -> Model {
    Model::new(19, &[1, n])
        .ints("sizes", &[1, to])
        .node("Resize", &["x", "", "", "sizes"], &["y"], attributes)
}

#[test]
fn resizes() {
    let linear = |mode| [("mode", A::S("linear")), ("coordinate_transformation_mode", A::S(mode))];
    let x = [1.0, 3.0];
    // Positions -0.25, 0.25, 0.75, 1.25 of the input.
    check(&resize(2, 4, &linear("half_pixel")), &x, &[1, 4], &[1.0, 1.5, 2.5, 3.0]);
    check(
        &resize(2, 4, &linear("align_corners")),
        &x,
        &[1, 4],
        &[1.0, 5.0 / 3.0, 7.0 / 3.0, 3.0],
    );
    check(&resize(2, 4, &linear("asymmetric")), &x, &[1, 4], &[1.0, 2.0, 3.0, 3.0]);
    check(&resize(2, 1, &linear("pytorch_half_pixel")), &x, &[1, 1], &[1.0]);
    let nearest = |mode| {
        [
            ("mode", A::S("nearest")),
            ("coordinate_transformation_mode", A::S("asymmetric")),
            ("nearest_mode", A::S(mode)),
        ]
    };
    // Positions 0, 0.5, 1, 1.5 of three elements.
    let x = [1.0, 2.0, 3.0];
    for (mode, expected) in [
        ("floor", [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]),
        ("ceil", [1.0, 2.0, 2.0, 3.0, 3.0, 3.0]),
        ("round_prefer_floor", [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]),
        ("round_prefer_ceil", [1.0, 2.0, 2.0, 3.0, 3.0, 3.0]),
    ] {
        check(&resize(3, 6, &nearest(mode)), &x, &[1, 6], &expected);
    }
    assert!(refusal(&resize(3, 6, &nearest("middle"))).contains("`middle` is unknown"));
    // Halfway between elements with a = -0.75: -3/32, 19/32, 19/32, -3/32.
    let cubic = [
        ("mode", A::S("cubic")),
        ("coordinate_transformation_mode", A::S("align_corners")),
    ];
    let at_half = (-3.0 * 1.0 + 19.0 * 2.0 + 19.0 * 4.0 - 3.0 * 8.0) / 32.0;
    let got = output(&resize(4, 7, &cubic), &[1.0, 2.0, 4.0, 8.0]);
    assert!((got.data[3] - at_half).abs() < 1e-5 && (got.data[2] - 2.0).abs() < 1e-5);
    let crop = Model::new(19, &[1, 4])
        .floats("roi", &[4], &[0.0, 0.5, 1.0, 1.5])
        .ints("sizes", &[1, 4])
        .node(
            "Resize",
            &["x", "roi", "", "sizes"],
            &["y"],
            &[
                ("mode", A::S("linear")),
                ("coordinate_transformation_mode", A::S("tf_crop_and_resize")),
                ("extrapolation_value", A::F(-7.0)),
            ],
        );
    // Positions 1.5, 2.5, and beyond.
    check(&crop, &[0.0, 10.0, 20.0, 30.0], &[1, 4], &[15.0, 25.0, -7.0, -7.0]);
}

/// The text of the standard has position 0 there, its reference -1/2: cubic weights tell them apart.
#[test]
fn one_element_by_pytorch_half_pixel() {
    let resized = |mode: &str, to: i64| {
        let attributes = [
            ("mode", A::S(mode)),
            ("coordinate_transformation_mode", A::S("pytorch_half_pixel")),
        ];
        resize(4, to, &attributes)
    };
    assert!(refusal(&resized("cubic", 1)).contains("one element by pytorch_half_pixel"));
    assert!(resized("cubic", 2).import().is_ok());
    check(&resized("linear", 1), &[5.0, 1.0, 1.0, 1.0], &[1, 1], &[5.0]);
}

/// As many samples as a region has elements, however large it is: two of them are inside of the image.
#[test]
fn samples_of_a_large_region() {
    let n = 8192.0;
    let mut examples = super::builder::ints(&[1], &[0]);
    examples.name = "i".into();
    let mut model = Model::new(10, &[1, 1, 1, 2])
        .floats("r", &[1, 4], &[0.0, 0.0, n, 1.0])
        .node("RoiAlign", &["x", "r", "i"], &["y"], &[]);
    model.graph.initializer.push(examples);
    // At 0.5 and 1.5, which is beyond the last element.
    check(&model, &[0.0, n], &[1, 1, 1, 1], &[1.5]);
}

#[test]
fn resizes_smaller() {
    // Antialiased over twice the width: weights 1/4, 3/4, 3/4, 1/4, at the ends the element at the end again.
    let attributes = [("mode", A::S("linear")), ("antialias", A::I(1))];
    check(
        &resize(4, 2, &attributes),
        &[1.0, 2.0, 3.0, 8.0],
        &[1, 2],
        &[(0.25 + 0.75 + 1.5 + 0.75) / 2.0, (0.5 + 2.25 + 6.0 + 2.0) / 2.0],
    );
    let outside = [
        ("mode", A::S("linear")),
        ("antialias", A::I(1)),
        ("exclude_outside", A::I(1)),
    ];
    check(
        &resize(4, 2, &outside),
        &[1.0, 2.0, 3.0, 8.0],
        &[1, 2],
        &[(0.75 + 1.5 + 0.75) / 1.75, (0.5 + 2.25 + 6.0) / 1.75],
    );
    let scales = |opset: i64, scale: f32| {
        Model::new(opset, &[1, 4])
            .floats("s", &[2], &[1.0, scale])
            .node("Upsample", &["x", "s"], &["y"], &[])
    };
    check(&scales(9, 1.5), &iota(4), &[1, 6], &[0.0, 0.0, 1.0, 2.0, 2.0, 3.0]);
    assert!(refusal(&scales(9, 0.5)).contains("downsampling by nearest elements"));
}

#[test]
fn samples() {
    let sample = |attributes: &[(&str, A<'_>)]| {
        // x: left and right of the middle, and beyond the right end.
        Model::new(20, &[1, 1, 1, 2])
            .floats("g", &[1, 1, 3, 2], &[-0.5, 0.0, 0.0, 0.0, 2.0, 0.0])
            .node("GridSample", &["x", "g"], &["y"], attributes)
    };
    let x = [10.0, 20.0];
    // Columns 0, 0.5 and 2.5; row 0.
    check(&sample(&[]), &x, &[1, 1, 1, 3], &[10.0, 15.0, 0.0]);
    check(
        &sample(&[("padding_mode", A::S("border"))]),
        &x,
        &[1, 1, 1, 3],
        &[10.0, 15.0, 20.0],
    );
    // 2.5 turns around at 1.5 to 0.5.
    check(
        &sample(&[("padding_mode", A::S("reflection"))]),
        &x,
        &[1, 1, 1, 3],
        &[10.0, 15.0, 15.0],
    );
    assert!(refusal(&sample(&[("mode", A::S("spline"))])).contains("`spline` is unknown"));
    let affine = Model::new(20, &[1, 2, 3])
        .ints("s", &[1, 1, 1, 2])
        .node("AffineGrid", &["x", "s"], &["y"], &[]);
    // Points (-0.5, 0) and (0.5, 0).
    check(
        &affine,
        &[2.0, 7.0, 1.0, 4.0, 9.0, -1.0],
        &[1, 1, 2, 2],
        &[0.0, -3.0, 2.0, 1.0],
    );
}

#[test]
fn transforms() {
    let dft = |shape: &[i64], attributes: &[(&str, A<'_>)]| unary(17, shape, "DFT", attributes);
    let x = [1.0, 2.0, 3.0, 4.0];
    let whole = [10.0, 0.0, -2.0, 2.0, -2.0, 0.0, -2.0, -2.0];
    check(&dft(&[1, 4, 1], &[]), &x, &[1, 4, 2], &whole);
    check(&dft(&[1, 4, 1], &[("onesided", A::I(1))]), &x, &[1, 3, 2], &whole[..6]);
    let back = [1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 4.0, 0.0];
    check(&dft(&[1, 4, 2], &[("inverse", A::I(1))]), &whole, &[1, 4, 2], &back);
    let one_side = dft(&[1, 3, 2], &[("inverse", A::I(1)), ("onesided", A::I(1))]);
    check(&one_side, &whole[..6], &[1, 4, 1], &x);
    assert!(refusal(&dft(&[1, 4, 2], &[("onesided", A::I(1))])).contains("complex"));
}

#[test]
fn sums_of_products() {
    let einsum = |shape: &[i64], equation: &str| {
        Model::new(12, shape)
            .floats("w", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
            .node("Einsum", &["x", "w"], &["y"], &[("equation", A::S(equation))])
    };
    let x = [1.0, 0.0, 2.0, -1.0];
    check(
        &einsum(&[2, 2], "ij,jk->ik"),
        &x,
        &[2, 3],
        &[1.0, 2.0, 3.0, -2.0, -1.0, 0.0],
    );
    check(
        &einsum(&[2, 2], " ij , jk -> ki"),
        &x,
        &[3, 2],
        &[1.0, -2.0, 2.0, -1.0, 3.0, 0.0],
    );
    check(
        &einsum(&[2, 2], "...i,ij"),
        &x,
        &[2, 3],
        &[1.0, 2.0, 3.0, -2.0, -1.0, 0.0],
    );
    check(&einsum(&[2, 2], "ij,kl->i"), &x, &[2], &[21.0, 21.0]);
    let own = |equation: &str| unary(12, &[2, 2], "Einsum", &[("equation", A::S(equation))]);
    check(&own("ii->i"), &x, &[2], &[1.0, -1.0]);
    check(&own("ij->j"), &x, &[2], &[3.0, -1.0]);
    check(&own("ij->ji"), &x, &[2, 2], &[1.0, 2.0, 0.0, -1.0]);
    assert!(refusal(&own("ij->k")).contains("does not fit"));
    assert!(refusal(&own("ijk->i")).contains("does not fit"));
}

#[test]
fn windows_put_back() {
    // Two windows of two over three elements: the middle one is in both.
    let model = Model::new(18, &[1, 2, 2]).ints("image", &[3]).ints("block", &[2]).node(
        "Col2Im",
        &["x", "image", "block"],
        &["y"],
        &[],
    );
    check(&model, &[1.0, 2.0, 10.0, 20.0], &[1, 1, 3], &[1.0, 12.0, 20.0]);
}
