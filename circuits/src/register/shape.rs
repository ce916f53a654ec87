//! Dimensions of a registration circuit, and where weights live.

use super::known::Known;
use super::GROUP;
use crate::layout::{Layout, BIAS_LIMBS, TAIL};
use crate::program::{accumulator_bits, Constants, Program, Step};
use std::collections::BTreeSet;

/// Most tables and most limbs worth trying.
const MAX_TABLES: usize = 64;
const MAX_LIMBS: usize = 4;

/// Dimensions; they fix the constraint system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisterShape {
    /// log2 of the number of rows, as of the model's circuit.
    pub k: u32,
    /// Weight columns.
    pub columns: usize,
    /// A cell stores `w + 2^(weight_bits - 1)`.
    pub weight_bits: u32,
    /// Limbs of a cell.
    pub limbs: usize,
    /// A limb `i` counts `2^(limb_bits * i)`.
    pub limb_bits: u32,
    /// Tables of `usable` consecutive integers.
    pub tables: usize,
    /// The numbers of live lanes, below `columns`, that occur in a row.
    pub live: Vec<usize>,
    /// For each weight column, the fixed column of its known cells, if it has any.
    pub known: Vec<Option<usize>>,
}

impl RegisterShape {
    /// The cheapest shape for the weight columns of a layout.
    pub fn new(model: &Program, layout: &Layout) -> Self {
        Self::with_known(model, layout, &Known::new(model, layout))
    }

    pub(super) fn with_known(model: &Program, layout: &Layout, known: &Known) -> Self {
        let (k, columns) = (layout.shape.k, layout.shape.committed_columns());
        let live: BTreeSet<usize> = rows(model, layout).into_iter().map(|row| row.live).collect();
        let weight_bits = layout.shape.weight_bits;
        let candidates = (1..=MAX_LIMBS).filter_map(|limbs| {
            let limb_bits = weight_bits.div_ceil(limbs as u32);
            let tables = (1usize << limb_bits).div_ceil((1 << k) - TAIL);
            (tables <= MAX_TABLES || limbs == MAX_LIMBS).then(|| Self {
                k,
                columns,
                weight_bits,
                limbs,
                limb_bits,
                tables,
                live: live.iter().copied().filter(|live| *live < columns).collect(),
                known: known.lanes.clone(),
            })
        });
        candidates.min_by_key(Self::cost).unwrap_or_default()
    }

    /// Rows that hold cells.
    pub fn usable(&self) -> usize {
        (1usize << self.k) - TAIL
    }

    /// Fractions per row.
    pub fn fractions(&self) -> usize {
        self.columns * self.limbs + self.tables
    }

    /// A cell is below this many bits if the registration holds: an excess over `weight_bits` that no accumulator
    /// feels.
    pub fn proven_bits(&self) -> u32 {
        let table = usize::BITS - (self.tables * self.usable()).leading_zeros();
        self.limb_bits * (self.limbs as u32 - 1) + table + 1
    }

    /// Bits that an accumulator of the model can need with any registered weights, on inputs in range. Far below the
    /// field's 253 bits, integers and field agree.
    pub fn accumulator_bits(&self, model: &Program) -> u32 {
        let weight = f64::from(self.proven_bits()).exp2();
        let bias = weight * f64::from(self.weight_bits * BIAS_LIMBS as u32).exp2();
        let bits = |tensor| accumulator_bits(tensor, model.precision, Constants::Any { weight, bias });
        model.tensors.iter().map(bits).max().unwrap_or(0)
    }

    /// Fixed columns of known cells.
    pub fn known_columns(&self) -> usize {
        self.known.iter().flatten().max().map_or(0, |last| last + 1)
    }

    /// Relative cost of what candidates differ in: full columns are about three times as dear as small ones.
    fn cost(&self) -> usize {
        self.columns * (self.limbs - 1) + self.tables + 3 * self.fractions().div_ceil(GROUP)
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
