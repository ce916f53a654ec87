//! Softmax, normalisations and losses against their formulas.

use super::builder::{unary, A};
use super::*;

/// Rows of exponentials by their sums, in 64 bits.
fn shares(x: &[f32], width: usize) -> Vec<f32> {
    let row = |row: &[f32]| -> Vec<f32> {
        let sum: f64 = row.iter().map(|&v| f64::from(v).exp()).sum();
        row.iter().map(|&v| (f64::from(v).exp() / sum) as f32).collect()
    };
    x.chunks(width).flat_map(row).collect()
}

const X: [f32; 6] = [1.0, -2.0, 0.5, 3.0, 3.0, -1.0];

#[test]
fn softmax_of_an_axis_and_of_all_from_one_on() {
    check(&unary(13, &[2, 3], "Softmax", &[]), &X, &[2, 3], &shares(&X, 3));
    check(&unary(11, &[1, 2, 3], "Softmax", &[]), &X, &[1, 2, 3], &shares(&X, 6));
    let logarithms: Vec<f32> = shares(&X, 3).iter().map(|v| v.ln()).collect();
    check(&unary(13, &[2, 3], "LogSoftmax", &[]), &X, &[2, 3], &logarithms);
    let turned = [1.0, 3.0, -2.0, 3.0, 0.5, -1.0];
    let columns = shares(&turned, 2);
    let expected = [0, 2, 4, 1, 3, 5].map(|i| columns[i]);
    check(
        &unary(13, &[2, 3], "Softmax", &[("axis", A::I(0))]),
        &X,
        &[2, 3],
        &expected,
    );
    let large = [1e4, 1e4 - 1.0, -1e4];
    let expected = shares(&[0.0, -1.0, -2e4], 3);
    check(&unary(13, &[1, 3], "Softmax", &[]), &large, &[1, 3], &expected);
    let error = unary(13, &[2, 3], "Softmax", &[("axis", A::I(2))]).import();
    assert!(error.expect_err("refused").to_string().contains("axis 2 of 2 axes"));
}

#[test]
fn the_first_of_the_largest() {
    let expected = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    check(&unary(13, &[2, 3], "Hardmax", &[]), &X, &[2, 3], &expected);
    let all = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    check(&unary(11, &[1, 2, 3], "Hardmax", &[]), &X, &[1, 2, 3], &all);
}

/// Constants that hide elements leave no -inf in the graph, and the largest is one of those that are left.
#[test]
fn masks() {
    let masked = |mask: &[f32]| {
        Model::new(13, &[2, 3])
            .floats("mask", &[2, 3], mask)
            .node("Add", &["x", "mask"], &["a"], &[])
            .node("Softmax", &["a"], &["y"], &[])
    };
    let hide = f32::NEG_INFINITY;
    let x = [1.0, 90.0, 0.5, 3.0, 3.0, -1.0];
    let model = masked(&[0.0, hide, 0.0, hide, 0.0, 0.5]);
    let (first, second) = (shares(&[1.0, 0.5], 2), shares(&[3.0, -0.5], 2));
    let expected = [first[0], 0.0, first[1], 0.0, second[0], second[1]];
    check(&model, &x, &[2, 3], &expected);
    let graph = model.import().expect("importable");
    let constants = graph.values.iter().filter_map(|v| v.constant.as_ref());
    assert!(constants.flat_map(|t| &t.data).all(|v| v.is_finite()));
    // What hides nothing stays a weight.
    assert_eq!(structure::weights(&masked(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])), ["mask"]);
    let error = masked(&[hide; 6]).import().expect_err("refused").to_string();
    assert!(error.contains("hides all elements of a row"), "{error}");
    let chosen = Model::new(13, &[2, 3])
        .ints("shown", &[1, 0, 1])
        .floats("hide", &[], &[-1e9])
        .node("Cast", &["shown"], &["c"], &[("to", A::I(9))])
        .node("Where", &["c", "x", "hide"], &["a"], &[])
        .node("Softmax", &["a"], &["y"], &[]);
    let second = shares(&[3.0, -1.0], 2);
    check(
        &chosen,
        &x,
        &[2, 3],
        &[first[0], 0.0, first[1], second[0], 0.0, second[1]],
    );
}

