//! The backend node tests of ONNX: reads the lines of `fixtures/conformance/make_conformance.py` from standard input, imports each model,
//! compares shape and values of its float execution, compiles it on its input and compares the integers. Prints a table by operator:
//! right, refused (with the reasons), coarse, wrong, panicked. `conformance [--proofs SHARE] [--right FILE] [--coarse FILE] [--names]`: that
//! share of the right ones is committed, proven and verified too; each of the cases that the first file lists has to be right; integers are too far
//! off, and a commitment warns of it, in those that the second lists only; those that are right are listed.

use provenn_benches::lines::{bytes, follows, largest, numbers, reason, receipt};
use provenn_circuits::graph::{float, Sample};
use provenn_circuits::onnx::{import, ImportError};
use provenn_circuits::program::{execute, quantize_inputs};
use provenn_prover::commit::{compile, CommitOptions};
use provenn_prover::fidelity::Source;
use provenn_verifier::{policy, Answer};
use rayon::prelude::*;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::io::BufRead as _;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// An element may be off by these shares of the largest of the output: in floats, and in integers.
const FLOATS: f64 = 1e-3;
const INTEGERS: f64 = 0.02;
const LEAST: f64 = 1e-6;

/// What came of a case.
enum Outcome {
    Right {
        proven: bool,
    },
    Refused(String),
    /// Right in floats; the integers are too far off, and the model's fidelity says so.
    Coarse,
    Wrong(String),
    Panicked,
}

struct Case {
    name: String,
    operator: String,
    onnx: Vec<u8>,
    input: Sample,
    output: Vec<f64>,
    shape: Vec<usize>,
}

fn case(line: &str) -> Result<Case, String> {
    let value: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let text = |key: &str| value[key].as_str().map(str::to_owned).ok_or(format!("no {key}"));
    Ok(Case {
        name: text("name")?,
        operator: text("operator")?,
        onnx: bytes(&value["onnx"])?,
        input: vec![numbers(&value["input"]).into_iter().map(|v| v as f32).collect()],
        output: numbers(&value["output"]),
        shape: numbers(&value["shape"]).into_iter().map(|v| v as usize).collect(),
    })
}

