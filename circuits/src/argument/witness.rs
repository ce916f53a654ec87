//! Values of all advice cells, phase by phase.

mod lines;
mod lookup;

use super::circuit::signed;
use crate::layout::{Block, Layout, Mode, PairBlock, RowKind, Src, BIAS_LIMBS};
use crate::program::{virtual_source, Program, Step, Trace};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{BatchInvert, Field, PrimeField};
use lookup::{limbs, lookup_columns, multiplicities};
use rayon::prelude::*;

/// What a proof is about: the run of the model and the policy.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Values and accumulators.
    pub trace: Trace,
    /// Output index whose score the policy compares with.
    pub top: Option<usize>,
    /// Policy coefficients `a, t, c` per policy row, as in the instance columns.
    pub policy: Vec<[Fr; 3]>,
}

/// Phase-2 columns, and what phase 3 needs of them.
#[derive(Debug)]
pub struct Second {
    /// Line, helpers, table helper, sum.
    pub columns: Vec<Vec<Fr>>,
    /// `sum_l r^l (w_l - offset)` per row.
    combined: Vec<Fr>,
    /// Per row and lane: accumulator and value.
    lanes: Vec<[Vec<i128>; 2]>,
}

/// Columns of small integers.
#[derive(Clone, Debug)]
struct Small {
    weights: Vec<Vec<u64>>,
    inputs: Vec<Vec<u64>>,
    lanes: Vec<LaneCells>,
    multiplicity: Vec<u64>,
    top: Vec<i64>,
}

#[derive(Clone, Debug)]
struct LaneCells {
    sign: Vec<u64>,
    value: Vec<u64>,
    high: Vec<u64>,
    rem: Vec<u64>,
}

/// Weight cells of the line area: `[lane][row]`, offset by half their range, bias limbs included.
pub fn weight_cells(model: &Program, layout: &Layout) -> Vec<Vec<u64>> {
    let shape = &layout.shape;
    let offset = 1i64 << (shape.weight_bits - 1);
    let rows = layout.blocks.last().map_or(0, |b| b.end() + 1);
    (0..shape.weight_lanes)
        .into_par_iter()
        .map(|lane| {
            let mut column = vec![0u64; rows];
            for block in &layout.blocks {
                let tensor = &model.tensors[block.tensor];
                let Step::Affine(affine) = &tensor.step else { continue };
                let Some(c) = affine.contractions.get(block.term) else {
                    continue;
                };
                let o = block.first_channel + lane;
                let kernel = c.axes[0].kernel * c.axes[1].kernel;
                let (inputs, outputs) = (c.channels / c.groups, tensor.channels / c.groups);
                let bias = if o < tensor.channels {
                    affine.bias.get(o).copied().unwrap_or(0)
                } else {
                    0
                };
                let digits = bias_digits(bias, shape.weight_bits).into_iter();
                for (limb, digit) in digits.take(block.bias_rows).enumerate() {
                    column[block.start + limb] = (digit + offset) as u64;
                }
                for j in 0..block.line {
                    let (group, channel, k) = block.place(j);
                    let weight = if o < outputs && channel < inputs {
                        c.weights[((group * outputs + o) * inputs + channel) * kernel + k]
                    } else {
                        0
                    };
                    column[block.row(j)] = (weight + offset) as u64;
                }
            }
            column
        })
        .collect()
}

/// Balanced digits of a bias in base `2^bits`. The last is all that the others leave: two biases never have the same digits,
/// and one that is too large has a digit that the registration refuses.
fn bias_digits(bias: i64, bits: u32) -> [i64; BIAS_LIMBS] {
    let (base, half) = (1i128 << bits, 1i128 << (bits - 1));
    let mut rest = i128::from(bias);
    let mut digits = [0; BIAS_LIMBS];
    let (lower, last) = digits.split_at_mut(BIAS_LIMBS - 1);
    for digit in lower {
        let balanced = (rest + half).rem_euclid(base) - half;
        rest = (rest - balanced) >> bits;
        *digit = balanced as i64;
    }
    last[0] = rest as i64;
    digits
}

/// Cells of the committed input columns: `[lane][row]`, offset by half the value range; of the input tensor, not in the caller's order.
pub fn input_cells(model: &Program, layout: &Layout, input: &[i64]) -> Vec<Vec<u64>> {
    let (lanes, tensor) = (layout.shape.lanes, &model.tensors[0]);
    let half = 1i64 << (model.precision.bits() - 1);
    let rows = layout.rows[0].iter().max().map_or(0, |r| r + 1);
    let mut columns = vec![vec![0u64; rows]; lanes];
    let blocks = tensor.channels.div_ceil(lanes);
    for channel in 0..blocks * lanes {
        for position in 0..tensor.positions() {
            let row = layout.rows[0][channel / lanes * tensor.positions() + position];
            let value = if channel < tensor.channels {
                input[channel * tensor.positions() + position]
            } else {
                0
            };
            columns[channel % lanes][row] = (value + half) as u64;
        }
    }
    columns
}

