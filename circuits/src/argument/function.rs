//! Rows of functions: rounded accumulators that are looked up in a table.

use super::columns::{Next, Phase};
use super::config::Config;
use super::expr::{cell, constant, fixed, Cells, Expr, Gates};
use super::lane::{self, View};
use super::rounding;
use crate::layout::{Layout, RowKind, Shape};
use crate::program::{Program, Trace};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Advice, Column, ConstraintSystem};

mod values;

pub(super) use values::{columns, multiplicities};

/// Fractions that one helper sums.
const GROUP: usize = 3;

/// Advice columns.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// For each block of entries, how often each is the row of a lane, times the number of its table.
    pub multiplicities: Vec<T>,
    /// Sums of fractions, [`GROUP`] each: those of the lanes, then of the blocks.
    pub helpers: Vec<T>,
}

impl<T> Columns<T> {
    pub(super) fn new(shape: &Shape, next: &mut Next<'_, T>) -> Self {
        let (tables, mut many) = (&shape.features.tables, |count: usize, phase: Phase| {
            (0..count).map(|_| next(phase.read_at(1))).collect()
        });
        let multiplicities = many(tables.blocks, Phase::First);
        let fractions = tables.live.last().map_or(0, |lanes| lanes + tables.blocks);
        Self {
            multiplicities,
            helpers: many(fractions.div_ceil(GROUP), Phase::Second),
        }
    }
}

/// Fixed columns.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// For each number of lanes that are looked up, the number of the row's table, or 0.
    pub tags: Vec<T>,
    /// For each block of entries, the packed input and the result.
    pub blocks: Vec<[T; 2]>,
}

impl<T> Fixed<T> {
    pub(super) fn new(shape: &Shape, next: &mut dyn FnMut() -> T) -> Self {
        let tables = &shape.features.tables;
        Self {
            tags: tables.live.iter().map(|_| next()).collect(),
            blocks: (0..tables.blocks).map(|_| [next(), next()]).collect(),
        }
    }

    pub(super) fn fill(&self, model: &Program, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        let shape = &layout.shape;
        for row in 0..layout.kinds.len() {
            if let Some((tag, live)) = looked_up(model, layout, row) {
                let column = shape.features.tables.live.iter().position(|lanes| *lanes == live);
                if let Some(column) = column {
                    set(&self.tags[column], row, Fr::from(tag as u64));
                }
            }
        }
        for (index, entry) in entries(model, layout).enumerate() {
            let [input, result] = &self.blocks[index / shape.usable()];
            set(input, index % shape.usable(), Fr::from(entry.packed()));
            set(result, index % shape.usable(), Fr::from(entry.result()));
        }
    }
}

/// An entry of a table: stored input and stored result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Entry {
    tag: u64,
    input: u64,
    value: u64,
}

/// Inputs have fewer bits than this.
const INPUT_BITS: u32 = 32;

impl Entry {
    /// `input + tag * 2^32`.
    fn packed(self) -> u64 {
        self.input + (self.tag << INPUT_BITS)
    }

    /// The result, which is not 0.
    fn result(self) -> u64 {
        self.value + 1
    }
}

/// The entries of all tables, one after the other.
fn entries<'a>(model: &'a Program, layout: &'a Layout) -> impl Iterator<Item = Entry> + 'a {
    layout.tables().zip(1..).flat_map(move |(id, tag)| {
        let zero = model.zero(id);
        let entry = move |(input, value): (i64, i64)| Entry {
            tag,
            input: (input + zero) as u64,
            value: (value + zero) as u64,
        };
        model.table(id).into_iter().flat_map(|table| table.entries()).map(entry)
    })
}

/// The number of a row's table, and the lanes of which the channels are looked up in it.
fn looked_up(model: &Program, layout: &Layout, row: usize) -> Option<(usize, usize)> {
    let RowKind::Affine(id, block, _) = layout.kinds[row] else {
        return None;
    };
    let tag = layout.tags[id];
    (tag > 0).then(|| (tag, layout.live(model.tensors[id].channels, block)))
}

/// The number of the row's table where so many lanes hold channels.
fn tag(m: &mut Cells<'_>, c: &Config, of: impl Fn(usize) -> bool) -> Option<Expr> {
    lane::on_lanes(m, &c.shape.features.tables.live, &c.fixed.function.tags, of)
}

/// `tag * (1 - sign) = 0` on all lanes, `tag * (value - zero) = 0` on those without a channel.
///
/// Uniqueness: these rows are rounded as those of signed tensors are, `sign`, `high`, `rem` are the unique bounded solution of
/// `A + half + zero 2^f = m`. The value is that of the only entry with the input `high`, see [`gate`]; where the table has
/// none there is no proof. Lanes without a channel are not looked up, as the value of a function at 0 need not be 0, and other
/// arguments rely on it that nothing stands there.
pub(super) fn gates(m: &mut Cells<'_>, c: &Config, lane: &View, index: usize) -> Gates {
    let (sign, [value, ..]) = (lane.sign.clone(), lane.value.clone());
    let all = tag(m, c, |_| true);
    let mut gates = vec![];
    gates.extend(all.map(|tag| ("inputs of tables are not clamped", tag * (constant(1) - sign))));
    let padding = tag(m, c, |live| live <= index);
    gates.extend(padding.map(|tag| ("padding of a function is zero", tag * (value - lane.zero.clone()))));
    gates
}

