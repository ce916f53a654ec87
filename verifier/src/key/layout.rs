//! What the instance columns of a circuit mean: its inputs and outputs.

use super::order::InputOrder;
use super::validate::require;
use crate::claim::MAX_VALUES;
use crate::codec::{at_most, wide, Put, Reader};
use crate::error::VerifyError;
use crate::statement::inference::{MAX_INPUTS, MAX_OUTPUTS};
use alloc::vec::Vec;

/// Widest input or output in bits, sign included: such values satisfy the bound of the claim format.
pub const MAX_BITS: u32 = 40;
/// Instance columns of the policy: `a`, `t`, `c`, `g`.
pub const POLICY_COLUMNS: u32 = 4;

/// The inputs and outputs of a circuit. See [`Item::columns`](crate::Item::columns) for the columns made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceLayout {
    /// Columns side by side that hold public inputs.
    pub lanes: u32,
    /// The inputs, in the order of a claim's bindings.
    pub inputs: Vec<InputLayout>,
    /// The outputs, in the order of their policy rows.
    pub outputs: Vec<OutputLayout>,
}

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputLayout {
    /// Channels, without padding.
    pub channels: u32,
    /// Values of each channel.
    pub positions: u32,
    /// The first row of its cells.
    pub row: u32,
    /// Values lie in `[-2^(bits-1), 2^(bits-1))`.
    pub bits: u32,
    /// Whether claims show it; otherwise they commit to it.
    pub public: bool,
    /// The order of its values.
    pub order: InputOrder,
}

/// One output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLayout {
    /// Scores, without padding.
    pub len: u32,
    /// Its policy rows, at least `len`; none of one that is shown whole.
    pub rows: u32,
    /// Scores and thresholds lie in `[-2^(bits-1), 2^(bits-1))`.
    pub bits: u32,
    /// Items of a batch, which share the scores evenly, in their order; 0 of an output that is none. Only the circuit of a batch shows
    /// which score of each item is its largest.
    pub items: u32,
    /// Where its values stand, if claims show it whole or not at all.
    pub whole: Option<WholeOutput>,
}

/// The cells of an output that is shown whole: those of its tensor, as of a public input. Values are in the order of the tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WholeOutput {
    /// Channels, without padding.
    pub channels: u32,
    /// Values of each channel.
    pub positions: u32,
    /// The first row of its cells.
    pub row: u32,
}

impl InputLayout {
    /// Number of values.
    pub fn values(&self) -> u64 {
        u64::from(self.channels).saturating_mul(self.positions.into())
    }

    /// Channel blocks on so many lanes.
    pub(crate) fn blocks(&self, lanes: u32) -> u64 {
        u64::from(self.channels).div_ceil(u64::from(lanes).max(1))
    }

    /// Rows of its cells on so many lanes.
    pub fn rows(&self, lanes: u32) -> u64 {
        u64::from(self.positions).saturating_mul(self.blocks(lanes))
    }

    /// The row after its last one.
    fn end(&self, lanes: u32) -> u64 {
        u64::from(self.row).saturating_add(self.rows(lanes))
    }

    /// Its numbers agree with one another, and fit into `usable_rows`.
    pub(super) fn validate(&self, lanes: u32, usable_rows: u64) -> Result<(), VerifyError> {
        require(self.channels > 0 && self.positions > 0, "layout with an empty input")?;
        require(self.order.is_canonical(self.values()), "layout order of an input")?;
        require(self.end(lanes) <= usable_rows, "layout input rows")?;
        require((1..=MAX_BITS).contains(&self.bits), "layout bit widths")
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        for value in [self.channels, self.positions, self.row, self.bits] {
            out.put_u32(value);
        }
        out.put(&[u8::from(self.public)]);
        self.order.put(out);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(Self {
            channels: reader.u32()?,
            positions: reader.u32()?,
            row: reader.u32()?,
            bits: reader.u32()?,
            public: reader.flag()?,
            order: InputOrder::read(reader)?,
        })
    }
}

