//! What segments give to one another: each cell is bound on the rows of the tensor, in range, and zero on lanes without a channel.

use super::*;
use provenn_circuits::layout::{Ends, LayoutError};

/// Row at which both segments have what is between.
const BETWEEN: usize = 9;

/// Both segments of a program that is cut at a tensor, on so many lanes.
pub fn segments(model: &Program, cut: TensorId, lanes: usize) -> [Case; 2] {
    let parts = model.segments(&[cut]);
    let mut values = random(5, parts[0].tensors[0].len(), 16);
    let mut case = |part: &Program, ends: Ends| {
        let shape = |k| Shape {
            ends,
            ..shape(k, lanes, false)
        };
        let layout = (7..11).find_map(|k| Layout::build(part, shape(k)).ok()).expect("fits");
        let trace = run(part, &values).expect("in range");
        values = trace.outputs(part).remove(0);
        Case::build(part.clone(), layout, trace)
    };
    let (between, none) = (Some(BETWEEN), None);
    [
        case(
            &parts[0],
            Ends {
                takes: none,
                gives: between,
            },
        ),
        case(
            &parts[1],
            Ends {
                takes: between,
                gives: none,
            },
        ),
    ]
}

/// For each program every place where it can be cut.
pub fn all() -> Vec<(String, Case)> {
    let programs = [
        ("dense", dense(&[5, 7, 6, 3])),
        ("residual", residual()),
        ("pooled", after_pool()),
    ];
    let mut cases = vec![];
    for (name, model) in programs {
        for cut in model.cuts() {
            for (index, case) in segments(&model, cut, 2).into_iter().enumerate() {
                cases.push((format!("{name}, segment {index} of a cut at {cut}"), case));
            }
        }
    }
    cases
}

/// A pool in the middle, whose results stand among the rows of what it reads.
fn after_pool() -> Program {
    let mut model = pooled();
    let axes = [Axis::identity(1), Axis::identity(1)];
    model.tensors.push(tensor(
        "last",
        [2, 1, 1],
        true,
        Step::Affine(affine(vec![part(2)], 3, 2, axes, 81)),
    ));
    model.outputs[0].tensor = 3;
    model
}

#[test]
fn programs_are_cut_where_one_tensor_is_read() {
    assert_eq!(dense(&[5, 7, 6, 3]).cuts(), [1, 2]);
    // Not at the pool's source, whose rows it stands among.
    assert_eq!(after_pool().cuts(), [2]);
    assert_eq!(after_pool().segments(&[2])[0].tensors.len(), 4);
    // Both factors are read by what comes after.
    assert_eq!(joined().cuts(), added().cuts());
}

/// Cut where the owner says; what is no cut is told by its reason.
#[test]
fn programs_are_cut_at_tensors_by_name() {
    use provenn_circuits::program::{CutError, NoCut};
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let refused = |model: &Program, given: &[&str]| model.cut_at(&names(given)).expect_err("no cut");
    let of = |name: &str, reason| CutError {
        name: name.into(),
        reason,
    };
    let four = dense(&[5, 7, 6, 3]);
    // In whichever order they are named.
    assert_eq!(four.cut_at(&names(&["fc1", "fc0"])), Ok(vec![1, 2]));
    assert_eq!(four.cut_at(&names(&["fc1"])), Ok(vec![2]));
    for (name, reason) in [("input", NoCut::Input), ("fc2", NoCut::Output), ("fc3", NoCut::Unknown)] {
        assert_eq!(refused(&four, &["fc0", name]), of(name, reason));
    }
    assert_eq!(refused(&four, &["fc0", "fc1", "fc0"]), of("fc0", NoCut::Twice));
    // The input goes around the first tensor.
    let around = residual();
    let first = around.tensors[1].name.clone();
    let others = NoCut::Others(vec![around.tensors[0].name.clone()]);
    assert_eq!(refused(&around, &[&first]), of(&first, others));
    assert_eq!(refused(&after_pool(), &["first"]), of("first", NoCut::Among));
    // Of a name that several tensors have, the last that can be.
    let mut twice = four.clone();
    twice.tensors[1].name = "fc1".into();
    assert_eq!(twice.cut_at(&names(&["fc1"])), Ok(vec![2]));
    twice.tensors[3].name = "fc1".into();
    assert_eq!(twice.cut_at(&names(&["fc1"])), Ok(vec![2]));
}

/// Run one after the other, segments are the program.
#[test]
fn segments_run_as_the_program_does() {
    for model in [dense(&[5, 7, 6, 3]), residual(), after_pool()] {
        let input = random(5, model.tensors[0].len(), 16);
        let whole = run(&model, &input).expect("in range").outputs(&model);
        for cut in model.cuts() {
            let mut values = vec![input.clone()];
            for part in model.segments(&[cut]) {
                values = execute(&part, &values).expect("in range").outputs(&part);
            }
            assert_eq!(values, whole);
        }
    }
}

