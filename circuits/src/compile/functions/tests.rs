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
