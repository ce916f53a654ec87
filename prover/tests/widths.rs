//! What a verifier takes for the width of policy differences is what the compiler gives them: `round` rests on it.

use provenn_circuits::layout::{Shape, MAX_K, MIN_K};
use provenn_verifier::OutputLayout;
use std::collections::BTreeMap;

#[test]
fn widths_follow_from_rows_and_bits() {
    let mut known = BTreeMap::new();
    for k in MIN_K..=MAX_K {
        for (table_bits, limbs, top_bits) in
            (1..24).flat_map(|t| (1..5).flat_map(move |l| (0..9).map(move |b| (t, l, b))))
        {
            let shape = Shape {
                k,
                lanes: 1,
                line_columns: 1,
                weight_lanes: 1,
                weight_bits: 16,
                table_bits,
                limbs,
                top_bits,
                ..Shape::default()
            };
            if shape.check().is_err() {
                continue;
            }
            let bits = shape.precision().bits();
            let output = OutputLayout {
                len: 1,
                rows: 1,
                bits,
                items: 0,
                whole: None,
            };
            assert_eq!(output.width(k), Some(bits + table_bits), "k {k}, {bits} bits");
            assert_eq!(known.insert((k, bits), ()), None, "one table for k {k} and {bits} bits");
        }
    }
    // And of no others: what is not compiled has no width.
    let pairs = (0..=28).flat_map(|k| (1..=40).map(move |bits| (k, bits)));
    for (k, bits) in pairs.filter(|pair| !known.contains_key(pair)) {
        assert_eq!(
            OutputLayout {
                len: 1,
                rows: 1,
                bits,
                items: 0,
                whole: None,
            }
            .width(k),
            None,
            "k {k}, {bits} bits"
        );
    }
}
