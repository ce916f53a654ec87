//! Rows of quotients of neighbours: five of them, of a dividend, its divisor, the quotient with its remainder, what the
//! remainder is short of the divisor, and the bits of the quotient.

use super::config::Config;
use super::expr::{before, cell, constant, fixed, power_of_two, signed, Cells, Expr, Gates};
use super::lane::{self, Columns, Row, View};
use crate::layout::{Layout, RowKind, Shape};
use crate::program::{Precision, Program, Step};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::{Advice, Column, Expression};

/// Fixed columns. Lanes without a channel have the divisor 0, so there is one for each number of lanes that hold some.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// Multiplier of the rows of quotients, else 0.
    pub alpha: Vec<T>,
    /// Rows of what remainders are short of their divisors.
    pub short: Vec<T>,
    /// Rows of the bits of quotients, on all lanes.
    pub bits: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(shape: &Shape, next: &mut dyn FnMut() -> T) -> Self {
        let mut each = || shape.features.quotients.iter().map(|_| next()).collect();
        let (alpha, short) = (each(), each());
        Self {
            alpha,
            short,
            bits: next(),
        }
    }

    pub(super) fn fill(&self, model: &Program, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        let column = |id: usize, block: usize| {
            let live = layout.live(model.tensors[id].channels, block);
            let mut known = layout.shape.features.quotients.iter();
            known.position(|lanes| *lanes == live)
        };
        for (row, kind) in layout.kinds.iter().enumerate() {
            match *kind {
                RowKind::Quotient(id, block) => {
                    let alpha = signed(alpha(model, id));
                    column(id, block)
                        .into_iter()
                        .for_each(|i| set(&self.alpha[i], row, alpha));
                }
                RowKind::Remainder(id, block) => {
                    column(id, block)
                        .into_iter()
                        .for_each(|i| set(&self.short[i], row, Fr::ONE));
                }
                RowKind::Bits => set(&self.bits, row, Fr::ONE),
                RowKind::Free | RowKind::Input(..) | RowKind::Affine(..) => {}
                RowKind::Max(_) | RowKind::Product(..) => {}
            }
        }
    }
}

fn alpha(model: &Program, id: usize) -> i128 {
    match &model.tensors[id].step {
        Step::Quotient(quotient) => quotient.alpha.into(),
        Step::Input | Step::Affine(_) | Step::MaxPool(_) | Step::Product(_) => {
            unreachable!("the layout makes rows of quotients for quotients only")
        }
    }
}

/// What is added to the accumulator of a signed tensor to make it the integer `high 2^f + rem` of its row.
fn offset(precision: Precision) -> i128 {
    let f = precision.bits();
    (1 << (2 * f - 1)) + (1 << (f - 1))
}

