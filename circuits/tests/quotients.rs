//! Quotients of neighbours: what the executor computes, over the whole range of accumulators, and that it is proven.

use crate::common::*;
use proptest::prelude::*;
use provenn_circuits::layout::Layout;
use provenn_circuits::program::*;
use provenn_circuits::CircuitError;

const F: u32 = PRECISION.bits();

/// The quotient of two numbers `2^f high + low`, of which both parts are inputs.
fn division(alpha: i64) -> Program {
    let axes = || [Axis::identity(1), Axis::identity(2)];
    let linear = |tensor: usize, alpha: i64| Linear {
        part: part_at(tensor, alpha, 0),
        axes: axes(),
    };
    let operands = Affine {
        contractions: vec![],
        bias: vec![],
        public_bias: false,
        matrix_products: vec![],
        linear: vec![linear(0, 1 << F), linear(1, 1)],
        table: None,
    };
    model(vec![
        tensor("high", [1, 1, 2], true, Step::Input),
        tensor("low", [1, 1, 2], true, Step::Input),
        tensor("operands", [1, 1, 2], true, Step::Affine(operands)),
        tensor(
            "quotient",
            [1, 1, 1],
            true,
            Step::Quotient(Quotient { tensor: 2, alpha }),
        ),
    ])
}

/// Both parts of two accumulators.
fn inputs(operands: [i64; 2]) -> Vec<Vec<i64>> {
    let half = 1 << (F - 1);
    let part = |of: fn(i64, i64) -> i64| operands.map(|a| of(a, half)).to_vec();
    vec![
        part(|a, half| (a + half).div_euclid(2 * half)),
        part(|a, half| (a + half).rem_euclid(2 * half) - half),
    ]
}

/// `alpha a / b` to the nearest integer, halves up: the integer `q` with `2 q - 1 <= 2 alpha a / b < 2 q + 1`.
fn is_nearest(q: i128, [a, b]: [i64; 2], alpha: i64) -> bool {
    let (a, b) = (i128::from(a) * i128::from(b.signum()), i128::from(b.abs()));
    let twice = 2 * i128::from(alpha) * a;
    (2 * q - 1) * b <= twice && twice < (2 * q + 1) * b
}

/// What the executor makes of two accumulators is the quotient, or there is none in range.
fn check(operands: [i64; 2], alpha: i64) {
    let ([a, b], half) = (operands, 1i128 << (F - 1));
    match execute(&division(alpha), &inputs(operands)) {
        Ok(trace) => {
            assert_eq!(trace.accumulators[2], operands.map(i128::from));
            assert!(is_nearest(trace.values[3][0].into(), operands, alpha), "{a} / {b}");
            assert!((-half..half).contains(&trace.values[3][0].into()));
        }
        Err(CircuitError::OutOfRange { tensor, value, .. }) if tensor == "quotient" => {
            assert!(is_nearest(value, operands, alpha), "{a} / {b}");
            assert!(!(-half..half).contains(&value), "{a} / {b}");
        }
        Err(CircuitError::OutOfRange { tensor, value, .. }) => {
            assert_eq!((tensor.as_str(), value), ("operands", b.into()));
            assert!(b == 0 || b < -LAST, "{a} / {b}");
        }
        Err(other) => panic!("{other}"),
    }
}

/// The largest magnitude of a divisor, and accumulators beyond it on one side only.
const LAST: i64 = 1 << (2 * F - 1);

fn accumulator() -> impl Strategy<Value = i64> {
    let half = 1i64 << (F - 1);
    let all = -LAST - half..LAST - half;
    let edges = vec![-LAST - half, -LAST, LAST - half - 1, 0, 1, -1, 2, -2, 3, half, -half];
    prop_oneof![all, prop::sample::select(edges), -20i64..20, -5000i64..5000]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20000, ..ProptestConfig::default() })]

    #[test]
    fn the_executor_divides(a in accumulator(), b in accumulator(), alpha in prop_oneof![Just(1i64), 1i64..2000, Just(1 << 40)]) {
        check([a, b], alpha);
    }

    /// Ties, and what is next to them.
    #[test]
    fn halves_are_rounded_up(q in -1024i64..1024, b in 1i64..1000, by in -1i64..=1, negative in any::<bool>()) {
        let sign = if negative { -1 } else { 1 };
        let trace = execute(&division(1), &inputs([sign * ((2 * q - 1) * b + by), sign * 2 * b]));
        let expected = if by < 0 { q - 1 } else { q };
        match trace {
            Ok(trace) => prop_assert_eq!(trace.values[3][0], expected),
            Err(error) => prop_assert!(expected < -1024, "{error}"),
        }
    }
}

/// Extremes, ties and the smallest divisors are proven.
#[test]
fn extremes_are_proven() {
    let half = 1i64 << (F - 1);
    for (operands, alpha) in [
        ([-1024, 1], 1),
        ([1023, 1], 1),
        ([-1023, -1], 1),
        ([3, 2], 1),
        ([-3, 2], 1),
        ([3, -2], 1),
        ([0, -1], 7),
        ([LAST - half - 1, LAST - half - 1], 1023),
        ([-LAST - half, -LAST], 1),
        ([-LAST - half, LAST - half - 1], 1000),
        ([1, LAST - half - 1], 1 << 30),
    ] {
        let model = division(alpha);
        let trace = execute(&model, &inputs(operands)).expect("in range");
        assert!(is_nearest(trace.values[3][0].into(), operands, alpha));
        for (lanes, public) in [(1, [true, false]), (2, [false, false]), (3, [true, true])] {
            let shape = |k| provenn_circuits::layout::Shape {
                inputs: public.map(input_shape).to_vec(),
                ..shape(k, lanes, true)
            };
            let layout = (6..10).find_map(|k| Layout::build(&model, shape(k)).ok());
            let case = Case::build(model.clone(), layout.expect("fits"), trace.clone());
            assert!(case.verify().is_ok(), "{operands:?}, {lanes} lanes");
        }
    }
}
