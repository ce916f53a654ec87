//! Models that take an input in parts: what they compute, and what is bound to each part.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::chain::{model, Chain};
use provenn_circuits::onnx::{self, slice, Slice};
use provenn_circuits::program::{execute, quantize_inputs, Program};
use provenn_prover::audit::audit;
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions, Committed, CommittedInputs};
use provenn_prover::input::bind_inputs;
use provenn_prover::rows::Rows;
use provenn_prover::srs::Srs;
use provenn_prover::{chain as chains, commit, prove, Input};
use provenn_verifier::{
    verify, Answer, Context, Disclosure, Expectation, InputBinding, Receipt, SrsVerifyingKey, VerifyError,
};

/// Two halves of one size, so that only their places tell them apart.
const HALF: usize = 15;

fn halves() -> Vec<u8> {
    halves_of(&model("breast_cancer_mlp"))
}

fn halves_of(file: &[u8]) -> Vec<u8> {
    let half = |name: &str| Slice {
        name: name.into(),
        len: HALF,
    };
    slice(file, "input", 1, &[half("left"), half("right")]).unwrap()
}

/// Rows of the whole, spread over several octaves by column.
fn whole_rows() -> Vec<Vec<f32>> {
    let value = |row: usize, column: usize| {
        let near = (row * 31 + column * 17) % 41;
        (near as f32 / 20.0 - 1.0) * if column < HALF { 1.0 } else { 0.75 }
    };
    let row = |row: usize| (0..2 * HALF).map(|column| value(row, column)).collect();
    (0..40).map(row).collect()
}

fn in_parts(rows: &[Vec<f32>]) -> Rows {
    let row = |row: &Vec<f32>| vec![row[..HALF].to_vec(), row[HALF..].to_vec()];
    Rows::from(rows.iter().map(row).collect::<Vec<_>>())
}

struct Setup {
    file: Vec<u8>,
    committed: Committed,
    srs: Srs,
    key: SrsVerifyingKey,
    samples: Vec<Vec<Vec<i64>>>,
}

impl Setup {
    fn new(committed_inputs: CommittedInputs) -> Self {
        let file = halves();
        let options = CommitOptions {
            committed_inputs,
            calibration: Some(in_parts(&whole_rows())),
            ..CommitOptions::default()
        };
        let compiled = compile(&file, &options).unwrap();
        let srs = Srs::dev_from_seed(compiled.layout.shape.k, [5; 32]);
        let samples = compiled.calibration.rows[..2].iter();
        Self {
            samples: samples
                .map(|row| quantize_inputs(&compiled.model, row).unwrap())
                .collect(),
            committed: commit(&compiled, &options, &srs).unwrap(),
            key: srs_verifying_key(&srs).unwrap(),
            file,
            srs,
        }
    }

    fn ask(&self, inputs: &[Input]) -> Receipt {
        let policy: Disclosure = "scores".parse().unwrap();
        let bytes = prove(&self.committed, &self.srs, inputs, policy, Context::default(), &|_| {}).unwrap();
        Receipt::from_bytes(&bytes).unwrap()
    }

    fn verify(&self, receipt: &Receipt) -> Result<Answer, VerifyError> {
        let expectation = Expectation {
            accept_dev: true,
            ..Expectation::default()
        };
        let verdict = verify(&receipt.to_bytes(), &self.committed.card, &self.key, &expectation)?;
        Ok(verdict.claim().body.inference().unwrap().items[0].answer.clone())
    }
}

fn bindings(receipt: &mut Receipt) -> &mut Vec<InputBinding> {
    &mut receipt.claim.body.inference_mut().unwrap().items[0].inputs
}

