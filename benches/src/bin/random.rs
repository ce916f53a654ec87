//! Random models against onnxruntime: reads the lines of `fixtures/random/make_random.py` from standard input, compiles each model
//! on its calibration rows and runs its inputs, in and out of calibration. Every output is right within the error that is stated for the
//! model, or refused, or the model is one of which the card says that its error is not known, because an output never moved. `random [--proofs SHARE]`: that share of the models is committed, proven and verified too.

use provenn_benches::lines::{bytes, follows, largest, list, numbers, reason, receipt};
use provenn_circuits::compile::Outputs;
use provenn_circuits::graph::Sample;
use provenn_circuits::onnx::import;
use provenn_circuits::program::{execute, quantize_inputs};
use provenn_circuits::CircuitError;
use provenn_prover::commit::{compile, CommitOptions, CommittedInputs, Compiled};
use provenn_prover::fidelity::{argmax, measure, Source};
use provenn_prover::ProveError;
use provenn_verifier::{policy, Answer, Disclosure, Target};
use rayon::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Mutex;

/// An output may be off by this share of the largest of its row, besides the stated error.
const SHARE: f64 = 0.02;
/// Inputs beyond calibration are up to this often as large, and errors grow with them.
const GROWTH: f64 = 16.0;

/// Counts and complaints of a run.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<&'static str, usize>,
    reasons: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

impl Tally {
    fn count(&mut self, what: &'static str, by: usize) {
        *self.counts.entry(what).or_default() += by;
    }
}

/// One model with its rows.
struct Case {
    seed: u64,
    onnx: Vec<u8>,
    /// Rows of all inputs.
    calibration: Vec<Sample>,
    inputs: Vec<Sample>,
    /// For each row and output what onnxruntime gives.
    outputs: Vec<Vec<Vec<f64>>>,
    scores: Vec<Vec<Vec<f64>>>,
    /// Whether each output is an index.
    argmax: Vec<bool>,
}

fn case(line: &str) -> Result<Case, String> {
    let value: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let rows = |key: &str| -> Vec<Vec<Vec<f64>>> {
        let row = |row: &Value| list(row).map(numbers).collect();
        list(&value[key]).map(row).collect()
    };
    let floats = |key| -> Vec<Sample> {
        let single = |values: Vec<f64>| values.into_iter().map(|v| v as f32).collect();
        let rows = rows(key).into_iter();
        rows.map(|row| row.into_iter().map(single).collect()).collect()
    };
    Ok(Case {
        seed: value["seed"].as_u64().ok_or("no seed")?,
        onnx: bytes(&value["onnx"])?,
        calibration: floats("calibration"),
        inputs: floats("inputs"),
        outputs: rows("outputs"),
        scores: rows("scores"),
        argmax: list(&value["argmax"]).filter_map(Value::as_bool).collect(),
    })
}

/// What is wrong with the scores `got` of a row's output, if anything.
fn fault(case: &Case, row: usize, output: usize, got: &[f64], stated: f64) -> Option<String> {
    let scores = case.scores[row].get(output)?;
    if got.len() != scores.len() {
        return Some(format!("{} scores instead of {}", got.len(), scores.len()));
    }
    if scores.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let bound = SHARE * largest(scores.iter().copied()) + GROWTH * stated + 1e-6;
    let off = largest(got.iter().zip(scores).map(|(a, b)| a - b));
    if off > bound {
        return Some(format!(
            "off by {off:e}, more than {bound:e}: {got:?} instead of {scores:?}"
        ));
    }
    let label = argmax(got);
    let index = case.outputs[row][output][0];
    match case.argmax[output] && label as f64 != index {
        true if largest([scores[label] - scores[argmax(scores)]]) > 2.0 * bound => {
            Some(format!("label {label} instead of {index}"))
        }
        _ => None,
    }
}

