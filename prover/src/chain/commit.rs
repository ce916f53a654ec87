//! Commitment of a model in segments.

use super::{CompiledChain, Segment};
use crate::commit::{model_key, scores_fit, srs_verifying_key, system_rng, CommitOptions};
use crate::error::{Defect, ProveError};
use crate::recipe;
use crate::register::{register, Unregistered};
use crate::srs::Srs;
use provenn_circuits::argument::weight_cells;
use provenn_circuits::layout::Layout;
use provenn_circuits::program::Program;
use provenn_circuits::register::RegisterCircuit;
use provenn_verifier::{ChainCard, CheckedChain, ModelCard, SrsVerifyingKey};
use rand_core::{CryptoRng, RngCore};
use serde::Serialize;
use std::sync::Arc;

/// Commits to the segments of a model, one after the other; `keep` has each when it is made, with its index.
///
/// # Errors
/// As [`crate::commit::commit`], and those of `keep`.
pub fn commit(
    compiled: &CompiledChain,
    options: &CommitOptions,
    srs: &Srs,
    keep: &mut dyn FnMut(usize, Segment) -> Result<(), ProveError>,
) -> Result<CheckedChain, ProveError> {
    commit_with(compiled, options, srs, keep, &mut system_rng()?)
}

/// [`commit`] with the caller's randomness. Whoever can guess it opens the commitments: seeded generators are for fixtures.
///
/// # Errors
/// As [`commit`].
pub fn commit_with<R: RngCore + CryptoRng>(
    compiled: &CompiledChain,
    options: &CommitOptions,
    srs: &Srs,
    keep: &mut dyn FnMut(usize, Segment) -> Result<(), ProveError>,
    rng: &mut R,
) -> Result<CheckedChain, ProveError> {
    scores_fit(&compiled.graph, &compiled.model)?;
    let described = compiled.describe(compiled.fidelity(options)?);
    let mut description = described.ok_or(ProveError::SrsMismatch)?;
    description.model.about.clone_from(&options.about);
    let about = description.model.check_about(compiled.instances().as_ref());
    about.map_err(|reason| ProveError::About { reason })?;
    let srs_key = srs_verifying_key(srs)?;
    let quantization = recipe::digest(&description.model);
    let mut cards = vec![];
    for (index, (model, layout)) in compiled.segments.iter().enumerate() {
        let words = (quantization, text(&layout.shape)?);
        let (card, segment) = one(model, layout, words, srs, &srs_key, rng)?;
        cards.push(card);
        keep(index, segment)?;
    }
    let card = ChainCard {
        segments: cards,
        description: text(&description)?,
    };
    card.check(&srs_key).map_err(ProveError::Refused)
}

/// Commits to one segment, or stage. On its card are these: the digest of its recipe, and the text for people.
pub(super) fn one<R: RngCore + CryptoRng>(
    model: &Arc<Program>,
    layout: &Arc<Layout>,
    (quantization, description): ([u8; 32], String),
    srs: &Srs,
    srs_key: &SrsVerifyingKey,
    rng: &mut R,
) -> Result<(ModelCard, Segment), ProveError> {
    let (proving_key, key) = model_key(model, layout, srs)?;
    let unregistered = Unregistered {
        key,
        quantization,
        description,
    };
    let circuit = RegisterCircuit::new(model, layout)?;
    let lanes = weight_cells(model, layout);
    let registered = register(&circuit, &lanes, unregistered, srs, srs_key, rng)?;
    let segment = Segment {
        model: model.clone(),
        layout: layout.clone(),
        tails: registered.tails,
        proving_key,
    };
    Ok((registered.card, segment))
}

/// As cards have it.
pub(super) fn text(value: &impl Serialize) -> Result<String, ProveError> {
    serde_json::to_string(value).map_err(|e| {
        Defect::Encoding {
            what: "the description",
            reason: e.to_string(),
        }
        .into()
    })
}
