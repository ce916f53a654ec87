//! Committed cells that are no secret: the structure of the model determines their value.

use super::shape::{rows, Row};
use crate::error::CircuitError;
use crate::layout::Layout;
use crate::lower::LARGEST;
use crate::qmodel::{QModel, Step};
use crate::witness::{bias_capacity, weight_cells};
use std::collections::{BTreeMap, BTreeSet};

/// Most classes of lanes: each is a column of the registration.
const MAX_CLASSES: usize = 256;

/// What is known of the committed lanes. Lanes of which the same is known, in every row, are a class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The class of each lane, if anything is known of it.
    pub(super) lanes: Vec<Option<usize>>,
    /// Rows and cells of each class.
    pub(super) columns: Vec<Vec<(usize, u64)>>,
}

impl Known {
    /// Lanes without a channel hold the weight zero, public constants are themselves.
    pub(super) fn new(model: &QModel, layout: &Layout) -> Self {
        let shape = &layout.shape;
        let rows = rows(model, layout);
        // Of weights that are not known, nothing is read.
        let cells = match rows.iter().any(|row| row.public) {
            true => weight_cells(model, layout),
            false => vec![],
        };
        let zero = 1u64 << (shape.weight_bits - 1);
        let mut classes = Classes::default();
        let mut lanes = vec![];
        for column in 0..shape.line_columns {
            let mut rows: Vec<Row> = rows.iter().filter(|row| row.column == column).copied().collect();
            rows.sort_unstable_by_key(|row| row.at);
            let live: BTreeSet<usize> = rows.iter().map(|row| row.live).collect();
            let mut seen = BTreeMap::new();
            for lane in 0..shape.weight_lanes {
                let known = rows.iter().filter(|row| row.public && lane < row.live);
                let known = known.map(|row| cells[lanes.len()][row.at]);
                let known: Vec<u64> = known.collect();
                // Which rows have no channel in this lane follows from how many live counts it reaches.
                let dead = live.iter().filter(|live| **live <= lane).count();
                let class = (dead > 0 || !known.is_empty()).then(|| {
                    *seen.entry((dead, known.clone())).or_insert_with(|| {
                        let mut known = known.into_iter();
                        let cell = |row: &Row| match lane < row.live {
                            true if row.public => known.next().map(|cell| (row.at, cell)),
                            true => None,
                            false => Some((row.at, zero)),
                        };
                        classes.number(rows.iter().filter_map(cell).collect())
                    })
                });
                lanes.push(class);
            }
        }
        Self {
            lanes,
            columns: classes.columns,
        }
    }
}

/// Classes by what is known of them.
#[derive(Default)]
struct Classes {
    numbers: BTreeMap<Vec<(usize, u64)>, usize>,
    columns: Vec<Vec<(usize, u64)>>,
}

impl Classes {
    fn number(&mut self, cells: Vec<(usize, u64)>) -> usize {
        let next = self.columns.len();
        let number = *self.numbers.entry(cells.clone()).or_insert(next);
        if number == next {
            self.columns.push(cells);
        }
        number
    }
}

/// Lanes must not differ too much in what is known of them.
pub(crate) fn check_classes(model: &QModel, layout: &Layout) -> Result<(), CircuitError> {
    match Known::new(model, layout).columns.len() {
        got if got > MAX_CLASSES => Err(CircuitError::Unsupported(vec![format!(
            "public constants that differ from channel to channel: {got} kinds of lanes, a registration tells {MAX_CLASSES} apart"
        )])),
        _ => Ok(()),
    }
}

/// Constants must be themselves in their cells: no digits lost, no cell below 0. A card could have a shape for which they are
/// not. Weights that are not known are zeros here.
pub(crate) fn check_constants(model: &QModel, weight_bits: u32) -> Result<(), CircuitError> {
    for tensor in &model.tensors {
        let Step::Affine(affine) = &tensor.step else { continue };
        let weights = affine.contractions.iter().flat_map(|c| &c.weights);
        let weights = weights.map(|w| ("weight", *w, weight_bits - 1));
        let bias = affine.bias.iter().map(|b| ("bias", *b, bias_capacity(weight_bits)));
        for (what, value, bits) in weights.chain(bias) {
            let limit = LARGEST.min((1 << bits.min(62)) - 1);
            if value.unsigned_abs() > limit.unsigned_abs() {
                return Err(CircuitError::Constant {
                    tensor: tensor.name.clone(),
                    what,
                    value: value as f64,
                    units: value as f64,
                    limit,
                });
            }
        }
    }
    Ok(())
}
