//! Programs with several inputs and outputs: every choice of what is public, and what a prover could try with it.

use crate::common::*;
use halo2_proofs::dev::MockProver;
use halo2_proofs::halo2curves::bn256::Fr;
use provenn_circuits::argument::Objective;
use provenn_circuits::compile::{compile, default_samples, rebuild, Outputs, Ranges, Weights};
use provenn_circuits::graph::{
    float, Graph, Input as GraphInput, InputType, Node, Op, Output as GraphOutput, Tensor as FloatTensor, Value,
};
use provenn_circuits::layout::{Layout, RowKind};
use provenn_circuits::onnx::{import, slice, Slice};
use provenn_circuits::program::*;
use provenn_circuits::CircuitError;

const CHOICES: [[bool; 2]; 4] = [[true, true], [true, false], [false, true], [false, false]];

#[test]
fn every_choice_of_public_inputs_holds() {
    for public in CHOICES {
        for lanes in [1, 2, 3, 4] {
            for model in [joined(), added()] {
                let case = Case::on(model, lanes, &public, 5);
                assert_eq!(case.verify(), Ok(()), "public {public:?}, {lanes} lanes");
            }
        }
    }
}

/// Each input has rows of its own; a committed one does not use those of the policy, whose limbs are those of lane 0.
#[test]
fn rows_of_inputs_are_their_own() {
    for public in CHOICES {
        let case = Case::on(joined(), 2, &public, 5);
        let layout = &case.layout;
        for (row, kind) in layout.kinds.iter().enumerate() {
            if let RowKind::Input(id, _) = kind {
                assert!(layout.rows[*id].contains(&row));
                assert!(public[*id] || row >= layout.policy_rows, "public {public:?}, row {row}");
            }
        }
        let mut rows = [layout.rows[0].clone(), layout.rows[1].clone()].concat();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), 8);
        let columns = &layout.shape.inputs;
        assert_eq!(
            columns.iter().map(|input| input.columns(2)).sum::<usize>(),
            layout.shape.input_columns()
        );
    }
}

/// The run of another pair of inputs is no run of these, be they public or committed: the first phase holds their cells.
#[test]
fn inputs_are_not_exchanged() {
    let holds = |case: &Case, instances: Vec<Vec<Fr>>| {
        let prover = MockProver::run(case.layout.shape.k, &case.circuit(), instances).expect("mock");
        prover.verify().is_ok()
    };
    let honest = Case::on(joined(), 2, &[true, true], 5);
    let mut exchanged = (*honest.model).clone();
    exchanged.tensors.swap(0, 1);
    let values = &honest.witness.trace.values;
    let other = execute(&exchanged, &[values[1].clone(), values[0].clone()]).expect("in range");
    let other = Case::build((*honest.model).clone(), (*honest.layout).clone(), other);
    assert!(holds(&honest, honest.instances.clone()) && holds(&other, other.instances.clone()));
    assert!(!holds(&honest, other.instances.clone()) && !holds(&other, honest.instances.clone()));
}

/// What is stated of one output does not hold of another, and of an output that nothing is stated of anything may be so.
#[test]
fn each_output_has_its_own_rows() {
    let case = Case::on(joined(), 2, &[false, true], 5);
    let (layout, outputs) = (&case.layout, case.witness.trace.outputs(&case.model));
    assert_eq!(outputs[0], outputs[3]);
    let rows = |output: usize| (0..layout.policy_rows).filter(move |row| layout.score(*row).0 == output);
    for hidden in 0..outputs.len() {
        // Nothing is stated of one output.
        let mut silent = Case::on(joined(), 2, &[false, true], 5);
        for row in rows(hidden) {
            silent.instances[..4]
                .iter_mut()
                .for_each(|column| column[row] = Fr::zero());
            silent.witness.policy[row] = [Fr::zero(); 3];
        }
        assert_eq!(silent.verify(), Ok(()), "output {hidden}");
        // A score of it is stated one too high.
        let mut lie = Case::on(joined(), 2, &[false, true], 5);
        let row = rows(hidden).next_back().expect("a score");
        lie.instances[2][row] -= Fr::one();
        lie.witness.policy[row][2] -= Fr::one();
        assert!(lie.verify().is_err(), "output {hidden}");
    }
    // The scores of the second output in the rows of the first.
    let mut lie = Case::on(joined(), 2, &[false, true], 5);
    for row in rows(0) {
        let (_, index) = layout.score(row);
        let c = -provenn_circuits::argument::signed(outputs[1][index].into());
        (lie.instances[2][row], lie.witness.policy[row][2]) = (c, c);
    }
    assert!(lie.verify().is_err());
}

