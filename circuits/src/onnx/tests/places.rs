//! Elements taken from and put to constant places, and shapes.

use super::builder::{ints, unary, A};
use super::*;

/// A model with a tensor of integers of this shape.
fn with_ints(model: Model, name: &str, dims: &[i64], data: &[i64]) -> Model {
    let mut model = model;
    let mut t = ints(dims, data);
    t.name = name.into();
    model.graph.initializer.push(t);
    model
}

fn refusal(model: &Model) -> String {
    model.import().expect_err("refused").to_string()
}

#[test]
fn gathers() {
    let x = iota(6);
    let elements = |axis: i64, dims: &[i64], data: &[i64]| {
        let model = Model::new(13, &[2, 3]).node("GatherElements", &["x", "i"], &["y"], &[("axis", A::I(axis))]);
        with_ints(model, "i", dims, data)
    };
    check(
        &elements(1, &[2, 2], &[-1, 0, 1, 1]),
        &x,
        &[2, 2],
        &[2.0, 0.0, 4.0, 4.0],
    );
    check(&elements(0, &[1, 3], &[1, 0, 1]), &x, &[1, 3], &[3.0, 1.0, 5.0]);
    assert!(refusal(&elements(1, &[2, 1], &[3, 0])).contains("not in an axis"));
    let nd = |batch: i64, dims: &[i64], data: &[i64]| {
        let model = Model::new(13, &[2, 3]).node("GatherND", &["x", "i"], &["y"], &[("batch_dims", A::I(batch))]);
        with_ints(model, "i", dims, data)
    };
    check(&nd(0, &[2, 2], &[0, 1, 1, -1]), &x, &[2], &[1.0, 5.0]);
    check(&nd(0, &[1, 1], &[1]), &x, &[1, 3], &[3.0, 4.0, 5.0]);
    check(&nd(1, &[2, 1], &[2, 0]), &x, &[2], &[2.0, 3.0]);
    let compress = with_ints(
        Model::new(11, &[2, 3]).node("Compress", &["x", "i"], &["y"], &[("axis", A::I(1))]),
        "i",
        &[3],
        &[1, 0, 1],
    );
    check(&compress, &x, &[2, 2], &[0.0, 2.0, 3.0, 5.0]);
}

#[test]
fn scatters() {
    let x = [1.0, 2.0, 3.0, 4.0];
    let scatter = |places: &[i64], reduction: &str| {
        let n = places.len() as i64;
        let model = Model::new(18, &[4])
            .floats("u", &[n], &[10.0, 20.0, -30.0][..places.len()])
            .node(
                "ScatterElements",
                &["x", "i", "u"],
                &["y"],
                &[("reduction", A::S(reduction))],
            );
        with_ints(model, "i", &[n], places)
    };
    check(&scatter(&[1, -1], "none"), &x, &[4], &[1.0, 10.0, 3.0, 20.0]);
    check(&scatter(&[1, 3, 1], "add"), &x, &[4], &[1.0, -18.0, 3.0, 24.0]);
    check(&scatter(&[0, 0, 1], "mul"), &x, &[4], &[200.0, -60.0, 3.0, 4.0]);
    check(&scatter(&[0, 0, 1], "max"), &x, &[4], &[20.0, 2.0, 3.0, 4.0]);
    check(&scatter(&[0, 0, 1], "min"), &x, &[4], &[1.0, -30.0, 3.0, 4.0]);
    assert!(refusal(&scatter(&[1, 1], "none")).contains("two updates of one element"));
    let nd = with_ints(
        Model::new(18, &[2, 2])
            .floats("u", &[1, 2], &[7.0, 8.0])
            .node("ScatterND", &["x", "i", "u"], &["y"], &[]),
        "i",
        &[1, 1],
        &[1],
    );
    check(&nd, &x, &[2, 2], &[1.0, 2.0, 7.0, 8.0]);
}

