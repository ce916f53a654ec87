//! Dense layouts: each gate and each copy is needed.

use super::*;

/// An input with positions, all of which the first layer reads.
fn flattened() -> Program {
    let axes = [Axis::conv(3, 3, 1, 1, 0, 1), Axis::conv(2, 2, 1, 1, 0, 1)];
    let first = affine(vec![part(0)], 2, 4, axes, 130);
    let second = affine(vec![part(1)], 4, 2, [Axis::identity(1), Axis::identity(1)], 132);
    model(vec![
        tensor("input", [2, 3, 2], true, Step::Input),
        tensor("first", [4, 1, 1], false, Step::Affine(first)),
        tensor("second", [2, 1, 1], true, Step::Affine(second)),
    ])
}

/// A model on the fewest rows.
fn on(model: Program, public: bool) -> Case {
    let shape = |k| Shape {
        dense: true,
        ..shape(k, 1, public)
    };
    let layout = (6..10)
        .find_map(|k| Layout::build(&model, shape(k)).ok())
        .expect("fits");
    let trace = run(&model, &random(3, model.tensors[0].len(), 16)).expect("in range");
    Case::build(model, layout, trace)
}

pub fn all(public: bool) -> Vec<(String, Case)> {
    let layers = super::dense(&[5, 7, 3]);
    let mut unbiased = super::dense(&[4, 5, 2]);
    for tensor in &mut unbiased.tensors {
        if let Step::Affine(affine) = &mut tensor.step {
            affine.bias.clear();
        }
    }
    let named = [
        ("layers", layers),
        ("without biases", unbiased),
        ("flattened", flattened()),
    ];
    named
        .map(|(name, model)| (format!("dense {name}, public {public}"), on(model, public)))
        .into()
}

/// A run in which a score is below the range, and is clamped as a ReLU's would be. The executor refuses it.
fn clamped(public: bool) -> Case {
    let honest = on(flattened(), public);
    let (mut model, mut trace) = ((*honest.model).clone(), honest.witness.trace.clone());
    let (below, least) = (1i64 << (2 * PRECISION.bits()), -(1i64 << (PRECISION.bits() - 1)));
    let Step::Affine(last) = &mut model.tensors[2].step else {
        unreachable!("affine")
    };
    last.bias[0] -= below;
    trace.accumulators[2][0] -= i128::from(below);
    trace.values[2][0] = least;
    Case::build(model, (*honest.layout).clone(), trace)
}

/// Adds to two line cells what leaves the product of their block as it is.
fn shifted(t: &mut Table, rows: [usize; 2]) {
    let (u, w) = (t.config.advice.lines.u[0], t.config.advice.lines.weights[0]);
    let [a, b] = rows.map(|row| t.get(w, row));
    add(t, u, rows[0], Fr::one());
    add(t, u, rows[1], -a * b.invert().expect("a weight"));
    t.recompute_lines();
}

