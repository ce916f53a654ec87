//! Inputs of a proof: shown, or committed with randomness that opens the commitment. An opening is good for any number of receipts.

use crate::commit::{commit_columns, compressed, srs_verifying_key, system_rng, Committed};
use crate::error::ProveError;
use crate::srs::Srs;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use provenn_circuits::layout::TAIL;
use provenn_circuits::program::{placed, Program};
use provenn_circuits::CircuitError;
use provenn_verifier::{InputBinding, ModelCard};
use rand_core::{CryptoRng, RngCore};

/// A committed input: values, and the randomness of its commitment.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Tails of the input columns. Secret.
    pub tails: Vec<Vec<Fr>>,
    /// Compressed commitments, one per lane of the input.
    pub points: Vec<[u8; 32]>,
}

/// An input of a proof, as integers of the quantized model.
#[derive(Clone, Debug)]
pub enum Input {
    /// Shown in the claim.
    Public(Vec<i64>),
    /// Committed beforehand by [`commit_input`].
    Committed(Vec<i64>, Opening),
}

impl Input {
    pub(crate) fn values(&self) -> &[i64] {
        match self {
            Self::Public(values) | Self::Committed(values, _) => values,
        }
    }

    pub(crate) fn opening(&self) -> Option<&Opening> {
        match self {
            Self::Public(_) => None,
            Self::Committed(_, opening) => Some(opening),
        }
    }

    /// What a claim says of it.
    pub fn binding(&self) -> InputBinding {
        match self {
            Self::Public(values) => InputBinding::Public { values: values.clone() },
            Self::Committed(_, opening) => InputBinding::Committed {
                points: opening.points.clone(),
            },
        }
    }
}

/// Commits to input `index` with fresh randomness. The others play no part: a commitment is of one input.
///
/// # Errors
/// [`ProveError::Randomness`], or an input of the wrong length or range.
pub fn commit_input(committed: &Committed, srs: &Srs, index: usize, values: &[i64]) -> Result<Opening, ProveError> {
    commit_input_with(committed, srs, index, values, &mut system_rng()?)
}

/// [`commit_input`] with the caller's randomness. Whoever can guess it learns the input: seeded generators are for fixtures.
///
/// # Errors
/// As [`commit_input`].
pub fn commit_input_with<R: RngCore + CryptoRng>(
    committed: &Committed,
    srs: &Srs,
    index: usize,
    values: &[i64],
    rng: &mut R,
) -> Result<Opening, ProveError> {
    commit_input_of_with(&committed.card, &committed.model, srs, index, values, rng)
}

/// The same of the card of the circuit that takes the inputs, with its program: of a model in segments those of the first.
///
/// # Errors
/// As [`commit_input`].
pub fn commit_input_of(
    card: &ModelCard,
    model: &Program,
    srs: &Srs,
    index: usize,
    values: &[i64],
) -> Result<Opening, ProveError> {
    commit_input_of_with(card, model, srs, index, values, &mut system_rng()?)
}

fn commit_input_of_with<R: RngCore + CryptoRng>(
    card: &ModelCard,
    model: &Program,
    srs: &Srs,
    index: usize,
    values: &[i64],
    rng: &mut R,
) -> Result<Opening, ProveError> {
    // Refused with the names and ranges of the model.
    placed(model, index, values)?;
    commit_to_with(card, srs, index, values, rng)
}

/// Commits to an input of a model of which one has the card alone: whoever supplies an input commits to it, and shows values and opening to
/// whoever proves. Values are integers of the quantized model.
///
/// # Errors
/// [`ProveError::SrsMismatch`], [`ProveError::Randomness`], [`ProveError::Input`] if there is no such committed input, or the values do not fit it.
pub fn commit_to(card: &ModelCard, srs: &Srs, index: usize, values: &[i64]) -> Result<Opening, ProveError> {
    if srs_verifying_key(srs)?.id() != card.srs_id {
        return Err(ProveError::SrsMismatch);
    }
    commit_to_with(card, srs, index, values, &mut system_rng()?)
}

fn commit_to_with<R: RngCore + CryptoRng>(
    card: &ModelCard,
    srs: &Srs,
    index: usize,
    values: &[i64],
    rng: &mut R,
) -> Result<Opening, ProveError> {
    let cells = cells(card, index, values)?;
    let tails: Vec<Vec<Fr>> = cells
        .iter()
        .map(|_| (0..TAIL).map(|_| Fr::random(&mut *rng)).collect())
        .collect();
    let points = commit_columns(srs, &cells, &tails).iter().map(compressed).collect();
    Ok(Opening { tails, points })
}

fn cells(card: &ModelCard, index: usize, values: &[i64]) -> Result<Vec<Vec<u64>>, ProveError> {
    let purpose = &card.key.purpose;
    let of_segment = purpose.segment().filter(|segment| !segment.takes);
    let layout = purpose.layout().or(of_segment.map(|segment| &segment.instances));
    let layout = layout.ok_or(ProveError::SrsMismatch)?;
    layout.committed_cells(index, values).map_err(ProveError::Input)
}

/// Whether an opening opens its commitments to these values of an input.
///
/// # Errors
/// [`ProveError::SrsMismatch`], [`ProveError::Input`].
pub fn opens(card: &ModelCard, srs: &Srs, index: usize, values: &[i64], opening: &Opening) -> Result<bool, ProveError> {
    if srs_verifying_key(srs)?.id() != card.srs_id {
        return Err(ProveError::SrsMismatch);
    }
    let cells = cells(card, index, values)?;
    let whole = opening.tails.iter().all(|tail| tail.len() == TAIL);
    if !whole || opening.tails.len() != cells.len() {
        return Ok(false);
    }
    let points = commit_columns(srs, &cells, &opening.tails);
    Ok(points.iter().map(compressed).eq(opening.points.iter().copied()))
}

/// The inputs of a proof, each public or committed with fresh randomness, as the model binds it.
///
/// # Errors
/// As [`commit_input`].
pub fn bind_inputs(committed: &Committed, srs: &Srs, values: Vec<Vec<i64>>) -> Result<Vec<Input>, ProveError> {
    bind_inputs_with(committed, srs, values, &mut system_rng()?)
}

/// [`bind_inputs`] with the caller's randomness.
///
/// # Errors
/// As [`commit_input`].
pub fn bind_inputs_with<R: RngCore + CryptoRng>(
    committed: &Committed,
    srs: &Srs,
    values: Vec<Vec<i64>>,
    rng: &mut R,
) -> Result<Vec<Input>, ProveError> {
    let public: Vec<bool> = committed.layout.shape.inputs.iter().map(|input| input.public).collect();
    bind_inputs_of(&committed.card, &committed.model, &public, srs, values, rng)
}

/// The same of a card with its program, of which these inputs are public.
pub(crate) fn bind_inputs_of<R: RngCore + CryptoRng>(
    card: &ModelCard,
    model: &Program,
    public: &[bool],
    srs: &Srs,
    values: Vec<Vec<i64>>,
    rng: &mut R,
) -> Result<Vec<Input>, ProveError> {
    if public.len() != values.len() {
        return Err(CircuitError::InputCount {
            expected: public.len(),
            got: values.len(),
        }
        .into());
    }
    let bind = |(index, values): (usize, Vec<i64>)| match public[index] {
        true => Ok(Input::Public(values)),
        false => {
            let opening = commit_input_of_with(card, model, srs, index, &values, rng)?;
            Ok(Input::Committed(values, opening))
        }
    };
    values.into_iter().enumerate().map(bind).collect()
}
