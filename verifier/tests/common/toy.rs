//! A toy model in two phases (or three, see [`three_phases`]): `z = w x + x'` in each row, with scans, rotations, copies and the policy gate.

use super::compact::compact;
use super::registration::register;
use ff::{Field, PrimeField};
use group::{Curve, GroupEncoding};
use halo2_proofs::circuit::{Layouter, Region, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{
    create_proof, keygen_pk, keygen_vk, verify_proof, Advice, Challenge, Circuit, Column, ConstraintSystem, Error,
    Expression, FirstPhase, Fixed, Instance, ProvingKey, SecondPhase, ThirdPhase,
};
use halo2_proofs::poly::commitment::{Blind, Params, ParamsProver};
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::multiopen::{ProverSHPLONK, VerifierSHPLONK};
use halo2_proofs::poly::kzg::strategy::SingleStrategy;
use halo2_proofs::poly::{EvaluationDomain, Rotation};
use halo2_proofs::transcript::{
    Blake2bRead, Blake2bWrite, Challenge255, Transcript, TranscriptReadBuffer, TranscriptWriterBuffer,
};
use halo2curves::bn256::{Bn256, Fr, G1Affine, G1};
use provenn_verifier::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// `create_proof` of halo2-axiom 0.5.3 panics on every circuit with three phases (`Phase::next`), so the tests use
/// two. With a patched library, `PROVENN_THREE_PHASES=1 cargo test` runs them with three.
pub fn three_phases() -> bool {
    std::env::var_os("PROVENN_THREE_PHASES").is_some()
}

pub const K: u32 = 7;
pub const OUTPUTS: usize = 5;
pub const WEIGHTS: [u64; 8] = [3, 1, 4, 1, 5, 9, 2, 6];
const ROWS: usize = 8;

pub fn layout(public_input: bool) -> InstanceLayout {
    InstanceLayout {
        lanes: 2,
        channels: 3,
        positions: 4,
        blocks: 2,
        public_input,
        outputs: 5,
        policy_rows: 6,
        input_bits: 12,
        output_bits: 24,
    }
}

#[derive(Clone)]
pub struct Config {
    policy: [Column<Instance>; 4],
    input: Vec<Column<Instance>>,
    w: Column<Advice>,
    x: [Column<Advice>; 2],
    z: Column<Advice>,
    top: Column<Advice>,
    copy: Column<Advice>,
    acc: Column<Advice>,
    p: Column<Advice>,
    q: [Column<Fixed>; 4],
    konst: Column<Fixed>,
    r: Challenge,
    s: Challenge,
}

/// `w`: weights; `x`: lanes of the input.
#[derive(Clone, Default)]
pub struct Toy {
    pub public: bool,
    pub w: Vec<Fr>,
    pub x: [Vec<Fr>; 2],
}

impl Toy {
    pub fn outputs(&self) -> Vec<Fr> {
        (0..OUTPUTS)
            .map(|j| OUTPUTS - j)
            .map(|row| self.w[row] * self.x[0][row] + self.x[1][row])
            .collect()
    }
}

impl Circuit<Fr> for Toy {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = bool;

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn params(&self) -> bool {
        self.public
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Config {
        unreachable!()
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, public: bool) -> Config {
        meta.set_minimum_degree(5);
        let policy = [(); 4].map(|_| meta.instance_column());
        let lanes = if public { 2 } else { 0 };
        let input: Vec<_> = (0..lanes).map(|_| meta.instance_column()).collect();
        let w = meta.advice_column_in(FirstPhase);
        let x = [(); 2].map(|_| meta.advice_column_in(FirstPhase));
        let z = meta.advice_column_in(FirstPhase);
        let acc = meta.advice_column_in(SecondPhase);
        let top = meta.advice_column_in(FirstPhase);
        let copy = meta.advice_column_in(FirstPhase);
        let r = meta.challenge_usable_after(FirstPhase);
        let (s, p) = if three_phases() {
            let s = meta.challenge_usable_after(SecondPhase);
            (s, meta.advice_column_in(ThirdPhase))
        } else {
            let s = meta.challenge_usable_after(FirstPhase);
            (s, meta.advice_column_in(SecondPhase))
        };
        let q = [(); 4].map(|_| meta.fixed_column());
        let konst = meta.fixed_column();
        meta.enable_equality(x[0]);
        meta.enable_equality(copy);
        meta.enable_equality(z);
        meta.enable_equality(konst);
        meta.enable_equality(top);
        if public {
            meta.enable_equality(input[0]);
        }
        let at = |column: Column<Advice>, rotation: i32| column.query_cell::<Fr>(Rotation(rotation));
        meta.create_gate("output and policy", |_| {
            let q = |i: usize| q[i].query_cell::<Fr>(Rotation::cur());
            let [a, t, c, g] = policy.map(|column| column.query_cell::<Fr>(Rotation::cur()));
            vec![
                q(0) * (at(z, 0) - at(w, 0) * at(x[0], 0) - at(x[1], 0)),
                q(1) * g * (a * at(z, 0) + t * at(top, 0) + c),
                q(0) * (at(top, 1) - at(top, 0)),
            ]
        });
        meta.create_gate("scan", |_| {
            let q = |i: usize| q[i].query_cell::<Fr>(Rotation::cur());
            let check = at(p, 0) * Fr::from(3)
                - s.expr() * at(acc, 0)
                - at(w, -1) * at(x[0], 2)
                - Expression::Constant(Fr::from(7));
            vec![
                q(2) * (at(acc, 1) - at(acc, 0) * r.expr() - at(w, 0)),
                q(3) * check.clone() * check,
            ]
        });
        if public {
            meta.create_gate("input", |_| {
                let q = q[3].query_cell::<Fr>(Rotation::cur());
                let mut out = Vec::new();
                for rotation in [-1, 0, 1, 2] {
                    for (x, input) in x.iter().zip(&input) {
                        let input = input.query_cell::<Fr>(Rotation(rotation));
                        out.push(q.clone() * (input - at(*x, rotation)));
                    }
                }
                out
            });
        }
        Config {
            policy,
            input,
            w,
            x,
            z,
            top,
            copy,
            acc,
            p,
            q,
            konst,
            r,
            s,
        }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(|| "all", |mut region| self.assign(&config, &mut region))
    }
}

impl Toy {
    fn assign(&self, config: &Config, region: &mut Region<'_, Fr>) -> Result<(), Error> {
        let put = |region: &mut Region<'_, Fr>, column, row, value: Fr| {
            region.assign_advice(column, row, Value::known(value)).cell()
        };
        let outputs = self.outputs();
        let top = *outputs.iter().max_by_key(|z| integer(**z)).unwrap();
        for row in 0..ROWS {
            put(region, config.w, row, self.w[row]);
            let x = put(region, config.x[0], row, self.x[0][row]);
            put(region, config.x[1], row, self.x[1][row]);
            let copy = put(region, config.copy, row, self.x[0][row]);
            region.constrain_equal(x, copy);
            region.assign_fixed(config.q[2], row, Fr::ONE);
            // Output j is in row policy_rows - 1 - j; row 0 is padding.
            if (1..=OUTPUTS).contains(&row) {
                put(region, config.z, row, outputs[OUTPUTS - row]);
                region.assign_fixed(config.q[0], row, Fr::ONE);
            }
            put(region, config.top, row, top);
            if row <= OUTPUTS {
                region.assign_fixed(config.q[1], row, Fr::ONE);
            }
            if (1..6).contains(&row) {
                region.assign_fixed(config.q[3], row, Fr::ONE);
            }
        }
        let padding = put(region, config.z, 0, Fr::ZERO);
        let zero = region.assign_fixed(config.konst, 0, Fr::ZERO);
        region.constrain_equal(padding, zero);
        region.next_phase();
        let mut acc = vec![Value::known(Fr::ZERO)];
        for row in 0..ROWS {
            let next = acc[row] * region.get_challenge(config.r) + Value::known(self.w[row]);
            acc.push(next);
        }
        for (row, value) in acc.iter().enumerate() {
            region.assign_advice(config.acc, row, *value);
        }
        if three_phases() {
            region.next_phase();
        }
        let third = Fr::from(3).invert().unwrap();
        for (row, acc) in acc.iter().enumerate().take(6).skip(1) {
            let rest = self.w[row - 1] * self.x[0][row + 2] + Fr::from(7);
            let value = region.get_challenge(config.s) * *acc + Value::known(rest);
            region.assign_advice(config.p, row, value * Value::known(third));
        }
        Ok(())
    }
}

/// SRS, keys and card of the toy model with one kind of input.
pub struct Setup {
    pub params: ParamsKZG<Bn256>,
    pub pk: ProvingKey<G1Affine>,
    pub srs: SrsVerifyingKey,
    pub card: CheckedCard,
    /// Tail of the published weight commitment.
    pub tail: Vec<Fr>,
}

pub const INPUT: [i64; 12] = [5, 6, 7, 8, 10, -50, 30, 40, 1, 2, 3, 4];

/// A commitment to a column with the given tail.
pub fn commit(params: &ParamsKZG<Bn256>, cells: &[Fr], tail: &[Fr]) -> G1Affine {
    let n = 1 << K;
    let mut column = cells.to_vec();
    column.resize(n - tail.len(), Fr::ZERO);
    column.extend_from_slice(tail);
    let polynomial = EvaluationDomain::<Fr>::new(5, K).lagrange_from_vec(column);
    params.commit_lagrange(&polynomial, Blind::default()).to_affine()
}

pub fn compressed(point: &G1Affine) -> [u8; 32] {
    point.to_bytes().as_ref().try_into().unwrap()
}

pub fn setup(public: bool, kind: SrsKind) -> Setup {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let params = ParamsKZG::<Bn256>::setup(K, &mut rng);
    let toy = toy(public, &WEIGHTS);
    let vk = keygen_vk(&params, &toy).unwrap();
    let pk = keygen_pk(&params, vk, &toy).unwrap();
    let linked = Linked {
        model: vec![0],
        input: if public { vec![] } else { vec![1, 2] },
    };
    let key = compact(pk.get_vk(), K, linked, Some(layout(public)));
    let rows = key.tail_rows() as usize;
    let unit = |place: usize| {
        let mut tail = vec![Fr::ZERO; rows];
        tail[place] = Fr::ONE;
        commit(&params, &[], &tail)
    };
    let srs = SrsVerifyingKey::new(SrsParts {
        kind,
        k: K,
        g1: params.get_g()[0].into(),
        g2: params.g2().into(),
        s_g2: params.s_g2().into(),
        tail: (0..rows).map(unit).map(Into::into).collect(),
    })
    .unwrap();
    let (registration, commitment, tail) = register(&params, &key, &srs.id(), &toy.w);
    assert_eq!(commitment, compressed(&commit(&params, &toy.w, &tail)));
    let card = ModelCard {
        key,
        srs_id: srs.id(),
        quantization: [7; 32],
        commitments: vec![commitment],
        registration,
        description: "{\"name\":\"toy\"}".to_owned(),
    };
    let card = card.check(&srs).unwrap();
    Setup {
        params,
        pk,
        srs,
        card,
        tail,
    }
}

/// The public columns, for the library.
fn columns(layout: &InstanceLayout, policy: &Policy, item: &Item) -> Vec<Vec<Fr>> {
    let columns = item.columns(layout, policy).unwrap();
    let library = |column: Vec<provenn_bn254::Fr>| column.into_iter().map(Fr::from).collect();
    columns.into_iter().map(library).collect()
}

/// The link proof from these tails, which need not be the right ones.
pub fn link_proof(statement: &LinkStatement<'_>, tails: &[Vec<Fr>], nonces: &[Fr]) -> LinkProof {
    let tail: Vec<G1Affine> = statement.tail.iter().map(|point| (*point).into()).collect();
    let r: G1 = tail.iter().zip(nonces).map(|(point, nonce)| point * nonce).sum();
    let r = compressed(&r.to_affine());
    let mut transcript = LinkTranscript::new(statement);
    let rho = Fr::from(transcript.rho());
    let e = Fr::from(transcript.challenge(&r));
    let z = |(place, nonce): (usize, &Fr)| {
        // Horner's rule over the columns.
        let joined = tails.iter().rev().fold(Fr::ZERO, |sum, tail| sum * rho + tail[place]);
        (*nonce + e * joined).to_repr()
    };
    LinkProof {
        r,
        z: nonces.iter().enumerate().map(z).collect(),
    }
}

/// The circuit with [`INPUT`] in its lanes.
pub fn toy(public: bool, weights: &[u64]) -> Toy {
    let binding = InputBinding::Public { values: INPUT.to_vec() };
    let item = Item::new(binding, Answer::Label(0));
    let mut columns = columns(&layout(true), &policy::Label.into(), &item);
    let x1 = columns.pop().unwrap();
    let x0 = columns.pop().unwrap();
    Toy {
        public,
        w: weights.iter().map(|w| Fr::from(*w)).collect(),
        x: [x0, x1],
    }
}

/// A small signed scalar as an integer.
pub fn integer(value: Fr) -> i64 {
    let small = |v: Fr| {
        let repr = v.to_repr();
        repr[8..]
            .iter()
            .all(|b| *b == 0)
            .then(|| i64::from_le_bytes(repr[..8].try_into().unwrap()))
    };
    small(value).unwrap_or_else(|| -small(-value).unwrap())
}

/// A policy with its answer.
pub type Stated = (Policy, Answer);

fn claim_item(claim: &Claim) -> &Item {
    let Statement::Inference(body) = &claim.body;
    body.item().unwrap()
}

pub struct Issued {
    pub receipt: Receipt,
    /// `C` and `C'` of the linked columns.
    pub statement_pairs: (Vec<provenn_bn254::G1Affine>, Vec<provenn_bn254::G1Affine>),
    /// Tail of `C'` minus tail of `C`, by linked column.
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
                let point = compressed(&commit(&self.params, lane, &tail));
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
        // The tails of the first phase are the first thing drawn, column by column.
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let phases = &self.card.key.advice_phases;
        let mut tails = vec![vec![]; phases.len()];
        for (column, _) in phases.iter().enumerate().filter(|(_, phase)| **phase == 0) {
            tails[column] = self.tail.iter().map(|_| Fr::random(&mut rng)).collect();
        }
        let published = std::iter::once(&self.tail).chain(&inputs);
        let linked = &self.card.key.linked;
        let witness: Vec<Vec<Fr>> = linked
            .model
            .iter()
            .chain(&linked.input)
            .zip(published)
            .map(|(column, published)| {
                let fresh = &tails[*column as usize];
                fresh.iter().zip(published).map(|(a, b)| a - b).collect()
            })
            .collect();
        let mut points = self.card.commitments.clone();
        points.extend_from_slice(claim_item(&claim).input().unwrap().points());
        let committed: Vec<_> = points.iter().map(|point| decode(point).into()).collect();
        let proven = linked_commitments(&self.card.key, &proof).unwrap();
        let statement = LinkStatement {
            claim_digest: claim.digest(),
            key_digest: self.card.key.digest(),
            srs_id: self.srs.id(),
            proof: &proof,
            committed: committed.clone(),
            proven: proven.clone(),
            tail: &self.srs.tail,
        };
        let nonces: Vec<Fr> = self.tail.iter().map(|_| Fr::random(&mut rng)).collect();
        let link = link_proof(&statement, &witness, &nonces);
        Issued {
            receipt: Receipt { claim, proof, link },
            statement_pairs: (committed, proven),
            witness,
        }
    }

    /// Meaning of the public columns.
    fn layout(&self) -> InstanceLayout {
        self.card.key.layout.unwrap()
    }

    fn columns(&self, claim: &Claim) -> Vec<Vec<Fr>> {
        let Statement::Inference(body) = &claim.body;
        columns(&self.layout(), &body.policy, claim_item(claim))
    }

    /// The library's prover.
    pub fn prove(&self, toy: &Toy, claim: &Claim, seed: u64) -> Vec<u8> {
        let columns = self.columns(claim);
        let columns: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
        let mut transcript = Blake2bWrite::<_, _, Challenge255<_>>::init(vec![]);
        transcript.common_scalar(claim.claim_scalar().into()).unwrap();
        create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<Bn256>, _, _, _, _>(
            &self.params,
            &self.pk,
            std::slice::from_ref(toy),
            &[&columns],
            ChaCha20Rng::seed_from_u64(seed),
            &mut transcript,
        )
        .unwrap();
        transcript.finalize()
    }

    /// The library's verdict on a proof.
    pub fn library_accepts(&self, claim: &Claim, proof: &[u8]) -> bool {
        let columns = self.columns(claim);
        let columns: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
        let mut transcript = Blake2bRead::<_, G1Affine, Challenge255<_>>::init(proof);
        transcript.common_scalar(claim.claim_scalar().into()).unwrap();
        verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<Bn256>, _, _, _>(
            &self.params,
            self.pk.get_vk(),
            SingleStrategy::new(&self.params),
            &[&columns],
            &mut transcript,
        )
        .is_ok()
    }

    pub fn verify(&self, receipt: &Receipt) -> Result<Verdict, VerifyError> {
        verify(&receipt.to_bytes(), &self.card, &self.srs, &Expectation::default())
    }
}

pub fn decode(bytes: &[u8; 32]) -> G1Affine {
    let mut repr = <G1Affine as GroupEncoding>::Repr::default();
    repr.as_mut().copy_from_slice(bytes);
    G1Affine::from_bytes(&repr).unwrap()
}
