//! Models of scikit-learn as skl2onnx writes them: each is right on rows that training never saw.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_circuits::graph::float;
use provenn_circuits::program::{execute, quantize_input};
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions, Compiled};
use provenn_prover::fidelity::Source;
use provenn_prover::srs::Srs;
use provenn_prover::{commit, prove, Input};
use provenn_verifier::{policy, verify, Answer, Context, Expectation};
use serde_json::Value;

/// A score may be off by these shares of the largest of its model: in floats, and in integers.
const FLOATS: f64 = 1e-4;
const INTEGERS: f64 = 0.01;

struct Case {
    name: String,
    model: Vec<u8>,
    rows: Vec<Vec<f32>>,
    scores: Vec<Vec<f64>>,
}

fn cases() -> Vec<Case> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/sklearn");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|e| e == "onnx"))
        .collect();
    files.sort();
    let case = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(path.with_extension("json")).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        Case {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            model: std::fs::read(&path).unwrap(),
            rows: serde_json::from_value(value["rows"].clone()).unwrap(),
            scores: serde_json::from_value(value["scores"].clone()).unwrap(),
        }
    };
    files.into_iter().map(case).collect()
}

fn options(case: &Case) -> CommitOptions {
    CommitOptions {
        calibration: Some(case.rows.clone().into()),
        ..CommitOptions::default()
    }
}

/// The integers that the program gives for a row.
fn integers(compiled: &Compiled, row: &[f32]) -> Vec<i64> {
    let model = &compiled.model;
    let input = vec![quantize_input(model, 0, row).unwrap()];
    execute(model, &input).unwrap().outputs(model).remove(0)
}

#[test]
fn models_are_right() {
    for case in cases() {
        let compiled = compile(&case.model, &options(&case)).unwrap();
        let scale = 2f64.powi(-compiled.model.output(0).frac);
        let largest = case.scores.iter().flatten().fold(0f64, |m, v| m.max(v.abs()));
        let stated = compiled.estimated_fidelity(Source::Calibration).unwrap().max_error;
        for (row, scores) in case.rows.iter().zip(&case.scores) {
            let near = |got: &[f64], share: f64| {
                assert_eq!(got.len(), scores.len(), "{}", case.name);
                let near = got.iter().zip(scores).all(|(a, b)| (a - b).abs() <= share * largest);
                assert!(near, "{}: {got:?} instead of {scores:?}", case.name);
            };
            let values = float::run(&compiled.graph, std::slice::from_ref(row)).unwrap();
            let floats = values[compiled.graph.outputs[0].value].as_ref().unwrap().data.iter();
            near(&floats.map(|&v| v.into()).collect::<Vec<_>>(), FLOATS);
            let integers = integers(&compiled, row);
            let ours: Vec<f64> = integers.iter().map(|&v| v as f64 * scale).collect();
            near(&ours, stated / largest + FLOATS);
        }
        assert!(stated <= INTEGERS * largest, "{}: {stated} of {largest}", case.name);
    }
}

#[test]
fn pipelines_are_proven() {
    let proven = ["scaled_linear_svc_wine", "scaled_mlp_regressor_wine"];
    for case in cases().into_iter().filter(|case| proven.contains(&case.name.as_str())) {
        let options = options(&case);
        let compiled = compile(&case.model, &options).unwrap();
        let srs = Srs::dev_from_seed(compiled.layout.shape.k, [9; 32]);
        let committed = commit(&compiled, &options, &srs).unwrap();
        let row = &case.rows[0];
        let input = Input::Public(quantize_input(&committed.model, 0, row).unwrap());
        let context = Context::default();
        let receipt = prove(&committed, &srs, &[input], policy::Scores.into(), context, &|_| {}).unwrap();
        let accept = Expectation {
            accept_dev: true,
            ..Expectation::default()
        };
        let verified = verify(&receipt, &committed.card, &srs_verifying_key(&srs).unwrap(), &accept).unwrap();
        let body = verified.claim().body.inference().unwrap();
        let Answer::Scores(shown) = &body.items[0].answer else {
            panic!("{}: {}", case.name, body.items[0].answer)
        };
        assert_eq!(*shown, integers(&compiled, row), "{}", case.name);
    }
}
