//! A toy model in three phases: `z = w x + x'` in each row, with scans, rotations, copies and the policy gate.

use ff::{Field, PrimeField};
use group::{Curve, GroupEncoding};
use halo2_proofs::circuit::{Cell, Layouter, Region, SimpleFloorPlanner};
use halo2_proofs::plonk::{
    keygen_pk2, Advice, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, FirstPhase, Fixed, Instance,
    ProvingKey, SecondPhase, ThirdPhase,
};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::{Fr, G1Affine, G1};
use provenn_circuits::register::RegisterCircuit;
use provenn_prover::compact::compact;
use provenn_prover::plonk::{AdviceColumn, Assignment, Key};
use provenn_prover::register::{register, Registered, Unregistered};
use provenn_prover::srs::Srs;
use provenn_verifier::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

pub const K: u32 = 7;
pub const OUTPUTS: usize = 5;
pub const WEIGHTS: [u64; 8] = [3, 1, 4, 1, 5, 9, 2, 6];
const ROWS: usize = 8;

pub fn layout(public_input: bool) -> InstanceLayout {
    InstanceLayout {
        lanes: 2,
        inputs: vec![InputLayout {
            channels: 3,
            positions: 4,
            row: 0,
            bits: 12,
            public: public_input,
            order: InputOrder::default(),
        }],
        outputs: vec![OutputLayout {
            len: 5,
            rows: 6,
            bits: 24,
            items: 0,
            whole: None,
        }],
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
        let x = [(); 2].map(|_| meta.advice_column_in(FirstPhase));
        let z = meta.advice_column_in(FirstPhase);
        let top = meta.advice_column_in(FirstPhase);
        let copy = meta.advice_column_in(FirstPhase);
        let r = meta.challenge_usable_after(FirstPhase);
        let [w, acc] = [(); 2].map(|_| meta.advice_column_in(SecondPhase));
        let s = meta.challenge_usable_after(SecondPhase);
        let p = meta.advice_column_in(ThirdPhase);
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
                for rotation in [-1, 0, 2] {
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
    /// Fixed cells and copies; the witness is given to the prover column by column.
    fn assign(&self, config: &Config, region: &mut Region<'_, Fr>) -> Result<(), Error> {
        let at = |column: Column<Advice>, row_offset| Cell {
            row_offset,
            column: column.into(),
        };
        for row in 0..ROWS {
            region.constrain_equal(at(config.x[0], row), at(config.copy, row));
            region.assign_fixed(config.q[2], row, Fr::ONE);
            // Output j is in row policy_rows - 1 - j; row 0 is padding.
            if (1..=OUTPUTS).contains(&row) {
                region.assign_fixed(config.q[0], row, Fr::ONE);
            }
            if row <= OUTPUTS {
                region.assign_fixed(config.q[1], row, Fr::ONE);
            }
            if (1..6).contains(&row) {
                region.assign_fixed(config.q[3], row, Fr::ONE);
            }
        }
        let zero = region.assign_fixed(config.konst, 0, Fr::ZERO);
        region.constrain_equal(at(config.z, 0), zero);
        Ok(())
    }

    /// `acc = r acc_prev + w`
    fn accumulator(&self, r: Fr) -> Vec<Fr> {
        let step = |acc: &mut Fr, w: &Fr| Some(std::mem::replace(acc, *acc * r + w));
        let past_the_end = [Fr::ZERO];
        self.w.iter().chain(&past_the_end).scan(Fr::ZERO, step).collect()
    }
}

impl Assignment for Toy {
    fn advice(&mut self, phase: u8, challenges: &[Fr]) -> Vec<AdviceColumn<'_>> {
        let columns = match (phase, challenges) {
            (0, _) => {
                let outputs = self.outputs();
                let top = *outputs.iter().max_by_key(|z| integer(**z)).unwrap();
                let z = std::iter::once(Fr::ZERO).chain(outputs.into_iter().rev()).collect();
                let [x0, x1] = self.x.each_ref().map(|x| x[..ROWS].to_vec());
                vec![x0.clone(), x1, z, vec![top; ROWS], x0]
            }
            (1, [r]) => vec![self.w.clone(), self.accumulator(*r)],
            (_, [r, s]) => {
                let third = Fr::from(3).invert().unwrap();
                let acc = self.accumulator(*r);
                let cell = |row: usize| {
                    let rest = self.w[row - 1] * self.x[0][row + 2] + Fr::from(7);
                    (acc[row] * s + rest) * third
                };
                let rows = (1..6).map(cell);
                vec![std::iter::once(Fr::ZERO).chain(rows).collect()]
            }
            _ => unreachable!(),
        };
        columns.into_iter().map(AdviceColumn::from).collect()
    }
}

/// SRS, keys and card of the toy model with one kind of input.
pub struct Setup {
    pub points: Srs,
    pub key: Key,
    pub pk: ProvingKey<G1Affine>,
    pub srs: SrsVerifyingKey,
    pub card: CheckedCard,
    /// Tail of the published weight commitment.
    pub tail: Vec<Fr>,
}

pub const INPUT: [i64; 12] = [5, 6, 7, 8, 10, -50, 30, 40, 1, 2, 3, 4];

/// A commitment to a column with the given tail.
pub fn commit(points: &Srs, cells: &[Fr], tail: &[Fr]) -> G1Affine {
    let mut column = cells.to_vec();
    column.resize((1 << K) - tail.len(), Fr::ZERO);
    column.extend_from_slice(tail);
    let terms = points.lagrange_points().into_iter().zip(column);
    terms.map(|(point, cell)| point * cell).sum::<G1>().to_affine()
}

pub fn compressed(point: &G1Affine) -> [u8; 32] {
    point.to_bytes().as_ref().try_into().unwrap()
}

pub fn setup(public: bool, kind: SrsKind) -> Setup {
    let points = Srs::dev_from_seed(K, [1; 32]);
    let circuit = toy(public, &WEIGHTS);
    let pk = keygen_pk2(&points.params, &circuit, false).unwrap();
    let own = Key::new(&circuit, K).unwrap().named(pk.get_vk().transcript_repr());
    // One lane, whose fold is itself.
    let linked = Linked {
        weights: Folded {
            columns: vec![5],
            lanes: 1,
            challenge: 0,
            zero: 0,
        },
        inputs: vec![if public { vec![] } else { vec![0, 1] }],
        ..Linked::default()
    };
    let key = compact(pk.get_vk(), K, linked, Purpose::Inference(layout(public)), &[]).unwrap();
    let rows = key.tail_rows() as usize;
    let srs = SrsVerifyingKey::new(SrsParts {
        kind,
        k: K,
        g1: points.g1_points()[0].into(),
        g2: points.params.g2().into(),
        s_g2: points.params.s_g2().into(),
        tail: points.tail(rows).into_iter().map(Into::into).collect(),
    })
    .unwrap();
    let Registered { card, mut tails } = registered(&points, &srs, key, &WEIGHTS);
    let card = card.check(&srs).unwrap();
    let tail = tails.remove(0);
    let weights = toy(public, &WEIGHTS).w;
    assert_eq!(card.commitments, [compressed(&commit(&points, &weights, &tail))]);
    Setup {
        points,
        key: own,
        pk,
        srs,
        card,
        tail,
    }
}

/// A card with this key, and a registration of these weights.
pub fn registered(points: &Srs, srs: &SrsVerifyingKey, key: VerifyingKey, weights: &[u64]) -> Registered {
    let model = Unregistered {
        key,
        quantization: [7; 32],
        description: "{\"name\":\"toy\"}".to_owned(),
    };
    let circuit = RegisterCircuit::free(K, 1, 16);
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    register(&circuit, &[weights.to_vec()], model, points, srs, &mut rng).unwrap()
}

/// The public columns, for the library.
pub fn columns(layout: &InstanceLayout, policy: &Disclosure, item: &Item) -> Vec<Vec<Fr>> {
    let columns = item.columns(layout, K, policy).unwrap();
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

pub fn decode(bytes: &[u8; 32]) -> G1Affine {
    let mut repr = <G1Affine as GroupEncoding>::Repr::default();
    repr.as_mut().copy_from_slice(bytes);
    G1Affine::from_bytes(&repr).unwrap()
}
