//! Functions of one value, and which steps become one.

use super::builder::{unary, A};
use super::*;
use crate::graph::Function;

const X: [f32; 4] = [-2.0, -0.5, 0.0, 3.0];

#[test]
fn every_function_computes_what_its_operator_says() {
    // Computed with 30 digits from the formulas of the ONNX operators.
    for (op, attrs, expected) in [
        ("Celu", vec![("alpha", A::F(2.0))], [-1.264_241, -0.442_398, 0.0, 3.0]),
        ("Ceil", vec![], [-2.0, 0.0, 0.0, 3.0]),
        ("Elu", vec![("alpha", A::F(0.5))], [-0.432_332, -0.196_735, 0.0, 3.0]),
        ("Erf", vec![], [-0.995_322, -0.520_5, 0.0, 0.999_978]),
        ("Exp", vec![], [0.135_335, 0.606_531, 1.0, 20.085_537]),
        ("Floor", vec![], [-2.0, -1.0, 0.0, 3.0]),
        ("Gelu", vec![], [-0.045_5, -0.154_269, 0.0, 2.995_95]),
        (
            "Gelu",
            vec![("approximate", A::S("tanh"))],
            [-0.045_402, -0.154_286, 0.0, 2.996_363],
        ),
        ("HardSigmoid", vec![], [0.1, 0.4, 0.5, 1.0]),
        ("HardSwish", vec![], [-0.333_333, -0.208_333, 0.0, 3.0]),
        ("Mish", vec![], [-0.252_501, -0.220_744, 0.0, 2.986_535]),
        ("Round", vec![], [-2.0, 0.0, 0.0, 3.0]),
        ("Selu", vec![], [-1.520_166, -0.691_758, 0.0, 3.152_103]),
        (
            "Shrink",
            vec![("lambd", A::F(1.0)), ("bias", A::F(0.25))],
            [-1.75, 0.0, 0.0, 2.75],
        ),
        ("Sigmoid", vec![], [0.119_203, 0.377_541, 0.5, 0.952_574]),
        ("Sign", vec![], [-1.0, -1.0, 0.0, 1.0]),
        (
            "Softplus",
            vec![],
            [0.126_928, 0.474_077, std::f32::consts::LN_2, 3.048_587],
        ),
        ("Softsign", vec![], [-0.666_667, -0.333_333, 0.0, 0.75]),
        (
            "Swish",
            vec![("alpha", A::F(2.0))],
            [-0.035_972, -0.134_471, 0.0, 2.992_582],
        ),
        ("Tanh", vec![], [-0.964_028, -0.462_117, 0.0, 0.995_055]),
        ("ThresholdedRelu", vec![], [0.0, 0.0, 0.0, 3.0]),
    ] {
        let model = unary(24, &[1, 4], op, &attrs);
        check(&model, &X, &[1, 4], &expected);
    }
}

/// The formula of a graph that is one function.
#[track_caller]
fn formula(model: &Model) -> String {
    match ops(model).as_slice() {
        [Op::Function(function)] => function.to_string(),
        other => panic!("{other:?}"),
    }
}

fn gelu(constants: &[i64]) -> Model {
    Model::new(17, &[1, 4])
        .floats("root", constants, &[1.5])
        .floats("one", &[], &[1.0])
        .floats("half", &[], &[0.5])
        .node("Div", &["x", "root"], &["a"], &[])
        .node("Erf", &["a"], &["b"], &[])
        .node("Add", &["b", "one"], &["c"], &[])
        .node("Mul", &["x", "c"], &["d"], &[])
        .node("Mul", &["d", "half"], &["y"], &[])
}

#[test]
fn steps_of_one_value_are_one_function() {
    let silu = Model::new(17, &[1, 4])
        .node("Sigmoid", &["x"], &["s"], &[])
        .node("Mul", &["x", "s"], &["y"], &[]);
    assert_eq!(formula(&silu), "(x * sigmoid(x))");
    check(&silu, &X, &[1, 4], &[-0.238_406, -0.188_770, 0.0, 2.857_722]);
    assert_eq!(formula(&gelu(&[])), "((x * (erf((x * 0.6666666865348816)) + 1)) * 0.5)");
    let norm = Model::new(17, &[1, 4])
        .floats("eps", &[], &[0.25])
        .floats("one", &[], &[1.0])
        .node("Add", &["x", "eps"], &["a"], &[])
        .node("Sqrt", &["a"], &["b"], &[])
        .node("Div", &["one", "b"], &["y"], &[]);
    assert_eq!(formula(&norm), "(1 / sqrt((x + 0.25)))");
    let graph = silu.import().expect("importable");
    assert_eq!(graph.nodes[0].onnx_op, "Sigmoid, Mul");
    assert_eq!(graph.values.len(), 2, "nothing is left of what was between");
}