/// logUp over pairs: each lane with a channel is an entry of the table of its row, because
///
/// `sum tag / (alpha + high + 2^32 tag + r (value + 1)) = sum multiplicity / (alpha + packed + r result)`
///
/// over lanes, rows and blocks, where an entry of the tables is `packed = input + 2^32 tag`, `result = value + 1`.
///
/// `alpha` and `r` are drawn after everything else in it was fixed: `high`, `value` and multiplicities are of phase 1, the rest
/// is fixed columns. Both sides are then equal as functions of `alpha` and `r`, but for an error of their degree / p. Poles of
/// the left side have sums of tags as residues, which are positive and far below p; so each pair `(high + 2^32 tag, value + 1)`
/// with a tag is a pair of fixed cells. The value is bounded by nothing else, and joined by a challenge it need not be: joined
/// by a power of two, `value` and `high` could be exchanged for others of the same sum.
///
/// The sum is one with that of the range lookup, whose pairs are `(limb, 0)` and `(t, 0)`. Results of entries are not 0, so a
/// limb can only be in the range table; hence limbs are in range and so is `high`, below 2^32. Then `high + 2^32 tag` is beyond the range table
/// and names its tag and input, so a pair with a tag is an entry of that table. Fixed cells after the last entry are the pair `(0, 0)`,
/// which a limb of 0 may use. Each input of a table has one entry, so the value is determined.
///
/// On rows without a table the numerator is 0, and so is the fraction.
pub(super) fn gate(meta: &mut ConstraintSystem<Fr>, c: &Config) {
    let columns = &c.advice.function;
    if columns.helpers.is_empty() {
        return;
    }
    meta.create_gate("functions", |m| {
        let usable = c.rows.usable(m);
        let fractions = fractions(m, c);
        let helper = |(group, &helper): (&[Fraction], &Column<Advice>)| {
            let over = |skip: Option<usize>| {
                let kept = group.iter().enumerate().filter(|(i, _)| Some(*i) != skip);
                let kept = kept.map(|(_, fraction)| fraction.denominator.clone());
                kept.reduce(|a, b| a * b).unwrap_or_else(|| constant(1))
            };
            let terms = group
                .iter()
                .enumerate()
                .map(|(i, f)| f.numerator.clone() * over(Some(i)));
            let numerator = terms.reduce(|a, b| a + b).unwrap_or_else(|| constant(0));
            (
                "function helper",
                usable.clone() * (cell(m, helper) * over(None) - numerator),
            )
        };
        fractions
            .chunks(GROUP)
            .zip(&columns.helpers)
            .map(helper)
            .collect::<Gates>()
    });
}

struct Fraction {
    numerator: Expr,
    denominator: Expr,
}

/// Those of the lanes, then those of the blocks, which count negative.
fn fractions(m: &mut Cells<'_>, c: &Config) -> Vec<Fraction> {
    let [alpha, r] = [c.challenges.alpha, c.challenges.r].map(|challenge| challenge.expr());
    let pair = |input: Expr, result: Expr| alpha.clone() + input + r.clone() * result;
    let mut fractions = vec![];
    for (index, lane) in c.advice.lanes.iter().enumerate() {
        let Some(tag) = tag(m, c, |live| live > index) else {
            continue;
        };
        let high = lane::integer(m, &c.shape, &lane.high, 0);
        let value = cell(m, lane.value);
        let packed = high + tag.clone() * Fr::from(1 << INPUT_BITS);
        fractions.push(Fraction {
            denominator: pair(packed, value + constant(1)),
            numerator: tag,
        });
    }
    for (block, &multiplicity) in c.fixed.function.blocks.iter().zip(&c.advice.function.multiplicities) {
        let [input, result] = block.map(|column| fixed(m, column));
        fractions.push(Fraction {
            denominator: pair(input, result),
            numerator: -cell(m, multiplicity),
        });
    }
    fractions
}

/// What all lookups of functions add to the sum of a row.
pub(super) fn total(m: &mut Cells<'_>, c: &Config) -> Expr {
    let helpers = c.advice.function.helpers.iter().map(|&helper| cell(m, helper));
    helpers.reduce(|a, b| a + b).unwrap_or_else(|| constant(0))
}

/// The integers of a lane at a row that is looked up.
pub(super) fn row(model: &Program, layout: &Layout, trace: &Trace, row: usize, lane: usize) -> lane::Row {
    let RowKind::Affine(id, block, position) = layout.kinds[row] else {
        return lane::Row::default();
    };
    let (tensor, channel) = (&model.tensors[id], block * layout.shape.lanes + lane);
    let accumulator = rounding::accumulator(model, layout, trace, row, lane);
    let result = match channel < tensor.channels {
        true => trace.values[id][channel * tensor.positions() + position],
        false => 0,
    };
    lane::Row {
        value: (result + model.zero(id)) as u64,
        ..rounding::row(model, id, accumulator)
    }
}
