//! What segments give to one another: each cell is bound on the rows of the tensor, in range, and zero on lanes without a channel.

use super::equalities::{gaps, solve};
use super::*;
use provenn_circuits::argument::{given_cells, input_cells};
use provenn_circuits::layout::{Ends, LayoutError, Mode, Segment};

/// Row at which both segments have what is between.
const BETWEEN: usize = 9;

/// Both segments of a program that is cut at a tensor, each on so many lanes.
pub fn segments(model: &Program, cut: TensorId, lanes: [usize; 2]) -> [Case; 2] {
    let parts = model.segments(&[cut]);
    let mut values = random(5, parts[0].tensors[0].len(), 16);
    let mut case = |part: &Program, lanes: usize, ends: Ends| {
        let shape = |k| Shape {
            ends,
            ..shape(k, lanes, false)
        };
        let layout = (7..11).find_map(|k| Layout::build(part, shape(k)).ok()).expect("fits");
        let trace = run(part, &values).expect("in range");
        values = trace.outputs(part).remove(0);
        Case::build(part.clone(), layout, trace)
    };
    let [own, next] = lanes;
    [
        case(
            &parts[0],
            own,
            Ends {
                gives: Some(BETWEEN),
                onto: Some(next).filter(|next| *next != own),
                ..Ends::default()
            },
        ),
        case(
            &parts[1],
            next,
            Ends {
                takes: Some(BETWEEN),
                ..Ends::default()
            },
        ),
    ]
}

/// For each program every place where it can be cut, on as many lanes before as after and on others.
pub fn all() -> Vec<(String, Case)> {
    [[2, 2], [2, 3], [3, 2], [2, 1], [1, 4]]
        .into_iter()
        .flat_map(of_lanes)
        .collect()
}

/// Those of segments on so many lanes.
fn of_lanes(lanes: [usize; 2]) -> Vec<(String, Case)> {
    let programs = [
        ("dense", dense(&[5, 7, 6, 3])),
        ("residual", residual()),
        ("pooled", after_pool()),
    ];
    let mut cases = vec![];
    for (name, model) in programs {
        for cut in model.cuts() {
            for (index, case) in segments(&model, cut, lanes).into_iter().enumerate() {
                cases.push((
                    format!("{name}, segment {index} of a cut at {cut}, on {lanes:?} lanes"),
                    case,
                ));
            }
        }
    }
    cases
}

/// A pool in the middle, whose results stand among the rows of what it reads.
pub fn after_pool() -> Program {
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
    // Between the tensors of a loop.
    let loops = recurrent(3, 1);
    let later = |id: usize| loops.tensors[..=id].iter().any(|t| reads_after(t, id));
    let inside = (loops.inputs.len()..loops.outputs[0].tensor).filter(|id| later(*id));
    let inside: Vec<TensorId> = inside.collect();
    assert!(!inside.is_empty(), "a loop of one tensor");
    for id in inside {
        let mut one = loops.clone();
        one.tensors[id].name = "here".into();
        assert_eq!(refused(&one, &["here"]), of("here", NoCut::Loop));
    }
    // Of a name that several tensors have, the last that can be.
    let mut twice = four.clone();
    twice.tensors[1].name = "fc1".into();
    assert_eq!(twice.cut_at(&names(&["fc1"])), Ok(vec![2]));
    twice.tensors[3].name = "fc1".into();
    assert_eq!(twice.cut_at(&names(&["fc1"])), Ok(vec![2]));
}

/// Whether a tensor reads one that comes after another.
fn reads_after(tensor: &Tensor, id: TensorId) -> bool {
    let Step::Affine(affine) = &tensor.step else {
        return false;
    };
    let parts = affine.contractions.iter().flat_map(|c| &c.parts);
    let mut parts = parts.chain(affine.linear.iter().map(|l| &l.part));
    parts.any(|part| part.tensor > id)
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
        let cells = given_cells(&first.model, &first.layout, &first.witness.trace);
        let taken = input_cells(&second.model, &second.layout, 0, &second.witness.trace.values[0]);
        assert_eq!(cells, taken, "{name}");
        let (given, layout) = (first.layout.given.expect("given"), &first.layout);
        if layout.shape.ends.onto.is_none() {
            assert_eq!(layout.rows[given], second.layout.rows[0], "{name}");
        }
        assert_eq!(layout.policy_rows, 0, "nothing is stated of it");
    }
}

