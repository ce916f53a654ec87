//! Each gate is needed.

use super::*;

fn forge_gates(case: &Case) -> BTreeSet<String> {
    let mut f = Forge::new(case);
    let (c, layout, last) = (f.base.config.clone(), f.base.layout.clone(), f.base.usable - 1);
    let limbs = layout.shape.limbs as usize;
    let one = Fr::one();
    f.expect("powers/power", |t| {
        let powers = c.advice.powers.as_ref().expect("powers");
        add(t, powers.pow, t.layout.powers.r - 1, one)
    });
    f.expect("lines/line sum", |t| {
        add(t, c.advice.lines.uacc.expect("lines that are scanned"), last, one)
    });
    f.expect("lines/product sum", |t| add(t, c.advice.lines.pacc, last, one));
    for (index, slot) in c.advice.slots.iter().enumerate() {
        f.expect(&format!("scan {index}/"), |t| add(t, slot.acc, last, one));
    }
    f.expect("policy/policy#", |t| t.instance[2][0] += one);
    f.expect("policy/policy equality", |t| {
        let row = t.layout.policy_rows - 1;
        t.instance[2][row] += one;
        put(t, &c.advice.lanes[0].high, row, 1);
        t.recompute_lookup();
        t.recompute_slots();
    });
    f.expect("policy/one top", |t| {
        add(t, c.advice.policy.top, t.layout.policy_rows - 1, one)
    });
    let out_of_table = Fr::from(1 << layout.shape.table_bits);
    let helpers = c.advice.range.lookup.helpers.len();
    for (index, &column) in c.advice.limbs(&layout.shape).enumerate() {
        let group = match index / 3 {
            group if group < helpers => format!("range/helper#{group}"),
            _ => "range/running sum".into(),
        };
        f.expect(&group, |t| t.set(column, last, out_of_table));
        f.expect("range/balance", |t| {
            t.set(column, last, out_of_table);
            t.recompute_lookup();
        });
        f.expect("range/running sum", |t| {
            t.set(column, last, out_of_table);
            t.recompute_lookup();
            t.set(c.advice.range.lookup.sum, last, Fr::zero());
        });
    }
    f.expect("range/balance", |t| {
        add(t, c.advice.range.multiplicity[0], 0, one);
        for (gate, column) in t.gate("range/running sum").into_iter().zip([c.advice.range.lookup.sum]) {
            (0..t.usable).for_each(|row| t.solve(gate, column, row));
        }
    });
    for (index, lane) in c.advice.lanes.iter().enumerate() {
        let max = layout.rows[2][0];
        let gate = |name: &str| format!("lane {index}/{name}#");
        f.expect(&gate("signed values are not clamped"), |t| {
            *t = Table::new(&clamped(layout.shape.inputs[0].public, index), 5)
        });
        f.expect(&gate("sign is a bit"), |t| t.set(lane.sign, last, Fr::from(2)));
        for &bit in lane.high[limbs..].iter().chain(&lane.rem[limbs..]) {
            f.expect(&gate("top bit is a bit"), |t| t.set(bit, last, Fr::from(2)));
        }
        let [e0, e1, v] = [2, 1, 0].map(|back| small(f.base.get(lane.value, max - back)));
        let mut pool = |name: &str, value: u64, high: u64, rem: u64| {
            f.expect(&gate(name), |t| {
                t.set(lane.value, max, Fr::from(value));
                put(t, &lane.high, max, high);
                put(t, &lane.rem, max, rem);
                claim(t, index, Fr::from(value) - Fr::from(v));
                t.recompute();
            });
        };
        pool("max is at least the running maximum", e1 + 5, 0, 5);
        pool("max is at least the element", e0 + 5, 5, 0);
        pool("max is one of the two", v + 1, v + 1 - e0, v + 1 - e1);
        f.expect(&gate("value"), |t| {
            // The smaller element, made smaller by one.
            let (row, parts) = if e0 < e1 {
                (max - 2, &lane.high)
            } else {
                (max - 1, &lane.rem)
            };
            add(t, lane.value, row, -Fr::one());
            put(t, parts, max, e0.abs_diff(e1) + 1);
            t.recompute();
        });
        for (id, shape) in layout.shape.inputs.iter().enumerate() {
            let input = layout.rows[id][0];
            match c.advice.input.committed[id].get(index) {
                None if shape.public => {
                    f.expect(&gate("value is the public input"), |t| {
                        t.instance[4 + index][input] += one
                    });
                }
                None => {}
                Some(&column) => {
                    let v = small(f.base.get(column, input));
                    f.expect(&gate("value is the committed input"), |t| add(t, column, input, one));
                    f.expect(&gate("input is in range"), |t| {
                        put(t, &lane.high, input, v + 1);
                        t.recompute();
                    });
                }
            }
        }
    }
    f.broken
}

