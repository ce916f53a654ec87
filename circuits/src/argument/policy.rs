//! Policy rows: what is public about the outputs.

use super::columns::{Next, Phase};
use super::config::Config;
use super::expr::{before, cell, fixed, power_of_two, signed, Cells, Expr};
use super::lane::{integer, Row};
use super::witness::Witness;
use super::{labels, lines};
use crate::layout::{Layout, Shape};
use crate::program::Program;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::PrimeField;
use halo2_proofs::plonk::{Advice, Column, ConstraintSystem};
use halo2_proofs::poly::Rotation;

/// Advice columns.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// What scores are compared with, the same in all policy rows.
    pub top: T,
}

impl<T> Columns<T> {
    pub(super) fn new(next: &mut Next<'_, T>) -> Self {
        Self {
            top: next(Phase::First.read_at(2)),
        }
    }
}

/// Fixed columns.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// Policy rows.
    pub policy: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(next: &mut dyn FnMut() -> T) -> Self {
        Self { policy: next() }
    }

    pub(super) fn fill(&self, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        (0..layout.policy_rows).for_each(|row| set(&self.policy, row, Fr::one()));
    }
}

/// On policy row j, with the output `z = u` and `d` in `[0, 2^(bits + table_bits))` from the cells of lane 0:
/// `a z + t top + c = d` and `g d = 0`; `top` is one value for all rows: they are one line, and where a line continues,
/// `top` does too. With a, t, c, g public, this states equality, order or threshold of the scores of an output. Rows of outputs that a policy
/// does not speak of have `a = t = c = g = 0`, and `d = 0` whatever their scores are. In a batch `top` is one value for each item, and `t` stands before
/// another term: see [`labels`].
pub(super) fn gate(meta: &mut ConstraintSystem<Fr>, c: &Config) {
    let (Some(lane), Some(&u)) = (c.advice.lanes.first(), c.advice.lines.u.first()) else {
        return;
    };
    let Columns { top: column } = c.advice.policy;
    let Some(&Fixed { policy }) = c.fixed.policy.as_ref() else {
        return;
    };
    meta.create_gate("policy", |m| {
        let policy = fixed(m, policy);
        let z = cell(m, u);
        let (top, last) = (cell(m, column), before(m, column, 1));
        let (continues, compared) = match labels::below_top(m, c, top.clone() - z.clone()) {
            Some((continues, below)) => (continues, below),
            None => (lines::single_continues(m, c), top.clone()),
        };
        let [a, t, constant, g] = c.policy.map(|column| m.query_instance(column, Rotation::cur()));
        let d = stated(m, c, lane);
        vec![
            ("policy", policy.clone() * (a * z + t * compared + constant - d.clone())),
            ("policy equality", policy.clone() * g * d),
            ("one top", policy * continues * (top - last)),
        ]
    });
}

/// `d`, from the cells of lane 0.
pub(super) fn stated(m: &mut Cells<'_>, c: &Config, lane: &super::lane::Columns<Column<Advice>>) -> Expr {
    let rem = cell(m, lane.rem[0]);
    integer(m, &c.shape, &lane.high, 0) + rem * power_of_two(c.shape.precision().bits())
}

/// Score at policy row `row`: line indices descend, output by output.
pub(super) fn output(witness: &Witness, model: &Program, layout: &Layout, row: usize) -> i64 {
    score(witness, model, layout.score(row))
}

fn score(witness: &Witness, model: &Program, (output, index): (usize, usize)) -> i64 {
    let tensor = model.outputs.get(output).map(|output| output.tensor);
    let score = tensor.and_then(|tensor| witness.trace.values[tensor].get(index));
    score.copied().unwrap_or(0)
}

/// `d` of a policy row, if it is in range.
fn difference(witness: &Witness, model: &Program, layout: &Layout, row: usize) -> Option<u64> {
    let Shape { table_bits, .. } = layout.shape;
    let [a, t, c] = witness.policy.get(row).copied().unwrap_or_default();
    let z = output(witness, model, layout, row);
    let compared = match layout.shape.items {
        0 => witness.top.into(),
        _ => labels::below(witness, model, layout, row),
    };
    let d = a * signed(z.into()) + t * signed(compared) + c;
    small_integer(d).filter(|d| d >> (layout.shape.precision().bits() + table_bits) == 0)
}

/// Whether all are in range: of a false statement they are not, and of a true one that multiplies scores only where they are not too far apart.
pub(super) fn holds(witness: &Witness, model: &Program, layout: &Layout) -> bool {
    (0..layout.policy_rows).all(|row| difference(witness, model, layout, row).is_some())
        && labels::difference(witness, model, layout).is_some()
}

/// Writes `d` into the rows of lane 0; gives the `top` column. Where there is no `d` in range its cells stay zero, and the proof fails.
pub(super) fn cells(witness: &Witness, model: &Program, layout: &Layout, lane: &mut [Row]) -> Vec<i64> {
    let f = layout.shape.precision().bits();
    for (row, cells) in lane.iter_mut().enumerate().take(layout.policy_rows) {
        let d = difference(witness, model, layout, row).unwrap_or(0);
        cells.high = d & ((1 << f) - 1);
        cells.rem = d >> f;
    }
    match layout.shape.items {
        // In a dense layout a policy row has the same as the row after it.
        0 => vec![witness.top; layout.policy_rows + usize::from(layout.shape.dense)],
        _ => labels::cells(witness, model, layout, lane),
    }
}

/// The integer below 2^64 that a field element is, if it is one.
fn small_integer(v: Fr) -> Option<u64> {
    let bytes = v.to_repr();
    let (low, high) = bytes.as_ref().split_at(8);
    if high.iter().any(|b| *b != 0) {
        return None;
    }
    Some(u64::from_le_bytes(low.try_into().ok()?))
}
