//! Every case of fixtures/operators: float executor, integer program and circuit against onnxruntime.

use crate::common::Case;
use provenn_circuits::argument::Objective;
use provenn_circuits::compile::{Chosen, Outputs, Ranges};
use provenn_circuits::graph::{float, Sample};
use provenn_circuits::onnx::{import, ImportError};
use provenn_circuits::program::{execute, quantize_inputs};
use provenn_circuits::{compile, CircuitError};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Cases that are refused, with a part of the reason. A case that starts to work must be taken out.
const UNSUPPORTED: &[(&str, &str)] = &[];

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
        let values = float::run(&graph, std::slice::from_ref(input)).map_err(|e| format!("float: {e}"))?;
        let got = values[graph.outputs[0].value]
            .as_ref()
            .ok_or("the output was not computed")?;
        let tolerance = 1e-4 * largest(expected.iter().map(|&v| v.into())).max(1e-3);
        let differs = largest(got.data.iter().zip(expected).map(|(a, b)| f64::from(a - b)));
        if got.data.len() != expected.len() || differs > tolerance {
            return Err(format!("float: {:?} instead of {expected:?}", got.data));
        }
    }
    let samples: Vec<Sample> = inputs.iter().map(|row| vec![row.clone()]).collect();
    let Chosen { model, layout, .. } = match Ranges::calibrate(&graph, &samples)
        .and_then(|ranges| compile::compile(&graph, &ranges, &[true], Outputs::Auto, Objective::default()))
    {
        Ok(compiled) => compiled,
        Err(error @ CircuitError::Unsupported(_)) => return Ok(Outcome::Refused(error.to_string())),
        Err(error) => return Err(format!("compile: {error}")),
    };
    let scale = 2f64.powi(-model.output(0).frac);
    let range = largest(expected.iter().flatten().map(|&v| v.into()));
    let mut traces = vec![];
    for (input, expected) in inputs.iter().zip(&expected) {
        let run = quantize_inputs(&model, std::slice::from_ref(input)).and_then(|inputs| execute(&model, &inputs));
        let trace = run.map_err(|e| format!("execution: {e}"))?;
        let output: Vec<f64> = trace.outputs(&model)[0].iter().map(|&v| v as f64 * scale).collect();
        let differs = largest(output.iter().zip(expected).map(|(a, &b)| a - f64::from(b)));
        if output.len() != expected.len() || differs > 0.005 * range + 1e-4 {
            return Err(format!("integers: {output:?} instead of {expected:?}"));
        }
        traces.push(trace);
    }
    let trace = traces.pop().ok_or("no rows")?;
    let case = Case::build(model, layout, trace);
    case.verify()
        .map_err(|failures| format!("circuit: {} failures, first {}", failures.len(), failures[0]))?;
    Ok(Outcome::Proven)
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
