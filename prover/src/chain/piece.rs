//! Pieces of a receipt: each the proof of one segment of a run.

use super::{file, Run, Segment, Segments};
use crate::commit::{srs_verifying_key, system_rng};
use crate::error::{PieceError, ProveError};
use crate::input::Opening;
use crate::prove::{halo2_proof, link_proof, own, Held};
use crate::srs::Srs;
use halo2curves::bn256::Fr;
use provenn_circuits::argument::Witness;
use provenn_circuits::program::{execute, Trace};
use provenn_verifier::{
    refused_segment, segment_scalar, verify, ChainReceipt, CheckedChain, ModelCard, SegmentProof, SrsVerifyingKey,
};
use rand_core::{CryptoRng, RngCore};

/// The first bytes of a piece's file; the version of the format follows, little endian.
pub const PIECE_MAGIC: [u8; 8] = *b"PROVNPIE";

/// The proof of one segment of a run. Nothing in it is secret.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Place of the segment, from 0.
    pub segment: usize,
    /// The receipt, with the proof of this segment only.
    pub part: ChainReceipt,
}

impl Piece {
    /// Its file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let segment = u64::try_from(self.segment).unwrap_or(u64::MAX);
        file::sealed(
            PIECE_MAGIC,
            &[&segment.to_le_bytes()[..], &self.part.to_bytes()].concat(),
        )
    }

    /// What [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`PieceError::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PieceError> {
        let bad = |reason: String| PieceError::Damaged { reason };
        let body = file::opened(PIECE_MAGIC, bytes).map_err(bad)?;
        let (segment, part) = body.split_first_chunk().ok_or_else(|| bad("it ends early".into()))?;
        let part = ChainReceipt::from_bytes(part).map_err(|e| bad(e.to_string()))?;
        match (usize::try_from(u64::from_le_bytes(*segment)), part.segments.len()) {
            (Ok(segment), 1) => Ok(Self { segment, part }),
            _ => Err(bad("it does not hold the proof of one segment".into())),
        }
    }
}

/// Proves a segment of a run, from the files of this segment alone. All randomness is fresh but that of the commitments between segments, so
/// a segment may be proven as often as one likes.
///
/// # Errors
/// [`ProveError::Run`], [`ProveError::NoSegment`]; as [`crate::prove::prove`].
pub fn prove_segment(
    card: &CheckedChain,
    segments: &dyn Segments,
    srs: &Srs,
    run: &Run,
    index: usize,
) -> Result<Piece, ProveError> {
    prove_segment_with(card, segments, srs, run, index, &mut system_rng()?)
}

/// [`prove_segment`] with the caller's randomness. Whoever can guess it learns weights and what the segment computes.
///
/// # Errors
/// As [`prove_segment`].
pub fn prove_segment_with<R: RngCore + CryptoRng>(
    card: &CheckedChain,
    segments: &dyn Segments,
    srs: &Srs,
    run: &Run,
    index: usize,
    rng: &mut R,
) -> Result<Piece, ProveError> {
    let (asked, of) = (index + 1, card.segments.len());
    let own = card.segments.get(index).ok_or(ProveError::NoSegment { asked, of })?;
    let srs_key = srs_verifying_key(srs)?;
    if srs_key.id() != own.srs_id {
        return Err(ProveError::SrsMismatch);
    }
    run.fits(card)?;
    if !run.is_whole() {
        let reason = format!("it is not whole: segment {} is the next to run", run.ran() + 1);
        return Err(ProveError::Run { reason });
    }
    let other = |what: &str| ProveError::Run { reason: what.into() };
    let body = run.claim().body.inference();
    let (policy, item) = body
        .and_then(|body| Some((&body.policy, body.items.first()?)))
        .ok_or_else(|| other("it is of another model"))?;
    let segment = segments.segment(index)?;
    let trace = match run.traces.get(index) {
        Some(trace) => Trace::clone(trace),
        None => execute(&segment.model, &run.taken[index])?,
    };
    let outputs = trace.outputs(&segment.model);
    let differs = || other("its values are not what this model computes");
    let top = match run.taken.get(asked) {
        Some(taken) if *taken == outputs => None,
        Some(_) => return Err(differs()),
        None => {
            let layout = card.layout().ok_or(ProveError::SrsMismatch)?;
            let given = policy
                .answer(&outputs, &layout)
                .filter(|given| given.answer == item.answer);
            given.ok_or_else(differs)?.top
        }
    };
    let layout = own.key.purpose.segment().ok_or(ProveError::SrsMismatch)?;
    let columns = layout.given(item, own.key.k, policy).map_err(ProveError::Policy)?;
    let (witness, columns) = witness(&segment, trace, top.unwrap_or(0), columns);
    if !witness.states(&segment.model, &segment.layout) {
        return Err(ProveError::TooFarApart {
            policy: super::description(card)?.model.words(policy),
        });
    }
    let mut part = run.receipt();
    let proof = segment_proof(
        own,
        &segment,
        srs,
        &srs_key,
        &witness,
        &run.openings(index),
        &columns,
        &part.segment_digest(index),
        rng,
    )?;
    part.segments.push(proof);
    Ok(Piece { segment: index, part })
}

