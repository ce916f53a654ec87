//! The library's key generation, with the engine's commitments.

use super::msm::lagrange;
use crate::error::{Defect, ProveError};
use crate::srs::Srs;
use halo2_proofs::plonk::{keygen_pk2, Circuit, ProvingKey};
use halo2_proofs::poly::commitment::{Blind, Params};
use halo2_proofs::poly::kzg::msm::MSMKZG;
use halo2_proofs::poly::{LagrangeCoeff, Polynomial};
use halo2curves::bn256::{Bn256, Fr, G1Affine, G1};
use provenn_circuits::layout::TAIL;
use provenn_engine::{Bases, Cells, Column};
use std::io;
use std::sync::Arc;

/// The proving key of a circuit of as many rows as the SRS has.
///
/// # Errors
/// The circuit has more rows, or the library's errors.
pub fn proving_key(circuit: &impl Circuit<Fr>, srs: &Srs) -> Result<ProvingKey<G1Affine>, ProveError> {
    let parameters = Parameters {
        k: srs.k(),
        // Commitments to weights have the same points, with tails.
        lagrange: lagrange(srs, TAIL),
    };
    keygen_pk2(&parameters, circuit, false).map_err(|e| Defect::KeyGeneration(e).into())
}

/// What key generation asks of an SRS.
#[derive(Clone)]
struct Parameters {
    k: u32,
    lagrange: Arc<Bases>,
}

impl Params<'_, G1Affine> for Parameters {
    type MSM = MSMKZG<Bn256>;

    fn k(&self) -> u32 {
        self.k
    }

    fn n(&self) -> u64 {
        1 << self.k
    }

    fn downsize(&mut self, _k: u32) {
        unreachable!("a key has all rows of its SRS")
    }

    fn empty_msm(&self) -> MSMKZG<Bn256> {
        MSMKZG::new()
    }

    /// Columns of keys are not blinded.
    fn commit_lagrange(&self, column: &Polynomial<Fr, LagrangeCoeff>, _blind: Blind<Fr>) -> G1 {
        let column = Column {
            cells: Cells::Field(column.values()),
            tail: &[],
        };
        self.lagrange.commit(&[column]).first().copied().unwrap_or_default()
    }

    fn write<W: io::Write>(&self, _to: &mut W) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn read<R: io::Read>(_from: &mut R) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
