//! First stage: advice columns, committed phase by phase, with the challenges between.

use super::transcript::Writer;
use super::{AdviceColumn, Assignment, Context};
use crate::error::{Defect, ProveError};
use ark_std::{end_timer, start_timer};
use halo2curves::bn256::{Fr, G1Affine, G1};
use halo2curves::ff::Field;
use rand_core::RngCore;
use rayon::prelude::*;

/// Cells of all advice columns with their commitments and tails, and the challenges of the circuit.
pub(super) struct Advice {
    pub columns: Vec<Vec<Fr>>,
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
        columns: vec![vec![]; phases.len()],
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
        let tails = indices.par_iter().map(|&index| &advice.tails[index]);
        let committed = given.into_par_iter().zip(tails);
        let committed: Vec<(Vec<Fr>, G1)> = committed.map(|(column, tail)| one(context, column, tail)).collect();
        let points: Vec<G1> = committed.iter().map(|(_, point)| *point).collect();
        let points = transcript.points(&points)?;
        for ((index, (cells, _)), point) in indices.into_iter().zip(committed).zip(points) {
            (advice.columns[index], advice.commitments[index]) = (cells, point);
        }
        for _ in challenge_phases.iter().filter(|of| **of == phase) {
            advice.challenges.push(transcript.challenge());
        }
    }
    Ok(advice)
}

/// The cells of a column with its tail, and their commitment.
fn one(context: &Context<'_>, column: AdviceColumn, tail: &[Fr]) -> (Vec<Fr>, G1) {
    let mut cells = column.cells;
    cells.resize(context.rows() - context.tail_rows, Fr::ZERO);
    let point = match &column.published {
        Some((point, old)) => context.bases.retail(point, old, tail),
        None => context.bases.commit_with_tail(&cells, tail),
    };
    cells.extend(tail);
    (cells, point)
}
