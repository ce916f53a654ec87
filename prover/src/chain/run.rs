//! A model that was run once: what the proofs of its segments have in common. They can be made by several processes then, at the same time
//! and in any order, each with the files of its segment alone.

use super::{file, Segments};
use crate::commit::{commit_columns, compressed, system_rng};
use crate::error::{Defect, ProveError};
use crate::input::{Input, Opening};
use crate::prove::statement;
use crate::srs::Srs;
use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, PrimeField};
use provenn_circuits::layout::TAIL;
use provenn_circuits::program::{execute, Program, Trace};
use provenn_verifier::{ChainReceipt, CheckedChain, Claim, Context, Disclosure, Inference, ModelCard, VerifyError};
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The first bytes of a run's file; the version of the format follows, little endian.
pub const RUN_MAGIC: [u8; 8] = *b"PROVNRUN";

/// A run of a model in segments. Secret: it has the inputs, what the segments give to one another, and the randomness of the commitments to both.
#[derive(Clone, Debug)]
pub struct Run {
    claim: Claim,
    /// What each segment takes.
    pub(super) taken: Vec<Vec<Vec<i64>>>,
    /// Of the committed inputs.
    inputs: Vec<Opening>,
    /// Of what each segment but the last gives.
    between: Vec<Opening>,
    /// What the segments computed, where this process ran them; files do not have it.
    pub(super) traces: Vec<Arc<Trace>>,
}

impl Run {
    /// Runs the model, segment by segment, and commits to what is between with fresh randomness.
    ///
    /// # Errors
    /// As [`crate::prove::prove`]; errors of reading a segment.
    pub fn new(
        card: &CheckedChain,
        segments: &dyn Segments,
        srs: &Srs,
        inputs: &[Input],
        policy: &Disclosure,
        context: &Context,
    ) -> Result<Self, ProveError> {
        Self::new_with(card, segments, srs, inputs, policy, context, &mut system_rng()?)
    }

