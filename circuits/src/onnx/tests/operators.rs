//! Pointwise operators, matrix products, reductions.

use super::builder::{unary, A};
use super::*;

#[test]
fn pointwise() {
    let x = [-2.0, -0.5, 0.0, 3.0];
    for (op, attrs, expected) in [
        ("Relu", vec![], [0.0, 0.0, 0.0, 3.0]),
        ("Abs", vec![], [2.0, 0.5, 0.0, 3.0]),
        ("Neg", vec![], [2.0, 0.5, 0.0, -3.0]),
        ("LeakyRelu", vec![], [-0.02, -0.005, 0.0, 3.0]),
        ("LeakyRelu", vec![("alpha", A::F(0.5))], [-1.0, -0.25, 0.0, 3.0]),
        (
            "Clip",
            vec![("min", A::F(-1.0)), ("max", A::F(1.0))],
            [-1.0, -0.5, 0.0, 1.0],
        ),
        ("Identity", vec![], x),
        ("Dropout", vec![], x),
        ("Cast", vec![("to", A::I(1))], x),
    ] {
        check(&unary(9, &[0, 4], op, &attrs), &x, &[1, 4], &expected);
    }
}

#[test]
fn clip_with_inputs() {
    let base = Model::new(13, &[1, 3])
        .floats("lo", &[], &[-1.0])
        .floats("hi", &[], &[6.0]);
    check(
        &base.clone().node("Clip", &["x", "lo", "hi"], &["y"], &[]),
        &[-5.0, 2.0, 9.0],
        &[1, 3],
        &[-1.0, 2.0, 6.0],
    );
    let upper = base.node("Clip", &["x", "", "hi"], &["y"], &[]);
    assert_eq!(
        ops(&upper),
        [Op::Clip {
            min: None,
            max: Some(6.0)
        }]
    );
}

#[test]
fn binary_with_broadcasting() {
    let with = |op: &str| {
        Model::new(13, &[2, 2])
            .floats("c", &[2, 1], &[2.0, 4.0])
            .node(op, &["x", "c"], &["y"], &[])
    };
    let x = [1.0, 2.0, 3.0, 8.0];
    check(&with("Add"), &x, &[2, 2], &[3.0, 4.0, 7.0, 12.0]);
    check(&with("Sub"), &x, &[2, 2], &[-1.0, 0.0, -1.0, 4.0]);
    check(&with("Mul"), &x, &[2, 2], &[2.0, 4.0, 12.0, 32.0]);
    check(&with("Div"), &x, &[2, 2], &[0.5, 1.0, 0.75, 2.0]);
    check(&with("Min"), &x, &[2, 2], &[1.0, 2.0, 3.0, 4.0]);
    check(&with("Max"), &x, &[2, 2], &[2.0, 2.0, 4.0, 8.0]);
    let prelu = Model::new(9, &[2, 2])
        .floats("s", &[2], &[0.5, 2.0])
        .node("PRelu", &["x", "s"], &["y"], &[]);
    check(&prelu, &[-1.0, -1.0, 4.0, -3.0], &[2, 2], &[-0.5, -2.0, 4.0, -6.0]);
}

#[test]
fn any_number_of_operands() {
    let with = |op: &str| {
        let m = Model::new(13, &[2])
            .floats("a", &[2], &[5.0, 1.0])
            .floats("b", &[2], &[0.0, 3.0]);
        m.node(op, &["x", "a", "b"], &["y"], &[])
    };
    check(&with("Max"), &[2.0, 2.0], &[2], &[5.0, 3.0]);
    check(&with("Min"), &[2.0, 2.0], &[2], &[0.0, 1.0]);
    check(&with("Sum"), &[2.0, 2.0], &[2], &[7.0, 6.0]);
    check(&with("Mean"), &[1.0, 2.0], &[2], &[2.0, 2.0]);
}

