//! Stages: models that are committed apart, by owners of their own, to be put together to a chain.
//!
//! The card of a stage is that of a segment with the description of a model. What it gives has place, width and scale on that card, and the stage
//! after it is compiled for them: it takes the same cells and proves their range again, so that it assumes nothing that the other does not prove.

use super::commit::{one, text};
use super::Segment;
use crate::commit::{
    calibrated, describe, instance_layout, scores_fit, srs_verifying_key, system_rng, Calibrated, CommitOptions,
    CommittedInputs, Compiled, Description, Lifting,
};
use crate::error::ProveError;
use crate::recipe;
use crate::srs::Srs;
use crate::store::{self, Part};
use provenn_circuits::compile::{self, Chosen, Stage, Taken};
use provenn_verifier::schema::MAX_FRAC;
use provenn_verifier::{InputLayout, ModelCard, SegmentLayout};
use rand_core::{CryptoRng, RngCore};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

/// The name of the card in a stage's directory.
pub const STAGE: &str = "stage.card";

/// Fractional bits that cards may name.
const SCALES: RangeInclusive<i32> = -MAX_FRAC..=MAX_FRAC - 256;

/// Where a stage stands in its chain.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The card of the stage whose output is its only input. The first stage has none, and the inputs of the model.
    pub after: Option<ModelCard>,
    /// Whether it gives its only output to a stage after it, and how many rows it leaves to the outputs of the last one. The last stage does not.
    pub gives: Option<usize>,
    /// log2 of the rows of its circuit, if it takes nothing and they are not to be chosen.
    pub k: Option<u32>,
}

/// What a stage gives, by its card.
pub(super) struct Gives<'a> {
    pub description: Description,
    pub tensor: &'a InputLayout,
    pub lanes: u32,
}

impl<'a> Gives<'a> {
    pub(super) fn of(card: &'a ModelCard) -> Result<Self, ProveError> {
        let (description, layout) = (stage_description(card)?, layout(card)?);
        let tensor = layout.gives.as_ref().ok_or_else(|| ProveError::Stage {
            reason: format!("the stage `{}` gives nothing to another", description.name),
            help: "commit it with --gives",
        })?;
        Ok(Self {
            description,
            tensor,
            lanes: layout.given_lanes(),
        })
    }

    /// Shape and scale; none of a description without outputs.
    pub(super) fn output(&self) -> Option<(&[usize], i32)> {
        let output = self.description.outputs.first()?;
        Some((&output.shape, output.frac))
    }
}

pub(super) fn layout(card: &ModelCard) -> Result<&SegmentLayout, ProveError> {
    card.key.purpose.segment().ok_or_else(|| ProveError::Stage {
        reason: "the card is of a whole model".into(),
        help: "commit the model as a stage, with --gives or --after",
    })
}

