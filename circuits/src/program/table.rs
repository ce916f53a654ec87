//! Functions as tables.

use crate::graph::Function;
use serde::{Deserialize, Serialize};

/// A function of one stored value: the integer result for each integer that it takes. It is public: the structure of a model
/// and the ranges of its recipe determine it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Fractional bits of what it takes.
    pub frac: i32,
    /// The smallest integer that it takes.
    pub first: i64,
    /// The results from there on; none where the function has no value, or none in range.
    pub results: Vec<Option<i64>>,
}

/// How many fractional bits an integer has, and how many bits with its sign.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Fractional bits.
    pub frac: i32,
    /// Bits.
    pub bits: u32,
}

impl Scale {
    fn half(self) -> i64 {
        1 << (self.bits - 1)
    }

    /// The number that an integer stands for.
    pub fn number(self, units: i64) -> f64 {
        units as f64 * 2f64.powi(-self.frac)
    }

    /// The integer nearest to a number, if it is in range.
    fn units(self, number: f64) -> Option<i64> {
        let units = (number * 2f64.powi(self.frac)).round();
        let half = self.half() as f64;
        (-half..half).contains(&units).then_some(units as i64)
    }
}

impl Table {
    /// The table of a function on the integers up to a magnitude, which have so many fractional bits.
    pub fn new(function: &Function, frac: i32, reach: i64, to: Scale) -> Self {
        let from = Scale { frac, ..to };
        let result = |units: i64| to.units(function.at(from.number(units)));
        Self {
            frac,
            first: -reach,
            results: (-reach..=reach).map(result).collect(),
        }
    }

    /// The result for an integer.
    pub fn result(&self, units: i64) -> Option<i64> {
        let index = usize::try_from(units.checked_sub(self.first)?).ok()?;
        self.results.get(index).copied().flatten()
    }

    /// What it takes, with the results.
    pub fn entries(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        let all = (self.first..).zip(&self.results);
        all.filter_map(|(units, result)| Some((units, (*result)?)))
    }

    /// Largest difference between a function anywhere and the result, which has so many fractional bits, for the nearest
    /// integer; where arguments and values of the function are of magnitudes up to these.
    pub fn error(&self, function: &Function, frac: i32, [argument, value]: [f64; 2]) -> f64 {
        let (unit, result_unit) = (2f64.powi(-self.frac), 2f64.powi(-frac));
        let difference = |(units, result): (i64, i64)| {
            let (x, y) = (units as f64 * unit, result as f64 * result_unit);
            let near = [x - unit / 2.0, x, x + unit / 2.0].map(|x| function.at(x));
            let expected = x.abs() <= argument && near.iter().all(|y| y.abs() <= value);
            let differences = near.iter().filter(|_| expected).map(|f| (f - y).abs());
            differences.fold(0.0, f64::max)
        };
        self.entries().map(difference).fold(0.0, f64::max)
    }

    /// Ends of the integers it takes without a gap, of those near an integer that it does not take.
    pub fn near(&self, units: i64) -> [i64; 2] {
        let taken: Vec<i64> = self.entries().map(|entry| entry.0).collect();
        let runs = taken.chunk_by(|a, b| a + 1 == *b);
        let ends = runs.filter_map(|run| Some([*run.first()?, *run.last()?]));
        let distance = |[first, last]: &[i64; 2]| (first - units).max(units - last);
        ends.min_by_key(distance).unwrap_or([0, 0])
    }
}

#[cfg(test)]
mod tests;
