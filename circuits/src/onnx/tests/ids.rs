//! Indices that depend on the input. What they choose is in `fixtures/operators/choices.py`.

use super::builder::{info, ints};
use super::*;
use crate::graph::{Graph, InputType};

/// A choice by `[1, 2]` indices from `extent` rows of one element.
fn choice(extent: usize, data: &[f32]) -> Model {
    let mut model =
        Model::new(17, &[1, 2])
            .floats("table", &[extent as i64, 1], data)
            .node("Gather", &["table", "x"], &["y"], &[]);
    model.graph.input[0] = typed(7);
    model
}

fn number(name: &str, value: i64) -> onnx_protobuf::TensorProto {
    let mut tensor = ints(&[], &[value]);
    tensor.name = name.into();
    tensor
}

fn typed(elements: i32) -> onnx_protobuf::ValueInfoProto {
    let mut declared = info("x", &[1, 2]);
    let tensor = declared.type_.as_mut().expect("type").mut_tensor_type();
    tensor.elem_type = elements;
    declared
}

fn elements(graph: &Graph) -> InputType {
    graph.inputs[0].elements
}

#[test]
fn an_input_of_indices_is_as_wide_as_what_they_choose_from() {
    let graph = choice(3, &[1.0, -2.0, 4.0]).import().expect("importable");
    assert_eq!(elements(&graph), InputType::Integers { least: 0, largest: 2 });
    check(&choice(3, &[1.0, -2.0, 4.0]), &[2.0, 0.0], &[1, 2, 1], &[4.0, 1.0]);
    // Of two choices the narrower one counts, wherever its indices come from.
    let mut both = choice(3, &[1.0, -2.0, 4.0]).ints("to", &[2, 1]);
    both.graph.node[0].output[0] = "a".into();
    let both = both
        .floats("short", &[2, 1], &[1.0, 5.0])
        .node("Reshape", &["x", "to"], &["flat"], &[])
        .node("Gather", &["short", "flat"], &["b"], &[])
        .node("ReduceSum", &["b"], &["c"], &[])
        .node("Add", &["a", "c"], &["y"], &[]);
    let graph = both.import().expect("importable");
    assert_eq!(elements(&graph), InputType::Integers { least: 0, largest: 1 });
}

#[test]
fn what_becomes_of_a_choice_does_not_matter() {
    let mut fused = Model::new(17, &[1, 2]).floats("values", &[2], &[-0.5, 2.0]).node(
        "OneHot",
        &["x", "depth", "values"],
        &["y"],
        &[],
    );
    fused.graph.initializer.push(number("depth", 3));
    fused.graph.input[0] = typed(7);
    let graph = fused.import().expect("importable");
    assert_eq!(elements(&graph), InputType::Integers { least: 0, largest: 2 });
}

/// A row that is nowhere would be read as zeros.
#[test]
fn indices_out_of_range_have_no_value() {
    let graph = choice(3, &[1.0, -2.0, 4.0]).import().expect("importable");
    for bad in [-1.0, 3.0, 0.5, 1e6] {
        let ran = float::run(&graph, &[vec![0.0, bad]]);
        let defined = ran.is_ok_and(|values| {
            let output = values[graph.outputs[0].value].as_ref();
            output.is_some_and(|tensor| tensor.data.iter().all(|x| x.is_finite()))
        });
        assert!(!defined, "{bad}");
    }
}

#[test]
fn what_is_too_much_is_refused() {
    let refusal = |model: &Model| model.import().expect_err("refused").to_string();
    let many = choice(5000, &vec![1.0; 5000]);
    assert!(
        refusal(&many).contains("2 indices that depend on the input, into 5000"),
        "{}",
        refusal(&many)
    );
    let mut real = choice(3, &[1.0; 3]);
    real.graph.input[0] = typed(1);
    assert!(refusal(&real).contains("integers"), "{}", refusal(&real));
}
