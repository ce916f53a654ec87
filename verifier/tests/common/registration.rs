//! The registration of the toy model: its weights are those of a fixed column.

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::plonk::{keygen_pk2, Advice, Circuit, Column, ConstraintSystem, Error, FirstPhase, Fixed};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use provenn_prover::compact::compact;
use provenn_prover::plonk::{self, AdviceColumn, Assignment};
use provenn_prover::srs::Srs;
use provenn_verifier::{registration_scalar, Linked, Registration, VerifyingKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// As many rotations as the model's circuit has, for as many blinding rows.
#[derive(Clone)]
struct Weights {
    values: Vec<Fr>,
    rotations: usize,
}

impl Circuit<Fr> for Weights {
    type Config = (Column<Advice>, Column<Fixed>, Column<Fixed>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = usize;

    fn params(&self) -> usize {
        self.rotations
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Self::Config {
        unreachable!()
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, rotations: usize) -> Self::Config {
        meta.set_minimum_degree(5);
        let weight = meta.advice_column_in(FirstPhase);
        let (on, value) = (meta.fixed_column(), meta.fixed_column());
        meta.create_gate("weights", |_| {
            let [on, value] = [on, value].map(|column| column.query_cell::<Fr>(Rotation::cur()));
            let cells = (0..rotations)
                .rev()
                .map(|at| weight.query_cell::<Fr>(Rotation(at as i32)));
            let sum = cells.reduce(|sum, cell| sum * Fr::from(2) + cell).unwrap();
            // A quotient with all its pieces.
            let degree_four = on.clone() * on.clone() * on.clone() * on;
            vec![degree_four * (sum - value)]
        });
        (weight, on, value)
    }

    fn synthesize(&self, (_, on, value): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "weights",
            |mut region| {
                let at = |row: usize| self.values.get(row).copied().unwrap_or(Fr::ZERO);
                for row in 0..self.values.len() {
                    let horner = |sum: Fr, row| sum.double() + at(row);
                    region.assign_fixed(on, row, Fr::ONE);
                    region.assign_fixed(value, row, (row..row + self.rotations).rev().fold(Fr::ZERO, horner));
                }
                Ok(())
            },
        )
    }
}

impl Assignment for Weights {
    fn advice(&mut self, _: u8, _: &[Fr]) -> Vec<AdviceColumn> {
        vec![self.values.clone().into()]
    }
}

/// A registration of the weights, and the tail of their commitment, which is the first message of its proof.
pub fn register(
    points: &Srs,
    model: &VerifyingKey,
    srs_id: &[u8; 32],
    weights: &[Fr],
) -> (Registration, [u8; 32], Vec<Fr>) {
    let mut circuit = Weights {
        values: weights.to_vec(),
        rotations: model.blinding_factors as usize - 2,
    };
    let pk = keygen_pk2(&points.params, &circuit, false).unwrap();
    let linked = Linked {
        model: vec![0],
        input: vec![],
    };
    let key = compact(pk.get_vk(), model.k, linked, None).unwrap();
    let scalar = registration_scalar(&model.digest(), &key.digest(), srs_id);
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let mut proof = plonk::prove(&pk, points, &[], scalar.into(), &mut circuit, &mut rng).unwrap();
    let rest = proof.bytes.split_off(32);
    let commitment = proof.bytes.try_into().unwrap();
    (Registration { key, proof: rest }, commitment, proof.tails.remove(0))
}
