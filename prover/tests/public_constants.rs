//! An audit without weights finds every altered constant that the structure of the model determines.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_circuits::argument::weight_cells;
use provenn_circuits::onnx::structure;
use provenn_circuits::program::{Affine, Program, Step};
use provenn_circuits::register::RegisterCircuit;
use provenn_circuits::CircuitError;
use provenn_prover::audit::audit;
use provenn_prover::commit::{commit, compile, srs_verifying_key, system_rng, CommitOptions, Compiled};
use provenn_prover::register::{register, Unregistered};
use provenn_prover::srs::Srs;
use provenn_prover::ProveError;
use provenn_verifier::{ModelCard, VerifyError};
use std::sync::Arc;

/// What is altered, and a model that has it.
const CASES: [(&str, &str); 9] = [
    ("bound after weights", "clip_relu6_after_conv"),
    ("bounds of an input", "clip_vector"),
    ("lower bound", "clip_min_vector"),
    ("operand of a maximum", "max_constant_vector"),
    ("scalar that is added", "add_scalar"),
    ("padding value", "pad_value"),
    ("ones of a sum", "reducesum_channels"),
    ("ones of a mean", "reducemean_channels"),
    ("shares of an average", "averagepool_2d_exclude_pad"),
];

struct Honest {
    file: Vec<u8>,
    compiled: Compiled,
    srs: Srs,
}

impl Honest {
    fn new(name: &str) -> Self {
        let root = env!("CARGO_MANIFEST_DIR");
        let file = std::fs::read(format!("{root}/../fixtures/operators/cases/{name}.onnx")).unwrap();
        let compiled = compile(&file, &CommitOptions::default()).unwrap();
        let srs = Srs::dev_from_seed(compiled.layout.shape.k, [7; 32]);
        Self { file, compiled, srs }
    }

    /// The program with an edit of the steps that have public constants, which must change something.
    fn edited(&self, mut edit: impl FnMut(&mut Affine)) -> Program {
        let mut model = (*self.compiled.model).clone();
        let mut steps = 0;
        for tensor in &mut model.tensors {
            if let Step::Affine(affine) = &mut tensor.step {
                if has_public(affine) {
                    edit(affine);
                    steps += 1;
                }
            }
        }
        assert!(steps > 0, "no public constant");
        model
    }

    fn commit(&self, model: Program) -> ModelCard {
        let compiled = Compiled {
            model: Arc::new(model),
            ..self.compiled.clone()
        };
        let committed = commit(&compiled, &CommitOptions::default(), &self.srs).unwrap();
        (*committed.card).clone()
    }

    /// What an auditor finds who has the structure only.
    fn findings(&self, card: &ModelCard) -> Vec<&'static str> {
        let checks = audit(&structure(&self.file).unwrap(), card, &self.srs, None).unwrap();
        checks.iter().filter(|c| !c.holds).map(|c| c.name).collect()
    }

    /// The card with a registration of other weights, made under the honest key.
    fn forged(&self, card: &ModelCard, weights: &Program) -> ModelCard {
        let (model, layout) = (&self.compiled.model, &self.compiled.layout);
        let circuit = RegisterCircuit::new(model, layout).unwrap();
        let model = Unregistered {
            key: card.key.clone(),
            quantization: card.quantization,
            description: card.description.clone(),
        };
        let (cells, srs_key) = (weight_cells(weights, layout), srs_verifying_key(&self.srs).unwrap());
        let rng = &mut system_rng().unwrap();
        let forged = register(&circuit, &cells, model, &self.srs, &srs_key, rng)
            .unwrap()
            .card;
        assert_eq!(forged.registration.key, card.registration.key);
        forged
    }
}

/// Whether a step has public constants.
fn has_public(affine: &Affine) -> bool {
    affine.contractions.iter().any(|c| c.public && !c.weights.is_empty())
        || affine.public_bias && !affine.bias.is_empty()
}

/// One public constant of each step that has any, a little smaller.
fn alter(affine: &mut Affine) {
    for c in affine.contractions.iter_mut().filter(|c| c.public) {
        let place = c.weights.iter().position(|weight| weight != 0);
        if let Some(place) = place {
            return c.weights.edit(|weights| weights[place] -= 1);
        }
    }
    assert!(affine.public_bias);
    let place = affine.bias.iter().position(|bias| *bias != 0).unwrap();
    affine.bias[place] -= 1;
}

#[test]
fn honest_cards_pass() {
    for (what, name) in CASES {
        let honest = Honest::new(name);
        let card = honest.commit((*honest.compiled.model).clone());
        assert_eq!(honest.findings(&card), [""; 0], "{what}");
        // What the tests below do makes good cards from good weights.
        let again = honest.forged(&card, &honest.compiled.model);
        assert_eq!(honest.findings(&again), [""; 0], "{what}");
    }
}

/// The altered constants are fixed by the registration of the card, whose key is then another.
#[test]
fn a_registration_of_altered_constants_has_another_key() {
    for (what, name) in CASES {
        let honest = Honest::new(name);
        let card = honest.commit(honest.edited(alter));
        assert_eq!(honest.findings(&card), ["registration key"], "{what}");
    }
}

