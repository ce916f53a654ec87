//! Lines: the cells of a contraction's source, weighted by powers of `t`, beside the folded weights they meet.

mod values;
mod weights;

pub(super) use values::{accumulators, columns};
pub(super) use weights::folded;
pub(crate) use weights::lane_cells;
pub use weights::weight_cells;

use super::columns::{Next, Phase};
use super::config::Config;
use super::expr::{before, cell, fixed, horner, is, Cells, Expr};
use super::pairs;
use crate::layout::{Layout, Shape};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{self, Column, ConstraintSystem};
use std::ops::Range;

/// Advice columns.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// Line columns. Policy rows, bias rows and products of activations use the first only.
    pub u: Vec<T>,
    /// Folded weights `sum_l r^l (w_l - zero)`, one column for each line column: tied by the link proof to the commitments of
    /// the lanes, which are no columns of this circuit.
    pub weights: Vec<T>,
    /// Line accumulator; a dense layout has none.
    pub uacc: Option<T>,
    /// Product accumulator; the sum of a dense layout.
    pub pacc: T,
}

impl<T> Columns<T> {
    pub(super) fn new(shape: &Shape, next: &mut Next<'_, T>) -> Self {
        // Products of activations read the line of the row before.
        let rows = |column: usize| 1 + usize::from(column == 0 && shape.features.matrix_products);
        // Copies of values are there before any challenge, and their sum needs no further one.
        let (lines, sums) = match shape.dense {
            true => (Phase::First, Phase::Second),
            false => (Phase::Second, Phase::Third),
        };
        Self {
            u: (0..shape.line_columns)
                .map(|column| next(lines.read_at(rows(column))))
                .collect(),
            weights: (0..shape.line_columns)
                .map(|_| next(Phase::Second.read_at(1)))
                .collect(),
            uacc: (!shape.dense).then(|| next(sums.read_at(2))),
            pacc: next(sums.read_at(2)),
        }
    }

    /// The accumulators, or the copies of values.
    pub(super) fn copied(&self) -> impl Iterator<Item = &T> {
        let lines = self.u.iter().filter(|_| self.uacc.is_none());
        let sums = self.uacc.iter().flat_map(|uacc| [uacc, &self.pacc]);
        sums.chain(lines)
    }
}

/// Fixed columns. Of a line's rows: 1 where it starts, 2 where it continues, else 0. In a dense layout the cells name other things, see
/// [`dense`](super::dense).
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// Rows of lines.
    pub line: T,
    /// The same for rows whose line is in the first column only, where there are several: policy rows, bias rows and products
    /// of activations.
    pub single: Option<T>,
    /// 1 on rows at which the product accumulator continues.
    pub keep: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(shape: &Shape, next: &mut dyn FnMut() -> T) -> Self {
        Self {
            line: next(),
            single: (shape.line_columns > 1).then(&mut *next),
            keep: next(),
        }
    }

    /// That of rows whose line is in the first column only.
    fn single(&self) -> &T {
        self.single.as_ref().unwrap_or(&self.line)
    }

    /// A line in the first column only.
    pub(super) fn fill_single(&self, rows: Range<usize>, set: &mut dyn FnMut(&T, usize, Fr)) {
        fill_line(self.single(), rows, set);
    }

    pub(super) fn fill(&self, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        self.fill_single(0..layout.policy_rows, set);
        for block in &layout.blocks {
            let first_line = block.start + block.bias_rows;
            // Each is a line of its own, of one cell.
            (block.start..first_line).for_each(|row| self.fill_single(row..row + 1, set));
            fill_line(&self.line, first_line..first_line + block.line_rows(), set);
            for row in block.sums().flat_map(|(first, last)| first + 1..=last) {
                set(&self.keep, row, Fr::one());
            }
        }
    }
}

const STATES: u64 = 3;

fn fill_line<T>(column: &T, rows: Range<usize>, set: &mut dyn FnMut(&T, usize, Fr)) {
    let start = rows.start;
    rows.for_each(|row| set(column, row, Fr::from(if row == start { 1 } else { 2 })));
}

/// Whether a row has a line, and whether it continues one; of degree 2.
fn states(m: &mut Cells<'_>, column: Column<plonk::Fixed>) -> [Expr; 2] {
    let state = fixed(m, column);
    let [starts, continues] = [1, 2].map(|number| is(&state, number, STATES));
    [starts + continues.clone(), continues]
}

/// 1 where a line in the first column continues, of degree 2.
pub(super) fn single_continues(m: &mut Cells<'_>, c: &Config) -> Expr {
    let [_, continues] = states(m, *c.fixed.lines.single());
    continues
}

/// With `m` line columns `u_i` and folded weights `W_i`, on usable rows:
/// * `uacc = continues s^m uacc_prev + line sum_i s^i u_i`, and `uacc = continues s uacc_prev + u_0` on single rows (policy
///   rows, bias rows and products of activations, which use the first column only): each cell has a power of `s` of its own;
/// * `pacc = keep pacc_prev + u_0 W_0 + line sum_{i > 0} u_i W_i`; on rows of products of activations
///   `pacc = keep pacc_prev`, with `u_0 u_0_prev` added where `u_0` is the right and `u_0_prev` the left line.
///
/// All are determined by `u`, `W` and the challenges. `u` (phase 2) is determined because its accumulator under `s`,
/// drawn after it, equals the scan of what it claims to be, whose cells are of phase 1. `W` (phase 2) is determined on
/// all usable rows by the link proof, up to the combination `sum_l r^l (w_l - zero)` of lanes that were committed
/// before `r`: a sum over `o` of `r^o` times a line cell is what it would be if the lanes were columns here.
pub(super) fn gate(meta: &mut ConstraintSystem<Fr>, c: &Config) {
    let (lines, selectors) = (&c.advice.lines, &c.fixed.lines);
    let Some(uacc) = lines.uacc else { return };
    let columns: Vec<_> = lines.u.iter().copied().zip(lines.weights.iter().copied()).collect();
    let Some(&(first, _)) = columns.first() else { return };
    meta.create_gate("lines", |m| {
        let usable = c.rows.usable(m);
        let [line, continues] = states(m, selectors.line);
        let keep = fixed(m, selectors.keep);
        let s = c.s();
        let cells: Vec<(Expr, Expr)> = columns.iter().map(|&(u, w)| (cell(m, u), cell(m, w))).collect();
        let (uacc, uacc_prev) = (cell(m, uacc), before(m, uacc, 1));
        let (pacc, pacc_prev) = (cell(m, lines.pacc), before(m, lines.pacc, 1));
        let u = cells[0].0.clone();
        let products: Vec<Expr> = cells.iter().map(|(u, w)| u.clone() * w.clone()).collect();
        let step = (1..columns.len()).fold(s.clone(), |power, _| power * s.clone());
        let lines = horner(cells.into_iter().map(|(u, _)| u).collect(), &s);
        let mut sum = usable.clone() * uacc - continues * step * uacc_prev.clone() - line.clone() * lines;
        if let Some(single) = selectors.single {
            let [single, continues] = states(m, single);
            sum = sum - continues * s * uacc_prev - single * u;
        }
        let mut product = usable * (pacc - products[0].clone()) - keep * pacc_prev;
        if let Some(others) = products[1..].iter().cloned().reduce(|a, b| a + b) {
            product = product - line * others;
        }
        if let Some(selectors) = &c.fixed.pairs {
            product = pairs::sum(m, selectors, first, product, products[0].clone());
        }
        vec![("line sum", sum), ("product sum", product)]
    });
}
