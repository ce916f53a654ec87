//! The prover's half of the link proof, see [`provenn_verifier::link`].

use ff::{Field, PrimeField};
use group::Curve;
use halo2_proofs::arithmetic::best_multiexp;
use halo2curves::bn256::{Fr, G1Affine};
use provenn_verifier::{LinkProof, LinkStatement, LinkTranscript};

use crate::commit::compressed;

/// Makes a link proof.
///
/// `points` are the tail points `L_j` of the SRS. `witness_tails` holds, for each linked column, the tail of `C'` minus the tail
/// of `C`, one scalar for each point; `nonces` are as many uniformly random scalars, used for this proof only.
pub fn prove(
    statement: &LinkStatement<'_>,
    points: &[G1Affine],
    witness_tails: &[Vec<Fr>],
    nonces: &[Fr],
) -> LinkProof {
    let r = compressed(&best_multiexp(nonces, points).to_affine());
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
    LinkProof {
        r,
        z: z.map(|z| z.to_repr()).collect(),
    }
}
