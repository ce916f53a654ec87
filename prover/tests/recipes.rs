//! Recipes that a publisher could write on a card so that its integers are those of another function: no audit with
//! weights passes them, and no audit spends anything on a card of an absurd size.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_circuits::compile::{rebuild, Ranges, Weights};
use provenn_circuits::layout::{Layout, Shape};
use provenn_circuits::onnx::import;
use provenn_circuits::program::Step;
use provenn_circuits::CircuitError;
use provenn_prover::audit::{audit, size};
use provenn_prover::commit::{commit, compile, CommitOptions, Committed, Compiled};
use provenn_prover::srs::Srs;
use provenn_prover::ProveError;
use provenn_verifier::{KeyParts, ModelCard, VerifyingKey};
use std::sync::Arc;

fn file(path: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../fixtures/{path}.onnx", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn srs(compiled: &Compiled) -> Srs {
    Srs::dev_from_seed(compiled.layout.shape.k, [7; 32])
}

/// What a full audit finds; an error is one finding.
fn findings(file: &[u8], committed: &Committed, srs: &Srs) -> Vec<String> {
    match audit(file, &committed.card, srs, Some(&committed.tails)) {
        Ok(checks) => checks.iter().filter(|c| !c.holds).map(|c| c.name.to_string()).collect(),
        Err(error) => vec![error.code().to_string()],
    }
}

/// The ranges with one magnitude moved by eighths of octaves.
fn moved(ranges: &Ranges, value: usize, steps: i64) -> Ranges {
    let mut list = serde_json::to_value(ranges).unwrap();
    list[value] = (list[value].as_i64().unwrap() + steps).into();
    serde_json::from_value(list).unwrap()
}

