//! Every case of fixtures/operators: float executor, integer program and circuit against onnxruntime.

mod common;

use common::Case;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field as _;
use provenn_circuits::argument::Objective;
use provenn_circuits::argument::{input_cells, row_sets, signed, Witness};
use provenn_circuits::compile::{Chosen, Ranges};
use provenn_circuits::graph::float;
use provenn_circuits::layout::Layout;
use provenn_circuits::onnx::{import, ImportError};
use provenn_circuits::program::{execute, quantize_input, Program, Trace};
use provenn_circuits::{compile, CircuitError};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Cases that are refused, with a part of the reason. A case that starts to work must be taken out.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("averagepool_batch_of_two", "a batch of more than one"),
    ("conv_batch_of_two", "a batch of more than one"),
    ("convtranspose_batch_of_two", "a batch of more than one"),
    ("maxpool_batch_of_two", "a batch of more than one"),
    ("div_activations", "division by an activation"),
    ("div_constant_first", "division by an activation"),
];

/// What became of a case.
enum Outcome {
    Proven,
    Refused(String),
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/operators/cases")
}

/// The rows of the list `key` in `{"inputs": [[..], ..], "outputs": [[..], ..]}`.
fn rows(text: &str, key: &str) -> Vec<Vec<f32>> {
    let start = text.find(&format!("\"{key}\":[[")).expect("key") + key.len() + 5;
    let end = start + text[start..].find("]]").expect("end");
    let row = |row: &str| row.split(',').map(|v| v.parse().expect("number")).collect();
    text[start..end].split("],[").map(row).collect()
}

fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |m, v| m.max(v.abs()))
}

fn check(name: &str) -> Result<Outcome, String> {
    let read = |ending: &str| std::fs::read(folder().join(format!("{name}.{ending}"))).map_err(|e| e.to_string());
    let text = String::from_utf8(read("json")?).map_err(|e| e.to_string())?;
    let (inputs, expected) = (rows(&text, "inputs"), rows(&text, "outputs"));
    let graph = match import(&read("onnx")?) {
        Ok(graph) => graph,
        Err(error @ ImportError::Unsupported(_)) => return Ok(Outcome::Refused(error.to_string())),
        Err(error) => return Err(format!("import: {error}")),
    };
    for (input, expected) in inputs.iter().zip(&expected) {
        let values = float::run(&graph, input).map_err(|e| format!("float: {e}"))?;
        let got = values[graph.output[0]].as_ref().ok_or("the output was not computed")?;
        let tolerance = 1e-4 * largest(expected.iter().map(|&v| v.into())).max(1e-3);
        let differs = largest(got.data.iter().zip(expected).map(|(a, b)| f64::from(a - b)));
        if got.data.len() != expected.len() || differs > tolerance {
            return Err(format!("float: {:?} instead of {expected:?}", got.data));
        }
    }
    let Chosen { model, layout, .. } = match Ranges::calibrate(&graph, &inputs)
        .and_then(|ranges| compile::compile(&graph, &ranges, true, Objective::default()))
    {
        Ok(compiled) => compiled,
        Err(error @ CircuitError::Unsupported(_)) => return Ok(Outcome::Refused(error.to_string())),
        Err(error) => return Err(format!("compile: {error}")),
    };
    let scale = 2f64.powi(-model.tensors[model.output()].frac);
    let range = largest(expected.iter().flatten().map(|&v| v.into()));
    let mut traces = vec![];
    for (input, expected) in inputs.iter().zip(&expected) {
        let run = quantize_input(&model, input).and_then(|input| execute(&model, &input));
        let trace = run.map_err(|e| format!("execution: {e}"))?;
        let output: Vec<f64> = trace.values[model.output()].iter().map(|&v| v as f64 * scale).collect();
        let differs = largest(output.iter().zip(expected).map(|(a, &b)| a - f64::from(b)));
        if output.len() != expected.len() || differs > 0.005 * range + 1e-4 {
            return Err(format!("integers: {output:?} instead of {expected:?}"));
        }
        traces.push(trace);
    }
    let trace = traces.pop().ok_or("no rows")?;
    let case = proof(model, layout, trace);
    case.verify()
        .map_err(|failures| format!("circuit: {} failures, first {}", failures.len(), failures[0]))?;
    Ok(Outcome::Proven)
}

/// As [`Case::build`], at the model's own precision.
fn proof(model: Program, layout: Layout, trace: Trace) -> Case {
    let output = &trace.values[model.output()];
    let rows = layout.policy_rows;
    // Row `rows - 1 - i` compares score `i` with its value.
    let score = |row: usize| output.get(rows - 1 - row).copied();
    let policy: Vec<[Fr; 3]> = (0..rows)
        .map(|row| score(row).map_or([Fr::ZERO; 3], |z| [Fr::ONE, Fr::ZERO, signed((-z).into())]))
        .collect();
    let column = |i: usize| policy.iter().map(|p| p[i]).collect::<Vec<Fr>>();
    let equal = (0..rows).map(|row| score(row).map_or(Fr::ZERO, |_| Fr::ONE)).collect();
    let mut instances = vec![column(0), column(1), column(2), equal];
    let half = Fr::from(1u64 << (model.precision.bits() - 1));
    let cells = input_cells(&model, &layout, &trace.values[0]);
    instances.extend(
        cells
            .iter()
            .map(|c| c.iter().map(|&v| Fr::from(v) - half).collect::<Vec<Fr>>()),
    );
    instances.extend(row_sets(layout.shape.usable()));
    let witness = Witness {
        trace,
        top: None,
        policy,
    };
    Case {
        model: Arc::new(model),
        layout: Arc::new(layout),
        witness,
        instances,
    }
}

#[test]
fn every_case_agrees_with_onnxruntime() {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("cases")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "onnx"))
        .map(|path| path.file_stem().expect("name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() > 200, "cases are missing");
    let mut reasons: BTreeMap<&str, &str> = UNSUPPORTED.iter().copied().collect();
    assert_eq!(reasons.len(), UNSUPPORTED.len());
    let run = |name: &String| std::panic::catch_unwind(|| check(name)).unwrap_or_else(|_| Err("panic".into()));
    let outcomes: Vec<_> = names.par_iter().map(run).collect();
    let mut wrong = vec![];
    for (name, outcome) in names.iter().zip(outcomes) {
        match (outcome, reasons.remove(name.as_str())) {
            (Ok(Outcome::Proven), None) => {}
            (Ok(Outcome::Refused(message)), Some(reason)) if message.contains(reason) => {}
            (Ok(Outcome::Refused(message)), _) => wrong.push(format!("{name}: refused: {message}")),
            (Ok(Outcome::Proven), Some(_)) => wrong.push(format!("{name}: works now; take it out of the list")),
            (Err(message), _) => wrong.push(format!("{name}: {message}")),
        }
    }
    wrong.extend(
        reasons
            .keys()
            .map(|name| format!("{name}: listed, but there is no such case")),
    );
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n{}",
        wrong.len(),
        names.len(),
        wrong.join("\n")
    );
}
