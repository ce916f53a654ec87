use super::*;

/// Tables are part of keys: another `libm`, or another machine, must give these bits.
#[test]
fn values_are_the_same_bits_everywhere() {
    let x = || Function::Variable;
    let bits = |operation: Unary, at: f64| x().then(operation).at(at).to_bits();
    assert_eq!(bits(Unary::Exp, 1.0), 0x4005_bf0a_8b14_576a);
    assert_eq!(bits(Unary::Tanh, 0.5), 0x3fdd_9353_d756_8af3);
    assert_eq!(bits(Unary::Erf, 0.5), 0x3fe0_a7ef_5c18_edd2);
    assert_eq!(bits(Unary::Log, 10.0), 0x4002_6bb1_bbb5_5516);
    assert_eq!(bits(Unary::Sin, 100.0), 0xbfe0_3425_b78c_4db8);
}

#[test]
fn rounding_and_signs_are_those_of_onnx() {
    let of = |operation: Unary, at: f64| Function::Variable.then(operation).at(at);
    assert_eq!(
        [0.5, 1.5, 2.5, -2.5, 2.6].map(|x| of(Unary::Round, x)),
        [0.0, 2.0, 2.0, -2.0, 3.0]
    );
    assert_eq!([-3.0, 0.0, 7.0].map(|x| of(Unary::Sign, x)), [-1.0, 0.0, 1.0]);
    assert_eq!(of(Unary::Sigmoid, -1000.0), 0.0);
}

#[test]
fn integers_are_undefined_elsewhere() {
    let bounded = Function::Variable.integer(-2..=3);
    for (x, defined) in [
        (-3.0, false),
        (-2.0, true),
        (0.5, false),
        (3.0, true),
        (4.0, false),
        (f64::NAN, false),
    ] {
        assert_eq!(bounded.at(x).is_nan(), !defined, "{x}");
    }
    // What is undefined stays so, whatever is computed of it.
    let later = Function::Number(1.0).with(Binary::Min, bounded.clone().then(Unary::Abs));
    assert!(later.at(0.5).is_nan());
    let shifted = bounded.after(&Function::Variable.with(Binary::Sub, 1.0));
    assert_eq!((shifted.at(4.0), shifted.at(-2.0).is_nan()), (3.0, true));
    assert_eq!(shifted.to_string(), "integer((x - 1), -2 to 3)");
}

#[test]
fn composition() {
    let square = Function::Variable.with(Binary::Mul, Function::Variable);
    let more = Function::Variable.with(Binary::Add, 1.0);
    assert_eq!(square.after(&more).at(2.0), 9.0);
    assert_eq!(more.after(&square).at(2.0), 5.0);
    assert_eq!(square.after(&more).to_string(), "((x + 1) * (x + 1))");
    assert_eq!((square.after(&more).size(), square.after(&more).variables()), (7, 2));
}