impl Witness {
    fn small(&self, model: &Program, layout: &Layout) -> Small {
        let shape = &layout.shape;
        let inputs = if shape.public_input {
            vec![]
        } else {
            input_cells(model, layout, &self.trace.values[0])
        };
        let mut lanes: Vec<LaneCells> = (0..shape.lanes)
            .into_par_iter()
            .map(|lane| self.lane(model, layout, lane))
            .collect();
        let top = self.policy_cells(model, layout, &mut lanes[0]);
        let multiplicity = multiplicities(layout, &lanes);
        Small {
            weights: weight_cells(model, layout),
            inputs,
            lanes,
            multiplicity,
            top,
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
        let input = input_cells(model, layout, &self.trace.values[0]);
        for (row, kind) in layout.kinds.iter().enumerate() {
            match *kind {
                RowKind::Free => {}
                RowKind::Input { .. } => {
                    cells.value[row] = input[lane][row];
                    if !layout.shape.public_input {
                        cells.high[row] = input[lane][row];
                    }
                }
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
        let index = layout.policy_rows - 1 - row;
        self.trace.values[model.output()].get(index).copied().unwrap_or(0)
    }

    fn top_score(&self, model: &Program) -> i64 {
        self.top
            .and_then(|i| self.trace.values[model.output()].get(i))
            .copied()
            .unwrap_or(0)
    }

    /// Fills the policy limbs into lane 0; gives the `top` column.
    fn policy_cells(&self, model: &Program, layout: &Layout, lane: &mut LaneCells) -> Vec<i64> {
        let (f, top) = (layout.shape.precision().bits(), self.top_score(model));
        for row in 0..layout.policy_rows {
            let [a, t, c] = self.policy.get(row).copied().unwrap_or_default();
            let d = a * signed(self.output(model, layout, row).into()) + t * signed(top.into()) + c;
            let d = small_integer(d).unwrap_or(0);
            lane.high[row] = d & ((1 << f) - 1);
            lane.rem[row] = (d >> f) & ((1 << layout.shape.table_bits) - 1);
        }
        vec![top; layout.policy_rows]
    }

    /// Phase-1 columns, in the order of the configuration.
    pub fn phase1(&self, model: &Program, layout: &Layout) -> Vec<Vec<Fr>> {
        let small = self.small(model, layout);
        let field = |column: &Vec<u64>| column.iter().map(|&v| Fr::from(v)).collect::<Vec<Fr>>();
        let mut columns: Vec<Vec<Fr>> = small.weights.par_iter().chain(&small.inputs).map(field).collect();
        for lane in &small.lanes {
            columns.push(field(&lane.sign));
            columns.push(field(&lane.value));
            for cells in [&lane.high, &lane.rem] {
                columns.extend(limbs(layout, cells).iter().map(field));
            }
        }
        columns.push(field(&small.multiplicity));
        columns.push(small.top.iter().map(|&v| signed(v.into())).collect());
        columns
    }

    /// Phase-2 columns.
    pub fn phase2(&self, model: &Program, layout: &Layout, r: Fr, t: Fr, alpha: Fr) -> Second {
        let small = self.small(model, layout);
        let (u, combined) = self.lines(model, layout, &small, r, t);
        let mut columns = vec![u];
        columns.extend(lookup_columns(layout, &small, alpha));
        let lanes = (0..layout.shape.lanes)
            .map(|lane| {
                let accumulators = (0..layout.kinds.len())
                    .map(|row| self.accumulator(model, layout, row, lane))
                    .collect();
                let values = layout.kinds.iter().enumerate().map(|(row, kind)| {
                    let zero = match *kind {
                        RowKind::Free => 0,
                        RowKind::Input { .. } => 1i64 << (model.precision.bits() - 1),
                        RowKind::Affine(id, _, _) | RowKind::Product(id, _, _) | RowKind::Max(id) => model.zero(id),
                    };
                    i128::from(small.lanes[lane].value[row]) - i128::from(zero)
                });
                [accumulators, values.collect()]
            })
            .collect();
        Second {
            columns,
            combined,
            lanes,
        }
    }

    /// Phase-3 columns, given the challenges `r`, `t`, `s`.
    pub fn phase3(&self, layout: &Layout, second: &Second, [r, t, s]: [Fr; 3]) -> Vec<Vec<Fr>> {
        let usable = layout.shape.usable();
        let zeros = || vec![Fr::ZERO; usable];
        let mut pow = Vec::with_capacity(usable);
        for (base, len) in [(r, layout.powers.r), (t, layout.powers.t), (s, layout.powers.s)] {
            pow.extend(std::iter::successors(Some(Fr::ONE), |p| Some(p * base)).take(len));
        }
        let u = &second.columns[0];
        let (mut uacc, mut pacc) = (zeros(), zeros());
        for row in 0..usable {
            pacc[row] = u[row] * second.combined[row];
        }
        let chain = |start: usize, end: usize, acc: &mut Vec<Fr>| {
            acc[start] = u[start];
            (start + 1..=end).for_each(|row| acc[row] = acc[row - 1] * s + u[row]);
        };
        if layout.policy_rows > 0 {
            chain(0, layout.policy_rows - 1, &mut uacc);
        }
        for block in &layout.blocks {
            if block.line > 0 {
                chain(block.start + block.bias_rows, block.end(), &mut uacc);
            }
            for row in block.sums().flat_map(|(first, last)| first + 1..=last) {
                let before = pacc[row - 1];
                pacc[row] += before;
            }
        }
        for block in &layout.pairs {
            chain(block.start, block.end(), &mut uacc);
            let mut sum = Fr::ZERO;
            for row in block.start..=block.end() {
                if (row - block.start) % 2 == 1 {
                    sum += u[row - 1] * u[row];
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
                        Src::U(row) => u[row],
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
