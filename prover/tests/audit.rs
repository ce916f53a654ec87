//! Audits: keys are rebuilt without weights, commitments with them.
#![allow(clippy::unwrap_used, reason = "tests")]

use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use provenn_circuits::onnx::{import, structure};
use provenn_circuits::register::RegisterCircuit;
use provenn_prover::audit::{audit, Check};
use provenn_prover::commit::{compile, CommitOptions, Committed};
use provenn_prover::srs::Srs;
use provenn_prover::{commit, ProveError};

const MODELS: [&str; 4] = ["linear_30", "breast_cancer_mlp", "digits_mlp", "digits_cnn"];

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../fixtures/models/{name}.onnx", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn committed(name: &str, committed_input: bool) -> (Committed, Srs) {
    let options = CommitOptions {
        committed_inputs: committed_input.into(),
        ..CommitOptions::default()
    };
    let compiled = compile(&file(name), &options).unwrap();
    let srs = Srs::dev_from_seed(compiled.layout.shape.k, [7; 32]);
    (commit(&compiled, &options, &srs).unwrap(), srs)
}

/// Public constants that the registration fixes.
fn known(file: &[u8]) -> usize {
    let compiled = compile(file, &CommitOptions::default()).unwrap();
    RegisterCircuit::new(&compiled.model, &compiled.layout)
        .unwrap()
        .public_cells()
}

fn failing(checks: &[Check]) -> Vec<&'static str> {
    checks.iter().filter(|c| !c.holds).map(|c| c.name).collect()
}

#[test]
fn a_structure_holds_no_weights() {
    for name in MODELS {
        let (model, stripped) = (file(name), structure(&file(name)).unwrap());
        let (model, stripped) = (import(&model).unwrap(), import(&stripped).unwrap());
        assert_eq!(model.nodes, stripped.nodes);
        let mut numbers = 0;
        for (with, without) in model.values.iter().zip(&stripped.values) {
            assert_eq!((&with.name, &with.shape), (&without.name, &without.shape));
            // These models have no constants but weights; the last bias of one of them has one element.
            assert!(!with.public && !without.public, "{name}");
            let (Some(with), Some(without)) = (&with.constant, &without.constant) else {
                continue;
            };
            assert!(without.data.iter().all(|v| (1.0..2.0).contains(v)), "{name}");
            assert_ne!(with.data, without.data);
            numbers += with.data.len();
        }
        assert!(numbers > 0);
        assert_eq!(known(&file(name)), 0, "{name}");
    }
}

#[test]
fn keys_are_rebuilt_from_the_structure() {
    for name in MODELS {
        for committed_input in [false, true] {
            let (committed, srs) = committed(name, committed_input);
            let checks = audit(&structure(&file(name)).unwrap(), &committed.card, &srs, None).unwrap();
            assert_eq!(failing(&checks), Vec::<&str>::new(), "{name}");
        }
    }
}

#[test]
fn commitments_are_recomputed_from_weights_and_openings() {
    let (committed, srs) = committed("breast_cancer_mlp", false);
    let model = file("breast_cancer_mlp");
    let with = |model: &[u8], tails: &[Vec<Fr>]| failing(&audit(model, &committed.card, &srs, Some(tails)).unwrap());
    assert_eq!(with(&model, &committed.tails), Vec::<&str>::new());
    // Other weights, of other magnitudes than the recipe has.
    assert_eq!(with(&structure(&model).unwrap(), &committed.tails), ["recipe"]);
    let mut other = committed.tails.clone();
    other[0][0] += Fr::ONE;
    assert_eq!(with(&model, &other), ["commitments"]);
    other.pop();
    assert_eq!(with(&model, &other), ["commitments"]);
}

#[test]
fn another_architecture_is_found() {
    let (committed, srs) = committed("digits_mlp", false);
    let other = audit(&file("digits_cnn"), &committed.card, &srs, None);
    assert!(matches!(other, Err(ProveError::Circuit(_))), "{other:?}");
}

/// The key of a circuit with one gate less decodes as any other.
#[test]
fn a_foreign_key_is_found() {
    let (committed, srs) = committed("breast_cancer_mlp", false);
    let mut parts = provenn_verifier::KeyParts::clone(&committed.card.key);
    parts.gates.pop();
    let card = provenn_verifier::ModelCard {
        key: provenn_verifier::VerifyingKey::new(parts).unwrap(),
        ..(*committed.card).clone()
    };
    let checks = audit(&file("breast_cancer_mlp"), &card, &srs, None).unwrap();
    assert_eq!(failing(&checks), ["circuit key", "registration"]);
}

/// A card whose description says more, or something else, than the model does.
#[test]
fn a_false_description_is_found() {
    let (committed, srs) = committed("linear_30", false);
    let edits = [
        ("\"parameters\":", "\"parameters\":1"),
        ("\"name\":\"", "\"name\":\"certified "),
        ("[\"threshold\",\"", "[\"threshold\",\"no "),
        ("{", "{\"certified\":true,"),
        ("\"fidelity\":{", "\"fidelity\":{\"certified\":true,"),
    ];
    for (from, to) in edits {
        let mut card = (*committed.card).clone();
        card.description = card.description.replacen(from, to, 1);
        assert_ne!(card.description, committed.card.description, "{from}");
        let checks = audit(&file("linear_30"), &card, &srs, None).unwrap();
        // The registration is about the text too.
        assert_eq!(failing(&checks), ["registration", "description"], "{to}");
    }
}

#[test]
fn hostile_recipes_are_refused() {
    let (committed, srs) = committed("linear_30", false);
    let edits: [(&str, &str); 8] = [
        ("\"k\":", "\"k\":4"),
        ("\"lanes\":", "\"lanes\":0"),
        ("\"line_columns\":", "\"line_columns\":0"),
        ("\"line_columns\":", "\"line_columns\":3"),
        ("\"weight_lanes\":", "\"weight_lanes\":4097"),
        ("\"table_bits\":", "\"table_bits\":99"),
        ("\"weight_bits\":", "\"weight_bits\":200"),
        ("\"ranges\":[", "\"ranges\":[32767"),
    ];
    for (key, value) in edits {
        let text = &committed.card.description;
        let start = text.find(key).unwrap();
        let rest = &text[start + key.len()..];
        let end = rest.find([',', '}']).unwrap();
        let mut card = (*committed.card).clone();
        card.description = format!("{}{value}{}", &text[..start], &rest[end..]);
        let result = audit(&file("linear_30"), &card, &srs, None);
        assert!(
            matches!(result, Err(ProveError::Circuit(_) | ProveError::File { .. })),
            "{key} {result:?}"
        );
    }
}
