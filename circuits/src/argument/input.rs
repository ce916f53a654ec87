//! Input rows: the stored values are the committed or public input.

use super::columns::{Next, Phase};
use super::config::Config;
use super::expr::{cell, Cells, Expr, Gates};
use super::lane::{Row, View};
use crate::layout::{Layout, Shape};
use crate::program::Program;
use halo2_proofs::poly::Rotation;

/// Advice columns.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// Committed input cells of each lane, `v + half`; none for public inputs.
    pub committed: Vec<T>,
}

impl<T> Columns<T> {
    pub(super) fn new(shape: &Shape, next: &mut Next<'_, T>) -> Self {
        let lanes = if shape.public_input { 0 } else { shape.lanes };
        Self {
            committed: (0..lanes).map(|_| next(Phase::First.read_at(1))).collect(),
        }
    }
}

/// The stored input of a lane: a committed cell, or a public value and the zero point.
fn source(m: &mut Cells<'_>, c: &Config, lane: &View, index: usize) -> Expr {
    match c.advice.input.committed.get(index) {
        Some(&committed) => cell(m, committed),
        None => m.query_instance(c.public_input[index], Rotation::cur()) + lane.zero.clone(),
    }
}

/// `input * (value - source) = 0`; of a committed input also:
/// * `input * (source - high) = 0`: nobody checks the range of a committed cell but the circuit;
/// * `last_input * (value - zero) = 0` in lanes that the last channel block does not use: a padding lane has the weight of a
///   channel of whatever is concatenated after the input.
pub(super) fn gates(m: &mut Cells<'_>, c: &Config, lane: &View, index: usize) -> Gates {
    let (source, [value, ..]) = (source(m, c, lane, index), lane.value.clone());
    let mut gates = vec![(
        "value is the input",
        lane.input.clone() * (value.clone() - source.clone()),
    )];
    if c.advice.input.committed.is_empty() {
        return gates;
    }
    gates.push(("input is in range", lane.input.clone() * (source - lane.high.clone())));
    if index >= c.shape.live_input_lanes {
        let padding = lane.last_input.clone() * (value - lane.zero.clone());
        gates.push(("padding of the input is zero", padding));
    }
    gates
}

/// The integers of a stored input.
pub(super) fn row(shape: &Shape, value: u64) -> Row {
    Row {
        sign: 0,
        value,
        high: if shape.public_input { 0 } else { value },
        rem: 0,
    }
}

/// Cells of the committed input columns: `[lane][row]`, offset by half the value range; of the input tensor, not in the
/// caller's order.
pub fn input_cells(model: &Program, layout: &Layout, input: &[i64]) -> Vec<Vec<u64>> {
    let (lanes, tensor) = (layout.shape.lanes, &model.tensors[0]);
    let half = 1i64 << (model.precision.bits() - 1);
    let rows = layout.rows[0].iter().max().map_or(0, |r| r + 1);
    let mut columns = vec![vec![0u64; rows]; lanes];
    let blocks = tensor.channels.div_ceil(lanes);
    for channel in 0..blocks * lanes {
        for position in 0..tensor.positions() {
            let row = layout.rows[0][channel / lanes * tensor.positions() + position];
            let value = match channel < tensor.channels {
                true => input[channel * tensor.positions() + position],
                false => 0,
            };
            columns[channel % lanes][row] = (value + half) as u64;
        }
    }
    columns
}
