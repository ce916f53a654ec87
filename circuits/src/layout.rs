//! Where every cell of a program lives, which cells are copies of which, and the fixed columns.
//!
//! Three areas of the same rows are laid out side by side:
//! * the **line area** (line columns `u`, each beside its folded weights; `uacc`, `pacc`): policy rows first, then one block
//!   of rows for each contraction and each group of `weight_lanes` output channels, then one for each product of activations;
//! * the **activation area** (lanes of stored tensors), scanned by the slots at the same rows;
//! * the **power column**, the powers of the challenges `r`, `t`, `s`.
//!
//! A *scan segment* accumulates `acc = keep * acc_prev + a * b * (kappa + lanes)`. Coefficients `a`, `b`
//! are copies of power cells or of results of earlier segments, so any index map is a choice of copies.
//!
//! A **dense** layout has neither scans nor powers: the cells of its lines are copies of values, and the results of a block follow it
//! in the same rows (`argument/dense.rs`).

mod build;
mod error;
mod shape;

pub(crate) use shape::{precisions, usable, LANES, LINE_COLUMNS, MAX_COMMITTED, MAX_LANES, WEIGHT_BITS};
pub use shape::{Ends, Features, InputShape, Pattern, Shape, Tables, MAX_K, MIN_K, TAIL};

use crate::program::Program;
pub use error::{Area, LayoutError};

/// A cell that a coefficient or an equality refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Src {
    /// Row of the power column.
    Pow(usize),
    /// Accumulator of a slot at a row.
    Slot(usize, usize),
    /// Line accumulator at a row.
    Uacc(usize),
    /// Product accumulator at a row.
    Pacc(usize),
}

/// What a scan row adds besides the constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Only `kappa * a * b`.
    Constant,
    /// Accumulators of the lanes, weighted by powers of `r` (slot 0 only).
    Accumulators,
    /// Values of the lanes, weighted by powers of `s`.
    ValuesS,
    /// Values of the lanes, weighted by powers of `r`.
    ValuesR,
    /// Values of the lanes, weighted by a pattern of the shape (by index).
    Pattern(usize),
    /// Cells of what a segment gives, weighted by powers of `r`.
    Given,
    /// Nothing; the row keeps the sum.
    Skip,
}

/// One row of a segment.
#[derive(Clone, Copy, Debug)]
pub struct ScanRow {
    /// Coefficients; `None` leaves both cells zero.
    pub factors: Option<(Src, Src)>,
    /// Constant term.
    pub kappa: i128,
    /// What is added.
    pub mode: Mode,
}

/// Consecutive rows of a slot that sum into one accumulator; the result is the last accumulator.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Slot.
    pub slot: usize,
    /// First row.
    pub start: usize,
    /// Rows.
    pub rows: Vec<ScanRow>,
}

impl Segment {
    /// The cell that holds the sum.
    pub fn result(&self) -> Src {
        Src::Slot(self.slot, self.start + self.rows.len() - 1)
    }
}

/// A block of line rows: bias rows, then the line in descending order of its index.
#[derive(Clone, Debug)]
pub struct Block {
    /// Tensor that is produced.
    pub tensor: usize,
    /// Contraction of that tensor.
    pub term: usize,
    /// Bias rows: `BIAS_LIMBS` in the first contraction of a tensor that has a bias, else none.
    pub bias_rows: usize,
    /// Groups, with equal shares of the line, in descending order too. The first output channel of a group is
    /// `first_channel` after the group's first.
    pub groups: usize,
    /// First output channel.
    pub first_channel: usize,
    /// First row.
    pub start: usize,
    /// Line columns side by side.
    pub columns: usize,
    /// Line cells, a multiple of `columns`: for each group, padded virtual channels times kernel positions and what fills
    /// its last row.
    pub line: usize,
    /// Padded virtual channels of a group; the line index in a group is `channel + stride * kernel_position`.
    pub stride: usize,
}

/// Number of limbs of a bias.
pub const BIAS_LIMBS: usize = 3;

/// Largest bias magnitude that fits the limbs, in bits.
pub(crate) fn bias_capacity(weight_bits: u32) -> u32 {
    weight_bits * BIAS_LIMBS as u32 - 2
}

impl Block {
    /// Row and column of the line cell with index `j`.
    pub fn cell(&self, j: usize) -> (usize, usize) {
        (self.end() - j / self.columns, j % self.columns)
    }

    /// Rows that hold line cells; they end the block.
    pub fn line_rows(&self) -> usize {
        self.line / self.columns
    }

    /// Last row.
    pub fn end(&self) -> usize {
        self.start + self.bias_rows + self.line_rows() - 1
    }

    /// Group, channel of the group and kernel position of the line cell with index `j`. Of a cell that only fills a row, the
    /// kernel position is one that the contraction does not have.
    pub fn place(&self, j: usize) -> (usize, usize, usize) {
        let share = self.line / self.groups;
        (j / share, j % share % self.stride, j % share / self.stride)
    }

    /// Rows over which products are summed: first and last of each group, or all of them.
    pub fn sums(&self) -> impl Iterator<Item = (usize, usize)> + use<'_> {
        let share = self.line / self.groups;
        (0..self.groups).map(move |group| match self.groups {
            1 => (self.start, self.end()),
            _ => (self.cell((group + 1) * share - 1).0, self.cell(group * share).0),
        })
    }
}

/// Rows of a product of activations: for each pair in descending order, the left and then the right line cell.
#[derive(Clone, Debug)]
pub struct PairBlock {
    /// Tensor that is produced.
    pub tensor: usize,
    /// Which matrix product of that tensor.
    pub term: usize,
    /// First row.
    pub start: usize,
    /// Number of pairs.
    pub pairs: usize,
}

