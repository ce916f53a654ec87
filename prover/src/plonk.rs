//! Proving: the messages of the library's protocol, made by our own prover.
//!
//! The library's prover stops at two phases, commits known columns anew in every proof and knows no small integers.
//! This one makes proofs for the same keys; the library's verifier and ours both accept them. What it does in its own
//! way: weight columns reuse the published commitments (`C' = C + sum delta_i [L_i]`, the tails differ in 6 rows),
//! small columns use a short bucket method, and gates are compiled once per proof with the challenges folded in.

pub mod msm;
mod multiopen;
mod program;
mod quotient;

use crate::error::ProveError;
use crate::srs::Srs;
use ark_std::{end_timer, start_timer};
use halo2_proofs::arithmetic::{eval_polynomial, parallelize};
use halo2_proofs::plonk::{Any, Column, ProvingKey};
use halo2_proofs::poly::{Coeff, EvaluationDomain, Polynomial, Rotation};
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, Transcript, TranscriptWrite, TranscriptWriterBuffer};
use halo2curves::bn256::{Fr, G1Affine};
use halo2curves::ff::{BatchInvert, Field, PrimeField};
use halo2curves::group::Curve;
use msm::Bases;
use multiopen::{Opening, Openings, Poly};
use rand_core::RngCore;
use rayon::prelude::*;

/// The transcript of a proof.
type Writer = Blake2bWrite<Vec<u8>, G1Affine, Challenge255<G1Affine>>;

/// An advice column to commit.
#[derive(Debug)]
pub struct AdviceColumn {
    /// Cells of the first rows; the rest is zero.
    pub cells: Vec<Fr>,
    /// A published commitment to the same cells, with its tail.
    pub published: Option<(G1Affine, Vec<Fr>)>,
}

impl From<Vec<Fr>> for AdviceColumn {
    fn from(cells: Vec<Fr>) -> Self {
        Self { cells, published: None }
    }
}

/// A proof, and what the link proof needs of it.
#[derive(Debug)]
pub struct Proof {
    /// Canonical bytes.
    pub bytes: Vec<u8>,
    /// Commitment of each advice column.
    pub advice: Vec<G1Affine>,
    /// Tail of each advice column. Secret.
    pub tails: Vec<Vec<Fr>>,
    /// Challenges of the circuit.
    pub challenges: Vec<Fr>,
}

