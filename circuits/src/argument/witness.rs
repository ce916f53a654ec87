//! Values of all advice cells, phase by phase.

mod lines;
mod lookup;
mod weights;

use super::circuit::signed;
use crate::layout::{Block, Layout, Mode, PairBlock, RowKind, Shape, Src};
use crate::program::{virtual_source, Program, Step, Trace};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{BatchInvert, Field, PrimeField};
use lookup::{limbs, lookup_columns, multiplicities};
use rayon::prelude::*;
pub use weights::weight_cells;

/// What a proof is about: the run of the model and the policy.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Values and accumulators.
    pub trace: Trace,
    /// Output and index of the score that the policy compares with.
    pub top: Option<(usize, usize)>,
    /// Policy coefficients `a, t, c` per policy row, as in the instance columns.
    pub policy: Vec<[Fr; 3]>,
}

/// Phase-1 columns, as small integers.
#[derive(Clone, Debug)]
pub struct First {
    inputs: Vec<Vec<u64>>,
    lanes: Vec<LaneCells>,
    multiplicity: Vec<u64>,
    top: Vec<i64>,
    shape: Shape,
}

/// Phase-2 columns, and what phase 3 needs of them.
#[derive(Debug)]
pub struct Second {
    /// Lines, folded weights, helpers, table helper, sum.
    pub columns: Vec<Vec<Fr>>,
    /// Per row and lane: accumulator and value.
    lanes: Vec<[Vec<i128>; 2]>,
}

#[derive(Clone, Debug)]
struct LaneCells {
    sign: Vec<u64>,
    value: Vec<u64>,
    high: Vec<u64>,
    rem: Vec<u64>,
}

/// Cells of the columns of an input: `[lane][row]`, offset by half the value range; of the input tensor, not in the
/// caller's order. The rows of other inputs are zero.
pub fn input_cells(model: &Program, layout: &Layout, index: usize, tensor: &[i64]) -> Vec<Vec<u64>> {
    let (input, rows) = (&model.tensors[index], &layout.rows[index]);
    let lanes = layout.shape.lanes.min(input.channels);
    let half = 1i64 << (model.precision.bits() - 1);
    let end = rows.iter().max().map_or(0, |r| r + 1);
    let mut columns = vec![vec![0u64; end]; lanes];
    for block in 0..layout.channel_blocks(input.channels) {
        for position in 0..input.positions() {
            let row = rows[block * input.positions() + position];
            for (lane, column) in columns.iter_mut().enumerate() {
                let channel = block * layout.shape.lanes + lane;
                let value = tensor
                    .get(channel * input.positions() + position)
                    .filter(|_| channel < input.channels);
                column[row] = (value.copied().unwrap_or(0) + half) as u64;
            }
        }
    }
    columns
}

impl First {
    /// In the order of the configuration.
    pub fn columns(&self) -> Vec<Vec<Fr>> {
        let field = |column: &Vec<u64>| column.iter().map(|&v| Fr::from(v)).collect::<Vec<Fr>>();
        let mut columns: Vec<Vec<Fr>> = self.inputs.iter().map(field).collect();
        for lane in &self.lanes {
            columns.push(field(&lane.sign));
            columns.push(field(&lane.value));
            for cells in [&lane.high, &lane.rem] {
                columns.extend(limbs(&self.shape, cells).iter().map(field));
            }
        }
        columns.push(field(&self.multiplicity));
        columns.push(self.top.iter().map(|&v| signed(v.into())).collect());
        columns
    }
}

impl Witness {
    /// Phase-1 columns.
    pub fn phase1(&self, model: &Program, layout: &Layout) -> First {
        let shape = &layout.shape;
        let committed = shape.inputs.iter().enumerate().filter(|(_, input)| !input.public);
        let inputs = committed.flat_map(|(id, _)| input_cells(model, layout, id, &self.trace.values[id]));
        let inputs = inputs.collect();
        let mut lanes: Vec<LaneCells> = (0..shape.lanes)
            .into_par_iter()
            .map(|lane| self.lane(model, layout, lane))
            .collect();
        let top = self.policy_cells(model, layout, &mut lanes[0]);
        let multiplicity = multiplicities(shape, &lanes);
        First {
            inputs,
            lanes,
            multiplicity,
            top,
            shape: shape.clone(),
        }
    }

