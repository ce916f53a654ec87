//! The prover's half of the link proof, see [`provenn_verifier::link`].

use ff::{Field, PrimeField};
use group::Curve;
use halo2curves::bn256::{Fr, G1Affine, G1};
use provenn_verifier::{LinkProof, LinkStatement, LinkTranscript};
use rayon::prelude::*;

use crate::commit::compressed;
use crate::error::{Defect, ProveError};

/// Makes a link proof.
///
/// `points` are the tail points `L_j` of the SRS. `proven` holds the tail of each linked column in the proof, `committed`
/// that of each committed column; `nonces` are uniformly random scalars, used for this proof only. Each list of scalars has
/// one for each point.
///
/// # Errors
/// [`Defect::Tails`] if a list has another length, [`Defect::Linked`] if there are other columns than those linked.
pub fn prove(
    statement: &LinkStatement<'_>,
    points: &[G1Affine],
    proven: &[&[Fr]],
    committed: &[&[Fr]],
    nonces: &[Fr],
) -> Result<LinkProof, ProveError> {
    let rows = points.len();
    let mut tails = proven.iter().chain(committed);
    if nonces.len() != rows || tails.any(|tail| tail.len() != rows) {
        return Err(Defect::Tails { expected: rows }.into());
    }
    if (statement.columns.len(), statement.committed.len()) != (proven.len(), committed.len()) {
        return Err(Defect::Linked.into());
    }
    // The nonces are secret; these products, unlike sums with buckets, look at every bit in the same way.
    let products = points.par_iter().zip(nonces).map(|(point, nonce)| point * nonce);
    let r = compressed(&products.sum::<G1>().to_affine());
    let mut transcript = LinkTranscript::new(statement);
    let rho = Fr::from(transcript.rho());
    // The representation of `D` in the tail points. The constant is in every row, those of the tail too.
    let mut joined = vec![Fr::ZERO; rows];
    let mut power = Fr::ONE;
    for (column, tail) in statement.columns.iter().zip(proven) {
        let mut difference: Vec<Fr> = tail.iter().map(|value| value - Fr::from(column.constant)).collect();
        for (index, coefficient) in &column.terms {
            let coefficient = Fr::from(*coefficient);
            let tail = committed.get(*index).ok_or(Defect::Linked)?;
            difference
                .iter_mut()
                .zip(*tail)
                .for_each(|(d, value)| *d -= coefficient * value);
        }
        joined
            .iter_mut()
            .zip(&difference)
            .for_each(|(sum, d)| *sum += power * d);
        power *= rho;
    }
    let e = Fr::from(transcript.challenge(&r));
    let z = nonces.iter().zip(&joined).map(|(nonce, value)| nonce + e * value);
    Ok(LinkProof {
        r,
        z: z.map(|z| z.to_repr()).collect(),
    })
}
