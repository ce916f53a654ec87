//! Oversized models are refused, or compiled, in little memory: everything is counted before it is made. The only test of its
//! process, whose peak it reads.

use provenn_circuits::argument::Objective;
use provenn_circuits::compile::{compile, default_samples, work, Outputs, Ranges};
use provenn_circuits::graph::{Graph, Input, InputType, Node, Op, Output, Tensor, Value};
use std::time::{Duration, Instant};

/// Most memory of the process, in KiB.
const MEMORY: u64 = 1 << 20;
/// For one model, on a machine that does other things too.
const TIME: Duration = Duration::from_secs(60);

/// Operator, number of operands, shape of its constant, shape of its result.
type Step = (Op, usize, Option<Vec<usize>>, Vec<usize>);

/// A chain: each step reads the value before it, twice if it has two operands, or a constant of the shape after it.
fn chain(input: &[usize], steps: Vec<Step>) -> Graph {
    let value = |shape: &[usize], constant: bool| Value {
        name: "v".into(),
        shape: shape.into(),
        constant: constant.then(|| Tensor {
            shape: shape.into(),
            data: vec![0.01; shape.iter().product()],
        }),
        public: false,
    };
    let mut graph = Graph {
        name: "large".into(),
        operators: std::collections::BTreeMap::new(),
        values: vec![value(input, false)],
        nodes: vec![],
        inputs: vec![Input {
            value: 0,
            elements: InputType::Reals,
            lifts: vec![],
        }],
        outputs: vec![Output {
            name: "y".into(),
            value: 0,
        }],
    };
    for (op, operands, constant, shape) in steps {
        let mut inputs = vec![graph.outputs[0].value; operands];
        if let Some(constant) = constant {
            graph.values.push(value(&constant, true));
            inputs.push(graph.values.len() - 1);
        }
        graph.values.push(value(&shape, false));
        let output = graph.values.len() - 1;
        graph.nodes.push(Node {
            name: format!("n{output}"),
            onnx_op: "Large".into(),
            op,
            inputs,
            output,
        });
        graph.outputs[0].value = output;
    }
    graph
}

fn conv(kernel: usize) -> Op {
    Op::Conv {
        kernel: vec![kernel; 2],
        strides: vec![1; 2],
        pads: vec![(kernel / 2, kernel / 2); 2],
        dilations: vec![1; 2],
        groups: 1,
    }
}

fn swap() -> Op {
    Op::Transpose { perm: vec![0, 2, 1] }
}

fn pool(kernel: usize) -> Op {
    Op::MaxPool {
        kernel: vec![kernel],
        strides: vec![1],
        pads: vec![(0, 0)],
        dilations: vec![1],
    }
}

fn models() -> Vec<(&'static str, Graph)> {
    let square = |n: usize| vec![1, n, n];
    let image = |c: usize, n: usize| vec![1, c, n, n];
    let repeat = |count: usize, step: (Op, usize, Option<Vec<usize>>, Vec<usize>)| vec![step; count];
    let reversed = Op::Gather {
        axis: 1,
        indices: (0..4096).rev().collect(),
        indices_shape: vec![4096],
    };
    let mixed = [(reversed, 1, None, vec![1, 4096]), (Op::Add, 2, None, vec![1, 4096])];
    let expand = Op::Expand {
        shape: vec![1, 4096, 1024],
    };
    vec![
        (
            "transpose",
            chain(
                &square(2048),
                vec![(swap(), 1, None, square(2048)), (Op::Relu, 1, None, square(2048))],
            ),
        ),
        (
            "transposes",
            chain(&square(512), repeat(120, (swap(), 1, None, square(512)))),
        ),
        (
            "expand",
            chain(
                &[1, 1, 1024],
                vec![
                    (expand, 1, None, vec![1, 4096, 1024]),
                    (swap(), 1, None, vec![1, 1024, 4096]),
                ],
            ),
        ),
        (
            "sums of sums",
            chain(&[1, 16], repeat(40, (Op::Add, 2, None, vec![1, 16]))),
        ),
        (
            "sums of moved sums",
            chain(&[1, 4096], mixed.iter().cycle().take(60).cloned().collect()),
        ),
        (
            "kernel",
            chain(
                &image(1, 1025),
                vec![(conv(513), 1, Some(vec![1, 1, 513, 513]), image(1, 1025))],
            ),
        ),
        (
            "channels",
            chain(
                &image(64, 256),
                vec![(conv(3), 1, Some(vec![64, 64, 3, 3]), image(64, 256))],
            ),
        ),
        (
            "convolutions",
            chain(
                &image(16, 64),
                repeat(24, (conv(3), 1, Some(vec![16, 16, 3, 3]), image(16, 64))),
            ),
        ),
        (
            "pool",
            chain(
                &[1, 1, 1 << 20],
                vec![(pool(1000), 1, None, vec![1, 1, (1 << 20) - 999])],
            ),
        ),
        (
            "matrices",
            chain(&image(64, 256), vec![(Op::MatMul, 2, None, image(64, 256))]),
        ),
        (
            "weights",
            chain(&[1, 8192], vec![(Op::MatMul, 1, Some(vec![8192, 4096]), vec![1, 4096])]),
        ),
        (
            "products",
            chain(&[1, 1 << 20], vec![(Op::Mul, 1, Some(vec![1 << 20]), vec![1, 1 << 20])]),
        ),
        (
            "activations",
            chain(&[1, 1 << 22], repeat(3, (Op::Relu, 1, None, vec![1, 1 << 22]))),
        ),
    ]
}

/// The peak of this process in KiB; the kernel's figure.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

#[test]
fn oversized_models_take_little() {
    let (mut refused, mut compiled) = (0, 0);
    for (name, graph) in models() {
        let start = Instant::now();
        let rows = if work(&graph) > 1 << 24 { 1 } else { 4 };
        let ranges = Ranges::calibrate(&graph, &default_samples(&graph, rows));
        match ranges.and_then(|ranges| compile(&graph, &ranges, &[true], Outputs::Auto, Objective::default())) {
            Ok(_) => compiled += 1,
            Err(error) => {
                assert!(
                    ["model-too-large", "model-unsupported"].contains(&error.code()),
                    "{name}: {error}"
                );
                assert!(
                    error.to_string().contains("large") || error.to_string().contains("more rows"),
                    "{name}: {error}"
                );
                refused += 1;
            }
        }
        let (took, peak) = (start.elapsed(), peak());
        println!("{name}: {took:?}, peak so far {peak:?} KiB");
        assert!(took < TIME, "{name} took {took:?}");
        assert!(peak.is_none_or(|peak| peak < MEMORY), "{name}: {peak:?} KiB");
    }
    assert!(refused >= 8 && compiled >= 1, "{refused} {compiled}");
}
