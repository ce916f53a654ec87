//! Receipts: witness, halo2 proof, link proof, and a check before anything is returned.

use crate::commit::{srs_verifying_key, system_rng, Committed, Description};
use crate::error::ProveError;
pub use crate::input::{bind_inputs, bind_inputs_with, commit_input, commit_input_with, Input, Opening};
use crate::link;
use crate::plonk::{self, AdviceColumn, Assignment, Cells, Key, Proof};
use crate::srs::Srs;
use crate::store;
use halo2curves::bn256::{Fr, G1Affine};
use halo2curves::ff::Field;
use halo2curves::group::GroupEncoding;
use provenn_circuits::argument::{row_sets, First, Second, Witness};
use provenn_circuits::layout::{Layout, TAIL};
use provenn_circuits::program::{execute, Program};
use provenn_verifier::{
    linked_columns, policy, verify, Answer, Claim, Context, Disclosure, Expectation, Inference, InferenceExpectation,
    InstanceLayout, Item, LinkStatement, ModelCard, Receipt, VerifyError,
};
use rand_core::{CryptoRng, RngCore};
use rayon::prelude::*;

/// Where a proof stands; real stages, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Running the model.
    Witness,
    /// The halo2 proof.
    Proof,
    /// The link proof.
    Link,
    /// Verifying the own receipt.
    Verify,
}

/// Proves one receipt about these inputs, in the order of the model. The answer is what the policy lets out of what the model computes; a policy without one has no receipt.
///
/// # Errors
/// Values out of range, a false statement, or a defect of the proof system; never an unverified receipt.
pub fn prove(
    committed: &Committed,
    srs: &Srs,
    inputs: &[Input],
    policy: Disclosure,
    context: Context,
    progress: &dyn Fn(Stage),
) -> Result<Vec<u8>, ProveError> {
    prove_with(committed, srs, inputs, policy, context, progress, &mut system_rng()?)
}

/// [`prove`] with the caller's randomness. Whoever can guess it learns weights and input: seeded generators are for fixtures.
///
/// # Errors
/// As [`prove`].
pub fn prove_with<R: RngCore + CryptoRng>(
    committed: &Committed,
    srs: &Srs,
    inputs: &[Input],
    policy: Disclosure,
    context: Context,
    progress: &dyn Fn(Stage),
    rng: &mut R,
) -> Result<Vec<u8>, ProveError> {
    let srs_key = srs_verifying_key(srs)?;
    if srs_key.id() != committed.card.srs_id {
        return Err(ProveError::SrsMismatch);
    }
    let description = store::description(&committed.card)?;
    description.offers(&policy)?;
    progress(Stage::Witness);
    let (model, layout, key) = (&committed.model, &committed.layout, &committed.card.key);
    let values: Vec<Vec<i64>> = inputs.iter().map(|input| input.values().to_vec()).collect();
    let trace = execute(model, &values)?;
    let instance_layout = key.purpose.layout().ok_or(ProveError::SrsMismatch)?;
    let ids = [key.digest(), committed.card.model_id(), committed.card.quantization];
    let outputs = trace.outputs(model);
    let Stated { claim, given, item } = statement(
        &committed.card.srs_id,
        ids,
        instance_layout,
        &outputs,
        inputs,
        (&policy, &description),
        &context,
    )?;
    let columns: Vec<Vec<Fr>> = item
        .columns(instance_layout, key.k, &policy)
        .map_err(ProveError::Policy)?
        .into_iter()
        .map(|column| column.into_iter().map(Fr::from).collect())
        .collect();
    let counts = item.counts(instance_layout, &policy);
    let rows = (0..layout.policy_rows)
        .map(|row| [0, 1, 2].map(|column: usize| columns[column][row]))
        .collect();
    let witness = Witness {
        trace,
        top: given.top.unwrap_or(0),
        policy: rows,
        counts,
    };
    if !witness.states(model, layout) {
        return Err(ProveError::TooFarApart {
            policy: description.words(&policy),
        });
    }
    progress(Stage::Proof);
    let held = Held {
        card: &committed.card,
        model,
        layout,
        tails: &committed.tails,
        proving_key: &committed.proving_key,
    };
    let openings: Vec<&Opening> = inputs.iter().filter_map(Input::opening).collect();
    let prefix = claim.claim_scalar().into();
    let proof = halo2_proof(&held, srs, &witness, &openings, &columns, prefix, rng)?;
    progress(Stage::Link);
    let link = link_proof(&held, srs, &srs_key, &openings, claim.digest(), &proof, rng)?;
    let receipt = Receipt {
        claim,
        proof: proof.bytes,
        link,
    }
    .to_bytes();
    progress(Stage::Verify);
    let expectation = own(policy, given.answer, context);
    let _verdict = verify(&receipt, &committed.card, &srs_key, &expectation).map_err(ProveError::Refused)?;
    Ok(receipt)
}