/// The model under other ranges, with the width of weights that it has then.
fn under(compiled: &Compiled, ranges: &Ranges) -> Result<Compiled, CircuitError> {
    let mut refused = CircuitError::Recipe(String::new());
    for weight_bits in 16..=48 {
        let shape = Shape {
            weight_bits,
            ..compiled.layout.shape.clone()
        };
        match rebuild(&compiled.graph, ranges, &shape, Weights::Given) {
            Ok((model, layout)) => {
                return Ok(Compiled {
                    ranges: ranges.clone(),
                    model: Arc::new(model),
                    layout: Arc::new(layout),
                    ..compiled.clone()
                })
            }
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

const MODELS: [&str; 6] = [
    "models/linear_30",
    "models/breast_cancer_mlp",
    "models/digits_mlp",
    "operators/cases/add_residual",
    "operators/cases/add_residual_conv",
    "operators/cases/clip_relu6_after_conv",
];

#[test]
fn honest_cards_pass() {
    for name in MODELS {
        let file = file(name);
        let compiled = compile(&file, &CommitOptions::default()).unwrap();
        let srs = srs(&compiled);
        let committed = commit(&compiled, &CommitOptions::default(), &srs).unwrap();
        assert_eq!(findings(&file, &committed, &srs), [""; 0], "{name}");
    }
}

/// Each magnitude far off in either direction: biases that vanish, branches that count less, tensors without digits.
#[test]
fn magnitudes_that_are_far_off_are_found() {
    let (mut found, mut impossible) = (0, 0);
    for name in [
        "operators/cases/add_residual",
        "operators/cases/add_residual_conv",
        "models/linear_30",
    ] {
        let file = file(name);
        let compiled = compile(&file, &CommitOptions::default()).unwrap();
        let srs = srs(&compiled);
        for value in 0..compiled.graph.values.len() {
            // The magnitude of the input is the publisher's choice; it stands on the card.
            if compiled.graph.inputs.iter().any(|input| input.value == value) {
                continue;
            }
            for octaves in [-60, -30, 20, 60] {
                let ranges = moved(&compiled.ranges, value, 8 * octaves);
                let Ok(made) = under(&compiled, &ranges) else {
                    impossible += 1;
                    continue;
                };
                let committed = commit(&made, &CommitOptions::default(), &srs).unwrap();
                let findings = findings(&file, &committed, &srs);
                assert!(
                    findings.iter().any(|f| f == "magnitudes"),
                    "{name} {value} {octaves}: {findings:?}"
                );
                found += 1;
            }
        }
    }
    assert!(found > 10 && impossible > 10, "{found} {impossible}");
}

/// A residual branch that counts a quarter, and biases that are gone, under the recipe of the model.
#[test]
fn other_coefficients_and_biases_are_found() {
    let file = file("operators/cases/add_residual_conv");
    let compiled = compile(&file, &CommitOptions::default()).unwrap();
    let srs = srs(&compiled);
    let commit = |edit: &dyn Fn(&mut Step)| {
        let mut model = (*compiled.model).clone();
        model.tensors.iter_mut().for_each(|t| edit(&mut t.step));
        let changed = format!("{model:?}") != format!("{:?}", compiled.model);
        assert!(changed);
        let layout = Layout::build(&model, compiled.layout.shape.clone()).unwrap();
        let made = Compiled {
            model: Arc::new(model),
            layout: Arc::new(layout),
            ..compiled.clone()
        };
        let committed = commit(&made, &CommitOptions::default(), &srs).unwrap();
        findings(&file, &committed, &srs)
    };
    let quarter = commit(&|step| {
        if let Step::Affine(affine) = step {
            affine.linear.iter_mut().for_each(|l| l.part.alpha /= 4);
        }
    });
    assert!(quarter.iter().any(|f| f == "circuit key"), "{quarter:?}");
    let weights = commit(&|step| {
        if let Step::Affine(affine) = step {
            for c in &mut affine.contractions {
                c.weights.edit(|weights| weights.iter_mut().for_each(|w| *w /= 4));
            }
        }
    });
    assert_eq!(weights, ["commitments"]);
}

/// A file whose bias is 2^48 units more than the committed one, on cells of 16 bits whose three digits do not hold the
/// difference.
#[test]
fn a_bias_beyond_its_digits_is_found() {
    let file = file("models/linear_30");
    let compiled = compile(&file, &CommitOptions::default()).unwrap();
    assert_eq!(compiled.layout.shape.weight_bits, 16);
    let srs = srs(&compiled);
    let (output, constants) = (compiled.model.outputs[0].tensor, &compiled.graph.values);
    let bias = constants
        .iter()
        .filter_map(|v| v.constant.as_ref())
        .find(|t| t.data.len() == 1)
        .unwrap()
        .data[0];
    let units = 2f64.powi(compiled.model.tensors[output].frac + compiled.model.precision.bits() as i32);
    let shifted = (f64::from(bias) + (1i64 << 48) as f64 / units) as f32;
    let places: Vec<usize> = (0..file.len())
        .filter(|&i| file[i..].starts_with(&bias.to_le_bytes()))
        .collect();
    assert_eq!(places.len(), 1);
    let mut other = file.clone();
    other[places[0]..][..4].copy_from_slice(&shifted.to_le_bytes());
    let graph = import(&other).unwrap();
    // The recipe of the first file but for the magnitude of the bias, which an audit compares; its weights.
    let value = graph
        .values
        .iter()
        .position(|v| v.constant.as_ref().is_some_and(|t| t.data == [shifted]))
        .unwrap();
    let steps = |v: f32| (f64::from(v.abs()).log2() * 8.0).ceil() as i64;
    let made = Compiled {
        ranges: moved(&compiled.ranges, value, steps(shifted) - steps(bias)),
        graph,
        ..compiled.clone()
    };
    let committed = commit(&made, &CommitOptions::default(), &srs).unwrap();
    let found = findings(&other, &committed, &srs);
    assert!(found == ["recipe"] || found == ["constant-too-large"], "{found:?}");
    // Nor is such a program committed.
    let mut model = (*compiled.model).clone();
    let Step::Affine(affine) = &mut model.tensors[output].step else {
        unreachable!("affine")
    };
    affine.bias[0] += 1 << 48;
    let made = Compiled {
        model: Arc::new(model),
        ..compiled
    };
    let refused = commit(&made, &CommitOptions::default(), &srs).unwrap_err();
    assert!(
        matches!(refused, ProveError::Circuit(CircuitError::Constant { .. })),
        "{refused}"
    );
}

/// Features of a table have scales of their own; an audit rebuilds them from the card, and other ones are found.
#[test]
fn scales_of_elements_are_part_of_the_recipe() {
    let file = file("sklearn/ridge_breast_cancer");
    let text = std::fs::read_to_string(format!(
        "{}/../fixtures/sklearn/ridge_breast_cancer.json",
        env!("CARGO_MANIFEST_DIR")
    ));
    let text: serde_json::Value = serde_json::from_str(&text.unwrap()).unwrap();
    let rows: Vec<Vec<f32>> = serde_json::from_value(text["rows"].clone()).unwrap();
    let options = CommitOptions {
        calibration: Some(rows.into()),
        ..CommitOptions::default()
    };
    let compiled = compile(&file, &options).unwrap();
    let lifts = &compiled.graph.inputs[0].lifts;
    assert!(lifts.iter().any(|lift| *lift > 6), "{lifts:?}");
    // Small features are not said to be lost beside large ones.
    assert_eq!(compiled.warnings, [""; 0]);
    let srs = srs(&compiled);
    let committed = commit(&compiled, &options, &srs).unwrap();
    assert_eq!(findings(&file, &committed, &srs), [""; 0]);
    let card = (*committed.card).clone();
    let described = |lifts: &[u8]| {
        let text = |lifts: &[u8]| format!("\"lifts\":{}", serde_json::to_string(lifts).unwrap());
        let own = text(&compiled.graph.inputs[0].lifts);
        assert!(card.description.contains(&own));
        ModelCard {
            description: card.description.replace(&own, &text(lifts)),
            ..card.clone()
        }
    };
    let found = |lifts: &[u8]| match audit(&file, &described(lifts), &srs, Some(&committed.tails)) {
        Ok(checks) => checks.iter().any(|check| !check.holds),
        Err(error) => matches!(error, ProveError::Circuit(CircuitError::Recipe(_))),
    };
    assert!(!found(lifts));
    let mut other = lifts.clone();
    *other.iter_mut().find(|lift| **lift > 0).unwrap() += 1;
    for other in [
        other,
        vec![],
        vec![1; lifts.len()],
        lifts[1..].to_vec(),
        vec![255; lifts.len()],
    ] {
        assert!(found(&other), "{other:?}");
    }
}

/// A program with other outputs than the model's scores is not committed.
#[test]
fn a_card_has_as_many_outputs_as_the_model_has_scores() {
    let digits = compile(&file("models/digits_mlp"), &CommitOptions::default()).unwrap();
    let cancer = compile(&file("models/linear_30"), &CommitOptions::default()).unwrap();
    let made = Compiled {
        model: digits.model.clone(),
        layout: digits.layout.clone(),
        ..cancer
    };
    let refused = commit(&made, &CommitOptions::default(), &srs(&digits)).unwrap_err();
    let outputs = matches!(
        refused,
        ProveError::Circuit(CircuitError::Outputs { expected: 1, got: 10 })
    );
    assert!(outputs, "{refused}");
}

/// The sizes on a card, before anything of such a size is made.
#[test]
fn hostile_sizes_are_refused() {
    let file = file("models/linear_30");
    let compiled = compile(&file, &CommitOptions::default()).unwrap();
    let (srs, k) = (srs(&compiled), compiled.layout.shape.k);
    let card = (*commit(&compiled, &CommitOptions::default(), &srs).unwrap().card).clone();
    assert_eq!(size(&card).unwrap(), k);
    let key = |key: &VerifyingKey, k: u32| {
        let mut parts = KeyParts::clone(key);
        parts.k = k;
        VerifyingKey::new(parts)
    };
    let recipe = |k: u32| {
        let mut description: serde_json::Value = serde_json::from_str(&card.description).unwrap();
        description["shape"]["k"] = k.into();
        description.to_string()
    };
    let mut tried = 0;
    for other in (1..=28).filter(|other| *other != k) {
        // A key has more rows than it has rows that are blinded.
        let (Ok(own), Ok(registration)) = (key(&card.key, other), key(&card.registration.key, other)) else {
            continue;
        };
        tried += 1;
        let keyed = ModelCard {
            key: own,
            ..card.clone()
        };
        let mut registered = card.clone();
        registered.registration.key = registration;
        let described = ModelCard {
            description: recipe(other),
            ..card.clone()
        };
        let mut all = keyed.clone();
        (all.registration.key, all.description) = (registered.registration.key.clone(), recipe(other));
        for (what, card) in [
            ("key", keyed),
            ("registration", registered),
            ("recipe", described),
            ("all", all),
        ] {
            let refused = audit(&file, &card, &srs, None).map(|_| ()).unwrap_err();
            let typed = matches!(
                refused,
                ProveError::CardSize { .. } | ProveError::SrsMismatch | ProveError::Circuit(CircuitError::Recipe(_))
            );
            assert!(typed, "{what} {other}: {refused}");
            // What the size is asked for is never absurd.
            assert!(size(&card).is_err() || (what, size(&card).unwrap()) == ("all", other) && other <= 18);
        }
    }
    assert!(tried > 20, "{tried}");
    for other in [k - 1, k + 1] {
        let refused = commit(
            &compiled,
            &CommitOptions::default(),
            &Srs::dev_from_seed(other, [7; 32]),
        )
        .unwrap_err();
        assert!(matches!(refused, ProveError::SrsMismatch), "{refused}");
    }
}
