//! A model with two inputs of one shape and two outputs: every choice of what is public, and what somebody could try with its receipts.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "inputs/commitments.rs"]
mod commitments;

use provenn_circuits::onnx::structure;
use provenn_circuits::program::{execute, quantize_inputs};
use provenn_circuits::CircuitError;
use provenn_prover::audit::audit;
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions, Committed, CommittedInputs};
use provenn_prover::input::bind_inputs;
use provenn_prover::rows::{Rows, Use};
use provenn_prover::srs::Srs;
use provenn_prover::store::{description, load, save};
use provenn_prover::{commit, prove, Input, ProveError};
use provenn_verifier::{
    policy, verify, Answer, Claim, Context, Disclosure, Expectation, InferenceExpectation, InputBinding, Item,
    ModelCard, Receipt, SrsVerifyingKey, Target, Verdict, VerifyError,
};

fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../fixtures/{path}.onnx", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

struct Setup {
    committed: Committed,
    srs: Srs,
    key: SrsVerifyingKey,
    /// Two samples of both inputs.
    samples: [Vec<Vec<i64>>; 2],
}

impl Setup {
    fn new(committed_inputs: CommittedInputs) -> Self {
        let options = CommitOptions {
            committed_inputs,
            ..CommitOptions::default()
        };
        let compiled = compile(&fixture("models/conflict_check"), &options).unwrap();
        let srs = Srs::dev_from_seed(compiled.layout.shape.k, [7; 32]);
        let samples = [&compiled.calibration.rows[0], &compiled.calibration.rows[1]];
        Self {
            samples: samples.map(|sample| quantize_inputs(&compiled.model, sample).unwrap()),
            committed: commit(&compiled, &options, &srs).unwrap(),
            key: srs_verifying_key(&srs).unwrap(),
            srs,
        }
    }

    fn own() -> Self {
        Self::new(CommittedInputs::Named(vec!["own".into()]))
    }

    fn ask(&self, inputs: &[Input], policy: Disclosure) -> Result<Receipt, ProveError> {
        let bytes = prove(&self.committed, &self.srs, inputs, policy, Context::default(), &|_| {})?;
        Ok(Receipt::from_bytes(&bytes).unwrap())
    }

    fn verify(&self, receipt: &Receipt) -> Result<Verdict, VerifyError> {
        self.expect(receipt, InferenceExpectation::default())
    }

    fn expect(&self, receipt: &Receipt, inference: InferenceExpectation) -> Result<Verdict, VerifyError> {
        let expectation = Expectation {
            inference,
            accept_dev: true,
            ..Expectation::default()
        };
        verify(&receipt.to_bytes(), &self.committed.card, &self.key, &expectation)
    }

    fn outputs(&self, sample: usize) -> Vec<Vec<i64>> {
        let model = &self.committed.model;
        execute(model, &self.samples[sample]).unwrap().outputs(model)
    }
}

fn disclosure(text: &str) -> Disclosure {
    text.parse().unwrap()
}

fn item(claim: &mut Claim) -> &mut Item {
    &mut claim.body.inference_mut().unwrap().items[0]
}

#[test]
fn every_choice_of_public_inputs_proves_and_verifies() {
    for names in [vec![], vec!["own"], vec!["listed"], vec!["own", "listed"]] {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let setup = Setup::new(CommittedInputs::Named(names.clone()));
        let inputs = bind_inputs(&setup.committed, &setup.srs, setup.samples[0].clone()).unwrap();
        let bound = ["own", "listed"].map(|name| names.iter().any(|known| known == name));
        assert_eq!(
            [&inputs[0], &inputs[1]].map(|input| matches!(input, Input::Committed(..))),
            bound
        );
        let outputs = setup.outputs(0);
        let policies = [
            disclosure("label"),
            disclosure("1/label"),
            disclosure("all/scores"),
            disclosure(&format!("1/threshold:2:{}", outputs[1][2])),
            disclosure(&format!("1/yes-only:2:{}", outputs[1][2])),
        ];
        for policy in policies {
            let mut receipt = setup.ask(&inputs, policy.clone()).unwrap();
            assert!(setup.verify(&receipt).is_ok(), "{policy}, committed {names:?}");
            let given = policy
                .answer(&outputs, setup.committed.card.key.purpose.layout().unwrap())
                .unwrap()
                .answer;
            assert_eq!(item(&mut receipt.claim).answer, given);
            // One bit of a value, or another point, in each binding.
            for input in 0..2 {
                let mut other = receipt.clone();
                match &mut item(&mut other.claim).inputs[input] {
                    InputBinding::Public { values } => values[0] ^= 1,
                    InputBinding::Committed { points } => points.swap(0, 1),
                }
                assert_eq!(
                    setup.verify(&other),
                    Err(VerifyError::OpeningFailed),
                    "{policy}, input {input}"
                );
            }
        }
        let too_high = disclosure(&format!("1/yes-only:2:{}", outputs[1][2] + 1));
        assert!(matches!(setup.ask(&inputs, too_high), Err(ProveError::Untrue { .. })));
    }
}

