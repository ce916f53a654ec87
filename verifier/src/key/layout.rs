//! What the instance columns of a circuit mean.

use crate::claim::MAX_VALUES;
use crate::codec::{wide, Put, Reader};
use crate::error::VerifyError;
use alloc::vec::Vec;

/// Widest input or output in bits, sign included: such values satisfy the bound of the claim format.
pub const MAX_BITS: u32 = 40;
/// Instance columns of the policy: `a`, `t`, `c`, `g`.
pub const POLICY_COLUMNS: u32 = 4;

/// The shape of input and output of a circuit. See [`instances`](crate::instances) for the columns made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceLayout {
    /// Input columns side by side.
    pub lanes: u32,
    /// Channels of the input (without padding).
    pub channels: u32,
    /// Values of each channel.
    pub positions: u32,
    /// `ceil(channels / lanes)`.
    pub blocks: u32,
    /// Whether the input is public; otherwise it is committed.
    pub public_input: bool,
    /// Outputs of the model (without padding).
    pub outputs: u32,
    /// Rows of the policy columns, at least `outputs`.
    pub policy_rows: u32,
    /// Inputs lie in `[-2^(input_bits-1), 2^(input_bits-1))`.
    pub input_bits: u32,
    /// Scores and thresholds lie in `[-2^(output_bits-1), 2^(output_bits-1))`.
    pub output_bits: u32,
}

impl InstanceLayout {
    /// Number of input values.
    pub fn input_len(&self) -> u64 {
        u64::from(self.channels).saturating_mul(u64::from(self.positions))
    }

    /// Rows of each public input column.
    pub fn input_rows(&self) -> u64 {
        u64::from(self.positions).saturating_mul(u64::from(self.blocks))
    }

    /// Number of instance columns.
    pub fn columns(&self) -> u32 {
        match self.public_input {
            true => POLICY_COLUMNS.saturating_add(self.lanes),
            false => POLICY_COLUMNS,
        }
    }

    /// Number of cells of all instance columns: what a verifier fills and hashes, whatever the receipt.
    pub fn cells(&self) -> u64 {
        let policy = u64::from(POLICY_COLUMNS).saturating_mul(u64::from(self.policy_rows));
        match self.public_input {
            true => policy.saturating_add(u64::from(self.lanes).saturating_mul(self.input_rows())),
            false => policy,
        }
    }

    /// Checks that the numbers agree with one another and fit into `usable_rows`.
    pub fn validate(&self, usable_rows: u64) -> Result<(), VerifyError> {
        let invalid = |reason| Err(VerifyError::KeyInvalid { reason });
        if self.lanes == 0 || self.channels == 0 || self.positions == 0 || self.outputs == 0 {
            return invalid("layout has an empty dimension");
        }
        if self.blocks != self.channels.div_ceil(self.lanes) {
            return invalid("layout blocks are not channels / lanes");
        }
        if self.policy_rows < self.outputs || u64::from(self.policy_rows) > usable_rows {
            return invalid("layout policy rows");
        }
        if self.public_input && self.input_rows() > usable_rows {
            return invalid("layout input rows");
        }
        let maximum = wide(MAX_VALUES);
        let got = self.cells();
        if got > maximum {
            return Err(VerifyError::TooLarge { maximum, got });
        }
        let bits = 1..=MAX_BITS;
        if !bits.contains(&self.input_bits) || !bits.contains(&self.output_bits) {
            return invalid("layout bit widths");
        }
        Ok(())
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        for value in [self.lanes, self.channels, self.positions, self.blocks] {
            out.put_u32(value);
        }
        out.put(&[u8::from(self.public_input)]);
        let rest = [self.outputs, self.policy_rows, self.input_bits, self.output_bits];
        for value in rest {
            out.put_u32(value);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(Self {
            lanes: reader.u32()?,
            channels: reader.u32()?,
            positions: reader.u32()?,
            blocks: reader.u32()?,
            public_input: reader.flag()?,
            outputs: reader.u32()?,
            policy_rows: reader.u32()?,
            input_bits: reader.u32()?,
            output_bits: reader.u32()?,
        })
    }
}
