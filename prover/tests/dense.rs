//! Models of dense layers, committed for the least gas: proofs, files and audits of their own layout.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_circuits::argument::Objective;
use provenn_circuits::compile::default_samples;
use provenn_circuits::program::{quantize_inputs, Step};
use provenn_prover::audit::audit;
use provenn_prover::commit::{commit, compile, srs_verifying_key, CommitOptions, Committed};
use provenn_prover::prove::bind_inputs;
use provenn_prover::srs::Srs;
use provenn_prover::{prove, store, ProveError};
use provenn_verifier::{policy, verify, Context, Disclosure, Expectation};
use std::sync::Arc;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../fixtures/models/{name}.onnx", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn options(committed_input: bool) -> CommitOptions {
    CommitOptions {
        objective: Objective::Gas,
        committed_inputs: committed_input.into(),
        ..CommitOptions::default()
    }
}

/// The receipt of the first sample, which verifies.
fn receipt(name: &str, committed: &Committed, srs: &Srs, policy: Disclosure) -> Result<Vec<u8>, ProveError> {
    let compiled = compile(&file(name), &options(false)).unwrap();
    let sample = default_samples(&compiled.graph, 1).remove(0);
    let values = quantize_inputs(&committed.model, &sample)?;
    let inputs = bind_inputs(committed, srs, values)?;
    let receipt = prove(committed, srs, &inputs, policy, Context::default(), &|_| {})?;
    let anything = Expectation {
        accept_dev: true,
        ..Expectation::default()
    };
    let key = srs_verifying_key(srs)?;
    assert!(verify(&receipt, &committed.card, &key, &anything).is_ok());
    Ok(receipt)
}

#[test]
fn dense_models_are_proven_stored_and_audited() {
    for (name, committed_input) in [
        ("linear_30", false),
        ("breast_cancer_mlp", true),
        ("digits_mlp", false),
        ("digits_mlp", true),
    ] {
        let options = options(committed_input);
        let compiled = compile(&file(name), &options).unwrap();
        assert!(compiled.layout.shape.dense, "{name}");
        let others = compiled
            .choices
            .iter()
            .filter(|choice| choice.objective != Objective::Gas);
        assert!(others.map(|choice| choice.shape.dense).all(|dense| !dense), "{name}");
        let srs = Srs::dev_from_seed(compiled.layout.shape.k, [7; 32]);
        let committed = commit(&compiled, &options, &srs).unwrap();
        for policy in [policy::Scores.into(), policy::Label.into()] {
            receipt(name, &committed, &srs, policy).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        store::save(&committed, &srs, folder.path()).unwrap();
        let loaded = store::load(folder.path()).unwrap();
        assert_eq!(format!("{:?}", loaded.layout), format!("{:?}", committed.layout));
        receipt(name, &loaded, &srs, policy::Scores.into()).unwrap();
        let checks = audit(&file(name), &committed.card, &srs, Some(&committed.tails)).unwrap();
        let failing: Vec<_> = checks
            .iter()
            .filter(|check| !check.holds)
            .map(|check| check.name)
            .collect();
        assert_eq!(failing, [""; 0], "{name}");
    }
}

/// One weight more or less, and the receipt is not of the committed model.
#[test]
fn other_weights_than_the_committed_ones_have_no_receipt() {
    let options = options(false);
    let compiled = compile(&file("digits_mlp"), &options).unwrap();
    let srs = Srs::dev_from_seed(compiled.layout.shape.k, [7; 32]);
    let mut committed = commit(&compiled, &options, &srs).unwrap();
    for element in [0, 1, 63, 64, 8191] {
        let mut model = (*compiled.model).clone();
        let Step::Affine(first) = &mut model.tensors[1].step else {
            panic!("the first layer");
        };
        first.contractions[0].weights.edit(|weights| weights[element] += 1);
        committed.model = Arc::new(model);
        let refused = receipt("digits_mlp", &committed, &srs, policy::Scores.into());
        assert!(refused.is_err(), "{element}");
    }
}