/// Makes a proof. The first `linear` advice columns must be read by gates at rotation 0 only; where gates read them
/// linearly, as they do with weights, they are never transformed. `columns` gives the advice columns of a phase in column order, from all challenges so far.
///
/// # Errors
/// [`ProveError::ProofSystem`] if a phase has other columns than the key, or a challenge hits an opening point.
pub fn prove<R: RngCore>(
    key: &ProvingKey<G1Affine>,
    srs: &Srs,
    instances: &[Vec<Fr>],
    prefix: Fr,
    linear: usize,
    columns: &mut dyn FnMut(u8, &[Fr]) -> Vec<AdviceColumn>,
    rng: &mut R,
) -> Result<Proof, ProveError> {
    let cs = key.get_vk().cs();
    let domain = EvaluationDomain::<Fr>::new(cs.degree() as u32, srs.k());
    let n = 1usize << srs.k();
    let tail_rows = cs.blinding_factors() + 1;
    let bases = Bases::new(srs, tail_rows);
    let mut transcript = Writer::init(vec![]);
    absorb(&mut transcript, prefix)?;
    absorb(&mut transcript, key.get_vk().transcript_repr())?;
    for value in instances.iter().flatten() {
        absorb(&mut transcript, *value)?;
    }

    // Advice, phase by phase.
    let timer = start_timer!(|| "advice");
    let (phases, challenge_phases) = (cs.advice_column_phase(), cs.challenge_phase());
    let mut advice: Vec<Vec<Fr>> = vec![vec![]; phases.len()];
    let mut tails = vec![vec![]; phases.len()];
    let mut commitments = vec![G1Affine::default(); phases.len()];
    let mut challenges = vec![];
    for phase in 0..=phases.iter().copied().max().unwrap_or(0) {
        let witness = start_timer!(|| "witness");
        let given = columns(phase, &challenges);
        end_timer!(witness);
        let indices: Vec<usize> = (0..phases.len()).filter(|&i| phases[i] == phase).collect();
        if given.len() != indices.len() {
            return Err(ProveError::ProofSystem(format!(
                "phase {phase} has {} columns, {} were given",
                indices.len(),
                given.len()
            )));
        }
        let fresh: Vec<Vec<Fr>> = given
            .iter()
            .map(|_| (0..tail_rows).map(|_| Fr::random(&mut *rng)).collect())
            .collect();
        let commit = |(column, tail): (AdviceColumn, &Vec<Fr>)| {
            let mut cells = column.cells;
            cells.resize(n - tail_rows, Fr::ZERO);
            let point = match &column.published {
                Some((point, old)) => bases.retail(point, old, tail),
                None => bases.commit_with_tail(&cells, tail),
            };
            cells.extend(tail);
            (cells, point)
        };
        let committed: Vec<_> = given.into_par_iter().zip(&fresh).map(commit).collect();
        let points: Vec<_> = committed.iter().map(|(_, point)| *point).collect();
        for (&index, point) in indices.iter().zip(normalize(&points)) {
            write_point(&mut transcript, point)?;
            commitments[index] = point;
        }
        for ((index, (cells, _)), tail) in indices.into_iter().zip(committed).zip(fresh) {
            (advice[index], tails[index]) = (cells, tail);
        }
        for _ in challenge_phases.iter().filter(|p| **p == phase) {
            challenges.push(squeeze(&mut transcript));
        }
    }
    end_timer!(timer);
    let instance: Vec<Vec<Fr>> = instances
        .iter()
        .map(|values| {
            values
                .iter()
                .copied()
                .chain(std::iter::repeat(Fr::ZERO))
                .take(n)
                .collect()
        })
        .collect();

    // Permutation products. No lookups: theta is squeezed and not used.
    let _theta = squeeze(&mut transcript);
    let (beta, gamma) = (squeeze(&mut transcript), squeeze(&mut transcript));
    let timer = start_timer!(|| "permutation");
    let products = permutation_products(key, &domain, &advice, &instance, beta, gamma, rng);
    let points: Vec<_> = products.par_iter().map(|z| bases.commit_lagrange(z)).collect();
    for point in normalize(&points) {
        write_point(&mut transcript, point)?;
    }
    end_timer!(timer);

    // A random polynomial hides the opened combination.
    let random = Polynomial::<Fr, Coeff>::new((0..n).map(|_| Fr::random(&mut *rng)).collect());
    write_point(&mut transcript, bases.commit_coeff(&random).to_affine())?;
    let y = squeeze(&mut transcript);

    let timer = start_timer!(|| "to coefficients");
    let coefficients = |columns: Vec<Vec<Fr>>| -> Vec<Polynomial<Fr, Coeff>> {
        columns
            .into_par_iter()
            .map(|cells| quotient::inverse(&domain, cells))
            .collect()
    };
    let linear: Vec<Vec<Fr>> = advice.drain(..linear).collect();
    let (advice, instance, products) = (coefficients(advice), coefficients(instance), coefficients(products));
    end_timer!(timer);

    let timer = start_timer!(|| "quotient");
    let columns = quotient::Columns {
        key,
        linear: &linear,
        advice: &advice,
        instance: &instance,
        products: &products,
    };
    let pieces = quotient::quotient(&domain, &columns, &challenges, y, beta, gamma);
    end_timer!(timer);
    let timer = start_timer!(|| "commit quotient");
    let points: Vec<_> = pieces.par_iter().map(|piece| bases.commit_coeff(piece)).collect();
    for point in normalize(&points) {
        write_point(&mut transcript, point)?;
    }
    end_timer!(timer);

    // Evaluations, and the openings in the order of the protocol.
    let timer = start_timer!(|| "open");
    let x = squeeze(&mut transcript);
    let lagrange = lagrange_at(&domain, x);
    let at = |rotation: i32| domain.rotate_omega(x, Rotation(rotation));
    let mut openings = Openings::default();
    for &(column, rotation) in cs.advice_queries() {
        match column.index().checked_sub(linear.len()) {
            Some(index) => openings.push(&advice[index], at(rotation.0)),
            None => openings.push_values(&linear[column.index()], x),
        }
    }
    let last = -(tail_rows as i32);
    let mut product_openings = Openings::default();
    for z in &products {
        product_openings.push(z, x);
        product_openings.push(z, at(1));
    }
    for z in products.iter().rev().skip(1) {
        product_openings.push(z, at(last));
    }
    let mut fixed_openings = Openings::default();
    for &(column, rotation) in cs.fixed_queries() {
        fixed_openings.push(&key.fixed_polys()[column.index()], at(rotation.0));
    }
    let mut common = Openings::default();
    for poly in key.permutation().polys() {
        common.push(poly, x);
    }
    for opening in [&mut openings, &mut product_openings, &mut fixed_openings, &mut common] {
        opening.evaluate(&lagrange);
    }
    let random_eval = eval_polynomial(&random, x);
    for eval in openings
        .evals()
        .chain(fixed_openings.evals())
        .chain([random_eval])
        .chain(common.evals())
    {
        write_scalar(&mut transcript, eval)?;
    }
    // Products are written set by set: at x, at the next row, and at the last row for all but the last set.
    let evals: Vec<Fr> = product_openings.evals().collect();
    let sets = products.len();
    for set in 0..sets {
        write_scalar(&mut transcript, evals[2 * set])?;
        write_scalar(&mut transcript, evals[2 * set + 1])?;
        if set + 1 < sets {
            write_scalar(&mut transcript, evals[2 * sets + (sets - 2 - set)])?;
        }
    }
    let xn = x.pow([n as u64]);
    let joined = join_pieces(&pieces, xn);
    let mut all = openings;
    all.extend(product_openings);
    all.extend(fixed_openings);
    all.extend(common);
    all.list.push(Opening {
        poly: Poly::Coeff(&joined),
        point: x,
        eval: eval_polynomial(&joined, x),
    });
    all.list.push(Opening {
        poly: Poly::Coeff(&random),
        point: x,
        eval: random_eval,
    });
    multiopen::open(&all, &domain, &bases, &mut transcript)?;
    end_timer!(timer);
    Ok(Proof {
        bytes: transcript.finalize(),
        advice: commitments,
        tails,
        challenges,
    })
}