    /// Cells of one lane on the activation rows.
    fn lane(&self, model: &Program, layout: &Layout, lane: usize) -> LaneCells {
        let usable = layout.shape.usable();
        let f = layout.shape.precision().bits();
        let zeros = || vec![0u64; usable];
        let mut cells = LaneCells {
            sign: zeros(),
            value: zeros(),
            high: zeros(),
            rem: zeros(),
        };
        for (id, input) in layout.shape.inputs.iter().enumerate() {
            let tensor = &model.tensors[id];
            for (index, &row) in layout.rows[id].iter().enumerate() {
                let (block, position) = (index / tensor.positions(), index % tensor.positions());
                let channel = block * layout.shape.lanes + lane;
                let value = match channel < tensor.channels {
                    true => self.trace.values[id][channel * tensor.positions() + position],
                    false => 0,
                };
                cells.value[row] = (value + (1 << (f - 1))) as u64;
                if !input.public {
                    cells.high[row] = cells.value[row];
                }
            }
        }
        for (row, kind) in layout.kinds.iter().enumerate() {
            match *kind {
                RowKind::Free | RowKind::Input(..) => {}
                RowKind::Affine(id, _, _) | RowKind::Product(id, _, _) => {
                    let zero = i128::from(model.zero(id));
                    let shifted = self.accumulator(model, layout, row, lane) + (1i128 << (f - 1)) + (zero << f);
                    let sign = shifted >= 0;
                    let magnitude = if sign { shifted } else { -shifted - 1 } as u128;
                    cells.sign[row] = u64::from(sign);
                    cells.high[row] = (magnitude >> f) as u64;
                    cells.rem[row] = (magnitude & ((1 << f) - 1)) as u64;
                    cells.value[row] = if sign { cells.high[row] } else { 0 };
                }
                RowKind::Max(_) => {
                    let (best, element) = (cells.value[row - 2], cells.value[row - 1]);
                    cells.value[row] = best.max(element);
                    cells.high[row] = cells.value[row] - best;
                    cells.rem[row] = cells.value[row] - element;
                }
            }
        }
        cells
    }

    /// Accumulator of a lane at a rounded row; 0 for padding channels.
    fn accumulator(&self, model: &Program, layout: &Layout, row: usize, lane: usize) -> i128 {
        let (RowKind::Affine(id, block, position) | RowKind::Product(id, block, position)) = layout.kinds[row] else {
            return 0;
        };
        let tensor = &model.tensors[id];
        let channel = block * layout.shape.lanes + lane;
        if channel < tensor.channels {
            self.trace.accumulators[id][channel * tensor.positions() + position]
        } else {
            0
        }
    }

    /// Output of policy row `row`: line indices descend.
    fn output(&self, model: &Program, layout: &Layout, row: usize) -> i64 {
        self.score(model, layout.score(row))
    }

    fn score(&self, model: &Program, (output, index): (usize, usize)) -> i64 {
        let tensor = model.outputs.get(output).map(|output| output.tensor);
        let score = tensor.and_then(|tensor| self.trace.values[tensor].get(index));
        score.copied().unwrap_or(0)
    }

    /// Fills the policy limbs into lane 0; gives the `top` column.
    fn policy_cells(&self, model: &Program, layout: &Layout, lane: &mut LaneCells) -> Vec<i64> {
        let (f, top) = (
            layout.shape.precision().bits(),
            self.top.map_or(0, |top| self.score(model, top)),
        );
        for row in 0..layout.policy_rows {
            let [a, t, c] = self.policy.get(row).copied().unwrap_or_default();
            let d = a * signed(self.output(model, layout, row).into()) + t * signed(top.into()) + c;
            let d = small_integer(d).unwrap_or(0);
            lane.high[row] = d & ((1 << f) - 1);
            lane.rem[row] = (d >> f) & ((1 << layout.shape.table_bits) - 1);
        }
        vec![top; layout.policy_rows]
    }

    /// Phase-2 columns, given the challenges `r`, `t`, `alpha`.
    pub fn phase2(&self, model: &Program, layout: &Layout, first: &First, [r, t, alpha]: [Fr; 3]) -> Second {
        let mut columns = self.lines(model, layout, r, t);
        columns.extend(weights::folded(model, layout, r));
        columns.extend(lookup_columns(first, layout, alpha));
        let lanes = (0..layout.shape.lanes)
            .map(|lane| {
                let accumulators = (0..layout.kinds.len())
                    .map(|row| self.accumulator(model, layout, row, lane))
                    .collect();
                let values = layout.kinds.iter().enumerate().map(|(row, kind)| {
                    let zero = match *kind {
                        RowKind::Free => 0,
                        RowKind::Input(..) => 1i64 << (model.precision.bits() - 1),
                        RowKind::Affine(id, _, _) | RowKind::Product(id, _, _) | RowKind::Max(id) => model.zero(id),
                    };
                    i128::from(first.lanes[lane].value[row]) - i128::from(zero)
                });
                [accumulators, values.collect()]
            })
            .collect();
        Second { columns, lanes }
    }

