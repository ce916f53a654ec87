use super::*;
use crate::graph::{Binary, Unary};

const TO: Scale = Scale { frac: 6, bits: 10 };

#[test]
fn a_table_has_the_rounded_function_and_nothing_else() {
    let tanh = Function::Variable.then(Unary::Tanh);
    let table = Table::new(&tanh, 4, 100, TO);
    assert_eq!(table.entries().count(), 201);
    for (units, result) in table.entries() {
        assert_eq!(result, (libm::tanh(units as f64 / 16.0) * 64.0).round() as i64);
        assert_eq!(table.result(units), Some(result));
    }
    assert_eq!([-101, 101, i64::MIN, i64::MAX].map(|x| table.result(x)), [None; 4]);
    // Half a unit of the argument, where the slope is 1, and half a unit of the result.
    let error = table.error(&tanh, TO.frac, [10.0, 10.0]);
    assert!((1.0 / 32.0..1.0 / 32.0 + 1.0 / 128.0).contains(&error), "{error}");
    assert!(table.error(&tanh, TO.frac, [10.0, 0.01]) < 1.0 / 128.0 + 0.01);
}

#[test]
fn what_has_no_value_in_range_has_no_entry() {
    let inverse = Function::Number(1.0).with(Binary::Div, Function::Variable);
    let table = Table::new(&inverse, 4, 127, TO);
    // 1 / x is 8 at two sixteenths, and 8 is not in range; -8 is.
    assert_eq!(
        [-2, -1, 0, 1, 2, 3].map(|x| table.result(x)),
        [Some(-512), None, None, None, None, Some(341)]
    );
    assert_eq!((table.near(0), table.near(2)), ([-127, -2], [3, 127]));
    let root = Table::new(&Function::Variable.then(Unary::Sqrt), 4, 127, TO);
    assert_eq!(
        (root.near(-1), root.result(-1), root.result(0)),
        ([0, 127], None, Some(0))
    );
}