impl PairBlock {
    /// Row of the left cell of a pair; the right one follows.
    pub fn row(&self, pair: usize) -> usize {
        self.start + 2 * (self.pairs - 1 - pair)
    }

    /// Last row.
    pub fn end(&self) -> usize {
        self.start + 2 * self.pairs - 1
    }
}

/// A line cell or a policy row of a dense layout, and the value that it is a copy of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Row of the line column.
    pub line: usize,
    /// Row of the value, on the only lane.
    pub row: usize,
    /// Whether the value has a zero point.
    pub signed: bool,
}

/// Kind of a row in the activation area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// Nothing lives here.
    Free,
    /// Cells of an input: (input, block).
    Input(usize, usize),
    /// Rounded accumulators of a tensor: (tensor, block, position).
    Affine(usize, usize, usize),
    /// Running maximum of the rows two and one before.
    Max(usize),
    /// Rounded products of the rows two and one before: (tensor, block, position).
    Product(usize, usize, usize),
    /// Rounded quotients of the rows two and one before, with their remainders: (tensor, block).
    Quotient(usize, usize),
    /// What the remainders of the row before are short of their divisors, two rows before: (tensor, block).
    Remainder(usize, usize),
    /// Bits of the quotients two rows before.
    Bits,
}

/// Runs of powers in the power column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Powers {
    /// Number of powers of `r`, starting at row 0.
    pub r: usize,
    /// Number of powers of `t`, after those of `r`.
    pub t: usize,
    /// Number of powers of `s`, after those of `t`.
    pub s: usize,
}

impl Powers {
    /// How long each run is, in their order.
    pub fn runs(&self) -> [usize; 3] {
        [self.r, self.t, self.s]
    }

    /// Rows that they take.
    pub fn rows(&self) -> usize {
        self.runs().into_iter().sum()
    }
}

/// The complete layout.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Dimensions.
    pub shape: Shape,
    /// Line blocks.
    pub blocks: Vec<Block>,
    /// Line blocks of products of activations, after the others.
    pub pairs: Vec<PairBlock>,
    /// Segments in an order in which each refers only to earlier ones.
    pub segments: Vec<Segment>,
    /// Equalities between cells.
    pub equalities: Vec<(Src, Src)>,
    /// Copies of values in a dense layout, which has no segments and no other equalities.
    pub copies: Vec<Copied>,
    /// Row of each (tensor, channel block, position): `rows[tensor][block * positions + position]`.
    pub rows: Vec<Vec<usize>>,
    /// Kind of each activation row.
    pub kinds: Vec<RowKind>,
    /// Which table each tensor is looked up in, numbered from 1; 0 for none. Tensors with equal tables share one.
    pub tags: Vec<usize>,
    /// Powers.
    pub powers: Powers,
    /// Line indices of each output in the policy rows, which start the line area: the first one, and how many with padding.
    pub outputs: Vec<(usize, usize)>,
    /// Policy rows.
    pub policy_rows: usize,
    /// The tensor that a segment gives to the next one.
    pub given: Option<usize>,
}

impl Layout {
    /// Lays a program out. Chooses `weight_lanes` and `slots`.
    ///
    /// # Errors
    /// [`LayoutError`] says what the shape has no room or no columns for.
    pub fn build(model: &Program, shape: Shape) -> Result<Self, LayoutError> {
        Self::build_unless(model, shape, &|_| None)
    }

    /// The same, given up as soon as tensors and lines are placed in a shape that is not wanted.
    pub(crate) fn build_unless(
        model: &Program,
        shape: Shape,
        unwanted: &dyn Fn(&Shape) -> Option<LayoutError>,
    ) -> Result<Self, LayoutError> {
        let builder = build::Builder::new(model, shape)?;
        match unwanted(builder.shape()) {
            Some(why) => Err(why),
            None => builder.finish(),
        }
    }

    /// A tensor of each table, in the order of their numbers.
    pub fn tables(&self) -> impl Iterator<Item = usize> + '_ {
        let last = self.tags.iter().copied().max().unwrap_or(0);
        (1..=last).filter_map(|tag| self.tags.iter().position(|t| *t == tag))
    }

    /// The score that stands at a policy row, by output and index; the index may be one of the padding.
    pub fn score(&self, row: usize) -> (usize, usize) {
        let index = self.policy_rows - 1 - row;
        let output = self.outputs.partition_point(|(first, _)| *first <= index) - 1;
        (output, index - self.outputs[output].0)
    }

    /// Item and label of the score that stands at a policy row of a batch; none of padding, or where there is no batch.
    pub fn item(&self, model: &Program, row: usize) -> Option<(usize, usize)> {
        let classes = model.output(0).len().checked_div(self.shape.items)?;
        let (_, index) = self.score(row);
        (index < model.output(0).len()).then_some((index / classes, index % classes))
    }

    /// Lanes on which a block of so many channels holds some.
    pub(crate) fn live(&self, channels: usize, block: usize) -> usize {
        self.shape.lanes.min(channels - block * self.shape.lanes)
    }

    /// Channel blocks of a tensor.
    pub fn channel_blocks(&self, channels: usize) -> usize {
        channels.div_ceil(self.shape.lanes)
    }

    /// Rows used by line area, activation area (with scans) and power column.
    pub fn used_rows(&self) -> (usize, usize, usize) {
        let weights = self.blocks.last().map_or(self.policy_rows, |b| b.end() + 1);
        let line = self.pairs.last().map_or(weights, |b| b.end() + 1);
        let scans = self.segments.iter().map(|s| s.start + s.rows.len()).max().unwrap_or(0);
        (line, scans.max(self.kinds.len()), self.powers.rows())
    }
}
