//! Import and float execution against hand-computed values. The models are built here, as messages.

mod attention;
mod batches;
mod bombs;
mod builder;
mod constants;
mod control;
mod functions;
mod fused;
mod ids;
mod judge;
mod maps;
mod masks;
mod ml;
mod moving;
mod operators;
mod places;
mod recurrent;
mod refusals;
mod slice;
mod softmax;
mod straight;
mod structure;
mod types;
mod windows;

use super::*;
use crate::graph::{float, Op, Tensor};
use builder::Model;

/// Imports and runs; the first output.
fn output(model: &Model, input: &[f32]) -> Tensor {
    let graph = model.import().expect("importable");
    let values = float::run(&graph, &[input.to_vec()]).expect("runnable");
    let tensor = values[graph.outputs[0].value].clone().expect("known");
    assert_eq!(tensor.shape, graph.values[graph.outputs[0].value].shape);
    tensor
}

#[track_caller]
fn check(model: &Model, input: &[f32], shape: &[usize], expected: &[f32]) {
    let got = output(model, input);
    assert_eq!(got.shape, shape);
    assert_eq!(got.data.len(), expected.len());
    for (g, e) in got.data.iter().zip(expected) {
        assert!((g - e).abs() < 1e-5, "{:?} instead of {expected:?}", got.data);
    }
}

/// The operators of the imported graph.
fn ops(model: &Model) -> Vec<Op> {
    model
        .import()
        .expect("importable")
        .nodes
        .into_iter()
        .map(|n| n.op)
        .collect()
}

fn iota(n: usize) -> Vec<f32> {
    (0..n).map(|i| i as f32).collect()
}
