//! What a program accepts as an input of integers, unit by unit: a prover who leaves out the checks on numbers gains nothing.

use onnx_protobuf::{
    tensor_shape_proto, type_proto, AttributeProto, GraphProto, Message as _, ModelProto, NodeProto,
    OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
};
use provenn_circuits::argument::Objective;
use provenn_circuits::compile::{compile, default_samples, Outputs, Ranges};
use provenn_circuits::onnx::import;
use provenn_circuits::program::{execute, Program};

fn declared(name: &str, elements: i32) -> ValueInfoProto {
    let extent = |value| {
        let mut dimension = tensor_shape_proto::Dimension::new();
        dimension.set_dim_value(value);
        dimension
    };
    let tensor = type_proto::Tensor {
        elem_type: elements,
        shape: Some(TensorShapeProto {
            dim: vec![extent(1), extent(2)],
            ..Default::default()
        })
        .into(),
        ..Default::default()
    };
    let mut of = TypeProto::new();
    of.set_tensor_type(tensor);
    ValueInfoProto {
        name: name.into(),
        type_: Some(of).into(),
        ..Default::default()
    }
}

/// Half of an input of this element type.
fn halved(elements: i32) -> Program {
    let node = |op: &str, inputs: &[&str], output: &str| NodeProto {
        op_type: op.into(),
        name: output.into(),
        input: inputs.iter().map(|&name| name.into()).collect(),
        output: vec![output.into()],
        ..Default::default()
    };
    let mut cast = node("Cast", &["x"], "floats");
    cast.attribute.push(AttributeProto {
        name: "to".into(),
        i: 1,
        ..Default::default()
    });
    let half = TensorProto {
        name: "half".into(),
        dims: vec![1],
        data_type: 1,
        float_data: vec![0.5],
        ..Default::default()
    };
    let graph = GraphProto {
        node: vec![cast, node("Mul", &["floats", "half"], "y")],
        initializer: vec![half],
        input: vec![declared("x", elements)],
        output: vec![declared("y", 1)],
        ..Default::default()
    };
    let model = ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto {
            version: 17,
            ..Default::default()
        }],
        graph: Some(graph).into(),
        ..Default::default()
    };
    let graph = import(&model.write_to_bytes().expect("bytes")).expect("importable");
    let ranges = Ranges::calibrate(&graph, &default_samples(&graph, 8)).expect("calibrated");
    let chosen = compile(&graph, &ranges, &[false], Outputs::Auto, Objective::default()).expect("compiles");
    assert_eq!(chosen.model.inputs.len(), 1);
    chosen.model
}

/// The outputs, if there are some.
fn outputs(program: &Program, inputs: [i64; 2]) -> Option<[f64; 2]> {
    let trace = execute(program, &[inputs.to_vec()]).ok()?;
    let scale = 2f64.powi(-program.output(0).frac);
    match trace.outputs(program)[0][..] {
        [a, b] => Some([a as f64 * scale, b as f64 * scale]),
        _ => panic!("two outputs"),
    }
}

/// Truth values and 8-bit integers: the numbers of the type and no others.
#[test]
fn inputs_of_few_integers_are_held_to_their_type() {
    for (elements, least, largest) in [(2, 0, 255), (3, -128, 127), (9, 0, 1)] {
        let program = halved(elements);
        assert_eq!(program.tensors[0].frac, 0);
        for unit in -600..600 {
            let outputs = outputs(&program, [unit, 1]);
            assert_eq!(
                outputs.is_some(),
                (least..=largest).contains(&unit),
                "{unit} of type {elements}"
            );
            if let Some([y, half]) = outputs {
                let error = (y - unit as f64 / 2.0).abs().max((half - 0.5).abs());
                assert!(error <= largest as f64 / 1000.0, "{unit}: {y}, {half}");
            }
        }
    }
}

/// Of a wide type the calibration decides what is provable, in whole numbers; of an unsigned one in those that are not negative.
#[test]
fn inputs_of_many_integers_have_no_fractions() {
    for elements in [4, 5, 6, 7, 12, 13] {
        let program = halved(elements);
        assert!(program.tensors[0].frac <= 0, "{}", program.tensors[0].frac);
        let [a, b] = outputs(&program, [3, 7]).expect("provable");
        assert!((a - 1.5).abs() < 0.05 && (b - 3.5).abs() < 0.05, "{a}, {b}");
        let unsigned = [4, 12, 13].contains(&elements);
        assert_eq!(outputs(&program, [-1, 7]).is_none(), unsigned, "type {elements}");
    }
}
