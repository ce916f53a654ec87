//! Rows of rounded accumulators.

use super::expr::{constant, Gates};
use super::lane::{Row, View};
use crate::layout::{Layout, RowKind};
use crate::program::{Program, Trace};

/// `rounded * (value - sign * high) = 0` and `rounded * zero * (1 - sign) = 0`.
///
/// Uniqueness: `sign`, `high`, `rem` are the unique bounded solution of `A + half + zero 2^f = m` (sign 1) or `-m - 1`
/// (sign 0), because `|A|` is far below p / 2; `value = sign * high`. Where the tensor is signed, `zero` is half the range and
/// not 0, so that `sign` is 1, `value` is `high` and nothing is clamped: an accumulator below the range has no cells at all.
/// Where it is a ReLU, `zero` is 0 and `sign` is free to be that of the accumulator. Rows where nothing lives have no
/// accumulator that is read; they are rows of zeros.
pub(super) fn gates(lane: &View) -> Gates {
    let (sign, [value, ..]) = (lane.sign.clone(), lane.value.clone());
    let rounded = lane.rounded.clone();
    vec![
        ("value", rounded.clone() * (value - sign.clone() * lane.high.clone())),
        (
            "signed values are not clamped",
            rounded * lane.zero.clone() * (constant(1) - sign),
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
    };
    let tensor = &model.tensors[id];
    let channel = block * layout.shape.lanes + lane;
    match channel < tensor.channels {
        true => trace.accumulators[id][channel * tensor.positions() + position],
        false => 0,
    }
}