/// Imports and compiles a model as a stage.
///
/// # Errors
/// As [`crate::commit::compile`]; [`ProveError::Stage`] and [`CircuitError::Stage`](provenn_circuits::CircuitError::Stage) if it does not fit the
/// one before it.
pub fn compile_stage(bytes: &[u8], options: &CommitOptions, place: &Place) -> Result<Compiled, ProveError> {
    let before = place.after.as_ref().map(|card| Ok((card, Gives::of(card)?)));
    let before: Option<(&ModelCard, Gives<'_>)> = before.transpose().map_err(|error: ProveError| error)?;
    let lifting = before.as_ref().map_or(Lifting::Wanted, |_| Lifting::None);
    let options = CommitOptions {
        committed_inputs: match &before {
            Some(_) => CommittedInputs::All,
            None => options.committed_inputs.clone(),
        },
        ..options.clone()
    };
    let Calibrated {
        graph,
        public,
        mut ranges,
        rows,
    } = calibrated(bytes, &options, lifting)?;
    let takes = before.map(|(card, gives)| {
        let missing = || ProveError::Stage {
            reason: format!("the card of the stage `{}` names no output", gives.description.name),
            help: "get the card again from its owner",
        };
        let (shape, frac) = gives.output().ok_or_else(missing)?;
        let own = graph
            .inputs
            .first()
            .map_or(&[][..], |input| graph.unbatched(input.value));
        if graph.inputs.len() == 1 && own != shape {
            return Err(ProveError::Stage {
                reason: format!(
                    "its input has the shape {own:?}, and the stage `{}` gives {shape:?}",
                    gives.description.name
                ),
                help: "name the stage that gives what the model takes, or export the model with this shape",
            });
        }
        let tensor = gives.tensor;
        Ok(Taken {
            k: card.key.k,
            lanes: gives.lanes as usize,
            channels: tensor.channels as usize,
            positions: tensor.positions as usize,
            row: tensor.row as usize,
            bits: tensor.bits,
            frac,
        })
    });
    let stage = Stage {
        takes: takes.transpose()?,
        gives: place.gives,
        k: place.k,
    };
    stage.check(&graph)?;
    if let Some(taken) = &stage.takes {
        ranges = ranges.of_stage(&graph, taken)?;
    }
    let Chosen { model, layout, choices } =
        compile::compile_stage(&graph, &ranges, &public, &stage, options.objective)?;
    let warnings = match options.calibration.is_some() {
        true => rows.warnings(&model),
        false => vec![],
    };
    Ok(Compiled {
        graph,
        ranges,
        model: Arc::new(model),
        layout: Arc::new(layout),
        choices,
        calibration: rows,
        warnings,
    })
}

/// Commits to a compiled stage.
///
/// # Errors
/// As [`crate::commit::commit`]; [`ProveError::Stage`] if the stage before it was committed under another SRS.
pub fn commit_stage(
    compiled: &Compiled,
    options: &CommitOptions,
    place: &Place,
    srs: &Srs,
) -> Result<(ModelCard, Segment), ProveError> {
    commit_stage_with(compiled, options, place, srs, &mut system_rng()?)
}

/// [`commit_stage`] with the caller's randomness. Whoever can guess it opens the commitments: seeded generators are for fixtures.
///
/// # Errors
/// As [`commit_stage`].
pub fn commit_stage_with<R: RngCore + CryptoRng>(
    compiled: &Compiled,
    options: &CommitOptions,
    place: &Place,
    srs: &Srs,
    rng: &mut R,
) -> Result<(ModelCard, Segment), ProveError> {
    let srs_key = srs_verifying_key(srs)?;
    if let Some(before) = &place.after {
        if before.srs_id != srs_key.id() {
            return Err(ProveError::Stage {
                reason: "the stage before it was committed under another SRS".into(),
                help: "commit both under one: a ceremony, or parameters that one owner gives the other",
            });
        }
        before.check_segment(&srs_key).map_err(ProveError::Refused)?;
    }
    let (model, layout) = (&compiled.model, &compiled.layout);
    scores_fit(&compiled.graph, model)?;
    let mut description = describe(compiled, compiled.fidelity(options)?);
    description.about.clone_from(&options.about);
    let about = description.check_about(Some(&instance_layout(model, layout)));
    about.map_err(|reason| ProveError::About { reason })?;
    let words = (recipe::digest(&description), text(&description)?);
    let (card, segment) = one(model, layout, words, srs, &srs_key, rng)?;
    card.check_segment(&srs_key).map_err(ProveError::Refused)?;
    Ok((card, segment))
}

/// Writes the files of a stage: its card and `srs.vk` (public), and `model.private` (the owner's).
///
/// # Errors
/// [`ProveError::Io`].
pub fn save_stage(card: &ModelCard, segment: &Segment, srs: &Srs, directory: &Path) -> Result<(), ProveError> {
    store::save_public(&directory.join(STAGE), &card.to_bytes(), srs, directory)?;
    let part = Part {
        model: &segment.model,
        layout: &segment.layout,
        tails: &segment.tails,
    };
    part.save(directory)
}

/// The people's part of the card of a stage.
///
/// # Errors
/// [`ProveError::Description`] if it is not one of this version.
pub fn stage_description(card: &ModelCard) -> Result<Description, ProveError> {
    let bad = |reason| ProveError::Description { reason };
    let description: Description = serde_json::from_str(&card.description).map_err(|e| bad(store::json_reason(&e)))?;
    let layout = card.key.purpose.segment().map(|segment| &segment.instances);
    description.check_about(layout).map_err(bad)?;
    // As of models: numbers under other scales cannot be written down.
    let inputs = description.inputs.iter().map(|input| input.frac);
    let scales = inputs.chain(description.outputs.iter().map(|output| output.frac));
    match scales.into_iter().all(|frac| SCALES.contains(&frac)) {
        true => Ok(description),
        false => Err(bad(format!(
            "a scale is outside of 2^{} to 2^{}",
            SCALES.start(),
            SCALES.end()
        ))),
    }
}
