//! The limbs of all lanes are in the range table.

use super::columns::{Next, Phase};
use super::config::Config;
use super::expr::{constant, fixed};
use super::lookup::{self, Entries, LookedUp, Lookup, Values};
use super::{function, lane};
use crate::layout::Shape;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Advice, Column, ConstraintSystem};

/// Advice columns.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// How often each entry of each part of the table occurs.
    pub multiplicity: Vec<T>,
    /// The lookup.
    pub lookup: lookup::Columns<T>,
}

impl<T> Columns<T> {
    pub(super) fn new(shape: &Shape, next: &mut Next<'_, T>) -> Self {
        let (limbs, parts) = (2 * shape.lanes * shape.limbs as usize, shape.range_parts());
        Self {
            multiplicity: (0..parts).map(|_| next(Phase::First.read_at(1))).collect(),
            lookup: lookup::Columns::new(limbs + parts, &mut |rows| next(Phase::Second.read_at(rows))),
        }
    }
}

/// Fixed columns.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// First part of the range table: `0 .. 2^table_bits / parts`, then zeros. Entries of the others are so many more each.
    pub table: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(next: &mut dyn FnMut() -> T) -> Self {
        Self { table: next() }
    }

    pub(super) fn fill(&self, shape: &Shape, set: &mut dyn FnMut(&T, usize, Fr)) {
        (0..shape.range_rows()).for_each(|row| set(&self.table, row, Fr::from(row as u64)));
    }
}

/// Every limb on every usable row is below `2^table_bits`: see [`lookup::gates`]. The fractions of [`function`] are in the same sum; there it
/// says why they neither help a limb nor are helped by the table.
pub(super) fn gate(meta: &mut ConstraintSystem<Fr>, c: &Config) {
    let limbs: Vec<Column<Advice>> = c.advice.limbs(&c.shape).copied().collect();
    let columns = &c.advice.range;
    meta.create_gate("range", |m| {
        let first = fixed(m, c.fixed.range.table);
        let tables = columns.multiplicity.iter().enumerate().map(|(part, &multiplicity)| {
            // Of one part the gate is as it was without any: keys name gates as they are written.
            let entry = match part * c.shape.range_rows() {
                0 => first.clone(),
                start => first.clone() + constant(start as u64),
            };
            (multiplicity, entry)
        });
        let lookup = Lookup {
            limbs: &limbs,
            tables: tables.collect(),
            alpha: c.challenges.alpha.expr(),
            besides: c.rows.usable(m) * function::total(m, c),
        };
        lookup::gates(m, &c.rows, &columns.lookup, lookup)
    });
}

/// How often each entry of each part of the table is a limb.
pub(super) fn multiplicities(shape: &Shape, lanes: &[lane::Columns<Vec<u64>>]) -> Vec<Vec<u64>> {
    let limbs = lanes.iter().flat_map(|lane| lane.limbs(shape));
    let counts = lookup::multiplicities(1 << shape.table_bits, limbs);
    counts.chunks(shape.range_rows()).map(<[u64]>::to_vec).collect()
}

fn limbs<'a>(shape: &'a Shape, lanes: &'a [lane::Columns<Vec<u64>>]) -> Vec<&'a [u64]> {
    let limbs = lanes.iter().flat_map(|lane| lane.limbs(shape));
    limbs.map(Vec::as_slice).collect()
}

/// The helpers as sums of entries, in the order of their columns.
pub(super) fn helpers<'a>(
    shape: &'a Shape,
    lanes: &'a [lane::Columns<Vec<u64>>],
    inverses: &'a [Fr],
) -> Vec<Entries<'a>> {
    lookup::helpers_of_limbs(inverses, &limbs(shape, lanes), shape.usable())
}

/// Columns of the lookup, whose sum has the helpers of functions too.
pub(super) fn columns(
    shape: &Shape,
    lanes: &[lane::Columns<Vec<u64>>],
    multiplicity: &[Vec<u64>],
    functions: &[Vec<Fr>],
    alpha: Fr,
) -> LookedUp {
    let values = Values {
        limbs: limbs(shape, lanes),
        tables: multiplicity.iter().map(Vec::as_slice).collect(),
    };
    values.columns(shape.usable(), alpha, &|row| {
        functions.iter().map(|helper| helper[row]).sum()
    })
}
