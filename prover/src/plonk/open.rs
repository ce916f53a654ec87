//! Last stage: evaluations at `x`, and one opening proof for all of them.

use super::multiopen::{self, Openings};
use super::transcript::Writer;
use super::{Columns, Context};
use crate::error::ProveError;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use provenn_engine::Path;
use std::collections::BTreeMap;

/// Writes the evaluations and opens the columns and the quotient, in the order of the protocol.
pub(super) fn open(
    context: &Context<'_>,
    columns: &Columns,
    pieces: &[Vec<Fr>],
    transcript: &mut Writer,
) -> Result<(), ProveError> {
    let x = transcript.challenge();
    let joined = join(pieces, x.pow([context.rows() as u64 - 1]));
    let (omega, rows) = (context.domain.omega(), context.rows() as i64);
    // Few rotations, and many queries.
    let mut points = BTreeMap::new();
    let mut at = |rotation: i32| {
        let power = || x * omega.pow_vartime([i64::from(rotation).rem_euclid(rows) as u64]);
        *points.entry(rotation).or_insert_with(power)
    };
    let mut advice = Openings::default();
    for &(column, rotation) in context.cs().advice_queries() {
        advice.push(&columns.advice[column.index()], at(rotation.0));
    }
    let last = at(-(context.tail_rows as i32));
    let mut products = Openings::default();
    for z in &columns.products {
        products.push(z, x);
        products.push(z, at(1));
    }
    for z in columns.products.iter().rev().skip(1) {
        products.push(z, last);
    }
    let mut fixed = Openings::default();
    for &(column, rotation) in context.cs().fixed_queries() {
        fixed.push(&columns.fixed[column.index()], at(rotation.0));
    }
    let mut sigma = Openings::default();
    for poly in &columns.permutation {
        sigma.push(poly, x);
    }
    for openings in [&mut advice, &mut products, &mut fixed, &mut sigma] {
        openings.evaluate();
    }
    for eval in advice.evals().chain(fixed.evals()).chain(sigma.evals()) {
        transcript.scalar(eval)?;
    }
    // Products are written set by set: at x, at the next row, and at the last row for all but the last set.
    let evals: Vec<Fr> = products.evals().collect();
    let sets = columns.products.len();
    for set in 0..sets {
        transcript.scalar(evals[2 * set])?;
        transcript.scalar(evals[2 * set + 1])?;
        if set + 1 < sets {
            transcript.scalar(evals[2 * sets + (sets - 2 - set)])?;
        }
    }
    let mut all = advice;
    all.extend(products);
    all.extend(fixed);
    all.extend(sigma);
    let mut quotient = Openings::default();
    quotient.push(&joined, x);
    quotient.evaluate();
    all.extend(quotient);
    multiopen::open(&all, context.rows(), &context.bases, transcript)
}

/// `sum step^i piece_i`.
fn join(pieces: &[Vec<Fr>], step: Fr) -> Vec<Fr> {
    let terms: Vec<(&[Fr], Fr)> = pieces.iter().map(Vec::as_slice).zip(multiopen::powers(step)).collect();
    Path::of_machine().combine(&terms, pieces.first().map_or(0, Vec::len))
}
