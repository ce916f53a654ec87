//! How many columns a circuit has: those that its arguments make.

use super::columns::{Columns, Fixed, Kind, Phase};
use crate::layout::Shape;

/// Columns of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Advice columns whose cells are small non-negative integers: those of phase 1.
    pub small: usize,
    /// Advice columns of field elements, without the permutation products.
    pub field: usize,
    /// Columns of the permutation argument.
    pub copied: usize,
    /// Fixed columns.
    pub selectors: usize,
    /// Rows, beside its own, of which a row's gates read the advice cells, over all columns.
    pub neighbours: usize,
}

impl Counts {
    /// Those of the circuit for a shape.
    pub fn of(shape: &Shape) -> Self {
        let mut kinds: Vec<Kind> = vec![];
        let columns = Columns::new(shape, &mut |kind| kinds.push(kind));
        let mut selectors = 0;
        let _ = Fixed::new(shape, &mut || selectors += 1);
        let small = kinds.iter().filter(|kind| kind.phase == Phase::First).count();
        Self {
            small,
            field: kinds.len() - small,
            copied: columns.copied().count(),
            selectors,
            neighbours: kinds.iter().map(|kind| kind.rows - 1).sum(),
        }
    }

    /// Products of the permutation argument.
    pub fn products(&self) -> usize {
        self.copied.div_ceil(3)
    }

    /// Columns of arbitrary field elements, the permutation products included.
    pub fn full(&self) -> usize {
        self.field + self.products()
    }

    /// Fixed and permutation columns, which only pay transforms.
    pub fn fixed(&self) -> usize {
        self.selectors + self.copied
    }
}
