//! The order in which a caller has the input changes neither what a proof costs nor what comes out.

use crate::common::Case;
use provenn_circuits::argument::{Cost, Objective};
use provenn_circuits::compile::{compile, default_samples, Outputs, Ranges};
use provenn_circuits::graph::{float, Graph, Input, InputType, Node, Op, Output, Sample, Tensor, Value};
use provenn_circuits::layout::Layout;
use provenn_circuits::program::{execute, quantize_inputs, Program};

const SIDE: usize = 12;
const CHANNELS: usize = 3;
const FILTERS: usize = 6;
const OUTPUTS: usize = 4;

struct Net {
    graph: Graph,
    current: usize,
}

impl Net {
    fn new(shape: &[usize]) -> Self {
        let graph = Graph {
            name: "order".into(),
            operators: Default::default(),
            values: vec![],
            nodes: vec![],
            inputs: vec![Input {
                value: 0,
                elements: InputType::Reals,
                lifts: vec![],
            }],
            outputs: vec![],
        };
        let mut net = Self { graph, current: 0 };
        net.value(shape, None);
        net
    }

    fn value(&mut self, shape: &[usize], data: Option<Vec<f32>>) -> usize {
        let id = self.graph.values.len();
        let shape = shape.to_vec();
        let constant = data.map(|data| Tensor {
            shape: shape.clone(),
            data,
        });
        let (name, public) = (format!("v{id}"), false);
        self.graph.values.push(Value {
            name,
            shape,
            constant,
            public,
        });
        id
    }

    fn node(mut self, op: Op, constants: &[(&[usize], Vec<f32>)], shape: &[usize]) -> Self {
        let mut inputs = vec![self.current];
        inputs.extend(
            constants
                .iter()
                .map(|(shape, data)| self.value(shape, Some(data.clone())))
                .collect::<Vec<_>>(),
        );
        self.current = self.value(shape, None);
        self.graph.nodes.push(Node {
            name: format!("n{}", self.current),
            onnx_op: "Test".into(),
            op,
            inputs,
            output: self.current,
        });
        self.graph.outputs = vec![Output {
            name: "y".into(),
            value: self.current,
        }];
        self
    }
}

fn numbers(seed: usize, count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 37 + seed * 101) % 61) as f32 / 61.0 - 0.5)
        .collect()
}

/// Where the caller's axes go: `[channels, height, width]`, one after another.
type Perm = [usize; 3];

/// A small network on pictures whose axes the caller has in another order, shifted by `shift` for each channel before they are
/// turned; the same function for every order.
fn network(perm: Perm) -> Graph {
    let first = [CHANNELS, SIDE, SIDE + 1];
    let callers: Vec<usize> = (0..3)
        .map(|axis| first[perm.iter().position(|&p| p == axis).expect("a permutation")])
        .collect();
    let shape = |axes: &[usize]| [&[1], axes].concat();
    let channel = perm[0];
    let mut shift = vec![1; 3];
    shift[channel] = CHANNELS;
    let turn: Vec<usize> = std::iter::once(0).chain(perm.map(|p| p + 1)).collect();
    let half = [FILTERS, SIDE / 2, SIDE / 2];
    let len: usize = half.iter().product();
    // The flattened picture has channels last if the input has.
    let back = perm == [2, 0, 1];
    let place = |k: usize| match back {
        true => k % FILTERS * (len / FILTERS) + k / FILTERS,
        false => k,
    };
    let dense = numbers(3, len * OUTPUTS);
    let dense = (0..len)
        .flat_map(|k| dense[place(k) * OUTPUTS..(place(k) + 1) * OUTPUTS].to_vec())
        .collect();
    let kernel = |n| vec![n, n];
    let net = Net::new(&shape(&callers))
        .node(Op::Sub, &[(&shift, numbers(4, CHANNELS))], &shape(&callers))
        .node(Op::Transpose { perm: turn }, &[], &shape(&first))
        .node(
            Op::Conv {
                kernel: vec![3, 4],
                strides: kernel(1),
                pads: vec![(1, 1); 2],
                dilations: kernel(1),
                groups: 1,
            },
            &[
                (&[FILTERS, CHANNELS, 3, 4], numbers(1, FILTERS * CHANNELS * 12)),
                (&[FILTERS], numbers(2, FILTERS)),
            ],
            &[1, FILTERS, SIDE, SIDE],
        )
        .node(Op::Relu, &[], &[1, FILTERS, SIDE, SIDE])
        .node(
            Op::MaxPool {
                kernel: kernel(2),
                strides: kernel(2),
                pads: vec![(0, 0); 2],
                dilations: kernel(1),
            },
            &[],
            &shape(&half),
        );
    let net = match back {
        true => net.node(
            Op::Transpose { perm: vec![0, 2, 3, 1] },
            &[],
            &[1, SIDE / 2, SIDE / 2, FILTERS],
        ),
        false => net,
    };
    let flat = vec![1, len];
    net.node(Op::Reshape { shape: flat.clone() }, &[], &flat)
        .node(Op::MatMul, &[(&[len, OUTPUTS], dense)], &[1, OUTPUTS])
        .graph
}