fn run(case: &Case, proofs: bool, tally: &Mutex<Tally>) -> Result<(), String> {
    let lock = || tally.lock().map_err(|e| e.to_string());
    let options = CommitOptions {
        calibration: Some(case.calibration.clone().into()),
        committed_inputs: committed(case),
        outputs: match case.seed % 5 {
            0 => Outputs::Whole,
            _ => Outputs::Auto,
        },
        ..CommitOptions::default()
    };
    lock()?.count("models", 1);
    let compiled = match compile(&case.onnx, &options) {
        Ok(compiled) => compiled,
        Err(error) => {
            let mut tally = lock()?;
            tally.count("models refused", 1);
            *tally.reasons.entry(reason(&error.to_string())).or_default() += 1;
            return Ok(());
        }
    };
    let imported = import(&case.onnx).map_err(|e| e.to_string())?;
    if !follows(&case.onnx, &imported).map_err(|e| e.to_string())? {
        return Err("the structure is that of another graph".into());
    }
    let (graph, model) = (&compiled.graph, &compiled.model);
    let (stated, unmoved) = match measure(graph, model, &case.calibration, Source::Calibration) {
        Ok(fidelity) => (fidelity.max_error, fidelity.unmoved > 0),
        // Differences that are zero on all rows, but not between the integers of their terms: no commitment is made.
        Err(ProveError::Unprovable { .. }) => {
            lock()?.count("models refused at commitment, as no calibration row can be proven", 1);
            return Ok(());
        }
        Err(error) => return Err(error.to_string()),
    };
    let mut accepted = None;
    for (row, inputs) in case.inputs.iter().enumerate() {
        match quantize_inputs(model, inputs).and_then(|inputs| execute(model, &inputs)) {
            Ok(trace) => {
                let outputs = trace.outputs(model);
                let fault = outputs.iter().enumerate().find_map(|(output, scores)| {
                    let scale = 2f64.powi(-model.output(output).frac);
                    let got: Vec<f64> = scores.iter().map(|&v| v as f64 * scale).collect();
                    fault(case, row, output, &got, stated).map(|fault| format!("output {output}: {fault}"))
                });
                let fault = match outputs.len() == case.argmax.len() {
                    true => fault,
                    false => Some(format!("{} outputs", outputs.len())),
                };
                let mut tally = lock()?;
                tally.count("inputs right", usize::from(fault.is_none()));
                match unmoved && fault.is_some() {
                    true => tally.count(
                        "inputs off, of models whose card says that the error of an output is not known",
                        1,
                    ),
                    false => tally
                        .wrong
                        .extend(fault.map(|f| format!("seed {} row {row}: {f}", case.seed))),
                }
                accepted = Some((inputs, outputs));
            }
            Err(CircuitError::OutOfRange { .. }) => lock()?.count("inputs refused", 1),
            Err(error) => return Err(format!("row {row}: {error}")),
        }
    }
    match (proofs, accepted) {
        (true, Some((inputs, outputs))) => {
            let target = case.seed as usize % outputs.len();
            proof(&compiled, &options, inputs, &outputs, target).map_err(|e| e.to_string())??;
            lock()?.count("proofs", 1);
        }
        (true, None) => lock()?.count("models without a provable input", 1),
        _ => {}
    }
    Ok(())
}

/// Any choice of inputs that receipts commit to.
fn committed(case: &Case) -> CommittedInputs {
    match case.seed & 3 {
        0 => CommittedInputs::All,
        2 if case.calibration.first().is_some_and(|row| row.len() > 1) => {
            CommittedInputs::Named(vec!["input".to_owned()])
        }
        _ => CommittedInputs::None,
    }
}

/// Commits, proves and verifies; the receipt shows the label of an output, or all of one that is shown whole.
fn proof(
    compiled: &Compiled,
    options: &CommitOptions,
    inputs: &Sample,
    outputs: &[Vec<i64>],
    target: usize,
) -> Result<Result<(), String>, ProveError> {
    let policy = Disclosure {
        policy: match compiled.layout.shape.whole.contains(&target) {
            true => policy::Scores.into(),
            false => policy::Label.into(),
        },
        target: Target::Output(target as u32),
    };
    let answer = match receipt(compiled, options, inputs, policy)? {
        Ok(answer) => answer,
        Err(refused) => return Ok(Err(refused)),
    };
    let shown = &outputs[target];
    Ok(match answer {
        Answer::Label(label) if label as usize == argmax(shown) => Ok(()),
        Answer::Scores(scores) if scores == *shown => Ok(()),
        answer => Err(format!("the receipt shows {answer}, the program {shown:?}")),
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let share: f64 = match arguments.as_slice() {
        [] => 0.0,
        [flag, share] if flag == "--proofs" => share.parse()?,
        _ => return Err("usage: random [--proofs SHARE] < lines of fixtures/random/make_random.py".into()),
    };
    let tally = Mutex::new(Tally::default());
    let lines = std::io::BufReader::new(std::io::stdin()).lines();
    lines.par_bridge().try_for_each(|line| -> Result<(), String> {
        let case = case(&line.map_err(|e| e.to_string())?)?;
        let proofs = (case.seed as f64 * share).fract() < share;
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&case, proofs, &tally))).unwrap_or(Err("panic".into()));
        if let Err(error) = outcome {
            let mut tally = tally.lock().map_err(|e| e.to_string())?;
            tally.wrong.push(format!("seed {}: {error}", case.seed));
        }
        Ok(())
    })?;
    let tally = tally.into_inner()?;
    for (what, count) in &tally.counts {
        println!("{count:>8} {what}");
    }
    let mut reasons: Vec<_> = tally.reasons.iter().collect();
    reasons.sort_by_key(|(_, &count)| std::cmp::Reverse(count));
    for (reason, count) in reasons {
        println!("{count:>8} refused: {reason}");
    }
    println!("{} wrong", tally.wrong.len());
    match tally.wrong.is_empty() {
        true => Ok(()),
        false => Err(tally.wrong.join("\n").into()),
    }
}
