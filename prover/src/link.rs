//! The prover's half of the link proof, see [`provenn_verifier::link`].

use ff::{Field, PrimeField};
use group::Curve;
use halo2curves::bn256::{Fr, G1Affine, G1};
use provenn_verifier::{LinkProof, LinkStatement, LinkTranscript};

use crate::commit::compressed;
use crate::error::{Defect, ProveError};

/// Makes a link proof.
///
/// `points` are the tail points `L_j` of the SRS. `witness_tails` holds, for each linked column, the tail of `C'` minus the tail
/// of `C`, one scalar for each point; `nonces` are as many uniformly random scalars, used for this proof only.
///
/// # Errors
/// [`ProveError::ProofSystem`] if a list has another length.
pub fn prove(
    statement: &LinkStatement<'_>,
    points: &[G1Affine],
    witness_tails: &[Vec<Fr>],
    nonces: &[Fr],
) -> Result<LinkProof, ProveError> {
    let rows = points.len();
    if nonces.len() != rows || witness_tails.iter().any(|tail| tail.len() != rows) {
        return Err(Defect::Tails { expected: rows }.into());
    }
    // The nonces are secret; these products, unlike sums with buckets, look at every bit in the same way.
    let products = points.iter().zip(nonces).map(|(point, nonce)| point * nonce);
    let r = compressed(&products.sum::<G1>().to_affine());
    let mut transcript = LinkTranscript::new(statement);
    let rho = Fr::from(transcript.rho());
    let mut joined = vec![Fr::ZERO; points.len()];
    let mut power = Fr::ONE;
    for tail in witness_tails {
        for (sum, value) in joined.iter_mut().zip(tail) {
            *sum += power * value;
        }
        power *= rho;
    }
    let e = Fr::from(transcript.challenge(&r));
    let z = nonces.iter().zip(&joined).map(|(nonce, value)| nonce + e * value);
    Ok(LinkProof {
        r,
        z: z.map(|z| z.to_repr()).collect(),
    })
}
