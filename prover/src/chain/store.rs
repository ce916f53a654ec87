//! Files of a committed model in segments: `chain.card` and `srs.vk` (public), and for each segment a folder with its `model.private`
//! (the owner's).

use super::kept::Kept;
use super::{ChainDescription, Segment, Segments};
use crate::error::ProveError;
use crate::srs::Srs;
use crate::store::{self, damaged, Opened, Part};
use halo2curves::bn256::Fr;
use provenn_circuits::argument::memory_bytes;
use provenn_circuits::layout::{Ends, Shape};
use provenn_circuits::program::Program;
use provenn_verifier::{ChainCard, CheckedChain, ModelCard, SrsVerifyingKey};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The name of the card in a model's directory.
pub const CARD: &str = "chain.card";

/// The name of the folder of a segment, from 0, in a model's directory.
pub fn folder_name(index: usize) -> String {
    format!("segment-{}", index + 1)
}

fn folder(directory: &Path, index: usize) -> PathBuf {
    directory.join(folder_name(index))
}

/// Writes the files of a segment.
///
/// # Errors
/// [`ProveError::Io`].
pub fn keep(segment: &Segment, directory: &Path, index: usize) -> Result<(), ProveError> {
    let part = Part {
        model: &segment.model,
        layout: &segment.layout,
        tails: &segment.tails,
    };
    part.save(&folder(directory, index))
}

/// Writes the public files.
///
/// # Errors
/// [`ProveError::Io`].
pub fn save(card: &ChainCard, srs: &Srs, directory: &Path) -> Result<(), ProveError> {
    store::save_public(&directory.join(CARD), &card.to_bytes(), srs, directory)
}

/// A committed model whose segments stay in their files.
#[derive(Debug)]
pub struct Stored {
    /// The public card.
    pub card: CheckedChain,
    directory: PathBuf,
    /// Private files that were read for a run, until the proofs of their segments.
    kept: Mutex<Kept<Opened>>,
}

/// What part of the memory of the largest proof may hold programs of other segments.
const SHARE: u64 = 2;

impl Stored {
    /// Reads the public files.
    ///
    /// # Errors
    /// [`ProveError::Io`] and [`ProveError::File`].
    pub fn load(directory: &Path) -> Result<Self, ProveError> {
        let (card_path, srs_path) = (directory.join(CARD), directory.join(store::SRS));
        let srs = SrsVerifyingKey::from_bytes(&store::read(&srs_path)?);
        let srs = srs.map_err(|e| damaged(&srs_path, e.to_string()))?;
        let card = ChainCard::from_bytes(&store::read(&card_path)?).and_then(|card| card.check(&srs));
        Ok(Self {
            card: card.map_err(|e| damaged(&card_path, e.to_string()))?,
            directory: directory.into(),
            kept: Mutex::new(Kept::new(0)),
        })
    }

    /// For those who run the model and then prove all segments: what is read for the run is kept until it is proven, as far as it takes no more than
    /// half of the memory of the largest proof. Those with the largest programs are proven first.
    #[must_use]
    pub fn keeping(self) -> Self {
        let memory = |card: &ModelCard| {
            let products = card.key.permutation_columns.len().div_ceil(3);
            memory_bytes(
                card.key.k,
                card.key.advice_phases.len() + products,
                card.commitments.len(),
            )
        };
        let largest = self.card.segments.iter().map(memory).max();
        Self {
            kept: Mutex::new(Kept::new(largest.unwrap_or(0) / SHARE)),
            ..self
        }
    }

    /// Whether the owner's files of a segment are here.
    pub fn holds(&self, index: usize) -> bool {
        folder(&self.directory, index).join(store::PRIVATE).is_file()
    }

    fn kept(&self) -> MutexGuard<'_, Kept<Opened>> {
        // What is kept is whole between any two calls.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Segments for Stored {
    fn program(&self, index: usize) -> Result<Arc<Program>, ProveError> {
        if let Some(file) = self.kept().get(index) {
            return Ok(file.model.clone());
        }
        let file = Opened::read(&folder(&self.directory, index))?;
        let program = file.model.clone();
        self.kept().keep(index, program.weight_bytes(), file);
        Ok(program)
    }

    fn order(&self, segments: usize) -> Vec<usize> {
        self.kept().largest_first(segments)
    }

    fn segment(&self, index: usize) -> Result<Arc<Segment>, ProveError> {
        let card = self.card.segments.get(index).ok_or(ProveError::SrsMismatch)?;
        let own = card.key.purpose.segment().ok_or(ProveError::SrsMismatch)?;
        let row = |row: u32| row as usize;
        let ends = Ends {
            takes: own
                .instances
                .inputs
                .first()
                .filter(|_| own.takes)
                .map(|input| row(input.row)),
            gives: own.gives.as_ref().map(|given| row(given.row)),
            onto: own.onto.map(row),
        };
        let known = Shape {
            ends,
            ..Shape::default()
        };
        let folder = folder(&self.directory, index);
        let kept = self.kept().take(index);
        let file = kept.map_or_else(|| Opened::read(&folder), Ok)?;
        let loaded = file.load(&folder, known, card.key.transcript_repr.into())?;
        Ok(Arc::new(Segment {
            model: loaded.model,
            layout: loaded.layout,
            tails: loaded.tails,
            proving_key: loaded.proving_key,
        }))
    }
}

/// The openings of all segments. Secret.
///
/// # Errors
/// [`ProveError::Io`] and [`ProveError::File`].
pub fn openings(directory: &Path, segments: usize) -> Result<Vec<Vec<Vec<Fr>>>, ProveError> {
    (0..segments)
        .map(|index| store::openings(&folder(directory, index).join(store::PRIVATE)))
        .collect()
}

/// The people's part of a card.
///
/// # Errors
/// [`ProveError::Description`] if it is not one of this version.
pub fn description(card: &ChainCard) -> Result<ChainDescription, ProveError> {
    let bad = |reason| ProveError::Description { reason };
    let description: ChainDescription =
        serde_json::from_str(&card.description).map_err(|e| bad(store::json_reason(&e)))?;
    description.model.check_about(card.layout().as_ref()).map_err(bad)?;
    card.schema().map_err(|error| bad(error.reason().to_owned()))?;
    Ok(description)
}
