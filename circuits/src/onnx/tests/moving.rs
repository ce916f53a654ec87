//! Operators that move elements, with their differences between operator sets.

use super::builder::{unary, A};
use super::*;

#[test]
fn reshapes() {
    let x = iota(6);
    let with = |shape: &[i64]| {
        Model::new(13, &[0, 2, 3])
            .ints("s", shape)
            .node("Reshape", &["x", "s"], &["y"], &[])
    };
    check(&with(&[0, -1]), &x, &[1, 6], &x);
    check(&with(&[3, 2]), &x, &[3, 2], &x);
    assert_eq!(ops(&with(&[1, 2, -1])), []);
    assert_eq!(with(&[4, -1]).import().expect_err("refused").code(), "onnx-shape");
    assert_eq!(with(&[-1, -1]).import().expect_err("refused").code(), "onnx-shape");
    check(&unary(13, &[1, 2, 3], "Flatten", &[]), &x, &[1, 6], &x);
    check(&unary(13, &[2, 3], "Flatten", &[("axis", A::I(0))]), &x, &[1, 6], &x);
    check(
        &unary(13, &[1, 2, 3], "Flatten", &[("axis", A::I(-1))]),
        &x,
        &[2, 3],
        &x,
    );
}

#[test]
fn squeezes() {
    let x = iota(3);
    check(&unary(13, &[1, 3, 1], "Squeeze", &[]), &x, &[3], &x);
    check(
        &unary(11, &[1, 3, 1], "Squeeze", &[("axes", A::Is(&[-1]))]),
        &x,
        &[1, 3],
        &x,
    );
    check(
        &unary(11, &[3], "Unsqueeze", &[("axes", A::Is(&[0, -1]))]),
        &x,
        &[1, 3, 1],
        &x,
    );
    let input = |op: &str, shape: &[i64], axes: &[i64]| {
        Model::new(13, shape).ints("a", axes).node(op, &["x", "a"], &["y"], &[])
    };
    check(&input("Squeeze", &[1, 3, 1], &[0]), &x, &[3, 1], &x);
    check(&input("Unsqueeze", &[3], &[1]), &x, &[3, 1], &x);
    assert_eq!(
        input("Squeeze", &[1, 3], &[1]).import().expect_err("refused").code(),
        "onnx-shape"
    );
    assert_eq!(
        input("Unsqueeze", &[3], &[1, -2]).import().expect_err("refused").code(),
        "onnx-shape"
    );
}

#[test]
fn transposes() {
    let x = iota(6);
    check(
        &unary(13, &[2, 3], "Transpose", &[]),
        &x,
        &[3, 2],
        &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0],
    );
    let perm = unary(13, &[1, 2, 3], "Transpose", &[("perm", A::Is(&[2, 0, 1]))]);
    check(&perm, &x, &[3, 1, 2], &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    let bad = unary(13, &[1, 2, 3], "Transpose", &[("perm", A::Is(&[2, 2, 1]))]);
    assert_eq!(bad.import().expect_err("refused").code(), "onnx-shape");
}

#[test]
fn concatenations() {
    let m = Model::new(13, &[2, 1])
        .floats("c", &[2, 2], &[5.0, 6.0, 7.0, 8.0])
        .node("Concat", &["x", "c", "x"], &["y"], &[("axis", A::I(-1))]);
    check(&m, &[1.0, 2.0], &[2, 4], &[1.0, 5.0, 6.0, 1.0, 2.0, 7.0, 8.0, 2.0]);
}

#[test]
fn slices() {
    let x = iota(8);
    let old = unary(
        9,
        &[2, 4],
        "Slice",
        &[
            ("starts", A::Is(&[1])),
            ("ends", A::Is(&[i64::MAX])),
            ("axes", A::Is(&[1])),
        ],
    );
    check(&old, &x, &[2, 3], &[1.0, 2.0, 3.0, 5.0, 6.0, 7.0]);
    let new = |starts: &[i64], ends: &[i64], axes: &[i64], steps: &[i64]| {
        let m = Model::new(13, &[2, 4])
            .ints("s", starts)
            .ints("e", ends)
            .ints("a", axes)
            .ints("t", steps);
        m.node("Slice", &["x", "s", "e", "a", "t"], &["y"], &[])
    };
    check(
        &new(&[-1], &[i64::MIN], &[1], &[-2]),
        &x,
        &[2, 2],
        &[3.0, 1.0, 7.0, 5.0],
    );
    check(&new(&[1, 0], &[2, -1], &[0, 1], &[1, 2]), &x, &[1, 2], &[4.0, 6.0]);
    assert_eq!(ops(&new(&[0], &[100], &[0], &[1])), []);
    assert_eq!(
        new(&[2], &[1], &[1], &[1]).import().expect_err("refused").code(),
        "onnx-shape"
    );
    assert_eq!(
        new(&[0], &[1], &[1], &[0]).import().expect_err("refused").code(),
        "onnx-shape"
    );
}