/// Over five rows with the integers `m_0, .., m_4`, each `high 2^f + rem`, and the accumulators `A_i = m_i - offset` of a signed
/// tensor in the first two, of the dividend and the divisor; with `sign` and `q = value - half` of the third row:
///
/// * there, `alpha * ((2 sign - 1) (2 alpha A_0 + A_1 - 2 q A_1) - m_2) = 0`;
/// * on the fourth row, `short * (m_2 + m_3 + 1 - (2 sign - 1) 2 A_1) = 0`;
/// * on the fifth, `bits * (value - high) = 0` for the value of the third;
/// * on lanes without a channel, on the third row, `alpha * (value - zero) = 0` instead of the first two.
///
/// Uniqueness: each `m` is in `[0, 2^2f)` and `q` in `[-2^(f-1), 2^(f-1))`, for the limbs are bounded on every row. All products
/// are below `2^120`, far below p / 2, so the equations hold of integers. By the second one, `(2 sign - 1) 2 A_1 >= 1`: the divisor is
/// not 0, `sign` is its sign, and `(2 sign - 1) A_1` its magnitude `b`. Then `0 <= m_2 <= 2 b - 1`, and by the first one, with the
/// dividend `a` under the divisor's sign, `2 alpha a + b = 2 b q + m_2`: a division with remainder, of which quotient and remainder
/// are unique, `q = floor(alpha A_0 / A_1 + 1 / 2)`. A divisor of 0 and a quotient out of range have no cells at all.
///
/// Everything is of phase 1 and no challenge is needed. The rows of dividend and divisor are rounded as any signed tensor's,
/// so that their accumulators are the expressions above.
pub(super) fn gates(m: &mut Cells<'_>, c: &Config, lane: &View, index: usize) -> Gates {
    let Some(columns) = &c.fixed.quotient else {
        return vec![];
    };
    let own = &c.advice.lanes[index];
    let precision = c.shape.precision();
    let half = Expression::Constant(power_of_two(precision.bits().max(1) - 1));
    let offset = Expression::Constant(signed(offset(precision)));
    let accumulator = |m: &mut Cells<'_>, rows| integer(m, &c.shape, own, rows) - offset.clone();
    let of = |sign: Expr| sign * Fr::from(2) - constant(1);
    let live = &c.shape.features.quotients;
    let mut gates = vec![];
    if let Some(alpha) = lane::on_lanes(m, live, &columns.alpha, |live| live > index) {
        let (a, b, rem) = (accumulator(m, 2), accumulator(m, 1), integer(m, &c.shape, own, 0));
        let twice = (lane.value[0].clone() - half.clone()) * Fr::from(2);
        let numerator = alpha.clone() * a * Fr::from(2) + b.clone() - twice * b;
        let left = of(cell(m, own.sign)) * numerator;
        gates.push(("quotient of neighbours", alpha * (left - rem)));
    }
    if let Some(short) = lane::on_lanes(m, live, &columns.short, |live| live > index) {
        let (b, rem) = (accumulator(m, 2), integer(m, &c.shape, own, 1));
        let sum = rem + integer(m, &c.shape, own, 0) + constant(1);
        let twice = of(before(m, own.sign, 1)) * b * Fr::from(2);
        gates.push(("remainder is less than the divisor", short * (sum - twice)));
    }
    if let Some(padding) = lane::on_lanes(m, live, &columns.alpha, |live| live <= index) {
        let value = lane.value[0].clone();
        gates.push(("padding of a quotient is zero", padding * (value - lane.zero.clone())));
    }
    let value = lane.value[2].clone();
    gates.push((
        "quotient is in range",
        fixed(m, columns.bits) * (value - lane.high.clone()),
    ));
    gates
}

/// The integer `high 2^f + rem`, so many rows before.
fn integer(m: &mut Cells<'_>, shape: &Shape, lane: &Columns<Column<Advice>>, rows: i32) -> Expr {
    let [high, rem] = [&lane.high, &lane.rem].map(|parts| lane::integer(m, shape, parts, rows));
    high * power_of_two(shape.precision().bits()) + rem
}

/// Both parts of such an integer.
fn parts(precision: Precision, integer: i128) -> Row {
    Row {
        high: (integer >> precision.bits()) as u64,
        rem: (integer & ((1 << precision.bits()) - 1)) as u64,
        ..Row::default()
    }
}

fn joined(precision: Precision, row: &Row) -> i128 {
    (i128::from(row.high) << precision.bits()) + i128::from(row.rem)
}

/// The integers of a quotient `[tensor, block, lane]`, from those of the two rows before.
pub(super) fn row(model: &Program, layout: &Layout, [id, block, lane]: [usize; 3], before: &[Row]) -> Row {
    let (zero, precision) = (model.zero(id), model.precision);
    let [a, b] = [0, 1].map(|i| joined(precision, &before[i]) - offset(precision));
    let padding = lane >= layout.live(model.tensors[id].channels, block);
    // Nobody proves a division by 0.
    let (sign, divisor) = (b.signum(), 2 * b.abs().max(1));
    let (quotient, rem) = match padding {
        true => (0, 0),
        false => {
            let dividend = 2 * alpha(model, id) * a * sign + b.abs();
            (dividend.div_euclid(divisor), dividend.rem_euclid(divisor))
        }
    };
    Row {
        sign: u64::from(sign > 0),
        value: (quotient + i128::from(zero)) as u64,
        ..parts(precision, rem)
    }
}

/// The integers of what a remainder is short of its divisor, from those of the divisor and of the quotient.
pub(super) fn short(model: &Program, layout: &Layout, [id, block, lane]: [usize; 3], before: &[Row]) -> Row {
    let precision = model.precision;
    let [b, rem] = [0, 1].map(|i| joined(precision, &before[i]));
    match lane < layout.live(model.tensors[id].channels, block) {
        true => parts(precision, (2 * (b - offset(precision)).abs() - 1 - rem).max(0)),
        false => Row::default(),
    }
}

/// The integers of the bits of a stored value.
pub(super) fn bits(value: u64) -> Row {
    Row {
        high: value,
        ..Row::default()
    }
}
