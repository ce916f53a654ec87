//! Range lookup of the limbs of all lanes. The sum is that of all lookups.

use super::columns::{Next, Phase};
use super::config::Config;
use super::expr::{before, cell, constant, fixed, Expr};
use super::{function, lane};
use crate::layout::{Layout, Shape};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{BatchInvert, Field};
use halo2_proofs::plonk::{Advice, Column, ConstraintSystem};
use rayon::prelude::*;

/// Fractions that one helper sums.
const GROUP: usize = 3;

/// Advice columns.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// How often each value of the table occurs.
    pub multiplicity: T,
    /// Sums of fractions of limbs, [`GROUP`] each.
    pub helpers: Vec<T>,
    /// Fraction of the table.
    pub table_helper: T,
    /// Running sum.
    pub sum: T,
}

impl<T> Columns<T> {
    pub(super) fn new(shape: &Shape, next: &mut Next<'_, T>) -> Self {
        let fractions = 2 * shape.lanes * shape.limbs as usize;
        Self {
            multiplicity: next(Phase::First.read_at(1)),
            helpers: (0..fractions.div_ceil(GROUP))
                .map(|_| next(Phase::Second.read_at(1)))
                .collect(),
            table_helper: next(Phase::Second.read_at(1)),
            sum: next(Phase::Second.read_at(2)),
        }
    }
}

/// Fixed columns.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// Range table.
    pub table: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(next: &mut dyn FnMut() -> T) -> Self {
        Self { table: next() }
    }

    pub(super) fn fill(&self, shape: &Shape, set: &mut dyn FnMut(&T, usize, Fr)) {
        (0..1 << shape.table_bits).for_each(|row| set(&self.table, row, Fr::from(row as u64)));
    }
}

/// logUp: every table-checked limb on every usable row is in the range table, because
/// `sum 1 / (alpha + limb) = sum multiplicity / (alpha + table)` with `alpha` drawn after limbs and multiplicities.
/// Unused cells are 0, which is in the table. The fractions of [`function`] are in the same sum; there it says why they
/// neither help a limb nor are helped by the table.
pub(super) fn gate(meta: &mut ConstraintSystem<Fr>, c: &Config) {
    let cells: Vec<Column<Advice>> = c.advice.limbs(&c.shape).copied().collect();
    let columns = &c.advice.lookup;
    meta.create_gate("lookup", |m| {
        let rows = &c.fixed.rows;
        let [usable, not_first, last, table] =
            [rows.usable, rows.not_first, rows.last, c.fixed.lookup.table].map(|column| fixed(m, column));
        let alpha = c.challenges.alpha.expr();
        let mut gates = vec![];
        let mut total = function::total(m, c);
        for (group, &helper) in cells.chunks(GROUP).zip(&columns.helpers) {
            let f: Vec<Expr> = group.iter().map(|&limb| cell(m, limb) + alpha.clone()).collect();
            let h = cell(m, helper);
            let product = |skip: Option<usize>| {
                let kept = f.iter().enumerate().filter(|(i, _)| Some(*i) != skip);
                let kept = kept.map(|(_, e)| e.clone());
                kept.reduce(|a, b| a * b).unwrap_or_else(|| constant(1))
            };
            let numerator = (0..f.len())
                .map(|i| product(Some(i)))
                .reduce(|a, b| a + b)
                .unwrap_or_else(|| constant(0));
            gates.push((
                "lookup helper",
                usable.clone() * (h.clone() * product(None) - numerator),
            ));
            total = total + h;
        }
        let [multiplicity, table_helper] = [columns.multiplicity, columns.table_helper].map(|column| cell(m, column));
        gates.push((
            "table helper",
            usable.clone() * (table_helper.clone() * (table + alpha) - multiplicity),
        ));
        let (sum, previous) = (cell(m, columns.sum), before(m, columns.sum, 1));
        gates.push((
            "lookup sum",
            usable * (sum.clone() - total + table_helper) - not_first * previous,
        ));
        gates.push(("lookup balance", last * sum));
        gates
    });
}

/// How often each value of the table is a limb.
pub(super) fn multiplicities(shape: &Shape, lanes: &[lane::Columns<Vec<u64>>]) -> Vec<u64> {
    let mut counts = vec![0u64; 1 << shape.table_bits];
    let limbs = lanes.iter().flat_map(|lane| lane.limbs(shape));
    limbs.flatten().for_each(|&value| counts[value as usize] += 1);
    counts
}

/// Helpers, the table helper and the running sum, which has the helpers of functions too.
pub(super) fn columns(
    layout: &Layout,
    lanes: &[lane::Columns<Vec<u64>>],
    multiplicity: &[u64],
    functions: &[Vec<Fr>],
    alpha: Fr,
) -> Vec<Vec<Fr>> {
    let usable = layout.shape.usable();
    // 1 / (alpha + v) for every table value, once.
    let mut inverses: Vec<Fr> = (0..1u64 << layout.shape.table_bits)
        .map(|v| alpha + Fr::from(v))
        .collect();
    inverses.iter_mut().batch_invert();
    let limbs: Vec<&Vec<u64>> = lanes.iter().flat_map(|lane| lane.limbs(&layout.shape)).collect();
    let helper = |group: &[&Vec<u64>]| {
        let rows = 0..usable;
        rows.map(|row| group.iter().map(|c| inverses[c[row] as usize]).sum())
            .collect()
    };
    let mut columns: Vec<Vec<Fr>> = limbs.par_chunks(GROUP).map(helper).collect();
    let table = multiplicity.iter().zip(&inverses);
    let mut table: Vec<Fr> = table.map(|(&m, inverse)| Fr::from(m) * inverse).collect();
    table.resize(usable, Fr::ZERO);
    let mut total = Fr::ZERO;
    let sum = (0..usable).map(|row| {
        total += columns.iter().chain(functions).map(|c| c[row]).sum::<Fr>() - table[row];
        total
    });
    let sum = sum.collect();
    columns.extend([table, sum]);
    columns
}
