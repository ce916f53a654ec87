//! Commit, prove and verify the trained fixtures, and what must be refused.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_circuits::program::{quantize_input, Program, Step};
use provenn_circuits::CircuitError;
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions, Committed};
use provenn_prover::prove::commit_input;
use provenn_prover::srs::Srs;
use provenn_prover::{commit, prove, Input, ProveError};
use provenn_verifier::{policy, verify, Answer, Context, Expectation, Policy, VerifyError};
use std::sync::Arc;

fn fixture(name: &str, committed_input: bool) -> (Committed, Srs) {
    let bytes = std::fs::read(format!("{}/../fixtures/models/{name}.onnx", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let options = CommitOptions {
        committed_input,
        ..CommitOptions::default()
    };
    let compiled = compile(&bytes, &options).unwrap();
    let srs = Srs::dev_from_seed(compiled.layout.shape.k, [7; 32]);
    (commit(&compiled, &options, &srs).unwrap(), srs)
}

fn accept() -> Expectation {
    Expectation {
        accept_dev: true,
        ..Expectation::default()
    }
}

#[test]
fn every_policy_proves_and_verifies() {
    for committed_input in [false, true] {
        let (committed, srs) = fixture("breast_cancer_mlp", committed_input);
        let values = quantize_input(&committed.model, &[0.25; 30]).unwrap();
        let input = match committed_input {
            false => Input::Public(values.clone()),
            true => Input::Committed(values.clone(), commit_input(&committed, &srs, &values).unwrap()),
        };
        let scores = provenn_circuits::program::execute(&committed.model, &values)
            .unwrap()
            .values
            .pop()
            .unwrap();
        let lead = scores[0].abs_diff(scores[1]) as i64;
        let (output, threshold) = (1, scores[1]);
        // At their boundaries all of them are true.
        let policies: [Policy; 6] = [
            policy::Scores.into(),
            policy::Label.into(),
            threshold_of(scores[0]),
            threshold_of(scores[0] + 1),
            policy::YesOnly { output, threshold }.into(),
            policy::Margin { margin: lead }.into(),
        ];
        let key = srs_verifying_key(&srs).unwrap();
        for policy in policies {
            let receipt = ask(&committed, &srs, &input, policy.clone()).unwrap();
            let verdict = verify(&receipt, &committed.card, &key, &accept()).unwrap();
            let body = verdict.claim().body.inference().unwrap();
            let given = policy.answer(&scores).unwrap().answer;
            assert_eq!((&body.policy, &body.items[0].answer), (&policy, &given));
        }
        // One beyond they are false, and have no receipt.
        let threshold = threshold + 1;
        for policy in [
            policy::YesOnly { output, threshold }.into(),
            policy::Margin { margin: lead + 1 }.into(),
        ] {
            let refused = ask(&committed, &srs, &input, policy);
            assert!(matches!(refused, Err(ProveError::Untrue { .. })), "{refused:?}");
        }
        let far = policy::YesOnly { output: 2, threshold };
        let refused = ask(&committed, &srs, &input, far.into());
        assert!(matches!(
            refused,
            Err(ProveError::Policy(VerifyError::PolicyOutOfRange))
        ));
    }
}

fn threshold_of(threshold: i64) -> Policy {
    policy::Threshold { output: 0, threshold }.into()
}

fn ask(committed: &Committed, srs: &Srs, input: &Input, policy: Policy) -> Result<Vec<u8>, ProveError> {
    prove(committed, srs, input, policy, Context::default(), &|_| {})
}

/// Attention with several heads: products of activations, moved axes, one score per element of the output.
#[test]
fn attention_proves_and_verifies() {
    let path = "../operators/cases/attention_two_heads";
    for committed_input in [false, true] {
        let (committed, srs) = fixture(path, committed_input);
        let values = quantize_input(&committed.model, &[0.5; 24]).unwrap();
        let input = match committed_input {
            false => Input::Public(values.clone()),
            true => Input::Committed(values.clone(), commit_input(&committed, &srs, &values).unwrap()),
        };
        let receipt = prove(
            &committed,
            &srs,
            &input,
            policy::Scores.into(),
            Context::default(),
            &|_| {},
        )
        .unwrap();
        let key = srs_verifying_key(&srs).unwrap();
        let verdict = verify(&receipt, &committed.card, &key, &accept()).unwrap();
        let expected = provenn_circuits::program::execute(&committed.model, &values)
            .unwrap()
            .values
            .pop()
            .unwrap();
        assert_eq!(expected.len(), 24);
        let body = verdict.claim().body.inference().unwrap();
        assert_eq!(body.items[0].answer, Answer::Scores(expected));
    }
}

#[test]
fn another_models_weights_are_refused() {
    let (committed, srs) = fixture("breast_cancer_mlp", false);
    let (other, _) = fixture("breast_cancer_mlp", false);
    let input = Input::Public(quantize_input(&committed.model, &[0.5; 30]).unwrap());
    // The same key, the openings of another commitment.
    let swapped = Committed {
        tails: other.tails,
        ..committed
    };
    let result = prove(
        &swapped,
        &srs,
        &input,
        policy::Label.into(),
        Context::default(),
        &|_| {},
    );
    let refused = |e: &VerifyError| matches!(e, VerifyError::OpeningFailed | VerifyError::LinkFailed);
    assert!(
        matches!(&result, Err(ProveError::Refused(e)) if refused(e)),
        "{result:?}"
    );
}

/// Weights beyond the range of their cells are not committed. (That they have no registration either:
/// `public_constants.rs`.)
#[test]
fn weights_out_of_range_give_no_card() {
    let bytes = std::fs::read(format!(
        "{}/../fixtures/models/linear_30.onnx",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap();
    let options = CommitOptions::default();
    let mut compiled = compile(&bytes, &options).unwrap();
    let srs = Srs::dev_from_seed(compiled.layout.shape.k, [7; 32]);
    assert!(commit(&compiled, &options, &srs).is_ok());
    let mut model = Program::clone(&compiled.model);
    let Step::Affine(affine) = &mut model.tensors[1].step else {
        panic!("the first step is affine")
    };
    affine.contractions[0].weights[0] = 1 << 40;
    compiled.model = Arc::new(model);
    let result = commit(&compiled, &options, &srs);
    assert!(
        matches!(&result, Err(ProveError::Circuit(CircuitError::Constant { .. }))),
        "{result:?}"
    );
}
