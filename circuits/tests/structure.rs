//! Circuit and registration follow from the structure of a model and its ranges: weights move nothing in them, and none is
//! committed twice.

use provenn_circuits::argument::Objective;
use provenn_circuits::compile::{compile, rebuild, Chosen, Outputs, Ranges, Weights};
use provenn_circuits::graph::{self, Graph, Input, InputType, Node, Op, Output, Value};
use provenn_circuits::layout::Layout;
use provenn_circuits::onnx::{import, structure};
use provenn_circuits::program::{Program, Step, Tensor};
use provenn_circuits::register::RegisterCircuit;
use rayon::iter::Either;
use rayon::prelude::*;
use std::path::Path;

/// Everything that the keys depend on.
fn public(mut model: Program, layout: &Layout) -> String {
    let registration = RegisterCircuit::new(&model, layout).expect("registered");
    for tensor in &mut model.tensors {
        if let Step::Affine(affine) = &mut tensor.step {
            if !affine.public_bias {
                affine.bias.fill(0);
            }
            let secret = affine.contractions.iter_mut().filter(|c| !c.public);
            secret.for_each(|c| c.weights.edit(|weights| weights.fill(0)));
        }
    }
    format!("{model:?} {layout:?} {registration:?}")
}

/// The weights that a program commits.
fn committed(model: &Program) -> Vec<i64> {
    let of = |tensor: &Tensor| match &tensor.step {
        Step::Affine(affine) => {
            let secret = affine.contractions.iter().filter(|c| !c.public);
            let bias = affine.bias.iter().filter(|_| !affine.public_bias);
            secret.flat_map(|c| c.weights.iter()).chain(bias.copied()).collect()
        }
        _ => vec![],
    };
    model.tensors.iter().flat_map(of).collect()
}

/// Alters some elements of each weight of a graph, one at a time: each is committed at most once. Returns how many moved.
fn copies(graph: &Graph, ranges: &Ranges, layout: &Layout, honest: &[i64]) -> Result<usize, String> {
    let mut moved = 0;
    for (id, value) in graph.values.iter().enumerate() {
        let weights = value.constant.as_ref().filter(|_| !value.public);
        // One of zeros must stay one: its magnitude is public.
        let weights = weights.filter(|w| w.data.iter().any(|v| *v != 0.0));
        let count = weights.map_or(0, |w| w.data.len());
        for element in (0..count).step_by(count.div_ceil(6).max(1)) {
            let mut altered = graph.clone();
            let data = &mut altered.values[id].constant.as_mut().ok_or("no constant")?.data;
            data[element] = if data[element] == 0.0 { 0.01 } else { -data[element] };
            let (model, _) = rebuild(&altered, ranges, &layout.shape, Weights::Given).map_err(|e| e.to_string())?;
            let got = committed(&model);
            let differ = got.iter().zip(honest).filter(|(a, b)| a != b).count();
            if got.len() != honest.len() || differ > 1 {
                return Err(format!("element {element} of {} stands in {differ} cells", value.name));
            }
            moved += differ;
        }
    }
    Ok(moved)
}

/// What was counted in a supported model.
struct Counts {
    /// Weight cells that the structure determines.
    known: usize,
    /// Elements of weights that moved a cell.
    moved: usize,
}

/// `None` for a model that is not supported.
fn check(path: &Path) -> Result<Option<Counts>, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let Ok(graph) = import(&bytes) else { return Ok(None) };
    let samples = provenn_circuits::compile::default_samples(&graph, 4);
    let ranges = Ranges::calibrate(&graph, &samples).map_err(|e| e.to_string())?;
    let Ok(Chosen { model, layout, .. }) = compile(&graph, &ranges, &[true], Outputs::Auto, Objective::default())
    else {
        return Ok(None);
    };
    let moved = copies(&graph, &ranges, &layout, &committed(&model))?;
    let stripped = structure(&bytes)
        .and_then(|bytes| import(&bytes))
        .map_err(|e| e.to_string())?;
    let (bare, rebuilt) = rebuild(&stripped, &ranges, &layout.shape, Weights::Unknown).map_err(|e| e.to_string())?;
    let registration = RegisterCircuit::new(&model, &layout).map_err(|e| e.to_string())?;
    let known = registration.public_cells();
    let (given, got) = (public(model, &layout), public(bare, &rebuilt));
    let same = given.chars().zip(got.chars()).take_while(|(a, b)| a == b).count();
    match given == got {
        true => Ok(Some(Counts { known, moved })),
        false => Err(format!(
            "after {}: {} is not {}",
            &given[same.saturating_sub(200)..same],
            &given[same..][..40],
            &got[same..][..40]
        )),
    }
}

