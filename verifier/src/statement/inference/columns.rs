//! The public columns of an inference, computed from the claim alone. Prover and verifier share this code.

use super::counts::Counts;
use super::disclosure::Disclosure;
use super::input::InputBinding;
use super::Item;
use crate::codec::{size, wide};
use crate::error::VerifyError;
use crate::key::{InputLayout, InstanceLayout, POLICY_COLUMNS};
use crate::plonk;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// One row of the policy columns: the circuit enforces `a*z + t*top + c` in `[0, 2^m)` and `g*(a*z + t*top + c) = 0`,
/// `z` being the output of the row and `top` the same value in all rows. In the circuit of a batch `t` multiplies how far the score is below the
/// largest one of its item, see `circuits/src/argument/labels.rs`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PolicyRow {
    pub(super) a: Fr,
    pub(super) t: Fr,
    pub(super) c: Fr,
    pub(super) g: Fr,
}

impl Item {
    /// The instance columns of the item under a disclosure, of a circuit of 2^k rows.
    ///
    /// Columns 0 to 3 are `a, t, c, g` with `policy_rows` rows, those of the outputs in turn from the last row up: score `j` of an output is at
    /// row `policy_rows - 1 - j` less the rows of the outputs before it, and the other rows are zero. For a batch one row more says what holds of
    /// its counts. With public inputs, columns 4 to `4 + lanes` hold
    /// them: value `p` of channel `c` (number `c * positions + p` of the tensor; the claim has them in the order of the input) is in column
    /// `4 + c % lanes`, row `p * blocks + c / lanes` from the input's first; other cells are zero. Outputs that are shown whole have no policy rows:
    /// their values stand in these columns too, if the policy speaks of them, and the column after the last one is 1 on their rows then.
    ///
    /// # Errors
    /// [`VerifyError::PolicyOutOfRange`] and [`VerifyError::InputShape`] if policy, answer or an input do not fit the layout,
    /// [`VerifyError::InputCount`] of another number of inputs.
    pub fn columns(&self, layout: &InstanceLayout, k: u32, policy: &Disclosure) -> Result<Vec<Vec<Fr>>, VerifyError> {
        let mut columns = self.policy_columns(layout, k, policy)?;
        columns.extend(input_columns(layout, &self.inputs)?);
        if layout.has_whole() {
            self.fill_whole(layout, policy, &mut columns)?;
        }
        Ok(columns)
    }

    /// Writes the outputs that are shown whole into the columns after those of the policy, which are all there.
    fn fill_whole(
        &self,
        layout: &InstanceLayout,
        policy: &Disclosure,
        columns: &mut [Vec<Fr>],
    ) -> Result<(), VerifyError> {
        let (_, public) = columns.split_at_mut_checked(size(POLICY_COLUMNS)).unwrap_or_default();
        let Some((shown, lanes)) = public.split_last_mut() else {
            return Ok(());
        };
        for (index, output) in layout.outputs.iter().enumerate() {
            let (Some(cells), Some(values)) = (output.cells(), policy.values(&self.answer, index)) else {
                continue;
            };
            fill(lanes, layout, &cells, values)?;
            let (first, rows) = (size(cells.row), cells.rows(layout.lanes));
            let rows = usize::try_from(rows).unwrap_or(usize::MAX);
            shown.iter_mut().skip(first).take(rows).for_each(|cell| *cell = Fr::ONE);
        }
        Ok(())
    }

    /// Those of the policy.
    pub(super) fn policy_columns(
        &self,
        layout: &InstanceLayout,
        k: u32,
        policy: &Disclosure,
    ) -> Result<Vec<Vec<Fr>>, VerifyError> {
        let mut rows = policy.rows(&self.answer, layout, k)?;
        rows.reverse();
        if layout.items() > 0 {
            let counts = policy.counts(&self.answer, layout);
            rows.push(counts.map(|counts| counts.row()).unwrap_or_default());
        }
        Ok(vec![
            rows.iter().map(|row| row.a).collect(),
            rows.iter().map(|row| row.t).collect(),
            rows.iter().map(|row| row.c).collect(),
            rows.iter().map(|row| row.g).collect(),
        ])
    }

    /// What is counted of the items of a batch: the verifier computes a column of it.
    pub fn counts(&self, layout: &InstanceLayout, policy: &Disclosure) -> Option<Counts> {
        policy.counts(&self.answer, layout)
    }
}

