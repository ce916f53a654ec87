//! Models in segments: compiled, committed and proven one circuit after the other, so that memory is that of the largest.

mod audit;
mod commit;
mod compiled;
mod file;
mod kept;
mod piece;
mod prove;
mod run;
mod stage;
mod stages;
mod store;

pub use audit::{audit, audit_stages, size};
pub use commit::{commit, commit_with};
pub use compiled::{compile, CompiledChain};
pub use piece::{join, prove_segment, prove_segment_with, segment_proof, Piece, PIECE_MAGIC};
pub use prove::{bind_inputs, bind_inputs_with, prove, prove_with};
pub use run::{Run, RUN_MAGIC};
pub use stage::{commit_stage, commit_stage_with, compile_stage, save_stage, stage_description, Place, STAGE};
pub use stages::of_stages;
pub use store::{description, folder_name, keep, openings, save, Stored, CARD};

use crate::commit::Description;
use crate::error::ProveError;
use crate::plonk::Key;
use halo2curves::bn256::Fr;
use provenn_circuits::layout::Layout;
use provenn_circuits::program::{Program, TensorId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A committed segment, as its owner holds it. Its card is one of the chain's.
#[derive(Debug)]
pub struct Segment {
    /// The program, with weights.
    pub model: Arc<Program>,
    /// Its layout.
    pub layout: Arc<Layout>,
    /// Tails of the committed weight columns: the openings. Secret.
    pub tails: Vec<Vec<Fr>>,
    /// The proving key.
    pub proving_key: Key,
}

/// Where the segments of a model are, to be had one at a time.
pub trait Segments {
    /// What a segment computes.
    ///
    /// # Errors
    /// Of reading it.
    fn program(&self, index: usize) -> Result<Arc<Program>, ProveError>;

    /// All that its proofs take.
    ///
    /// # Errors
    /// Of reading it.
    fn segment(&self, index: usize) -> Result<Arc<Segment>, ProveError>;

    /// In which order so many segments are best proven after a run.
    fn order(&self, segments: usize) -> Vec<usize> {
        (0..segments).collect()
    }
}

/// All of them in memory.
impl Segments for Vec<Arc<Segment>> {
    fn program(&self, index: usize) -> Result<Arc<Program>, ProveError> {
        self.segment(index).map(|segment| segment.model.clone())
    }

    fn segment(&self, index: usize) -> Result<Arc<Segment>, ProveError> {
        self.get(index).cloned().ok_or(ProveError::SrsMismatch)
    }
}

/// The people's part of a card of a model in segments: that of the model, its shape being that of the last segment with the inputs of the
/// first; and where it is cut.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChainDescription {
    /// Of the whole model.
    #[serde(flatten)]
    pub model: Description,
    /// The tensors at which it is cut; none if it is of stages.
    pub cuts: Vec<TensorId>,
    /// The names of the stages, if they were committed apart: what is said of each is on its own card.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<String>,
}
