//! Tables for the functions of a float program.

use super::form::Applied;
use super::quantize::{integer_bits, magnitude};
use super::{Ranges, HEADROOM};
use crate::graph::{Graph, Node, Op};
use crate::program::{Precision, Program, Scale, Table};

/// Bits of what is looked up, with its sign.
const BITS: std::ops::RangeInclusive<u32> = 10..=14;
/// Largest difference between a function and itself at the nearest integer, as a share of the largest result expected, if some
/// table is as fine. The rounding of results adds less than a tenth of it.
const ERROR: f64 = 0.0023;

/// A table with the scale of its results.
pub struct Tabulated {
    pub table: Table,
    pub to: Scale,
}

/// The table of a function whose results are expected to be up to `range`: that of the fewest bits which is fine enough. How
/// many they are does not depend on the precision, so that a search at one precision finds what fits at another.
pub fn tabulate(applied: &Applied, range: f64, precision: Precision) -> Tabulated {
    let most = precision.bits().min(*BITS.end());
    let fine = |bits: &u32| coarseness(applied, range, *bits) <= ERROR * range;
    let bits = (*BITS.start()..most).find(fine).unwrap_or(most);
    let (frac, reach) = domain(applied.range, bits);
    let to = results(applied, range, frac, reach, precision.bits());
    Tabulated {
        table: Table::new(&applied.function, frac, reach, to),
        to,
    }
}

/// Largest difference between the function and its value at the nearest integer of so many bits, within what is expected.
fn coarseness(applied: &Applied, range: f64, bits: u32) -> f64 {
    let (frac, reach) = domain(applied.range, bits);
    let unit = 2f64.powi(-frac);
    let difference = |units: i64| {
        let x = units as f64 * unit;
        let [before, y, after] = [x - unit / 2.0, x, x + unit / 2.0].map(|x| applied.function.at(x));
        let expected = x.abs() <= applied.range && [before, y, after].iter().all(|y| y.abs() <= range);
        if expected {
            (before - y).abs().max((after - y).abs())
        } else {
            0.0
        }
    };
    (-reach..=reach).map(difference).fold(0.0, f64::max)
}

/// Fractional bits of what is looked up, and its largest magnitude: the range with its headroom. The last integers are left out
/// where all together would need a row more than a circuit of as many bits has.
fn domain(range: f64, bits: u32) -> (i32, i64) {
    let frac = bits as i32 - 1 - integer_bits(range);
    let most = (1i64 << (bits - 1)) - 4;
    let headroom = (magnitude(range) * HEADROOM * 2f64.powi(frac)).ceil();
    (frac, (headroom as i64).clamp(1, most))
}

/// The finest scale that has every result of an input in range; of results beyond the headroom, as any tensor's, none.
fn results(applied: &Applied, range: f64, frac: i32, reach: i64, bits: u32) -> Scale {
    let from = Scale { frac, bits };
    let values = (-reach..=reach).map(|units| applied.function.at(from.number(units)).abs());
    let expected = magnitude(range);
    let in_headroom = values.filter(|v| *v <= expected * HEADROOM);
    let largest = in_headroom.fold(expected, f64::max);
    let finest = bits as i32 - 1 - libm::log2(largest).ceil() as i32;
    // A power of two is one unit too large.
    let fits = (largest * 2f64.powi(finest)).round() < 2f64.powi(bits as i32 - 1);
    let frac = finest - i32::from(!fits);
    Scale { frac, bits }
}

/// A function of a model, as its circuit has it.
#[derive(Clone, Debug)]
pub struct Tabulation {
    /// The value that it gives.
    pub name: String,
    /// The operators that it is made of.
    pub operators: String,
    /// Its formula.
    pub formula: String,
    /// Entries of its table.
    pub entries: usize,
    /// Largest error of the table within the calibrated ranges, as a share of the largest result there.
    pub error: f64,
}