/// The Lagrange polynomials of the domain at `x`: `w^i (x^n - 1) / (n (x - w^i))`.
fn lagrange_at(domain: &EvaluationDomain<Fr>, x: Fr) -> Vec<Fr> {
    let n = domain.get_n();
    let omegas: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |w| Some(w * domain.get_omega()))
        .take(n as usize)
        .collect();
    let mut values: Vec<Fr> = omegas.iter().map(|w| x - w).collect();
    values.iter_mut().batch_invert();
    let factor = (x.pow([n]) - Fr::ONE) * domain.ifft_divisor;
    values.iter_mut().zip(&omegas).for_each(|(v, w)| *v *= factor * w);
    values
}

/// `sum xn^i piece_i`.
fn join_pieces(pieces: &[Polynomial<Fr, Coeff>], xn: Fr) -> Polynomial<Fr, Coeff> {
    let mut joined = vec![Fr::ZERO; pieces.first().map_or(0, Polynomial::len)];
    parallelize(&mut joined, |joined, start| {
        for (i, value) in joined.iter_mut().enumerate() {
            *value = pieces
                .iter()
                .rev()
                .fold(Fr::ZERO, |acc, piece| acc * xn + piece.values()[start + i]);
        }
    });
    Polynomial::new(joined)
}

/// Products of the permutation argument, one per `degree - 2` columns, chained.
fn permutation_products<R: RngCore>(
    key: &ProvingKey<G1Affine>,
    domain: &EvaluationDomain<Fr>,
    advice: &[Vec<Fr>],
    instance: &[Vec<Fr>],
    beta: Fr,
    gamma: Fr,
    rng: &mut R,
) -> Vec<Vec<Fr>> {
    let cs = key.get_vk().cs();
    let n = domain.get_n() as usize;
    let columns = cs.permutation().get_columns();
    let values = |column: &Column<Any>| match column.column_type() {
        Any::Advice(_) => advice[column.index()].as_slice(),
        Any::Fixed => key.fixed_values()[column.index()].values(),
        Any::Instance => instance[column.index()].as_slice(),
    };
    let chunk = cs.degree() - 2;
    let omegas: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |w| Some(w * domain.get_omega()))
        .take(n)
        .collect();
    let ratios: Vec<Vec<Fr>> = columns
        .par_chunks(chunk)
        .zip(key.permutation().permutations().par_chunks(chunk))
        .enumerate()
        .map(|(set, (columns, permutations))| {
            let mut ratio = vec![Fr::ONE; n];
            for (column, permutation) in columns.iter().zip(permutations) {
                for ((r, v), s) in ratio.iter_mut().zip(values(column)).zip(permutation.values()) {
                    *r *= beta * s + gamma + v;
                }
            }
            ratio.iter_mut().batch_invert();
            let mut delta = Fr::DELTA.pow([(set * chunk) as u64]) * beta;
            for column in columns {
                for ((r, v), w) in ratio.iter_mut().zip(values(column)).zip(&omegas) {
                    *r *= delta * w + gamma + v;
                }
                delta *= Fr::DELTA;
            }
            ratio
        })
        .collect();
    let blinding = cs.blinding_factors();
    let mut running = Fr::ONE;
    ratios
        .into_iter()
        .map(|ratio| {
            let mut z = Vec::with_capacity(n);
            for r in ratio.iter().take(n - blinding) {
                z.push(running);
                running *= r;
            }
            // The next set starts where this one ends, on the row before the blinding rows.
            running = z[n - blinding - 1];
            z.extend((0..blinding).map(|_| Fr::random(&mut *rng)));
            z
        })
        .collect()
}

fn normalize(points: &[halo2curves::bn256::G1]) -> Vec<G1Affine> {
    let mut affine = vec![G1Affine::default(); points.len()];
    halo2curves::bn256::G1::batch_normalize(points, &mut affine);
    affine
}

fn squeeze(transcript: &mut Writer) -> Fr {
    *transcript.squeeze_challenge_scalar::<()>()
}

fn absorb(transcript: &mut Writer, scalar: Fr) -> Result<(), ProveError> {
    transcript
        .common_scalar(scalar)
        .map_err(|e| ProveError::ProofSystem(e.to_string()))
}

fn write_point(transcript: &mut Writer, point: G1Affine) -> Result<(), ProveError> {
    transcript
        .write_point(point)
        .map_err(|e| ProveError::ProofSystem(e.to_string()))
}

fn write_scalar(transcript: &mut Writer, scalar: Fr) -> Result<(), ProveError> {
    transcript
        .write_scalar(scalar)
        .map_err(|e| ProveError::ProofSystem(e.to_string()))
}
