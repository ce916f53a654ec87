//! Rows of rounded accumulators.

use super::config::Config;
use super::dense;
use super::expr::{constant, fixed, Cells, Gates};
use super::lane::{Row, View};
use crate::layout::{Layout, RowKind};
use crate::program::{Program, Trace};
use halo2_proofs::halo2curves::bn256::Fr;

/// Fixed columns.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// Rows of rounded accumulators (1), those of products of neighbours too; not those that are looked up in a table.
    pub affine: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(next: &mut dyn FnMut() -> T) -> Self {
        Self { affine: next() }
    }

    pub(super) fn fill(&self, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        for (row, kind) in layout.kinds.iter().enumerate() {
            match kind {
                RowKind::Affine(id, ..) if layout.tags[*id] > 0 => {}
                RowKind::Affine(..) | RowKind::Product(..) => set(&self.affine, row, Fr::one()),
                RowKind::Free | RowKind::Input { .. } | RowKind::Max(_) => {}
                RowKind::Quotient(..) | RowKind::Remainder(..) | RowKind::Bits => {}
            }
        }
    }
}

/// `affine * (value - sign * high) = 0` and `affine * zero * (1 - sign) = 0`.
///
/// Uniqueness: `sign`, `high`, `rem` are the unique bounded solution of `A + half + zero 2^f = m` (sign 1) or `-m - 1`
/// (sign 0), because `|A|` is far below p / 2; `value = sign * high`. Where the tensor is signed, `zero` is half the range and
/// not 0, so that `sign` is 1, `value` is `high` and nothing is clamped: an accumulator below the range has no cells at all.
/// Where it is a ReLU, `zero` is 0 and `sign` is free to be that of the accumulator.
pub(super) fn gates(m: &mut Cells<'_>, c: &Config, lane: &View) -> Gates {
    let affine = match c.shape.dense {
        true => dense::results(m, c),
        false => fixed(m, c.fixed.rounding.affine),
    };
    let (sign, [value, ..]) = (lane.sign.clone(), lane.value.clone());
    vec![
        ("value", affine.clone() * (value - sign.clone() * lane.high.clone())),
        (
            "signed values are not clamped",
            affine * lane.zero.clone() * (constant(1) - sign),
        ),
    ]
}

/// The integers of an accumulator of a tensor.
pub(super) fn row(model: &Program, id: usize, accumulator: i128) -> Row {
    let f = model.precision.bits();
    let shifted = accumulator + (1i128 << (f - 1)) + (i128::from(model.zero(id)) << f);
    let sign = shifted >= 0;
    let magnitude = if sign { shifted } else { -shifted - 1 } as u128;
    let high = (magnitude >> f) as u64;
    Row {
        sign: u64::from(sign),
        value: if sign { high } else { 0 },
        high,
        rem: (magnitude & ((1 << f) - 1)) as u64,
    }
}

/// Accumulator of a lane at a row; 0 where nothing is rounded, and for padding channels.
pub(super) fn accumulator(model: &Program, layout: &Layout, trace: &Trace, row: usize, lane: usize) -> i128 {
    let (id, block, position) = match layout.kinds[row] {
        RowKind::Affine(id, block, position) | RowKind::Product(id, block, position) => (id, block, position),
        RowKind::Free | RowKind::Input { .. } | RowKind::Max(_) => return 0,
        RowKind::Quotient(..) | RowKind::Remainder(..) | RowKind::Bits => return 0,
    };
    let tensor = &model.tensors[id];
    let channel = block * layout.shape.lanes + lane;
    match channel < tensor.channels {
        true => trace.accumulators[id][channel * tensor.positions() + position],
        false => 0,
    }
}
