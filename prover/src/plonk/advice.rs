//! First stage: advice columns, committed phase by phase, with the challenges between.

use super::transcript::Writer;
use super::{AdviceColumn, Assignment, Cells, Context, Values};
use crate::error::{Defect, ProveError};
use ark_std::{end_timer, start_timer};
use halo2curves::bn256::{Fr, G1Affine, G1};
use halo2curves::ff::Field;
use provenn_engine::{self as engine, Column, Entries};
use rand_core::RngCore;
use rayon::prelude::*;

/// Cells of all advice columns with their commitments and tails, and the challenges of the circuit.
pub(super) struct Advice {
    pub columns: Vec<Values>,
    pub commitments: Vec<G1Affine>,
    pub tails: Vec<Vec<Fr>>,
    pub challenges: Vec<Fr>,
}

pub(super) fn commit<R: RngCore>(
    context: &Context<'_>,
    assignment: &mut dyn Assignment,
    transcript: &mut Writer,
    rng: &mut R,
) -> Result<Advice, ProveError> {
    let (phases, challenge_phases) = (context.cs().advice_column_phase(), context.cs().challenge_phase());
    let mut advice = Advice {
        columns: phases.iter().map(|_| Values::Field(vec![])).collect(),
        commitments: vec![G1Affine::default(); phases.len()],
        tails: vec![vec![]; phases.len()],
        challenges: vec![],
    };
    for phase in 0..=phases.iter().copied().max().unwrap_or(0) {
        let witness = start_timer!(|| "witness");
        let given = assignment.advice(phase, &advice.challenges);
        end_timer!(witness);
        let indices: Vec<usize> = (0..phases.len()).filter(|&i| phases[i] == phase).collect();
        if given.len() != indices.len() {
            let (expected, got) = (indices.len(), given.len());
            return Err(Defect::Columns { phase, expected, got }.into());
        }
        for &index in &indices {
            advice.tails[index] = (0..context.tail_rows).map(|_| Fr::random(&mut *rng)).collect();
        }
        let tails: Vec<&Vec<Fr>> = indices.iter().map(|&index| &advice.tails[index]).collect();
        let points = points(context, &given, &tails);
        let points = transcript.points(&points)?;
        let column = |(column, &index): (&AdviceColumn<'_>, &usize)| kept(context, &column.cells, &advice.tails[index]);
        let columns: Vec<Values> = given.par_iter().zip(&indices).map(column).collect();
        for ((index, column), point) in indices.into_iter().zip(columns).zip(points) {
            (advice.columns[index], advice.commitments[index]) = (column, point);
        }
        for _ in challenge_phases.iter().filter(|of| **of == phase) {
            advice.challenges.push(transcript.challenge());
        }
    }
    Ok(advice)
}

/// The commitments of columns with these tails. Where one to the same cells is published, only the difference of the tails is
/// added to it.
fn points(context: &Context<'_>, columns: &[AdviceColumn<'_>], tails: &[&Vec<Fr>]) -> Vec<G1> {
    let difference = |(column, tail): (&AdviceColumn<'_>, &&Vec<Fr>)| match &column.published {
        Some((_, old)) => old.iter().zip(*tail).map(|(old, new)| new - old).collect(),
        None => tail.to_vec(),
    };
    let differences: Vec<Vec<Fr>> = columns.iter().zip(tails).map(difference).collect();
    let given = columns.iter().zip(&differences).map(|(column, tail)| Column {
        cells: match (&column.published, &column.cells) {
            (Some(_), _) => engine::Cells::Integers(&[]),
            (None, Cells::Field(cells)) => engine::Cells::Field(cells),
            (None, Cells::Integers(integers)) => engine::Cells::Integers(integers),
            (None, Cells::Entries(_, entries)) => engine::Cells::Entries(Entries {
                table: entries.table,
                places: &entries.places,
            }),
        },
        tail,
    });
    let mut points = context.bases.commit_with_tails(&given.collect::<Vec<_>>());
    for (point, column) in points.iter_mut().zip(columns) {
        if let Some((published, _)) = &column.published {
            *point += published;
        }
    }
    points
}

/// A column after its commitment.
fn kept(context: &Context<'_>, cells: &Cells<'_>, tail: &[Fr]) -> Values {
    let cells: &[Fr] = match cells {
        Cells::Field(cells) => cells,
        Cells::Entries(cells, _) => cells,
        Cells::Integers(integers) => {
            return Values::Integers {
                given: integers.to_vec(),
                tail: tail.to_vec(),
            }
        }
    };
    let mut column = Vec::with_capacity(context.rows());
    column.extend_from_slice(cells);
    column.resize(context.rows() - tail.len(), Fr::ZERO);
    column.extend_from_slice(tail);
    Values::Field(column)
}
