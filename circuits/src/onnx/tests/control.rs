//! Branches, loops and functions, taken apart; what their structure keeps.

use super::builder::{attribute, info, ints, subgraph, unary, A};
use super::structure::weights;
use super::*;
use onnx_protobuf::{AttributeProto, FunctionProto, NodeProto, OperatorSetIdProto};

fn truth(name: &str, value: bool) -> onnx_protobuf::TensorProto {
    let mut t = ints(&[], &[]);
    (t.data_type, t.raw_data, t.name) = (9, vec![value.into()], name.into());
    t
}

fn refusal(model: &Model) -> String {
    model.import().expect_err("refused").to_string()
}

#[test]
fn branches_of_constant_conditions() {
    let with = |condition: bool| {
        let then = Model::new(13, &[2])
            .floats("w", &[2], &[3.0, 4.0])
            .node("Mul", &["x", "w"], &["t"], &[]);
        // An operator that is not supported does not matter in a branch that is not taken.
        let other = Model::new(13, &[2]).node("Relu", &["x"], &["e"], &[]);
        let branches = [
            ("then_branch", A::G(subgraph(&then, &[], &["t"]))),
            ("else_branch", A::G(subgraph(&other, &[], &["e"]))),
        ];
        let mut model = Model::new(13, &[2]).node("If", &["c"], &["y"], &branches);
        model.graph.initializer.push(truth("c", condition));
        model
    };
    check(&with(true), &[1.0, -1.0], &[2], &[3.0, -4.0]);
    check(&with(false), &[1.0, -1.0], &[2], &[1.0, 0.0]);
    // The weight of the branch is a weight; its numbers are not in the structure.
    assert_eq!(weights(&with(true)), ["y##w"]);
    let mut open = with(true);
    open.graph.initializer.clear();
    let open = open.node("Less", &["x", "x"], &["c"], &[]);
    let mut nodes = open.graph.node.clone();
    nodes.rotate_right(1);
    let open = Model {
        graph: onnx_protobuf::GraphProto {
            node: nodes,
            ..open.graph
        },
        ..open
    };
    assert!(refusal(&open).contains("the condition is not constant"));
}

/// `state = state + x * round`, and the states side by side.
fn repeated(rounds: i64) -> Model {
    let mut body = Model::new(13, &[2])
        .node("Cast", &["i"], &["f"], &[("to", A::I(1))])
        .node("Mul", &["x", "f"], &["part"], &[])
        .node("Add", &["s", "part"], &["next"], &[])
        .node("Identity", &["next"], &["row"], &[])
        .node("Identity", &["c"], &["on"], &[]);
    body.graph.initializer.clear();
    let body = subgraph(&body, &["i", "c", "s"], &["on", "next", "row"]);
    let mut n = ints(&[], &[rounds]);
    n.name = "n".into();
    let mut model = Model::new(13, &[2]).floats("start", &[2], &[0.5, 0.25]).node(
        "Loop",
        &["n", "", "start"],
        &["last", "y"],
        &[("body", A::G(body))],
    );
    model.graph.initializer.push(n);
    model
}

#[test]
fn loops_of_constant_counts() {
    // 0.5 + x (0 + .. + i)
    check(&repeated(3), &[1.0, 2.0], &[3, 2], &[0.5, 0.25, 1.5, 2.25, 3.5, 6.25]);
    let mut last = repeated(4);
    last.graph.output = vec![info("last", &[])];
    check(&last, &[1.0, 2.0], &[2], &[6.5, 12.25]);
    assert_eq!(weights(&repeated(2)), ["start"]);
    assert!(refusal(&repeated(0)).contains("no round"));
    assert_eq!(
        repeated(1_000_000_000).import().expect_err("refused").code(),
        "onnx-too-large"
    );
}

#[test]
fn loops_that_end_by_their_condition() {
    // Goes on while the round is below two.
    let body = Model::new(13, &[2])
        .ints("two", &[2])
        .node("Less", &["i", "two"], &["below"], &[])
        .node("Squeeze", &["below"], &["on"], &[])
        .node("Add", &["s", "x"], &["next"], &[]);
    let body = subgraph(&body, &["i", "c", "s"], &["on", "next"]);
    let model = Model::new(13, &[2]).node("Loop", &["", "", "x"], &["y"], &[("body", A::G(body))]);
    check(&model, &[1.0, 2.0], &[2], &[4.0, 8.0]);
}