#[test]
fn every_circuit_follows_from_its_structure() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let files: Vec<_> = ["operators/cases", "models"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(fixtures.join(folder)).expect("fixtures"))
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "onnx"))
        .collect();
    let (counts, failed): (Vec<_>, Vec<_>) = files
        .par_iter()
        .map(|path| check(path).map_err(|reason| format!("{}: {reason}", path.display())))
        .partition_map(|result| match result {
            Ok(counts) => Either::Left(counts),
            Err(reason) => Either::Right(reason),
        });
    assert!(failed.is_empty(), "{} of {}: {failed:#?}", failed.len(), files.len());
    let counts: Vec<Counts> = counts.into_iter().flatten().collect();
    assert!(counts.len() > 300);
    assert!(counts.iter().filter(|counts| counts.known > 0).count() >= 40);
    // A weight may round to nothing.
    assert!(counts.iter().map(|counts| counts.moved).sum::<usize>() > 3_000);
}

/// Two convolutions with one kernel and one normalisation after each: what they are folded into is one, too.
#[test]
fn what_is_computed_alike_from_weights_is_one_weight() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/operators/cases/shared_branch.onnx");
    let graph = import(&std::fs::read(path).expect("fixture")).expect("import");
    let convolutions = graph.nodes.iter().filter(|node| matches!(node.op, Op::Conv { .. }));
    let weights: Vec<_> = convolutions.map(|node| &node.inputs[1..]).collect();
    assert_eq!(weights.len(), 2);
    assert_eq!((weights[0].len(), weights[0]), (2, weights[1]));
}

/// The windows under a stored kernel are listed one by one; lists that fit no circuit are refused before they are made.
#[test]
fn windows_that_fit_no_circuit_are_refused() {
    let value = |name: &str, size: usize| Value {
        name: name.into(),
        shape: vec![1, 1, size, size],
        constant: None,
        public: false,
    };
    let mut kernel = value("kernel", 96);
    kernel.constant = Some(graph::Tensor {
        shape: kernel.shape.clone(),
        data: vec![0.1; 96 * 96],
    });
    let node = |name: &str, input: usize, output: usize| Node {
        name: name.into(),
        onnx_op: "Conv".into(),
        op: Op::Conv {
            kernel: vec![96, 96],
            strides: vec![1, 1],
            pads: vec![(0, 0), (0, 0)],
            dilations: vec![1, 1],
            groups: 1,
        },
        inputs: vec![input, 1],
        output,
    };
    let graph = Graph {
        operators: std::collections::BTreeMap::new(),
        name: "windows".into(),
        values: vec![value("input", 192), kernel, value("first", 97), value("second", 2)],
        nodes: vec![node("first", 0, 2), node("second", 2, 3)],
        inputs: vec![Input {
            value: 0,
            elements: InputType::Reals,
            lifts: vec![],
        }],
        outputs: vec![Output {
            name: "y".into(),
            value: 3,
        }],
    };
    let ranges = Ranges::calibrate(&graph, &[vec![vec![0.5; 192 * 192]]]).expect("ranges");
    let refused = compile(&graph, &ranges, &[true], Outputs::Auto, Objective::default())
        .map(|_| ())
        .expect_err("too large");
    assert!(refused.to_string().contains("too large for a circuit"), "{refused}");
}
