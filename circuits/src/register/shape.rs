//! Dimensions of a registration circuit, and where weights live.

use crate::argument::lookup;
use crate::layout::{Layout, BIAS_LIMBS, TAIL};
use crate::program::{accumulator_bits, Constants, Program, Step};
use provenn_verifier::Grid;

/// Most tables worth trying.
const MAX_TABLES: usize = 64;

/// Dimensions; they fix the constraint system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisterShape {
    /// log2 of the number of rows, as of the model's circuit.
    pub k: u32,
    /// The sums that are looked at.
    pub grid: Grid,
    /// An honest cell stores `w + 2^(weight_bits - 1)`.
    pub weight_bits: u32,
    /// Limbs of a sum, in base [`table`](Self::table).
    pub limbs: usize,
    /// Tables of `usable` consecutive integers.
    pub tables: usize,
    /// Classes of lanes of which the same cells are known.
    pub classes: usize,
}

impl RegisterShape {
    /// The shape for the committed columns of a layout, in so many classes.
    pub fn of_layout(layout: &Layout, classes: usize) -> Self {
        let shape = &layout.shape;
        Self::new(shape.k, shape.committed_columns(), shape.weight_bits, classes)
    }

    /// The cheapest shape for so many lanes.
    pub fn new(k: u32, lanes: usize, weight_bits: u32, classes: usize) -> Self {
        let grid = Grid::new(lanes, (1 << k) - TAIL);
        let candidate = |tables: usize| {
            let mut shape = Self {
                k,
                grid,
                weight_bits,
                limbs: 1,
                tables,
                classes,
            };
            let largest = u128::from(grid.cells()) * ((1 << weight_bits) - 1);
            while shape.bound() <= largest {
                shape.limbs += 1;
            }
            shape
        };
        (1..=MAX_TABLES)
            .map(candidate)
            .min_by_key(Self::cost)
            .unwrap_or_default()
    }

    /// Rows that hold cells.
    pub fn usable(&self) -> usize {
        (1usize << self.k) - TAIL
    }

    /// Limbs are below this.
    pub fn table(&self) -> usize {
        self.tables * self.usable()
    }

    /// Sums are below this if the registration holds: `M`. Cells have at most twice its magnitude.
    pub fn bound(&self) -> u128 {
        (self.table() as u128).pow(self.limbs as u32)
    }

    /// Fractions per row.
    pub fn fractions(&self) -> usize {
        self.grid.columns() * self.limbs + self.tables
    }

    /// Columns of phase 1.
    pub(super) fn first_phase(&self) -> usize {
        self.fractions()
    }

    /// Columns that sum fractions, beside the running sum.
    pub(super) fn helpers(&self) -> usize {
        lookup::helpers(self.fractions())
    }

    /// A weight has a magnitude below 2 to this if the registration holds: a cell is at most twice the bound of the sums, and
    /// the weight is what it differs from `2^(weight_bits - 1)`. No accumulator feels the excess over `weight_bits`.
    pub fn proven_bits(&self) -> u32 {
        u128::BITS - self.bound().leading_zeros() + 2
    }

    /// Bits that an accumulator of the model can need with any registered weights, on inputs in range. Far below the
    /// field's 253 bits, integers and field agree.
    pub fn accumulator_bits(&self, model: &Program) -> u32 {
        let weight = 2f64.powi(self.proven_bits() as i32);
        // Its highest limb counts `2^(weight_bits (limbs - 1))`, all others together less.
        let bias = weight * 2f64.powi((self.weight_bits * (BIAS_LIMBS as u32 - 1) + 1) as i32);
        let bits = |tensor| accumulator_bits(tensor, model.precision, Constants::Any { weight, bias });
        model.tensors.iter().map(bits).max().unwrap_or(0)
    }

    /// Relative cost of what candidates differ in: full columns are about three times as dear as small ones.
    fn cost(&self) -> usize {
        self.fractions() + 3 * self.helpers()
    }
}

/// A row that may hold weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Where.
    pub(super) at: usize,
    /// Line column.
    pub(super) column: usize,
    /// Lanes that hold weights. The other lanes must hold the weight zero.
    pub(super) live: usize,
    /// Whether the structure of the model determines these weights.
    pub(super) public: bool,
}

/// All rows of all blocks.
pub(super) fn rows(model: &Program, layout: &Layout) -> Vec<Row> {
    let mut rows = vec![];
    for block in &layout.blocks {
        let tensor = &model.tensors[block.tensor];
        let Step::Affine(affine) = &tensor.step else { continue };
        let Some(contraction) = affine.contractions.get(block.term) else {
            continue;
        };
        let (inputs, outputs) = (
            contraction.channels / contraction.groups,
            tensor.channels / contraction.groups,
        );
        let kernel = contraction.axes[0].kernel * contraction.axes[1].kernel;
        let lanes = layout.shape.weight_lanes.min(outputs - block.first_channel);
        rows.extend((0..block.bias_rows).map(|limb| Row {
            at: block.start + limb,
            column: 0,
            live: lanes,
            public: affine.public_bias,
        }));
        rows.extend((0..block.line).map(|j| {
            let ((_, channel, k), (at, column)) = (block.place(j), block.cell(j));
            Row {
                at,
                column,
                live: if channel < inputs && k < kernel { lanes } else { 0 },
                public: contraction.public,
            }
        }));
    }
    rows
}
