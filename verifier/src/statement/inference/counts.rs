//! What is counted of the items of a batch.

use super::columns::{signed, PolicyRow};
use crate::codec::size;
use crate::domain::powers;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// Which items a policy counts, and what it states of the counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// For each score of the output the count that its item adds one to if this score is its label.
    pub cells: Vec<Option<u32>>,
    /// What holds of the counts.
    pub total: Total,
}

/// What holds of counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Total {
    /// Each is this number.
    Exactly(Vec<u32>),
    /// Their sum, each with a weight, is this number, and nothing is said of each. All are so small that the sum is far below p.
    Weighted {
        /// What one item adds, by count.
        weights: Vec<i64>,
        /// The sum.
        sum: i64,
    },
    /// The first one, of which alone there are cells, is so many or more.
    AtLeast(u32),
    /// It is less.
    Below(u32),
}

impl Counts {
    /// What the row of the counts has among the policy columns: with `e` there as in [`column`](Self::column), `d = a sum + e` is in range, and
    /// `g d = 0`.
    pub(super) fn row(&self) -> PolicyRow {
        let (a, g) = match self.total {
            Total::Exactly(_) | Total::Weighted { .. } => (Fr::ONE, Fr::ONE),
            Total::AtLeast(_) => (Fr::ONE, Fr::ZERO),
            Total::Below(_) => (-Fr::ONE, Fr::ZERO),
        };
        PolicyRow {
            a,
            g,
            ..PolicyRow::default()
        }
    }

    /// The column `e`. At the rows of scores, in their order from the last row up, it is what the sum of the labels' rows has of each: `r^i` of count
    /// `i`, so that the sum is the one of `r^i` times count `i`. Counts and claim are fixed before `r` is drawn: but for an error of their number over p,
    /// the sum is that of the claimed counts only if each is. Where counts have weights it has those in place of `r^i`, public integers, and the sum is the
    /// integer that is claimed mod p, so that integer. At the row after them it is what is added to the sum.
    pub fn column(&self, rows: usize, r: Fr) -> Vec<Fr> {
        let highest = self.cells.iter().flatten().max().map_or(0, |highest| size(*highest));
        let factors: Vec<Fr> = match &self.total {
            Total::Weighted { weights, .. } => weights.iter().copied().map(signed).collect(),
            _ => powers(r).take(highest.saturating_add(1)).collect(),
        };
        let factor = |count: &Option<u32>| {
            count
                .and_then(|count| factors.get(size(count)).copied())
                .unwrap_or(Fr::ZERO)
        };
        let number = |count: u32| Fr::from(u64::from(count));
        let added = match &self.total {
            Total::Exactly(counts) => -sum(counts, r),
            Total::Weighted { sum, .. } => -signed(*sum),
            Total::AtLeast(least) => -number(*least),
            Total::Below(least) => number(*least) - Fr::ONE,
        };
        let mut column = vec![Fr::ZERO; rows];
        for (cell, count) in column.iter_mut().rev().zip(&self.cells) {
            *cell = factor(count);
        }
        column.push(added);
        column
    }

    /// `d` at the row of the counts, if it is in range, from the indices of the scores that are labels.
    pub fn difference(&self, labels: impl Iterator<Item = usize>) -> Option<u64> {
        let counted = labels.filter_map(|score| self.cells.get(score).copied().flatten());
        match &self.total {
            Total::Exactly(expected) => {
                let mut counts = vec![0u32; expected.len()];
                for count in counted {
                    let cell = counts.get_mut(size(count))?;
                    *cell = cell.saturating_add(1);
                }
                (counts == *expected).then_some(0)
            }
            Total::Weighted { weights, sum } => {
                let mut total = 0i64;
                for count in counted {
                    total = total.checked_add(*weights.get(size(count))?)?;
                }
                (total == *sum).then_some(0)
            }
            Total::AtLeast(least) => crate::codec::wide(counted.count()).checked_sub((*least).into()),
            Total::Below(least) => u64::from(*least)
                .checked_sub(1)?
                .checked_sub(crate::codec::wide(counted.count())),
        }
    }
}

/// `sum of r^i times count i`.
fn sum(counts: &[u32], r: Fr) -> Fr {
    let terms = counts.iter().rev();
    terms.fold(Fr::ZERO, |sum, count| sum * r + Fr::from(u64::from(*count)))
}
