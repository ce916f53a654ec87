//! Models that judge others.

use super::*;
use crate::graph::InputType;

/// The scores are the two inputs of an item.
fn classifier() -> Model {
    Model::new(17, &[0, 3]).node("Relu", &["x"], &["y"], &[])
}

fn bytes(groups: Option<usize>) -> Vec<u8> {
    judge(&classifier().bytes(), None, groups).expect("judged")
}

fn verdict(groups: Option<usize>, inputs: &[&[f32]]) -> Vec<f32> {
    let graph = import(&bytes(groups)).expect("importable");
    let names: Vec<&str> = graph
        .inputs
        .iter()
        .map(|input| graph.values[input.value].name.as_str())
        .collect();
    assert_eq!(names, ["x", TRUTH, GROUP][..inputs.len()]);
    let inputs: Vec<Vec<f32>> = inputs.iter().map(|data| data.to_vec()).collect();
    let values = float::run(&graph, &inputs).expect("runnable");
    values[graph.outputs[0].value].clone().expect("known").data
}

#[test]
fn the_right_label_is_an_input() {
    let scores = [0.5, 2.0, 2.0];
    // The first of equal scores counts, as for labels.
    assert_eq!(verdict(None, &[&scores, &[1.0]]), [0.0, 1.0]);
    assert_eq!(verdict(None, &[&scores, &[2.0]]), [1.0, 0.0]);
    // No label of the model is right.
    assert_eq!(verdict(None, &[&scores, &[7.0]]), [1.0, 0.0]);
}

#[test]
fn groups_are_told_apart() {
    let scores = [0.5, 2.0, 2.0];
    assert_eq!(verdict(Some(2), &[&scores, &[1.0], &[0.0]]), [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(verdict(Some(2), &[&scores, &[0.0], &[1.0]]), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(verdict(Some(1), &[&scores, &[0.0], &[0.0]]), [1.0, 0.0]);
    // Groups that there are not have no proof.
    let graph = import(&bytes(Some(3))).expect("importable");
    let elements: Vec<InputType> = graph.inputs.iter().map(|input| input.elements).collect();
    assert_eq!(elements[2], InputType::Integers { least: 0, largest: 2 });
    for groups in [0, 65] {
        assert!(judge(&classifier().bytes(), None, Some(groups)).is_err());
    }
}

#[test]
fn the_scores_are_named_where_there_are_several() {
    let mut two = classifier().node("Neg", &["x"], &["z"], &[]);
    two.graph.output.push(builder::info("z", &[]));
    let refused = judge(&two.bytes(), None, None).expect_err("two outputs").to_string();
    assert!(refused.contains("`y`, `z`"), "{refused}");
    let judged = judge(&two.bytes(), Some("z"), None).expect("judged");
    assert_eq!(import(&judged).expect("importable").outputs.len(), 1);
    assert!(judge(&two.bytes(), Some("x"), None).is_err());
    let taken = Model::new(17, &[0, 3])
        .node("Relu", &["x"], &[TRUTH], &[])
        .node("Relu", &[TRUTH], &["y"], &[]);
    assert!(judge(&taken.bytes(), None, None)
        .expect_err("taken")
        .to_string()
        .contains(TRUTH));
    assert_eq!(judge(b"", None, None), Err(ImportError::Empty));
}