#[test]
fn selections() {
    let mut mask = ints(&[2, 1], &[]);
    (mask.data_type, mask.raw_data, mask.name) = (9, vec![1, 0], "m".into());
    let mut model = Model::new(16, &[1, 2])
        .floats("c", &[], &[9.0])
        .node("Where", &["m", "x", "c"], &["y"], &[]);
    model.graph.initializer.push(mask);
    check(&model, &[1.0, 2.0], &[2, 2], &[1.0, 2.0, 9.0, 9.0]);
    let one_hot = |axis: i64, data: &[i64]| {
        let model =
            Model::new(11, &[2])
                .ints("d", &[3])
                .node("OneHot", &["i", "d", "x"], &["y"], &[("axis", A::I(axis))]);
        with_ints(model, "i", &[data.len() as i64], data)
    };
    // Off and on; negative indices count from the end, others beyond the depth are off.
    let (off, on) = (2.0, 5.0);
    check(
        &one_hot(-1, &[0, -1]),
        &[off, on],
        &[2, 3],
        &[on, off, off, off, off, on],
    );
    check(
        &one_hot(0, &[1, 7]),
        &[off, on],
        &[3, 2],
        &[off, off, on, off, off, off],
    );
}

#[test]
fn shapes() {
    let x = iota(4);
    let tile = Model::new(13, &[1, 2])
        .ints("r", &[2, 2])
        .node("Tile", &["x", "r"], &["y"], &[]);
    check(&tile, &[1.0, 2.0], &[2, 4], &[1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
    let upper = |k: i64, upper: i64| {
        let mut model = Model::new(14, &[2, 2]).node("Trilu", &["x", "k"], &["y"], &[("upper", A::I(upper))]);
        let mut t = ints(&[], &[k]);
        t.name = "k".into();
        model.graph.initializer.push(t);
        model
    };
    check(&upper(0, 1), &x, &[2, 2], &[0.0, 1.0, 0.0, 3.0]);
    check(&upper(1, 1), &x, &[2, 2], &[0.0, 1.0, 0.0, 0.0]);
    check(&upper(0, 0), &x, &[2, 2], &[0.0, 0.0, 2.0, 3.0]);
    let depth = |mode: &str| {
        unary(
            13,
            &[1, 8, 1, 1],
            "DepthToSpace",
            &[("blocksize", A::I(2)), ("mode", A::S(mode))],
        )
    };
    let x = iota(8);
    check(
        &depth("DCR"),
        &x,
        &[1, 2, 2, 2],
        &[0.0, 2.0, 4.0, 6.0, 1.0, 3.0, 5.0, 7.0],
    );
    check(&depth("CRD"), &x, &[1, 2, 2, 2], &x);
    let space = unary(13, &[1, 1, 2, 4], "SpaceToDepth", &[("blocksize", A::I(2))]);
    check(&space, &x, &[1, 4, 1, 2], &[0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]);
    let reverse = Model::new(10, &[3, 2])
        .ints("n", &[3, 2])
        .node("ReverseSequence", &["x", "n"], &["y"], &[]);
    check(&reverse, &iota(6), &[3, 2], &[4.0, 3.0, 2.0, 1.0, 0.0, 5.0]);
    let crop = |shape: &[i64]| {
        Model::new(18, &[1, 5])
            .ints("s", shape)
            .node("CenterCropPad", &["x", "s"], &["y"], &[])
    };
    check(&crop(&[1, 2]), &iota(5), &[1, 2], &[1.0, 2.0]);
    check(
        &crop(&[2, 8]),
        &iota(5),
        &[2, 8],
        &[&[0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 0.0][..], &[0.0; 8]].concat(),
    );
}

#[test]
fn losses_of_constant_targets() {
    let loss = |reduction: &str| {
        Model::new(13, &[2, 3])
            .ints("t", &[2, 0])
            .floats("w", &[3], &[0.5, 1.0, 2.0])
            .node(
                "NegativeLogLikelihoodLoss",
                &["x", "t", "w"],
                &["y"],
                &[("reduction", A::S(reduction))],
            )
    };
    let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    check(&loss("none"), &x, &[2], &[-6.0, -2.0]);
    check(&loss("sum"), &x, &[], &[-8.0]);
    check(&loss("mean"), &x, &[], &[-8.0 / 2.5]);
}