/// What a prover expects of its own receipt.
pub(crate) fn own(policy: Disclosure, answer: Answer, context: Context) -> Expectation {
    Expectation {
        inference: InferenceExpectation {
            policy: Some(policy),
            answer: Some(answer),
            ..InferenceExpectation::default()
        },
        audience: Some(context.audience),
        nonce: Some(context.nonce),
        accept_dev: true,
        ..Expectation::default()
    }
}

/// A claim about an item, and what the policy lets out of it.
pub(crate) struct Stated {
    pub claim: Claim,
    pub given: policy::Given,
    pub item: Item,
}

/// What a receipt about these outputs of a model states. `ids` are the digest of its key, its own, and that of its recipe.
pub(crate) fn statement(
    srs_id: &[u8; 32],
    [key_digest, model_id, quantization]: [[u8; 32]; 3],
    layout: &InstanceLayout,
    outputs: &[Vec<i64>],
    inputs: &[Input],
    (policy, description): (&Disclosure, &Description),
    context: &Context,
) -> Result<Stated, ProveError> {
    let checked = policy.check(&layout.outputs);
    checked.map_err(|range| ProveError::Policy(VerifyError::PolicyOutOfRange(range)))?;
    let given = policy.answer(outputs, layout).ok_or_else(|| ProveError::Untrue {
        policy: description.words(policy),
    })?;
    let item = Item {
        inputs: inputs.iter().map(Input::binding).collect(),
        answer: given.answer.clone(),
    };
    let claim = Claim {
        srs_id: *srs_id,
        key_digest,
        context: context.clone(),
        body: Inference {
            model_id,
            quantization,
            policy: policy.clone(),
            items: vec![item.clone()],
        }
        .into(),
    };
    Ok(Stated { claim, given, item })
}

/// What proofs of a circuit are made with: of a model, or of a segment of one.
pub(crate) struct Held<'a> {
    pub card: &'a ModelCard,
    pub model: &'a Program,
    pub layout: &'a Layout,
    /// Tails of the committed weight columns.
    pub tails: &'a [Vec<Fr>],
    pub proving_key: &'a Key,
}

/// The halo2 proof. `openings` are those of the linked columns beside the weights, in their order.
pub(crate) fn halo2_proof<R: RngCore>(
    held: &Held<'_>,
    srs: &Srs,
    witness: &Witness,
    openings: &[&Opening],
    instances: &[Vec<Fr>],
    prefix: Fr,
    rng: &mut R,
) -> Result<Proof, ProveError> {
    let (model, layout) = (held.model, held.layout);
    // These are the first columns.
    let mut published: Vec<(G1Affine, Vec<Fr>)> = vec![];
    for opening in openings {
        for (point, tail) in opening.points.iter().zip(&opening.tails) {
            published.push((decompress(point)?, tail.clone()));
        }
    }
    let mut columns = Columns {
        model,
        layout,
        witness,
        published: published.into_iter(),
        first: None,
        second: None,
    };
    plonk::prove(held.proving_key, srs, instances, prefix, &mut columns, rng)
}

/// The columns of a receipt.
struct Columns<'a> {
    model: &'a Program,
    layout: &'a Layout,
    witness: &'a Witness,
    published: std::vec::IntoIter<(G1Affine, Vec<Fr>)>,
    first: Option<First>,
    second: Option<Second>,
}

