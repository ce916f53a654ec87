//! Committed cells that are no secret: the structure of the model determines their value.

use super::shape::{rows, Row};
use crate::argument::lane_cells;
use crate::error::CircuitError;
use crate::layout::Layout;
use crate::program::Program;
use std::collections::{BTreeMap, BTreeSet};

/// Most classes of lanes: each is a column of the registration.
pub(super) const MAX_CLASSES: usize = 256;

/// What is known of the committed lanes. Lanes of which the same is known, in every row, are a class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The class of each lane, if anything is known of it.
    pub(super) lanes: Vec<Option<usize>>,
    /// Rows and cells of each class.
    pub(super) columns: Vec<Vec<(usize, u64)>>,
    /// How many of the cells are public constants.
    pub(super) constants: usize,
}

impl Known {
    /// Lanes without a channel hold the weight zero, public constants are themselves.
    ///
    /// # Errors
    /// [`CircuitError::LaneKinds`] as soon as there are too many classes.
    pub(super) fn new(model: &Program, layout: &Layout) -> Result<Self, CircuitError> {
        let shape = &layout.shape;
        let rows = rows(model, layout);
        let zero = 1u64 << (shape.weight_bits - 1);
        let mut classes = Classes::default();
        let (mut lanes, mut constants) = (vec![], 0);
        for column in 0..shape.line_columns {
            let mut rows: Vec<Row> = rows.iter().filter(|row| row.column == column).copied().collect();
            rows.sort_unstable_by_key(|row| row.at);
            let live: BTreeSet<usize> = rows.iter().map(|row| row.live).collect();
            let public: Vec<Row> = rows.iter().filter(|row| row.public).copied().collect();
            // Of weights that are not known, nothing is read.
            let cells = |lane| match public.is_empty() {
                true => vec![],
                false => lane_cells(model, layout, lane).swap_remove(column),
            };
            let mut seen = BTreeMap::new();
            for lane in 0..shape.weight_lanes {
                let cells = cells(lane);
                let known = public.iter().filter(|row| lane < row.live);
                let known = known.map(|row| cells[row.at]);
                let known: Vec<u64> = known.collect();
                constants += known.len();
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
                if classes.columns.len() > MAX_CLASSES {
                    return Err(CircuitError::LaneKinds { most: MAX_CLASSES });
                }
            }
        }
        Ok(Self {
            lanes,
            columns: classes.columns,
            constants,
        })
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
