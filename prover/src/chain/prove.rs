//! Receipts of models in segments.

use super::{Segment, Segments};
use crate::commit::{commit_columns, compressed, srs_verifying_key, system_rng};
use crate::error::ProveError;
use crate::input::{Input, Opening};
use crate::prove::{halo2_proof, link_proof, own, statement, Held, Stage, Stated};
use crate::srs::Srs;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use provenn_circuits::argument::Witness;
use provenn_circuits::layout::TAIL;
use provenn_circuits::program::{execute, Program, Trace};
use provenn_verifier::{
    segment_scalar, verify, ChainReceipt, CheckedChain, Context, Disclosure, ModelCard, SegmentProof, SrsVerifyingKey,
};
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
    let srs_key = srs_verifying_key(srs)?;
    super::description(card)?.model.offers(&policy)?;
    progress(Stage::Witness);
    // Values first: the claim has the answer, and all proofs depend on the claim.
    let mut values: Vec<Vec<i64>> = inputs.iter().map(|input| input.values().to_vec()).collect();
    let mut taken = vec![];
    let mut between = vec![];
    for index in 0..card.segments.len() {
        let program = segments.program(index)?;
        let outputs = execute(&program, &values)?.outputs(&program);
        taken.push(std::mem::replace(&mut values, outputs));
    }
    let layout = card.layout().ok_or(ProveError::SrsMismatch)?;
    let Stated { claim, given, item } = statement(
        &card.segments[0].srs_id,
        [card.key_digest(), card.model_id(), card.segments[0].quantization],
        &layout,
        &values,
        inputs,
        &policy,
        &context,
    )?;
    // Commitments to what is between, before any proof.
    for values in &taken[1..] {
        let index = between.len();
        between.push(open(
            &*segments.program(index + 1)?,
            &card.segments[index + 1],
            srs,
            values,
            rng,
        )?);
    }
    let mut receipt = ChainReceipt {
        claim,
        between: between.iter().map(|opening: &Opening| opening.points.clone()).collect(),
        segments: vec![],
    };
    for (index, values) in taken.iter().enumerate() {
        progress(Stage::Proof);
        let segment = segments.segment(index)?;
        let key = &card.segments[index].key;
        let layout = key.purpose.segment().ok_or(ProveError::SrsMismatch)?;
        let columns = layout.given(&item, key.k, &policy).map_err(ProveError::Policy)?;
        let trace = execute(&segment.model, values)?;
        let (witness, columns) = witness(&segment, trace, given.top.unwrap_or(0), columns);
        if !witness.states(&segment.model, &segment.layout) {
            return Err(ProveError::TooFarApart {
                policy: policy.to_string(),
            });
        }
        let mut openings: Vec<&Opening> = match index {
            0 => inputs.iter().filter_map(Input::opening).collect(),
            _ => vec![&between[index - 1]],
        };
        openings.extend(between.get(index));
        let digest = receipt.segment_digest(index);
        let proof = segment_proof(
            &card.segments[index],
            &segment,
            srs,
            &srs_key,
            &witness,
            &openings,
            &columns,
            &digest,
            rng,
        )?;
        receipt.segments.push(proof);
    }
    let receipt = receipt.to_bytes();
    progress(Stage::Verify);
    let expectation = own(policy, given.answer, context);
    let _verdict = verify(&receipt, card, &srs_key, &expectation).map_err(ProveError::Refused)?;
    Ok(receipt)
}

/// What a segment's columns are made of.
fn witness(segment: &Segment, trace: Trace, top: i64, columns: Vec<Vec<provenn_bn254::Fr>>) -> (Witness, Vec<Vec<Fr>>) {
    let columns: Vec<Vec<Fr>> = columns
        .into_iter()
        .map(|column| column.into_iter().map(Fr::from).collect())
        .collect();
    let rows = (0..segment.layout.policy_rows).map(|row| [0, 1, 2].map(|column: usize| columns[column][row]));
    let witness = Witness {
        trace,
        top,
        policy: rows.collect(),
        counts: None,
    };
    (witness, columns)
}

/// Commits with fresh randomness to the input of a segment.
fn open<R: RngCore>(
    program: &Program,
    card: &ModelCard,
    srs: &Srs,
    values: &[Vec<i64>],
    rng: &mut R,
) -> Result<Opening, ProveError> {
    let segment = card.key.purpose.segment().ok_or(ProveError::SrsMismatch)?;
    let (Some(input), Some(values)) = (segment.instances.inputs.first(), values.first()) else {
        return Err(ProveError::SrsMismatch);
    };
    let cells = cells(program, segment.instances.lanes as usize, input.row as usize, values);
    let tails: Vec<Vec<Fr>> = cells
        .iter()
        .map(|_| (0..TAIL).map(|_| Fr::random(&mut *rng)).collect())
        .collect();
    let points = commit_columns(srs, &cells, &tails).iter().map(compressed).collect();
    Ok(Opening { tails, points })
}

/// The cells of the only input of a segment.
fn cells(program: &Program, lanes: usize, row: usize, values: &[i64]) -> Vec<Vec<u64>> {
    let (tensor, zero) = (&program.tensors[0], program.zero(0));
    let (positions, blocks) = (tensor.positions(), tensor.channels.div_ceil(lanes));
    let used = lanes.min(tensor.channels);
    let mut cells = vec![[vec![0; row], vec![zero as u64; positions * blocks]].concat(); used];
    for (index, value) in values.iter().enumerate() {
        let (channel, position) = (index / positions, index % positions);
        cells[channel % lanes][row + position * blocks + channel / lanes] = (value + zero) as u64;
    }
    cells
}

/// The proof of one segment, for a receipt with this [digest](ChainReceipt::segment_digest). `openings` are those of its committed inputs, then
/// of what it gives; `columns` its public ones.
///
/// # Errors
/// A defect of the proof system.
#[expect(
    clippy::too_many_arguments,
    reason = "what a proof is about, and what it is made with"
)]
pub fn segment_proof<R: RngCore>(
    card: &ModelCard,
    segment: &Segment,
    srs: &Srs,
    srs_key: &SrsVerifyingKey,
    witness: &Witness,
    openings: &[&Opening],
    columns: &[Vec<Fr>],
    digest: &[u8; 64],
    rng: &mut R,
) -> Result<SegmentProof, ProveError> {
    let held = Held {
        card,
        model: &segment.model,
        layout: &segment.layout,
        tails: &segment.tails,
        proving_key: &segment.proving_key,
    };
    let proof = halo2_proof(
        &held,
        srs,
        witness,
        openings,
        columns,
        segment_scalar(digest).into(),
        rng,
    )?;
    let link = link_proof(&held, srs, srs_key, openings, *digest, &proof, rng)?;
    Ok(SegmentProof {
        proof: proof.bytes,
        link,
    })
}
