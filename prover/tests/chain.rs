//! Models in segments: what they compute, what verifies, and what must not.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "chain/attacks.rs"]
mod attacks;
#[path = "chain/pieces.rs"]
mod pieces;
#[path = "chain/stored.rs"]
mod stored;
#[path = "chain/wide.rs"]
mod wide;

use provenn_circuits::argument::{given_cells, input_cells};
use provenn_circuits::program::{execute, quantize_inputs};
use provenn_circuits::CircuitError;
use provenn_prover::chain::{self, CompiledChain, Segment};
use provenn_prover::commit::{srs_verifying_key, CommitOptions};
use provenn_prover::srs::Srs;
use provenn_prover::ProveError;
use provenn_verifier::{
    policy, verify, Answer, ChainCard, ChainReceipt, CheckedChain, Context, Disclosure, Expectation, Reference,
    SrsVerifyingKey, VerifyError,
};
use std::sync::Arc;

pub struct Chain {
    pub compiled: CompiledChain,
    pub card: CheckedChain,
    pub segments: Vec<Arc<Segment>>,
    pub srs: Srs,
    pub key: SrsVerifyingKey,
    pub values: Vec<Vec<i64>>,
}

impl Chain {
    pub fn new(name: &str, segments: usize, committed_input: bool) -> Self {
        let options = CommitOptions {
            committed_inputs: committed_input.into(),
            ..CommitOptions::default()
        };
        Self::of(chain::compile(&model(name), &options, segments).unwrap(), &options)
    }

    pub fn of(compiled: CompiledChain, options: &CommitOptions) -> Self {
        let srs = Srs::dev_from_seed(compiled.k(), [7; 32]);
        let mut kept = vec![];
        let mut keep = |index: usize, segment: Segment| {
            assert_eq!(index, kept.len());
            kept.push(Arc::new(segment));
            Ok(())
        };
        let card = chain::commit(&compiled, options, &srs, &mut keep).unwrap();
        let input = |tensor: &provenn_circuits::program::Tensor| (0..tensor.len()).map(|i| ((i * 7) % 5) as f32 / 5.0);
        let inputs: Vec<Vec<f32>> = compiled
            .model
            .input_tensors()
            .iter()
            .map(|t| input(t).collect())
            .collect();
        Self {
            values: quantize_inputs(&compiled.model, &inputs).unwrap(),
            key: srs_verifying_key(&srs).unwrap(),
            compiled,
            card,
            segments: kept,
            srs,
        }
    }

    pub fn prove(&self, policy: impl Into<Disclosure>, context: Context) -> Vec<u8> {
        let inputs = chain::bind_inputs(&self.card, &self.segments, &self.srs, self.values.clone()).unwrap();
        chain::prove(
            &self.card,
            &self.segments,
            &self.srs,
            &inputs,
            policy.into(),
            context,
            &|_| {},
        )
        .unwrap()
    }

    pub fn verdict(&self, receipt: &[u8]) -> Result<Answer, VerifyError> {
        let verdict = verify(receipt, &self.card, &self.key, &accept())?;
        Ok(verdict.claim().body.inference().unwrap().items[0].answer.clone())
    }
}

pub fn model(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../fixtures/models/{name}.onnx", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub fn accept() -> Expectation {
    Expectation {
        accept_dev: true,
        ..Expectation::default()
    }
}

/// The answer is that of the whole program, to the bit, however it is cut.
#[test]
fn segments_compute_what_the_model_does() {
    for (name, committed) in [
        ("breast_cancer_mlp", false),
        ("digits_mlp", true),
        ("digits_cnn", false),
        ("digits_cnn", true),
        ("../operators/cases/softmax_flat", false),
    ] {
        let whole = provenn_prover::commit::compile(&model(name), &CommitOptions::default()).unwrap();
        let most = whole.model.cuts().len() + 1;
        assert!(most > 1, "{name} cannot be cut");
        for segments in 2..=most.min(4) {
            let chain = Chain::new(name, segments, committed);
            assert_eq!(chain.segments.len(), segments);
            let outputs = execute(&chain.compiled.model, &chain.values).unwrap();
            let scores = outputs.outputs(&chain.compiled.model).remove(0);
            let receipt = chain.prove(policy::Scores, Context::default());
            assert_eq!(
                chain.verdict(&receipt),
                Ok(Answer::Scores(scores)),
                "{name} in {segments}"
            );
            println!("{name} in {segments}: {} bytes", receipt.len());
        }
        let options = CommitOptions::default();
        let refused = chain::compile(&model(name), &options, most + 1);
        let most = most.min(64);
        assert!(matches!(
            refused,
            Err(ProveError::Circuit(CircuitError::Segments { most: m, .. })) if m == most
        ));
    }
}

#[test]
fn every_policy_is_that_of_the_model() {
    let chain = Chain::new("digits_mlp", 2, true);
    let outputs = execute(&chain.compiled.model, &chain.values)
        .unwrap()
        .outputs(&chain.compiled.model);
    let layout = chain.card.layout().unwrap();
    for policy in [
        policy::Label.into(),
        policy::Top { count: 3 }.into(),
        policy::Round { step: 64 }.into(),
    ] {
        let policy: Disclosure = policy;
        let given = policy.answer(&outputs, &layout).unwrap().answer;
        assert_eq!(chain.verdict(&chain.prove(policy, Context::default())), Ok(given));
    }
}

/// A card that claims the segments of one model and the text of another way to cut it.
#[test]
fn an_audit_finds_other_cuts() {
    let chain = Chain::new("digits_cnn", 2, false);
    let mut card: ChainCard = (*chain.card).clone();
    let cuts = chain.compiled.model.cuts();
    let other = cuts.iter().find(|cut| !chain.compiled.cuts.contains(cut)).unwrap();
    let (ours, theirs) = (
        format!("\"cuts\":{:?}", chain.compiled.cuts),
        format!("\"cuts\":[{other}]"),
    );
    assert!(card.description.contains(&ours));
    card.description = card.description.replace(&ours, &theirs);
    let checks = chain::audit(&model("digits_cnn"), &card, &chain.srs, None);
    assert!(!checks.is_ok_and(|checks| checks.iter().all(|check| check.holds)));
}

/// One layout of what is between: for the segment that gives it and the one that takes it.
#[test]
fn neighbours_agree_on_cells() {
    let chain = Chain::new("digits_cnn", 3, false);
    let mut values = chain.values.clone();
    for pair in chain.segments.windows(2) {
        let trace = execute(&pair[0].model, &values).unwrap();
        let given = given_cells(&pair[0].model, &pair[0].layout, &trace);
        values = trace.outputs(&pair[0].model);
        let taken = input_cells(&pair[1].model, &pair[1].layout, 0, &values[0]);
        assert_eq!(given, taken);
    }
}
