//! The public columns of an inference, computed from the claim alone. Prover and verifier share this code.

use super::input::InputBinding;
use super::policy::Policy;
use super::Item;
use crate::codec::{size, wide};
use crate::error::VerifyError;
use crate::key::InstanceLayout;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// One row of the policy columns: the circuit enforces `a*z + t*top + c` in `[0, 2^m)` and `g*(a*z + t*top + c) = 0`,
/// `z` being the output of the row and `top` the same value in all rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PolicyRow {
    pub(super) a: Fr,
    pub(super) t: Fr,
    pub(super) c: Fr,
    pub(super) g: Fr,
}

impl Item {
    /// The instance columns of the item under a policy.
    ///
    /// Columns 0 to 3 are `a, t, c, g` with `policy_rows` rows; output `j` is at row `policy_rows - 1 - j`, the other
    /// rows are zero. With a public input, columns 4 to `4 + lanes` hold it: value `p` of channel `c` (number
    /// `c * positions + p` of the tensor; the claim has them in the layout's order) is in column `4 + c % lanes`, row
    /// `p * blocks + c / lanes`; other cells are zero.
    ///
    /// # Errors
    /// [`VerifyError::PolicyOutOfRange`] and [`VerifyError::InputShape`] if policy, answer or input do not fit the layout,
    /// [`VerifyError::InputCount`] of several inputs, which no layout has yet.
    pub fn columns(&self, layout: &InstanceLayout, policy: &Policy) -> Result<Vec<Vec<Fr>>, VerifyError> {
        let mut rows = policy.rows(&self.answer, layout)?;
        rows.resize(size(layout.policy_rows), PolicyRow::default());
        rows.reverse();
        let mut columns = vec![
            rows.iter().map(|row| row.a).collect(),
            rows.iter().map(|row| row.t).collect(),
            rows.iter().map(|row| row.c).collect(),
            rows.iter().map(|row| row.g).collect(),
        ];
        match (layout.public_input, self.input()?) {
            (true, InputBinding::Public { values }) => columns.extend(input_columns(layout, values)?),
            (false, InputBinding::Committed { .. }) => {}
            _ => {
                return Err(VerifyError::InputShape {
                    expected: layout.input_len(),
                    got: 0,
                })
            }
        }
        Ok(columns)
    }
}

fn input_columns(layout: &InstanceLayout, values: &[i64]) -> Result<Vec<Vec<Fr>>, VerifyError> {
    let shape = VerifyError::InputShape {
        expected: layout.input_len(),
        got: wide(values.len()),
    };
    if wide(values.len()) != layout.input_len() || layout.lanes == 0 {
        return Err(shape);
    }
    let rows = usize::try_from(layout.input_rows()).map_err(|_| shape)?;
    let lanes = size(layout.lanes);
    let mut columns = vec![vec![Fr::ZERO; rows]; lanes];
    for (number, value) in layout.numbers().zip(values) {
        if !in_bits(*value, layout.input_bits) {
            return Err(VerifyError::TooLarge {
                maximum: 1u64
                    .checked_shl(layout.input_bits.saturating_sub(1))
                    .unwrap_or(u64::MAX),
                got: value.unsigned_abs(),
            });
        }
        let cell = place(layout, number).and_then(|(lane, row)| columns.get_mut(lane)?.get_mut(row));
        *cell.ok_or(shape)? = signed(*value);
    }
    Ok(columns)
}

/// Lane and row of a value by its number in the tensor.
fn place(layout: &InstanceLayout, number: u64) -> Option<(usize, usize)> {
    let split = |value: u64, by: u32| Some((value.checked_div(by.into())?, value.checked_rem(by.into())?));
    let (channel, position) = split(number, layout.positions)?;
    let (block, lane) = split(channel, layout.lanes)?;
    let row = position.checked_mul(layout.blocks.into())?.checked_add(block)?;
    Some((usize::try_from(lane).ok()?, usize::try_from(row).ok()?))
}

/// Whether `-2^(bits-1) <= value < 2^(bits-1)`.
pub(super) fn in_bits(value: i64, bits: u32) -> bool {
    let half = 1i64
        .checked_shl(bits.saturating_sub(1))
        .filter(|half| *half > 0)
        .unwrap_or(i64::MAX);
    value >= half.saturating_neg() && value < half
}

/// An integer as a scalar.
pub(super) fn signed(value: i64) -> Fr {
    let magnitude = Fr::from(value.unsigned_abs());
    match value < 0 {
        true => -magnitude,
        false => magnitude,
    }
}