/// The circuit of the parts gives what that of the whole does, but for rounding: each has scales of its own.
#[test]
fn parts_give_what_the_whole_gives() {
    let rows = whole_rows();
    let of = |file: &[u8], rows: Rows| {
        let options = CommitOptions {
            calibration: Some(rows),
            ..CommitOptions::default()
        };
        compile(file, &options).unwrap().model
    };
    let (whole, parts) = (
        of(&model("breast_cancer_mlp"), rows.clone().into()),
        of(&halves(), in_parts(&rows)),
    );
    let run = |program: &Program, inputs: &[Vec<f32>]| {
        let values = quantize_inputs(program, inputs).unwrap();
        let scores = execute(program, &values).unwrap().outputs(program).remove(0);
        let unit = f64::from(program.tensors[program.outputs[0].tensor].frac).exp2();
        scores.iter().map(|score| *score as f64 / unit).collect::<Vec<_>>()
    };
    for row in &rows {
        let split = [row[..HALF].to_vec(), row[HALF..].to_vec()];
        let (given, expected) = (run(&parts, &split), run(&whole, std::slice::from_ref(row)));
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 0.01;
        assert!(given.iter().zip(&expected).all(near), "{given:?} and {expected:?}");
        let exchanged = run(&parts, &[split[1].clone(), split[0].clone()]);
        assert!(!exchanged.iter().zip(&expected).all(near), "{exchanged:?}");
    }
}

#[test]
fn each_part_is_public_or_committed() {
    for names in [vec![], vec!["left"], vec!["right"], vec!["left", "right"]] {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let setup = Setup::new(CommittedInputs::Named(names.clone()));
        let inputs = bind_inputs(&setup.committed, &setup.srs, setup.samples[0].clone()).unwrap();
        let mut receipt = setup.ask(&inputs);
        let outputs = execute(&setup.committed.model, &setup.samples[0]).unwrap();
        let scores = outputs.outputs(&setup.committed.model).remove(0);
        assert_eq!(setup.verify(&receipt), Ok(Answer::Scores(scores)), "{names:?}");
        // Parts that were exchanged, where they could be.
        bindings(&mut receipt).swap(0, 1);
        assert!(setup.verify(&receipt).is_err(), "{names:?}");
    }
}

/// A party's commitment to its part goes on while the other part changes, and the same file is audited.
#[test]
fn a_part_is_used_again() {
    let setup = Setup::new(CommittedInputs::All);
    let [first, second] =
        [0, 1].map(|sample| bind_inputs(&setup.committed, &setup.srs, setup.samples[sample].clone()).unwrap());
    let mut receipts = [
        setup.ask(&[first[0].clone(), first[1].clone()]),
        setup.ask(&[first[0].clone(), second[1].clone()]),
    ];
    assert!(receipts.iter().all(|receipt| setup.verify(receipt).is_ok()));
    let [a, b] = &mut receipts;
    let (a, b) = (bindings(a).clone(), bindings(b).clone());
    assert_eq!(a[0], b[0]);
    assert_ne!(a[1], b[1]);
    // A claim about the other commitment has no proof.
    let mut forged = receipts[1].clone();
    bindings(&mut forged)[1] = a[1].clone();
    assert!(setup.verify(&forged).is_err());
    // An auditor cuts the file, or the structure, that the owner gives out.
    let structure = onnx::structure(&model("breast_cancer_mlp")).unwrap();
    for file in [&setup.file, &halves_of(&structure)] {
        let checks = audit(file, &setup.committed.card, &setup.srs, None).unwrap();
        assert!(checks.iter().all(|check| check.holds), "{checks:?}");
    }
    let whole = audit(&model("breast_cancer_mlp"), &setup.committed.card, &setup.srs, None);
    assert!(!whole.is_ok_and(|checks| checks.iter().all(|check| check.holds)));
}

/// The first of several segments takes the parts.
#[test]
fn parts_are_inputs_of_segments() {
    let options = CommitOptions {
        committed_inputs: CommittedInputs::Named(vec!["right".into()]),
        ..CommitOptions::default()
    };
    let chain = Chain::of(chains::compile(&halves(), &options, 2).unwrap(), &options);
    let outputs = execute(&chain.compiled.model, &chain.values).unwrap();
    let scores = outputs.outputs(&chain.compiled.model).remove(0);
    let receipt = chain.prove(provenn_verifier::policy::Scores, Context::default());
    assert_eq!(chain.verdict(&receipt), Ok(Answer::Scores(scores)));
}

/// The axis that is open in the file still counts items.
#[test]
fn parts_are_inputs_of_a_batch() {
    let options = CommitOptions {
        items: 3,
        ..CommitOptions::default()
    };
    let compiled = compile(&onnx::batched(&halves(), 3).unwrap(), &options).unwrap();
    let lens: Vec<usize> = compiled
        .model
        .input_tensors()
        .iter()
        .map(|tensor| tensor.len())
        .collect();
    assert_eq!(lens, [3 * HALF; 2]);
}
