//! Receipts of models in segments.

use super::{join, prove_segment_with, Run, Segments};
use crate::commit::{srs_verifying_key, system_rng};
use crate::error::{PieceError, ProveError};
use crate::input::Input;
use crate::prove::Stage;
use crate::srs::Srs;
use provenn_verifier::{CheckedChain, Context, Disclosure};
use rand_core::{CryptoRng, RngCore};

/// The inputs of a proof, each public or committed with fresh randomness, as the model binds it.
///
/// # Errors
/// As [`crate::prove::bind_inputs`].
pub fn bind_inputs(
    card: &CheckedChain,
    segments: &dyn Segments,
    srs: &Srs,
    values: Vec<Vec<i64>>,
) -> Result<Vec<Input>, ProveError> {
    bind_inputs_with(card, segments, srs, values, &mut system_rng()?)
}

/// [`bind_inputs`] with the caller's randomness.
///
/// # Errors
/// As [`bind_inputs`].
pub fn bind_inputs_with<R: RngCore + CryptoRng>(
    card: &CheckedChain,
    segments: &dyn Segments,
    srs: &Srs,
    values: Vec<Vec<i64>>,
    rng: &mut R,
) -> Result<Vec<Input>, ProveError> {
    let card = &card.segments[0];
    let layout = card.key.purpose.segment().ok_or(ProveError::SrsMismatch)?;
    let public: Vec<bool> = layout.instances.inputs.iter().map(|input| input.public).collect();
    let program = segments.program(0)?;
    crate::input::bind_inputs_of(card, &program, &public, srs, values, rng)
}

/// Proves one receipt about these inputs, as [`crate::prove::prove`], segment by segment.
///
/// # Errors
/// As [`crate::prove::prove`]; errors of reading a segment.
pub fn prove(
    card: &CheckedChain,
    segments: &dyn Segments,
    srs: &Srs,
    inputs: &[Input],
    policy: Disclosure,
    context: Context,
    progress: &dyn Fn(Stage),
) -> Result<Vec<u8>, ProveError> {
    prove_with(
        card,
        segments,
        srs,
        inputs,
        policy,
        context,
        progress,
        &mut system_rng()?,
    )
}

/// [`prove`] with the caller's randomness. Whoever can guess it learns weights, input and all between: seeded generators are for fixtures.
///
/// # Errors
/// As [`prove`].
#[expect(clippy::too_many_arguments, reason = "those of prove, and the generator")]
pub fn prove_with<R: RngCore + CryptoRng>(
    card: &CheckedChain,
    segments: &dyn Segments,
    srs: &Srs,
    inputs: &[Input],
    policy: Disclosure,
    context: Context,
    progress: &dyn Fn(Stage),
    rng: &mut R,
) -> Result<Vec<u8>, ProveError> {
    progress(Stage::Witness);
    let run = Run::new_with(card, segments, srs, inputs, &policy, &context, rng)?;
    let mut pieces = vec![];
    for index in segments.order(card.segments.len()) {
        progress(Stage::Proof);
        pieces.push(prove_segment_with(card, segments, srs, &run, index, rng)?);
    }
    progress(Stage::Verify);
    // Nobody gave pieces.
    join(card, &srs_verifying_key(srs)?, pieces).map_err(|error| match error {
        ProveError::Pieces(PieceError::Refused { error, .. }) => ProveError::Refused(error),
        error => error,
    })
}
