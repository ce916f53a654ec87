//! Products of matrices of activations: pairs of lines, left and right, in consecutive rows of the first line column.

use super::expr::{before, cell, fixed, is, powers, signed, Cells, Expr};
use super::lines;
use crate::layout::{Layout, PairBlock};
use crate::program::{Program, Step, Trace};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::{self, Advice, Column};

/// Fixed columns.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// Rows of products of activations: 1 those of a left line, 2 those of the right one after it.
    pub side: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(next: &mut dyn FnMut() -> T) -> Self {
        Self { side: next() }
    }

    pub(super) fn fill(&self, lines: &lines::Fixed<T>, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        for block in &layout.pairs {
            lines.fill_single(block.start..block.end() + 1, set);
            for row in block.start..=block.end() {
                set(&self.side, row, Fr::from(1 + (row - block.start) as u64 % 2));
                if row > block.start {
                    set(&lines.keep, row, Fr::one());
                }
            }
        }
    }
}

/// The product sum of [`lines::gate`] with rows of pairs: they have no weights, and the right row adds the product of both lines.
pub(super) fn sum(
    m: &mut Cells<'_>,
    selectors: &Fixed<Column<plonk::Fixed>>,
    line: Column<Advice>,
    sum: Expr,
    weighted: Expr,
) -> Expr {
    let side = fixed(m, selectors.side);
    let [left, right] = [1, 2].map(|number| is(&side, number, 3));
    let previous = before(m, line, 1);
    sum + (left + right.clone()) * weighted - right * cell(m, line) * previous
}

/// For each pair `(b, j)`: `sum_i r^(b I + i) L[b, i, j]`, then `sum_n t^n R[b, j, n]`.
pub(super) fn fill_lines(model: &Program, trace: &Trace, block: &PairBlock, [r, t]: [Fr; 2], u: &mut [Fr]) {
    let product = match &model.tensors[block.tensor].step {
        Step::Affine(affine) => affine.matrix_products.get(block.term),
        Step::Input | Step::MaxPool(_) | Step::Product(_) | Step::Quotient(_) => None,
    };
    let Some(product) = product else { return };
    let [(left, a), (right, b)] = [&product.left, &product.right];
    let ([batches, rows, inner], columns) = (a.grid, b.grid[2]);
    let (left, right) = (a.read(&trace.values[*left]), b.read(&trace.values[*right]));
    let (rs, ts) = (powers(r, batches * rows), powers(t, columns));
    for pair in 0..block.pairs {
        let (batch, j) = (pair / inner, pair % inner);
        let left = (batch * rows..(batch + 1) * rows).map(|row| rs[row] * signed(left[row * inner + j].into()));
        let right = ts.iter().zip(&right[pair * columns..]);
        let right = right.map(|(t, &x)| *t * signed(x.into()));
        let at = block.row(pair);
        (u[at], u[at + 1]) = (left.sum(), right.sum());
    }
}

/// The product accumulator on the rows of pairs.
pub(super) fn accumulate(layout: &Layout, u: &[Fr], pacc: &mut [Fr]) {
    for block in &layout.pairs {
        let mut sum = Fr::ZERO;
        for row in block.start..=block.end() {
            if (row - block.start) % 2 == 1 {
                sum += u[row - 1] * u[row];
            }
            pacc[row] = sum;
        }
    }
}
