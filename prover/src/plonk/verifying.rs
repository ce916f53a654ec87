//! The library's verifying key of a circuit: commitments to the columns of its key, and its digest, which names it.

use super::msm::lagrange;
use super::Key;
use crate::error::ProveError;
use crate::srs::Srs;
use halo2_proofs::plonk::{permutation, VerifyingKey};
use halo2_proofs::poly::EvaluationDomain;
use halo2curves::bn256::{Fr, G1Affine, G1};
use halo2curves::group::Curve;
use provenn_circuits::layout::TAIL;
use provenn_engine::{Cells, Column, Domain, Path};

/// The verifying key of a key.
///
/// # Errors
/// The SRS has another number of rows.
pub fn verifying_key(key: &Key, srs: &Srs) -> Result<VerifyingKey<G1Affine>, ProveError> {
    if srs.k() != key.k() {
        return Err(ProveError::SrsMismatch);
    }
    // Commitments to weights have the same points, with tails.
    let bases = lagrange(srs, TAIL);
    let commitments = |columns: &[Vec<Fr>]| {
        let points = bases.commit(&columns.iter().map(|cells| whole(cells)).collect::<Vec<_>>());
        let mut affine = vec![G1Affine::default(); points.len()];
        G1::batch_normalize(&points, &mut affine);
        affine
    };
    let powers = Domain::new(Path::of_machine(), key.k()).powers();
    Ok(VerifyingKey::from_parts(
        EvaluationDomain::new(key.cs().degree() as u32, key.k()),
        commitments(key.fixed()),
        permutation::VerifyingKey::from_commitments(commitments(&key.permutation(&powers))),
        key.cs().clone(),
        vec![],
        false,
    ))
}

/// Columns of keys are not blinded.
fn whole(cells: &[Fr]) -> Column<'_> {
    Column {
        cells: Cells::Field(cells),
        tail: &[],
    }
}