#[test]
fn splits() {
    let x = iota(5);
    let sum = |m: Model| m.node("ReduceSum", &["a"], &["y"], &[]);
    let old = Model::new(11, &[1, 5]).node(
        "Split",
        &["x"],
        &["a", "b"],
        &[("axis", A::I(1)), ("split", A::Is(&[2, 3]))],
    );
    check(&sum(old.clone()), &x, &[1, 1], &[1.0]);
    let new = Model::new(13, &[1, 5])
        .ints("n", &[1, 4])
        .node("Split", &["x", "n"], &["b", "a"], &[("axis", A::I(1))]);
    check(&sum(new), &x, &[1, 1], &[10.0]);
    let equal = Model::new(18, &[1, 5]).node(
        "Split",
        &["x"],
        &["b", "a"],
        &[("axis", A::I(1)), ("num_outputs", A::I(2))],
    );
    check(&sum(equal), &x, &[1, 1], &[7.0]);
    assert_eq!(
        ops(&old.node("Identity", &["b"], &["y"], &[])),
        [Op::Slice {
            ranges: vec![(0, 1, 1), (2, 3, 1)]
        }]
    );
}

#[test]
fn pads() {
    let x = [1.0, 2.0];
    let old = unary(
        9,
        &[1, 2],
        "Pad",
        &[("pads", A::Is(&[0, 1, 1, 0])), ("value", A::F(9.0))],
    );
    check(&old, &x, &[2, 3], &[9.0, 1.0, 2.0, 9.0, 9.0, 9.0]);
    let new = |pads: &[i64]| {
        Model::new(13, &[1, 2])
            .ints("p", pads)
            .node("Pad", &["x", "p"], &["y"], &[])
    };
    check(&new(&[0, 0, 0, 1]), &x, &[1, 3], &[1.0, 2.0, 0.0]);
    check(&new(&[0, -1, 0, 1]), &x, &[1, 2], &[2.0, 0.0]);
    let axes = Model::new(18, &[1, 2])
        .ints("p", &[1, 0])
        .ints("a", &[-1])
        .floats("v", &[], &[5.0]);
    check(
        &axes.node("Pad", &["x", "p", "v", "a"], &["y"], &[]),
        &x,
        &[1, 3],
        &[5.0, 1.0, 2.0],
    );
    let mode = |mode: &str, begin: i64, end: i64| {
        let pads = [0, begin, 0, end];
        unary(19, &[1, 3], "Pad", &[("mode", A::S(mode))]).ints("p", &pads)
    };
    let padded = |name: &str, begin: i64, end: i64| {
        let mut model = mode(name, begin, end);
        model.graph.node[0].input = vec!["x".into(), "p".into()];
        model
    };
    let x = [1.0, 2.0, 3.0];
    check(&padded("reflect", 2, 1), &x, &[1, 6], &[3.0, 2.0, 1.0, 2.0, 3.0, 2.0]);
    check(&padded("edge", 2, 1), &x, &[1, 6], &[1.0, 1.0, 1.0, 2.0, 3.0, 3.0]);
    check(
        &padded("wrap", 2, 4),
        &x,
        &[1, 9],
        &[2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0],
    );
    let refused = |model: Model| model.import().expect_err("refused").to_string();
    assert!(refused(padded("reflect", 3, 0)).contains("longer than the axis"));
    assert!(refused(padded("edge", -1, 1)).contains("negative pads"));
    assert!(refused(padded("mirror", 1, 1)).contains("`mirror` is unknown"));
}

#[test]
fn expansion_and_gathering() {
    let expand = Model::new(13, &[2, 1])
        .ints("s", &[3, 1, 2])
        .node("Expand", &["x", "s"], &["y"], &[]);
    check(&expand, &[1.0, 2.0], &[3, 2, 2], &[1.0, 1.0, 2.0, 2.0].repeat(3));
    let gather = |axis: i64, indices: &[i64]| {
        Model::new(13, &[2, 3])
            .ints("i", indices)
            .node("Gather", &["x", "i"], &["y"], &[("axis", A::I(axis))])
    };
    check(&gather(1, &[-1, 0]), &iota(6), &[2, 2], &[2.0, 0.0, 5.0, 3.0]);
    check(&gather(0, &[1]), &iota(6), &[1, 3], &[3.0, 4.0, 5.0]);
    assert_eq!(gather(0, &[2]).import().expect_err("refused").code(), "onnx-shape");
    assert_eq!(gather(0, &[-3]).import().expect_err("refused").code(), "onnx-shape");
}
