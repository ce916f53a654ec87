//! Receipts of the toy model, honest or not.

use super::reference;
use super::toy::{columns, commit, compressed, decode, integer, link_proof, Setup, Toy, INPUT};
use ff::Field;
use halo2curves::bn256::Fr;
use provenn_prover::plonk;
use provenn_verifier::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// A policy with its answer.
pub type Stated = (Disclosure, Answer);

fn claim_item(claim: &Claim) -> &Item {
    let body = claim.body.inference().unwrap();
    body.item().unwrap()
}

pub struct Issued {
    pub receipt: Receipt,
    /// The card's commitments, then the claim's.
    pub committed: Vec<provenn_bn254::G1Affine>,
    pub columns: Vec<LinkedColumn>,
    /// Tail of each linked column minus that of what it is linked to.
    pub witness: Vec<Vec<Fr>>,
}

impl Setup {
    pub fn scores(&self, toy: &Toy) -> Stated {
        let scores = toy.outputs().into_iter().map(integer).collect();
        (policy::Scores.into(), Answer::Scores(scores))
    }

    /// A claim about `toy` with this policy and answer, and the tails of the committed input columns.
    pub fn claim(&self, toy: &Toy, (policy, answer): Stated) -> (Claim, Vec<Vec<Fr>>) {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let mut tails = Vec::new();
        let input = if toy.public {
            InputBinding::Public { values: INPUT.to_vec() }
        } else {
            let points = toy.x.iter().map(|lane| {
                let tail: Vec<Fr> = self.tail.iter().map(|_| Fr::random(&mut rng)).collect();
                let point = compressed(&commit(&self.points, lane, &tail));
                tails.push(tail);
                point
            });
            InputBinding::Committed {
                points: points.collect(),
            }
        };
        let claim = Claim {
            srs_id: self.srs.id(),
            key_digest: self.card.key.digest(),
            context: Context {
                audience: "bob".to_owned(),
                nonce: [9; 32],
                not_after: 1000,
            },
            body: Inference {
                model_id: self.card.model_id(),
                quantization: self.card.quantization,
                policy,
                items: vec![Item::new(input, answer)],
            }
            .into(),
        };
        (claim, tails)
    }

    pub fn issue(&self, toy: &Toy, stated: Stated, seed: u64) -> Issued {
        let (claim, input_tails) = self.claim(toy, stated);
        self.issue_claim(toy, claim, input_tails, seed)
    }

    pub fn issue_claim(&self, toy: &Toy, claim: Claim, inputs: Vec<Vec<Fr>>, seed: u64) -> Issued {
        let proof = self.prove(toy, &claim, seed);
        let mut rng = ChaCha20Rng::seed_from_u64(seed + 1000);
        let mut points = self.card.commitments.clone();
        points.extend(claim_item(&claim).inputs.iter().flat_map(InputBinding::points));
        let committed: Vec<_> = points.iter().map(|point| decode(point).into()).collect();
        let advice: Vec<_> = proof.advice.iter().map(|point| (*point).into()).collect();
        let challenges: Vec<_> = proof.challenges.iter().map(|challenge| (*challenge).into()).collect();
        let columns = linked_columns(&self.card.key, &advice, &challenges).unwrap();
        let tails: Vec<&Vec<Fr>> = std::iter::once(&self.tail).chain(&inputs).collect();
        let linked = &self.card.key.linked;
        let places = linked.weights.columns.iter().chain(linked.inputs.iter().flatten());
        let witness = columns.iter().zip(places).map(|(column, place)| {
            let mut difference = proof.tails[*place as usize].clone();
            for (index, coefficient) in &column.terms {
                let pairs = difference.iter_mut().zip(tails[*index]);
                pairs.for_each(|(d, value)| *d -= Fr::from(*coefficient) * value);
            }
            difference.iter_mut().for_each(|d| *d -= Fr::from(column.constant));
            difference
        });
        let witness: Vec<Vec<Fr>> = witness.collect();
        let statement = LinkStatement {
            claim_digest: claim.digest(),
            key_digest: self.card.key.digest(),
            srs_id: self.srs.id(),
            proof: &proof.bytes,
            committed: committed.clone(),
            columns: columns.clone(),
            tail: &self.srs.tail,
            g1: self.srs.g1,
        };
        let nonces: Vec<Fr> = self.tail.iter().map(|_| Fr::random(&mut rng)).collect();
        let link = link_proof(&statement, &witness, &nonces);
        Issued {
            receipt: Receipt {
                claim,
                proof: proof.bytes,
                link,
            },
            committed,
            columns,
            witness,
        }
    }

    /// Meaning of the public columns.
    fn layout(&self) -> InstanceLayout {
        self.card.key.purpose.layout().unwrap().clone()
    }

    fn columns(&self, claim: &Claim) -> Vec<Vec<Fr>> {
        let body = claim.body.inference().unwrap();
        columns(&self.layout(), &body.policy, claim_item(claim))
    }

    pub fn prove(&self, toy: &Toy, claim: &Claim, seed: u64) -> plonk::Proof {
        let columns = self.columns(claim);
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let prefix = claim.claim_scalar().into();
        plonk::prove(&self.key, &self.points, &columns, prefix, &mut toy.clone(), &mut rng).unwrap()
    }

    /// The verdict of the library's parts on a proof.
    pub fn library_accepts(&self, claim: &Claim, proof: &[u8]) -> bool {
        let columns = self.columns(claim);
        let (params, vk) = (&self.points.params, self.pk.get_vk());
        reference::accepts(params, vk, claim.claim_scalar().into(), &columns, &|_| vec![], proof)
    }

    pub fn verify(&self, receipt: &Receipt) -> Result<Verdict, VerifyError> {
        verify(&receipt.to_bytes(), &self.card, &self.srs, &Expectation::default())
    }
}
