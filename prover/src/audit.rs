//! Audits: are the keys on a card those of an architecture, and are its commitments those of a model?
//!
//! A card's keys are its publisher's word until somebody rebuilds them. That takes the structure of the ONNX file
//! ([`structure`](provenn_circuits::onnx::structure), no weights), the recipe on the card, and the full SRS. Somebody
//! who also has the weights and the openings can recompute the commitments.

mod fidelity;

use crate::chain;
use crate::commit::{commit_columns, compressed, describe, model_key, srs_verifying_key, Compiled, Description};
use crate::error::ProveError;
use crate::recipe;
use crate::register::registration_key;
use crate::rows::Rows;
use crate::srs::Srs;
use crate::store;
use halo2curves::bn256::Fr;
use provenn_circuits::argument::weight_cells;
use provenn_circuits::compile::{self, Ranges, Weights};
use provenn_circuits::graph::{Graph, Sample};
use provenn_circuits::layout::TAIL;
use provenn_circuits::onnx;
use provenn_circuits::program::Program;
use provenn_circuits::CircuitError;
use provenn_verifier::{ModelCard, SrsVerifyingKey};
use std::sync::Arc;

/// One thing that was recomputed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// What it means if it holds.
    pub meaning: &'static str,
    /// Whether the card has the recomputed value.
    pub holds: bool,
    /// What was found where it does not hold, for people; empty if the name says it all.
    pub found: Vec<String>,
}

/// log2 of the rows of a card's circuit: the size of the SRS that an audit needs. To be asked before any is made or read.
///
/// # Errors
/// [`CircuitError::Recipe`] for a size that no compilation gives, and
/// [`ProveError::CardSize`] if the parts of the card differ.
pub fn size(card: &ModelCard) -> Result<u32, ProveError> {
    let shape = description(card)?.shape;
    shape.check()?;
    let (key, registration, recipe) = (card.key.k, card.registration.key.k, shape.k);
    match (key, registration) == (recipe, recipe) {
        true => Ok(recipe),
        false => Err(ProveError::CardSize {
            key,
            registration,
            recipe,
        }),
    }
}

/// The people's part of the card of a model, or of a stage.
fn description(card: &ModelCard) -> Result<Description, ProveError> {
    match card.key.purpose.segment() {
        Some(_) => chain::stage_description(card),
        None => store::description(card),
    }
}

/// Whether the registration of a model, or of a stage, holds.
fn registered(card: &ModelCard, srs: &SrsVerifyingKey) -> bool {
    match card.key.purpose.segment() {
        Some(_) => card.check_segment(srs).is_ok(),
        None => card.clone().check(srs).is_ok(),
    }
}

/// The graph with its inputs lifted as the card says.
pub(crate) fn lifted(graph: Graph, description: &Description) -> Result<Graph, CircuitError> {
    let inputs = description.inputs.iter().enumerate();
    let mut inputs = inputs.filter(|(_, input)| !input.lifts.is_empty());
    inputs.try_fold(graph, |graph, (index, input)| {
        let refused = || {
            CircuitError::Recipe(format!(
                "scales of the elements of input {index} that no compilation gives"
            ))
        };
        graph.lifted(index, &input.lifts).ok_or_else(refused)
    })
}

/// Rebuilds everything on the card of a model, or of a stage, that does not depend on weights. With `tails`, `model` must hold the weights, and
/// the commitments are recomputed too.
///
/// # Errors
/// A model that cannot be compiled at all with the card's recipe, or an SRS of another size.
pub fn audit(model: &[u8], card: &ModelCard, srs: &Srs, tails: Option<&[Vec<Fr>]>) -> Result<Vec<Check>, ProveError> {
    if size(card)? != srs.k() {
        return Err(ProveError::SrsMismatch);
    }
    let srs_key = srs_verifying_key(srs)?;
    if srs_key.id() != card.srs_id {
        return Err(ProveError::SrsMismatch);
    }
    let description = description(card)?;
    let graph = lifted(onnx::import(model)?, &description)?;
    let weights = match tails {
        Some(_) => Weights::Given,
        None => Weights::Unknown,
    };
    let (program, layout) = match compile::rebuild(&graph, &description.ranges, &description.shape, weights) {
        Ok(rebuilt) => rebuilt,
        // Other weights than those of the card, as a structure has them.
        Err(CircuitError::Recipe(found)) if weights == Weights::Given => {
            return Ok(vec![Check {
                name: "recipe",
                meaning: "the recipe on the card is what the compiler makes of these weights",
                holds: false,
                found: vec![found],
            }])
        }
        Err(error) => return Err(error.into()),
    };
    let compiled = Compiled {
        graph,
        ranges: description.ranges.clone(),
        model: Arc::new(program),
        layout: Arc::new(layout),
        calibration: Rows::from(Vec::<Sample>::new()),
        choices: vec![],
        warnings: vec![],
    };
    let (program, layout) = (&compiled.model, &compiled.layout);
    let (_, key) = model_key(program, layout, srs)?;
    let registration = registration_key(program, layout, srs)?;
    let check = |name, meaning, holds| Check {
        name,
        meaning,
        holds,
        found: vec![],
    };
    let mut checks = vec![
        check("circuit key", "receipts are about this architecture", key == card.key),
        check(
            "registration key",
            "the registration fixes the range and place of weights, and this architecture's constants",
            registration == card.registration.key,
        ),
        check(
            "registration",
            "the committed weights are in range and where the architecture has them, its constants as it has them",
            registered(card, &srs_key),
        ),
        check(
            "quantization",
            "the recipe on the card is the one that receipts name",
            recipe::digest(&description) == card.quantization,
        ),
        check(
            "description",
            "what the card says of the model, but its fidelity, is so",
            describes(&description, &card.description, &compiled),
        ),
    ];
    if let Some(tails) = tails {
        let cells = weight_cells(program, layout);
        let fit = tails.len() == cells.len() && tails.iter().all(|tail| tail.len() == TAIL);
        let points = if fit {
            commit_columns(srs, &cells, tails)
        } else {
            vec![]
        };
        checks.push(check(
            "commitments",
            "the committed weights are those of this file",
            fit && points.iter().map(compressed).eq(card.commitments.iter().copied()),
        ));
        checks.extend(agree(&compiled.graph, &compiled.ranges, &compiled.model)?);
    }
    Ok(checks)
}

/// With the weights: whether magnitudes and integers on a card follow the float model.
pub(crate) fn agree(graph: &Graph, ranges: &Ranges, program: &Program) -> Result<[Check; 2], ProveError> {
    let check = |name, meaning, found: Vec<String>| Check {
        name,
        meaning,
        holds: found.is_empty(),
        found,
    };
    Ok([
        check(
            "magnitudes",
            "the magnitudes on the card are of the order that the model has",
            fidelity::magnitudes(graph, ranges)?,
        ),
        check(
            "fidelity",
            "on random inputs of the card's magnitude the integers that are proven follow the float model",
            fidelity::outputs(graph, ranges, program)?,
        ),
    ])
}

/// Whether a description is, field for field, the one that the model has; the fidelity and what is said of it are the publisher's.
fn describes(description: &Description, text: &str, model: &Compiled) -> bool {
    let expected = serde_json::to_value(Description {
        about: description.about.clone(),
        ..describe(model, description.fidelity.clone())
    });
    let given = serde_json::from_str::<serde_json::Value>(text);
    expected
        .ok()
        .zip(given.ok())
        .is_some_and(|(expected, given)| expected == given)
}