/// The functions of a compiled graph.
pub fn tabulations(graph: &Graph, ranges: &Ranges, model: &Program) -> Vec<Tabulation> {
    let magnitudes = ranges.magnitudes();
    let tabulation = |node: &Node| {
        let (Op::Function(function), [input]) = (&node.op, node.inputs.as_slice()) else {
            return None;
        };
        let name = &graph.values[node.output].name;
        let tensors = (0..model.tensors.len()).filter_map(|id| Some((&model.tensors[id], model.table(id)?)));
        let (tensor, table) = tensors.into_iter().find(|(tensor, _)| tensor.name == *name)?;
        let range = magnitudes[node.output];
        Some(Tabulation {
            name: name.clone(),
            operators: node.onnx_op.clone(),
            formula: function.to_string(),
            entries: table.entries().count(),
            error: table.error(function, tensor.frac, [magnitudes[*input], range]) / magnitude(range),
        })
    };
    graph.nodes.iter().filter_map(tabulation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Binary, Function, Unary};

    const PRECISION: Precision = Precision {
        table_bits: 12,
        limbs: 1,
        top_bits: 2,
    };

    fn made(function: Function, range: f64, results: f64) -> Tabulated {
        tabulate(&Applied { function, range }, results, PRECISION)
    }

    /// Every entry is the function at its argument, to half a unit; those that are missing are out of range or not defined.
    #[test]
    fn tables_are_the_functions() {
        use Unary::{Acosh, Asin, Atan, Cos, Cosh, Erf, Exp, Floor, Log, Sigmoid, Sin, Sqrt, Tan, Tanh};
        for (operation, range) in [
            Acosh, Asin, Atan, Cos, Cosh, Erf, Exp, Floor, Log, Sigmoid, Sin, Sqrt, Tan, Tanh,
        ]
        .into_iter()
        .flat_map(|operation| [0.3, 1.0, 5.0, 20.0].map(|range| (operation, range)))
        {
            let function = Function::Variable.then(operation);
            let expected = [range, range / 3.0, -range].map(|x| function.at(x).abs());
            let expected = expected.into_iter().filter(|y| y.is_finite()).fold(0.0, f64::max);
            let Tabulated { table, to } = made(function.clone(), range, expected);
            let step = 2f64.powi(-table.frac);
            for units in table.first..table.first + table.results.len() as i64 {
                let exact = function.at(units as f64 * step) * 2f64.powi(to.frac);
                match table.result(units) {
                    Some(result) => assert!((exact - result as f64).abs() <= 0.5, "{operation:?} at {units}"),
                    None => assert!(exact.is_nan() || exact.abs() >= 8190.0, "{operation:?} at {units}"),
                }
            }
            // What calibration saw, and twice that, is looked up.
            assert!(
                table.results.len() as f64 * step >= 4.0 * range - 8.0 * step,
                "{operation:?}"
            );
            assert!(table.results.len() <= (1 << 14) - 6);
        }
    }

    #[test]
    fn the_coarsest_table_that_is_fine_enough_is_taken() {
        let sigmoid = || Function::Variable.then(Unary::Sigmoid);
        let length = |range: f64| made(sigmoid(), range, sigmoid().at(range)).table.results.len();
        assert_eq!([2.0, 8.0, 30.0].map(length), [1017, 2041, 7681]);
        let error = |function: Function, range: f64| {
            let results = function.at(range).abs().max(function.at(-range).abs());
            let Tabulated { table, to } = made(function.clone(), range, results);
            table.error(&function, to.frac, [range, results]) / results
        };
        let silu = sigmoid().with(Binary::Mul, Function::Variable);
        for range in [0.5, 1.0, 3.0, 7.5, 40.0] {
            assert!(error(sigmoid(), range) <= 0.0025);
            assert!(error(silu.clone(), range) <= 0.0025);
            // Over the widest range no table is long enough for the slope of this one.
            let bound = if range > 10.0 { 0.01 } else { 0.0025 };
            assert!(error(Function::Variable.then(Unary::Tanh), range) <= bound);
        }
    }

    #[test]
    fn results_use_all_their_bits() {
        let to = |function: Function, range: f64, results: f64| made(function, range, results).to.frac;
        // A sigmoid stays below 1, but rounds to it; an exponential has twice what was seen, and no more.
        assert_eq!(to(Function::Variable.then(Unary::Sigmoid), 4.0, 0.98), 13);
        assert_eq!(to(Function::Variable.then(Unary::Sigmoid), 20.0, 1.0), 12);
        assert_eq!(to(Function::Variable.then(Unary::Exp), 4.0, 54.6), 6);
        let exponential = made(Function::Variable.then(Unary::Exp), 4.0, 54.6).table;
        assert!(exponential.near(i64::from(i32::MAX))[1] < exponential.first.abs());
    }
}