#[test]
fn scans() {
    // Running sums along axis 1, from the end.
    let body = Model::new(13, &[2])
        .node("Add", &["s", "v"], &["next"], &[])
        .node("Identity", &["next"], &["sum"], &[]);
    let body = subgraph(&body, &["s", "v"], &["next", "sum"]);
    let attributes = [
        ("body", A::G(body)),
        ("num_scan_inputs", A::I(1)),
        ("scan_input_axes", A::Is(&[1])),
        ("scan_input_directions", A::Is(&[1])),
        ("scan_output_axes", A::Is(&[-1])),
        ("scan_output_directions", A::Is(&[1])),
    ];
    let model = |opset| {
        Model::new(opset, &[2, 3]).floats("zero", &[2], &[0.0, 0.0]).node(
            "Scan",
            &["zero", "x"],
            &["last", "y"],
            &attributes,
        )
    };
    check(
        &model(13),
        &[1.0, 2.0, 3.0, 10.0, 20.0, 30.0],
        &[2, 3],
        &[6.0, 5.0, 3.0, 60.0, 50.0, 30.0],
    );
    assert!(refusal(&model(8)).contains("operator set 8"));
}

/// `y = LeakyRelu(x; slope) * w`, called `Own.Act`.
fn function(version: i64) -> FunctionProto {
    let body =
        Model::new(13, &[2])
            .node("LeakyRelu", &["in"], &["r"], &[])
            .node("Mul", &["r", "factor"], &["out"], &[]);
    let mut nodes: Vec<NodeProto> = body.graph.node;
    nodes[0].attribute.push(AttributeProto {
        ref_attr_name: "slope".into(),
        ..attribute("alpha", &A::F(0.0))
    });
    FunctionProto {
        name: "Act".into(),
        domain: "Own".into(),
        input: vec!["in".into(), "factor".into()],
        output: vec!["out".into()],
        attribute_proto: vec![attribute("slope", &A::F(0.5))],
        node: nodes,
        opset_import: vec![OperatorSetIdProto {
            version,
            ..OperatorSetIdProto::new()
        }],
        ..FunctionProto::new()
    }
}

#[test]
fn functions() {
    let model = |version: i64, attributes: &[(&str, A<'_>)]| {
        let mut model = unary(13, &[2], "Act", attributes)
            .of("Own")
            .floats("w", &[2], &[2.0, 3.0]);
        model.graph.node[0].input.push("w".into());
        model.functions.push(function(version));
        model
    };
    check(&model(13, &[]), &[-1.0, 2.0], &[2], &[-1.0, 6.0]);
    check(&model(13, &[("slope", A::F(0.25))]), &[-1.0, 2.0], &[2], &[-0.5, 6.0]);
    assert_eq!(weights(&model(13, &[])), ["w"]);
    assert!(refusal(&model(12, &[])).contains("operator set 12"));
    // A function that calls itself has no end.
    let mut endless = model(13, &[]);
    endless.functions[0].node[0] = endless.graph.node[0].clone();
    endless.functions[0].node[0].input = vec!["in".into(), "factor".into()];
    endless.functions[0].node[0].output = vec!["r".into()];
    assert!(refusal(&endless).contains("nested too deeply"));
}

/// Functions of one name differ by their overload.
#[test]
fn a_call_means_the_function_of_its_overload() {
    let model = |overload: &str| {
        let mut model = unary(13, &[2], "Act", &[]).of("Own").floats("w", &[2], &[2.0, 3.0]);
        model.graph.node[0].input.push("w".into());
        model.graph.node[0].overload = overload.into();
        let mut other = function(13);
        other.overload = "steep".into();
        other.attribute_proto = vec![attribute("slope", &A::F(4.0))];
        model.functions = vec![function(13), other];
        model
    };
    check(&model(""), &[-1.0, 2.0], &[2], &[-1.0, 6.0]);
    check(&model("steep"), &[-1.0, 2.0], &[2], &[-8.0, 6.0]);
    assert!(refusal(&model("flat")).contains("the domain `Own`"));
    let mut twice = model("");
    twice.functions[1].overload.clear();
    assert!(refusal(&twice).contains("`Act` is defined twice"));
}

/// The standard says that the condition of a round is not read, implementations read it.
#[test]
fn a_round_that_ends_a_counted_loop() {
    let mut model = repeated(3);
    let ended = |model: &mut Model, end: bool| {
        let body = model.graph.node[0].attribute[0].g.as_mut().expect("a graph");
        body.node.retain(|node| node.output[0] != "on");
        body.initializer = vec![truth("on", !end)];
    };
    ended(&mut model, true);
    assert!(refusal(&model).contains("a trip count without a condition"));
    ended(&mut model, false);
    assert!(model.import().is_ok());
    // After the last round it does not matter.
    let mut once = repeated(1);
    ended(&mut once, true);
    assert!(once.import().is_ok());
}