/// A table is public. Constants with axes are weights, and stay out of it.
#[test]
fn weights_are_not_part_of_a_function() {
    let graph = gelu(&[1]).import().expect("importable");
    let functions: Vec<String> = graph
        .nodes
        .iter()
        .filter_map(|node| {
            if let Op::Function(f) = &node.op {
                Some(f.to_string())
            } else {
                None
            }
        })
        .collect();
    assert_eq!(functions, ["(erf(x) + 1)"]);
    assert!(functions.iter().all(|f| !f.contains("0.66")));
    let slopes = Model::new(17, &[1, 4])
        .floats("slope", &[1], &[0.125])
        .node("PRelu", &["x", "slope"], &["a"], &[])
        .node("Tanh", &["a"], &["y"], &[]);
    assert!(matches!(ops(&slopes).as_slice(), [Op::PRelu, Op::Function(f)] if f.to_string() == "tanh(x)"));
}

/// What is read elsewhere stays a value, and what is cheaper by itself stays as it is.
#[test]
fn only_what_ends_in_one_value_is_joined() {
    let twice = Model::new(17, &[1, 4])
        .floats("two", &[], &[2.0])
        .node("Sigmoid", &["x"], &["s"], &[])
        .node("Mul", &["s", "two"], &["a"], &[])
        .node("Tanh", &["s"], &["b"], &[])
        .node("Concat", &["a", "b"], &["y"], &[("axis", A::I(1))]);
    let expected = Function::Variable.then(crate::graph::Unary::Sigmoid);
    assert!(
        matches!(ops(&twice).as_slice(), [Op::Function(f), Op::Mul, Op::Function(_), Op::Concat { .. }] if *f == expected)
    );
    let lines = Model::new(17, &[1, 4])
        .floats("two", &[], &[2.0])
        .node("Mul", &["x", "two"], &["a"], &[])
        .node("Relu", &["a"], &["b"], &[])
        .node("Mul", &["b", "b"], &["c"], &[])
        .node("Sub", &["c", "two"], &["d"], &[]);
    let lines = lines.node("Abs", &["d"], &["y"], &[]);
    assert_eq!(ops(&lines).len(), 1, "a product of pieces of lines");
    let plain = Model::new(17, &[1, 4])
        .floats("two", &[], &[2.0])
        .node("Mul", &["x", "two"], &["a"], &[])
        .node("Relu", &["a"], &["b"], &[])
        .node("Sub", &["b", "two"], &["y"], &[]);
    assert!(matches!(ops(&plain).as_slice(), [Op::Mul, Op::Relu, Op::Sub]));
}

/// Doubling at each step: the expression of all of them would be astronomical.
#[test]
fn expressions_stay_small() {
    let mut model = Model::new(17, &[1, 4]).node("Sin", &["x"], &["v0"], &[]);
    for i in 0..60 {
        let (from, to) = (
            format!("v{i}"),
            if i == 59 { "y".to_owned() } else { format!("v{}", i + 1) },
        );
        model = model.node("Add", &[&from, &from], &[&to], &[]);
    }
    let graph = model.import().expect("importable");
    assert!(graph.nodes.len() > 1);
    let sizes = graph.nodes.iter().filter_map(|node| {
        if let Op::Function(f) = &node.op {
            Some(f.size())
        } else {
            None
        }
    });
    assert!(sizes.max().is_some_and(|size| size <= 256));
}

/// `IsNaN(Log(x))` is true where the logarithm has no value, and then nothing else may read it.
#[test]
fn whether_a_function_has_a_value_is_no_constant() {
    let model = |op: &str| {
        Model::new(13, &[1, 4])
            .node(op, &["x"], &["f"], &[])
            .node("Neg", &["f"], &["g"], &[])
            .node("IsNaN", &["g"], &["n"], &[])
            .node("Cast", &["n"], &["c"], &[("to", A::I(1))])
            .node("Add", &["x", "c"], &["y"], &[])
    };
    let reason = model("Log").import().expect_err("refused").to_string();
    assert!(reason.contains("values computed by Log"), "{reason}");
    check(&model("Relu"), &X, &[1, 4], &X);
}
