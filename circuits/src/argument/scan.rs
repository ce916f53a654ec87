//! Scan slots: sums over the rows of the lanes, with coefficients that are copies.

mod values;

pub(super) use values::{columns, Scanned};

use super::columns::{Next, Phase};
use super::config::Config;
use super::expr::{before, cell, constant, fixed, horner, signed, Expr};
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
    /// Slot 0: accumulators by `r`; other slots: values by `s`.
    pub first: T,
    /// Values by `r`; not in slot 0.
    pub second: Option<T>,
    /// Values by a pattern: its index in the shape.
    pub patterns: Vec<(usize, T)>,
}

impl<T> Fixed<T> {
    pub(super) fn new(shape: &Shape, slot: usize, next: &mut dyn FnMut() -> T) -> Self {
        let [keep, kappa, first] = [(); 3].map(|()| next());
        let second = (slot > 0).then(&mut *next);
        let patterns = shape.features.patterns.iter().enumerate();
        let patterns = patterns.filter(|(_, p)| p.slot == slot);
        Self {
            keep,
            kappa,
            first,
            second,
            patterns: patterns.map(|(index, _)| (index, next())).collect(),
        }
    }

    pub(super) fn fill(&self, segment: &Segment, set: &mut dyn FnMut(&T, usize, Fr)) {
        for (index, row) in segment.rows.iter().enumerate() {
            let at = segment.start + index;
            if index > 0 {
                set(&self.keep, at, Fr::one());
            }
            set(&self.kappa, at, signed(row.kappa));
            let column = match row.mode {
                Mode::Accumulators | Mode::ValuesS => Some(&self.first),
                Mode::ValuesR => self.second.as_ref(),
                Mode::Pattern(pattern) => self.patterns.iter().find(|p| p.0 == pattern).map(|p| &p.1),
                Mode::Constant | Mode::Skip => None,
            };
            if let Some(column) = column {
                set(column, at, Fr::one());
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
        let usable = fixed(m, c.fixed.rows.usable);
        let [keep, kappa, first] = [selectors.keep, selectors.kappa, selectors.first].map(|column| fixed(m, column));
        let [a, b, acc] = [slot.a, slot.b, slot.acc].map(|column| cell(m, column));
        let previous = before(m, slot.acc, 1);
        let zero = fixed(m, c.fixed.lane.zero);
        let added = match selectors.second {
            None => {
                let lanes = c.advice.lanes.iter().map(|lane| lane::accumulator_of(m, c, lane));
                first * horner(lanes.collect(), &c.challenges.r.expr())
            }
            Some(second) => {
                let second = fixed(m, second);
                let lanes = c.advice.lanes.iter();
                let values: Vec<Expr> = lanes.map(|lane| cell(m, lane.value) - zero.clone()).collect();
                let by_pattern = selectors
                    .patterns
                    .iter()
                    .map(|&(pattern, column)| fixed(m, column) * by_pattern(c, pattern, &values));
                let by_pattern = by_pattern.reduce(|a, b| a + b);
                let by_powers = first * horner(values.clone(), &c.challenges.s.expr())
                    + second * horner(values.clone(), &c.challenges.r.expr());
                by_pattern.into_iter().fold(by_powers, |a, b| a + b)
            }
        };
        vec![("scan", usable * acc - keep * previous - a * b * (kappa + added))]
    });
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
    let challenges = [c.challenges.r, c.challenges.t, c.challenges.s].map(|challenge| challenge.expr());
    let factors = challenges.iter().zip(weight).flat_map(|(c, e)| (0..e).map(move |_| c));
    factors.fold(term, |term, c| term * c.clone())
}

/// Exponents of `r`, `t`, `s`.
type Weight = [u32; 3];
