//! Committed weight cells, and their folds.

use crate::argument::expr::powers;
use crate::layout::{Block, Layout, BIAS_LIMBS};
use crate::program::{zeros, Contraction, Program, Step};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{FromUniformBytes, PrimeField};
use rayon::prelude::*;

/// Cells of the committed columns, offset by half their range, bias limbs included: `[column * weight_lanes + lane][row]`,
/// with the lanes of each line column in order.
pub fn weight_cells(model: &Program, layout: &Layout) -> Vec<Vec<u64>> {
    let shape = &layout.shape;
    let lanes: Vec<Vec<Vec<u64>>> = (0..shape.weight_lanes)
        .into_par_iter()
        .map(|lane| lane_cells(model, layout, lane))
        .collect();
    let mut columns = vec![vec![]; shape.committed_columns()];
    for (lane, cells) in lanes.into_iter().enumerate() {
        for (column, cells) in cells.into_iter().enumerate() {
            columns[column * shape.weight_lanes + lane] = cells;
        }
    }
    columns
}

/// `sum_l r^l (w_l - zero)` on each usable row, for each line column; `zero` is the cell of the weight zero.
pub(crate) fn folded(model: &Program, layout: &Layout, r: Fr) -> Vec<Vec<Fr>> {
    let shape = &layout.shape;
    let rows = weight_rows(layout);
    let powers = powers(r, shape.weight_lanes);
    let add = |mut sums: Vec<Vec<Wide>>, lane: usize| {
        let power = limbs_of(&powers[lane]);
        for (sums, cells) in sums.iter_mut().zip(lane_cells(model, layout, lane)) {
            sums.iter_mut().zip(cells).for_each(|(sum, cell)| sum.add(&power, cell));
        }
        sums
    };
    let none = || vec![vec![Wide::default(); rows]; shape.line_columns];
    let join = |mut left: Vec<Vec<Wide>>, right: Vec<Vec<Wide>>| {
        let pairs = left.iter_mut().flatten().zip(right.iter().flatten());
        pairs.for_each(|(left, right)| left.join(right));
        left
    };
    let sums = (0..shape.weight_lanes)
        .into_par_iter()
        .fold(none, add)
        .reduce(none, join);
    let zero = powers.iter().sum::<Fr>() * Fr::from(1u64 << (shape.weight_bits - 1));
    let column = |sums: &Vec<Wide>| {
        let mut column: Vec<Fr> = sums.iter().map(|sum| sum.reduce() - zero).collect();
        column.resize(shape.usable(), -zero);
        column
    };
    sums.iter().map(column).collect()
}

/// A sum of products of canonical scalars with cells: below 2^320, as scalars have 254 bits, cells at most 48 and lanes are
/// at most 2^12.
#[derive(Clone, Default)]
struct Wide([u64; 5]);

impl Wide {
    fn add(&mut self, scalar: &[u64; 4], cell: u64) {
        let mut carry = 0u128;
        let (low, high) = self.0.split_at_mut(4);
        for (sum, limb) in low.iter_mut().zip(scalar) {
            carry += u128::from(*limb) * u128::from(cell) + u128::from(*sum);
            *sum = carry as u64;
            carry >>= 64;
        }
        high[0] += carry as u64;
    }

    fn join(&mut self, other: &Self) {
        let mut carry = 0u128;
        for (sum, limb) in self.0.iter_mut().zip(other.0) {
            carry += u128::from(*sum) + u128::from(limb);
            *sum = carry as u64;
            carry >>= 64;
        }
    }

    fn reduce(&self) -> Fr {
        let mut bytes = [0u8; 64];
        for (chunk, limb) in bytes.chunks_mut(8).zip(self.0) {
            chunk.copy_from_slice(&limb.to_le_bytes());
        }
        Fr::from_uniform_bytes(&bytes)
    }
}

fn limbs_of(scalar: &Fr) -> [u64; 4] {
    let bytes = scalar.to_repr();
    let mut limbs = [0; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.as_ref().chunks_exact(8)) {
        *limb = chunk.iter().rev().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    }
    limbs
}

/// Rows that may hold weights.
fn weight_rows(layout: &Layout) -> usize {
    layout.blocks.last().map_or(0, |block| block.end() + 1)
}

/// The cells of one lane of each line column.
pub(crate) fn lane_cells(model: &Program, layout: &Layout, lane: usize) -> Vec<Vec<u64>> {
    let shape = &layout.shape;
    let zero = 1i64 << (shape.weight_bits - 1);
    let mut columns = vec![zeros(weight_rows(layout)); shape.line_columns];
    for block in &layout.blocks {
        let tensor = &model.tensors[block.tensor];
        let affine = match &tensor.step {
            Step::Affine(affine) => affine,
            Step::Input | Step::MaxPool(_) | Step::Product(_) | Step::Quotient(_) => continue,
        };
        let Some(c) = affine.contractions.get(block.term) else {
            continue;
        };
        let o = block.first_channel + lane;
        let bias = if o < tensor.channels {
            affine.bias.get(o).copied().unwrap_or(0)
        } else {
            0
        };
        let digits = bias_digits(bias, shape.weight_bits).into_iter();
        for (limb, digit) in digits.take(block.bias_rows).enumerate() {
            columns[0][block.start + limb] = (digit + zero) as u64;
        }
        let first = block.start + block.bias_rows;
        for column in &mut columns {
            column[first..first + block.line_rows()].fill(zero as u64);
        }
        if o < tensor.channels / c.groups {
            place_weights(c, tensor.channels / c.groups, block, o, zero, &mut columns);
        }
    }
    columns
}

/// Weights of the output channel `o` of each group.
fn place_weights(c: &Contraction, outputs: usize, block: &Block, o: usize, zero: i64, columns: &mut [Vec<u64>]) {
    let (inputs, kernel) = (c.channels / c.groups, c.axes[0].kernel * c.axes[1].kernel);
    let share = block.line / c.groups.max(1);
    for group in 0..c.groups {
        let first = (group * outputs + o) * inputs * kernel;
        for k in 0..kernel {
            // Channels are side by side, from one row up to the next.
            let (mut row, mut column) = block.cell(group * share + block.stride * k);
            let places = (first + k..first + inputs * kernel).step_by(kernel);
            c.weights.each(places, |weight| {
                if column == block.columns {
                    (row, column) = (row - 1, 0);
                }
                columns[column][row] = (weight + zero) as u64;
                column += 1;
            });
        }
    }
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
