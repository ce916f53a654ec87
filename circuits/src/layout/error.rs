//! Why a program has no layout of a shape.

use std::fmt;
use thiserror::Error;

/// Why a program has no layout of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// No compilation makes such a program.
    #[error("the program is not well formed")]
    Malformed,
    /// An area does not fit.
    #[error("{area} take {rows} rows, more rows than the {usable} that it has")]
    Rows {
        /// What does not fit.
        area: Area,
        /// Rows that were counted when it was given up; it may need more.
        rows: usize,
        /// Rows that there are.
        usable: usize,
    },
    /// More columns of weights would have to be committed than a card may have.
    #[error("the weights take {columns} columns, a card has up to {most}")]
    Committed {
        /// Columns that are needed.
        columns: usize,
        /// Most columns.
        most: usize,
    },
    /// Tables of functions have more entries than all rows hold so many times.
    #[error("the tables of functions take all rows {blocks} times, up to {most} times are possible")]
    Tables {
        /// Times that are needed.
        blocks: usize,
        /// Most times.
        most: usize,
    },
    /// The lanes of a row are read with coefficients that no pattern joins. Never on one lane.
    #[error("the channels of a row are read in ways that {lanes} lanes cannot share")]
    Lanes {
        /// Lanes of the shape.
        lanes: usize,
    },
    /// Rows are read in more ways than the circuit has columns for, or in one that takes too large a power.
    #[error("rows are read in more than {most} ways, or with powers above {power}")]
    Patterns {
        /// Most ways.
        most: usize,
        /// Largest power.
        power: u32,
    },
    /// A coefficient is no product of two powers that the circuit has.
    #[error("a coefficient is no product of two powers of the challenges")]
    Coefficient,
    /// The scores are not those of so many items.
    #[error("a batch of {items} items has one output, with as many scores for each item and at least two; this model has {outputs} outputs with {scores} scores")]
    Items {
        /// Items of the batch.
        items: usize,
        /// Outputs of the model.
        outputs: usize,
        /// Scores of all of them.
        scores: usize,
    },
    /// The caller does not want such a shape.
    #[error("the shape is not wanted")]
    Unwanted,
}

impl LayoutError {
    /// How many times too large the program is; none if that is not why.
    pub(crate) fn excess(&self) -> Option<f64> {
        match *self {
            Self::Rows { rows, usable, .. } => Some(rows as f64 / usable as f64),
            Self::Committed { columns, most } => Some(columns as f64 / most as f64),
            Self::Tables { blocks, most } => Some(blocks as f64 / most as f64),
            Self::Items { .. } => None,
            Self::Malformed | Self::Lanes { .. } | Self::Patterns { .. } | Self::Coefficient | Self::Unwanted => None,
        }
    }
}

/// A part of the rows. All three stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// Stored tensors, and constants after them.
    Activations,
    /// Lines and weights.
    Lines,
    /// Powers of the challenges.
    Powers,
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Activations => "the activations",
            Self::Lines => "the lines of weights",
            Self::Powers => "the powers of the challenges",
        })
    }
}