#[test]
fn what_cannot_be_laid_out_is_refused() {
    let shape = |public: &[bool]| {
        let inputs = public.iter().map(|public| input_shape(*public)).collect();
        provenn_circuits::layout::Shape {
            inputs,
            ..shape(8, 2, true)
        }
    };
    let fits = |model: &Program, public: &[bool]| Layout::build(model, shape(public)).is_ok();
    let honest = joined();
    assert!(fits(&honest, &[true, false]));
    assert!(!fits(&honest, &[true]) && !fits(&honest, &[true; 3]));
    let edit = |edit: fn(&mut Program)| {
        let mut model = joined();
        edit(&mut model);
        fits(&model, &[true, false])
    };
    assert!(!edit(|m| m.outputs.clear()));
    assert!(!edit(|m| m.outputs[0].tensor = 4));
    assert!(!edit(|m| m.tensors[2].signed = false), "an output that is a ReLU");
    assert!(!edit(|m| m.inputs[1].order = InputOrder::new([(2, 1), (2, 2)])));
    assert!(!edit(|m| drop(m.inputs.pop())), "more input tensors than inputs");
    assert!(!edit(|m| m.tensors.swap(1, 2)), "an input that is not among the first");
}

fn fixture() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/models/conflict_check.onnx");
    std::fs::read(path).expect("fixture")
}

/// From the file: float, integers and circuit, each choice of public inputs, and the same layout from its structure.
#[test]
fn a_model_of_two_inputs_and_outputs() {
    let graph = import(&fixture()).expect("imports");
    let samples = default_samples(&graph, 8);
    let ranges = Ranges::calibrate(&graph, &samples).expect("calibrates");
    for public in CHOICES {
        let chosen = compile(&graph, &ranges, &public, Outputs::Auto, Objective::default()).expect("compiles");
        let (model, layout) = (chosen.model, chosen.layout);
        let names = |index: usize| model.outputs[index].name.as_str();
        assert_eq!([names(0), names(1)], ["conflict", "agreement"]);
        for sample in &samples {
            let exact = float::run(&graph, sample).expect("runs");
            let trace = execute(&model, &quantize_inputs(&model, sample).expect("in range")).expect("runs");
            for (index, scores) in trace.outputs(&model).iter().enumerate() {
                let unit = 2f64.powi(-model.output(index).frac);
                let exact = exact[graph.outputs[index].value].as_ref().expect("computed");
                let near = |(a, b): (&f32, &i64)| (f64::from(*a) - *b as f64 * unit).abs() < 0.02;
                assert!(exact.data.len() == scores.len() && exact.data.iter().zip(scores).all(near));
            }
        }
        let inputs = quantize_inputs(&model, &samples[0]).expect("in range");
        let refused = |inputs: &[Vec<i64>]| matches!(execute(&model, inputs), Err(CircuitError::InputCount { .. }));
        assert!(refused(&inputs[..1]) && refused(&[inputs.clone(), inputs.clone()].concat()));
        let structure = import(&provenn_circuits::onnx::structure(&fixture()).expect("exports")).expect("imports");
        let rebuilt = rebuild(&structure, &ranges, &layout.shape, Weights::Unknown)
            .expect("rebuilds")
            .1;
        assert_eq!(
            (&rebuilt.shape, &rebuilt.rows, &rebuilt.outputs),
            (&layout.shape, &layout.rows, &layout.outputs)
        );
        let trace = execute(&model, &inputs).expect("runs");
        assert_eq!(Case::build(model, layout, trace).verify(), Ok(()), "public {public:?}");
    }
}

/// A graph of nodes over two inputs.
struct Net(Graph);

impl Net {
    fn new(shapes: [&[usize]; 2]) -> Self {
        let input = |value| GraphInput {
            value,
            elements: InputType::Reals,
            lifts: vec![],
        };
        let mut net = Self(Graph {
            name: "net".into(),
            values: vec![],
            operators: Default::default(),
            nodes: vec![],
            inputs: vec![input(0), input(1)],
            outputs: vec![],
        });
        for shape in shapes {
            net.value(shape, None);
        }
        net
    }

