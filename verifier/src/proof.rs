//! The messages of a halo2 proof, read in protocol order with the challenges drawn between them.

use crate::codec::size;
use crate::error::VerifyError;
use crate::key::VerifyingKey;
use crate::transcript::Transcript;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::{Fr, G1Affine};

/// All messages and challenges of one proof.
pub(crate) struct Messages {
    /// Commitments to the advice columns.
    pub(crate) advice: Vec<G1Affine>,
    /// Challenges of the circuit.
    pub(crate) challenges: Vec<Fr>,
    /// Challenges of the permutation argument.
    pub(crate) beta: Fr,
    pub(crate) gamma: Fr,
    /// Commitments to the permutation products.
    pub(crate) products: Vec<G1Affine>,
    /// Challenge that joins the constraints.
    pub(crate) y: Fr,
    /// Commitments to the quotient pieces.
    pub(crate) quotient: Vec<G1Affine>,
    /// Evaluation point.
    pub(crate) x: Fr,
    pub(crate) advice_evals: Vec<Fr>,
    pub(crate) fixed_evals: Vec<Fr>,
    pub(crate) sigma_evals: Vec<Fr>,
    pub(crate) product_evals: Vec<ProductEvals>,
    pub(crate) opening: Opening,
}

/// Evaluations of a permutation product.
pub(crate) struct ProductEvals {
    /// At `x`.
    pub(crate) current: Fr,
    /// At the next row.
    pub(crate) next: Fr,
    /// At the last usable row; absent for the last product.
    pub(crate) last: Option<Fr>,
}

/// The SHPLONK messages.
pub(crate) struct Opening {
    /// Joins the polynomials of one rotation set.
    pub(crate) y: Fr,
    /// Joins the rotation sets.
    pub(crate) v: Fr,
    pub(crate) h1: G1Affine,
    /// Second evaluation point.
    pub(crate) u: Fr,
    pub(crate) h2: G1Affine,
}

/// Reads a proof. The transcript begins with the claim, the key and the instance columns; their lengths are fixed by
/// the key, which the claim names.
pub(crate) fn read(
    key: &VerifyingKey,
    claim_scalar: &Fr,
    instances: &[Vec<Fr>],
    proof: &[u8],
) -> Result<Messages, VerifyError> {
    let mut transcript = Transcript::new(proof);
    transcript.common_scalar(claim_scalar);
    transcript.common_scalar(&key.transcript_repr);
    for value in instances.iter().flatten() {
        transcript.common_scalar(value);
    }
    let (advice, challenges) = read_phases(key, &mut transcript)?;
    // The library draws a challenge for its lookup arguments even if there are none.
    let _theta = transcript.challenge();
    let beta = transcript.challenge();
    let gamma = transcript.challenge();
    let sets = key.permutation_columns.len().div_ceil(key.permutation_chunk());
    let products = transcript.points(sets)?;
    let y = transcript.challenge();
    let quotient = transcript.points(size(key.quotient_pieces()))?;
    let x = transcript.challenge();
    let advice_evals = transcript.scalars(key.advice_queries.len())?;
    let fixed_evals = transcript.scalars(key.fixed_queries.len())?;
    let sigma_evals = transcript.scalars(key.permutation_columns.len())?;
    let product_evals = (1..=sets)
        .map(|set| {
            Ok(ProductEvals {
                current: transcript.scalar()?,
                next: transcript.scalar()?,
                last: match set < sets {
                    true => Some(transcript.scalar()?),
                    false => None,
                },
            })
        })
        .collect::<Result<_, VerifyError>>()?;
    let opening = Opening {
        y: transcript.challenge(),
        v: transcript.challenge(),
        h1: transcript.point()?,
        u: transcript.challenge(),
        h2: transcript.point()?,
    };
    transcript.finish()?;
    Ok(Messages {
        advice,
        challenges,
        beta,
        gamma,
        products,
        y,
        quotient,
        x,
        advice_evals,
        fixed_evals,
        sigma_evals,
        product_evals,
        opening,
    })
}

/// Phase by phase: the commitments of its columns, then its challenges.
fn read_phases(key: &VerifyingKey, transcript: &mut Transcript<'_>) -> Result<(Vec<G1Affine>, Vec<Fr>), VerifyError> {
    let mut advice = vec![G1Affine::IDENTITY; key.advice_phases.len()];
    let mut challenges = vec![Fr::ZERO; key.challenge_phases.len()];
    let phases = key.advice_phases.iter().max().copied().unwrap_or(0);
    for phase in 0..=phases {
        for (column, of) in advice.iter_mut().zip(&key.advice_phases) {
            if *of == phase {
                *column = transcript.point()?;
            }
        }
        for (challenge, of) in challenges.iter_mut().zip(&key.challenge_phases) {
            if *of == phase {
                *challenge = transcript.challenge();
            }
        }
    }
    Ok((advice, challenges))
}

#[cfg(test)]
mod tests;