    /// [`new`](Self::new) with the caller's randomness.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn new_with<R: RngCore + CryptoRng>(
        card: &CheckedChain,
        segments: &dyn Segments,
        srs: &Srs,
        inputs: &[Input],
        policy: &Disclosure,
        context: &Context,
        rng: &mut R,
    ) -> Result<Self, ProveError> {
        let mut run = Self::begun(card, inputs, policy, context)?;
        while run.run_on_with(card, segments, srs, rng)? {}
        Ok(run)
    }

    /// A run of which nothing has run yet. Its claim has no answer until the last segment ran.
    ///
    /// # Errors
    /// [`ProveError::NotOffered`], and a policy out of range.
    pub fn begun(
        card: &CheckedChain,
        inputs: &[Input],
        policy: &Disclosure,
        context: &Context,
    ) -> Result<Self, ProveError> {
        super::description(card)?.model.offers(policy)?;
        let outputs = card.layout().ok_or(ProveError::SrsMismatch)?.outputs;
        let checked = policy.check(&outputs);
        checked.map_err(|range| ProveError::Policy(VerifyError::PolicyOutOfRange(range)))?;
        let claim = Claim {
            srs_id: card.segments[0].srs_id,
            key_digest: card.key_digest(),
            context: context.clone(),
            body: Inference {
                model_id: card.model_id(),
                quantization: card.quantization(),
                policy: policy.clone(),
                items: vec![],
            }
            .into(),
        };
        Ok(Self {
            claim,
            taken: vec![inputs.iter().map(|input| input.values().to_vec()).collect()],
            inputs: inputs.iter().filter_map(Input::opening).cloned().collect(),
            between: vec![],
            traces: vec![],
        })
    }

    /// Whether all segments ran.
    pub fn is_whole(&self) -> bool {
        self.claim.body.inference().is_some_and(|body| !body.items.is_empty())
    }

    /// How many segments ran, from the first.
    pub fn ran(&self) -> usize {
        self.taken.len().saturating_sub(usize::from(!self.is_whole()))
    }

    /// Runs the next segment, by its program alone, and commits with fresh randomness to what it gives; or makes the claim, if it is the last one.
    /// Whether there is another one to run.
    ///
    /// # Errors
    /// As [`crate::prove::prove`]; errors of reading the segment; [`ProveError::Run`] if it is a run of another model.
    pub fn run_on(&mut self, card: &CheckedChain, segments: &dyn Segments, srs: &Srs) -> Result<bool, ProveError> {
        self.run_on_with(card, segments, srs, &mut system_rng()?)
    }

    fn run_on_with<R: RngCore + CryptoRng>(
        &mut self,
        card: &CheckedChain,
        segments: &dyn Segments,
        srs: &Srs,
        rng: &mut R,
    ) -> Result<bool, ProveError> {
        self.fits(card)?;
        let index = self.ran();
        if index == card.segments.len() {
            return Ok(false);
        }
        let program = segments.program(index)?;
        let trace = execute(&program, &self.taken[index])?;
        let outputs = trace.outputs(&program);
        match card.segments.get(index + 1) {
            Some(next) => {
                self.between.push(open(&program, next, srs, &outputs, rng)?);
                self.taken.push(outputs);
            }
            None => self.claim = self.answered(card, &outputs)?,
        }
        // Of segments that another process ran there are none.
        if self.traces.len() == index {
            self.traces.push(Arc::new(trace));
        }
        Ok(!self.is_whole())
    }

    /// The claim with the answer.
    fn answered(&self, card: &CheckedChain, outputs: &[Vec<i64>]) -> Result<Claim, ProveError> {
        let layout = card.layout().ok_or(ProveError::SrsMismatch)?;
        let policy = self.claim.body.inference().map(|body| body.policy.clone());
        let mut openings = self.inputs.iter();
        let inputs = self.taken[0]
            .iter()
            .zip(&layout.inputs)
            .map(|(values, input)| match input.public {
                true => Some(Input::Public(values.clone())),
                false => Some(Input::Committed(values.clone(), openings.next()?.clone())),
            });
        let inputs: Option<Vec<Input>> = inputs.collect();
        let stated = statement(
            &self.claim.srs_id,
            [card.key_digest(), card.model_id(), card.quantization()],
            &layout,
            outputs,
            &inputs.ok_or(ProveError::SrsMismatch)?,
            (
                &policy.ok_or(ProveError::SrsMismatch)?,
                &super::description(card)?.model,
            ),
            &self.claim.context,
        )?;
        Ok(stated.claim)
    }

    /// What its receipt will state.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Its receipt, as far as it is there before any proof.
    pub(super) fn receipt(&self) -> ChainReceipt {
        ChainReceipt {
            claim: self.claim.clone(),
            between: self.between.iter().map(|opening| opening.points.clone()).collect(),
            segments: vec![],
        }
    }

    /// The openings of a segment's committed inputs, then of what it gives.
    pub(super) fn openings(&self, index: usize) -> Vec<&Opening> {
        let taken = match index.checked_sub(1) {
            None => self.inputs.iter().collect(),
            Some(before) => Vec::from_iter(self.between.get(before)),
        };
        taken.into_iter().chain(self.between.get(index)).collect()
    }

    /// Whether it is one of this model, as far as its form says, and as far as it ran.
    pub(super) fn fits(&self, card: &CheckedChain) -> Result<(), ProveError> {
        let refused = |reason: &str| Err(ProveError::Run { reason: reason.into() });
        let body = self.claim.body.inference();
        let of = body.map(|body| (body.model_id, body.items.len() < 2));
        if of != Some((card.model_id(), true)) {
            return refused("it is of another model");
        }
        let whole = |index: usize| {
            // Public inputs have none.
            let linked = card.segments[index].key.linked.inputs.iter();
            let columns = linked.map(Vec::len).filter(|columns| *columns > 0);
            let openings = self.openings(index);
            let fits = |opening: &&Opening| opening.tails.iter().all(|tail| tail.len() == TAIL);
            openings.iter().map(|opening| opening.points.len()).eq(columns.clone())
                && openings.iter().map(|opening| opening.tails.len()).eq(columns)
                && openings.iter().all(fits)
        };
        // Those that ran; the next one has what it takes.
        let (count, ran) = (card.segments.len(), self.ran());
        let known = match self.is_whole() {
            true => self.taken.len() == count,
            false => (1..=count).contains(&self.taken.len()),
        };
        match known && self.between.len() + 1 == self.taken.len() && (0..ran).all(whole) {
            true => Ok(()),
            false => refused("it does not hold what the segments of its model take"),
        }
    }

    /// Its file. For the owner alone.
    ///
    /// # Errors
    /// A defect: it cannot be written down.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ProveError> {
        let kept = |openings: &[Opening]| openings.iter().map(KeptOpening::from).collect();
        let kept = Kept {
            claim: self.claim.to_bytes(),
            taken: self.taken.clone(),
            inputs: kept(&self.inputs),
            between: kept(&self.between),
        };
        let body = postcard::to_allocvec(&kept).map_err(|e| Defect::Encoding {
            what: "the run",
            reason: e.to_string(),
        })?;
        Ok(file::sealed(RUN_MAGIC, &body))
    }

    /// What [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`ProveError::Run`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProveError> {
        let bad = |reason: String| ProveError::Run { reason };
        let body = file::opened(RUN_MAGIC, bytes).map_err(bad)?;
        let kept: Kept = postcard::from_bytes(body).map_err(|e| bad(e.to_string()))?;
        let openings = |kept: Vec<KeptOpening>| -> Result<_, ProveError> {
            let each = kept.into_iter().map(KeptOpening::opening);
            each.collect::<Option<_>>()
                .ok_or_else(|| bad("a scalar is not canonical".into()))
        };
        Ok(Self {
            claim: Claim::from_bytes(&kept.claim).map_err(|e| bad(e.to_string()))?,
            taken: kept.taken,
            inputs: openings(kept.inputs)?,
            between: openings(kept.between)?,
            traces: vec![],
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    claim: Vec<u8>,
    taken: Vec<Vec<Vec<i64>>>,
    inputs: Vec<KeptOpening>,
    between: Vec<KeptOpening>,
}

#[derive(Serialize, Deserialize)]
struct KeptOpening {
    tails: Vec<Vec<[u8; 32]>>,
    points: Vec<[u8; 32]>,
}

impl From<&Opening> for KeptOpening {
    fn from(opening: &Opening) -> Self {
        let scalars = |tail: &Vec<Fr>| tail.iter().map(Fr::to_repr).collect();
        Self {
            tails: opening.tails.iter().map(scalars).collect(),
            points: opening.points.clone(),
        }
    }
}

impl KeptOpening {
    fn opening(self) -> Option<Opening> {
        let scalar = |bytes: [u8; 32]| Option::<Fr>::from(Fr::from_repr(bytes));
        let scalars = |tail: Vec<[u8; 32]>| tail.into_iter().map(scalar).collect();
        Some(Opening {
            tails: self.tails.into_iter().map(scalars).collect::<Option<_>>()?,
            points: self.points,
        })
    }
}

/// Commits with fresh randomness to what a segment with this program gives, in the cells of the `next` one.
fn open<R: RngCore>(
    program: &Program,
    next: &ModelCard,
    srs: &Srs,
    values: &[Vec<i64>],
    rng: &mut R,
) -> Result<Opening, ProveError> {
    let segment = next.key.purpose.segment().ok_or(ProveError::SrsMismatch)?;
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

/// The cells of the only output of a segment.
fn cells(program: &Program, lanes: usize, row: usize, values: &[i64]) -> Vec<Vec<u64>> {
    let given = program.outputs[0].tensor;
    let (tensor, zero) = (&program.tensors[given], program.zero(given));
    let (positions, blocks) = (tensor.positions(), tensor.channels.div_ceil(lanes));
    let used = lanes.min(tensor.channels);
    let mut cells = vec![[vec![0; row], vec![zero as u64; positions * blocks]].concat(); used];
    for (index, value) in values.iter().enumerate() {
        let (channel, position) = (index / positions, index % positions);
        cells[channel % lanes][row + position * blocks + channel / lanes] = (value + zero) as u64;
    }
    cells
}
