//! Audits: are the keys on a card those of an architecture, and are its commitments those of a model?
//!
//! A card's keys are its publisher's word until somebody rebuilds them. That takes the structure of the ONNX file
//! ([`structure`](provenn_circuits::onnx::structure), no weights), the recipe on the card, and the full SRS. Somebody
//! who also has the weights and the openings can recompute the commitments.

use crate::commit::{commit_columns, compressed, model_key, quantization_digest, srs_verifying_key, Description};
use crate::error::ProveError;
use crate::register::registration_key;
use crate::srs::Srs;
use crate::store;
use halo2curves::bn256::Fr;
use provenn_circuits::layout::Layout;
use provenn_circuits::qmodel::QModel;
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
    let (program, layout) = (Arc::new(program), Arc::new(layout));
    let (_, key) = model_key(&program, &layout, srs)?;
    let registration = registration_key(&program, &layout, srs)?;
    let mut checks = vec![
        Check {
            name: "circuit key",
            meaning: "receipts are about this architecture",
            holds: key == card.key,
        },
        Check {
            name: "registration key",
            meaning: "the registration is about the range and place of these weights",
            holds: registration == card.registration.key,
        },
        Check {
            name: "registration",
            meaning: "the committed weights are in range and where the architecture has them",
            holds: card.clone().check(&srs_key).is_ok(),
        },
        Check {
            name: "quantization",
            meaning: "the recipe on the card is the one that receipts name",
            holds: quantization_digest(&description) == card.quantization,
        },
        Check {
            name: "description",
            meaning: "scales and shapes on the card are those of the circuit",
            holds: describes(&description, &program, &layout),
        },
    ];
    if let Some(tails) = tails {
        let cells = weight_cells(&program, &layout);
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

/// The parts of the description that follow from the program.
fn describes(description: &Description, model: &QModel, layout: &Layout) -> bool {
    let input = if layout.shape.public_input {
        "public"
    } else {
        "committed"
    };
    description.shape == layout.shape
        && description.input_shape == model.input_shape
        && description.output_shape == model.output_shape
        && description.input_frac == model.tensors[0].frac
        && description.output_frac == model.tensors[model.output()].frac
        && description
            .tensors
            .iter()
            .map(|(_, frac)| *frac)
            .eq(model.tensors.iter().map(|t| t.frac))
        && description.input == input
}
