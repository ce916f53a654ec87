//! Models that end in ArgMax over values that lie in another order than they are counted in.

use proptest::prelude::*;
use provenn_circuits::argument::Objective;
use provenn_circuits::compile::{compile, scores, Chosen, Outputs, Ranges};
use provenn_circuits::graph::{float, Graph, Input, InputType, Node, Op, Output, Tensor, Value};
use provenn_circuits::program::{execute, quantize_inputs};

/// A graph under construction; the last value is the result so far.
struct Building(Graph);

impl Building {
    fn new(shape: Vec<usize>) -> Self {
        let mut building = Self(Graph {
            name: "scores".into(),
            operators: std::collections::BTreeMap::new(),
            values: vec![],
            nodes: vec![],
            inputs: vec![Input {
                value: 0,
                elements: InputType::Reals,
                lifts: vec![],
            }],
            outputs: vec![],
        });
        building.value(shape, None);
        building
    }

    fn value(&mut self, shape: Vec<usize>, data: Option<Vec<f32>>) -> usize {
        let constant = data.map(|data| Tensor {
            shape: shape.clone(),
            data,
        });
        self.0.values.push(Value {
            name: format!("v{}", self.0.values.len()),
            shape,
            constant,
            public: false,
        });
        self.0.values.len() - 1
    }

    fn node(&mut self, onnx_op: &str, op: Op, inputs: &[usize], shape: Vec<usize>) -> usize {
        let output = self.value(shape, None);
        self.0.nodes.push(Node {
            name: format!("n{output}"),
            onnx_op: onnx_op.into(),
            op,
            inputs: inputs.into(),
            output,
        });
        output
    }

    fn shape(&self, id: usize) -> Vec<usize> {
        self.0.values[id].shape.clone()
    }

    fn transpose(&mut self, id: usize, seed: u64) -> usize {
        let rank = self.shape(id).len();
        // The batch stays, or moves too.
        let mut perm: Vec<usize> = (0..rank).collect();
        let from = (!matches!(seed % 4, 0)) as usize;
        let by = (1 + seed as usize / 4 % 2) % (rank - from).max(1);
        perm[from..].rotate_left(by);
        if matches!(seed % 3, 0) {
            perm[from..].reverse();
        }
        let shape = perm.iter().map(|&axis| self.shape(id)[axis]).collect();
        self.node("Transpose", Op::Transpose { perm }, &[id], shape)
    }

    fn matmul(&mut self, id: usize, seed: u64) -> usize {
        let mut shape = self.shape(id);
        let (inner, outer) = (shape[shape.len() - 1], 1 + seed as usize % 4);
        let weights = (0..inner * outer).map(|i| ((i as u64 * 37 + seed) % 19) as f32 / 19.0 - 0.45);
        let weights = self.value(vec![inner, outer], Some(weights.collect()));
        *shape.last_mut().expect("axes") = outer;
        self.node("MatMul", Op::MatMul, &[id, weights], shape)
    }

    /// The value beside one of the same shape: itself, or its ReLU.
    fn concat(&mut self, id: usize, seed: u64) -> usize {
        let other = match seed % 2 {
            0 => self.node("Relu", Op::Relu, &[id], self.shape(id)),
            _ => id,
        };
        let mut shape = self.shape(id);
        let axis = seed as usize / 2 % shape.len();
        shape[axis] *= 2;
        self.node("Concat", Op::Concat { axis }, &[id, other], shape)
    }

    /// All elements on one axis of several, of which the index of the largest is taken.
    fn argmax(mut self, id: usize, axis: usize, keepdims: bool) -> Graph {
        let mut shape = vec![1; 3];
        shape[axis] = self.shape(id).iter().product();
        let scores = self.node("Reshape", Op::Reshape { shape: shape.clone() }, &[id], shape.clone());
        match keepdims {
            true => shape[axis] = 1,
            false => drop(shape.remove(axis)),
        }
        let label = self.node("ArgMax", Op::ArgMax { axis, keepdims }, &[scores], shape);
        self.0.outputs = vec![Output {
            name: "y".into(),
            value: label,
        }];
        self.0
    }
}

fn graph() -> impl Strategy<Value = Graph> {
    let shape = prop::collection::vec(1..4usize, 1..4);
    let moves = prop::collection::vec((0..4u8, any::<u64>()), 0..5);
    (shape, moves, 0..3usize, any::<bool>()).prop_map(|(mut shape, moves, axis, keepdims)| {
        shape.insert(0, 1);
        let mut building = Building::new(shape);
        let mut last = 0;
        for (kind, seed) in moves {
            last = match kind {
                0 | 1 => building.transpose(last, seed),
                2 => building.matmul(last, seed),
                _ => building.concat(last, seed),
            };
        }
        building.argmax(last, axis, keepdims)
    })
}

fn first_largest<T: PartialOrd + Copy>(values: &[T]) -> usize {
    let better = |best: usize, i: usize| if values[i] > values[best] { i } else { best };
    (0..values.len()).fold(0, better)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Each output of the circuit is the score of its index, so that its first largest is the label.
    #[test]
    fn labels_are_those_of_the_model(graph in graph(), seed in any::<u32>()) {
        let rows = provenn_circuits::compile::default_samples(&graph, 8);
        let ranges = Ranges::calibrate(&graph, &rows).expect("ranges");
        let Chosen { model, .. } = compile(&graph, &ranges, &[true], Outputs::Auto, Objective::default()).expect("compiles");
        let scored = scores(&graph)[0];
        let unit = 2f64.powi(-model.output(0).frac);
        for row in rows.iter().skip(seed as usize % 4) {
            let tensors = float::run(&graph, row).expect("runs");
            let of = |id: usize| &tensors[id].as_ref().expect("computed").data;
            let exact = of(scored);
            let input = quantize_inputs(&model, row).expect("in range");
            let ours = execute(&model, &input).expect("in range").outputs(&model).remove(0);
            prop_assert_eq!(ours.len(), exact.len());
            let near = |(a, b): (&f32, &i64)| (f64::from(*a) - *b as f64 * unit).abs() < 0.02;
            prop_assert!(exact.iter().zip(&ours).all(near), "{exact:?} {ours:?}");
            let label = of(graph.outputs[0].value)[0] as usize;
            let best = first_largest(&ours);
            prop_assert!(best == label || (exact[label] - exact[best]).abs() < 0.02, "{best} is not {label}");
        }
    }
}
