//! Outputs that a claim shows whole or not at all: their values are public cells, as those of public inputs are.

use super::config::Config;
use super::expr::{fixed, Cells, Gates};
use super::lane::View;
use crate::layout::Layout;
use crate::program::Program;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::poly::Rotation;

/// Fixed columns.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// Rows of these outputs.
    pub rows: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(next: &mut dyn FnMut() -> T) -> Self {
        Self { rows: next() }
    }

    pub(super) fn fill(&self, model: &Program, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        for &index in &layout.shape.whole {
            let rows = &layout.rows[model.outputs[index].tensor];
            rows.iter().for_each(|row| set(&self.rows, *row, Fr::one()));
        }
    }
}

/// `whole * shown * (value - cell - zero) = 0`, with `whole` the rows of these outputs, `cell` the public cell of the lane, and `shown` a public column,
/// 1 on the rows of an output that the claim shows and 0 on those of one that it does not speak of. The value is determined and in range by its
/// rounding, or its table; on a lane without a channel it is zero, as the public cell is there. So there is one table of public cells for which there is a
/// proof: the values of the output. Where `shown` is 0 nothing is said of them.
pub(super) fn gate(m: &mut Cells<'_>, c: &Config, lane: &View, index: usize) -> Gates {
    let (Some(whole), Some(shown), Some(&public)) = (&c.fixed.whole, c.shown, c.public.get(index)) else {
        return vec![];
    };
    let (whole, shown) = (fixed(m, whole.rows), m.query_instance(shown, Rotation::cur()));
    let [value, ..] = lane.value.clone();
    let cell = m.query_instance(public, Rotation::cur());
    vec![(
        "value is the public output",
        whole * shown * (value - cell - lane.zero.clone()),
    )]
}