/// The public columns of an item, of a circuit with so many policy rows.
pub(crate) struct Columns {
    pub(super) given: Vec<Vec<Fr>>,
    pub(super) counts: Option<Counts>,
    pub(super) policy_rows: u64,
    pub(super) batch: bool,
}

/// The computed one follows from policy and answer, which the claim has, and from the first challenge, which is drawn after the labels are
/// committed.
impl plonk::Public for Columns {
    fn given(&self) -> &[Vec<Fr>] {
        &self.given
    }

    fn computed(&self, challenges: &[Fr]) -> Result<Vec<Vec<Fr>>, VerifyError> {
        let rows = usize::try_from(self.policy_rows).unwrap_or(usize::MAX);
        Ok(match (self.batch, &self.counts, challenges) {
            (true, Some(counts), [r, ..]) => vec![counts.column(rows, *r)],
            (true, ..) => vec![vec![]],
            (false, ..) => vec![],
        })
    }
}

pub(super) fn input_columns(layout: &InstanceLayout, bindings: &[InputBinding]) -> Result<Vec<Vec<Fr>>, VerifyError> {
    let (expected, got) = (wide(layout.inputs.len()), wide(bindings.len()));
    if expected != got {
        return Err(VerifyError::InputCount { expected, got });
    }
    let rows = usize::try_from(layout.public_rows()).unwrap_or(usize::MAX);
    let mut columns = vec![vec![Fr::ZERO; rows]; size(layout.public_columns())];
    for (input, binding) in layout.inputs.iter().zip(bindings) {
        match (input.public, binding) {
            (true, InputBinding::Public { values }) => fill(&mut columns, layout, input, values)?,
            (false, InputBinding::Committed { .. }) => {}
            _ => {
                return Err(VerifyError::InputShape {
                    expected: input.values(),
                    got: 0,
                })
            }
        }
    }
    Ok(columns)
}

fn fill(
    columns: &mut [Vec<Fr>],
    layout: &InstanceLayout,
    input: &InputLayout,
    values: &[i64],
) -> Result<(), VerifyError> {
    each_cell(columns, layout, input, values, |cell, value| *cell = signed(value))
}

/// Puts every value of an input into its cell.
fn each_cell<T>(
    columns: &mut [Vec<T>],
    layout: &InstanceLayout,
    input: &InputLayout,
    values: &[i64],
    mut put: impl FnMut(&mut T, i64),
) -> Result<(), VerifyError> {
    let shape = VerifyError::InputShape {
        expected: input.values(),
        got: wide(values.len()),
    };
    if wide(values.len()) != input.values() {
        return Err(shape);
    }
    for (index, value) in (0..).zip(values) {
        if !in_bits(*value, input.bits) {
            return Err(VerifyError::TooLarge {
                maximum: half(input).unsigned_abs(),
                got: value.unsigned_abs(),
            });
        }
        let place = layout.place(input, index);
        let cell = place.and_then(|(lane, row)| columns.get_mut(lane)?.get_mut(row));
        put(cell.ok_or(shape)?, *value);
    }
    Ok(())
}

/// What is added to the values of a committed input, which makes them counts.
fn half(input: &InputLayout) -> i64 {
    1i64.checked_shl(input.bits.saturating_sub(1)).unwrap_or(i64::MAX)
}

impl InstanceLayout {
    /// What the commitments to an input are commitments to: the cells of each of its columns, as far as it reaches. Values are in the order of
    /// the input. With this, and parameters, a party commits to an input of a model of which it knows the card alone.
    ///
    /// # Errors
    /// [`VerifyError::InputShape`] of an input that is not there, that claims show, or that has another number of values;
    /// [`VerifyError::TooLarge`] of a value out of range.
    pub fn committed_cells(&self, index: usize, values: &[i64]) -> Result<Vec<Vec<u64>>, VerifyError> {
        let missing = VerifyError::InputShape {
            expected: 0,
            got: wide(values.len()),
        };
        let input = self.inputs.get(index).filter(|input| !input.public).ok_or(missing)?;
        let rows = |count: u64| usize::try_from(count).map_err(|_| missing);
        let (first, count) = (rows(input.row.into())?, rows(input.rows(self.lanes))?);
        // Channels that there are not, on the lanes that others have, hold the value zero.
        let zero = half(input).unsigned_abs();
        let column = [vec![0; first], vec![zero; count]].concat();
        let mut columns = vec![column; size(self.lanes.min(input.channels))];
        each_cell(&mut columns, self, input, values, |cell, value| {
            *cell = value.saturating_add(half(input)).unsigned_abs();
        })?;
        Ok(columns)
    }
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
