//! Labels of the items of a batch, hidden, and what is counted of them.
//!
//! The policy rows of an item are those of its scores, its last score first. The label is the index of the largest one, the lowest among equals.

use super::columns::{Next, Phase};
use super::config::Config;
use super::expr::{before, boolean, cell, constant, fixed, is, Cells, Expr};
use super::lane::Row;
use super::policy::{output, stated};
use super::witness::Witness;
use crate::layout::Layout;
use crate::program::Program;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{self, Column, ConstraintSystem};
use halo2_proofs::poly::Rotation;

/// Advice columns.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// 1 from the label of an item down to its first score.
    pub seen: T,
    /// Running sum of what is counted.
    pub count: T,
}

impl<T> Columns<T> {
    pub(super) fn new(next: &mut Next<'_, T>) -> Self {
        Self {
            seen: next(Phase::First.read_at(2)),
            count: next(Phase::Second.read_at(2)),
        }
    }
}

/// Fixed columns.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// 1 on the row at which an item starts, 2 on its other rows, else 0.
    pub item: T,
    /// 1 on the last row of an item, 2 on the row of the counts, which follows the policy rows, else 0.
    pub end: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(next: &mut dyn FnMut() -> T) -> Self {
        Self {
            item: next(),
            end: next(),
        }
    }

    pub(super) fn fill(&self, model: &Program, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        let mut before = None;
        for row in 0..layout.policy_rows {
            let place = layout.item(model, row);
            let item = place.map(|(item, _)| item);
            if let Some((_, label)) = place {
                set(&self.item, row, Fr::from(if item == before { 2 } else { 1 }));
                set(&self.end, row, Fr::from(u64::from(label == 0)));
            }
            before = item;
        }
        set(&self.end, layout.policy_rows, Fr::from(2));
    }
}

const NAMES: u64 = 3;

/// Whether a row is one of an item, and whether it is not the first of it; of degree 2.
fn states(m: &mut Cells<'_>, item: Column<plonk::Fixed>) -> [Expr; 2] {
    let item = fixed(m, item);
    let [starts, continues] = [1, 2].map(|name| is(&item, name, NAMES));
    [starts + continues.clone(), continues]
}

/// Of a batch: where the item of a row continues, and `top - z - [the label comes after]`, what is not below the largest score; both of degree 2 at
/// least. `below` is `top - z`.
pub(super) fn below_top(m: &mut Cells<'_>, c: &Config, below: Expr) -> Option<(Expr, Expr)> {
    let (labels, selectors) = (c.advice.labels.as_ref()?, c.fixed.labels.as_ref()?);
    let [row, continues] = states(m, selectors.item);
    let after = continues.clone() * before(m, labels.seen, 1);
    Some((continues, row * below - after))
}

/// With `row` and `continues` on the rows of items, `s = row seen - continues seen_prev`, and `d` of the row:
/// * `row seen (seen - 1) = 0`, `continues seen_prev (1 - seen) = 0`, `last (seen - 1) = 0`: `seen` is 0, then 1, and 1 on the last row. So `s` is 1 at one
///   row of the item, which stands for score `a`, and 0 at the others;
/// * in the policy gate, `t = 1` gives `top - z_j - [j < a] = d` with `d >= 0`: rows before are those of scores after, `seen_prev = [a > j]`;
/// * `t s d = 0`: `top = z_a`. So the scores before `a` are smaller than `z_a`, and those after are not larger: `a` is the lowest index of a largest score,
///   and there is no other such `seen`. `top`, one value in an item by the policy gate, is `z_a`. With `t = 0` nothing is said of labels.
///
/// With the public `e` of degree 1: `sum = sum_prev + s e` on policy rows, from 0; on the row of the counts `a sum_prev + e = d` and `g d = 0`.
/// `e` holds powers of `r`, which is drawn after phase 1, where `seen` is: so the sum is that of `r^i` times count `i`. Counts are at most as many as there
/// are items, and far below p, and so is `d`: equality of the sums is that of each count but for an error of their number over p, and `d >= 0` of a
/// single count, less or more a public number, is what it says.
pub(super) fn gate(meta: &mut ConstraintSystem<Fr>, c: &Config) {
    let (Some(labels), Some(selectors), Some(counted)) = (&c.advice.labels, &c.fixed.labels, c.counted) else {
        return;
    };
    let (Some(lane), Some(policy)) = (c.advice.lanes.first(), &c.fixed.policy) else {
        return;
    };
    meta.create_gate("labels", |m| {
        let [row, continues] = states(m, selectors.item);
        let end = fixed(m, selectors.end);
        let [last, totals] = [1, 2].map(|name| is(&end, name, NAMES));
        let policy = fixed(m, policy.policy);
        let not_first = c.rows.not_first(m);
        let (seen, seen_prev) = (cell(m, labels.seen), before(m, labels.seen, 1));
        let (sum, sum_prev) = (cell(m, labels.count), before(m, labels.count, 1));
        let [a, t, _, g] = c.policy.map(|column| m.query_instance(column, Rotation::cur()));
        let e = m.query_instance(counted, Rotation::cur());
        let d = stated(m, c, lane);
        let label = row.clone() * seen.clone() - continues.clone() * seen_prev.clone();
        vec![
            ("seen is a bit", row * boolean(seen.clone())),
            (
                "a label that was seen stays so",
                continues * seen_prev * (constant(1) - seen.clone()),
            ),
            ("each item has a label", last * (seen - constant(1))),
            ("the label's score is the largest", t * label.clone() * d.clone()),
            (
                "sum of counts",
                policy * (sum - not_first * sum_prev.clone()) - label * e.clone(),
            ),
            ("counts", totals.clone() * (a * sum_prev + e - d.clone())),
            ("counts are equal", totals * g * d),
        ]
    });
}

