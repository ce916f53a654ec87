//! Audits of models in segments: the whole is compiled again, cut where the card says, and each segment compared.

use super::commit::text;
use super::{of_stages, stage_description, CompiledChain};
use crate::audit::{self, agree, lifted, Check};
use crate::commit::{commit_columns, compressed, model_key, srs_verifying_key};
use crate::error::ProveError;
use crate::recipe;
use crate::register::registration_key;
use crate::rows::Rows;
use crate::srs::Srs;
use halo2curves::bn256::Fr;
use provenn_circuits::argument::weight_cells;
use provenn_circuits::compile::{self, Weights};
use provenn_circuits::graph::Sample;
use provenn_circuits::layout::{Shape, TAIL};
use provenn_circuits::onnx;
use provenn_circuits::CircuitError;
use provenn_verifier::{ChainCard, ModelCard};

/// The shapes that the cards of the segments name; those of stages name all of a model.
fn shapes(card: &ChainCard) -> Result<Vec<Shape>, ProveError> {
    if !super::description(card)?.stages.is_empty() {
        return card
            .segments
            .iter()
            .map(|stage| Ok(stage_description(stage)?.shape))
            .collect();
    }
    let shape = |card: &ModelCard| {
        serde_json::from_str(&card.description).map_err(|e| ProveError::Description {
            reason: crate::store::json_reason(&e),
        })
    };
    card.segments.iter().map(shape).collect()
}

/// log2 of the rows of a card's circuits: the size of the SRS that an audit needs.
///
/// # Errors
/// As [`crate::audit::size`].
pub fn size(card: &ChainCard) -> Result<u32, ProveError> {
    let mut agreed = None;
    for (card, shape) in card.segments.iter().zip(shapes(card)?) {
        shape.check()?;
        let (key, registration, recipe) = (card.key.k, card.registration.key.k, shape.k);
        if (key, registration) != (recipe, recipe) || agreed.is_some_and(|k| k != recipe) {
            return Err(ProveError::CardSize {
                key,
                registration,
                recipe,
            });
        }
        agreed = Some(recipe);
    }
    agreed.ok_or(ProveError::SrsMismatch)
}

/// Rebuilds everything on a card that does not depend on weights. With the `tails` of all segments, `model` must hold the weights, and the
/// commitments are recomputed too.
///
/// # Errors
/// As [`crate::audit::audit`].
pub fn audit(
    model: &[u8],
    card: &ChainCard,
    srs: &Srs,
    tails: Option<&[Vec<Vec<Fr>>]>,
) -> Result<Vec<Check>, ProveError> {
    let srs_key = srs_verifying_key(srs)?;
    let same = card.segments.iter().all(|card| card.srs_id == srs_key.id());
    if size(card)? != srs.k() || !same {
        return Err(ProveError::SrsMismatch);
    }
    let description = super::description(card)?;
    if !description.stages.is_empty() {
        return audit_stages(&[model], card, srs, tails);
    }
    let graph = lifted(onnx::import(model)?, &description.model)?;
    let weights = match tails {
        Some(_) => Weights::Given,
        None => Weights::Unknown,
    };
    let ranges = &description.model.ranges;
    let rebuilt = match compile::rebuild_chain(&graph, ranges, &description.cuts, &shapes(card)?, weights) {
        Ok(rebuilt) => rebuilt,
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
    let rows = Rows::from(Vec::<Sample>::new());
    let compiled = CompiledChain::new(graph, ranges.clone(), rebuilt, rows);
    let check = |name, meaning, holds| Check {
        name,
        meaning,
        holds,
        found: vec![],
    };
    let (mut keys, mut registrations, mut commitments, mut shapes) = (true, true, true, true);
    for (index, (card, (program, layout))) in card.segments.iter().zip(&compiled.segments).enumerate() {
        keys &= model_key(program, layout, srs)?.1 == card.key;
        registrations &= registration_key(program, layout, srs)? == card.registration.key;
        shapes &= text(&layout.shape)? == card.description;
        if let Some(tails) = tails {
            let (cells, tails) = (
                weight_cells(program, layout),
                tails.get(index).map_or(&[][..], Vec::as_slice),
            );
            let fit = tails.len() == cells.len() && tails.iter().all(|tail| tail.len() == TAIL);
            let points = if fit {
                commit_columns(srs, &cells, tails)
            } else {
                vec![]
            };
            commitments &= fit && points.iter().map(compressed).eq(card.commitments.iter().copied());
        }
    }
    let quantization = recipe::digest(&description.model);
    let expected = compiled
        .describe(description.model.fidelity.clone())
        .and_then(|mut expected| {
            expected.model.about.clone_from(&description.model.about);
            serde_json::to_value(expected).ok()
        });
    let given = serde_json::from_str::<serde_json::Value>(&card.description).ok();
    let mut checks = vec![
        check(
            "circuit key",
            "receipts are about this architecture: each segment is what it computes between two cuts, and takes what the one before gives",
            keys,
        ),
        check(
            "registration key",
            "the registrations of the segments fix the range and place of weights, and this architecture's constants",
            registrations,
        ),
        check(
            "registration",
            "the committed weights are in range and where the architecture has them, its constants as it has them",
            card.clone().check(&srs_key).is_ok(),
        ),
        check(
            "quantization",
            "the recipe on the card is the one that receipts name",
            card.segments.iter().all(|card| card.quantization == quantization),
        ),
        check(
            "description",
            "what the card says of the model, but its fidelity, is so",
            shapes && expected.is_some() && expected == given,
        ),
    ];
    if tails.is_some() {
        checks.push(check(
            "commitments",
            "the committed weights are those of this file",
            commitments,
        ));
        checks.extend(agree(&compiled.graph, &compiled.ranges, &compiled.model)?);
    }
    Ok(checks)
}

/// The same of a chain of stages: each from a file of its own, in their order, and that they are put together as they give and take.
///
/// # Errors
/// As [`audit()`], and [`ProveError::Stage`] for another number of files than the chain has stages.
pub fn audit_stages(
    models: &[&[u8]],
    card: &ChainCard,
    srs: &Srs,
    tails: Option<&[Vec<Vec<Fr>>]>,
) -> Result<Vec<Check>, ProveError> {
    let description = super::description(card)?;
    let (stages, given) = (description.stages.len(), models.len());
    if stages != card.segments.len() || given != stages {
        return Err(ProveError::Stage {
            reason: format!("{given} files for a chain of {} stages", card.segments.len()),
            help: "give the file of each stage, in their order",
        });
    }
    let mut all: Vec<Check> = vec![];
    for (index, (model, card)) in models.iter().zip(&card.segments).enumerate() {
        let tails = tails.map(|tails| tails.get(index).map_or(&[][..], Vec::as_slice));
        for mut check in audit::audit(model, card, srs, tails)? {
            if !check.holds {
                check.found.insert(0, format!("stage {}", index + 1));
            }
            match all.iter_mut().find(|known| known.name == check.name) {
                Some(known) => {
                    known.holds &= check.holds;
                    known.found.extend(check.found);
                }
                None => all.push(check),
            }
        }
    }
    let joined = of_stages(card.segments.clone(), description.model.about);
    all.push(Check {
        name: "chain",
        meaning: "each stage takes what the one before gives, in its place, shape and scale; the card says no more than those of the stages",
        holds: joined.as_ref().is_ok_and(|joined| joined == card),
        found: joined.err().map(|error| error.to_string()).into_iter().collect(),
    });
    Ok(all)
}
