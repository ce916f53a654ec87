//! The constraints at the evaluation point: sets of rows, public columns, gates, permutation.

use super::Builder;
use crate::messages::chunk;
use crate::program::{Id, Slot};
use crate::ExportError;
use provenn_bn254::Fr;
use provenn_verifier::{ColumnKind, Expr, Purpose, RowSet};
use std::collections::BTreeMap;

/// Evaluations of the sets of rows that constraints use.
pub(super) struct Rows {
    /// The last blinding row: the row before the first, since rows go in a circle.
    before_first: Id,
    first: Id,
    last: Id,
    last_usable: Id,
    usable: Id,
}

/// Evaluations of public columns, by column and rotation.
pub(super) type Columns = BTreeMap<(u32, i32), Id>;

impl Builder<'_> {
    /// `(x^n - 1) / n`, the common factor of Lagrange polynomials.
    fn common(&mut self, vanishing: Id) -> Id {
        self.program.scale(vanishing, Fr::HALF.pow(self.key.k.into()))
    }

    /// From the inverses of `x - omega^row`: `l_row = omega^row (x^n - 1) / (n (x - omega^row))`.
    pub(super) fn rows(&mut self, vanishing: Id, rows: &[(i32, Id)]) -> Rows {
        let common = self.common(vanishing);
        let weighted: Vec<Id> = rows
            .iter()
            .map(|(row, inverse)| {
                let factor = self.power(*row);
                self.program.scale(*inverse, factor)
            })
            .collect();
        let zero = self.program.zero();
        let get = |index: usize| weighted.get(index).copied().unwrap_or(zero);
        let tail = weighted.get(1..weighted.len().saturating_sub(1)).unwrap_or_default();
        let tail = self.program.sum(tail);
        let tail = self.program.mul(tail, common);
        let one = self.program.one();
        Rows {
            before_first: self.program.mul(get(weighted.len().saturating_sub(2)), common),
            last_usable: self.program.mul(get(0), common),
            last: self.program.mul(get(1), common),
            first: self.program.mul(get(weighted.len().saturating_sub(1)), common),
            usable: self.program.sub(one, tail),
        }
    }

    /// The public columns at the rows where gates read them, from the sums that the contract computes.
    pub(super) fn instances(&mut self, vanishing: Id, rows: &Rows) -> Columns {
        let common = self.common(vanishing);
        let factors = [0, 1].map(|which| {
            let inverse = self.program.slot(Slot::Inverted(which));
            self.program.mul(inverse, common)
        });
        let colouring = matches!(self.key.purpose, Purpose::Colouring(_));
        let mut columns = Columns::new();
        for column in 0..self.key.instance_columns {
            let factor = match (colouring, column) {
                (true, 0) => {
                    columns.extend(self.usable(rows));
                    continue;
                }
                // One cell, in the first row.
                (true, 2) => rows.first,
                (true, 1) | (false, 0..4) => factors[0],
                _ => factors[1],
            };
            let sum = self.program.slot(Slot::Sum(column as usize));
            columns.insert((column, 0), self.program.mul(sum, factor));
        }
        columns
    }

    /// The column that is 1 on usable rows, and what it is a row before and a row after. Row `i` of a column that is read at rotation `r` has the weight
    /// `l_(i - r)`: read at -1 it is 1 from the second row to that behind the last usable one, at 1 from the row before the first to that before the last usable one.
    fn usable(&mut self, rows: &Rows) -> [((u32, i32), Id); 3] {
        let before = self.program.sub(rows.usable, rows.first);
        let before = self.program.add(before, rows.last);
        let after = self.program.sub(rows.usable, rows.last_usable);
        let after = self.program.add(after, rows.before_first);
        [((0, 0), rows.usable), ((0, -1), before), ((0, 1), after)]
    }

    /// All constraints, joined by powers of `y`.
    pub(super) fn constraints(&mut self, rows: &Rows, instances: &Columns) -> Result<Id, ExportError> {
        let (key, later) = (self.key, self.messages.later);
        let y = self.challenge(later + 3);
        let mut sum = self.program.zero();
        for gate in &key.gates {
            let value = self.gate(gate, rows, instances)?;
            sum = self.program.fused(sum, y, value);
        }
        for value in self.permutation(rows, instances)? {
            sum = self.program.fused(sum, y, value);
        }
        Ok(sum)
    }

    fn gate(&mut self, gate: &[Expr], rows: &Rows, instances: &Columns) -> Result<Id, ExportError> {
        let fixed = self.key.advice_queries.len();
        let mut stack = Vec::new();
        for op in gate {
            let value = match op {
                Expr::Constant(value) => self.program.constant(*value),
                Expr::Fixed(index) => self.scalar(fixed + *index as usize),
                Expr::Advice(index) => self.scalar(*index as usize),
                Expr::Instance(index) => self.instance(*index, instances)?,
                Expr::Challenge(index) => {
                    let number = self
                        .messages
                        .challenges
                        .get(*index as usize)
                        .ok_or(ExportError::Inconsistent)?;
                    self.challenge(*number)
                }
                Expr::Rows(RowSet::Usable) => rows.usable,
                Expr::Rows(RowSet::NotFirst) => self.program.sub(rows.usable, rows.first),
                Expr::Rows(RowSet::LastUsable) => rows.last_usable,
                Expr::Negated => {
                    let top = stack.pop().ok_or(ExportError::Inconsistent)?;
                    self.program.neg(top)
                }
                Expr::Scaled(factor) => {
                    let top = stack.pop().ok_or(ExportError::Inconsistent)?;
                    self.program.scale(top, *factor)
                }
                Expr::Sum | Expr::Product => {
                    let (b, a) = (stack.pop(), stack.pop());
                    let (b, a) = (b.ok_or(ExportError::Inconsistent)?, a.ok_or(ExportError::Inconsistent)?);
                    match op {
                        Expr::Sum => self.program.add(a, b),
                        _ => self.program.mul(a, b),
                    }
                }
            };
            stack.push(value);
        }
        stack.pop().ok_or(ExportError::Inconsistent)
    }

    /// The value of an instance query: but for one column the contract evaluates them at `x` only.
    fn instance(&self, query: u32, instances: &Columns) -> Result<Id, ExportError> {
        let query = self.key.instance_queries.get(query as usize);
        let query = query.ok_or(ExportError::Inconsistent)?;
        instances.get(query).copied().ok_or(ExportError::Rotation)
    }

    fn permutation(&mut self, rows: &Rows, instances: &Columns) -> Result<Vec<Id>, ExportError> {
        let (key, later, products) = (self.key, self.messages.later, self.messages.products);
        let one = self.program.one();
        let (beta, gamma, x) = (
            self.challenge(later + 1),
            self.challenge(later + 2),
            self.challenge(later + 4),
        );
        let fixed = key.advice_queries.len();
        let sigmas = fixed + key.fixed_queries.len();
        let evals = sigmas + key.permutation_columns.len();
        let mut out = Vec::new();
        if products > 0 {
            let (first, last) = (self.scalar(evals), self.scalar(evals + 3 * (products - 1)));
            let start = self.program.sub(one, first);
            out.push(self.program.mul(rows.first, start));
            let negative = self.program.neg(last);
            let end = self.program.fused(last, last, negative);
            out.push(self.program.mul(rows.last, end));
        }
        for index in 1..products {
            let (current, end) = (self.scalar(evals + 3 * index), self.scalar(evals + 3 * index - 1));
            let step = self.program.sub(current, end);
            out.push(self.program.mul(rows.first, step));
        }
        let mut identity = Fr::ONE;
        let beta_x = self.program.mul(beta, x);
        let columns: Vec<_> = key.permutation_columns.iter().enumerate().collect();
        for (product, columns) in columns.chunks(chunk(key)).enumerate() {
            let mut left = self.scalar(evals + 3 * product + 1);
            let mut right = self.scalar(evals + 3 * product);
            for (index, column) in columns {
                let at = |queries: &[(u32, i32)]| queries.iter().position(|query| *query == (column.index, 0));
                let value = match column.kind {
                    ColumnKind::Advice => self.scalar(at(&key.advice_queries).ok_or(ExportError::Inconsistent)?),
                    ColumnKind::Fixed => self.scalar(fixed + at(&key.fixed_queries).ok_or(ExportError::Inconsistent)?),
                    ColumnKind::Instance => instances
                        .get(&(column.index, 0))
                        .copied()
                        .ok_or(ExportError::Inconsistent)?,
                };
                let shifted = self.program.add(value, gamma);
                let sigma = self.scalar(sigmas + index);
                let factor = self.program.fused(beta, sigma, shifted);
                left = self.program.mul(left, factor);
                let delta = self.program.constant(identity);
                let factor = self.program.fused(beta_x, delta, shifted);
                right = self.program.mul(right, factor);
                identity *= Fr::DELTA;
            }
            let difference = self.program.sub(left, right);
            out.push(self.program.mul(difference, rows.usable));
        }
        Ok(out)
    }
}
