//! Dense layouts: lines are copies of values, and one sum has the checks of all layers.
//!
//! In the rows of lines stand, for each layer and each group of `weight_lanes` output channels, the bias, the line, and then a row for each of these
//! channels with its accumulator.

use super::config::Config;
use super::expr::{cell, constant, fixed, is, power_of_two, signed, Cells, Expr};
use super::{lane, lines, policy, rounding};
use crate::layout::{Layout, BIAS_LIMBS};
use crate::program::{Program, Trace};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::{Advice, Column, ConstraintSystem, Expression};
use halo2_proofs::poly::Rotation;

/// What the fixed cell of a row of lines names: nothing, that the value has a zero point, a limb of the bias.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Plain,
    Signed,
    Bias(usize),
}

impl Line {
    const NAMES: u64 = 2 + BIAS_LIMBS as u64;

    fn name(self) -> u64 {
        match self {
            Self::Plain => 0,
            Self::Signed => 1,
            Self::Bias(limb) => 2 + limb as u64,
        }
    }
}

/// What the sum of a row takes of the sum of the next one: nothing, all of it, all of it times a challenge. Policy rows take nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    End,
    Same,
    Channel,
    Layer,
    Policy,
}

impl Step {
    const NAMES: u64 = 5;
}

/// Of a row: its accumulator, and that the sum of the next row is that of all layers.
const RESULT: u64 = 1;
const TOTAL: u64 = 2;
const NAMES: u64 = 3;

/// The first rows, to the last one of the sum.
fn rows(layout: &Layout) -> Vec<(Line, Step)> {
    let mut rows = vec![(Line::Plain, Step::Policy); layout.policy_rows];
    for (index, block) in layout.blocks.iter().enumerate() {
        rows.extend((0..block.bias_rows).map(|limb| (Line::Bias(limb), Step::Same)));
        rows.resize(block.end() + 1, (Line::Plain, Step::Same));
        let next = layout.blocks.get(index + 1);
        let results = &layout.rows[block.tensor][block.first_channel..];
        let results = results.len().min(layout.shape.weight_lanes);
        rows.resize(block.end() + results, (Line::Plain, Step::Channel));
        let last = match next {
            Some(next) if next.tensor == block.tensor => Step::Channel,
            Some(_) => Step::Layer,
            None => Step::End,
        };
        rows.push((Line::Plain, last));
    }
    let lines = layout.copies.iter().filter(|copied| copied.line >= layout.policy_rows);
    for copied in lines.filter(|copied| copied.signed) {
        rows[copied.line].0 = Line::Signed;
    }
    rows
}

/// Sets the cells that are not zero, but those of rounded accumulators.
pub(super) fn fill<T>(
    lines: &lines::Fixed<T>,
    rounding: &rounding::Fixed<T>,
    layout: &Layout,
    set: &mut dyn FnMut(&T, usize, Fr),
) {
    for (row, (line, step)) in rows(layout).into_iter().enumerate() {
        set(&lines.line, row, Fr::from(line.name()));
        set(&lines.keep, row, Fr::from(step as u64));
    }
    set(&rounding.affine, layout.policy_rows - 1, Fr::from(TOTAL));
}

fn named(m: &mut Cells<'_>, column: Column<halo2_proofs::plonk::Fixed>, value: u64, values: u64) -> Expr {
    let cell = fixed(m, column);
    is(&cell, value, values)
}

/// 1 on rows of rounded accumulators, of degree 2.
pub(super) fn results(m: &mut Cells<'_>, c: &Config) -> Expr {
    named(m, c.fixed.rounding.affine, RESULT, NAMES)
}

/// 1 on rows of the input, of degree 3: it has a zero point, and of all other rows only those of accumulators may have one.
pub(super) fn inputs(m: &mut Cells<'_>, c: &Config) -> Expr {
    let inverse = half(c).invert().unwrap_or(Fr::ZERO);
    let zero = fixed(m, c.fixed.lane.zero);
    (constant(1) - results(m, c)) * zero * inverse
}

/// The zero point of what has one.
fn half(c: &Config) -> Fr {
    power_of_two(c.shape.precision().bits() - 1)
}

fn next(m: &mut Cells<'_>, column: Column<Advice>) -> Expr {
    m.query_advice(column, Rotation::next())
}