fn compiled(graph: &Graph, rows: &[Sample], public: bool) -> (Program, Layout) {
    let ranges = Ranges::calibrate(graph, rows).expect("calibrates");
    let chosen = compile(graph, &ranges, &[public], Outputs::Auto, Objective::default()).expect("compiles");
    (chosen.model, chosen.layout)
}

/// A picture with channels first as the caller has it.
fn turned(picture: &[f32], perm: Perm) -> Vec<f32> {
    let first = [CHANNELS, SIDE, SIDE + 1];
    let mut at = [0; 3];
    let axis = |p: usize| perm.iter().position(|&q| q == p).expect("a permutation");
    let [a, b, c] = [axis(0), axis(1), axis(2)];
    let mut values = vec![];
    for i in 0..first[a] {
        for j in 0..first[b] {
            for k in 0..first[c] {
                (at[a], at[b], at[c]) = (i, j, k);
                values.push(picture[(at[0] * first[1] + at[1]) * first[2] + at[2]]);
            }
        }
    }
    values
}

#[test]
fn any_order_of_the_input_costs_the_same_and_gives_the_same() {
    let base = network([0, 1, 2]);
    let rows = default_samples(&base, 4);
    for public in [true, false] {
        let (program, layout) = compiled(&base, &rows, public);
        let values = quantize_inputs(&program, &rows[0]).expect("in range");
        let expected = execute(&program, &values).expect("runs").values.pop();
        for perm in [[2, 0, 1], [2, 1, 0], [1, 0, 2], [0, 2, 1], [1, 2, 0]] {
            let graph = network(perm);
            let own: Vec<Sample> = rows.iter().map(|row| vec![turned(&row[0], perm)]).collect();
            let of =
                |graph: &Graph, row: &Sample| float::run(graph, row).expect("runs")[graph.outputs[0].value].clone();
            assert_eq!(
                of(&graph, &own[0]),
                of(&base, &rows[0]),
                "{perm:?}: the test's networks differ"
            );
            let (program, turned) = compiled(&graph, &own, public);
            let [own_cost, base_cost] = [&turned, &layout].map(|layout| Cost::of(&layout.shape).prove_m20);
            let ratio = own_cost / base_cost;
            assert!(ratio <= 1.1, "{perm:?} costs {ratio} times as much");
            let values = quantize_inputs(&program, &own[0]).expect("in range");
            assert_eq!(
                execute(&program, &values).expect("runs").values.pop(),
                expected,
                "{perm:?}"
            );
            if perm == [2, 0, 1] && !public {
                let trace = execute(&program, &values).expect("runs");
                assert_eq!(Case::build(program, turned, trace).verify(), Ok(()));
            }
        }
    }
}