impl Assignment for Columns<'_> {
    fn advice(&mut self, phase: u8, challenges: &[Fr]) -> Vec<AdviceColumn<'_>> {
        let (model, layout, witness) = (self.model, self.layout, self.witness);
        match (phase, challenges) {
            (0, _) => {
                let first = self.first.insert(witness.phase1(model, layout));
                let one = |integers: Option<_>| AdviceColumn {
                    cells: integers.map_or_else(|| Cells::Field(first.top().into()), Cells::Integers),
                    published: self.published.next(),
                };
                first.integers().into_iter().map(one).collect()
            }
            (1, [r, t, alpha]) => {
                let Some(first) = &self.first else { return vec![] };
                let second = witness.phase2(model, layout, first, [*r, *t, *alpha]);
                let second = self.second.insert(second);
                let columns = second.columns.iter().map(Vec::as_slice);
                let mut columns: Vec<AdviceColumn<'_>> = columns.map(AdviceColumn::from).collect();
                for (index, entries) in second.entries(layout, first) {
                    columns[index] = Cells::Entries(&second.columns[index], entries).into();
                }
                columns
            }
            (2, [r, t, _, s]) => {
                self.first = None;
                // Its memory goes too: phase 3 is the last.
                let columns = self.second.take().map(|second| second.phase3(layout, [*r, *t, *s]));
                columns.into_iter().flatten().map(AdviceColumn::from).collect()
            }
            _ => vec![],
        }
    }

    fn computed(&self, challenges: &[Fr]) -> Vec<Vec<Fr>> {
        let counted = |r: &Fr| {
            let counts = self.witness.counts.as_ref()?;
            let column = counts.column(self.layout.policy_rows, (*r).into());
            Some(column.into_iter().map(Fr::from).collect())
        };
        let batch = self.layout.shape.items > 0;
        let counted = batch.then(|| challenges.first().and_then(counted).unwrap_or_default());
        counted
            .into_iter()
            .chain(row_sets(self.layout.shape.usable()))
            .collect()
    }
}

pub(crate) fn decompress(bytes: &[u8; 32]) -> Result<G1Affine, ProveError> {
    let mut repr = <G1Affine as GroupEncoding>::Repr::default();
    repr.as_mut().copy_from_slice(bytes);
    Option::from(G1Affine::from_bytes(&repr)).ok_or(ProveError::SrsMismatch)
}

/// Proves that the folded weights (and the input columns) of the proof are those of the committed ones.
pub(crate) fn link_proof<R: RngCore>(
    held: &Held<'_>,
    srs: &Srs,
    srs_key: &provenn_verifier::SrsVerifyingKey,
    openings: &[&Opening],
    claim_digest: [u8; 64],
    proof: &Proof,
    rng: &mut R,
) -> Result<provenn_verifier::LinkProof, ProveError> {
    let key = &held.card.key;
    let mut tails: Vec<&[Fr]> = held.tails.iter().map(Vec::as_slice).collect();
    let mut points = held.card.commitments.clone();
    for opening in openings {
        tails.extend(opening.tails.iter().map(Vec::as_slice));
        points.extend(&opening.points);
    }
    let advice: Vec<_> = proof.advice.iter().map(|point| (*point).into()).collect();
    let challenges: Vec<_> = proof.challenges.iter().map(|challenge| (*challenge).into()).collect();
    let statement = LinkStatement {
        claim_digest,
        key_digest: key.digest(),
        srs_id: held.card.srs_id,
        proof: &proof.bytes,
        committed: points
            .par_iter()
            .map(|point| decompress(point).map(Into::into))
            .collect::<Result<_, _>>()?,
        columns: linked_columns(key, &advice, &challenges).map_err(ProveError::Refused)?,
        tail: &srs_key.tail,
        g1: srs_key.g1,
    };
    let linked = key
        .linked
        .weights
        .columns
        .iter()
        .chain(key.linked.inputs.iter().flatten());
    let proven: Vec<&[Fr]> = linked
        .filter_map(|column| proof.tails.get(*column as usize).map(Vec::as_slice))
        .collect();
    let nonces: Vec<Fr> = (0..TAIL).map(|_| Fr::random(&mut *rng)).collect();
    link::prove(&statement, &srs.tail(TAIL), &proven, &tails, &nonces)
}
