//! Range lookups by sums of fractions (logUp), for any number of limbs and tables: of the model's circuit and of the
//! registration.
//!
//! Haböck, "Multivariate lookups based on logarithmic derivatives", <https://eprint.iacr.org/2022/1530>.

use super::expr::{before, cell, constant, product, Cells, Expr, Gates};
use super::rows;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{BatchInvert, Field};
use halo2_proofs::plonk::{Advice, Column};
use rayon::prelude::*;

/// Fractions that one column sums. With three, gates have degree 5.
const GROUP: usize = 3;

/// Advice columns after `alpha`.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// Sums of fractions, all but those of the last group.
    pub helpers: Vec<T>,
    /// Running sum of the helpers and the last group.
    pub sum: T,
}

impl<T> Columns<T> {
    /// For so many fractions; `next` makes a column that is read at so many rows.
    pub(crate) fn new(fractions: usize, next: &mut dyn FnMut(usize) -> T) -> Self {
        Self {
            helpers: (0..helpers(fractions)).map(|_| next(1)).collect(),
            sum: next(2),
        }
    }

    /// In the order in which they are made.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.helpers.iter().chain([&self.sum])
    }
}

/// Helpers for so many fractions.
pub(crate) fn helpers(fractions: usize) -> usize {
    fractions.div_ceil(GROUP).saturating_sub(1)
}

/// `numerator / denominator`; the numerator 1 is none.
struct Fraction {
    numerator: Option<Expr>,
    denominator: Expr,
}

/// The product of all denominators of a group, and the sum of its fractions times that product.
fn joined(group: &[Fraction]) -> [Expr; 2] {
    let denominators = |skip: Option<usize>| {
        let kept = group.iter().enumerate().filter(move |(at, _)| Some(*at) != skip);
        kept.map(|(_, fraction)| fraction.denominator.clone())
    };
    let terms = group.iter().enumerate();
    let terms =
        terms.map(|(at, fraction)| product(fraction.numerator.clone().into_iter().chain(denominators(Some(at)))));
    let sum = terms.reduce(|a, b| a + b).unwrap_or_else(|| constant(0));
    [product(denominators(None)), sum]
}

/// What is looked up, and where.
pub(crate) struct Lookup<'a> {
    /// Columns that are range-checked.
    pub limbs: &'a [Column<Advice>],
    /// Multiplicities of each table, and its entries: all tables together have each number of the range once.
    pub tables: Vec<(Column<Advice>, Expr)>,
    /// Drawn after limbs and multiplicities.
    pub alpha: Expr,
    /// What else the running sum adds in a row, of degree 2 at most.
    pub besides: Expr,
}

/// With the fractions `1 / (alpha + limb)` of all limbs and `-multiplicity / (alpha + entry)` of all tables in groups of three,
/// `d_i` the denominators of a group, `n_i` its numerators, `D = prod d_i`, `N = sum_i n_i prod_{j != i} d_j`:
/// * `usable (h D - N) = 0` for the helper `h` of each group but the last;
/// * `usable ((sum - sum of helpers) D - N) - not_first sum_prev D - besides D = 0` for the last group, so that
///   `sum = sum_prev + all fractions of the row + besides`, and `last sum = 0`.
///
/// A denominator is zero with negligible probability only: limbs, multiplicities and entries were fixed before `alpha`. Then every
/// helper and the running sum are determined by them. The sum of all fractions over all usable rows vanishes in a random
/// `alpha` only if it vanishes identically, so if every limb on every usable row is an entry. Unused cells are 0, which is one.
pub(crate) fn gates(
    m: &mut Cells<'_>,
    rows: &rows::Columns,
    columns: &Columns<Column<Advice>>,
    lookup: Lookup<'_>,
) -> Gates {
    let usable = rows.usable(m);
    let limbs = lookup.limbs.iter().map(|&limb| Fraction {
        numerator: None,
        denominator: cell(m, limb) + lookup.alpha.clone(),
    });
    let mut fractions: Vec<Fraction> = limbs.collect();
    fractions.extend(lookup.tables.into_iter().map(|(multiplicity, entry)| Fraction {
        numerator: Some(-cell(m, multiplicity)),
        denominator: entry + lookup.alpha.clone(),
    }));
    let mut groups: Vec<&[Fraction]> = fractions.chunks(GROUP).collect();
    let last_group = groups.pop().unwrap_or_default();
    let mut gates = vec![];
    let mut total = constant(0);
    for (group, &helper) in groups.into_iter().zip(&columns.helpers) {
        let (helper, [denominator, numerator]) = (cell(m, helper), joined(group));
        gates.push(("helper", usable.clone() * (helper.clone() * denominator - numerator)));
        total = total + helper;
    }
    let (sum, previous) = (cell(m, columns.sum), before(m, columns.sum, 1));
    let [denominator, numerator] = joined(last_group);
    let added = usable.clone() * (sum.clone() - total) - rows.not_first(m) * previous - lookup.besides;
    gates.push(("running sum", added * denominator - usable * numerator));
    gates.push(("balance", rows.last(m) * sum));
    gates
}