#[test]
fn sums_of_exponentials_and_norms() {
    let rows = |f: &dyn Fn(&[f32]) -> f32| X.chunks(3).map(f).collect::<Vec<f32>>();
    let axes = |op: &str, keep: i64| unary(13, &[2, 3], op, &[("axes", A::Is(&[1])), ("keepdims", A::I(keep))]);
    let exponentials = rows(&|row| row.iter().map(|v| v.exp()).sum::<f32>().ln());
    check(&axes("ReduceLogSumExp", 0), &X, &[2], &exponentials);
    check(&axes("ReduceLogSumExp", 1), &X, &[2, 1], &exponentials);
    let lengths = rows(&|row| row.iter().map(|v| v * v).sum::<f32>().sqrt());
    check(&axes("ReduceL2", 0), &X, &[2], &lengths);
    let positive = X.map(f32::abs);
    let sums: Vec<f32> = positive.chunks(3).map(|row| row.iter().sum::<f32>().ln()).collect();
    check(&axes("ReduceLogSum", 0), &positive, &[2], &sums);
    let by: Vec<f32> = X.iter().enumerate().map(|(i, v)| v / lengths[i / 3]).collect();
    check(&unary(13, &[2, 3], "LpNormalization", &[]), &X, &[2, 3], &by);
    let kernel = ("kernel_shape", A::Is(&[2]));
    let cubes = |a: f32, b: f32| (a.abs().powi(3) + b.abs().powi(3)).cbrt();
    let pooled = unary(
        18,
        &[1, 1, 6],
        "LpPool",
        &[kernel, ("p", A::I(3)), ("strides", A::Is(&[2]))],
    );
    let expected = [cubes(1.0, 2.0), cubes(0.5, 3.0), cubes(3.0, 1.0)];
    check(&pooled, &X, &[1, 1, 3], &expected);
    let error = unary(18, &[1, 1, 6], "GlobalLpPool", &[("p", A::I(0))]).import();
    assert!(error.expect_err("refused").to_string().contains("p is 0"));
}

/// Mean 0 and deviation 1, by the formula.
fn standard(x: &[f32], width: usize, epsilon: f32) -> Vec<f32> {
    let row = |row: &[f32]| -> Vec<f32> {
        let n = row.len() as f32;
        let mean = row.iter().sum::<f32>() / n;
        let variance = row.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n;
        row.iter().map(|v| (v - mean) / (variance + epsilon).sqrt()).collect()
    };
    x.chunks(width).flat_map(row).collect()
}

#[test]
fn normalisations() {
    let scale = [2.0, 0.5, -1.0];
    let layer = Model::new(17, &[2, 3])
        .floats("scale", &[3], &scale)
        .floats("bias", &[3], &[0.0, 1.0, 2.0])
        .node(
            "LayerNormalization",
            &["x", "scale", "bias"],
            &["y"],
            &[("epsilon", A::F(0.25))],
        );
    let by = |values: Vec<f32>, bias: f32| -> Vec<f32> {
        let own = values.iter().enumerate();
        own.map(|(i, v)| v * scale[i % 3] + bias * (i % 3) as f32).collect()
    };
    check(&layer, &X, &[2, 3], &by(standard(&X, 3, 0.25), 1.0));
    let root = Model::new(23, &[2, 3]).floats("scale", &[3], &scale).node(
        "RMSNormalization",
        &["x", "scale"],
        &["y"],
        &[("epsilon", A::F(0.25))],
    );
    let squares = |i: usize| X[i * 3..i * 3 + 3].iter().map(|v| v * v).sum::<f32>() / 3.0;
    let expected = X.iter().enumerate().map(|(i, v)| v / (squares(i / 3) + 0.25).sqrt());
    check(&root, &X, &[2, 3], &by(expected.collect(), 0.0));
    for (op, opset, groups) in [
        ("InstanceNormalization", 17, 2),
        ("GroupNormalization", 18, 2),
        ("GroupNormalization", 21, 1),
    ] {
        let model = Model::new(opset, &[1, 2, 3])
            .floats("scale", &[2], &[2.0, 3.0])
            .floats("bias", &[2], &[0.5, -1.0])
            .node(
                op,
                &["x", "scale", "bias"],
                &["y"],
                &[("num_groups", A::I(groups)), ("epsilon", A::F(0.25))],
            );
        let values = standard(&X, if groups == 1 { 6 } else { 3 }, 0.25)
            .into_iter()
            .enumerate();
        let expected: Vec<f32> = values
            .map(|(i, v)| if i < 3 { 2.0 * v + 0.5 } else { 3.0 * v - 1.0 })
            .collect();
        check(&model, &X, &[1, 2, 3], &expected);
    }
    let mean = unary(13, &[2, 3], "MeanVarianceNormalization", &[("axes", A::Is(&[1]))]);
    check(&mean, &X, &[2, 3], &standard(&X, 3, 0.0));
    let near = unary(
        13,
        &[1, 3, 2],
        "LRN",
        &[("size", A::I(2)), ("alpha", A::F(2.0)), ("beta", A::F(0.5))],
    );
    // Each channel with the one after it.
    let around = |i: usize| X[i] * X[i] + X.get(i + 2).map_or(0.0, |v| v * v);
    let expected: Vec<f32> = (0..6).map(|i| X[i] / (1.0 + around(i)).sqrt()).collect();
    check(&near, &X, &[1, 3, 2], &expected);
    let missing = unary(13, &[1, 3, 2], "LRN", &[]).import().expect_err("refused");
    assert!(missing.to_string().contains("size is missing"));
    let misfit = Model::new(21, &[1, 2, 3]).floats("scale", &[3], &scale).node(
        "GroupNormalization",
        &["x", "scale", "scale"],
        &["y"],
        &[("num_groups", A::I(2))],
    );
    assert!(misfit
        .import()
        .expect_err("refused")
        .to_string()
        .contains("do not fit 2 channels"));
}

