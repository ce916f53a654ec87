//! What every row of a lane has: a stored value, and a bounded integer in two parts with a sign, from which the argument of
//! the row makes it.

use super::columns::{Next, Phase};
use super::config::Config;
use super::expr::{before, boolean, cell, constant, fixed, power_of_two, Cells, Expr};
use super::{function, input, maximum, product, quotient, rounding, whole};
use crate::layout::{Layout, RowKind, Shape};
use crate::program::{Program, Trace};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{self, Advice, Column, ConstraintSystem, Expression};

/// Advice columns of a lane.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// Sign of the shifted accumulator: 1 if non-negative.
    pub sign: T,
    /// Stored value `v + zero`, non-negative.
    pub value: T,
    /// Table-checked limbs of the high part, then its single bits.
    pub high: Vec<T>,
    /// Table-checked limbs of the remainder, then its single bits.
    pub rem: Vec<T>,
}

impl<T> Columns<T> {
    pub(super) fn new(shape: &Shape, next: &mut Next<'_, T>) -> Self {
        let quotients = !shape.features.quotients.is_empty();
        let rows = |with: usize| Phase::First.read_at(if quotients { with } else { 1 });
        let parts = |next: &mut Next<'_, T>| (0..shape.limbs + shape.top_bits).map(|_| next(rows(3))).collect();
        Self {
            sign: next(rows(2)),
            value: next(Phase::First.read_at(if shape.dense { 1 } else { 3 })),
            high: parts(next),
            rem: parts(next),
        }
    }

    /// In the order in which they are made.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        [&self.sign, &self.value].into_iter().chain(&self.high).chain(&self.rem)
    }

    /// Those that the range lookup checks.
    pub fn limbs(&self, shape: &Shape) -> impl Iterator<Item = &T> {
        let count = shape.limbs as usize;
        self.high.iter().take(count).chain(self.rem.iter().take(count))
    }

    /// Single bits above the limbs.
    pub fn bits(&self, shape: &Shape) -> impl Iterator<Item = &T> {
        let count = shape.limbs as usize;
        self.high.iter().skip(count).chain(self.rem.iter().skip(count))
    }
}

/// Fixed columns of all lanes.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// Zero point of the row's tensor.
    pub zero: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(next: &mut dyn FnMut() -> T) -> Self {
        Self { zero: next() }
    }

    pub(super) fn fill(&self, model: &Program, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        for (row, kind) in layout.kinds.iter().enumerate() {
            set(&self.zero, row, Fr::from(zero(model, kind) as u64));
        }
    }
}

/// What is added to the values of a row.
pub(super) fn zero(model: &Program, kind: &RowKind) -> i64 {
    match *kind {
        RowKind::Free | RowKind::Remainder(..) | RowKind::Bits => 0,
        RowKind::Input(id, _) => model.zero(id),
        RowKind::Affine(id, _, _) | RowKind::Product(id, _, _) => model.zero(id),
        RowKind::Max(id) | RowKind::Quotient(id, _) => model.zero(id),
    }
}

/// A lane at a row, as gates read it.
pub(super) struct View {
    /// Zero point.
    pub zero: Expr,
    /// Sign.
    pub sign: Expr,
    /// The value, that of the row before, and of the row before that: 0 where no argument reads other rows.
    pub value: [Expr; 3],
    /// The high part.
    pub high: Expr,
    /// The remainder.
    pub rem: Expr,
}

impl View {
    fn new(m: &mut Cells<'_>, c: &Config, lane: &Columns<Column<Advice>>) -> Self {
        let zero = fixed(m, c.fixed.lane.zero);
        let sign = cell(m, lane.sign);
        let value = [0, 1, 2].map(|rows| match c.shape.dense && rows > 0 {
            true => constant(0),
            false => before(m, lane.value, rows),
        });
        let [high, rem] = [&lane.high, &lane.rem].map(|parts| integer(m, &c.shape, parts, 0));
        Self {
            zero,
            sign,
            value,
            high,
            rem,
        }
    }

    /// The accumulator: `A = (2 sign - 1) m + (sign - 1) - half - zero * 2^f`, `m = high * 2^f + rem`.
    pub(super) fn accumulator(&self, shape: &Shape) -> Expr {
        accumulator(shape, &self.sign, &self.zero, &self.high, &self.rem)
    }
}

fn accumulator(shape: &Shape, sign: &Expr, zero: &Expr, high: &Expr, rem: &Expr) -> Expr {
    let f = shape.precision().bits();
    let magnitude = high.clone() * power_of_two(f) + rem.clone();
    let half = Expression::Constant(power_of_two(f.max(1) - 1));
    let sign = sign.clone();
    (sign.clone() * Fr::from(2) - constant(1)) * magnitude + sign - constant(1) - half - zero.clone() * power_of_two(f)
}