#[test]
fn what_is_given_lies_in_the_same_cells_of_both() {
    let cases = all();
    for pair in cases.chunks(2) {
        let [(name, first), (_, second)] = pair else {
            panic!("pairs")
        };
        let (given, layout) = (first.layout.given.expect("given"), &first.layout);
        assert_eq!(layout.rows[given], second.layout.rows[0], "{name}");
        let cells = |case: &Case, id: usize| {
            provenn_circuits::argument::input_cells(&case.model, &case.layout, id, &case.witness.trace.values[id])
        };
        assert_eq!(cells(first, given), cells(second, 0), "{name}");
        assert_eq!(layout.policy_rows, 0, "nothing is stated of it");
    }
}

#[test]
fn the_gate_of_what_is_given_is_needed() {
    for (_, case) in all().into_iter().step_by(2) {
        let mut f = Forge::new(&case);
        let (columns, layout) = (f.base.config.advice.input.given.clone(), f.base.layout.clone());
        let given = layout.given.expect("given");
        for (index, column) in columns.into_iter().enumerate() {
            for &row in &layout.rows[given] {
                f.expect(&format!("lane {index}/value is what is given#"), |t| {
                    add(t, column, row, Fr::one())
                });
            }
        }
    }
}

/// A lane without a channel: its value, its cell and its rounding agree, the sums of the accumulators do not.
#[test]
fn padding_of_what_is_given_is_zero() {
    let [case, next] = segments(&dense(&[5, 7, 6, 3]), 1, 2);
    let mut t = Table::new(&case, 3);
    let given = t.layout.given.expect("given");
    let (row, lane) = (
        *t.layout.rows[given].last().expect("a row"),
        t.config.advice.lanes[1].clone(),
    );
    let cell = t.config.advice.input.given[1];
    let value = small(t.get(lane.value, row)) + 1;
    t.set(lane.value, row, Fr::from(value));
    t.set(cell, row, Fr::from(value));
    put(&mut t, &lane.high, row, value);
    t.set(lane.sign, row, Fr::one());
    t.recompute();
    let broken = t.violations();
    assert!(
        !broken.is_empty() && broken.iter().all(|gate| !gate.starts_with("lane")),
        "{broken:?}"
    );
    // Of the segment that takes it the gate of every committed input says so.
    let mut t = Table::new(&next, 3);
    let (row, lane) = (
        *t.layout.rows[0].last().expect("a row"),
        t.config.advice.lanes[1].clone(),
    );
    let cell = t.config.advice.input.committed[0][1];
    let value = small(t.get(lane.value, row)) + 1;
    t.set(lane.value, row, Fr::from(value));
    t.set(cell, row, Fr::from(value));
    put(&mut t, &lane.high, row, value);
    t.recompute();
    assert!(t.violations().contains("lane 1/padding of the input is zero#0") || !t.violations().is_empty());
}

/// A cell that no rounding gives, taken all the same.
#[test]
fn what_is_taken_is_in_range() {
    for (_, case) in all().into_iter().skip(1).step_by(2) {
        let mut t = Table::new(&case, 3);
        let (row, lane) = (t.layout.rows[0][0], t.config.advice.lanes[0].clone());
        let cell = t.config.advice.input.committed[0][0];
        let beyond = Fr::from(1 << PRECISION.bits());
        t.set(lane.value, row, beyond);
        t.set(cell, row, beyond);
        t.recompute();
        let broken = t.violations();
        assert!(
            broken.iter().any(|gate| gate.starts_with("lane 0/input is in range")),
            "{broken:?}"
        );
    }
}

/// Ends that are no tensor's, or where others must be.
#[test]
fn bad_ends_are_refused() {
    let model = dense(&[5, 7, 6, 3]);
    let [first, second] = [0, 1].map(|index| model.segments(&[1]).swap_remove(index));
    let build = |program: &Program, ends: Ends, public: bool| {
        Layout::build(
            program,
            Shape {
                ends,
                ..shape(8, 2, public)
            },
        )
        .err()
    };
    let (takes, gives) = (
        |row| Ends {
            takes: Some(row),
            gives: None,
        },
        |row| Ends {
            takes: None,
            gives: Some(row),
        },
    );
    assert_eq!(build(&first, gives(BETWEEN), false), None);
    assert_eq!(build(&second, takes(BETWEEN), false), None);
    // ReLU values are no input, and no output, of a model.
    assert_eq!(build(&second, Ends::default(), false), Some(LayoutError::Malformed));
    assert_eq!(build(&first, Ends::default(), false), Some(LayoutError::Malformed));
    // Above the policy rows, at those of the public input, beyond all, and shown.
    assert_eq!(build(&second, takes(0), false), Some(LayoutError::Malformed));
    assert_eq!(build(&first, gives(0), true), Some(LayoutError::Malformed));
    for row in [1 << 9, usize::MAX / 2] {
        assert!(matches!(
            build(&first, gives(row), false),
            Some(LayoutError::Rows { .. })
        ));
    }
    assert_eq!(build(&second, takes(BETWEEN), true), Some(LayoutError::Malformed));
    // A tensor that a pool stands among, an input.
    let mut pool = after_pool();
    pool.outputs[0].tensor = 1;
    assert_eq!(build(&pool, gives(BETWEEN), false), Some(LayoutError::Malformed));
    pool.outputs[0].tensor = 0;
    assert_eq!(build(&pool, gives(BETWEEN), false), Some(LayoutError::Malformed));
}
