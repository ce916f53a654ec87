//! The registration of a card that commits to nothing: a circuit about one free column, with as many blinding rows as asked for.

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::plonk::{keygen_pk2, Advice, Circuit, Column, ConstraintSystem, Error, FirstPhase, Fixed};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use provenn_prover::compact::compact;
use provenn_prover::plonk::{self, AdviceColumn, Assignment};
use provenn_prover::srs::Srs;
use provenn_verifier::{registration_scalar, Linked, Registration, VerifyingKey};
use rand_core::RngCore;

/// In row 0, so many cells below one another have the sum 0.
#[derive(Clone)]
struct Sum {
    cells: usize,
}

impl Circuit<Fr> for Sum {
    type Config = (Column<Advice>, Column<Fixed>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = usize;

    fn params(&self) -> usize {
        self.cells
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Self::Config {
        unreachable!("the number of cells is given")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, cells: usize) -> Self::Config {
        let (column, on) = (meta.advice_column_in(FirstPhase), meta.fixed_column());
        meta.create_gate("sum", |_| {
            let cells = (0..cells).map(|row| column.query_cell::<Fr>(Rotation(row as i32)));
            let on = on.query_cell::<Fr>(Rotation::cur());
            // Of degree three, so that all pieces of the quotient are there.
            vec![on.clone() * on * cells.reduce(|sum, cell| sum + cell).unwrap()]
        });
        (column, on)
    }

    fn synthesize(&self, (_, on): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "sum",
            |mut region| {
                region.assign_fixed(on, 0, Fr::ONE);
                Ok(())
            },
        )
    }
}

/// The column, which is zero.
struct Empty;

impl Assignment for Empty {
    fn advice(&mut self, _: u8, _: &[Fr]) -> Vec<AdviceColumn> {
        vec![AdviceColumn::from(vec![])]
    }
}

pub fn register<R: RngCore>(srs: &Srs, model: &VerifyingKey, srs_id: &[u8; 32], rng: &mut R) -> Registration {
    let circuit = Sum {
        cells: model.blinding_factors as usize - 2,
    };
    let pk = keygen_pk2(&srs.params, &circuit, false).unwrap();
    let key = compact(pk.get_vk(), model.k, Linked::default(), None).unwrap();
    let scalar = registration_scalar(&model.digest(), &key.digest(), srs_id).into();
    let proof = plonk::prove(&pk, srs, &[], scalar, &mut Empty, rng).unwrap().bytes;
    Registration { key, proof }
}