#[test]
fn each_gate_of_a_dense_layout_is_needed() {
    for public in [true, false] {
        let case = on(flattened(), public);
        let mut f = Forge::new(&case);
        let (c, layout, last) = (f.base.config.clone(), f.base.layout.clone(), f.base.usable - 1);
        assert!(layout.shape.weight_lanes > 1, "channels share rows");
        let (one, limbs) = (Fr::one(), layout.shape.limbs as usize);
        let (lane, block) = (c.advice.lanes[0].clone(), layout.blocks[0].clone());
        f.expect("dense/sum", |t| add(t, c.advice.lines.pacc, last, one));
        for row in block.start..block.start + BIAS_LIMBS {
            f.expect("dense/no line", |t| shifted(t, [row, block.end() + 1]));
        }
        for id in [1, 2] {
            for &row in &layout.rows[id] {
                f.expect("dense/total", |t| {
                    let v = small(t.get(lane.rem[0], row));
                    t.set(lane.rem[0], row, Fr::from(v ^ 1));
                    t.recompute();
                });
            }
        }
        f.expect("policy/policy#", |t| t.instance[2][0] += one);
        f.expect("policy/policy equality", |t| {
            let row = layout.policy_rows - 1;
            t.instance[2][row] += one;
            put(t, &lane.high, row, 1);
            t.recompute();
        });
        for row in 1..=layout.policy_rows {
            f.expect("policy/one top", |t| add(t, c.advice.policy.top, row, one));
        }
        f.expect("lane 0/value#", |t| {
            add(t, lane.value, layout.rows[2][0], one);
            claim(t, 0, one);
            t.recompute();
        });
        f.expect("lane 0/signed values are not clamped", |t| {
            *t = Table::new(&clamped(public), 5)
        });
        f.expect("lane 0/sign is a bit", |t| t.set(lane.sign, last, Fr::from(2)));
        for &bit in lane.high[limbs..].iter().chain(&lane.rem[limbs..]) {
            f.expect("lane 0/top bit is a bit", |t| t.set(bit, last, Fr::from(2)));
        }
        for &input in &layout.rows[0] {
            match c.advice.input.committed[0].first() {
                None => f.expect("lane 0/value is the public input", |t| t.instance[4][input] += one),
                Some(&column) => {
                    let v = small(f.base.get(column, input));
                    f.expect("lane 0/value is the committed input", |t| add(t, column, input, one));
                    f.expect("lane 0/input is in range", |t| {
                        put(t, &lane.high, input, v + 1);
                        t.recompute();
                    });
                }
            }
        }
        let gates = f.base.gates.iter().map(|gate| &gate.0);
        let missing: Vec<&String> = gates
            .filter(|gate| !gate.starts_with("range/") && !f.broken.contains(*gate))
            .collect();
        assert!(missing.is_empty(), "public {public}: no forgery needs {missing:?}");
    }
}

/// Without one copy two cells of a block could change against each other, and without that of a score another one could be claimed.
#[test]
fn each_copy_of_a_value_is_needed() {
    let case = on(flattened(), true);
    let base = Table::new(&case, 5);
    let w = base.config.advice.lines.weights[0];
    let name = |row: usize| format!("copy of a value at row {row}");
    let mut needed = BTreeSet::new();
    for block in &base.layout.blocks {
        let rows: Vec<usize> = (0..block.line).map(|j| block.cell(j).0).collect();
        for pair in rows.windows(2) {
            assert!(base.get(w, pair[1]) != Fr::zero(), "a weight");
            let mut t = base.clone();
            shifted(&mut t, [pair[0], pair[1]]);
            let broken: BTreeSet<String> = [name(pair[0]), name(pair[1])].into();
            assert_eq!(t.violations(), broken);
            needed.extend(broken);
        }
    }
    for channel in 0..2 {
        let mut t = base.clone();
        claim(&mut t, channel, Fr::one());
        t.recompute_lines();
        let broken = BTreeSet::from([name(base.layout.policy_rows - 1 - channel)]);
        assert_eq!(t.violations(), broken);
        needed.extend(broken);
    }
    assert_eq!(needed, base.copies.iter().map(|copy| copy.0.clone()).collect());
}

/// The layouts of models that are not dense are refused, and of those whose input or output has no zero point.
#[test]
fn other_models_have_no_dense_layout() {
    let unsigned = |tensor: usize| {
        let mut model = super::dense(&[5, 7, 3]);
        model.tensors[tensor].signed = false;
        model
    };
    for model in [
        unsigned(0),
        unsigned(2),
        conv(),
        residual(),
        pooled(),
        mixed(),
        grouped(),
        activated(),
        divided(),
        joined(),
    ] {
        let shape = Shape {
            dense: true,
            inputs: model.inputs.iter().map(|_| input_shape(true)).collect(),
            ..shape(10, 1, true)
        };
        assert!(Layout::build(&model, shape).is_err());
    }
}