/// The scores of an item.
fn scores<'a>(witness: &'a Witness, model: &Program, layout: &Layout, item: usize) -> &'a [i64] {
    let all = &witness.trace.values[model.outputs[0].tensor];
    let classes = all.len() / layout.shape.items.max(1);
    all.chunks(classes.max(1)).nth(item).unwrap_or_default()
}

/// Its label and the largest score.
fn label(scores: &[i64]) -> (usize, i64) {
    let largest = scores.iter().copied().max().unwrap_or(0);
    let label = scores.iter().position(|score| *score == largest);
    (label.unwrap_or(0), largest)
}

/// How far a score is below the largest one of its item, less one where the label comes after; 0 of padding.
pub(super) fn below(witness: &Witness, model: &Program, layout: &Layout, row: usize) -> i128 {
    let Some((item, index)) = layout.item(model, row) else {
        return 0;
    };
    let (label, largest) = label(scores(witness, model, layout, item));
    i128::from(largest) - i128::from(output(witness, model, layout, row)) - i128::from(index < label)
}

/// `d` of the row of the counts, if what is stated of them holds.
pub(super) fn difference(witness: &Witness, model: &Program, layout: &Layout) -> Option<u64> {
    let Some(counts) = &witness.counts else { return Some(0) };
    let of_item = |item: usize| {
        let scores = scores(witness, model, layout, item);
        item * scores.len() + label(scores).0
    };
    counts.difference((0..layout.shape.items).map(of_item))
}

/// Writes `d` into the row of the counts on lane 0; gives the `top` column.
pub(super) fn cells(witness: &Witness, model: &Program, layout: &Layout, lane: &mut [Row]) -> Vec<i64> {
    let f = layout.shape.precision().bits();
    let d = difference(witness, model, layout).unwrap_or(0);
    if let Some(cells) = lane.get_mut(layout.policy_rows) {
        cells.high = d & ((1 << f) - 1);
        cells.rem = d >> f;
    }
    let top = |row: usize| {
        let (item, _) = layout.item(model, row)?;
        Some(label(scores(witness, model, layout, item)).1)
    };
    (0..layout.policy_rows).map(|row| top(row).unwrap_or(0)).collect()
}

/// The column `seen`.
pub(super) fn seen(witness: &Witness, model: &Program, layout: &Layout) -> Vec<u64> {
    let seen = |row: usize| {
        let (item, index) = layout.item(model, row)?;
        Some(u64::from(index <= label(scores(witness, model, layout, item)).0))
    };
    (0..layout.policy_rows).map(|row| seen(row).unwrap_or(0)).collect()
}

/// The column of sums, under the challenge `r`.
pub(super) fn counts(witness: &Witness, model: &Program, layout: &Layout, seen: &[u64], r: Fr) -> Vec<Fr> {
    let counted = witness
        .counts
        .as_ref()
        .map(|counts| counts.column(layout.policy_rows, r.into()));
    let counted = counted.unwrap_or_default();
    let mut sum = Fr::zero();
    let mut before = None;
    let sums = seen.iter().enumerate().map(|(row, seen_here)| {
        let item = layout.item(model, row).map(|(item, _)| item);
        let seen_before = if item == before && row > 0 { seen[row - 1] } else { 0 };
        before = item;
        if *seen_here > seen_before {
            sum += counted.get(row).map_or(Fr::zero(), |e| Fr::from(*e));
        }
        sum
    });
    sums.collect()
}
