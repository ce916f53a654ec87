//! Every cell matters, and every constraint is needed.

#[path = "mutation/dense.rs"]
mod dense;
#[path = "mutation/equalities.rs"]
mod equalities;
#[path = "mutation/forge.rs"]
mod forge;
#[path = "mutation/functions.rs"]
mod functions;
#[path = "mutation/gates.rs"]
mod gates;
#[path = "mutation/labels.rs"]
mod labels;
#[path = "mutation/quotients.rs"]
mod quotients;
#[path = "mutation/segments.rs"]
mod segments;
#[path = "common/table.rs"]
mod table;
#[path = "mutation/whole.rs"]
mod whole;
#[path = "mutation/wide.rs"]
mod wide;

use crate::common::*;
use forge::*;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::{Advice, Column};
use provenn_circuits::argument::Phase;
use provenn_circuits::graph::InputType;
use provenn_circuits::layout::{Block, Layout, Mode, RowKind, Shape, Src, BIAS_LIMBS};
use provenn_circuits::program::*;
use provenn_circuits::CircuitError;
use std::collections::{BTreeMap, BTreeSet};
use table::{cell, Table};

fn cases() -> Vec<(String, Case)> {
    let mut cases = vec![];
    for (name, model) in [
        ("dense", dense(&[5, 7, 3])),
        ("conv", conv()),
        ("residual", residual()),
        ("pooled", pooled()),
        ("mixed", mixed()),
        ("grouped", grouped()),
        ("activated", activated()),
        ("divided", divided()),
        ("recurrent", recurrent(3, 1)),
    ] {
        for public in [true, false] {
            cases.push((format!("{name}, public {public}"), Case::new(model.clone(), public, 7)));
        }
        for columns in [2, 3] {
            let case = on_columns(model.clone(), 2, columns, false);
            cases.push((format!("{name}, {columns} line columns"), case));
        }
        cases.push((format!("{name}, three lanes"), on_lanes(model, 3, false)));
    }
    for (lanes, public) in [
        (2, [false, true]),
        (4, [false, false]),
        (1, [true, false]),
        (2, [true, true]),
    ] {
        let case = Case::on(joined(), lanes, &public, 9);
        cases.push((format!("joined, {lanes} lanes, public {public:?}"), case));
    }
    cases.extend(segments::all());
    // Each program, on one number of lanes or another.
    cases.extend(whole::all().into_iter().step_by(3));
    cases.extend(wide::all());
    for public in [true, false] {
        cases.extend(dense::all(public));
    }
    cases
}

/// Input, one contraction, one pool over its two positions; three channels.
fn pooled() -> Program {
    let axes = [Axis::identity(2), Axis::identity(1)];
    let first = affine(vec![part(0)], 3, 3, axes, 80);
    let pool = MaxPool {
        tensor: 1,
        rows: vec![vec![0, 1]],
        cols: vec![vec![0]],
    };
    let tensor = |name: &str, height, step| Tensor {
        name: name.into(),
        channels: 3,
        height,
        width: 1,
        frac: 0,
        signed: true,
        step,
    };
    let tensors = vec![
        tensor("input", 2, Step::Input),
        tensor("first", 2, Step::Affine(first)),
        tensor("pool", 1, Step::MaxPool(pool)),
    ];
    model(tensors)
}

/// A case on two lanes, so that channels are padded.
fn wide(model: Program, public_input: bool) -> Case {
    on_lanes(model, 2, public_input)
}

fn on_lanes(model: Program, lanes: usize, public_input: bool) -> Case {
    on_columns(model, lanes, 1, public_input)
}

fn on_columns(model: Program, lanes: usize, line_columns: usize, public_input: bool) -> Case {
    let shape = |k| Shape {
        line_columns,
        ..shape(k, lanes, public_input)
    };
    let mut layouts = (7..10).filter_map(|k| Layout::build(&model, shape(k)).ok());
    let layout = layouts.next().expect("fits");
    let trace = run(&model, &random(3, model.tensors[0].len(), 16)).expect("in range");
    Case::build(model, layout, trace)
}