    /// Phase-3 columns, given the challenges `r`, `t`, `s`.
    pub fn phase3(&self, layout: &Layout, second: &Second, [r, t, s]: [Fr; 3]) -> Vec<Vec<Fr>> {
        let usable = layout.shape.usable();
        let zeros = || vec![Fr::ZERO; usable];
        let mut pow = Vec::with_capacity(usable);
        for (base, len) in [(r, layout.powers.r), (t, layout.powers.t), (s, layout.powers.s)] {
            pow.extend(std::iter::successors(Some(Fr::ONE), |p| Some(p * base)).take(len));
        }
        let (u, weights) = second.columns.split_at(layout.shape.line_columns);
        let (mut uacc, mut pacc) = (zeros(), zeros());
        for row in 0..usable {
            pacc[row] = u[0][row] * weights[0][row];
        }
        let single = |start: usize, end: usize, acc: &mut Vec<Fr>| {
            acc[start] = u[0][start];
            (start + 1..=end).for_each(|row| acc[row] = acc[row - 1] * s + u[0][row]);
        };
        if layout.policy_rows > 0 {
            single(0, layout.policy_rows - 1, &mut uacc);
        }
        for block in &layout.blocks {
            let first = block.start + block.bias_rows;
            for row in first..first + block.line_rows() {
                let before = if row > first { uacc[row - 1] } else { Fr::ZERO };
                uacc[row] = u.iter().rev().fold(before, |acc, u| acc * s + u[row]);
                let others = u.iter().zip(weights).skip(1);
                pacc[row] += others.map(|(u, w)| u[row] * w[row]).sum::<Fr>();
            }
            for row in block.sums().flat_map(|(first, last)| first + 1..=last) {
                let before = pacc[row - 1];
                pacc[row] += before;
            }
        }
        for block in &layout.pairs {
            single(block.start, block.end(), &mut uacc);
            let mut sum = Fr::ZERO;
            for row in block.start..=block.end() {
                if (row - block.start) % 2 == 1 {
                    sum += u[0][row - 1] * u[0][row];
                }
                pacc[row] = sum;
            }
        }
        let weights = pattern_weights(layout, [r, t, s]);
        let mut slots = vec![[zeros(), zeros(), zeros()]; layout.shape.slots];
        for segment in &layout.segments {
            let mut acc = Fr::ZERO;
            for (index, step) in segment.rows.iter().enumerate() {
                let row = segment.start + index;
                if let Some((a, b)) = step.factors {
                    let read = |src: Src| match src {
                        Src::Pow(row) => pow[row],
                        Src::Slot(slot, row) => slots[slot][2][row],
                        Src::Uacc(row) => uacc[row],
                        Src::Pacc(row) => pacc[row],
                        Src::U(row) => u[0][row],
                    };
                    let (a, b) = (read(a), read(b));
                    let lanes = |which: usize, base: Fr| {
                        second
                            .lanes
                            .iter()
                            .rev()
                            .fold(Fr::ZERO, |sum, lane| sum * base + signed(lane[which][row]))
                    };
                    let added = match step.mode {
                        Mode::Accumulators => lanes(0, r),
                        Mode::ValuesS => lanes(1, s),
                        Mode::ValuesR => lanes(1, r),
                        Mode::Pattern(pattern) => {
                            let terms = weights[pattern].iter().zip(&second.lanes);
                            terms.map(|(w, lane)| *w * signed(lane[1][row])).sum()
                        }
                        Mode::Constant | Mode::Skip => Fr::ZERO,
                    };
                    acc += a * b * (added + signed(step.kappa));
                    slots[segment.slot][0][row] = a;
                    slots[segment.slot][1][row] = b;
                }
                slots[segment.slot][2][row] = acc;
            }
        }
        [pow, uacc, pacc]
            .into_iter()
            .chain(slots.into_iter().flatten())
            .collect()
    }
}

/// Weights of the lanes in each pattern; 0 for lanes that are not read.
fn pattern_weights(layout: &Layout, challenges: [Fr; 3]) -> Vec<Vec<Fr>> {
    let weight = |lane: &Option<[u32; 3]>| {
        let powers = |exponents: &[u32; 3]| {
            let powers = challenges.iter().zip(exponents);
            powers.map(|(c, &e)| c.pow([u64::from(e)])).product()
        };
        lane.as_ref().map_or(Fr::ZERO, powers)
    };
    let patterns = layout.shape.features.patterns.iter();
    patterns.map(|p| p.lanes.iter().map(weight).collect()).collect()
}

/// The integer below 2^64 that a field element is, if it is one. A false policy statement has none; its cells stay
/// zero and its proof fails.
fn small_integer(v: Fr) -> Option<u64> {
    let bytes = v.to_repr();
    let (low, high) = bytes.as_ref().split_at(8);
    if high.iter().any(|b| *b != 0) {
        return None;
    }
    Some(u64::from_le_bytes(low.try_into().ok()?))
}