impl OutputLayout {
    /// How many labels there are: one for each score, of a batch for each score of an item.
    pub fn labels(&self) -> u32 {
        self.len.checked_div(self.items).unwrap_or(self.len)
    }

    /// Scores of an item of a batch; 0 of an output that is none.
    pub fn classes(&self) -> u32 {
        self.len.checked_div(self.items).unwrap_or(0)
    }

    /// The cells of one that is shown whole, as those of an input that is public.
    pub(crate) fn cells(&self) -> Option<InputLayout> {
        self.whole.map(|whole| InputLayout {
            channels: whole.channels,
            positions: whole.positions,
            row: whole.row,
            bits: self.bits,
            public: true,
            order: InputOrder(Vec::new()),
        })
    }

    /// Its numbers agree with one another, and fit into `usable_rows`.
    fn validate(&self, lanes: u32, usable_rows: u64) -> Result<(), VerifyError> {
        require(self.len > 0, "layout with an empty output")?;
        require((1..=MAX_BITS).contains(&self.bits), "layout bit widths")?;
        let Some(cells) = self.cells() else {
            return require(self.rows >= self.len, "layout policy rows");
        };
        require(self.rows == 0, "layout policy rows")?;
        require(self.items == 0, "items of a batch")?;
        require(cells.values() == self.len.into(), "layout of a whole output")?;
        cells.validate(lanes, usable_rows)
    }

    /// Bits of the differences that policy rows check, `d < 2^width`, in a circuit of 2^k rows: those of a score, and those of the range table that goes
    /// with them. Keys do not state them; of other keys than these nothing is known.
    pub fn width(&self, k: u32) -> Option<u32> {
        let table = match (k, self.bits) {
            (5, 13) => 4,
            (6 | 7, 15) => 5,
            (7, 13) => 6,
            (8, 13 | 14) => 7,
            (9, 14) | (9..=12, 16) => 8,
            (10, 14) => 9,
            (11, 14) => 10,
            (12, 14) => 11,
            (13, 14) => 12,
            (14..=18, 14) => 13,
            _ => return None,
        };
        self.bits.checked_add(table)
    }

    fn put(&self, out: &mut Vec<u8>) {
        for value in [self.len, self.rows, self.bits] {
            out.put_u32(value);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(Self {
            len: reader.u32()?,
            rows: reader.u32()?,
            bits: reader.u32()?,
            items: 0,
            whole: None,
        })
    }
}

impl WholeOutput {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        for value in [self.channels, self.positions, self.row] {
            out.put_u32(value);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(Self {
            channels: reader.u32()?,
            positions: reader.u32()?,
            row: reader.u32()?,
        })
    }
}

impl InstanceLayout {
    /// First rows and ends of what has public cells: public inputs, then outputs that are shown whole.
    fn public(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let inputs = self.inputs.iter().filter(|input| input.public);
        let inputs = inputs.map(|input| (input.row.into(), input.end(self.lanes)));
        let outputs = self.outputs.iter().filter_map(OutputLayout::cells);
        inputs.chain(outputs.map(|cells| (cells.row.into(), cells.end(self.lanes))))
    }

    /// Whether an output is shown whole.
    pub fn has_whole(&self) -> bool {
        self.outputs.iter().any(|output| output.whole.is_some())
    }

    /// Rows of the policy columns: those of all outputs.
    pub fn policy_rows(&self) -> u64 {
        let rows = self.outputs.iter().map(|output| u64::from(output.rows));
        rows.fold(0, u64::saturating_add)
    }

    /// Items of a batch; 0 if there is none.
    pub fn items(&self) -> u32 {
        self.outputs.iter().map(|output| output.items).max().unwrap_or(0)
    }

    /// Cells of each policy column: a batch has one more, for its counts.
    pub fn policy_cells(&self) -> u64 {
        self.policy_rows().saturating_add(u64::from(self.items() > 0))
    }

