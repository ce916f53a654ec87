//! Functions as tables.

use crate::graph::Function;
use serde::{Deserialize, Serialize};

/// A function of one stored value: the integer result for each integer that it takes. It is public: the structure of a model
/// and the ranges of its recipe determine it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
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
    /// The table of a function on all integers of a scale.
    pub fn new(function: &Function, from: Scale, to: Scale) -> Self {
        let half = from.half();
        let result = |units: i64| to.units(function.at(from.number(units)));
        Self {
            first: -half,
            results: (-half..half).map(result).collect(),
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
mod tests {
    use super::*;
    use crate::graph::{Binary, Unary};

    const FROM: Scale = Scale { frac: 4, bits: 8 };
    const TO: Scale = Scale { frac: 6, bits: 10 };

    #[test]
    fn a_table_has_the_rounded_function_and_nothing_else() {
        let table = Table::new(&Function::Variable.then(Unary::Tanh), FROM, TO);
        assert_eq!(table.entries().count(), 256);
        for (units, result) in table.entries() {
            assert_eq!(result, (libm::tanh(units as f64 / 16.0) * 64.0).round() as i64);
            assert_eq!(table.result(units), Some(result));
        }
        assert_eq!([-129, 128, i64::MIN, i64::MAX].map(|x| table.result(x)), [None; 4]);
    }

    #[test]
    fn what_has_no_value_in_range_has_no_entry() {
        let inverse = Function::Number(1.0).with(Binary::Div, Function::Variable);
        let table = Table::new(&inverse, FROM, TO);
        // 1 / x is below 8 from x = 1 / 8 on, which is 2 sixteenths; 8 itself is not in range, -8 is.
        assert_eq!(
            [-2, -1, 0, 1, 2, 3].map(|x| table.result(x)),
            [Some(-512), None, None, None, None, Some(341)]
        );
        assert_eq!(table.near(0), [-128, -2]);
        assert_eq!(table.near(2), [3, 127]);
        let root = Table::new(&Function::Variable.then(Unary::Sqrt), FROM, TO);
        assert_eq!(
            (root.near(-1), root.result(-1), root.result(0)),
            ([0, 127], None, Some(0))
        );
    }
}