/// With the line column `u`, the folded weights `W = sum_l r^l (w_l - zero)` and the accumulator `A` of a row:
/// * `sum = step sum_next + (u - half [signed]) W + [bias limb i] 2^(bits i) W - [result] A`, where `step` is 1 from row to row of a block, `r` from each
///   channel to the next, `t` from the last channel of a layer to the next layer, and 0 behind the last one;
/// * `u = 0` on rows of biases and results; elsewhere in blocks it is a copy of a value;
/// * the first sum, after the policy rows, is 0.
///
/// So `0 = sum_i t^i r^(e_i) sum_o r^o (bias_io + sum_j x_ij w_ioj - A_io)` over layers, their channels and the elements that they read, where `e_i` counts the channels
/// of the layers before but their last ones: layers differ in the power of `t`, channels of one in that of `r`. A group of lanes has its
/// powers of `r` by the fold, and the groups before it those of their channels. Lanes without a channel have weights of zero, which the registration shows.
/// Values, lines, accumulators (phase 1) and weights (commitments that the claim names) are fixed before `r` and `t`, and `W`, `sum` (phase 2) are
/// determined by them: `W` by the link proof on all usable rows. By Schwartz-Zippel each coefficient is 0, which is what the contraction says of `A_io`; both
/// sides are far below p. Rows outside of blocks take nothing from others and give nothing: `step` is 0 behind the last one, and nothing reads a sum before the first.
pub(super) fn gate(meta: &mut ConstraintSystem<Fr>, c: &Config) {
    let (lines, selectors) = (&c.advice.lines, &c.fixed.lines);
    let (Some(lane), Some(&u), Some(&w)) = (c.advice.lanes.first(), lines.u.first(), lines.weights.first()) else {
        return;
    };
    meta.create_gate("dense", |m| {
        let usable = c.rows.usable(m);
        let [u, w, sum] = [u, w, lines.pacc].map(|column| cell(m, column));
        let following = next(m, lines.pacc);
        let result = results(m, c);
        let mut step = |step: Step| named(m, selectors.keep, step as u64, Step::NAMES);
        let [r, t] = [c.challenges.r.expr(), c.challenges.t.expr()];
        let steps = step(Step::Same) + step(Step::Channel) * r + step(Step::Layer) * t;
        let mut line = |line: Line| named(m, selectors.line, line.name(), Line::NAMES);
        let offset = line(Line::Signed) * half(c);
        let limbs: Vec<Expr> = (0..BIAS_LIMBS).map(|limb| line(Line::Bias(limb))).collect();
        let weights = (0..).zip(&limbs).fold(-offset, |sum, (limb, on)| {
            sum + on.clone() * power_of_two(c.shape.weight_bits * limb)
        });
        let accumulator = lane::accumulator_of(m, c, lane);
        let free = limbs.into_iter().fold(result.clone(), |sum, on| sum + on);
        let total = named(m, c.fixed.rounding.affine, TOTAL, NAMES);
        vec![
            (
                "sum",
                usable * (sum - u.clone() * w.clone()) - steps * following.clone() - weights * w + result * accumulator,
            ),
            ("no line", free * u),
            ("total", total * following),
        ]
    });
}

/// The gates of [`policy`], of a score that is a copy of its value: `a z + t top + c = d` and `g d = 0`, where `a, t, c, g` are 0 outside of policy rows, and
/// `top` is that of the next row.
pub(super) fn policy_gate(meta: &mut ConstraintSystem<Fr>, c: &Config) {
    let (Some(lane), Some(&u)) = (c.advice.lanes.first(), c.advice.lines.u.first()) else {
        return;
    };
    let policy::Columns { top } = c.advice.policy;
    meta.create_gate("policy", |m| {
        let policy = named(m, c.fixed.lines.keep, Step::Policy as u64, Step::NAMES);
        let z = cell(m, u) - Expression::Constant(half(c));
        let (top, following) = (cell(m, top), next(m, top));
        let [a, t, constant, g] = c.policy.map(|column| m.query_instance(column, Rotation::cur()));
        let d = policy::stated(m, c, lane);
        vec![
            (
                "policy",
                a * z + t * top.clone() + constant - policy.clone() * d.clone(),
            ),
            ("policy equality", g * d),
            ("one top", policy * (following - top)),
        ]
    });
}

/// The line column, given the stored values.
pub(super) fn line(layout: &Layout, values: &[u64]) -> Vec<u64> {
    let mut line = vec![0; layout.shape.usable()];
    for copied in &layout.copies {
        line[copied.line] = values[copied.row];
    }
    line
}

/// Folded weights and sum.
pub(super) fn columns(model: &Program, layout: &Layout, trace: &Trace, line: &[u64], [r, t]: [Fr; 2]) -> Vec<Vec<Fr>> {
    let mut columns = lines::folded(model, layout, r);
    let weights = &columns[0];
    let half = power_of_two(layout.shape.precision().bits() - 1);
    let products = line.iter().zip(weights);
    let mut sum: Vec<Fr> = products.map(|(u, w)| Fr::from(*u) * w).collect();
    let mut following = Fr::ZERO;
    for (row, (line, step)) in rows(layout).into_iter().enumerate().rev() {
        let factor = match step {
            Step::End | Step::Policy => Fr::ZERO,
            Step::Same => Fr::ONE,
            Step::Channel => r,
            Step::Layer => t,
        };
        let offset = match line {
            Line::Plain => Fr::ZERO,
            Line::Signed => -half,
            Line::Bias(limb) => power_of_two(layout.shape.weight_bits * limb as u32),
        };
        sum[row] += factor * following + offset * weights[row];
        sum[row] -= signed(rounding::accumulator(model, layout, trace, row, 0));
        following = sum[row];
    }
    columns.push(sum);
    columns
}
