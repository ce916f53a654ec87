//! A committed model in its folder, in one circuit or in segments, as its owner has it.

use crate::bytes::hex32;
use crate::error::CliError;
use crate::files::{self, MAX_DATA};
use crate::srs;
use provenn_circuits::program::{quantize_input, Program};
use provenn_prover::chain::{self, Run, Segments, Stored};
use provenn_prover::commit::{Committed, Description};
use provenn_prover::input::{commit_input_of, opens, Opening};
use provenn_prover::prove::{self, Stage};
use provenn_prover::srs::Srs;
use provenn_prover::{store, Input, ProveError};
use provenn_verifier::{Context, Disclosure, ModelCard};
use std::path::Path;
use std::sync::Arc;

/// The model.
pub enum Owned {
    /// In one circuit.
    Model(Box<Committed>),
    /// In segments, which stay in their files, and the program of the first.
    Chain(Box<Stored>, Arc<Program>),
}

impl Owned {
    /// The model in a folder, and the parameters there, which have this id.
    pub fn load(folder: &Path, srs_id: &str) -> Result<(Self, Srs), CliError> {
        let owned = || -> Result<Self, ProveError> {
            match folder.join(chain::CARD).is_file() {
                true => {
                    let stored = Stored::load(folder)?;
                    let first = stored.program(0)?;
                    Ok(Self::Chain(Box::new(stored), first))
                }
                false => store::load(folder).map(|committed| Self::Model(Box::new(committed))),
            }
        };
        let (owned, srs) = rayon::join(owned, || parameters(folder, srs_id));
        Ok((owned?, srs?))
    }

    /// The people's part of its card.
    pub fn description(&self) -> Result<Description, ProveError> {
        match self {
            Self::Model(committed) => store::description(&committed.card),
            Self::Chain(stored, _) => chain::description(&stored.card).map(|description| description.model),
        }
    }

    /// The circuit that takes the inputs.
    fn first(&self) -> Result<(&ModelCard, &Program), ProveError> {
        match self {
            Self::Model(committed) => Ok((&committed.card, &committed.model)),
            Self::Chain(stored, program) => {
                let card = stored.card.segments.first().ok_or(ProveError::SrsMismatch)?;
                Ok((card, program))
            }
        }
    }

    /// The integers of an input.
    pub fn quantized(&self, index: usize, elements: &[f32]) -> Result<Vec<i64>, ProveError> {
        Ok(quantize_input(self.first()?.1, index, elements)?)
    }

    /// Commits to an input.
    pub fn commit(&self, srs: &Srs, index: usize, values: &[i64]) -> Result<Opening, ProveError> {
        let (card, program) = self.first()?;
        commit_input_of(card, program, srs, index, values)
    }

    /// Whether an opening opens its commitments to these values.
    pub fn opens(&self, srs: &Srs, index: usize, values: &[i64], opening: &Opening) -> Result<bool, ProveError> {
        opens(self.first()?.0, srs, index, values, opening)
    }

    /// Makes a receipt, or of a model in segments the run that its segments are proven of.
    pub fn prove(
        &self,
        srs: &Srs,
        inputs: &[Input],
        policy: Disclosure,
        context: Context,
        stage: &dyn Fn(Stage),
    ) -> Result<Vec<u8>, ProveError> {
        match self {
            Self::Model(committed) => prove::prove(committed, srs, inputs, policy, context, stage),
            Self::Chain(stored, _) => {
                stage(Stage::Witness);
                Run::new(&stored.card, stored.as_ref(), srs, inputs, &policy, &context)?.to_bytes()
            }
        }
    }
}

/// Proves a segment of a run, from 1, with the files of that segment alone.
pub fn segment(folder: &Path, srs_id: &str, run: &Path, segment: u32) -> Result<Vec<u8>, CliError> {
    let stored = Stored::load(folder)?;
    let srs = parameters(folder, srs_id)?;
    let run = Run::from_bytes(&files::read(run, MAX_DATA)?)?;
    let index = (segment as usize).wrapping_sub(1);
    Ok(chain::prove_segment(&stored.card, &stored, &srs, &run, index)?.to_bytes())
}

/// The parameters in a model's folder, which have this id.
fn parameters(folder: &Path, srs_id: &str) -> Result<Srs, CliError> {
    let id = hex32(srs_id).map_err(|e| CliError::usage("srs-id", e, ""))?;
    Ok(Srs::load(&folder.join(srs::FILE), Some(id))?)
}