/// The cell of the row in those of the columns, one for each number of lanes that hold channels, whose number is asked for.
pub(super) fn on_lanes(
    m: &mut Cells<'_>,
    live: &[usize],
    columns: &[Column<plonk::Fixed>],
    of: impl Fn(usize) -> bool,
) -> Option<Expr> {
    let columns = live.iter().zip(columns).filter(|(live, _)| of(**live));
    columns.map(|(_, &column)| fixed(m, column)).reduce(|a, b| a + b)
}

/// The accumulator of a lane at a row, where nothing else of it is read.
pub(super) fn accumulator_of(m: &mut Cells<'_>, c: &Config, lane: &Columns<Column<Advice>>) -> Expr {
    let sign = cell(m, lane.sign);
    let zero = fixed(m, c.fixed.lane.zero);
    let [high, rem] = [&lane.high, &lane.rem].map(|parts| integer(m, &c.shape, parts, 0));
    accumulator(&c.shape, &sign, &zero, &high, &rem)
}

/// The integer that limbs (low first) and single bits above them stand for, so many rows before.
pub(super) fn integer(m: &mut Cells<'_>, shape: &Shape, parts: &[Column<Advice>], rows: i32) -> Expr {
    let limbs = shape.limbs as usize;
    let weight = |i: usize| {
        let over = i.saturating_sub(limbs) as u32;
        power_of_two(shape.table_bits * i.min(limbs) as u32 + over)
    };
    let cells = parts
        .iter()
        .enumerate()
        .map(|(i, &part)| before(m, part, rows) * weight(i));
    cells.reduce(|a, b| a + b).unwrap_or_else(|| constant(0))
}

/// Gates of a lane: `usable * sign * (sign - 1) = 0`, the same for each single bit, and what the arguments of its rows say.
/// Limbs are bounded by the range lookup, so that both parts are integers below `2^f`.
pub(super) fn gates(meta: &mut ConstraintSystem<Fr>, c: &Config, index: usize) {
    let lane = &c.advice.lanes[index];
    meta.create_gate(format!("lane {index}"), |m| {
        let usable = c.rows.usable(m);
        let view = View::new(m, c, lane);
        let mut gates = vec![("sign is a bit", usable.clone() * boolean(view.sign.clone()))];
        gates.extend(rounding::gates(m, c, &view));
        gates.extend(function::gates(m, c, &view, index));
        gates.extend(maximum::gates(m, c, &view));
        gates.extend(input::gates(m, c, &view, index));
        gates.extend(whole::gate(m, c, &view, index));
        gates.extend(product::gates(m, c, &view));
        gates.extend(quotient::gates(m, c, &view, index));
        for &bit in lane.bits(&c.shape) {
            gates.push(("top bit is a bit", usable.clone() * boolean(cell(m, bit))));
        }
        gates
    });
}

/// The integers of a lane at a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    pub sign: u64,
    pub value: u64,
    pub high: u64,
    pub rem: u64,
}

/// The rows of one lane, from the first.
pub(super) fn cells(model: &Program, layout: &Layout, trace: &Trace, lane: usize) -> Vec<Row> {
    let inputs = input::values(model, layout, trace, lane);
    let mut rows = vec![Row::default(); layout.shape.usable()];
    for (row, kind) in layout.kinds.iter().enumerate() {
        rows[row] = match *kind {
            RowKind::Free => Row::default(),
            RowKind::Input(id, _) => input::row(&layout.shape.inputs[id], inputs[row], zero(model, &layout.kinds[row])),
            RowKind::Affine(id, ..) if layout.tags[id] > 0 => function::row(model, layout, trace, row, lane),
            RowKind::Affine(id, ..) | RowKind::Product(id, ..) => {
                rounding::row(model, id, rounding::accumulator(model, layout, trace, row, lane))
            }
            RowKind::Quotient(id, block) => quotient::row(model, layout, [id, block, lane], &rows[row - 2..row]),
            RowKind::Remainder(id, block) => quotient::short(model, layout, [id, block, lane], &rows[row - 2..row]),
            RowKind::Bits => quotient::bits(rows[row - 2].value),
            RowKind::Max(_) => maximum::row(rows[row - 2].value, rows[row - 1].value),
        };
    }
    rows
}

/// The columns of these rows.
pub(super) fn columns(shape: &Shape, rows: &[Row]) -> Columns<Vec<u64>> {
    let part = |of: &dyn Fn(&Row) -> u64| rows.iter().map(of).collect::<Vec<u64>>();
    Columns {
        sign: part(&|row| row.sign),
        value: part(&|row| row.value),
        high: split(shape, &part(&|row| row.high)),
        rem: split(shape, &part(&|row| row.rem)),
    }
}

/// Splits integers into table limbs, low first, and single bits.
fn split(shape: &Shape, values: &[u64]) -> Vec<Vec<u64>> {
    let digits = |shift: u32, mask: u64| values.iter().map(move |v| (v >> shift) & mask).collect();
    let limb = |i: u32| digits(shape.table_bits * i, (1 << shape.table_bits) - 1);
    let bit = |i: u32| digits(shape.table_bits * shape.limbs + i, 1);
    (0..shape.limbs).map(limb).chain((0..shape.top_bits).map(bit)).collect()
}
