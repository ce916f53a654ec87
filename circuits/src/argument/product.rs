//! Rows of products of neighbours: rounded products of the two rows before.

use super::config::Config;
use super::expr::{fixed, power_of_two, signed, Cells, Gates};
use super::lane::View;
use crate::layout::{Layout, RowKind};
use crate::program::{Program, Step};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::Expression;

/// Fixed columns.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// Multiplier of the rows of products, else 0.
    pub alpha: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(next: &mut dyn FnMut() -> T) -> Self {
        Self { alpha: next() }
    }

    pub(super) fn fill(&self, model: &Program, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        for (row, kind) in layout.kinds.iter().enumerate() {
            match *kind {
                RowKind::Product(id, ..) => match &model.tensors[id].step {
                    Step::Product(product) => set(&self.alpha, row, signed(product.alpha.into())),
                    Step::Input | Step::Affine(_) | Step::MaxPool(_) | Step::Quotient(_) => {
                        unreachable!("the layout makes rows of products for products only")
                    }
                },
                RowKind::Free | RowKind::Input { .. } | RowKind::Affine(..) | RowKind::Max(_) => {}
                RowKind::Quotient(..) | RowKind::Remainder(..) | RowKind::Bits => {}
            }
        }
    }
}

/// `alpha * (A - alpha * x * y) = 0` for the values `x`, `y` of the two rows before, which are signed.
///
/// These rows are rounded as any other. Everything is of phase 1 and no challenge is needed: `|alpha * x * y|` is far below p / 2,
/// so that the accumulator is that integer and its rounding unique.
pub(super) fn gates(m: &mut Cells<'_>, c: &Config, lane: &View) -> Gates {
    let Some(columns) = &c.fixed.product else { return vec![] };
    let alpha = fixed(m, columns.alpha);
    let half = Expression::Constant(power_of_two(c.shape.precision().bits().max(1) - 1));
    let [_, y, x] = lane.value.clone().map(|v| v - half.clone());
    let made = lane.accumulator(&c.shape);
    vec![("product of neighbours", alpha.clone() * (made - alpha * x * y))]
}
