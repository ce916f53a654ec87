//! Activations of straight pieces, powers, and reductions of products.

use super::builder::{unary, A};
use super::*;

const X: [f32; 5] = [-4.0, -1.0, 0.0, 0.5, 3.0];

fn of(op: &str, attributes: &[(&str, A<'_>)]) -> Model {
    unary(18, &[1, 5], op, attributes)
}

fn refusal(model: &Model) -> String {
    model.import().expect_err("refused").to_string()
}

#[test]
fn hard_activations() {
    check(&of("HardSigmoid", &[]), &X, &[1, 5], &[0.0, 0.3, 0.5, 0.6, 1.0]);
    let steep = of("HardSigmoid", &[("alpha", A::F(0.5)), ("beta", A::F(0.25))]);
    check(&steep, &X, &[1, 5], &[0.0, 0.0, 0.25, 0.5, 1.0]);
    // x min(max(x / 6 + 1 / 2, 0), 1)
    check(
        &of("HardSwish", &[]),
        &X,
        &[1, 5],
        &[0.0, -1.0 / 3.0, 0.0, 0.5 * 3.5 / 6.0, 3.0],
    );
    let soft = of("Shrink", &[("lambd", A::F(0.5)), ("bias", A::F(0.5))]);
    check(&soft, &X, &[1, 5], &[-3.5, -0.5, 0.0, 0.0, 2.5]);
    check(&of("Shrink", &[]), &X, &[1, 5], &[-4.0, -1.0, 0.0, 0.0, 3.0]);
    check(
        &of("ThresholdedRelu", &[("alpha", A::F(0.0))]),
        &X,
        &[1, 5],
        &[0.0, 0.0, 0.0, 0.5, 3.0],
    );
    check(&of("ThresholdedRelu", &[]), &X, &[1, 5], &[0.0, 0.0, 0.0, 0.0, 3.0]);
}

#[test]
fn whole_powers() {
    let pow = |shape: &[i64], exponents: &[f32]| {
        Model::new(15, &[1, 3])
            .floats("e", shape, exponents)
            .node("Pow", &["x", "e"], &["y"], &[])
    };
    let x = [2.0, -1.0, 3.0];
    check(&pow(&[], &[3.0]), &x, &[1, 3], &[8.0, -1.0, 27.0]);
    check(&pow(&[3], &[5.0, 0.0, 2.0]), &x, &[1, 3], &[32.0, 1.0, 9.0]);
    check(&pow(&[1], &[1.0]), &x, &[1, 3], &x);
    check(&pow(&[], &[9.0]), &x, &[1, 3], &[512.0, -1.0, 19_683.0]);
    check(&pow(&[3], &[9.0, 1.0, 2.0]), &x, &[1, 3], &[512.0, -1.0, 9.0]);
    check(&pow(&[3], &[2.0, 3.0, 0.5]), &x, &[1, 3], &[4.0, -1.0, 3f32.sqrt()]);
    assert!(refusal(&pow(&[3], &[f32::INFINITY, 1.0, 0.5])).contains("the exponent inf"));
}

#[test]
fn comparisons_that_select() {
    // Clip as a function of the standard: where(x < low, low, x), then where(high < it, high, it).
    let clip = Model::new(16, &[1, 5])
        .floats("low", &[], &[-1.5])
        .floats("high", &[], &[0.25])
        .node("Less", &["x", "low"], &["under"], &[])
        .node("Where", &["under", "low", "x"], &["raised"], &[])
        .node("Less", &["high", "raised"], &["over"], &[])
        .node("Where", &["over", "high", "raised"], &["y"], &[]);
    check(&clip, &X, &[1, 5], &[-1.5, -1.0, 0.0, 0.25, 0.25]);
    let leaky = |op: &str, operands: [&str; 2], branches: [&str; 2]| {
        Model::new(16, &[1, 5])
            .floats("zero", &[], &[0.0])
            .floats("slope", &[], &[0.5])
            .node("Mul", &["slope", "x"], &["part"], &[])
            .node(op, &operands, &["negative"], &[])
            .node("Where", &["negative", branches[0], branches[1]], &["y"], &[])
    };
    let expected = [-2.0, -0.5, 0.0, 0.5, 3.0];
    check(&leaky("Less", ["x", "zero"], ["part", "x"]), &X, &[1, 5], &expected);
    check(
        &leaky("GreaterOrEqual", ["x", "zero"], ["x", "part"]),
        &X,
        &[1, 5],
        &expected,
    );
    // Not a leaky rectifier: the other way round, another threshold.
    let around = leaky("Less", ["x", "zero"], ["x", "part"]);
    check(&around, &X, &[1, 5], &[-4.0, -1.0, 0.0, 0.25, 1.5]);
    let beyond = leaky("Less", ["x", "slope"], ["part", "x"]);
    check(&beyond, &X, &[1, 5], &expected);
    assert!(!matches!(ops(&around).as_slice(), [Op::PRelu, ..]));
}

#[test]
fn comparisons_are_no_values() {
    let compared = || {
        Model::new(16, &[1, 5])
            .floats("c", &[], &[1.0])
            .node("Less", &["x", "c"], &["b"], &[])
    };
    assert!(
        refusal(&compared().node("Add", &["b", "b"], &["y"], &[])).contains("only Where, logical operators and casts")
    );
    assert!(refusal(&compared().node("Cast", &["b"], &["y"], &[("to", A::I(7))])).contains("is a comparison"));
    assert!(refusal(&compared().node("Identity", &["b"], &["y"], &[])).contains("is no output"));
    assert!(refusal(&compared().node("Where", &["b", "b", "b"], &["y"], &[])).contains("is a comparison"));
}

#[test]
fn sums_and_products() {
    let along = |op: &str, axes: &[i64]| {
        Model::new(18, &[2, 3])
            .ints("a", axes)
            .node(op, &["x", "a"], &["y"], &[("keepdims", A::I(0))])
    };
    let x = [1.0, -2.0, 3.0, 0.5, -4.0, -1.0];
    check(&along("ReduceL1", &[1]), &x, &[2], &[6.0, 5.5]);
    check(&along("ReduceSumSquare", &[0]), &x, &[3], &[1.25, 20.0, 10.0]);
    check(&along("ReduceProd", &[-1]), &x, &[2], &[-6.0, 2.0]);
    check(&along("ReduceProd", &[0, 1]), &x, &[], &[-12.0]);
    let running = |op: &str, attributes: &[(&str, A<'_>)]| {
        let mut axis = super::builder::ints(&[], &[1]);
        axis.name = "a".into();
        let mut model = Model::new(26, &[1, 4]).node(op, &["x", "a"], &["y"], attributes);
        model.graph.initializer.push(axis);
        model
    };
    let x = [1.0, 2.0, 3.0, 4.0];
    let (exclusive, reverse) = (("exclusive", A::I(1)), ("reverse", A::I(1)));
    check(&running("CumSum", &[]), &x, &[1, 4], &[1.0, 3.0, 6.0, 10.0]);
    check(
        &running("CumSum", &[exclusive, reverse]),
        &x,
        &[1, 4],
        &[9.0, 7.0, 4.0, 0.0],
    );
    let (exclusive, reverse) = (("exclusive", A::I(1)), ("reverse", A::I(1)));
    check(&running("CumProd", &[reverse]), &x, &[1, 4], &[24.0, 24.0, 12.0, 4.0]);
    check(&running("CumProd", &[exclusive]), &x, &[1, 4], &[1.0, 1.0, 2.0, 6.0]);
    let pool = |p: i64| {
        unary(
            18,
            &[1, 1, 4],
            "LpPool",
            &[("kernel_shape", A::Is(&[2])), ("p", A::I(p))],
        )
    };
    check(&pool(1), &[1.0, -2.0, 3.0, -4.0], &[1, 1, 3], &[3.0, 5.0, 7.0]);
    check(&pool(2), &[3.0, -4.0, 3.0, 0.0], &[1, 1, 3], &[5.0, 5.0, 3.0]);
    assert!(refusal(&pool(17)).contains("p is 17"));
}
