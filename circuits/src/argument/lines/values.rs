//! Values of the line columns and their accumulators.

use super::pairs;
use crate::argument::expr::{powers, signed};
use crate::argument::policy;
use crate::argument::witness::Witness;
use crate::layout::{Block, Layout};
use crate::program::{virtual_source, Axis, Program, Step, Trace};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rayon::prelude::*;

/// The line columns.
pub(crate) fn columns(witness: &Witness, model: &Program, layout: &Layout, [r, t]: [Fr; 2]) -> Vec<Vec<Fr>> {
    let shape = &layout.shape;
    let mut u = vec![vec![Fr::ZERO; shape.usable()]; shape.line_columns];
    for (row, cell) in u[0].iter_mut().enumerate().take(layout.policy_rows) {
        *cell = signed(policy::output(witness, model, layout, row).into());
    }
    let mut done: Option<&Block> = None;
    for block in &layout.blocks {
        match done {
            Some(first) if (first.tensor, first.term) == (block.tensor, block.term) => {
                u.iter_mut()
                    .for_each(|u| u.copy_within(first.start..=first.end(), block.start));
            }
            Some(_) | None => {
                fill_block(&witness.trace, model, layout, block, t, &mut u);
                done = Some(block);
            }
        }
    }
    for block in &layout.pairs {
        pairs::fill_lines(model, &witness.trace, block, [r, t], &mut u[0]);
    }
    u
}

fn fill_block(trace: &Trace, model: &Program, layout: &Layout, block: &Block, t: Fr, u: &mut [Vec<Fr>]) {
    let tensor = &model.tensors[block.tensor];
    let contraction = match &tensor.step {
        Step::Affine(affine) => affine.contractions.get(block.term),
        Step::Input | Step::MaxPool(_) | Step::Product(_) | Step::Quotient(_) => None,
    };
    let Some(c) = contraction else { return };
    let powers = powers(t, tensor.positions());
    let all: Fr = powers.iter().sum();
    for limb in 0..block.bias_rows {
        u[0][block.start + limb] = all * signed(1i128 << (layout.shape.weight_bits as usize * limb));
    }
    let (source, width) = virtual_source(c, &trace.values, model);
    let plane = source.len() / c.channels.max(1);
    // Taps by kernel index: (output position, source index).
    let taps = |axis: &Axis| {
        let mut by_kernel = vec![vec![]; axis.kernel];
        for (p, taps) in axis.taps.iter().enumerate() {
            taps.iter().for_each(|&(k, q)| by_kernel[k].push((p, q)));
        }
        by_kernel
    };
    let [vertical, horizontal] = [taps(&c.axes[0]), taps(&c.axes[1])];
    let value = |j: usize| {
        let (group, channel, k) = block.place(j);
        let inputs = c.channels / c.groups;
        if channel >= inputs || k >= c.axes[0].kernel * c.axes[1].kernel {
            return Fr::ZERO;
        }
        let x = &source[(group * inputs + channel) * plane..];
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
    };
    let values: Vec<Fr> = (0..block.line).into_par_iter().map(value).collect();
    for (j, value) in values.into_iter().enumerate() {
        let (row, column) = block.cell(j);
        u[column][row] = value;
    }
}

/// The accumulators of lines and of products, from line columns and folded weights.
pub(crate) fn accumulators(layout: &Layout, u: &[Vec<Fr>], weights: &[Vec<Fr>], s: Fr) -> [Vec<Fr>; 2] {
    let usable = layout.shape.usable();
    let mut uacc = vec![Fr::ZERO; usable];
    let mut pacc: Vec<Fr> = u[0].iter().zip(&weights[0]).map(|(u, w)| u * w).collect();
    let single = |rows: std::ops::Range<usize>, acc: &mut [Fr]| {
        let mut before = Fr::ZERO;
        for row in rows {
            acc[row] = before * s + u[0][row];
            before = acc[row];
        }
    };
    single(0..layout.policy_rows, &mut uacc);
    for block in &layout.blocks {
        let first = block.start + block.bias_rows;
        uacc[block.start..first].copy_from_slice(&u[0][block.start..first]);
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
        single(block.start..block.end() + 1, &mut uacc);
    }
    pairs::accumulate(layout, &u[0], &mut pacc);
    [uacc, pacc]
}
