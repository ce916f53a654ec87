//! Commit, prove and verify the trained fixtures, and what must be refused.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_circuits::program::{quantize_input, quantize_inputs, Program, Step};
use provenn_circuits::CircuitError;
use provenn_prover::audit::audit;
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions, Committed};
use provenn_prover::prove::bind_inputs;
use provenn_prover::srs::Srs;
use provenn_prover::store::{description, load, save};
use provenn_prover::{commit, prove, Input, ProveError};
use provenn_verifier::{policy, verify, Answer, Context, Disclosure, Expectation, VerifyError};
use std::sync::Arc;

fn fixture(name: &str, committed_input: bool) -> (Committed, Srs) {
    let bytes = std::fs::read(format!("{}/../fixtures/models/{name}.onnx", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let options = CommitOptions {
        committed_inputs: committed_input.into(),
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
        let values = quantize_inputs(&committed.model, &[vec![0.25; 30]]).unwrap();
        let inputs = bind_inputs(&committed, &srs, values.clone()).unwrap();
        assert_eq!(matches!(inputs[0], Input::Committed(..)), committed_input);
        let trace = provenn_circuits::program::execute(&committed.model, &values).unwrap();
        let outputs = trace.outputs(&committed.model);
        let scores = outputs[0].clone();
        let lead = scores[0].abs_diff(scores[1]) as i64;
        let (output, threshold) = (1, scores[1]);
        // At their boundaries all of them are true.
        let policies: [Disclosure; 11] = [
            policy::Scores.into(),
            policy::Label.into(),
            threshold_of(scores[0]),
            threshold_of(scores[0] + 1),
            policy::YesOnly { output, threshold }.into(),
            policy::Margin { margin: lead }.into(),
            policy::Top { count: 1 }.into(),
            policy::Top { count: 2 }.into(),
            policy::LabelIn { outputs: vec![0, 1] }.into(),
            policy::Round { step: 1 }.into(),
            policy::Round { step: 1 << 8 }.into(),
        ];
        let key = srs_verifying_key(&srs).unwrap();
        for policy in policies {
            let receipt = ask(&committed, &srs, &inputs, policy.clone()).unwrap();
            let verdict = verify(&receipt, &committed.card, &key, &accept()).unwrap();
            let body = verdict.claim().body.inference().unwrap();
            let given = policy
                .answer(&outputs, committed.card.key.purpose.layout().unwrap())
                .unwrap()
                .answer;
            assert_eq!((&body.policy, &body.items[0].answer), (&policy, &given));
        }
        // One beyond they are false, and have no receipt.
        let threshold = threshold + 1;
        for policy in [
            policy::YesOnly { output, threshold }.into(),
            policy::Margin { margin: lead + 1 }.into(),
            policy::LabelIn {
                outputs: vec![u32::from(scores[0] >= scores[1])],
            }
            .into(),
        ] {
            let refused = ask(&committed, &srs, &inputs, policy);
            assert!(matches!(refused, Err(ProveError::Untrue { .. })), "{refused:?}");
        }
        let far = policy::YesOnly { output: 2, threshold };
        let refused = ask(&committed, &srs, &inputs, far.into());
        assert!(matches!(
            refused,
            Err(ProveError::Policy(VerifyError::PolicyOutOfRange(_)))
        ));
    }
}

fn threshold_of(threshold: i64) -> Disclosure {
    policy::Threshold { output: 0, threshold }.into()
}

fn ask(committed: &Committed, srs: &Srs, inputs: &[Input], policy: Disclosure) -> Result<Vec<u8>, ProveError> {
    prove(committed, srs, inputs, policy, Context::default(), &|_| {})
}

/// Attention with several heads: products of activations, moved axes, one score per element of the output.
#[test]
fn attention_proves_and_verifies() {
    scores_are_proven("attention_two_heads");
}

/// Functions as tables: one, on lanes of which some have no channel, and two of them read together.
#[test]
fn functions_prove_and_verify() {
    scores_are_proven("fused_gelu_erf");
    scores_are_proven("sigmoid_concatenated");
}

/// Quotients, on lanes of which some have no channel too; their card is audited, and what is stored is what was committed.
#[test]
fn quotients_prove_and_verify() {
    for case in ["div_signs", "softmax_flat"] {
        scores_are_proven(case);
        let (committed, srs) = fixture(&format!("../operators/cases/{case}"), false);
        let shape = &committed.layout.shape;
        assert!(!shape.features.quotients.is_empty());
        assert_eq!(&description(&committed.card).unwrap().shape, shape);
        let folder = tempfile::tempdir().unwrap();
        save(&committed, &srs, folder.path()).unwrap();
        let loaded = load(folder.path()).unwrap();
        assert_eq!((&loaded.layout.shape, &loaded.tails), (shape, &committed.tails));
        let file = format!("{}/../fixtures/operators/cases/{case}.onnx", env!("CARGO_MANIFEST_DIR"));
        let checks = audit(&std::fs::read(file).unwrap(), &loaded.card, &srs, Some(&loaded.tails)).unwrap();
        assert!(checks.iter().all(|check| check.holds));
    }
    let without = fixture("linear_30", false).0;
    assert!(!without.card.description.contains("quotients"));
}

fn scores_are_proven(case: &str) {
    for committed_input in [false, true] {
        let (committed, srs) = fixture(&format!("../operators/cases/{case}"), committed_input);
        let elements = committed.model.tensors[0].len();
        let values = quantize_inputs(&committed.model, &[vec![0.5; elements]]).unwrap();
        let inputs = bind_inputs(&committed, &srs, values.clone()).unwrap();
        assert_eq!(matches!(inputs[0], Input::Committed(..)), committed_input);
        let receipt = prove(
            &committed,
            &srs,
            &inputs,
            policy::Scores.into(),
            Context::default(),
            &|_| {},
        )
        .unwrap();
        let key = srs_verifying_key(&srs).unwrap();
        let verdict = verify(&receipt, &committed.card, &key, &accept()).unwrap();
        let trace = provenn_circuits::program::execute(&committed.model, &values).unwrap();
        let expected = trace.outputs(&committed.model).remove(0);
        assert_eq!(expected.len(), committed.model.output(0).len());
        let body = verdict.claim().body.inference().unwrap();
        assert_eq!(body.items[0].answer, Answer::Scores(expected));
    }
}

#[test]
fn another_models_weights_are_refused() {
    let (committed, srs) = fixture("breast_cancer_mlp", false);
    let (other, _) = fixture("breast_cancer_mlp", false);
    let inputs = [Input::Public(quantize_input(&committed.model, 0, &[0.5; 30]).unwrap())];
    // The same key, the openings of another commitment.
    let swapped = Committed {
        tails: other.tails,
        ..committed
    };
    let result = prove(
        &swapped,
        &srs,
        &inputs,
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
    affine.contractions[0].weights.edit(|weights| weights[0] = 1 << 40);
    compiled.model = Arc::new(model);
    let result = commit(&compiled, &options, &srs);
    assert!(
        matches!(&result, Err(ProveError::Circuit(CircuitError::Constant { .. }))),
        "{result:?}"
    );
}