    /// Rows of the columns of public inputs and whole outputs.
    pub fn public_rows(&self) -> u64 {
        self.public().map(|(_, end)| end).max().unwrap_or(0)
    }

    /// Columns of public inputs and whole outputs: one for each lane, and with whole outputs one that says which are shown.
    pub(crate) fn public_columns(&self) -> u32 {
        let lanes = self.public().next().map_or(0, |_| self.lanes);
        lanes.saturating_add(self.has_whole().into())
    }

    /// Number of instance columns.
    pub fn columns(&self) -> u32 {
        POLICY_COLUMNS.saturating_add(self.public_columns())
    }

    /// Number of cells of all instance columns: what a verifier fills and hashes, whatever the receipt.
    pub fn cells(&self) -> u64 {
        let policy = u64::from(POLICY_COLUMNS).saturating_mul(self.policy_cells());
        policy.saturating_add(u64::from(self.public_columns()).saturating_mul(self.public_rows()))
    }

    /// Checks that the numbers agree with one another and fit into `usable_rows`. One layout has one encoding.
    pub fn validate(&self, usable_rows: u64) -> Result<(), VerifyError> {
        self.validate_with(usable_rows, false)
    }

    /// The same of one that gives what it computes to another circuit, and has no outputs then.
    pub(super) fn validate_with(&self, usable_rows: u64, gives: bool) -> Result<(), VerifyError> {
        require(self.lanes > 0, "layout without lanes")?;
        require(!self.inputs.is_empty(), "layout without inputs")?;
        require(self.outputs.is_empty() == gives, "layout without outputs")?;
        at_most(MAX_INPUTS, self.inputs.len())?;
        at_most(MAX_OUTPUTS, self.outputs.len())?;
        let (mut inputs, mut outputs) = (self.inputs.iter(), self.outputs.iter());
        inputs.try_for_each(|input| input.validate(self.lanes, usable_rows))?;
        outputs.try_for_each(|output| output.validate(self.lanes, usable_rows))?;
        let after = self.public().skip(1).map(|(row, _)| row);
        let mut pairs = self.public().map(|(_, end)| end).zip(after);
        require(
            pairs.all(|(end, row)| end <= row),
            "layout of public values on the same rows",
        )?;
        require(self.policy_cells() <= usable_rows, "layout policy rows")?;
        if let (true, [batch, others @ ..]) = (self.items() > 0, self.outputs.as_slice()) {
            require(others.is_empty(), "a batch has one output")?;
            require(batch.len.checked_rem(batch.items) == Some(0), "items of a batch")?;
            require(batch.classes() > 1, "items of a batch")?;
        }
        let (maximum, got) = (wide(MAX_VALUES), self.cells());
        match got > maximum {
            true => Err(VerifyError::TooLarge { maximum, got }),
            false => Ok(()),
        }
    }

    /// Lane and row of value `index` of an input on so many lanes.
    pub(crate) fn place(&self, input: &InputLayout, index: u64) -> Option<(usize, usize)> {
        let number = input.order.number(index);
        let (positions, lanes) = (u64::from(input.positions), u64::from(self.lanes));
        let (channel, position) = (number.checked_div(positions)?, number.checked_rem(positions)?);
        let (block, lane) = (channel.checked_div(lanes)?, channel.checked_rem(lanes)?);
        let row = position.checked_mul(input.blocks(self.lanes))?.checked_add(block)?;
        let row = row.checked_add(input.row.into())?;
        Some((usize::try_from(lane).ok()?, usize::try_from(row).ok()?))
    }

    /// The number of items of a batch is not among the bytes: see [`Purpose`](super::Purpose).
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.put_u32(self.lanes);
        out.put_list(&self.inputs, |out, input| input.put(out));
        out.put_list(&self.outputs, |out, output| output.put(out));
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(Self {
            lanes: reader.u32()?,
            inputs: reader.list(MAX_INPUTS, 21, InputLayout::read)?,
            outputs: reader.list(MAX_OUTPUTS, 12, OutputLayout::read)?,
        })
    }
}
