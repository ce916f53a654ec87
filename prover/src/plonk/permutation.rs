//! Second stage: the products of the permutation argument.

use super::transcript::Writer;
use super::{Context, Values};
use crate::error::ProveError;
use halo2_proofs::plonk::{Any, Column};
use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, PrimeField};
use provenn_engine::{Path, Ratio};
use rand_core::RngCore;
use rayon::prelude::*;
use std::borrow::Cow;

/// Cells of the products and of the permutation, with the challenges.
pub(super) struct Permuted {
    pub names: Vec<Vec<Fr>>,
    pub products: Vec<Vec<Fr>>,
    pub beta: Fr,
    pub gamma: Fr,
}

pub(super) fn commit<R: RngCore>(
    context: &Context<'_>,
    advice: &[Values],
    instance: &[Vec<Fr>],
    transcript: &mut Writer,
    rng: &mut R,
) -> Result<Permuted, ProveError> {
    // The library draws a challenge for its lookup arguments even if there are none.
    let _theta = transcript.challenge();
    let (beta, gamma) = (transcript.challenge(), transcript.challenge());
    let powers = context.domain.powers();
    let names = context.key.permutation(&powers);
    let values = values(context, advice, instance);
    let ratios = ratios(context, (&values, &names), &powers, [beta, gamma]);
    drop(values);
    let products = chained(context, ratios, rng);
    transcript.points(&context.bases.commit_lagrange(&products))?;
    Ok(Permuted {
        names,
        products,
        beta,
        gamma,
    })
}

/// The cells of the columns that are permuted.
fn values<'a>(context: &Context<'a>, advice: &'a [Values], instance: &'a [Vec<Fr>]) -> Vec<Cow<'a, [Fr]>> {
    let rows = context.rows();
    let of = |column: &Column<Any>| match column.column_type() {
        Any::Advice(_) => advice[column.index()].elements(rows),
        Any::Instance => Cow::Borrowed(instance[column.index()].as_slice()),
        Any::Fixed => {
            let mut cells = context.key.fixed()[column.index()].clone();
            cells.resize(rows, Fr::ZERO);
            Cow::Owned(cells)
        }
    };
    context.cs().permutation().get_columns().par_iter().map(of).collect()
}

/// For each `degree - 2` columns, the quotient of both sides in each row.
fn ratios(
    context: &Context<'_>,
    (values, names): (&[Cow<'_, [Fr]>], &[Vec<Fr>]),
    powers: &[Fr],
    [beta, gamma]: [Fr; 2],
) -> Vec<Vec<Fr>> {
    let deltas = std::iter::successors(Some(beta), |delta| Some(delta * Fr::DELTA));
    let terms = values
        .iter()
        .zip(names)
        .zip(deltas)
        .map(|((cells, names), delta)| Ratio {
            cells,
            above: (delta, powers),
            below: (beta, names),
        });
    let (path, n) = (Path::of_machine(), context.rows());
    let terms: Vec<Ratio<'_>> = terms.collect();
    terms
        .par_chunks(context.cs().degree() - 2)
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