#[test]
fn cross_entropy() {
    let loss = |attributes: &[(&str, A<'_>)]| {
        Model::new(13, &[2, 3])
            .ints("targets", &[2, 0])
            .floats("weights", &[3], &[1.0, 2.0, 4.0])
            .node(
                "SoftmaxCrossEntropyLoss",
                &["x", "targets", "weights"],
                &["y"],
                attributes,
            )
    };
    let shares = shares(&X, 3);
    let (first, second) = (-4.0 * shares[2].ln(), -shares[3].ln());
    check(&loss(&[]), &X, &[], &[(first + second) / 5.0]);
    check(&loss(&[("reduction", A::S("sum"))]), &X, &[], &[first + second]);
    check(&loss(&[("reduction", A::S("none"))]), &X, &[2], &[first, second]);
    let ignored = [("ignore_index", A::I(2)), ("reduction", A::S("none"))];
    check(&loss(&ignored), &X, &[2], &[0.0, second]);
}

#[test]
fn comparisons_choose() {
    let model = |op: &str| {
        Model::new(16, &[1, 4])
            .floats("one", &[], &[1.0])
            .node(op, &["x", "one"], &["c"], &[])
            .node("Exp", &["x"], &["e"], &[])
            .node("Where", &["c", "e", "x"], &["y"], &[])
    };
    let x = [-1.0, 0.5, 1.0, 2.0];
    let (below, e) = ([(-1.0f32).exp(), 0.5f32.exp()], 1.0f32.exp());
    check(&model("Less"), &x, &[1, 4], &[below[0], below[1], 1.0, 2.0]);
    check(&model("LessOrEqual"), &x, &[1, 4], &[below[0], below[1], e, 2.0]);
    check(&model("GreaterOrEqual"), &x, &[1, 4], &[-1.0, 0.5, e, 2.0f32.exp()]);
    assert_eq!(ops(&model("Less")).len(), 1, "a function of one value");
    let cast = Model::new(16, &[1, 4])
        .floats("one", &[], &[1.0])
        .node("Greater", &["x", "one"], &["c"], &[])
        .node("Not", &["c"], &["n"], &[])
        .node("Cast", &["n"], &["y"], &[("to", A::I(1))]);
    check(&cast, &x, &[1, 4], &[1.0, 1.0, 1.0, 0.0]);
}

#[test]
fn quantized_and_back() {
    let mut model = Model::new(13, &[1, 4])
        .floats("scale", &[], &[0.5])
        .node("QuantizeLinear", &["x", "scale", "zero"], &["q"], &[])
        .node("DequantizeLinear", &["q", "scale", "zero"], &["y"], &[]);
    let mut zero = builder::ints(&[], &[]);
    (zero.name, zero.data_type, zero.raw_data) = ("zero".into(), 3, vec![10u8]);
    model.graph.initializer.push(zero);
    // -100 is below the least integer; 0.75 is half way between two.
    check(&model, &[-100.0, 0.75, 0.2, 3.0], &[1, 4], &[-69.0, 1.0, 0.0, 3.0]);
    assert!(matches!(ops(&model).as_slice(), [Op::Clip { .. }, Op::Function(_)]));
}
