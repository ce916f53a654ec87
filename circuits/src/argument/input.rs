//! Input rows: the stored values are those of the public and committed inputs. Likewise what a segment gives to the next one.

use super::columns::{Next, Phase};
use super::config::Config;
use super::dense;
use super::expr::{cell, fixed, Cells, Gates};
use super::lane::{Row, View};
use crate::layout::{Ends, InputShape, Layout, RowKind, Shape};
use crate::program::{Program, Trace};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::poly::Rotation;

/// Advice columns.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// Of each input its committed cells, `v + half`, lane by lane; none of a public one. No two share a column, so that a
    /// commitment is of one input.
    pub committed: Vec<Vec<T>>,
    /// The cells of what a segment gives, lane by lane of the next one: as that has them for its input.
    pub given: Vec<T>,
}

impl<T> Columns<T> {
    pub(super) fn new(shape: &Shape, next: &mut Next<'_, T>) -> Self {
        let mut columns = |count: usize| (0..count).map(|_| next(Phase::First.read_at(1))).collect();
        let inputs = shape.inputs.iter().map(|input| input.columns(shape.lanes));
        Self {
            committed: inputs.map(&mut columns).collect(),
            given: columns(shape.given_columns()),
        }
    }
}

/// Fixed columns. A dense layout has none: the rows of its only input are told by others.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// Rows of public inputs, if there are any.
    pub public: Option<T>,
    /// Rows of each committed input.
    pub committed: Vec<Option<Rows<T>>>,
    /// Rows of what a segment gives, where it lies on its lanes.
    pub given: Option<T>,
}

/// Rows of a committed input.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    /// All of them.
    pub all: T,
    /// Those of its last channel block, if that has padding and is not the only one.
    pub last: Option<T>,
}

impl<T> Fixed<T> {
    pub(super) fn new(shape: &Shape, next: &mut dyn FnMut() -> T) -> Self {
        Self {
            public: (shape.has_public_input() && !shape.dense).then(&mut *next),
            committed: shape
                .inputs
                .iter()
                .map(|input| {
                    (!input.public && !shape.dense).then(|| Rows {
                        all: next(),
                        last: (input.padding(shape.lanes).is_some() && input.channels > shape.lanes).then(&mut *next),
                    })
                })
                .collect(),
            given: (shape.features.given.is_some() && shape.ends.onto.is_none()).then(&mut *next),
        }
    }

    pub(super) fn fill(&self, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        let given = layout.given.map_or(&[][..], |id| &layout.rows[id]);
        for (given_rows, row) in self
            .given
            .iter()
            .flat_map(|rows| given.iter().map(move |row| (rows, *row)))
        {
            set(given_rows, row, Fr::one());
        }
        for (row, kind) in layout.kinds.iter().enumerate() {
            match *kind {
                RowKind::Input(id, block) => match (&self.committed[id], &self.public) {
                    (Some(rows), _) => {
                        set(&rows.all, row, Fr::one());
                        let channels = layout.shape.inputs[id].channels;
                        if let Some(last) = rows
                            .last
                            .as_ref()
                            .filter(|_| block + 1 == layout.channel_blocks(channels))
                        {
                            set(last, row, Fr::one());
                        }
                    }
                    (None, Some(public)) => set(public, row, Fr::one()),
                    (None, None) => {}
                },
                RowKind::Free | RowKind::Affine(..) | RowKind::Max(_) | RowKind::Product(..) => {}
                RowKind::Quotient(..) | RowKind::Remainder(..) | RowKind::Bits => {}
            }
        }
    }
}

