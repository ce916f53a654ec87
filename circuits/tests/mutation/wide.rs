//! Limbs as wide as a value, as segments that give may have them: the range table stands in several parts.

use super::*;
use provenn_circuits::layout::Ends;

/// First segments of cut programs, which give on their own lanes and on others.
pub fn all() -> Vec<(String, Case)> {
    let programs = [("dense", dense(&[5, 7, 6, 3])), ("pooled", segments::after_pool())];
    let cases = programs.into_iter().flat_map(|(name, model)| {
        [None, Some(3)].map(|onto| {
            let cut = model.cuts()[0];
            let part = model.segments(&[cut]).remove(0);
            let shape = |k| Shape {
                table_bits: PRECISION.bits(),
                limbs: 1,
                top_bits: 0,
                ends: Ends {
                    gives: Some(9),
                    onto,
                    ..Ends::default()
                },
                ..shape(k, 2, false)
            };
            let layout = (9..11).find_map(|k| Layout::build(&part, shape(k)).ok()).expect("fits");
            let trace = run(&part, &random(5, part.tensors[0].len(), 16)).expect("in range");
            (
                format!("{name}, wide limbs, onto {onto:?}"),
                Case::build(part, layout, trace),
            )
        })
    });
    cases.collect()
}

#[test]
fn limbs_are_entries_of_one_part_or_another() {
    for (name, case) in all() {
        let mut f = Forge::new(&case);
        let (c, shape, last) = (f.base.config.clone(), f.base.layout.shape.clone(), f.base.usable - 1);
        let (parts, rows) = (shape.range_parts(), shape.range_rows());
        assert!(parts > 1 && parts * rows == 1 << shape.table_bits && rows <= f.base.usable);
        assert_eq!(c.advice.range.multiplicity.len(), parts);
        for &limb in c.advice.limbs(&shape) {
            // The first and the last entry of each part are there.
            for entry in (0..parts).flat_map(|part| [part * rows, (part + 1) * rows - 1]) {
                let mut t = f.base.clone();
                t.set(limb, last, Fr::from(entry as u64));
                t.recompute_lookup();
                assert_eq!(t.violations(), BTreeSet::new(), "{name}, {entry}");
            }
            for outside in [Fr::from(1 << shape.table_bits), -Fr::one()] {
                f.expect("range/balance", |t| {
                    t.set(limb, last, outside);
                    t.recompute_lookup();
                });
            }
        }
    }
}

/// What one part counts too often no other makes up for, nor what it counts beyond its entries.
#[test]
fn each_part_is_counted_by_itself() {
    for (_, case) in all() {
        let mut f = Forge::new(&case);
        let (c, rows) = (f.base.config.clone(), f.base.layout.shape.range_rows());
        let sums = |t: &mut Table| {
            for (gate, column) in t
                .gate("range/helper")
                .into_iter()
                .zip(c.advice.range.lookup.helpers.clone())
            {
                (0..t.usable).for_each(|row| t.solve(gate, column, row));
            }
            for (gate, column) in t.gate("range/running sum").into_iter().zip([c.advice.range.lookup.sum]) {
                (0..t.usable).for_each(|row| t.solve(gate, column, row));
            }
        };
        for pair in c.advice.range.multiplicity.windows(2) {
            for row in [0, rows - 1, rows] {
                f.expect("range/balance", |t| {
                    add(t, pair[0], row, Fr::one());
                    add(t, pair[1], row, -Fr::one());
                    sums(t);
                });
            }
        }
    }
}

/// Only segments that give have such limbs, and only where the parts are few.
#[test]
fn wide_limbs_are_of_segments_that_give() {
    let wide = |k, table_bits, gives| Shape {
        ends: Ends {
            gives,
            ..Ends::default()
        },
        k,
        table_bits,
        limbs: 1,
        top_bits: 0,
        weight_lanes: 1,
        ..shape(k, 2, false)
    };
    for k in 12..=17 {
        assert!(wide(k, 14, Some(9)).check().is_ok(), "2^{k}");
        assert!(wide(k, 14, None).check().is_err(), "2^{k}");
        for other in [13, 15] {
            assert!(wide(k, other, Some(9)).check().is_err(), "2^{k}, {other} bits");
        }
    }
    for (k, bits) in [(8, 13), (9, 14), (10, 14), (11, 14)] {
        assert!(wide(k, bits, Some(9)).check().is_err(), "2^{k} has too many parts");
    }
}