/// What is looked up, as integers.
pub(crate) struct Values<'a> {
    /// Limbs, column by column, all usable rows.
    pub limbs: Vec<&'a [u64]>,
    /// Multiplicities of each table. Entry `row` of table `i` is `row + i` times the length of a table.
    pub tables: Vec<&'a [u64]>,
}

/// The columns of a lookup.
pub(crate) struct LookedUp {
    /// Helpers and the running sum.
    pub columns: Vec<Vec<Fr>>,
    /// `1 / (alpha + v)` for every entry.
    pub inverses: Vec<Fr>,
}

/// A column whose cell `i` is the sum over `j` of `table[places[j][i]]`.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    /// The entries.
    pub table: &'a [Fr],
    /// Places in the table, as many in each list.
    pub places: Vec<&'a [u64]>,
}

/// The helpers among whose fractions is none of a table, over so many rows.
pub(crate) fn helpers_of_limbs<'a>(inverses: &'a [Fr], limbs: &[&'a [u64]], usable: usize) -> Vec<Entries<'a>> {
    let helper = |limbs: &[&'a [u64]]| Entries {
        table: inverses,
        places: limbs.iter().map(|limb| &limb[..usable]).collect(),
    };
    let helpers = limbs.chunks_exact(GROUP).map(helper);
    // Of limbs and a table the last group has the table.
    helpers.collect()
}

impl Values<'_> {
    /// Over so many rows.
    pub(crate) fn columns(&self, usable: usize, alpha: Fr, besides: &(dyn Fn(usize) -> Fr + Sync)) -> LookedUp {
        let length = self.tables.first().map_or(0, |table| table.len());
        let entries = 0..length * self.tables.len();
        let mut inverses: Vec<Fr> = entries.map(|v| alpha + Fr::from(v as u64)).collect();
        inverses.par_chunks_mut(1 << 12).for_each(|chunk| {
            chunk.iter_mut().batch_invert();
        });
        let fraction = |index: usize, row: usize| match index.checked_sub(self.limbs.len()) {
            None => inverses[self.limbs[index][row] as usize],
            Some(table) => match self.tables[table].get(row) {
                Some(&multiplicity) => -Fr::from(multiplicity) * inverses[table * length + row],
                None => Fr::ZERO,
            },
        };
        let all: Vec<usize> = (0..self.limbs.len() + self.tables.len()).collect();
        let sums = |group: &[usize]| -> Vec<Fr> {
            let sum = |row: usize| group.iter().map(|&index| fraction(index, row)).sum();
            (0..usable).map(sum).collect()
        };
        let mut columns: Vec<Vec<Fr>> = all.par_chunks(GROUP).map(sums).collect();
        let besides: Vec<Fr> = (0..usable).into_par_iter().map(besides).collect();
        let mut total = Fr::ZERO;
        let sum = besides.iter().enumerate().map(|(row, besides)| {
            total += columns.iter().map(|column| column[row]).sum::<Fr>() + besides;
            total
        });
        let sum = sum.collect();
        columns.pop();
        columns.push(sum);
        LookedUp { columns, inverses }
    }
}

/// How often each number below `entries` is a limb.
pub(crate) fn multiplicities<'a>(entries: usize, limbs: impl Iterator<Item = &'a Vec<u64>>) -> Vec<u64> {
    let mut counts = vec![0u64; entries];
    limbs.flatten().for_each(|&value| counts[value as usize] += 1);
    counts
}