/// How far values are from those of the case, if that is too far.
fn fault(case: &Case, got: &[f64], share: f64, what: &str) -> Option<String> {
    if got.len() != case.output.len() {
        return Some(format!("{} {what} instead of {}", got.len(), case.output.len()));
    }
    let finite = case.output.iter().copied().filter(|v| v.is_finite());
    let bound = share * largest(finite) + LEAST;
    let near = |(a, b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= bound;
    let near = got.iter().zip(&case.output).all(near);
    (!near).then(|| {
        format!(
            "{what} off by more than {bound:e}: {got:?} instead of {:?}",
            case.output
        )
    })
}

fn run(case: &Case, prove: bool) -> Outcome {
    let graph = match import(&case.onnx) {
        Ok(graph) => graph,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    match follows(&case.onnx, &graph) {
        // Constants that are computed from what stands for weights may overflow.
        Ok(true) | Err(ImportError::NonFinite { .. }) => {}
        Ok(false) => return Outcome::Wrong("the structure is that of another graph".into()),
        Err(error) => return Outcome::Refused(format!("its structure: {error}")),
    }
    let output = graph.outputs[0].value;
    let shape = &graph.values[output].shape;
    if *shape != case.shape {
        return Outcome::Wrong(format!("shape {shape:?} instead of {:?}", case.shape));
    }
    let floats = match float::run(&graph, &case.input) {
        Ok(values) => values[output].as_ref().map_or(vec![], |tensor| tensor.data.clone()),
        Err(error) => return Outcome::Wrong(error.to_string()),
    };
    let floats: Vec<f64> = floats.into_iter().map(f64::from).collect();
    if let Some(fault) = fault(case, &floats, FLOATS, "floats") {
        return Outcome::Wrong(fault);
    }
    let options = CommitOptions {
        calibration: Some(vec![case.input.clone()].into()),
        ..CommitOptions::default()
    };
    let compiled = match compile(&case.onnx, &options) {
        Ok(compiled) => compiled,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    // As a commitment would.
    let fidelity = match compiled.estimated_fidelity(Source::Calibration) {
        Ok(fidelity) => fidelity,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    let model = &compiled.model;
    let scale = 2f64.powi(-model.output(0).frac);
    let trace = match quantize_inputs(model, &case.input).and_then(|input| execute(model, &input)) {
        Ok(trace) => trace,
        Err(error) => return Outcome::Wrong(error.to_string()),
    };
    let integers = &trace.outputs(model)[0];
    let got: Vec<f64> = integers.iter().map(|&v| v as f64 * scale).collect();
    if let Some(fault) = fault(case, &got, INTEGERS, "integers") {
        return match fidelity.resolution(model) {
            Some(_) => Outcome::Coarse,
            None => Outcome::Wrong(fault),
        };
    }
    if !prove {
        return Outcome::Right { proven: false };
    }
    match receipt(&compiled, &options, &case.input, policy::Scores.into()) {
        Ok(Ok(Answer::Scores(shown))) if shown.iter().eq(integers) => Outcome::Right { proven: true },
        Ok(Ok(answer)) => Outcome::Wrong(format!("the receipt shows {answer}, the program {integers:?}")),
        Ok(Err(refused)) => Outcome::Wrong(refused),
        Err(error) => Outcome::Wrong(error.to_string()),
    }
}

/// A number from 0 to 1 that the name of a case draws.
fn lot(name: &str) -> f64 {
    let digest = Sha256::digest(name);
    f64::from(u32::from_be_bytes([digest[8], digest[9], digest[10], digest[11]])) / f64::from(u32::MAX)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut share, mut names) = (0.0, false);
    let (mut listed, mut coarse) = (HashSet::new(), HashSet::new());
    let list = |path: Option<String>| -> Result<HashSet<String>, Box<dyn std::error::Error>> {
        let text = std::fs::read_to_string(path.ok_or("a list is a file")?)?;
        Ok(text.lines().map(str::to_owned).collect())
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--proofs" => share = arguments.next().ok_or("--proofs takes a share")?.parse()?,
            "--right" => listed = list(arguments.next())?,
            "--coarse" => coarse = list(arguments.next())?,
            "--names" => names = true,
            _ => {
                return Err(
                    "usage: conformance [--proofs SHARE] [--right FILE] [--coarse FILE] [--names] < lines of make_conformance.py"
                        .into(),
                )
            }
        }
    }
    let lines: Vec<String> = std::io::stdin().lock().lines().collect::<Result<_, _>>()?;
    let judged = lines.par_iter().map(|line| -> Result<(Case, Outcome), String> {
        let case = case(line)?;
        let prove = lot(&case.name) < share;
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&case, prove))).unwrap_or(Outcome::Panicked);
        Ok((case, outcome))
    });
    let judged: Vec<(Case, Outcome)> = judged.collect::<Result<_, _>>()?;
    if names {
        let right = judged.iter().filter(|(_, o)| matches!(o, Outcome::Right { .. }));
        right.for_each(|(case, _)| println!("{}", case.name));
        return Ok(());
    }
    report(&judged);
    let lost = |(case, outcome): &&(Case, Outcome)| match outcome {
        Outcome::Right { .. } => false,
        Outcome::Refused(_) => listed.contains(&case.name),
        Outcome::Coarse => !coarse.contains(&case.name),
        Outcome::Wrong(_) | Outcome::Panicked => true,
    };
    let lost: Vec<&str> = judged.iter().filter(lost).map(|(case, _)| case.name.as_str()).collect();
    match lost.is_empty() {
        true => Ok(()),
        false => Err(format!("wrong, panicked, or no longer right: {}", lost.join(", ")).into()),
    }
}

fn report(judged: &[(Case, Outcome)]) {
    let mut table: BTreeMap<&str, [usize; 5]> = BTreeMap::new();
    let (mut total, mut proofs) = ([0; 5], 0);
    let mut reasons: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for (case, outcome) in judged {
        let (column, word, text) = match outcome {
            Outcome::Right { proven } => {
                proofs += usize::from(*proven);
                (0, "right", "")
            }
            Outcome::Refused(why) => {
                let why = reason(why);
                let why = why.split(". Help").next().unwrap_or_default();
                *reasons.entry((&case.operator, why.to_owned())).or_default() += 1;
                (1, "refused", "")
            }
            Outcome::Coarse => (2, "coarse", ""),
            Outcome::Wrong(why) => (3, "wrong", why.as_str()),
            Outcome::Panicked => (4, "panicked", ""),
        };
        table.entry(&case.operator).or_default()[column] += 1;
        total[column] += 1;
        if column > 1 {
            println!("{word} {} {text}", case.name);
        }
    }
    println!("| operator | right | refused | coarse | wrong | panicked |\n|---|---|---|---|---|---|");
    let row = |counts: &[usize; 5]| counts.map(|count| count.to_string()).join(" | ");
    for (operator, counts) in &table {
        println!("| `{operator}` | {} |", row(counts));
    }
    println!("| all {} | {} |\n", judged.len(), row(&total));
    println!("{proofs} of them proven and verified. Refused:\n");
    for ((operator, why), count) in &reasons {
        println!("- `{operator}` ({count}): {why}");
    }
}
