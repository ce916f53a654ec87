//! Weight cells that are no secret: the structure of the model determines their value.

use super::shape::rows;
use crate::argument::weight_cells;
use crate::layout::Layout;
use crate::program::Program;

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
    pub(super) fn new(model: &Program, layout: &Layout) -> Self {
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
