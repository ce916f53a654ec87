//! Values of the scan slots.

use crate::argument::expr::{powers, signed};
use crate::layout::{Layout, Mode, ScanRow, Src};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rayon::prelude::*;

/// Rows of a task.
const TASK: usize = 64;

/// What the slots read: for each lane, accumulator and value of each row.
pub(crate) type Scanned = [Vec<i128>; 2];

/// Coefficients and accumulators of each slot, given lanes, the cells that coefficients are copies of, and `r`, `t`, `s`.
pub(crate) fn columns(
    layout: &Layout,
    (lanes, given): (&[Scanned], &[Vec<u64>]),
    read: &dyn Fn(Src) -> Option<Fr>,
    [r, t, s]: [Fr; 3],
) -> Vec<Vec<Fr>> {
    let weights = pattern_weights(layout, [r, t, s]);
    let (given_weights, zero) = (powers(r, given.len()), i128::from(layout.shape.given_zero()));
    let horner = |which: usize, row: usize, base: Fr| {
        let lanes = lanes.iter().rev();
        lanes.fold(Fr::ZERO, |sum, lane| sum * base + signed(lane[which][row]))
    };
    let added = |mode: Mode, row: usize| match mode {
        Mode::Accumulators => horner(0, row, r),
        Mode::ValuesS => horner(1, row, s),
        Mode::ValuesR => horner(1, row, r),
        Mode::Pattern(pattern) => {
            let terms = weights[pattern].iter().zip(lanes);
            terms.map(|(w, lane)| *w * signed(lane[1][row])).sum()
        }
        Mode::Given => {
            let cells = given_weights.iter().zip(given);
            cells.map(|(w, cells)| *w * signed(i128::from(cells[row]) - zero)).sum()
        }
        Mode::Constant | Mode::Skip => Fr::ZERO,
    };
    let mut columns = vec![vec![Fr::ZERO; layout.shape.usable()]; 3 * layout.shape.slots];
    for segment in &layout.segments {
        let [first, second, sums] = [0, 1, 2].map(|column| 3 * segment.slot + column);
        let mut acc = Fr::ZERO;
        // What factors multiply does not depend on rows before, and is most of the work.
        let terms = segment.rows.par_iter().enumerate().with_min_len(TASK);
        let term = |(index, step): (usize, &ScanRow)| match step.factors {
            Some(_) => added(step.mode, segment.start + index) + signed(step.kappa),
            None => Fr::ZERO,
        };
        let terms = terms.map(term);
        let terms: Vec<Fr> = terms.collect();
        for (index, (step, term)) in segment.rows.iter().zip(terms).enumerate() {
            let row = segment.start + index;
            if let Some(factors) = step.factors {
                let [a, b] = [factors.0, factors.1].map(|src| match src {
                    Src::Slot(slot, row) => columns[3 * slot + 2][row],
                    Src::Pow(_) | Src::Uacc(_) | Src::Pacc(_) => read(src).unwrap_or(Fr::ZERO),
                });
                acc += a * b * term;
                columns[first][row] = a;
                columns[second][row] = b;
            }
            columns[sums][row] = acc;
        }
    }
    columns
}

/// Weights of the lanes in each pattern; 0 for lanes that are not read.
fn pattern_weights(layout: &Layout, challenges: [Fr; 3]) -> Vec<Vec<Fr>> {
    let weight = |lane: &Option<[u32; 3]>| {
        let powers = |exponents: &[u32; 3]| {
            let powers = challenges.iter().zip(exponents);
            powers.map(|(c, &e)| c.pow([u64::from(e)])).product()
        };
        lane.as_ref().map_or(Fr::ZERO, powers)
    };
    let patterns = layout.shape.features.patterns.iter();
    patterns.map(|p| p.lanes.iter().map(weight).collect()).collect()
}