/// A run of [`pooled`] on two lanes in which the values of one lane are below their range, and are clamped as a ReLU's are.
/// The executor refuses it.
fn clamped(public_input: bool, lane: usize) -> Case {
    let honest = wide(pooled(), public_input);
    let (mut model, mut trace) = ((*honest.model).clone(), honest.witness.trace.clone());
    let (below, least) = (1i64 << (2 * PRECISION.bits()), -(1i64 << (PRECISION.bits() - 1)));
    let Step::Affine(first) = &mut model.tensors[1].step else {
        unreachable!("affine")
    };
    for channel in (lane..3).step_by(2) {
        first.bias[channel] -= below;
        for element in [2 * channel, 2 * channel + 1] {
            trace.accumulators[1][element] -= i128::from(below);
            trace.values[1][element] = least;
        }
        trace.values[2][channel] = least;
    }
    let refused = run(&model, &trace.values[0]);
    assert!(matches!(refused, Err(CircuitError::OutOfRange { .. })), "{refused:?}");
    Case::build(model, (*honest.layout).clone(), trace)
}

fn kind(layout: &Layout, row: usize) -> RowKind {
    layout.kinds.get(row).copied().unwrap_or(RowKind::Free)
}

/// Why a change of this cell may go unnoticed; `None` if it may not. The list is complete by the assertion below.
fn excuse(t: &Table, column: usize, row: usize, later: bool) -> Option<&'static str> {
    let (c, layout) = (&t.config, &t.layout);
    let is = |other: Column<Advice>| other.index() == column;
    let kind = kind(layout, row);
    let policy = row < layout.policy_rows;
    let line = layout
        .blocks
        .iter()
        .any(|b| b.start + b.bias_rows <= row && row <= b.end());
    for (index, (&u, &w)) in c.advice.lines.u.iter().zip(&c.advice.lines.weights).enumerate() {
        if is(u) && later && layout.shape.dense && !line && !policy {
            return Some("copies of values outside of blocks");
        }
        if is(u) && index > 0 && !line {
            return Some("line column beside the first on a row without a line");
        }
        if is(w) && (t.value_at(u, row) == Fr::zero() || index > 0 && !line) {
            return Some("weight that meets a zero of the line, or no line (bound by the link only)");
        }
        if is(w) && layout.pairs.iter().any(|b| b.start <= row && row <= b.end()) {
            return Some("weight on a row of a product of activations (bound by the link only)");
        }
    }
    for (id, cells) in c.advice.input.committed.iter().enumerate() {
        let own = matches!(kind, RowKind::Input(input, _) if input == id);
        if cells.iter().any(|&cell| is(cell)) && !own {
            return Some("input column on a row without input (bound by the input commitment only)");
        }
    }
    let given = layout.given.map_or(&[][..], |id| &layout.rows[id]);
    let scanned = layout.segments.iter().find(|s| s.rows[0].mode == Mode::Given);
    let given = match scanned {
        Some(cells) => (cells.start..cells.start + cells.rows.len()).contains(&row),
        None => given.contains(&row),
    };
    if c.advice.input.given.iter().any(|&cell| is(cell)) && !given {
        return Some("column of what is given on a row that is not of it (bound by its commitment only)");
    }
    for (index, lane) in c.advice.lanes.iter().enumerate() {
        // Lanes without a channel divide nothing.
        let divided = |id: usize, block: usize| index < t.model.tensors[id].channels - block * layout.shape.lanes;
        let signed = match kind {
            RowKind::Affine(..) | RowKind::Product(..) => true,
            RowKind::Quotient(id, block) => divided(id, block),
            _ => false,
        };
        if is(lane.sign) && !signed {
            return Some("sign on a row without accumulator");
        }
        if is(lane.value) && matches!(kind, RowKind::Free | RowKind::Remainder(..) | RowKind::Bits) {
            return Some("value on a free row");
        }
        for (high, parts) in [(true, &lane.high), (false, &lane.rem)] {
            let Some(part) = parts.iter().position(|&p| is(p)) else {
                continue;
            };
            let checked = part < layout.shape.limbs as usize;
            let read = match kind {
                RowKind::Affine(..) | RowKind::Max(_) | RowKind::Product(..) => true,
                RowKind::Input(input, _) => high && !layout.shape.inputs[input].public,
                RowKind::Quotient(id, block) | RowKind::Remainder(id, block) => divided(id, block),
                RowKind::Bits => high,
                RowKind::Free => false,
            } || (policy && index == 0 && (high || part == 0));
            if !read && (later || !checked) {
                return Some("bits on a row that does not read them, still in range");
            }
        }
    }
    if is(c.advice.policy.top) && !policy {
        return Some("top outside the policy rows");
    }
    let slot = c.advice.slots.iter().position(|s| is(s.a) || is(s.b))?;
    let mut segments = layout
        .segments
        .iter()
        .filter(|s| s.slot == slot && s.start <= row && row < s.start + s.rows.len());
    let used = segments.any(|s| s.rows[row - s.start].factors.is_some());
    (!used).then_some("coefficient of a row that adds nothing")
}