    fn value(&mut self, shape: &[usize], constant: Option<Vec<f32>>) -> usize {
        let shape = shape.to_vec();
        self.0.values.push(Value {
            name: format!("v{}", self.0.values.len()),
            constant: constant.map(|data| FloatTensor {
                shape: shape.clone(),
                data,
            }),
            shape,
            public: false,
        });
        self.0.values.len() - 1
    }

    fn node(&mut self, op: Op, inputs: &[usize], shape: &[usize]) -> usize {
        let output = self.value(shape, None);
        self.0.nodes.push(Node {
            name: format!("n{output}"),
            onnx_op: "Test".into(),
            op,
            inputs: inputs.to_vec(),
            output,
        });
        output
    }

    fn outputs(mut self, values: &[usize]) -> Graph {
        let outputs = values.iter().enumerate().map(|(index, &value)| GraphOutput {
            name: format!("y{index}"),
            value,
        });
        self.0.outputs = outputs.collect();
        self.0
    }
}

/// The integers of a graph follow its floats, and have a circuit.
fn agrees(graph: &Graph, public: &[bool]) -> Program {
    let samples = default_samples(graph, 6);
    let ranges = Ranges::calibrate(graph, &samples).expect("calibrates");
    let chosen = compile(graph, &ranges, public, Outputs::Auto, Objective::default()).expect("compiles");
    let (model, layout) = (chosen.model, chosen.layout);
    let scores = provenn_circuits::compile::scores(graph);
    let mut last = None;
    for sample in &samples {
        let exact = float::run(graph, sample).expect("runs");
        let trace = execute(&model, &quantize_inputs(&model, sample).expect("in range")).expect("runs");
        for (index, ours) in trace.outputs(&model).iter().enumerate() {
            let unit = 2f64.powi(-model.output(index).frac);
            let exact = &exact[scores[index]].as_ref().expect("computed").data;
            let near = |(a, b): (&f32, &i64)| (f64::from(*a) - *b as f64 * unit).abs() < 0.02;
            assert!(
                exact.len() == ours.len() && exact.iter().zip(ours).all(near),
                "output {index}: {exact:?} {ours:?}"
            );
        }
        last = Some(trace);
    }
    assert_eq!(
        Case::build(model.clone(), layout, last.expect("a sample")).verify(),
        Ok(())
    );
    model
}

/// An output that is an input, one that others are computed from, one twice, one that is a maximum, and an index.
#[test]
fn any_value_may_be_an_output() {
    let mut net = Net::new([&[1, 6], &[1, 6]]);
    let weights = (0..24).map(|i| (i % 7) as f32 / 8.0 - 0.4).collect();
    let weights = net.value(&[6, 4], Some(weights));
    let sum = net.node(Op::Add, &[0, 1], &[1, 6]);
    let dense = net.node(Op::MatMul, &[sum, weights], &[1, 4]);
    let relu = net.node(Op::Relu, &[dense], &[1, 4]);
    let best = net.node(
        Op::ArgMax {
            axis: 1,
            keepdims: true,
        },
        &[dense],
        &[1, 1],
    );
    let graph = net.outputs(&[relu, 1, dense, relu, sum, best]);
    for public in CHOICES {
        let model = agrees(&graph, &public);
        let tensors: Vec<usize> = model.outputs.iter().map(|output| output.tensor).collect();
        assert_eq!(
            (tensors[1], tensors[2]),
            (1, tensors[5]),
            "an input, and the scores of an index, need no copy"
        );
        // The weights are read by two outputs and committed once.
        let weights = model.tensors.iter().filter_map(|tensor| match &tensor.step {
            Step::Affine(affine) => Some(affine.contractions.iter().filter(|c| c.weights.len() == 24).count()),
            _ => None,
        });
        assert_eq!(weights.sum::<usize>(), 1);
    }
}