/// Both inputs have one shape, so that only their places tell them apart.
#[test]
fn bindings_are_not_exchanged() {
    for committed in [CommittedInputs::None, CommittedInputs::All] {
        let setup = Setup::new(committed);
        let inputs = bind_inputs(&setup.committed, &setup.srs, setup.samples[0].clone()).unwrap();
        let honest = setup.ask(&inputs, disclosure("1/label")).unwrap();
        let mut exchanged = honest.clone();
        item(&mut exchanged.claim).inputs.swap(0, 1);
        assert_eq!(setup.verify(&exchanged), Err(VerifyError::OpeningFailed));
        let mut twice = honest.clone();
        let first = item(&mut twice.claim).inputs[0].clone();
        item(&mut twice.claim).inputs[1] = first;
        assert_eq!(setup.verify(&twice), Err(VerifyError::OpeningFailed));
        for (count, edit) in [
            (
                1,
                (|inputs: &mut Vec<InputBinding>| drop(inputs.pop())) as fn(&mut Vec<InputBinding>),
            ),
            (3, |inputs| inputs.push(inputs[0].clone())),
        ] {
            let mut other = honest.clone();
            edit(&mut item(&mut other.claim).inputs);
            assert_eq!(
                setup.verify(&other),
                Err(VerifyError::InputCount {
                    expected: 2,
                    got: count
                })
            );
        }
    }
    // Under a key that takes one of each, a binding of the other kind has the wrong shape.
    let setup = Setup::own();
    let inputs = bind_inputs(&setup.committed, &setup.srs, setup.samples[0].clone()).unwrap();
    let mut exchanged = setup.ask(&inputs, disclosure("label")).unwrap();
    item(&mut exchanged.claim).inputs.swap(0, 1);
    assert!(matches!(setup.verify(&exchanged), Err(VerifyError::InputShape { .. })));
}

#[test]
fn an_answer_is_about_its_output() {
    let setup = Setup::own();
    let inputs = bind_inputs(&setup.committed, &setup.srs, setup.samples[0].clone()).unwrap();
    let second = setup.ask(&inputs, disclosure("1/label")).unwrap();
    let about = |receipt: &Receipt, target, answer: Option<Answer>| {
        let mut receipt = receipt.clone();
        let body = receipt.claim.body.inference_mut().unwrap();
        body.policy.target = target;
        if let Some(answer) = answer {
            body.items[0].answer = answer;
        }
        setup.verify(&receipt).map(drop)
    };
    for label in 0..2 {
        let answer = Some(Answer::Label(label));
        assert_eq!(
            about(&second, Target::Output(0), answer),
            Err(VerifyError::OpeningFailed)
        );
    }
    let code = |judged: Result<(), VerifyError>| judged.unwrap_err().code();
    assert_eq!(code(about(&second, Target::Output(2), None)), "policy-out-of-range");
    // Scores of all outputs as those of one, and of one as those of all.
    let all = setup.ask(&inputs, disclosure("all/scores")).unwrap();
    let scores = setup.outputs(0);
    let one = Some(Answer::Scores(scores[0].clone()));
    assert_eq!(about(&all, Target::Output(0), one), Err(VerifyError::OpeningFailed));
    let first = setup.ask(&inputs, disclosure("scores")).unwrap();
    let both = Some(Answer::Outputs(scores.clone()));
    assert_eq!(about(&first, Target::All, both), Err(VerifyError::OpeningFailed));
    let exchanged = Some(Answer::Outputs(scores.into_iter().rev().collect()));
    assert_eq!(code(about(&all, Target::All, exchanged)), "policy-out-of-range");
    // Who asks for a policy without an output means the first.
    let asked = |policy: &str| {
        let inference = InferenceExpectation {
            policy: Some(disclosure(policy)),
            ..InferenceExpectation::default()
        };
        setup.expect(&second, inference).map(drop)
    };
    assert_eq!(asked("1/label"), Ok(()));
    assert_eq!(asked("label"), Err(VerifyError::PolicyMismatch { field: "output" }));
}

/// What is not spoken of leaves no trace in what a receipt shows: claims about one output agree whatever the other one is.
#[test]
fn hidden_outputs_are_not_in_the_claim() {
    let setup = Setup::own();
    let layout = setup.committed.card.key.purpose.layout().unwrap();
    let inputs = bind_inputs(&setup.committed, &setup.srs, setup.samples[0].clone()).unwrap();
    let mut receipt = setup.ask(&inputs, disclosure("label")).unwrap();
    let columns = item(&mut receipt.claim)
        .columns(layout, setup.committed.card.key.k, &disclosure("label"))
        .unwrap();
    let hidden = layout.outputs[1].rows as usize;
    let zero = |column: &Vec<_>| column[..hidden].iter().all(|cell| *cell == provenn_bn254::Fr::ZERO);
    assert!(columns[..4].iter().all(zero));
    // The policies of both outputs are on the card, each with what it reveals.
    let leakage = description(&setup.committed.card).unwrap().leakage;
    let names: Vec<&str> = leakage.iter().map(|(name, _)| name.as_str()).collect();
    assert!(["label", "1/label", "scores", "1/scores", "all/scores"]
        .iter()
        .all(|name| names.contains(name)));
    assert!(!names.contains(&"all/label"));
    let unoffered = Disclosure {
        policy: policy::Label.into(),
        target: Target::Output(2),
    };
    assert!(matches!(
        setup.ask(&inputs, unoffered),
        Err(ProveError::NotOffered { .. })
    ));
}

