//! Scan slots: sums over the rows of the lanes, with coefficients that are copies.

mod values;

pub(super) use values::{columns, Scanned};

use super::columns::{Next, Phase};
use super::config::Config;
use super::expr::{before, cell, constant, fixed, horner, is, signed, Cells, Expr};
use super::lane;
use crate::layout::{Mode, Segment, Shape};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;

/// Advice columns of a slot.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// First coefficient.
    pub a: T,
    /// Second coefficient.
    pub b: T,
    /// Accumulator.
    pub acc: T,
}

impl<T> Columns<T> {
    pub(super) fn new(next: &mut Next<'_, T>) -> Self {
        Self {
            a: next(Phase::Third.read_at(1)),
            b: next(Phase::Third.read_at(1)),
            acc: next(Phase::Third.read_at(2)),
        }
    }

    pub(super) fn copied(&self) -> [&T; 3] {
        [&self.a, &self.b, &self.acc]
    }
}

/// Fixed columns of a slot.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// 1 where the accumulator continues.
    pub keep: T,
    /// Constant term.
    pub kappa: T,
    /// What is added, each column naming up to [`NAMED`] of the slot's [`modes`].
    pub modes: Vec<T>,
}

/// Modes that one column names, by 1, 2, ..; 0 is none of them.
const NAMED: usize = 2;

/// What the rows of a slot may add beside the constant. Slot 0 scans accumulators, whose degree leaves room for nothing else.
fn modes(shape: &Shape, slot: usize) -> Vec<Mode> {
    if slot == 0 {
        return vec![Mode::Accumulators];
    }
    let patterns = shape.features.patterns.iter().enumerate();
    let patterns = patterns.filter(|(_, pattern)| pattern.slot == slot);
    let patterns = patterns.map(|(index, _)| Mode::Pattern(index));
    let given = shape.features.given_slot.filter(|given| *given == slot);
    let given = given.map(|_| Mode::Given);
    [Mode::ValuesS, Mode::ValuesR]
        .into_iter()
        .chain(patterns)
        .chain(given)
        .collect()
}

impl<T> Fixed<T> {
    pub(super) fn new(shape: &Shape, slot: usize, next: &mut dyn FnMut() -> T) -> Self {
        Self {
            keep: next(),
            kappa: next(),
            modes: modes(shape, slot).chunks(NAMED).map(|_| next()).collect(),
        }
    }

    pub(super) fn fill(&self, shape: &Shape, segment: &Segment, set: &mut dyn FnMut(&T, usize, Fr)) {
        let modes = modes(shape, segment.slot);
        for (index, row) in segment.rows.iter().enumerate() {
            let at = segment.start + index;
            if index > 0 {
                set(&self.keep, at, Fr::one());
            }
            set(&self.kappa, at, signed(row.kappa));
            if let Some(number) = modes.iter().position(|mode| *mode == row.mode) {
                let name = Fr::from(1 + (number % NAMED) as u64);
                set(&self.modes[number / NAMED], at, name);
            }
        }
    }
}

/// `usable * acc = keep * acc_prev + a * b * (kappa + lanes)`; `a`, `b` are copies wherever they matter, so
/// the accumulator is determined by the lanes and the challenges. The lanes are combined by powers of one challenge,
/// or by a pattern of monomials; every challenge is drawn after phase 1, which holds the lanes.
pub(super) fn gate(meta: &mut ConstraintSystem<Fr>, c: &Config, index: usize) {
    let (slot, selectors) = (&c.advice.slots[index], &c.fixed.slots[index]);
    meta.create_gate(format!("scan {index}"), |m| {
        let usable = c.rows.usable(m);
        let [keep, kappa] = [selectors.keep, selectors.kappa].map(|column| fixed(m, column));
        let [a, b, acc] = [slot.a, slot.b, slot.acc].map(|column| cell(m, column));
        let previous = before(m, slot.acc, 1);
        let modes = modes(&c.shape, index);
        let mut added = kappa;
        for (modes, &column) in modes.chunks(NAMED).zip(&selectors.modes) {
            let name = fixed(m, column);
            for (number, mode) in (1..).zip(modes) {
                added = added + is(&name, number, 1 + modes.len() as u64) * scanned(m, c, *mode);
            }
        }
        vec![("scan", usable * acc - keep * previous - a * b * added)]
    });
}

/// What a mode adds: the lanes of the row, weighted.
fn scanned(m: &mut Cells<'_>, c: &Config, mode: Mode) -> Expr {
    let values = |m: &mut Cells<'_>| {
        let zero = fixed(m, c.fixed.lane.zero);
        let lanes = c.advice.lanes.iter();
        lanes
            .map(|lane| cell(m, lane.value) - zero.clone())
            .collect::<Vec<Expr>>()
    };
    match mode {
        Mode::Accumulators => {
            let lanes = c.advice.lanes.iter().map(|lane| lane::accumulator_of(m, c, lane));
            horner(lanes.collect(), &c.challenges.r.expr())
        }
        Mode::ValuesS => horner(values(m), &c.s()),
        Mode::ValuesR => horner(values(m), &c.challenges.r.expr()),
        Mode::Pattern(pattern) => by_pattern(c, pattern, &values(m)),
        Mode::Given => {
            let zero = constant(c.shape.given_zero());
            let cells = c.advice.input.given.iter();
            let cells = cells.map(|&given| cell(m, given) - zero.clone());
            horner(cells.collect(), &c.challenges.r.expr())
        }
        Mode::Constant | Mode::Skip => constant(0),
    }
}

/// `sum of weight * value` over the lanes of a pattern.
fn by_pattern(c: &Config, pattern: usize, values: &[Expr]) -> Expr {
    let lanes = c.shape.features.patterns.get(pattern).map_or(&[][..], |p| &p.lanes);
    let terms = lanes
        .iter()
        .zip(values)
        .filter_map(|(weight, value)| Some((((*weight)?), value)));
    let mut runs: Vec<(Weight, Expr)> = vec![];
    // By Horner from the last lane down, as long as weights do not fall.
    for (weight, value) in terms.rev() {
        match runs.last_mut() {
            Some((above, sum)) if above.iter().zip(weight).all(|(a, w)| *a >= w) => {
                let by = [0, 1, 2].map(|i| above[i] - weight[i]);
                *sum = weigh(c, sum.clone(), by) + value.clone();
                *above = weight;
            }
            Some(_) | None => runs.push((weight, value.clone())),
        }
    }
    let sums = runs.into_iter().map(|(weight, sum)| weigh(c, sum, weight));
    sums.reduce(|a, b| a + b).unwrap_or_else(|| constant(0))
}

/// `term * r^i t^j s^k`.
fn weigh(c: &Config, term: Expr, weight: Weight) -> Expr {
    let challenges = [c.challenges.r.expr(), c.challenges.t.expr(), c.s()];
    let factors = challenges.iter().zip(weight).flat_map(|(c, e)| (0..e).map(move |_| c));
    factors.fold(term, |term, c| term * c.clone())
}

/// Exponents of `r`, `t`, `s`.
type Weight = [u32; 3];
