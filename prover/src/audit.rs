//! Audits: are the keys on a card those of an architecture, and are its commitments those of a model?
//!
//! A card's keys are its publisher's word until somebody rebuilds them. That takes the structure of the ONNX file
//! ([`structure`](provenn_circuits::onnx::structure), no weights), the recipe on the card, and the full SRS. Somebody
//! who also has the weights and the openings can recompute the commitments.

use crate::commit::{
    commit_columns, compressed, describe, model_key, quantization_digest, srs_verifying_key, Compiled, Description,
};
use crate::error::ProveError;
use crate::register::registration_key;
use crate::srs::Srs;
use crate::store;
use halo2curves::bn256::Fr;
use provenn_circuits::shape::TAIL;
use provenn_circuits::witness::weight_cells;
use provenn_circuits::{lower, onnx};
use provenn_verifier::ModelCard;
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
}

/// Rebuilds everything on a card that does not depend on weights. With `tails`, `model` must hold the weights, and
/// the commitments are recomputed too.
///
/// # Errors
/// A model that cannot be compiled at all with the card's recipe, or an SRS of another size.
pub fn audit(model: &[u8], card: &ModelCard, srs: &Srs, tails: Option<&[Vec<Fr>]>) -> Result<Vec<Check>, ProveError> {
    let srs_key = srs_verifying_key(srs)?;
    if srs_key.id() != card.srs_id {
        return Err(ProveError::SrsMismatch);
    }
    let description = store::description(card)?;
    let graph = onnx::import(model)?;
    let (program, layout) = lower::rebuild(&graph, &description.ranges, &description.shape)?;
    let compiled = Compiled {
        graph,
        ranges: description.ranges.clone(),
        model: Arc::new(program),
        layout: Arc::new(layout),
    };
    let (program, layout) = (&compiled.model, &compiled.layout);
    let (_, key) = model_key(program, layout, srs)?;
    let registration = registration_key(program, layout, srs)?;
    let mut checks = vec![
        Check {
            name: "circuit key",
            meaning: "receipts are about this architecture",
            holds: key == card.key,
        },
        Check {
            name: "registration key",
            meaning: "the registration fixes the range and place of weights, and this architecture's constants",
            holds: registration == card.registration.key,
        },
        Check {
            name: "registration",
            meaning:
                "the committed weights are in range and where the architecture has them, its constants as it has them",
            holds: card.clone().check(&srs_key).is_ok(),
        },
        Check {
            name: "quantization",
            meaning: "the recipe on the card is the one that receipts name",
            holds: quantization_digest(&description) == card.quantization,
        },
        Check {
            name: "description",
            meaning: "what the card says of the model, but its accuracy, is so",
            holds: describes(&description, &card.description, &compiled),
        },
    ];
    if let Some(tails) = tails {
        let cells = weight_cells(program, layout);
        let fit = tails.len() == cells.len() && tails.iter().all(|tail| tail.len() == TAIL);
        let points = if fit {
            commit_columns(srs, &cells, tails)
        } else {
            vec![]
        };
        checks.push(Check {
            name: "commitments",
            meaning: "the committed weights are those of this file",
            holds: fit && points.iter().map(compressed).eq(card.commitments.iter().copied()),
        });
    }
    Ok(checks)
}

/// Whether a description is, field for field, the one that the model has; the accuracy is the publisher's.
fn describes(description: &Description, text: &str, model: &Compiled) -> bool {
    let expected = serde_json::to_value(describe(model, description.accuracy.clone()));
    let given = serde_json::from_str::<serde_json::Value>(text);
    expected
        .ok()
        .zip(given.ok())
        .is_some_and(|(expected, given)| expected == given)
}
