//! Stages: circuits of models whose input another circuit gives, and recipes from outside that name such.

use crate::common::*;
use provenn_circuits::argument::Objective;
use provenn_circuits::compile::{compile_stage, default_samples, rebuild, Chosen, Ranges, Stage, Taken, Weights};
use provenn_circuits::graph::{Graph, InputType, Node, Op, Value};
use provenn_circuits::layout::{Ends, Shape};
use provenn_circuits::onnx::import;
use provenn_circuits::program::execute;
use provenn_circuits::CircuitError;

/// The digits classifier takes a picture of 8 x 8, and gives ten scores.
fn graph() -> Graph {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/models/digits_cnn.onnx");
    import(&std::fs::read(path).expect("fixture")).expect("imports")
}

const TAKEN: Taken = Taken {
    k: 11,
    lanes: 4,
    channels: 1,
    positions: 64,
    row: 16,
    bits: 16,
    frac: 14,
};

fn compiled(taken: Taken, gives: Option<usize>, objective: Objective) -> Result<(Ranges, Chosen), CircuitError> {
    let graph = graph();
    let ranges = Ranges::calibrate(&graph, &default_samples(&graph, 4))?.of_stage(&graph, &taken)?;
    let stage = Stage {
        takes: Some(taken),
        gives,
        k: None,
    };
    let chosen = compile_stage(&graph, &ranges, &[false], &stage, objective)?;
    Ok((ranges, chosen))
}

/// In every objective's shape the input has place, width and scale of what is given, and the circuit holds of a run and of no other scores.
#[test]
fn stages_take_what_is_given() {
    for objective in Objective::ALL {
        for gives in [None, Some(16)] {
            let (ranges, Chosen { model, layout, .. }) = compiled(TAKEN, gives, objective).expect("fits");
            let shape = layout.shape.clone();
            assert_eq!((shape.k, shape.precision().bits(), model.tensors[0].frac), (11, 16, 14));
            assert_eq!(
                (shape.ends.takes, shape.ends.gives.is_some()),
                (Some(16), gives.is_some())
            );
            // In the order in which they are given.
            assert_eq!(layout.rows[0], (16..80).collect::<Vec<usize>>());
            assert!(model.tensors[0].signed && model.output(0).signed);
            let input: Vec<i64> = (0..64).map(|i| (i * 509) % (1 << 14)).collect();
            let trace = execute(&model, &[input]).expect("in range");
            // An auditor without weights has the same circuit.
            let structure = import(&provenn_circuits::onnx::structure(&bytes()).expect("exports")).expect("imports");
            let (_, rebuilt) = rebuild(&structure, &ranges, &shape, Weights::Unknown).expect("rebuilds");
            assert_eq!((&rebuilt.shape, &rebuilt.rows), (&shape, &layout.rows));
            assert_eq!(Case::build(model, layout, trace).verify(), Ok(()), "{objective:?}");
        }
    }
}

fn bytes() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/models/digits_cnn.onnx");
    std::fs::read(path).expect("fixture")
}

/// Why a compilation is refused.
fn reason<T>(refused: Result<T, CircuitError>) -> String {
    match refused.map(drop) {
        Err(CircuitError::Stage { reason, .. }) => reason,
        other => format!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_taken_is_refused() {
    let of = |taken| reason(compiled(taken, None, Objective::default()));
    let elements = of(Taken { positions: 63, ..TAKEN });
    assert!(
        elements.contains("64 elements, and the stage before gives 63"),
        "{elements}"
    );
    let many = of(Taken {
        channels: usize::MAX,
        ..TAKEN
    });
    assert!(many.contains("elements"), "{many}");
    let small = of(Taken { k: 8, ..TAKEN });
    assert!(small.contains("no circuit of 2^8 rows"), "{small}");
    // With so many rows values have another width.
    let width = of(Taken { bits: 15, ..TAKEN });
    assert!(width.contains("no circuit of 2^11 rows"), "{width}");
    let crowded = of(Taken { row: 9, ..TAKEN });
    assert!(crowded.contains("rows, and the stage before leaves 9"), "{crowded}");
    for frac in [i32::MIN, -2000, 2000, i32::MAX] {
        let scale = of(Taken { frac, ..TAKEN });
        assert!(scale.contains("fractional bits, which no input has"), "{scale}");
    }
    // Values up to 1 do not fit below 2^-3.
    let range = of(Taken { frac: 18, ..TAKEN });
    assert!(range.contains("calibration rows reach"), "{range}");
}

/// Integers without a sign have other cells, and nothing shows that what is given is whole; an index is not what a circuit gives.
#[test]
fn only_real_numbers_are_taken_and_given() {
    let (taking, giving) = (Some(TAKEN), Some(0));
    let stage = |takes, gives| Stage { takes, gives, k: None };
    let mut graph = graph();
    assert!(stage(taking, giving).check(&graph).is_ok());
    graph.inputs[0].elements = InputType::Integers { least: 0, largest: 255 };
    assert!(reason(stage(taking, None).check(&graph)).contains("integers"));
    assert!(stage(None, giving).check(&graph).is_ok());
    // The same scores, and which of them is the largest.
    let scores = graph.outputs[0].value;
    graph.values.push(Value {
        name: "label".into(),
        shape: vec![1],
        constant: None,
        public: false,
    });
    graph.nodes.push(Node {
        name: "label".into(),
        onnx_op: "ArgMax".into(),
        op: Op::ArgMax {
            axis: 1,
            keepdims: false,
        },
        inputs: vec![scores],
        output: graph.values.len() - 1,
    });
    graph.outputs[0].value = graph.values.len() - 1;
    assert!(reason(stage(None, giving).check(&graph)).contains("an index"));
}

/// Recipes that no compilation gives are refused before anything of their size is made.
#[test]
fn recipes_of_no_stage_are_refused() {
    let (ranges, chosen) = compiled(TAKEN, None, Objective::default()).expect("fits");
    let graph = graph();
    let of = |change: &dyn Fn(&mut Shape)| {
        let mut shape = chosen.layout.shape.clone();
        change(&mut shape);
        rebuild(&graph, &ranges, &shape, Weights::Given).map(drop)
    };
    assert!(of(&|_| {}).is_ok());
    let recipe = |change: &dyn Fn(&mut Shape)| matches!(of(change), Err(CircuitError::Recipe(_)));
    assert!(recipe(&|shape| shape.inputs[0].positions = 63));
    assert!(recipe(&|shape| shape.inputs[0].channels = usize::MAX));
    assert!(recipe(&|shape| shape.inputs.clear()));
    for row in [usize::MAX, 1 << 40, 9] {
        assert!(of(&|shape| shape.ends.takes = Some(row)).is_err());
        assert!(of(&|shape| shape.ends = Ends {
            gives: Some(row),
            ..shape.ends
        })
        .is_err());
    }
    assert!(of(&|shape| shape.ends.onto = Some(usize::MAX)).is_err());
}
