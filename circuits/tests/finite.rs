//! Numbers that are not finite, and numbers without room, are refused by name; none becomes another number.

use provenn_circuits::argument::Objective;
use provenn_circuits::compile::{compile, default_samples, Outputs, Ranges};
use provenn_circuits::graph::{Graph, Input, InputType, Node, Op, Output, Sample, Tensor, Value};
use provenn_circuits::program::{quantize_input, Program};
use provenn_circuits::CircuitError;

const BAD: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

/// `relu(x w + b)` of two values.
fn graph(weights: [f32; 4], bias: [f32; 2]) -> Graph {
    let value = |name: &str, shape: &[usize], data: &[f32]| Value {
        name: name.into(),
        shape: shape.into(),
        constant: (!data.is_empty()).then(|| Tensor {
            shape: shape.into(),
            data: data.into(),
        }),
        public: false,
    };
    let node = |op: Op, inputs: &[usize], output: usize| Node {
        name: format!("n{output}"),
        onnx_op: "Test".into(),
        op,
        inputs: inputs.into(),
        output,
    };
    Graph {
        name: "finite".into(),
        operators: std::collections::BTreeMap::new(),
        values: vec![
            value("x", &[1, 2], &[]),
            value("w", &[2, 2], &weights),
            value("b", &[2], &bias),
            value("xw", &[1, 2], &[]),
            value("sum", &[1, 2], &[]),
            value("y", &[1, 2], &[]),
        ],
        nodes: vec![
            node(Op::MatMul, &[0, 1], 3),
            node(Op::Add, &[3, 2], 4),
            node(Op::Relu, &[4], 5),
        ],
        inputs: vec![Input {
            value: 0,
            elements: InputType::Reals,
            lifts: vec![],
        }],
        outputs: vec![Output {
            name: "y".into(),
            value: 5,
        }],
    }
}

fn compiled(graph: &Graph, rows: &[Vec<f32>]) -> Result<Program, CircuitError> {
    let samples: Vec<Sample> = rows.iter().map(|row| vec![row.clone()]).collect();
    let ranges = Ranges::calibrate(graph, &samples)?;
    compile(graph, &ranges, &[true], Outputs::Auto, Objective::default()).map(|chosen| chosen.model)
}

const WEIGHTS: [f32; 4] = [0.5, -0.25, 0.125, 1.0];

#[test]
fn inputs_are_finite() {
    let graph = graph(WEIGHTS, [0.5, 0.25]);
    let model = compiled(&graph, &default_samples(&graph, 4).concat()).expect("compiles");
    assert!(quantize_input(&model, 0, &[0.5, -0.5]).is_ok());
    for bad in BAD {
        let refused = quantize_input(&model, 0, &[0.5, bad]).expect_err("not finite");
        assert_eq!(refused.code(), "not-finite");
        assert!(refused.to_string().contains("`x`: element 1 is"), "{refused}");
    }
}

#[test]
fn calibration_rows_are_finite_and_so_is_what_follows_from_them() {
    let graph = graph(WEIGHTS, [0.5, 0.25]);
    for bad in BAD {
        let refused = compiled(&graph, &[vec![0.5, 0.5], vec![bad, 0.5]]).expect_err("not finite");
        assert_eq!(refused.code(), "calibration");
    }
    // The sum of two large products is no float any more.
    let large = self::graph([3e38; 4], [0.0; 2]);
    let refused = compiled(&large, &[vec![1.0, 1.0]]).expect_err("overflows");
    assert_eq!(refused.code(), "not-finite");
    assert!(
        refused.to_string().contains("`xw`: with row 0, element 0 is inf"),
        "{refused}"
    );
}

#[test]
fn weights_are_finite() {
    for bad in BAD {
        let (mut weights, mut bias) = (WEIGHTS, [0.5, 0.25]);
        weights[2] = bad;
        let weights = compiled(&graph(weights, bias), &[vec![0.0, 0.0]]).expect_err("not finite");
        assert!(
            weights.to_string().contains("`w`: with row 0, element 2 is"),
            "{weights}"
        );
        bias[1] = bad;
        let bias = compiled(&graph(WEIGHTS, bias), &[vec![0.5, 0.5]]).expect_err("not finite");
        assert!(bias.to_string().contains("`b`: with row 0, element 1 is"), "{bias}");
    }
}

/// A constant out of all proportion to what calibration saw of its tensor: the first graph of these was quantized to another
/// function without a word.
#[test]
fn constants_without_room_are_refused_by_name() {
    let graph = graph([1e-6, 0.0, 0.0, 1e30], [0.0; 2]);
    let refused = compiled(&graph, &[vec![1.0, 0.0]]).expect_err("no room");
    assert_eq!(refused.code(), "constant-too-large", "{refused}");
    assert!(refused.to_string().contains("the weight"), "{refused}");
    let graph = self::graph(WEIGHTS, [1e30, -1e30]);
    let rows = [vec![0.5, 0.5]];
    assert!(compiled(&graph, &rows).is_ok(), "in proportion to its sum");
}
