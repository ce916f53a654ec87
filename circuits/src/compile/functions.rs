//! Tables for the functions of a float program.

use super::form::Applied;
use super::quantize::{integer_bits, magnitude};
use super::HEADROOM;
use crate::program::{Precision, Scale, Table};

/// Bits of what is looked up, with its sign: entries of a table are two to this.
const BITS: std::ops::RangeInclusive<u32> = 10..=14;
/// Largest error of a table, as a share of the largest result expected, if some table is as fine.
const ERROR: f64 = 0.0025;

/// A table with the scales of what it takes and gives.
pub struct Tabulated {
    pub table: Table,
    pub from: Scale,
    pub to: Scale,
}

/// The table of a function whose results are expected to be up to `range`: that of the fewest entries which is fine enough.
/// As any tensor's, its values have the headroom; results beyond it, and beyond those of the inputs in range, need no bits.
pub fn tabulate(applied: &Applied, range: f64, precision: Precision) -> Tabulated {
    let most = precision.bits().min(*BITS.end());
    let made = |bits: u32| {
        let from = Scale {
            frac: bits as i32 - 1 - integer_bits(applied.range),
            bits,
        };
        let to = results(applied, range, from, precision.bits());
        Tabulated {
            table: Table::new(&applied.function, from, to),
            from,
            to,
        }
    };
    let fine = |tabulated: &Tabulated| error(applied, range, tabulated) <= ERROR * range;
    let bits = *BITS.start().min(&most)..=most;
    let mut all = bits.map(made);
    let first = all.find(fine);
    first.unwrap_or_else(|| made(most))
}

/// The finest scale that has every result of an input in range, or those up to the headroom.
fn results(applied: &Applied, range: f64, from: Scale, bits: u32) -> Scale {
    let half = 1i64 << (from.bits - 1);
    let values = (-half..half).map(|units| applied.function.at(from.number(units)).abs());
    let limit = magnitude(range) * HEADROOM;
    let largest = values.filter(|v| *v <= limit).fold(0.0, f64::max);
    let least = magnitude(range);
    let whole = largest.max(least).log2().ceil() as i32;
    let scale = |frac: i32| Scale { frac, bits };
    let finest = bits as i32 - 1 - whole;
    // A power of two is one unit too large.
    let fits = (largest.max(least) * 2f64.powi(finest)).round() < 2f64.powi(bits as i32 - 1);
    scale(finest - i32::from(!fits))
}

/// Largest difference between the function anywhere and the table at the nearest integer, within what is expected.
fn error(applied: &Applied, range: f64, tabulated: &Tabulated) -> f64 {
    let Tabulated { table, from, to } = tabulated;
    let difference = |(units, result): (i64, i64)| {
        let (x, y) = (from.number(units), to.number(result));
        let step = from.number(1) / 2.0;
        let near = [x - step, x, x + step].map(|x| applied.function.at(x));
        let expected = x.abs() <= applied.range && near.iter().all(|y| y.abs() <= range);
        let differences = near.iter().map(|f| (f - y).abs());
        if expected {
            differences.fold(0.0, f64::max)
        } else {
            0.0
        }
    };
    table.entries().map(difference).fold(0.0, f64::max)
}
