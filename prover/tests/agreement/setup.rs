//! Random circuits with their keys, claims and proofs, and proofs that differ from these in one way. Shared by the tests that compare verifiers.
#![allow(dead_code, clippy::unwrap_used, reason = "shared by tests")]

#[path = "library.rs"]
pub mod library;
#[path = "registration.rs"]
mod registration;
#[path = "shape.rs"]
pub mod shape;

use halo2_proofs::plonk::ProvingKey;
use halo2curves::bn256::{Fr, G1Affine};
use halo2curves::ff::PrimeField;
use halo2curves::group::{Curve, GroupEncoding};
use provenn_circuits::argument::row_sets;
use provenn_prover::compact::compact;
use provenn_prover::error::{Defect, ProveError};
use provenn_prover::link;
use provenn_prover::plonk::{self, AdviceColumn, Assignment, Key};
use provenn_prover::srs::Srs;
use provenn_verifier::*;
use shape::{Draw, Shape};

/// A circuit with its keys.
pub struct Setup {
    pub shape: Shape,
    pub srs: Srs,
    pub key: Key,
    pub pk: ProvingKey<G1Affine>,
    pub srs_key: SrsVerifyingKey,
    pub card: CheckedCard,
}

impl Setup {
    /// None if nothing hides the quotient, as in a circuit without copies and rotations.
    pub fn new(shape: Shape, draw: &mut Draw) -> Option<Self> {
        let srs = Srs::dev_from_seed(shape.k, [8; 32]);
        let (own, pk) = library::keys(&shape, &srs);
        let layout = InstanceLayout {
            lanes: shape.lanes as u32,
            inputs: vec![InputLayout {
                channels: shape.lanes as u32,
                positions: shape.positions as u32,
                row: 0,
                bits: 20,
                public: true,
                order: InputOrder::default(),
            }],
            outputs: vec![OutputLayout {
                len: shape.outputs as u32,
                rows: shape.outputs as u32,
                bits: 20,
                items: 0,
                whole: None,
            }],
        };
        let linked = Linked {
            inputs: vec![vec![]],
            ..Linked::default()
        };
        let key = match compact(pk.get_vk(), shape.k, linked, Purpose::Inference(layout), &RowSet::ALL) {
            Err(ProveError::ProofSystem(Defect::Key(e))) => {
                let reason = "no column hides the quotient";
                assert_eq!(e, VerifyError::KeyInvalid { reason });
                return None;
            }
            key => key.unwrap(),
        };
        let srs_key = SrsVerifyingKey::new(SrsParts {
            kind: SrsKind::Ceremony,
            k: shape.k,
            g1: srs.g1_points()[0].into(),
            g2: srs.params.g2().into(),
            s_g2: srs.params.s_g2().into(),
            tail: srs.tail(key.tail_rows() as usize).into_iter().map(Into::into).collect(),
        });
        let srs_key = srs_key.unwrap();
        let card = registration::register(&srs, &srs_key, key, &mut draw.0);
        let card = card.check(&srs_key).unwrap();
        Some(Self {
            shape,
            srs,
            key: own,
            pk,
            srs_key,
            card,
        })
    }

    pub fn claim(&self, draw: &mut Draw) -> Claim {
        let mut value = |bound: usize| draw.below(2 * bound) as i64 - bound as i64;
        let values = (0..self.shape.lanes * self.shape.positions)
            .map(|_| value(1 << 12))
            .collect();
        let scores = (0..self.shape.outputs).map(|_| value(1 << 18)).collect();
        let index = draw.below(self.shape.outputs) as u32;
        let threshold = policy::Threshold {
            output: draw.below(self.shape.outputs) as u32,
            threshold: -5,
        };
        let stated: [(Disclosure, Answer); 4] = [
            (policy::Scores.into(), Answer::Scores(scores)),
            (policy::Label.into(), Answer::Label(index)),
            (policy::Margin { margin: 7 }.into(), Answer::Label(index)),
            (threshold.into(), Answer::Bit(draw.below(2) == 0)),
        ];
        let (policy, answer) = stated[draw.below(4)].clone();
        Claim {
            srs_id: self.srs_key.id(),
            key_digest: self.card.key.digest(),
            context: Context::default(),
            body: Inference {
                model_id: self.card.model_id(),
                quantization: self.card.quantization,
                policy,
                items: vec![Item::new(InputBinding::Public { values }, answer)],
            }
            .into(),
        }
    }

    pub fn instances(&self, claim: &Claim) -> Vec<Vec<Fr>> {
        let body = claim.body.inference().unwrap();
        let columns = body.items[0]
            .columns(self.card.key.purpose.layout().unwrap(), self.card.key.k, &body.policy)
            .unwrap();
        columns
            .into_iter()
            .map(|column| column.into_iter().map(Fr::from).collect())
            .collect()
    }

