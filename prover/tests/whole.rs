//! Outputs that are shown whole: what is proven of them, what is refused, and that a folder and an audit know of them.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_circuits::compile::{default_samples, rebuild, Outputs, Weights};
use provenn_circuits::layout::Shape;
use provenn_circuits::onnx;
use provenn_circuits::program::{execute, quantize_inputs};
use provenn_circuits::CircuitError;
use provenn_prover::audit::audit;
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions, Committed};
use provenn_prover::prove::bind_inputs;
use provenn_prover::srs::Srs;
use provenn_prover::store::{description, load, save};
use provenn_prover::{commit, prove, Input, ProveError};
use provenn_verifier::policy::OutOfRange;
use provenn_verifier::{
    policy, verify, Answer, Context, Disclosure, Expectation, InstanceLayout, Policy, Purpose, Receipt, Target,
    VerifyError,
};

struct Whole {
    bytes: Vec<u8>,
    committed: Committed,
    srs: Srs,
    inputs: Vec<Input>,
    /// What the model gives, in integers.
    outputs: Vec<Vec<i64>>,
}

fn whole(model: &str, committed_inputs: bool) -> Whole {
    let bytes = std::fs::read(format!("{}/../fixtures/{model}.onnx", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let options = CommitOptions {
        committed_inputs: committed_inputs.into(),
        outputs: Outputs::Whole,
        ..CommitOptions::default()
    };
    let compiled = compile(&bytes, &options).unwrap();
    let srs = Srs::dev_from_seed(compiled.layout.shape.k, [7; 32]);
    let committed = commit(&compiled, &options, &srs).unwrap();
    let values = quantize_inputs(&committed.model, &default_samples(&compiled.graph, 1)[0]).unwrap();
    let outputs = execute(&committed.model, &values).unwrap().outputs(&committed.model);
    let inputs = bind_inputs(&committed, &srs, values).unwrap();
    Whole {
        bytes,
        committed,
        srs,
        inputs,
        outputs,
    }
}

impl Whole {
    fn receipt(&self, policy: &Disclosure) -> Result<Receipt, ProveError> {
        let (committed, srs) = (&self.committed, &self.srs);
        let bytes = prove(
            committed,
            srs,
            &self.inputs,
            policy.clone(),
            Context::default(),
            &|_| {},
        )?;
        Ok(Receipt::from_bytes(&bytes).unwrap())
    }

    fn verdict(&self, receipt: &Receipt) -> Result<(), VerifyError> {
        let expectation = Expectation {
            accept_dev: true,
            ..Expectation::default()
        };
        let key = srs_verifying_key(&self.srs).unwrap();
        verify(&receipt.to_bytes(), &self.committed.card, &key, &expectation).map(drop)
    }
}

fn scores(target: Target) -> Disclosure {
    Disclosure {
        policy: policy::Scores.into(),
        target,
    }
}

fn answer(receipt: &mut Receipt) -> &mut Answer {
    &mut receipt.claim.body.inference_mut().unwrap().items[0].answer
}

/// One output, several of which one is a pool's and another an index's source, tables, quotients.
#[test]
fn whole_outputs_prove_and_verify() {
    for (model, committed_inputs) in [
        ("models/digits_mlp", false),
        ("models/conflict_check", true),
        ("operators/cases/sigmoid_concatenated", false),
        ("operators/cases/softmax_rows", true),
        ("operators/cases/maxpool_2d", false),
    ] {
        let case = whole(model, committed_inputs);
        let layout = case.committed.card.key.purpose.layout().unwrap();
        assert!(layout.has_whole() && layout.policy_rows() == 0, "{model}");
        for (index, output) in case.outputs.iter().enumerate() {
            let policy = scores(Target::Output(index as u32));
            let mut receipt = case.receipt(&policy).unwrap();
            assert_eq!(case.verdict(&receipt), Ok(()), "{model}");
            assert_eq!(answer(&mut receipt), &Answer::Scores(output.clone()), "{model}");
            // Another number, or the same numbers elsewhere.
            for element in [0, output.len() / 2, output.len() - 1] {
                let mut other = output.clone();
                other[element] += 1;
                *answer(&mut receipt) = Answer::Scores(other);
                assert_eq!(
                    case.verdict(&receipt),
                    Err(VerifyError::OpeningFailed),
                    "{model}, {element}"
                );
            }
            if let Some(at) = output.windows(2).position(|pair| pair[0] != pair[1]) {
                let mut other = output.clone();
                other.swap(at, at + 1);
                *answer(&mut receipt) = Answer::Scores(other);
                assert_eq!(case.verdict(&receipt), Err(VerifyError::OpeningFailed), "{model}");
            }
            // One more is another number of them.
            *answer(&mut receipt) = Answer::Scores([output.as_slice(), &[0]].concat());
            assert!(
                matches!(case.verdict(&receipt), Err(VerifyError::PolicyOutOfRange(_))),
                "{model}"
            );
        }
        if case.outputs.len() > 1 {
            let mut receipt = case.receipt(&scores(Target::All)).unwrap();
            assert_eq!(case.verdict(&receipt), Ok(()));
            assert_eq!(answer(&mut receipt), &Answer::Outputs(case.outputs.clone()));
            let mut other = case.outputs.clone();
            other[1][0] += 1;
            *answer(&mut receipt) = Answer::Outputs(other);
            assert_eq!(case.verdict(&receipt), Err(VerifyError::OpeningFailed));
            // A receipt about one output is none about the other.
            let mut receipt = case.receipt(&scores(Target::Output(0))).unwrap();
            receipt.claim.body.inference_mut().unwrap().policy.target = Target::Output(1);
            *answer(&mut receipt) = Answer::Scores(case.outputs[1].clone());
            assert_eq!(case.verdict(&receipt), Err(VerifyError::OpeningFailed));
        }
    }
}

/// Policies that compare single values need a row for each; neither the card offers them nor does a verifier take them.
#[test]
fn other_policies_are_refused() {
    let case = whole("models/digits_mlp", false);
    let text = description(&case.committed.card).unwrap();
    let offered: Vec<&str> = text.leakage.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(offered, ["scores"]);
    let layout = case.committed.card.key.purpose.layout().unwrap();
    for policy in Disclosure::offered(&scored(layout)) {
        let whole = policy.policy == Policy::from(policy::Scores);
        let expected = if whole { Ok(()) } else { Err(OutOfRange::Whole) };
        assert_eq!(policy.check(&layout.outputs), expected, "{policy}");
        assert_eq!(policy.check(&text.ranges_of_outputs()), expected, "{policy}");
        if !whole {
            // Of policies whose bits follow from their parameters cards say nothing.
            let refused = case.receipt(&policy).expect_err("other policies");
            let out_of_range = ProveError::Policy(VerifyError::PolicyOutOfRange(OutOfRange::Whole));
            let expected = [refused.to_string(), out_of_range.to_string()];
            let not_offered = matches!(refused, ProveError::NotOffered { .. });
            assert!(not_offered || expected[0] == expected[1], "{policy}: {expected:?}");
        }
    }
    let mut receipt = case.receipt(&scores(Target::Output(0))).unwrap();
    receipt.claim.body.inference_mut().unwrap().policy = policy::Label.into();
    *answer(&mut receipt) = Answer::Label(3);
    assert_eq!(
        case.verdict(&receipt),
        Err(VerifyError::PolicyOutOfRange(OutOfRange::Whole))
    );
}

/// The layout of the same outputs with policy rows.
fn scored(layout: &InstanceLayout) -> InstanceLayout {
    let mut scored = layout.clone();
    for output in &mut scored.outputs {
        (output.rows, output.whole) = (output.len, None);
    }
    scored
}

/// A folder, an audit and the bytes of the key know which outputs are whole.
#[test]
fn folders_and_audits_know_whole_outputs() {
    for model in ["models/conflict_check", "operators/cases/maxpool_2d"] {
        let case = whole(model, false);
        let folder = tempfile::tempdir().unwrap();
        save(&case.committed, &case.srs, folder.path()).unwrap();
        let loaded = load(folder.path()).unwrap();
        assert_eq!(loaded.layout.shape, case.committed.layout.shape);
        assert!(!loaded.layout.shape.whole.is_empty());
        let checks = audit(&case.bytes, &loaded.card, &case.srs, Some(&loaded.tails)).unwrap();
        assert!(checks.iter().all(|check| check.holds), "{checks:?}");
        let Purpose::Inference(layout) = &loaded.card.key.purpose else {
            panic!("a model")
        };
        assert!(layout.has_whole());
    }
}

/// A card may name each output once: what it names is copied, and an audit would make as many copies as a stranger asks for.
#[test]
fn cards_name_each_whole_output_once() {
    let bytes = std::fs::read(format!(
        "{}/../fixtures/models/conflict_check.onnx",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap();
    let options = CommitOptions {
        outputs: Outputs::Whole,
        ..CommitOptions::default()
    };
    let compiled = compile(&bytes, &options).unwrap();
    let under = |whole: &[usize]| {
        let shape = Shape {
            whole: whole.to_vec(),
            ..compiled.layout.shape.clone()
        };
        rebuild(&compiled.graph, &compiled.ranges, &shape, Weights::Given).map(drop)
    };
    assert!(under(&[0, 1]).is_ok());
    for whole in [&[0, 0][..], &[1, 0], &[0, 1, 1]] {
        assert!(matches!(under(whole), Err(CircuitError::Recipe(_))), "{whole:?}");
    }
    // One that the model does not have.
    assert!(under(&[0, 1, 2]).is_err());
}

/// Large outputs are shown whole where nothing else is asked for; batches and what is asked for by policy are not.
#[test]
fn large_outputs_are_whole_by_themselves() {
    let bytes = std::fs::read(format!(
        "{}/../fixtures/models/digits_mlp.onnx",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap();
    // Ten values for each item.
    for (items, expected) in [(6553, vec![]), (6554, vec![0])] {
        let graph = onnx::import(&onnx::batched(&bytes, items).unwrap()).unwrap();
        assert_eq!(Outputs::Auto.whole(&graph), expected, "{items}");
        assert_eq!(
            (Outputs::Whole.whole(&graph), Outputs::Scores.whole(&graph)),
            (vec![0], vec![])
        );
    }
    let shape = |outputs, items| {
        let options = CommitOptions {
            outputs,
            items,
            ..CommitOptions::default()
        };
        let bytes = match items {
            0 => bytes.clone(),
            items => onnx::batched(&bytes, items).unwrap(),
        };
        compile(&bytes, &options).unwrap().layout.shape.whole.clone()
    };
    assert_eq!(shape(Outputs::Whole, 0), [0]);
    assert_eq!(shape(Outputs::Whole, 2), [0usize; 0]);
}