/// Joins the pieces of a run, in any order, to its receipt, which is verified before it is returned. Takes nothing secret.
///
/// # Errors
/// [`ProveError::Pieces`], [`ProveError::Refused`]; never an unverified receipt.
pub fn join(card: &CheckedChain, srs: &SrsVerifyingKey, pieces: Vec<Piece>) -> Result<Vec<u8>, ProveError> {
    let of = card.segments.len();
    let mut receipt: Option<ChainReceipt> = None;
    let mut proofs: Vec<Option<(usize, SegmentProof)>> = vec![None; of];
    for (piece, Piece { segment, mut part }) in pieces.into_iter().enumerate() {
        let proof = part.segments.pop();
        let body = part.claim.body.inference();
        let whose = receipt.get_or_insert_with(|| ChainReceipt {
            segments: vec![],
            ..part.clone()
        });
        let model = body.map(|body| body.model_id);
        match proofs.get_mut(segment) {
            _ if model != Some(card.model_id()) => return Err(PieceError::OtherModel { piece }.into()),
            _ if *whose
                != (ChainReceipt {
                    segments: vec![],
                    ..part
                }) =>
            {
                return Err(PieceError::OtherRun { piece }.into())
            }
            None => {
                return Err(PieceError::NoSegment {
                    piece,
                    segment: segment + 1,
                    of,
                }
                .into())
            }
            Some(Some((other, _))) => {
                let (segment, other) = (segment + 1, *other);
                return Err(PieceError::Twice { piece, other, segment }.into());
            }
            Some(place) => *place = proof.map(|proof| (piece, proof)),
        }
    }
    let missing: Vec<usize> = (0..of)
        .filter(|index| proofs[*index].is_none())
        .map(|index| index + 1)
        .collect();
    let (Some(mut receipt), []) = (receipt, missing.as_slice()) else {
        return Err(PieceError::Missing { segments: missing }.into());
    };
    let (whose, proofs): (Vec<usize>, Vec<SegmentProof>) = proofs.into_iter().flatten().unzip();
    receipt.segments = proofs;
    let bytes = receipt.to_bytes();
    let stated = receipt.claim.body.inference();
    let (policy, item) = stated
        .and_then(|body| Some((body.policy.clone(), body.items.first()?)))
        .ok_or(ProveError::SrsMismatch)?;
    let expectation = own(policy, item.answer.clone(), receipt.claim.context.clone());
    match verify(&bytes, card, srs, &expectation) {
        Ok(_verdict) => Ok(bytes),
        Err(error) => {
            let bad = refused_segment(&bytes, card, srs, &expectation);
            let blamed = bad.and_then(|segment| Some((*whose.get(segment)?, segment + 1)));
            Err(blamed.map_or(ProveError::Refused(error), |(piece, segment)| {
                PieceError::Refused { piece, segment, error }.into()
            }))
        }
    }
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
