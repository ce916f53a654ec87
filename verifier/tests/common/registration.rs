//! The registration of the toy model: its weights are those of a fixed column.

use super::compact::compact;
use ff::Field;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{
    create_proof, keygen_pk, keygen_vk, Advice, Circuit, Column, ConstraintSystem, Error, FirstPhase, Fixed,
};
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::multiopen::ProverSHPLONK;
use halo2_proofs::poly::Rotation;
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, Transcript, TranscriptWriterBuffer};
use halo2curves::bn256::{Bn256, Fr};
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

    fn synthesize(&self, (weight, on, value): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "weights",
            |mut region| {
                let at = |row: usize| self.values.get(row).copied().unwrap_or(Fr::ZERO);
                for row in 0..self.values.len() {
                    region.assign_advice(weight, row, Value::known(at(row)));
                    let horner = |sum: Fr, row| sum.double() + at(row);
                    region.assign_fixed(on, row, Fr::ONE);
                    region.assign_fixed(value, row, (row..row + self.rotations).rev().fold(Fr::ZERO, horner));
                }
                Ok(())
            },
        )
    }
}

/// A registration of the weights, and the tail of their commitment, which is the first message of its proof.
pub fn register(
    params: &ParamsKZG<Bn256>,
    model: &VerifyingKey,
    srs_id: &[u8; 32],
    weights: &[Fr],
) -> (Registration, [u8; 32], Vec<Fr>) {
    const SEED: u64 = 3;
    let circuit = Weights {
        values: weights.to_vec(),
        rotations: model.blinding_factors as usize - 2,
    };
    let vk = keygen_vk(params, &circuit).unwrap();
    let pk = keygen_pk(params, vk, &circuit).unwrap();
    let linked = Linked {
        model: vec![0],
        input: vec![],
    };
    let key = compact(pk.get_vk(), model.k, linked, None);
    let mut transcript = Blake2bWrite::<_, _, Challenge255<_>>::init(vec![]);
    let scalar = registration_scalar(&model.digest(), &key.digest(), srs_id);
    transcript.common_scalar(scalar.into()).unwrap();
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<Bn256>, _, _, _, _>(
        params,
        &pk,
        &[circuit],
        &[&[]],
        ChaCha20Rng::seed_from_u64(SEED),
        &mut transcript,
    )
    .unwrap();
    let mut proof: Vec<u8> = transcript.finalize();
    // The tails of the first phase are the first thing drawn.
    let mut rng = ChaCha20Rng::seed_from_u64(SEED);
    let tail = (0..key.tail_rows()).map(|_| Fr::random(&mut rng)).collect();
    let rest = proof.split_off(32);
    (Registration { key, proof: rest }, proof.try_into().unwrap(), tail)
}
