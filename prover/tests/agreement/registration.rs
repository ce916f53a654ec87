//! The registration of a card that commits to nothing: a circuit about one free column, with as many blinding rows as asked for.

use super::library;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::plonk::{Circuit, Column, ConstraintSystem, Error, FirstPhase, Fixed, SecondPhase};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use provenn_prover::compact::compact;
use provenn_prover::plonk::{AdviceColumn, Assignment};
use provenn_prover::register::prove;
use provenn_prover::srs::Srs;
use provenn_verifier::{
    LinkProof, Linked, ModelCard, Purpose, Registered, Registration, SrsVerifyingKey, VerifyingKey,
};
use rand_core::RngCore;

/// In row 0, so many cells below one another have the sum 0.
#[derive(Clone)]
struct Sum {
    cells: usize,
}

impl Circuit<Fr> for Sum {
    type Config = Column<Fixed>;
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
        let _theta = meta.challenge_usable_after(FirstPhase);
        // The combination of no lanes, and the columns that a registration computes.
        let combined = meta.advice_column_in(SecondPhase);
        let _computed = [(); 2].map(|()| meta.instance_column());
        meta.create_gate("sum", |_| {
            let cells = (0..cells).map(|row| column.query_cell::<Fr>(Rotation(row as i32)));
            let sum = cells.fold(combined.query_cell(Rotation::cur()), |sum, cell| sum + cell);
            vec![on.query_cell::<Fr>(Rotation::cur()) * sum]
        });
        on
    }

    fn synthesize(&self, on: Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "sum",
            |mut region| {
                region.assign_fixed(on, 0, Fr::ONE);
                Ok(())
            },
        )
    }
}

/// The columns, which are zero.
struct Empty;

impl Assignment for Empty {
    fn advice(&mut self, _: u8, _: &[Fr]) -> Vec<AdviceColumn<'_>> {
        vec![AdviceColumn::from(vec![])]
    }

    fn computed(&self, _: &[Fr]) -> Vec<Vec<Fr>> {
        // No gate reads them.
        vec![vec![]; 2]
    }
}

/// A card with this key that commits to nothing.
pub fn register<R: RngCore>(srs: &Srs, srs_key: &SrsVerifyingKey, model: VerifyingKey, rng: &mut R) -> ModelCard {
    let circuit = Sum {
        cells: model.blinding_factors as usize - 2,
    };
    let (own, pk) = library::keys(&circuit, srs);
    let linked = Linked {
        registered: Registered {
            columns: vec![1],
            runs: vec![],
        },
        ..Linked::default()
    };
    let key = compact(pk.get_vk(), model.k, linked, Purpose::Registration, &[]).unwrap();
    let registration = Registration {
        key,
        proof: vec![],
        link: LinkProof { r: [0; 32], z: vec![] },
    };
    let mut card = ModelCard {
        key: model,
        srs_id: srs_key.id(),
        quantization: [0; 32],
        commitments: vec![],
        registration,
        description: String::new(),
    };
    let (proof, link) = prove(&own, &card, &[], &mut Empty, srs, srs_key, rng).unwrap();
    (card.registration.proof, card.registration.link) = (proof, link);
    card
}