/// Each input is stored in the order that its own reader wants.
#[test]
fn each_input_has_an_order_of_its_own() {
    let mut net = Net::new([&[1, 3, 4], &[1, 4, 3]]);
    let turn = || Op::Transpose { perm: vec![0, 2, 1] };
    let first = net.node(turn(), &[0], &[1, 4, 3]);
    let sum = net.node(Op::Add, &[first, 1], &[1, 4, 3]);
    let graph = net.outputs(&[sum]);
    for public in CHOICES {
        let model = agrees(&graph, &public);
        assert_eq!(model.inputs[0].order.axes(), [(3, 1), (4, 3)]);
        assert_eq!(model.inputs[1].order.axes(), [(12, 1)]);
    }
    // Read in its own order too, an input is stored as it comes.
    let mut net = Net::new([&[1, 3, 4], &[1, 4, 3]]);
    let first = net.node(turn(), &[0], &[1, 4, 3]);
    let sum = net.node(Op::Add, &[first, 1], &[1, 4, 3]);
    let graph = net.outputs(&[sum, 0]);
    assert_eq!(agrees(&graph, &[true, false]).inputs[0].order.axes(), [(12, 1)]);
}

#[test]
fn outputs_that_cannot_be_are_refused_by_name() {
    let refused = |graph: &Graph| {
        let ranges = Ranges::calibrate(graph, &default_samples(graph, 2)).expect("calibrates");
        let refused = compile(graph, &ranges, &[true, true], Outputs::Auto, Objective::default());
        refused.map(|_| ()).expect_err("refused").to_string()
    };
    let mut net = Net::new([&[1, 6], &[1, 6]]);
    let constant = net.value(&[1, 2], Some(vec![1.0, 2.0]));
    let sum = net.node(Op::Add, &[0, 1], &[1, 6]);
    let graph = net.outputs(&[sum, constant]);
    assert!(
        refused(&graph).contains("output `y1` does not depend on an input"),
        "{}",
        refused(&graph)
    );
    // An index is no number that anything can be computed from.
    let mut net = Net::new([&[1, 6], &[1, 6]]);
    let sum = net.node(Op::Add, &[0, 1], &[1, 6]);
    let best = net.node(
        Op::ArgMax {
            axis: 1,
            keepdims: true,
        },
        &[sum],
        &[1, 1],
    );
    let more = net.node(Op::Add, &[best, sum], &[1, 6]);
    let graph = net.outputs(&[best, more]);
    assert!(refused(&graph).contains("as the last operator"), "{}", refused(&graph));
}

/// Token ids beyond what calibration saw are proven, and those that the vocabulary does not have are not, whoever made the program's input.
#[test]
fn indices_are_those_of_what_they_choose_from() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/operators/cases/gather_ids.onnx"
    );
    let graph = import(&std::fs::read(file).expect("case")).expect("importable");
    let (least, largest) = (0, 11);
    assert_eq!(graph.inputs[0].elements, InputType::Integers { least, largest });
    let ranges = Ranges::calibrate(&graph, &[vec![vec![0.0; 5]]]).expect("calibrated");
    let model = compile(&graph, &ranges, &[false], Outputs::Auto, Objective::default())
        .expect("compiled")
        .model;
    // Without fractional bits nothing stands between two ids.
    assert_eq!(model.tensors[0].frac, 0);
    for id in -300..300 {
        let ran = execute(&model, &[vec![0, id, 0, 0, 0]]);
        assert_eq!(ran.is_ok(), (least..=largest).contains(&id), "{id}");
    }
}

/// The same of indices that are taken in parts: what joins inputs drops none of their elements.
#[test]
fn indices_in_parts_are_those_of_what_they_choose_from() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/operators/cases/gather_ids.onnx"
    );
    let whole = std::fs::read(file).expect("case");
    let name = import(&whole).map(|graph| graph.values[graph.inputs[0].value].name.clone());
    let parts = [("front", 2), ("back", 3)].map(|(name, len)| Slice { name: name.into(), len });
    let sliced = slice(&whole, &name.expect("importable"), -1, &parts).expect("sliced");
    let graph = import(&sliced).expect("importable");
    let (least, largest) = (0, 11);
    for input in &graph.inputs {
        assert_eq!(input.elements, InputType::Integers { least, largest });
    }
    let ranges = Ranges::calibrate(&graph, &[vec![vec![0.0; 2], vec![0.0; 3]]]).expect("calibrated");
    let model = compile(&graph, &ranges, &[false; 2], Outputs::Auto, Objective::default())
        .expect("compiled")
        .model;
    for id in -300..300 {
        for inputs in [[vec![0, id], vec![0; 3]], [vec![0; 2], vec![0, 0, id]]] {
            let ran = execute(&model, &inputs);
            assert_eq!(ran.is_ok(), (least..=largest).contains(&id), "{id}");
        }
    }
}