#[test]
fn the_gate_of_what_is_given_is_needed() {
    for (_, case) in of_lanes([2, 2]).into_iter().step_by(2) {
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

/// Those that give on other lanes than their own.
fn across() -> impl Iterator<Item = Case> {
    let all = all().into_iter().step_by(2).map(|(_, case)| case);
    all.filter(|case| case.layout.shape.ends.onto.is_some())
}

/// The scans that tie what is given to its cells: of the cells, and of the values.
fn tied(layout: &Layout) -> [usize; 2] {
    let of_cells = |segment: &Segment| segment.rows.iter().any(|row| row.mode == Mode::Given);
    let cells = layout.segments.iter().position(of_cells).expect("a scan of the cells");
    let sum = layout.segments[cells].result();
    let (_, values) = layout.equalities.iter().find(|(left, _)| *left == sum).expect("tied");
    let values = layout.segments.iter().position(|segment| segment.result() == *values);
    [cells, values.expect("a scan of the values")]
}

/// Each cell, those of lanes without a channel among them, counts by itself: whichever is changed, nothing else notices.
#[test]
fn what_is_given_across_lanes_is_tied_by_one_equality() {
    for case in across() {
        let mut f = Forge::new(&case);
        let layout = f.base.layout.clone();
        let [cells, _] = tied(&layout);
        let sum = layout.segments[cells].result();
        let number = layout
            .equalities
            .iter()
            .position(|(left, _)| *left == sum)
            .expect("tied");
        let rows = layout.segments[cells].rows.len();
        assert_eq!(
            rows,
            given_cells(&case.model, &layout, &case.witness.trace)[0].len() - BETWEEN
        );
        for column in f.base.config.advice.input.given.clone() {
            for row in BETWEEN..BETWEEN + rows {
                f.expect(&format!("equality {number}"), |t| {
                    add(t, column, row, Fr::one());
                    t.recompute_slots();
                });
            }
        }
    }
}

/// No two cells have the same coefficient: exchanged, what is between is another tensor.
#[test]
fn cells_across_lanes_are_not_exchanged() {
    for case in across() {
        let base = Table::new(&case, 3);
        let cells = given_cells(&case.model, &base.layout, &case.witness.trace);
        let columns = base.config.advice.input.given.clone();
        let places = cells.iter().enumerate();
        let places = places.flat_map(|(lane, cells)| (BETWEEN..cells.len()).map(move |row| (lane, row)));
        let places: Vec<(usize, usize)> = places.collect();
        for (&a, &b) in places.iter().flat_map(|a| places.iter().map(move |b| (a, b))) {
            let [left, right] = [a, b].map(|(lane, row)| base.get(columns[lane], row));
            if left == right {
                continue;
            }
            let mut t = base.clone();
            t.set(columns[a.0], a.1, right);
            t.set(columns[b.0], b.1, left);
            t.recompute_slots();
            assert!(!t.violations().is_empty(), "{a:?} and {b:?}");
        }
    }
}

/// With one coefficient of either scan free, another tensor is given than was computed.
#[test]
fn each_coefficient_of_what_is_given_is_needed() {
    for case in across() {
        let base = Table::new(&case, 5);
        let layout = base.layout.clone();
        let column = base.config.advice.input.given[0];
        for number in tied(&layout) {
            let of = format!("of segment {number} ");
            let copies = base.copies.iter().filter(|copy| copy.0.contains(&of));
            for (name, _, at) in copies {
                let kept = BTreeSet::from([*at]);
                let mut t = base.clone();
                t.advice[at.0][at.1] += Fr::one();
                t.recompute_slots_but(&kept);
                let constant = gaps(&t);
                let mut one = t.clone();
                add(&mut one, column, BETWEEN, Fr::one());
                one.recompute_slots_but(&kept);
                let slope: Vec<Fr> = gaps(&one).iter().zip(&constant).map(|(a, b)| a - b).collect();
                let by = solve(&[slope], &constant).unwrap_or_else(|| panic!("{name}: no forgery"));
                add(&mut t, column, BETWEEN, by[0]);
                t.recompute_slots_but(&kept);
                assert_eq!(t.violations(), BTreeSet::from([name.clone()]));
            }
        }
    }
}

/// A lane without a channel: its value, its cell and its rounding agree, the sums of the accumulators do not.
#[test]
fn padding_of_what_is_given_is_zero() {
    let [case, next] = segments(&dense(&[5, 7, 6, 3]), 1, [2, 2]);
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
            ..Ends::default()
        },
        |row| Ends {
            gives: Some(row),
            ..Ends::default()
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
    // Onto other lanes: none, its own, beyond all rows, of a segment that gives nothing.
    let onto = |ends: Ends, lanes| Ends {
        onto: Some(lanes),
        ..ends
    };
    assert_eq!(build(&first, onto(gives(BETWEEN), 3), false), None);
    // The cells share no row with anything.
    assert_eq!(build(&first, onto(gives(0), 3), true), None);
    for lanes in [0, 2] {
        let refused = build(&first, onto(gives(BETWEEN), lanes), false);
        assert_eq!(refused, Some(LayoutError::Malformed));
    }
    for row in [1 << 9, usize::MAX / 2] {
        let refused = build(&first, onto(gives(row), 3), false);
        assert!(matches!(refused, Some(LayoutError::Rows { .. })), "{refused:?}");
    }
    assert_eq!(
        build(&second, onto(takes(BETWEEN), 3), false),
        Some(LayoutError::Malformed)
    );
    // A tensor that a pool stands among, an input.
    let mut pool = after_pool();
    pool.outputs[0].tensor = 1;
    assert_eq!(build(&pool, gives(BETWEEN), false), Some(LayoutError::Malformed));
    pool.outputs[0].tensor = 0;
    assert_eq!(build(&pool, gives(BETWEEN), false), Some(LayoutError::Malformed));
}