#[test]
fn matmul() {
    let m = |shape: &[i64], w: &[i64]| {
        let n: i64 = w.iter().product();
        Model::new(13, shape)
            .floats("w", w, &iota(n as usize))
            .node("MatMul", &["x", "w"], &["y"], &[])
    };
    check(&m(&[1, 2], &[2, 3]), &[1.0, 10.0], &[1, 3], &[30.0, 41.0, 52.0]);
    check(&m(&[2], &[2, 3]), &[1.0, 10.0], &[3], &[30.0, 41.0, 52.0]);
    check(&m(&[1, 2], &[2]), &[5.0, 7.0], &[1], &[7.0]);
    check(&m(&[2], &[2]), &[5.0, 7.0], &[], &[7.0]);
    check(
        &m(&[2, 1, 2], &[2, 2, 1]),
        &[1.0, 2.0, 3.0, 4.0],
        &[2, 1, 1],
        &[2.0, 18.0],
    );
    check(&m(&[2, 1, 2], &[2, 1]), &[1.0, 2.0, 3.0, 4.0], &[2, 1, 1], &[2.0, 4.0]);
}

#[test]
fn gemm_folds_scales_and_transposes() {
    let m = Model::new(13, &[1, 2])
        .floats("w", &[2, 2], &[1.0, 2.0, 3.0, 4.0])
        .floats("c", &[2], &[1.0, 2.0])
        .node(
            "Gemm",
            &["x", "w", "c"],
            &["y"],
            &[("transB", A::I(1)), ("alpha", A::F(2.0)), ("beta", A::F(0.5))],
        );
    // 2 * [x0 + 2 x1, 3 x0 + 4 x1] + [0.5, 1]
    check(&m, &[1.0, 1.0], &[1, 2], &[6.5, 15.0]);
    assert_eq!(ops(&m), [Op::MatMul, Op::Add]);
    let runtime = Model::new(13, &[2, 2])
        .floats("w", &[2, 1], &[1.0, 1.0])
        .node("Gemm", &["x", "w"], &["h"], &[("transA", A::I(1))])
        .node("Gemm", &["x", "h"], &["y"], &[("alpha", A::F(3.0))]);
    // columns of x summed: [4, 6]; x [4, 6] = [16, 36]
    check(&runtime, &[1.0, 2.0, 3.0, 4.0], &[2, 1], &[48.0, 108.0]);
}

#[test]
fn shared_constants_are_stored_once() {
    let m = Model::new(13, &[1, 2])
        .floats("w", &[2, 2], &[1.0, 2.0, 3.0, 4.0])
        .node("Gemm", &["x", "w"], &["h"], &[("transB", A::I(1))])
        .node("Gemm", &["h", "w"], &["y"], &[("transB", A::I(1))]);
    let graph = m.import().expect("importable");
    assert_eq!(graph.values.iter().filter(|v| v.constant.is_some()).count(), 1);
    assert_eq!(graph.nodes[0].inputs[1], graph.nodes[1].inputs[1]);
}

#[test]
fn reductions() {
    let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let with =
        |op: &str, axes: &[i64], keep: i64| unary(11, &[2, 3], op, &[("axes", A::Is(axes)), ("keepdims", A::I(keep))]);
    check(&with("ReduceSum", &[1], 1), &x, &[2, 1], &[6.0, 15.0]);
    check(&with("ReduceMean", &[-1], 0), &x, &[2], &[2.0, 5.0]);
    check(&with("ReduceMax", &[0], 0), &x, &[3], &[4.0, 5.0, 6.0]);
    check(&with("ReduceMin", &[1, 0], 0), &x, &[], &[1.0]);
    let input = Model::new(18, &[2, 3])
        .ints("a", &[-2])
        .node("ReduceMax", &["x", "a"], &["y"], &[]);
    check(&input, &x, &[1, 3], &[4.0, 5.0, 6.0]);
    check(&unary(13, &[2, 3], "ReduceSum", &[]), &x, &[1, 1], &[21.0]);
    let noop = unary(13, &[2, 3], "ReduceSum", &[("noop_with_empty_axes", A::I(1))]);
    check(&noop, &x, &[2, 3], &x);
}

#[test]
fn arg_max_takes_the_first() {
    let with = |op: &str, keep: i64| unary(13, &[2, 3], op, &[("axis", A::I(-1)), ("keepdims", A::I(keep))]);
    let x = [1.0, 5.0, 5.0, 2.0, 0.0, 0.0];
    check(&with("ArgMax", 0), &x, &[2], &[1.0, 0.0]);
    check(&with("ArgMin", 1), &x, &[2, 1], &[0.0, 1.0]);
}

