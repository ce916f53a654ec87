//! Rows of running maxima, each after the running maximum and the element.

use super::config::Config;
use super::expr::{fixed, Cells, Gates};
use super::lane::{Row, View};
use crate::layout::{Layout, RowKind};
use halo2_proofs::halo2curves::bn256::Fr;

/// Fixed columns.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// Rows of running maxima.
    pub max: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(next: &mut dyn FnMut() -> T) -> Self {
        Self { max: next() }
    }

    pub(super) fn fill(&self, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        for (row, kind) in layout.kinds.iter().enumerate() {
            match kind {
                RowKind::Max(_) => set(&self.max, row, Fr::one()),
                RowKind::Free | RowKind::Input { .. } | RowKind::Affine(..) | RowKind::Product(..) => {}
                RowKind::Quotient(..) | RowKind::Remainder(..) | RowKind::Bits => {}
            }
        }
    }
}

/// `max * (value - best - high) = 0`, `max * (value - element - rem) = 0`, `max * high * rem = 0`.
///
/// The value is at least both, as `high` and `rem` are bounded and not negative, and equal to one of them.
pub(super) fn gates(m: &mut Cells<'_>, c: &Config, lane: &View) -> Gates {
    let Some(selectors) = &c.fixed.maximum else {
        return vec![];
    };
    let max = fixed(m, selectors.max);
    let [value, element, best] = lane.value.clone();
    let (high, rem) = (lane.high.clone(), lane.rem.clone());
    vec![
        (
            "max is at least the running maximum",
            max.clone() * (value.clone() - best - high.clone()),
        ),
        (
            "max is at least the element",
            max.clone() * (value - element - rem.clone()),
        ),
        ("max is one of the two", max * high * rem),
    ]
}

/// The integers of the maximum of two stored values.
pub(super) fn row(best: u64, element: u64) -> Row {
    let value = best.max(element);
    Row {
        sign: 0,
        value,
        high: value - best,
        rem: value - element,
    }
}