    pub fn prove(&self, claim: &Claim, draw: &mut Draw) -> Vec<u8> {
        let instances = self.instances(claim);
        let mut columns = Columns {
            setup: self,
            instances: instances.clone(),
            before: vec![],
            draw: Draw::new(draw.below(1 << 30) as u64),
        };
        let (key, srs, prefix) = (&self.key, &self.srs, claim.claim_scalar().into());
        let proof = plonk::prove(key, srs, &instances, prefix, &mut columns, &mut draw.0);
        proof.unwrap().bytes
    }

    /// A receipt of a proof. No column is linked, so anybody can make the link proof of any proof.
    pub fn receipt(&self, claim: &Claim, proof: &[u8]) -> Vec<u8> {
        let statement = LinkStatement {
            claim_digest: claim.digest(),
            key_digest: claim.key_digest,
            srs_id: claim.srs_id,
            proof,
            committed: vec![],
            columns: vec![],
            tail: &self.srs_key.tail,
            g1: self.srs_key.g1,
        };
        let nonces = vec![Fr::from(3); self.srs_key.tail.len()];
        let receipt = Receipt {
            claim: claim.clone(),
            proof: proof.to_vec(),
            link: link::prove(&statement, &self.srs.tail(nonces.len()), &[], &[], &nonces).unwrap(),
        };
        receipt.to_bytes()
    }

    /// What our verifier says.
    pub fn ours(&self, claim: &Claim, proof: &[u8]) -> Result<(), VerifyError> {
        let receipt = self.receipt(claim, proof);
        verify(&receipt, &self.card, &self.srs_key, &Expectation::default()).map(drop)
    }

    pub fn row_sets(&self) -> [Vec<Fr>; 3] {
        row_sets(self.card.key.usable_rows() as usize)
    }
}

/// The columns of a shape.
struct Columns<'a> {
    setup: &'a Setup,
    instances: Vec<Vec<Fr>>,
    before: Vec<Vec<Fr>>,
    draw: Draw,
}

impl Assignment for Columns<'_> {
    fn advice(&mut self, phase: u8, challenges: &[Fr]) -> Vec<AdviceColumn<'_>> {
        let (before, draw) = (&mut self.before, &mut self.draw);
        let columns = self
            .setup
            .shape
            .witness(phase, before, &self.instances, challenges, draw);
        columns.into_iter().map(AdviceColumn::from).collect()
    }

    fn computed(&self, _: &[Fr]) -> Vec<Vec<Fr>> {
        self.setup.row_sets().into()
    }
}

/// A proof that differs from `proof` in one way, and the name of the way.
pub fn mutated(proof: &[u8], draw: &mut Draw) -> (&'static str, Vec<u8>) {
    let mut bytes = proof.to_vec();
    let words = proof.len() / 32;
    let (at, other) = (32 * draw.below(words), 32 * draw.below(words));
    let point = (G1Affine::generator() * draw.scalar()).to_affine().to_bytes();
    let name = match draw.below(10) {
        0 | 1 => {
            let bit = draw.below(8 * proof.len());
            bytes[bit / 8] ^= 1 << (bit % 8);
            "bit"
        }
        2 => {
            let word = bytes[at..at + 32].to_vec();
            bytes.copy_within(other..other + 32, at);
            bytes[other..other + 32].copy_from_slice(&word);
            "swap"
        }
        3 => {
            bytes.copy_within(other..other + 32, at);
            "repeat"
        }
        4 => {
            bytes[at..at + 32].copy_from_slice(point.as_ref());
            "point"
        }
        5 => {
            bytes[at..at + 32].copy_from_slice(&draw.scalar().to_repr());
            "scalar"
        }
        6 => {
            bytes[at + 31] ^= 0x40;
            "sign"
        }
        7 => {
            bytes[at..at + 32].fill(0);
            bytes[at + 31] = draw.pick(&[0, 0x80, 0x40, 0xc0]);
            "zero or identity"
        }
        8 => {
            bytes[at..at + 32].fill(0xff);
            "not reduced"
        }
        _ => {
            bytes.truncate(draw.below(proof.len()));
            "cut"
        }
    };
    (name, bytes)
}

/// The claim with one public value changed.
pub fn edited(claim: &Claim, draw: &mut Draw) -> Claim {
    let mut claim = claim.clone();
    let body = claim.body.inference_mut().unwrap();
    let item = &mut body.items[0];
    match (&mut item.answer, &mut item.inputs[0], draw.below(2)) {
        (_, InputBinding::Public { values }, 0) => {
            let at = draw.below(values.len());
            values[at] ^= 1;
        }
        (Answer::Scores(scores), _, _) => {
            let at = draw.below(scores.len());
            scores[at] ^= 1;
        }
        (Answer::Bit(bit), _, _) => *bit ^= true,
        _ => claim.context.nonce[0] ^= 1,
    }
    claim
}