fn deltas(row: usize) -> [Fr; 3] {
    [
        Fr::one(),
        -Fr::one(),
        Fr::from(row as u64 + 7).square().square() * Fr::from(0x1234_5678_9abc_def1),
    ]
}

#[test]
fn honest_tables_hold_with_random_blinding_rows() {
    for (name, case) in cases() {
        assert_eq!(Table::new(&case, 1).violations(), BTreeSet::new(), "{name}");
    }
}

/// A raw change of one cell after everything else.
#[test]
fn every_cell_that_is_read_is_bound() {
    let mut accepted: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, case) in cases() {
        let mut t = Table::new(&case, 2);
        let stride = (t.usable / 250).max(1);
        for column in 0..t.advice.len() {
            for row in (column % stride..t.usable).step_by(stride) {
                let before = t.advice[column][row];
                let why = excuse(&t, column, row, false);
                for delta in deltas(row) {
                    t.advice[column][row] = before + delta;
                    if !t.caught_at((column, row)) {
                        let why = why.unwrap_or_else(|| panic!("{name}: column {column}, row {row} is free"));
                        *accepted.entry(why).or_default() += 1;
                    }
                }
                t.advice[column][row] = before;
            }
        }
    }
    println!("{accepted:#?}");
    assert_eq!(accepted.len(), 10, "{accepted:?}");
}

/// A change of one phase-1 cell, with multiplicities and later phases (but the line) made to fit.
#[test]
fn a_false_phase_one_cell_is_caught_by_the_later_phases() {
    for (name, case) in cases() {
        let mut t = Table::new(&case, 3);
        let columns: Vec<usize> = t.config.phase(Phase::First).iter().map(Column::index).collect();
        let skip = (columns.len() * t.usable / 40).max(1);
        for index in (0..columns.len() * t.usable).step_by(skip) {
            let (column, row) = (columns[index % columns.len()], (index * 7 / columns.len()) % t.usable);
            let counts = t.config.advice.function.multiplicities.iter();
            let is_count = |count: &Column<Advice>| count.index() == column;
            if counts.chain(&t.config.advice.range.multiplicity).any(is_count) {
                continue;
            }
            for delta in deltas(row) {
                let honest = t.clone();
                t.advice[column][row] += delta;
                t.recompute();
                if t.violations().is_empty() {
                    let why = excuse(&honest, column, row, true);
                    assert!(why.is_some(), "{name}: column {column}, row {row} is free");
                }
                t = honest;
            }
        }
    }
}

/// One false accumulator, its rounding and everything before and after phase 1 as the circuit wants it.
#[test]
fn a_false_accumulator_is_rejected() {
    for (name, case) in cases() {
        for id in 1..case.model.tensors.len() {
            for (index, delta) in [(0, 1), (1, -1), (1, 5000)] {
                let mut trace = case.witness.trace.clone();
                let f = PRECISION.bits();
                let Some(acc) = trace.accumulators[id].get_mut(index) else {
                    continue;
                };
                *acc += delta;
                let zero = case.model.zero(id);
                trace.values[id][index] = (((*acc + (1i128 << (f - 1))) >> f) as i64).max(-zero);
                let lie = Case::build((*case.model).clone(), (*case.layout).clone(), trace);
                assert!(!Table::new(&lie, 4).violations().is_empty(), "{name}, tensor {id}");
            }
        }
    }
}
