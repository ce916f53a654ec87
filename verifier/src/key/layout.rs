//! What the instance columns of a circuit mean.

use crate::claim::MAX_VALUES;
use crate::codec::{wide, Put, Reader};
use crate::error::VerifyError;
use alloc::vec::Vec;

/// Widest input or output in bits, sign included: such values satisfy the bound of the claim format.
pub const MAX_BITS: u32 = 40;
/// Instance columns of the policy: `a`, `t`, `c`, `g`.
pub const POLICY_COLUMNS: u32 = 4;

/// The order of an input's values, also of one that is committed: what an opening means is part of the key.
/// They are row-major over these axes, outermost first. Each is its extent, and how far apart
/// values that are neighbours along it lie in the tensor, where value `p` of channel `c` is number `c * positions + p`. Axes that are
/// not needed come last and are `[1, 1]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputOrder(pub [[u32; 2]; 4]);

impl InputOrder {
    /// The number in the tensor of each value in turn.
    fn numbers(&self) -> impl Iterator<Item = u64> {
        let along = |[extent, stride]: [u32; 2]| (0..extent).map(move |i| u64::from(i).saturating_mul(stride.into()));
        let [a, b, c, d] = self.0;
        let pair = move |x, y| along(x).flat_map(move |at| along(y).map(move |step| at.saturating_add(step)));
        pair(a, b).flat_map(move |at| pair(c, d).map(move |step| at.saturating_add(step)))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        let mut axes = [[1; 2]; 4];
        for value in axes.iter_mut().flatten() {
            *value = reader.u32()?;
        }
        Ok(Self(axes))
    }

    /// Whether each of `len` numbers is one value's: sorted by strides, every axis steps over all that those below it fill.
    fn is_permutation(&self, len: u64) -> bool {
        let mut axes = self.0;
        axes.sort_unstable_by_key(|[extent, stride]| (*stride, *extent));
        let filled = axes.iter().try_fold(1u64, |below, [extent, stride]| match extent {
            1 => Some(below),
            _ => below
                .checked_mul((*extent).into())
                .filter(|_| u64::from(*stride) == below),
        });
        filled == Some(len)
    }
}

/// Inputs and outputs are lists in the bytes, of one each today.
const ONE: u32 = 1;

fn one(reader: &mut Reader<'_>, reason: &'static str) -> Result<(), VerifyError> {
    match reader.u32()? {
        ONE => Ok(()),
        _ => Err(VerifyError::KeyInvalid { reason }),
    }
}

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
    /// Order of the values of a public input, where they do not come as they are numbered.
    pub order: Option<InputOrder>,
    /// Outputs of the model (without padding).
    pub outputs: u32,
    /// Rows of the policy columns, at least `outputs`.
    pub policy_rows: u32,
    /// Inputs lie in `[-2^(input_bits-1), 2^(input_bits-1))`.
    pub input_bits: u32,
    /// Scores and thresholds lie in `[-2^(output_bits-1), 2^(output_bits-1))`.
    pub output_bits: u32,
}

/// Tags of inputs with an order: committed, public. Without one they are 0 and 1.
const ORDERED: u8 = 2;
const ORDERED_PUBLIC: u8 = 3;

impl InstanceLayout {
    /// Number of input values.
    pub fn input_len(&self) -> u64 {
        u64::from(self.channels).saturating_mul(u64::from(self.positions))
    }

    /// The number in the tensor of each input value in turn.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u64> {
        let [channels, positions] = [self.channels, self.positions];
        let as_numbered = InputOrder([[channels, positions], [positions, 1], [1, 1], [1, 1]]);
        self.order.unwrap_or(as_numbered).numbers()
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
        if let Some(order) = &self.order {
            // One layout has one encoding: an order is named where it says something.
            let own = order.0.iter().filter(|[extent, _]| *extent != 1).count() > 1;
            if !own || !order.is_permutation(self.input_len()) {
                return invalid("layout order of the input");
            }
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
        for value in [self.lanes, ONE, self.channels, self.positions, self.blocks] {
            out.put_u32(value);
        }
        match &self.order {
            Some(order) => {
                out.put(&[ORDERED.saturating_add(u8::from(self.public_input))]);
                order.0.iter().flatten().for_each(|value| out.put_u32(*value));
            }
            None => out.put(&[u8::from(self.public_input)]),
        }
        let rest = [ONE, self.outputs, self.policy_rows, self.input_bits, self.output_bits];
        for value in rest {
            out.put_u32(value);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        let lanes = reader.u32()?;
        one(reader, "several inputs")?;
        let [channels, positions, blocks] = [reader.u32()?, reader.u32()?, reader.u32()?];
        let (public_input, order) = match reader.u8()? {
            0 => (false, None),
            1 => (true, None),
            ORDERED => (false, Some(InputOrder::read(reader)?)),
            ORDERED_PUBLIC => (true, Some(InputOrder::read(reader)?)),
            got => return Err(VerifyError::BadTag { got }),
        };
        one(reader, "several outputs")?;
        Ok(Self {
            lanes,
            channels,
            positions,
            blocks,
            public_input,
            order,
            outputs: reader.u32()?,
            policy_rows: reader.u32()?,
            input_bits: reader.u32()?,
            output_bits: reader.u32()?,
        })
    }
}