#[test]
fn each_gate_is_needed() {
    for (public, columns) in [(true, 1), (false, 1), (false, 2)] {
        let case = on_columns(pooled(), 2, columns, public);
        let mut broken = forge_gates(&case);
        let mut f = Forge::new(&wide(dense(&[3, 4, 2]), false));
        if !public {
            // The last of three channels leaves one padding lane, which a line reads with weight zero.
            f.expect("lane 1/padding of the input is zero", |t| {
                let (lane, row) = (t.config.advice.lanes[1].clone(), t.layout.rows[0][1]);
                let value = small(t.get(lane.value, row)) + 1;
                t.set(lane.value, row, Fr::from(value));
                let input = t.config.advice.input.committed[0][1];
                t.set(input, row, Fr::from(value));
                put(t, &lane.high, row, value);
                let u = t.config.advice.lines.u.clone();
                for block in t.layout.blocks.clone().iter().filter(|b| b.tensor == 1) {
                    let (row, column) = block.cell(3);
                    add(t, u[column], row, Fr::one());
                }
                t.recompute();
            });
        }
        broken.extend(f.broken);
        let table = Table::new(&case, 6);
        let missing: Vec<&String> = table
            .gates
            .iter()
            .map(|g| &g.0)
            .filter(|g| !broken.contains(*g))
            .collect();
        assert!(missing.is_empty(), "public {public}: no forgery needs {missing:?}");
    }
}

/// Of several inputs each has gates of its own, on its own rows and columns.
#[test]
fn each_gate_of_several_inputs_is_needed() {
    for lanes in [2, 4] {
        for public in [[false, false], [false, true], [true, false], [true, true]] {
            let case = Case::on(added(), lanes, &public, 11);
            let mut f = Forge::new(&case);
            let (c, layout) = (f.base.config.clone(), f.base.layout.clone());
            for (id, index) in (0..2).flat_map(|id| (0..lanes).map(move |index| (id, index))) {
                let (lane, input) = (c.advice.lanes[index].clone(), layout.rows[id].clone());
                let gate = |name: &str| format!("lane {index}/{name}#");
                let committed = c.advice.input.committed[id].get(index).copied();
                if public[id] {
                    f.expect(&gate("value is the public input"), |t| {
                        t.instance[4 + index][input[0]] += Fr::one()
                    });
                    continue;
                }
                if let Some(column) = committed {
                    f.expect(&gate("value is the committed input"), |t| {
                        add(t, column, input[0], Fr::one())
                    });
                }
                f.expect(&gate("input is in range"), |t| {
                    let v = small(t.get(lane.value, input[0]));
                    put(t, &lane.high, input[0], v + 1);
                    t.recompute();
                });
                // Of three channels the fourth is padding, which a line reads with weight zero.
                let row = input[input.len() - 1];
                if index != lanes - 1 {
                    continue;
                }
                f.expect(&gate("padding of the input is zero"), |t| {
                    let value = small(t.get(lane.value, row)) + 1;
                    t.set(lane.value, row, Fr::from(value));
                    put(t, &lane.high, row, value);
                    if let Some(column) = committed {
                        t.set(column, row, Fr::from(value));
                    }
                    for block in t.layout.blocks.clone().iter().filter(|b| b.term == id) {
                        let (row, column) = block.cell(3);
                        let u = t.config.advice.lines.u[column];
                        add(t, u, row, Fr::one());
                    }
                    t.recompute();
                });
            }
            let gates = f.base.gates.iter().map(|gate| &gate.0);
            let missing: Vec<&String> = gates
                .filter(|g| g.contains("input") && !f.broken.contains(*g))
                .collect();
            assert!(
                missing.is_empty(),
                "{lanes} lanes, public {public:?}: no forgery needs {missing:?}"
            );
        }
    }
}

/// A false remainder of a product, in the table, fails in its gate alone.
#[test]
fn each_product_gate_is_needed() {
    for public in [true, false] {
        let mut f = Forge::new(&wide(mixed(), public));
        let (c, row) = (f.base.config.clone(), f.base.layout.rows[2][1]);
        for (index, lane) in c.advice.lanes.iter().enumerate() {
            f.expect(&format!("lane {index}/product of neighbours"), |t| {
                let v = small(t.get(lane.rem[0], row));
                t.set(lane.rem[0], row, Fr::from(v ^ 1));
                t.recompute();
            });
        }
        // Where a line and its product are swapped for ones with the same line sum, the product sum notices.
        f.expect("lines/product sum", |t| {
            let end = t.layout.pairs[0].end();
            let before = t.get(c.advice.lines.pacc, end);
            let (left, s) = (t.layout.pairs[0].row(1), t.challenges[3]);
            add(t, c.advice.lines.u[0], left, Fr::one());
            let other = t.layout.pairs[0].row(0);
            add(t, c.advice.lines.u[0], other, -s.square());
            t.recompute_lines();
            t.set(c.advice.lines.pacc, end, before);
            t.recompute_slots();
        });
    }
}

/// A committed input of a type without negative numbers has none, whatever else the prover makes of the table.
#[test]
fn no_element_of_an_unsigned_committed_input_is_negative() {
    for least in [-1, 0] {
        let mut model = pooled();
        model.inputs[0].elements = InputType::Integers {
            least: 0,
            largest: 65_535,
        };
        let values: Vec<i64> = (least..least + 6).collect();
        let layout = Layout::build(&model, shape(8, 2, false)).expect("fits");
        assert_eq!(run(&model, &values).is_ok(), least == 0);
        model.inputs[0].elements = InputType::Reals;
        let trace = run(&model, &values).expect("in range");
        let table = Table::new(&Case::build(model, layout, trace), 5);
        let broken = table.violations();
        assert_eq!(broken.len(), usize::from(least < 0), "{broken:?}");
        assert!(
            broken.iter().all(|gate| gate.starts_with("lane 0/input is in range#")),
            "{broken:?}"
        );
    }
}
