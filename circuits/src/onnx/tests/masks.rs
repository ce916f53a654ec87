//! Masks of tokens that are an input. What they hide is in `fixtures/operators/fused.py` and `fixtures/random/optimised.py`.

use super::builder::{info, A};
use super::*;
use crate::graph::InputType;

/// Scores behind a mask of three tokens, which is the input; the last node gives `z` to what reads it.
fn behind(elements: i32) -> Model {
    let mut model = Model::new(17, &[1, 3])
        .floats("s", &[1, 3], &[0.5, -1.0, 9.0])
        .floats("one", &[], &[1.0])
        .floats("huge", &[], &[-1e4])
        .node("Cast", &["x"], &["f"], &[("to", A::I(1))])
        .node("Sub", &["one", "f"], &["i"], &[])
        .node("Mul", &["i", "huge"], &["m"], &[])
        .node("Add", &["s", "m"], &["z"], &[]);
    let mut declared = info("x", &[1, 3]);
    declared.type_.as_mut().expect("type").mut_tensor_type().elem_type = elements;
    model.graph.input[0] = declared;
    model
}

fn softmax() -> Model {
    behind(7).node("Softmax", &["z"], &["y"], &[("axis", A::I(-1))])
}

#[test]
fn what_is_hidden_does_not_count() {
    let first = 1.0 / (1.0 + (-1.5f32).exp());
    check(&softmax(), &[1.0, 1.0, 0.0], &[1, 3], &[first, 1.0 - first, 0.0]);
    check(&softmax(), &[0.0, 1.0, 0.0], &[1, 3], &[0.0, 1.0, 0.0]);
    let truth = behind(9).node("Softmax", &["z"], &["y"], &[("axis", A::I(-1))]);
    check(&truth, &[1.0, 1.0, 0.0], &[1, 3], &[first, 1.0 - first, 0.0]);
}

/// Of another number than 0 and 1 a mask would hide a part; of a row without elements there is no softmax.
#[test]
fn other_masks_have_no_value() {
    let graph = softmax().import().expect("importable");
    assert_eq!(graph.inputs[0].elements, InputType::Integers { least: 0, largest: 1 });
    for bad in [[1.0, 2.0, 0.0], [1.0, -1.0, 0.0], [1.0, 0.5, 0.0], [0.0; 3]] {
        let ran = float::run(&graph, &[bad.to_vec()]);
        let defined = ran.is_ok_and(|values| {
            let output = values[graph.outputs[0].value].as_ref();
            output.is_some_and(|tensor| tensor.data.iter().all(|x| x.is_finite()))
        });
        assert!(!defined, "{bad:?}");
    }
}

#[test]
fn only_a_softmax_reads_what_is_hidden() {
    let refusal = |model: Model| model.import().expect_err("refused").to_string();
    let read = refusal(behind(7).node("Relu", &["z"], &["y"], &[]));
    assert!(
        read.contains("hides scores where the input says so; let nothing read it but"),
        "{read}"
    );
    let mut shown = behind(7);
    shown.graph.output[0].name = "z".into();
    let shown = refusal(shown);
    assert!(shown.contains("scores that the input hides are no output"), "{shown}");
}

#[test]
fn truth_values_are_made_of_zeros_and_ones_only() {
    let cast = |elements: i32| {
        let mut model = behind(elements);
        model.graph.node.clear();
        model.node("Cast", &["x"], &["t"], &[("to", A::I(9))])
    };
    let chosen = |elements: i32| cast(elements).node("Where", &["t", "s", "one"], &["y"], &[]);
    check(&chosen(7), &[1.0, 0.0, 1.0], &[1, 3], &[0.5, 1.0, 9.0]);
    let error = chosen(1).import().expect_err("refused").to_string();
    assert!(error.contains("from float32 to bool"), "{error}");
    let not = cast(7)
        .node("Not", &["t"], &["n"], &[])
        .node("Cast", &["n"], &["y"], &[("to", A::I(1))]);
    check(&not, &[1.0, 0.0, 1.0], &[1, 3], &[0.0, 1.0, 0.0]);
}

/// That a constant hides is part of the circuit, whatever its shape.
#[test]
fn what_hides_is_in_the_structure() {
    let mut model = behind(7).floats("low", &[1, 3], &[-1e9; 3]);
    model.graph.node.clear();
    let model = model
        .node("Cast", &["x"], &["t"], &[("to", A::I(9))])
        .node("Where", &["t", "s", "low"], &["z"], &[])
        .node("Max", &["z", "low"], &["m"], &[])
        .node("Softmax", &["m"], &["y"], &[("axis", A::I(-1))]);
    check(&model, &[0.0, 1.0, 0.0], &[1, 3], &[0.0, 1.0, 0.0]);
    let bare = import(&structure(&model.bytes()).expect("a structure")).expect("importable");
    assert_eq!(bare.nodes, model.import().expect("importable").nodes);
}

/// In float32 `x + 1e8 - 1e8` is 0 for 0 and 1, and so is `x * 1e-30 * 1e-30`: neither is `x`.
#[test]
fn what_rounding_cancels_is_no_truth_value() {
    let cast = |op: &str, number: f32, other: &str, by: f32| {
        let mut model = behind(7);
        model.graph.node.clear();
        let model = model
            .floats("number", &[], &[number])
            .floats("by", &[], &[by])
            .node("Cast", &["x"], &["f"], &[("to", A::I(1))])
            .node(op, &["f", "number"], &["a"], &[])
            .node(other, &["a", "by"], &["b"], &[])
            .node("Cast", &["b"], &["t"], &[("to", A::I(9))]);
        model.node("Where", &["t", "s", "one"], &["y"], &[]).import()
    };
    assert!(cast("Add", 1e8, "Sub", 1e8).is_err());
    assert!(cast("Mul", 1e-30, "Mul", 1e-30).is_err());
    assert!(cast("Add", 4.0, "Sub", 4.0).is_ok());
    assert!(cast("Mul", 1e-3, "Mul", 1e-3).is_ok());
}