#[test]
fn inputs_are_named_and_counted() {
    let bytes = fixture("models/conflict_check");
    let with = |committed_inputs, calibration| {
        let options = CommitOptions {
            committed_inputs,
            calibration,
            ..CommitOptions::default()
        };
        compile(&bytes, &options).map(drop)
    };
    let unknown = with(CommittedInputs::Named(vec!["other".into()]), None);
    assert!(matches!(unknown, Err(ProveError::UnknownInput { .. })), "{unknown:?}");
    let rows = |count: usize| Rows::from(vec![vec![0.5f32; 8]; count]);
    let both = Rows::joined(vec![rows(3), rows(3)], Use::Calibration).unwrap();
    assert!(with(CommittedInputs::None, Some(both)).is_ok());
    assert!(matches!(
        with(CommittedInputs::None, Some(rows(3))),
        Err(ProveError::Rows { .. })
    ));
    let uneven = Rows::joined(vec![rows(3), rows(2)], Use::Calibration);
    assert!(matches!(uneven, Err(ProveError::Rows { .. })));
    let setup = Setup::own();
    let few = bind_inputs(&setup.committed, &setup.srs, setup.samples[0][..1].to_vec());
    assert!(matches!(few, Err(ProveError::Circuit(CircuitError::InputCount { .. }))));
    let description = description(&setup.committed.card).unwrap();
    assert_eq!(description.target("agreement").unwrap(), Target::Output(1));
    assert_eq!(description.target("all").unwrap(), Target::All);
    assert!(matches!(
        description.target("own"),
        Err(ProveError::UnknownOutput { .. })
    ));
    assert_eq!(description.input("listed").unwrap(), 1);
}

#[test]
fn a_stored_model_proves_and_is_audited() {
    let setup = Setup::own();
    let folder = tempfile::tempdir().unwrap();
    save(&setup.committed, &setup.srs, folder.path()).unwrap();
    let loaded = load(folder.path()).unwrap();
    let inputs = bind_inputs(&loaded, &setup.srs, setup.samples[1].clone()).unwrap();
    let receipt = prove(
        &loaded,
        &setup.srs,
        &inputs,
        disclosure("1/scores"),
        Context::default(),
        &|_| {},
    )
    .unwrap();
    assert!(setup.verify(&Receipt::from_bytes(&receipt).unwrap()).is_ok());
    let file = fixture("models/conflict_check");
    let failing = |file: &[u8], tails: Option<&[Vec<_>]>| {
        let checks = audit(file, &setup.committed.card, &setup.srs, tails).unwrap();
        let failing = checks.into_iter().filter(|check| !check.holds);
        failing.map(|check| check.name).collect::<Vec<&str>>()
    };
    assert!(failing(&structure(&file).unwrap(), None).is_empty());
    assert!(failing(&file, Some(&setup.committed.tails)).is_empty());
}

/// A square input looks the same turned, and so do the circuits of both; what an opening means does not, and the card says it.
#[test]
fn an_audit_finds_a_turned_square_input() {
    let turned = fixture("operators/cases/transpose_square_input");
    // The axes of the transposition, as the file has them.
    let axes = |c: u8, d: u8| [0x40, 0, 0x40, 1, 0x40, c, 0x40, d];
    let place = turned.windows(8).position(|bytes| bytes == axes(3, 2)).unwrap();
    let mut plain = turned.clone();
    plain[place..place + 8].copy_from_slice(&axes(2, 3));
    for committed_input in [false, true] {
        let options = CommitOptions {
            committed_inputs: committed_input.into(),
            ..CommitOptions::default()
        };
        let compiled = compile(&turned, &options).unwrap();
        let srs = Srs::dev_from_seed(compiled.layout.shape.k, [7; 32]);
        let committed = commit(&compiled, &options, &srs).unwrap();
        let failing = |file: &[u8], tails: Option<&[Vec<_>]>| match audit(file, &committed.card, &srs, tails) {
            Ok(checks) => checks
                .into_iter()
                .filter(|check| !check.holds)
                .map(|check| check.name)
                .collect(),
            Err(error) => vec![error.code()],
        };
        assert!(failing(&turned, Some(&committed.tails)).is_empty());
        assert!(failing(&structure(&turned).unwrap(), None).is_empty());
        let found = failing(&plain, Some(&committed.tails));
        assert!(!found.is_empty(), "committed {committed_input}: {found:?}");
        assert!(
            !failing(&structure(&plain).unwrap(), None).is_empty(),
            "committed {committed_input}"
        );
        // Nothing but the order differs where both have the same magnitudes: the key names it.
        let order = |card: &provenn_verifier::ModelCard| card.key.purpose.layout().unwrap().inputs[0].order.clone();
        assert!(!order(&committed.card).0.is_empty());
    }
}
