//! Second stage: the products of the permutation argument.

use super::transcript::Writer;
use super::Context;
use crate::error::ProveError;
use halo2_proofs::plonk::{Any, Column};
use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, PrimeField};
use provenn_engine::{Path, Ratio};
use rand_core::RngCore;
use rayon::prelude::*;

/// Cells of the products, with their challenges.
pub(super) struct Permutation {
    pub products: Vec<Vec<Fr>>,
    pub beta: Fr,
    pub gamma: Fr,
}

pub(super) fn commit<R: RngCore>(
    context: &Context<'_>,
    advice: &[Vec<Fr>],
    instance: &[Vec<Fr>],
    transcript: &mut Writer,
    rng: &mut R,
) -> Result<Permutation, ProveError> {
    // The library draws a challenge for its lookup arguments even if there are none.
    let _theta = transcript.challenge();
    let (beta, gamma) = (transcript.challenge(), transcript.challenge());
    let ratios = ratios(context, advice, instance, beta, gamma);
    let products = chained(context, ratios, rng);
    transcript.points(&context.bases.commit_lagrange(&products))?;
    Ok(Permutation { products, beta, gamma })
}

/// For each `degree - 2` columns, the quotient of both sides in each row.
fn ratios(context: &Context<'_>, advice: &[Vec<Fr>], instance: &[Vec<Fr>], beta: Fr, gamma: Fr) -> Vec<Vec<Fr>> {
    let (key, cs, n) = (context.key.columns(), context.cs(), context.rows());
    let columns = cs.permutation().get_columns();
    let values = |column: &Column<Any>| match column.column_type() {
        Any::Advice(_) => advice[column.index()].as_slice(),
        Any::Fixed => &*key.fixed.values[column.index()],
        Any::Instance => instance[column.index()].as_slice(),
    };
    let chunk = cs.degree() - 2;
    let omegas: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |w| Some(w * context.domain.omega()))
        .take(n)
        .collect();
    let names = std::iter::successors(Some(beta), |name| Some(name * Fr::DELTA));
    let mut terms = Vec::with_capacity(columns.len());
    for ((column, permutation), name) in columns.iter().zip(&key.permutation.values).zip(names) {
        terms.push(Ratio {
            cells: values(column),
            above: (name, &omegas),
            below: (beta, permutation),
        });
    }
    let path = Path::of_machine();
    terms
        .par_chunks(chunk)
        .map(|terms| path.ratios(terms, gamma, n))
        .collect()
}

/// Running products: each starts where the one before ends, on the row before the blinding rows.
fn chained<R: RngCore>(context: &Context<'_>, ratios: Vec<Vec<Fr>>, rng: &mut R) -> Vec<Vec<Fr>> {
    let blinding = context.tail_rows - 1;
    let rows = context.rows() - blinding;
    let mut running = Fr::ONE;
    let product = |ratio: Vec<Fr>| {
        let mut z = Vec::with_capacity(context.rows());
        for r in ratio.iter().take(rows) {
            z.push(running);
            running *= r;
        }
        running = z[rows - 1];
        z.extend((0..blinding).map(|_| Fr::random(&mut *rng)));
        z
    };
    ratios.into_iter().map(product).collect()
}