#[test]
fn indices_of_the_largest_are_numbers_for_who_reads_them() {
    let x = [1.0, 5.0, 5.0, 2.0, 2.0, 2.0, 0.0, 3.0, 4.0];
    let with = |axis: i64, last: i64| {
        Model::new(13, &[3, 3])
            .node(
                "ArgMax",
                &["x"],
                &["at"],
                &[
                    ("axis", A::I(axis)),
                    ("keepdims", A::I(0)),
                    ("select_last_index", A::I(last)),
                ],
            )
            .node("Cast", &["at"], &["f"], &[("to", A::I(1))])
            .node("Add", &["f", "f"], &["y"], &[])
    };
    check(&with(1, 0), &x, &[3], &[2.0, 0.0, 4.0]);
    check(&with(1, 1), &x, &[3], &[4.0, 4.0, 4.0]);
    check(&with(0, 0), &x, &[3], &[2.0, 0.0, 0.0]);
    check(&with(0, 1), &x, &[3], &[2.0, 0.0, 0.0]);
    // Over all scores, read twice, and an output besides.
    let scores = |op: &str| {
        Model::new(11, &[1, 4])
            .node(op, &["x"], &["label"], &[("axis", A::I(1))])
            .node("Cast", &["label"], &["f"], &[("to", A::I(1))])
            .node("Unsqueeze", &["label"], &["wide"], &[("axes", A::Is(&[0]))])
            .node("Cast", &["wide"], &["g"], &[("to", A::I(1))])
            .node("Add", &["f", "g"], &["y"], &[])
    };
    check(&scores("ArgMax"), &[1.0, 7.0, 7.0, 0.0], &[1, 1, 1], &[2.0]);
    check(&scores("ArgMin"), &[1.0, 7.0, 0.0, 0.0], &[1, 1, 1], &[4.0]);
    // As an output it is what the label policy shows, whatever its type and shape.
    let shown = Model::new(11, &[1, 4])
        .node("ArgMax", &["x"], &["label"], &[("axis", A::I(1))])
        .node("Cast", &["label"], &["f"], &[("to", A::I(1))])
        .node("Squeeze", &["f"], &["y"], &[("axes", A::Is(&[0]))]);
    assert!(matches!(ops(&shown)[..], [Op::ArgMax { .. }]));
    let last = unary(
        13,
        &[1, 4],
        "ArgMax",
        &[("axis", A::I(1)), ("select_last_index", A::I(1))],
    );
    let refused = last.import().expect_err("no label").to_string();
    assert!(refused.contains("select_last_index"), "{refused}");
    // The only element is the first.
    let lone = Model::new(13, &[2, 1])
        .node("ArgMax", &["x"], &["at"], &[("axis", A::I(1))])
        .node("Cast", &["at"], &["f"], &[("to", A::I(1))])
        .node("Add", &["f", "x"], &["y"], &[]);
    check(&lone, &[3.0, 4.0], &[2, 1], &[3.0, 4.0]);
}

#[test]
fn batch_normalization() {
    let params = |m: Model| {
        m.floats("s", &[2], &[2.0, 1.0])
            .floats("b", &[2], &[1.0, 0.0])
            .floats("m", &[2], &[3.0, 0.0])
            .floats("v", &[2], &[4.0, 1.0])
    };
    let eps = || [("epsilon", A::F(0.0))];
    let bn = ["h", "s", "b", "m", "v"];
    let alone =
        params(Model::new(15, &[1, 2, 1, 2])).node("BatchNormalization", &["x", "s", "b", "m", "v"], &["y"], &eps());
    // channel 0: (x - 3) + 1, channel 1: x
    check(&alone, &[1.0, 5.0, 7.0, 8.0], &[1, 2, 1, 2], &[-1.0, 3.0, 7.0, 8.0]);
    assert_eq!(ops(&alone), [Op::Mul, Op::Add]);
    let conv = params(Model::new(15, &[1, 1, 1, 2]))
        .floats("w", &[2, 1, 1, 1], &[2.0, 10.0])
        .floats("c", &[2], &[1.0, 5.0])
        .node("Conv", &["x", "w", "c"], &["h"], &[])
        .node("BatchNormalization", &bn, &["y"], &eps());
    check(&conv, &[1.0, 2.0], &[1, 2, 1, 2], &[1.0, 3.0, 15.0, 25.0]);
    assert_eq!(ops(&conv).len(), 1);
    let mut twice = conv.clone();
    twice.graph.output.push(builder::info("h", &[]));
    assert_eq!(ops(&twice).len(), 3);
    check(&twice, &[1.0, 2.0], &[1, 2, 1, 2], &[1.0, 3.0, 15.0, 25.0]);
}
