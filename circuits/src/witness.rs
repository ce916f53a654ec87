//! Values of all advice cells, phase by phase.

use crate::circuit::signed;
use crate::exec::{virtual_source, Trace};
use crate::layout::{Block, Layout, Mode, RowKind, Src, BIAS_LIMBS};
use crate::qmodel::{QModel, Step};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{BatchInvert, Field, PrimeField};
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
pub fn weight_cells(model: &QModel, layout: &Layout) -> Vec<Vec<u64>> {
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
                let Some(c) = &affine.contraction else { continue };
                let o = block.first_channel + lane;
                let kernel = c.axes[0].kernel * c.axes[1].kernel;
                let bias = if o < tensor.channels {
                    affine.bias.get(o).copied().unwrap_or(0)
                } else {
                    0
                };
                for (limb, digit) in bias_digits(bias, shape.weight_bits).into_iter().enumerate() {
                    column[block.start + limb] = (digit + offset) as u64;
                }
                for j in 0..block.line {
                    let (channel, k) = (j % block.stride, j / block.stride);
                    let real = o < tensor.channels && channel < c.channels;
                    let weight = if real {
                        c.weights[(o * c.channels + channel) * kernel + k]
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

/// Balanced digits of a bias in base `2^bits`.
fn bias_digits(bias: i64, bits: u32) -> [i64; BIAS_LIMBS] {
    let (base, half) = (1i128 << bits, 1i128 << (bits - 1));
    let mut rest = i128::from(bias);
    [(); BIAS_LIMBS].map(|()| {
        let digit = (rest + half).rem_euclid(base) - half;
        rest = (rest - digit) >> bits;
        digit as i64
    })
}

/// Largest bias magnitude that fits the limbs, in bits.
pub fn bias_capacity(weight_bits: u32) -> u32 {
    weight_bits * BIAS_LIMBS as u32 - 2
}

/// Cells of the committed input columns: `[lane][row]`, offset by half the value range.
pub fn input_cells(model: &QModel, layout: &Layout, input: &[i64]) -> Vec<Vec<u64>> {
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
    fn small(&self, model: &QModel, layout: &Layout) -> Small {
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
    fn lane(&self, model: &QModel, layout: &Layout, lane: usize) -> LaneCells {
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
                RowKind::Affine(id, _, _) => {
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

    /// Accumulator of a lane at an affine row; 0 for padding channels.
    fn accumulator(&self, model: &QModel, layout: &Layout, row: usize, lane: usize) -> i128 {
        let RowKind::Affine(id, block, position) = layout.kinds[row] else {
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
    fn output(&self, model: &QModel, layout: &Layout, row: usize) -> i64 {
        let index = layout.policy_rows - 1 - row;
        self.trace.values[model.output()].get(index).copied().unwrap_or(0)
    }

    fn top_score(&self, model: &QModel) -> i64 {
        self.top
            .and_then(|i| self.trace.values[model.output()].get(i))
            .copied()
            .unwrap_or(0)
    }

    /// Fills the policy limbs into lane 0; gives the `top` column.
    fn policy_cells(&self, model: &QModel, layout: &Layout, lane: &mut LaneCells) -> Vec<i64> {
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
    pub fn phase1(&self, model: &QModel, layout: &Layout) -> Vec<Vec<Fr>> {
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
    pub fn phase2(&self, model: &QModel, layout: &Layout, r: Fr, t: Fr, alpha: Fr) -> Second {
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
                        RowKind::Affine(id, _, _) | RowKind::Max(id) => model.zero(id),
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

    /// The line column, and the weights of each row combined by powers of `r`.
    fn lines(&self, model: &QModel, layout: &Layout, small: &Small, r: Fr, t: Fr) -> (Vec<Fr>, Vec<Fr>) {
        let shape = &layout.shape;
        let mut u = vec![Fr::ZERO; shape.usable()];
        for (row, u) in u.iter_mut().enumerate().take(layout.policy_rows) {
            *u = signed(self.output(model, layout, row).into());
        }
        let mut done: Option<(usize, &Block)> = None;
        for block in &layout.blocks {
            match done {
                Some((tensor, first)) if tensor == block.tensor => {
                    u.copy_within(first.start..=first.end(), block.start);
                }
                _ => {
                    self.line(model, layout, block, t, &mut u);
                    done = Some((block.tensor, block));
                }
            }
        }
        let offset = Fr::from(1u64 << (shape.weight_bits - 1));
        let rows = small.weights.first().map_or(0, Vec::len);
        let mut combined: Vec<Fr> = (0..rows)
            .into_par_iter()
            .map(|row| {
                small
                    .weights
                    .iter()
                    .rev()
                    .fold(Fr::ZERO, |acc, lane| acc * r + Fr::from(lane[row]) - offset)
            })
            .collect();
        let unused = (0..shape.weight_lanes).fold(Fr::ZERO, |acc, _| acc * r - offset);
        combined.resize(shape.usable(), unused);
        (u, combined)
    }

    fn line(&self, model: &QModel, layout: &Layout, block: &Block, t: Fr, u: &mut [Fr]) {
        let tensor = &model.tensors[block.tensor];
        let Step::Affine(affine) = &tensor.step else { return };
        let Some(c) = &affine.contraction else { return };
        let powers: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |p| Some(p * t))
            .take(tensor.positions())
            .collect();
        let all: Fr = powers.iter().sum();
        for limb in 0..BIAS_LIMBS {
            u[block.start + limb] = all * signed(1i128 << (layout.shape.weight_bits as usize * limb));
        }
        let source = virtual_source(c, &self.trace.values, model);
        let width = c.parts.first().map_or(1, |p| model.tensors[p.tensor].width);
        let plane = source.len() / c.channels.max(1);
        // Taps by kernel index: (output position, source index).
        let taps = |axis: &crate::qmodel::Axis| {
            let mut by_kernel = vec![vec![]; axis.kernel];
            for (p, taps) in axis.taps.iter().enumerate() {
                taps.iter().for_each(|&(k, q)| by_kernel[k].push((p, q)));
            }
            by_kernel
        };
        let [vertical, horizontal] = [taps(&c.axes[0]), taps(&c.axes[1])];
        let values: Vec<Fr> = (0..block.line)
            .into_par_iter()
            .map(|j| {
                let (channel, k) = (j % block.stride, j / block.stride);
                if channel >= c.channels {
                    return Fr::ZERO;
                }
                let x = &source[channel * plane..];
                let mut sum = Fr::ZERO;
                for &(py, qy) in &vertical[k / c.axes[1].kernel] {
                    for &(px, qx) in &horizontal[k % c.axes[1].kernel] {
                        let value = x[qy * width + qx];
                        if value != 0 {
                            sum += powers[py * tensor.width + px] * signed(value.into());
                        }
                    }
                }
                sum
            })
            .collect();
        for (j, value) in values.into_iter().enumerate() {
            u[block.row(j)] = value;
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
                chain(block.start + BIAS_LIMBS, block.end(), &mut uacc);
            }
            for row in block.start + 1..=block.end() {
                let before = pacc[row - 1];
                pacc[row] += before;
            }
        }
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

/// Splits values into table limbs (low first) and single bits.
fn limbs(layout: &Layout, values: &[u64]) -> Vec<Vec<u64>> {
    let shape = &layout.shape;
    let limb = |i: u32| {
        values
            .iter()
            .map(move |v| (v >> (shape.table_bits * i)) & ((1 << shape.table_bits) - 1))
            .collect()
    };
    let bit = |i: u32| {
        values
            .iter()
            .map(move |v| (v >> (shape.table_bits * shape.limbs + i)) & 1)
            .collect()
    };
    (0..shape.limbs).map(limb).chain((0..shape.top_bits).map(bit)).collect()
}

/// The table-checked limb columns in lookup order.
fn lookup_limbs(layout: &Layout, lanes: &[LaneCells]) -> Vec<Vec<u64>> {
    let count = layout.shape.limbs as usize;
    let checked = |cells: &Vec<u64>| limbs(layout, cells).into_iter().take(count);
    lanes
        .iter()
        .flat_map(|lane| checked(&lane.high).chain(checked(&lane.rem)).collect::<Vec<_>>())
        .collect()
}

fn multiplicities(layout: &Layout, lanes: &[LaneCells]) -> Vec<u64> {
    let mut counts = vec![0u64; 1 << layout.shape.table_bits];
    for column in lookup_limbs(layout, lanes) {
        for value in column {
            counts[value as usize] += 1;
        }
    }
    counts
}

/// Lookup helpers, the table helper and the running sum.
fn lookup_columns(layout: &Layout, small: &Small, alpha: Fr) -> Vec<Vec<Fr>> {
    let usable = layout.shape.usable();
    // 1 / (alpha + v) for every table value, once.
    let mut inverses: Vec<Fr> = (0..1u64 << layout.shape.table_bits)
        .map(|v| alpha + Fr::from(v))
        .collect();
    inverses.iter_mut().batch_invert();
    let limbs = lookup_limbs(layout, &small.lanes);
    let mut columns: Vec<Vec<Fr>> = limbs
        .par_chunks(3)
        .map(|group| {
            (0..usable)
                .map(|row| group.iter().map(|c| inverses[c[row] as usize]).sum())
                .collect()
        })
        .collect();
    let mut table: Vec<Fr> = small
        .multiplicity
        .iter()
        .zip(&inverses)
        .map(|(&m, inverse)| Fr::from(m) * inverse)
        .collect();
    table.resize(usable, Fr::ZERO);
    let mut sum = Vec::with_capacity(usable);
    let mut total = Fr::ZERO;
    for row in 0..usable {
        total += columns.iter().map(|c| c[row]).sum::<Fr>() - table[row];
        sum.push(total);
    }
    columns.push(table);
    columns.push(sum);
    columns
}
