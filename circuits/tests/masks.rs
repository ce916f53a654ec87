//! Public masks of zeros and ones: what a ReLU of a product with one costs and computes, and attention with a causal mask.

use provenn_circuits::argument::Objective;
use provenn_circuits::compile::{compile, Chosen, Outputs, Ranges};
use provenn_circuits::graph::{self, Graph, Input, InputType, Node, Op, Output, Value};
use provenn_circuits::onnx::import;
use provenn_circuits::program::{execute, quantize_inputs, Program, Step};
use std::path::Path;

const MASK: [f32; 4] = [1.0, 0.0, 1.0, 0.0];

/// `relu(x * mask)` of a row, and `x * mask` as another output where that is asked for.
fn masked(also_read: bool) -> Graph {
    let value = |name: &str, constant: Option<&[f32]>| Value {
        name: name.into(),
        shape: vec![1, 4],
        constant: constant.map(|data| graph::Tensor {
            shape: vec![1, 4],
            data: data.to_vec(),
        }),
        public: constant.is_some(),
    };
    let node = |op: Op, inputs: &[usize], output: usize| Node {
        name: format!("node {output}"),
        onnx_op: "Mul".into(),
        op,
        inputs: inputs.to_vec(),
        output,
    };
    let output = |name: &str, value: usize| Output {
        name: name.into(),
        value,
    };
    let mut outputs = vec![output("y", 3)];
    outputs.extend(also_read.then(|| output("product", 2)));
    Graph {
        operators: std::collections::BTreeMap::new(),
        name: "masked".into(),
        values: vec![
            value("x", None),
            value("mask", Some(&MASK)),
            value("product", None),
            value("y", None),
        ],
        nodes: vec![node(Op::Mul, &[0, 1], 2), node(Op::Relu, &[2], 3)],
        inputs: vec![Input {
            value: 0,
            elements: InputType::Reals,
            lifts: vec![],
        }],
        outputs,
    }
}

fn compiled(graph: &Graph, rows: &[Vec<Vec<f32>>]) -> Program {
    let ranges = Ranges::calibrate(graph, rows).expect("ranges");
    let Chosen { model, .. } = compile(graph, &ranges, &[true], Outputs::Auto, Objective::Prove).expect("compiles");
    model
}

/// The elements that the mask shows are those of the ReLU, the others 0, as far as the range and its headroom go.
#[test]
fn a_relu_behind_a_mask_takes_one_rounding() {
    let model = compiled(&masked(false), &[vec![vec![1.0; 4]]]);
    assert!(model.tensors.iter().all(|t| !matches!(t.step, Step::Product(_))));
    let unit = 2f64.powi(-model.output(0).frac);
    for step in -31..=31i8 {
        let x = f32::from(step) / 16.0;
        let row = [x, x, -x, -x];
        let inputs = quantize_inputs(&model, &[row.to_vec()]).expect("in range");
        let trace = execute(&model, &inputs).expect("in range");
        for ((got, x), shown) in trace.outputs(&model)[0].iter().zip(row).zip(MASK) {
            let expected = f64::from(x.max(0.0) * shown);
            let got = *got as f64 * unit;
            assert!((got - expected).abs() <= 1.5 * unit, "{got} for {x}, shown {shown}");
        }
    }
}

/// Elements that a mask hides are 0 however far they are from what calibration saw: there they are all but 0.
#[test]
fn hidden_elements_are_hidden_beyond_the_range() {
    let mut graph = masked(false);
    // The difference of two halves of the row, which calibration has alike.
    let slice = |from: usize| Op::Slice {
        ranges: vec![(0, 1, 1), (from, 4, 1)],
    };
    graph.values[0].shape = vec![1, 8];
    for name in ["first", "second", "difference"] {
        graph.values.push(Value {
            name: name.into(),
            shape: vec![1, 4],
            constant: None,
            public: false,
        });
    }
    let node = |op: Op, inputs: &[usize], output: usize| Node {
        name: format!("node {output}"),
        onnx_op: "Sub".into(),
        op,
        inputs: inputs.to_vec(),
        output,
    };
    graph.nodes[0].inputs[0] = 6;
    let halves = [
        node(slice(0), &[0], 4),
        node(slice(4), &[0], 5),
        node(Op::Sub, &[4, 5], 6),
    ];
    graph.nodes.splice(0..0, halves);
    let model = compiled(&graph, &[vec![vec![1.0; 8]], vec![[[1.0; 4], [0.99; 4]].concat()]]);
    let row = [0.0, 1.75, 0.0, 1.75, 0.0, -1.75, 0.0, -1.75];
    let inputs = quantize_inputs(&model, &[row.to_vec()]).expect("in range");
    let trace = execute(&model, &inputs).expect("in range");
    assert!(
        trace.outputs(&model)[0].iter().all(|got| got.abs() <= 1),
        "{:?}",
        trace.outputs(&model)[0]
    );
}

/// Who reads the product elsewhere reads the product: hidden elements are 0 there, and not below.
#[test]
fn a_product_that_others_read_stays_one() {
    let model = compiled(&masked(true), &[vec![vec![1.0; 4]]]);
    let inputs = quantize_inputs(&model, &[vec![-0.75; 4]]).expect("in range");
    let trace = execute(&model, &inputs).expect("in range");
    let unit = 2f64.powi(-model.output(1).frac);
    for (got, shown) in trace.outputs(&model)[1].iter().zip(MASK) {
        let got = *got as f64 * unit;
        assert!((got + 0.75 * f64::from(shown)).abs() < 1e-2, "{got}, shown {shown}");
    }
}

/// Rows of a causal mask hide different elements and lie side by side all the same: no element is read in the place of
/// another, the largest score is one of those that are shown, and what is divided are the products with the values.
#[test]
fn causal_attention_divides_once_for_each_result() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/operators/cases/attention_fused_causal.onnx");
    let graph = import(&std::fs::read(path).expect("fixture")).expect("import");
    let at = |found: &dyn Fn(&Op) -> bool| graph.nodes.iter().rposition(|node| found(&node.op));
    assert!(
        at(&|op| *op == Op::Div) > at(&|op| *op == Op::MatMul),
        "{:?}",
        graph.nodes
    );
    assert_eq!(at(&|op| matches!(op, Op::Pad { .. })), None, "{:?}", graph.nodes);
}