/// The registration of the card leaves public constants free, as if they were weights.
#[test]
fn a_registration_that_fixes_nothing_has_another_key() {
    for (what, name) in CASES {
        let honest = Honest::new(name);
        let free = honest.edited(|affine| {
            alter(affine);
            affine.public_bias = false;
            affine.contractions.iter_mut().for_each(|c| c.public = false);
        });
        let card = honest.commit(free);
        assert_eq!(honest.findings(&card), ["registration key"], "{what}");
    }
}

/// Under the honest key there is no registration of altered constants; nobody takes such a card.
#[test]
fn altered_constants_have_no_registration_under_the_honest_key() {
    for (what, name) in CASES {
        let honest = Honest::new(name);
        let card = honest.commit((*honest.compiled.model).clone());
        let forged = honest.forged(&card, &honest.edited(alter));
        assert_eq!(honest.findings(&forged), ["registration"], "{what}");
        let srs = srs_verifying_key(&honest.srs).unwrap();
        assert_eq!(
            forged.check(&srs).unwrap_err(),
            VerifyError::RegistrationFailed,
            "{what}"
        );
    }
}

/// Weights and biases beyond their cells, under the honest key.
#[test]
fn weights_out_of_range_have_no_registration() {
    let honest = Honest::new("add_residual_conv");
    let card = honest.commit((*honest.compiled.model).clone());
    let srs = srs_verifying_key(&honest.srs).unwrap();
    let edits: [fn(&mut Affine); 2] = [
        |affine| affine.contractions[0].weights.edit(|weights| weights[0] = 1 << 40),
        |affine| affine.bias[0] = 1 << 61,
    ];
    for edit in edits {
        let mut model = (*honest.compiled.model).clone();
        let steps = model.tensors.iter_mut().filter_map(|t| match &mut t.step {
            Step::Affine(affine) if !affine.bias.is_empty() => Some(affine),
            _ => None,
        });
        edit(steps.last().unwrap());
        let forged = honest.forged(&card, &model).check(&srs);
        assert_eq!(forged.unwrap_err(), VerifyError::RegistrationFailed);
    }
}

/// The same from a file: a bound in an attribute, one in an initializer.
#[test]
fn another_bound_in_the_file_is_found() {
    for (name, bound) in [("clip_relu6_after_conv", 1.5f32), ("clip_max_vector", 0.5)] {
        let honest = Honest::new(name);
        let bytes = bound.to_le_bytes();
        let starts = (0..honest.file.len()).filter(|&i| honest.file[i..].starts_with(&bytes));
        let places: Vec<usize> = starts.collect();
        assert_eq!(places.len(), 1, "{name}");
        let mut file = honest.file.clone();
        file[places[0]..places[0] + 4].copy_from_slice(&(bound - 0.125).to_le_bytes());
        let compiled = compile(&file, &CommitOptions::default()).unwrap();
        assert_eq!(compiled.layout.shape.k, honest.srs.k());
        let committed = commit(&compiled, &CommitOptions::default(), &honest.srs).unwrap();
        assert_eq!(honest.findings(&committed.card), ["registration key"], "{name}");
        let own = audit(&structure(&file).unwrap(), &committed.card, &honest.srs, None).unwrap();
        assert!(
            own.iter().all(|check| check.holds),
            "{name}: its own structure has the other bound"
        );
    }
}

/// Under a recipe whose cells are too small for the ones of a sum, the registration would fix something else.
#[test]
fn a_recipe_that_cannot_hold_a_constant_is_refused() {
    let honest = Honest::new("reducesum_channels");
    let mut card = honest.commit((*honest.compiled.model).clone());
    let description: serde_json::Value = serde_json::from_str(&card.description).unwrap();
    let values = description["ranges"].as_array().unwrap().len();
    // The magnitude of the sum is among them.
    let mut refused = |octaves: i64| {
        let mut wraps = 0;
        for value in 0..values {
            let mut edited = description.clone();
            edited["ranges"][value] = (edited["ranges"][value].as_i64().unwrap() - 8 * octaves).into();
            card.description = edited.to_string();
            let result = audit(&structure(&honest.file).unwrap(), &card, &honest.srs, None);
            wraps += usize::from(matches!(
                result,
                Err(ProveError::Circuit(CircuitError::Constant { .. }))
            ));
        }
        wraps
    };
    assert_eq!((refused(0), refused(8)), (0, 1));
}

/// A card whose circuit has one result of a table moved is not that of the structure, wherever the result is.
#[test]
fn a_table_with_a_moved_result_has_another_key() {
    let honest = Honest::new("fused_silu");
    let card = honest.commit((*honest.compiled.model).clone());
    assert_eq!(honest.findings(&card), [""; 0]);
    let mut model = (*honest.compiled.model).clone();
    let tables = model.tensors.iter_mut().filter_map(|tensor| match &mut tensor.step {
        Step::Affine(affine) => affine.table.as_mut(),
        Step::Input | Step::MaxPool(_) | Step::Product(_) | Step::Quotient(_) => None,
    });
    let result = tables.last().unwrap().results.iter_mut().flatten().next().unwrap();
    *result += 1;
    assert_eq!(honest.findings(&honest.commit(model)), ["circuit key"]);
}
