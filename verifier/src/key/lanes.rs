//! The committed lanes that a registration is about.

use super::validate::{require, MAX_COLUMNS};
use super::{KeyParts, Purpose};
use crate::codec::{at_most, length, size, Put, Reader};
use crate::error::VerifyError;
use alloc::vec::Vec;

/// Columns that a registration computes: weights of the rows of sums, and of the rows of the combined lanes.
const COMPUTED: u32 = 2;

/// Consecutive lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneRun {
    /// How many.
    pub lanes: u32,
    /// The class of lanes of which the same cells are known.
    pub class: Option<u32>,
}

/// What a registration looks at: one advice column that combines all committed lanes, and one for each class of lanes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registered {
    /// The columns, that of all lanes first.
    pub columns: Vec<u32>,
    /// The committed lanes, in the order of the card.
    pub runs: Vec<LaneRun>,
}

impl Registered {
    /// Number of committed lanes.
    pub fn lanes(&self) -> usize {
        self.runs
            .iter()
            .fold(0usize, |sum, run| sum.saturating_add(size(run.lanes)))
    }

    /// The class of each lane.
    pub(crate) fn classes(&self) -> impl Iterator<Item = Option<u32>> + '_ {
        let lanes = |run: &LaneRun| core::iter::repeat_n(run.class, size(run.lanes));
        self.runs.iter().flat_map(lanes)
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.put_list(&self.columns, |out, column| out.put_u32(*column));
        out.put_list(&self.runs, |out, run| {
            out.put_u32(run.lanes);
            // Zero for none; one more than the class otherwise.
            out.put_u32(run.class.map_or(0, |class| class.saturating_add(1)));
        });
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(Self {
            columns: reader.list(MAX_COLUMNS, 4, Reader::u32)?,
            runs: reader.list(MAX_COLUMNS, 8, |reader| {
                Ok(LaneRun {
                    lanes: reader.u32()?,
                    class: reader.u32()?.checked_sub(1),
                })
            })?,
        })
    }

    /// The number of lanes, work that a publisher chooses, is bounded. Runs are as long as they can be, every class has a
    /// column and lanes, and columns are of a phase after the challenge that combines lanes, the first one.
    pub(super) fn validate(&self, key: &KeyParts) -> Result<(), VerifyError> {
        if self.columns.is_empty() {
            return require(self.runs.is_empty(), "registered lanes without a column");
        }
        require(
            key.purpose == Purpose::Registration && key.computed_columns == COMPUTED,
            "a registration has two computed columns and no other public ones",
        )?;
        at_most(MAX_COLUMNS, self.lanes())?;
        require(self.runs.iter().all(|run| run.lanes > 0), "a run without lanes")?;
        let pairs = self.runs.iter().zip(self.runs.iter().skip(1));
        let mut changes = pairs.map(|(one, next)| one.class != next.class);
        require(changes.all(|changes| changes), "runs of lanes")?;
        let mut classes: Vec<u32> = self.runs.iter().filter_map(|run| run.class).collect();
        classes.sort_unstable();
        classes.dedup();
        let numbered = (0..length(self.columns.len().saturating_sub(1))).collect::<Vec<_>>();
        require(classes == numbered, "classes of lanes")?;
        require(
            key.challenge_phases.first() == Some(&0),
            "the combining challenge is not of the first phase",
        )?;
        let phase = |column: &u32| key.advice_phases.get(size(*column)).copied();
        require(
            self.columns.iter().all(|column| phase(column) > Some(0)),
            "combined column is of the first phase",
        )
    }
}
