//! Weight cells that are no secret: the structure of the model determines their value.

use super::shape::rows;
use crate::error::CircuitError;
use crate::layout::Layout;
use crate::lower::LARGEST;
use crate::qmodel::{QModel, Step};
use crate::witness::{bias_capacity, weight_cells};
use std::collections::BTreeMap;

/// The fixed columns of a registration that hold known cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The column of each weight column; lanes that know the same share one, and most do.
    pub(super) lanes: Vec<Option<usize>>,
    /// Rows and cells of each column.
    pub(super) columns: Vec<Vec<(usize, u64)>>,
}

impl Known {
    /// What the public constants of a model fix.
    pub(super) fn new(model: &QModel, layout: &Layout) -> Self {
        let lanes = layout.shape.committed_columns();
        let mut rows: Vec<_> = rows(model, layout).into_iter().filter(|row| row.public).collect();
        if rows.is_empty() {
            let (lanes, columns) = (vec![None; lanes], vec![]);
            return Self { lanes, columns };
        }
        rows.sort_unstable_by_key(|row| row.at);
        let cells = weight_cells(model, layout);
        let mut columns: BTreeMap<Vec<(usize, u64)>, usize> = BTreeMap::new();
        let of_lane = |(lane, cells): (usize, &Vec<u64>)| {
            let live = rows.iter().filter(|row| lane < row.live);
            let known: Vec<_> = live.map(|row| (row.at, cells[row.at])).collect();
            let next = columns.len();
            (!known.is_empty()).then(|| *columns.entry(known).or_insert(next))
        };
        let lanes = cells.iter().enumerate().map(of_lane).collect();
        let mut numbered: Vec<_> = columns.into_iter().collect();
        numbered.sort_unstable_by_key(|(_, number)| *number);
        let columns = numbered.into_iter().map(|(known, _)| known).collect();
        Self { lanes, columns }
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
