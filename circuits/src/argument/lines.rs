//! Lines: the cells of a contraction's source, weighted by powers of `t`, beside the folded weights they meet.

mod values;
mod weights;

pub(super) use values::{accumulators, columns};
pub(super) use weights::folded;
pub use weights::weight_cells;

use super::columns::{Next, Phase};
use super::config::Config;
use super::expr::{before, cell, fixed, horner, Expr};
use super::pairs;
use crate::layout::{Layout, Shape};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;

/// Advice columns.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// Line columns. Policy rows, bias rows and products of activations use the first only.
    pub u: Vec<T>,
    /// Folded weights `sum_l r^l (w_l - zero)`, one column for each line column: tied by the link proof to the commitments of
    /// the lanes, which are no columns of this circuit.
    pub weights: Vec<T>,
    /// Line accumulator.
    pub uacc: T,
    /// Product accumulator.
    pub pacc: T,
}

impl<T> Columns<T> {
    pub(super) fn new(shape: &Shape, next: &mut Next<'_, T>) -> Self {
        // Products of activations read the line of the row before.
        let rows = |column: usize| 1 + usize::from(column == 0 && shape.features.matrix_products);
        Self {
            u: (0..shape.line_columns)
                .map(|column| next(Phase::Second.read_at(rows(column))))
                .collect(),
            weights: (0..shape.line_columns)
                .map(|_| next(Phase::Second.read_at(1)))
                .collect(),
            uacc: next(Phase::Third.read_at(2)),
            pacc: next(Phase::Third.read_at(2)),
        }
    }

    pub(super) fn copied(&self) -> impl Iterator<Item = &T> {
        self.u.iter().take(1).chain([&self.uacc, &self.pacc])
    }
}

/// Fixed columns.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// Rows of lines.
    pub line: T,
    /// Rows at which the accumulator of a line continues.
    pub keep_u: T,
    /// The same for rows whose line is in the first column only, where there are several: policy rows and products of
    /// activations.
    pub single: Option<[T; 2]>,
    /// Rows at which the product accumulator continues.
    pub keep_p: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(shape: &Shape, next: &mut dyn FnMut() -> T) -> Self {
        Self {
            line: next(),
            keep_u: next(),
            single: (shape.line_columns > 1).then(|| [(); 2].map(|()| next())),
            keep_p: next(),
        }
    }

    /// Rows whose line is in the first column only, and those at which its accumulator continues.
    pub(super) fn single(&self) -> [&T; 2] {
        match &self.single {
            Some([single, keep]) => [single, keep],
            None => [&self.line, &self.keep_u],
        }
    }

    pub(super) fn fill(&self, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        let [single, keep_single] = self.single();
        for row in 0..layout.policy_rows {
            set(single, row, Fr::one());
            if row > 0 {
                set(keep_single, row, Fr::one());
            }
        }
        for block in &layout.blocks {
            let first_line = block.start + block.bias_rows;
            for row in first_line..first_line + block.line_rows() {
                set(&self.line, row, Fr::one());
                if row > first_line {
                    set(&self.keep_u, row, Fr::one());
                }
            }
            for row in block.sums().flat_map(|(first, last)| first + 1..=last) {
                set(&self.keep_p, row, Fr::one());
            }
        }
    }
}

/// With `m` line columns `u_i` and folded weights `W_i`, on usable rows:
/// * `uacc = keep_u s^m uacc_prev + line sum_i s^i u_i`, and `uacc = keep s uacc_prev + u_0` on single rows (policy
///   rows and products of activations, which use the first column only): each cell has a power of `s` of its own;
/// * `pacc = keep_p pacc_prev + u_0 W_0 + line sum_{i > 0} u_i W_i`; on rows of products of activations
///   `pacc = keep_p pacc_prev`, with `u_0 u_0_prev` added where `u_0` is the right and `u_0_prev` the left line. Bias rows
///   are no line rows: they count in the first column alone, whose cells there are copies.
///
/// All are determined by `u`, `W` and the challenges. `u` (phase 2) is determined because its accumulator under `s`,
/// drawn after it, equals the scan of what it claims to be, whose cells are of phase 1. `W` (phase 2) is determined on
/// all usable rows by the link proof, up to the combination `sum_l r^l (w_l - zero)` of lanes that were committed
/// before `r`: a sum over `o` of `r^o` times a line cell is what it would be if the lanes were columns here.
pub(super) fn gate(meta: &mut ConstraintSystem<Fr>, c: &Config) {
    let (lines, selectors) = (&c.advice.lines, &c.fixed.lines);
    let columns: Vec<_> = lines.u.iter().copied().zip(lines.weights.iter().copied()).collect();
    let Some(&(first, _)) = columns.first() else { return };
    meta.create_gate("lines", |m| {
        let usable = fixed(m, c.fixed.rows.usable);
        let [line, keep_u, keep_p] =
            [selectors.line, selectors.keep_u, selectors.keep_p].map(|column| fixed(m, column));
        let s = c.challenges.s.expr();
        let cells: Vec<(Expr, Expr)> = columns.iter().map(|&(u, w)| (cell(m, u), cell(m, w))).collect();
        let (uacc, uacc_prev) = (cell(m, lines.uacc), before(m, lines.uacc, 1));
        let (pacc, pacc_prev) = (cell(m, lines.pacc), before(m, lines.pacc, 1));
        let u = cells[0].0.clone();
        let products: Vec<Expr> = cells.iter().map(|(u, w)| u.clone() * w.clone()).collect();
        let step = (1..columns.len()).fold(s.clone(), |power, _| power * s.clone());
        let lines = horner(cells.into_iter().map(|(u, _)| u).collect(), &s);
        let mut sum = usable.clone() * uacc - keep_u * step * uacc_prev.clone() - line.clone() * lines;
        if let Some(single) = selectors.single {
            let [single, keep] = single.map(|column| fixed(m, column));
            sum = sum - keep * s * uacc_prev - single * u.clone();
        }
        let mut product = usable * (pacc - products[0].clone()) - keep_p * pacc_prev;
        if let Some(others) = products[1..].iter().cloned().reduce(|a, b| a + b) {
            product = product - line * others;
        }
        if let Some(selectors) = &c.fixed.pairs {
            product = pairs::sum(m, selectors, first, product, products[0].clone());
        }
        vec![("line sum", sum), ("product sum", product)]
    });
}