/// With `public` the rows of public inputs and `all_i` those of committed input `i`, of which no two share a row:
/// * `public * (value - shown - zero) = 0`: the value is the instance cell;
/// * `all_i * (value - cell_i) = 0`: it is the cell of the input's own column, which is linked to its commitment and is read here only;
/// * `all_i * (value - high) = 0`: nobody checks the range of a committed cell but the circuit; `all_i * (value - zero - high) = 0` for a type
///   without negative numbers: `high` is what the cell stands for, which is from 0 to `2^bits - 1`, what every bound on values allows;
/// * `last_i * (value - zero) = 0` in lanes that the last channel block of the input does not use: a padding lane has the weight of a
///   channel of whatever is concatenated after the input. Where that block is the only one, these lanes have no committed cell.
///
/// With `given` the rows of the tensor that a segment gives to the next one, which is an affine one:
/// * `given * (value - cell) = 0`: the cell of its own column, which is linked to the commitment that the next segment's input is linked to, is
///   the value. That is determined and in range by its rounding, of a lane without a channel zero by the sums of its accumulators; the next
///   segment states both again of its input, in the same cells with the same zero point.
///
/// Where the next segment has other lanes, two scans of sums under powers of `r` and `t` take the place of this gate (`layout/build/given.rs`).
pub(super) fn gates(m: &mut Cells<'_>, c: &Config, lane: &View, index: usize) -> Gates {
    let mut gates = vec![];
    let [value, ..] = lane.value.clone();
    let own = c.shape.dense.then(|| dense::inputs(m, c));
    let public = match (c.fixed.input.public, &own) {
        (Some(public), _) => Some(fixed(m, public)),
        (None, own) => own.clone().filter(|_| c.shape.has_public_input()),
    };
    if let Some(public) = public {
        let shown = m.query_instance(c.public[index], Rotation::cur());
        gates.push((
            "value is the public input",
            public * (value.clone() - shown - lane.zero.clone()),
        ));
    }
    let inputs = c
        .shape
        .inputs
        .iter()
        .zip(&c.fixed.input.committed)
        .zip(&c.advice.input.committed);
    for ((input, rows), cells) in inputs {
        let all = match (rows, &own) {
            (Some(rows), _) => fixed(m, rows.all),
            (None, Some(own)) if !input.public => own.clone(),
            (None, _) => continue,
        };
        if let Some(&committed) = cells.get(index) {
            let committed = cell(m, committed);
            gates.push((
                "value is the committed input",
                all.clone() * (value.clone() - committed),
            ));
        }
        let least = match input.unsigned {
            true => value.clone() - lane.zero.clone(),
            false => value.clone(),
        };
        gates.push(("input is in range", all * (least - lane.high.clone())));
        let padded = rows
            .as_ref()
            .filter(|_| input.padding(c.shape.lanes).is_some_and(|first| index >= first));
        if let Some(rows) = padded {
            let last = fixed(m, rows.last.unwrap_or(rows.all));
            gates.push((
                "padding of the input is zero",
                last * (value.clone() - lane.zero.clone()),
            ));
        }
    }
    if let (Some(rows), Some(&given)) = (c.fixed.input.given, c.advice.input.given.get(index)) {
        let given = cell(m, given);
        gates.push(("value is what is given", fixed(m, rows) * (value - given)));
    }
    gates
}

/// The integers of a stored input.
pub(super) fn row(input: &InputShape, value: u64, zero: i64) -> Row {
    let high = match (input.public, input.unsigned) {
        (true, _) => 0,
        (false, true) => (value as i64 - zero) as u64,
        (false, false) => value,
    };
    Row {
        sign: 0,
        value,
        high,
        rem: 0,
    }
}

/// The stored value of a lane at the rows of inputs, at other rows 0.
pub(super) fn values(model: &Program, layout: &Layout, trace: &Trace, lane: usize) -> Vec<u64> {
    let mut values = vec![0; layout.kinds.len()];
    for id in 0..model.inputs.len() {
        fill(model, layout, id, &trace.values[id], lane, &mut values);
    }
    values
}

/// Cells of what a segment gives, as the next one has them for its input: `[lane][row]`.
pub fn given_cells(model: &Program, layout: &Layout, trace: &Trace) -> Vec<Vec<u64>> {
    let Some(id) = layout.given else {
        return vec![];
    };
    match layout.shape.ends {
        Ends {
            gives: Some(start),
            onto: Some(lanes),
            ..
        } => {
            let (tensor, zero) = (&model.tensors[id], model.zero(id));
            let (positions, blocks) = (tensor.positions(), tensor.channels.div_ceil(lanes));
            // Where there is no channel, the cell is that of a zero.
            let cell = |lane: usize, row: usize| {
                let (channel, position) = (row % blocks * lanes + lane, row / blocks);
                let value = trace.values[id].get(channel * positions + position);
                (value.filter(|_| channel < tensor.channels).unwrap_or(&0) + zero) as u64
            };
            let column = |lane: usize| {
                let cells = (0..positions * blocks).map(|row| cell(lane, row));
                [vec![0; start], cells.collect()].concat()
            };
            (0..layout.shape.given_columns()).map(column).collect()
        }
        _ => input_cells(model, layout, id, &trace.values[id]),
    }
}

/// Cells of the columns of an input, or of what a segment gives on its lanes: `[lane][row]`, offset by the zero point of the tensor (of every input of a model
/// half the value range), and not in the caller's order. Other rows are zero.
pub fn input_cells(model: &Program, layout: &Layout, id: usize, tensor: &[i64]) -> Vec<Vec<u64>> {
    let lanes = layout.shape.lanes.min(model.tensors[id].channels);
    let end = layout.rows[id].iter().max().map_or(0, |row| row + 1);
    let column = |lane| {
        let mut column = vec![0; end];
        fill(model, layout, id, tensor, lane, &mut column);
        column
    };
    (0..lanes).map(column).collect()
}

/// Writes the stored values of an input on one lane at its rows.
fn fill(model: &Program, layout: &Layout, id: usize, tensor: &[i64], lane: usize, column: &mut [u64]) {
    let (input, zero) = (&model.tensors[id], model.zero(id));
    let positions = input.positions();
    for (index, &row) in layout.rows[id].iter().enumerate() {
        let channel = index / positions * layout.shape.lanes + lane;
        let value = match channel < input.channels {
            true => tensor[channel * positions + index % positions],
            false => 0,
        };
        column[row] = (value + zero) as u64;
    }
}
