//! Each constraint on looked-up rows is needed, and none lets a liar's cells pass.

use super::*;

/// Three channels that are looked up and published.
fn looked_up() -> Program {
    let axes = [Axis::identity(1), Axis::identity(1)];
    let first = Affine {
        table: Some(table(150, |x| 20 - x * x / 300)),
        ..affine(vec![part(0)], 3, 3, axes, 130)
    };
    let mut model = dense(&[3, 3]);
    model.tensors[1].step = Step::Affine(first);
    model
}

fn result(model: &Program, id: usize, units: i64) -> i64 {
    model.table(id).expect("a table").result(units).expect("an entry")
}

/// A run in which the inputs of the lookups of one lane are below their range, and are those that their magnitude is one
/// less than. The executor refuses it.
fn mirrored(lane: usize) -> Case {
    let honest = wide(looked_up(), false);
    let (mut model, mut trace) = ((*honest.model).clone(), honest.witness.trace.clone());
    let (below, f) = (1i64 << (2 * PRECISION.bits()), PRECISION.bits());
    for channel in (lane..3).step_by(2) {
        let Step::Affine(first) = &mut model.tensors[1].step else {
            unreachable!("affine")
        };
        first.bias[channel] -= below;
        let units = (trace.accumulators[1][channel] + (1i128 << (f - 1))) >> f;
        trace.accumulators[1][channel] -= i128::from(below);
        trace.values[1][channel] = result(&model, 1, -1 - units as i64);
    }
    let refused = execute(&model, &trace.values[..1]);
    assert!(matches!(refused, Err(CircuitError::OutOfRange { .. })), "{refused:?}");
    Case::build(model, (*honest.layout).clone(), trace)
}

/// Another result for a channel, claimed.
fn lie(t: &mut Table, channel: usize, delta: Fr) {
    let (row, lane) = (t.layout.rows[1][channel / 2], channel % 2);
    add(t, t.config.advice.lanes[lane].value, row, delta);
    claim(t, channel, delta);
}

#[test]
fn each_gate_of_a_function_is_needed() {
    let case = wide(looked_up(), false);
    let mut f = Forge::new(&case);
    let (c, one) = (f.base.config.clone(), Fr::one());
    let blocks = c.advice.function.multiplicities.clone();
    assert!(blocks.len() > 1, "several blocks");
    for channel in 0..3 {
        f.expect("range/balance", |t| {
            lie(t, channel, one);
            t.recompute();
        });
        f.expect("functions/function helper#0", |t| {
            lie(t, channel, one);
            t.recompute_lines();
            t.recompute_slots();
        });
    }
    for (block, &multiplicity) in blocks.iter().enumerate() {
        let helper = (c.advice.lanes.len() + block) / 3;
        f.expect(&format!("functions/function helper#{helper}"), |t| {
            add(t, multiplicity, 0, one)
        });
    }
    for lane in 0..2 {
        f.expect(&format!("lane {lane}/inputs of tables are not clamped"), |t| {
            *t = Table::new(&mirrored(lane), 5)
        });
    }
    f.expect("lane 1/padding of a function is zero", |t| {
        lie(t, 3, one);
        t.recompute();
    });
    let table = Table::new(&case, 6);
    let of_functions = ["functions/", "inputs of tables", "padding of a function"];
    let gates = table.gates.iter().map(|g| &g.0);
    let missing: Vec<_> = gates
        .filter(|g| of_functions.iter().any(|name| g.contains(name)) && !f.broken.contains(*g))
        .collect();
    assert!(missing.is_empty(), "no forgery needs {missing:?}");
}

/// Every result but the right one, results of another table, and what has no entry at all.
#[test]
fn no_other_result_is_accepted() {
    let honest = wide(activated(), true);
    for id in 1..=3 {
        let values = &honest.witness.trace.values[id];
        let others = (1..=3)
            .flat_map(|other| honest.model.table(other))
            .flat_map(|t| t.entries().map(|e| e.1));
        let all: BTreeSet<i64> = others.chain([1000, -1024, 1023]).filter(|v| *v != values[0]).collect();
        for other in all {
            let mut trace = honest.witness.trace.clone();
            trace.values[id][0] = other;
            let t = Table::new(
                &Case::build((*honest.model).clone(), (*honest.layout).clone(), trace),
                7,
            );
            assert!(t.violations().contains("range/balance#3") || !t.violations().is_empty());
            assert_ne!(
                t.get(t.config.advice.range.lookup.sum, t.usable - 1),
                Fr::zero(),
                "tensor {id}, {other}"
            );
        }
    }
}

/// An input that the table does not have, under any result.
#[test]
fn what_the_table_does_not_take_is_refused() {
    let honest = wide(looked_up(), true);
    let (mut model, f) = ((*honest.model).clone(), PRECISION.bits());
    let Step::Affine(first) = &mut model.tensors[1].step else {
        unreachable!("affine")
    };
    // Beyond the last entry, in the range of values.
    first.bias[0] += 300 << f;
    let refused = execute(&model, &honest.witness.trace.values[..1]);
    assert!(
        matches!(refused, Err(CircuitError::OutOfRange { max: 149, .. })),
        "{refused:?}"
    );
    for result in -10..30 {
        let mut trace = honest.witness.trace.clone();
        trace.accumulators[1][0] += 300 << f;
        trace.values[1][0] = result;
        let t = Table::new(&Case::build(model.clone(), (*honest.layout).clone(), trace), 8);
        let broken = t.violations();
        assert!(broken.iter().all(|b| b.starts_with("range/balance")), "{broken:?}");
        assert_eq!(broken.len(), 1);
    }
}

/// Whoever knew `r` beforehand could have any result of another input: a value that makes the sum of the pair that of an entry.
/// Under an `r` that is drawn afterwards it is no entry.
#[test]
fn inputs_and_results_are_joined_by_a_challenge_drawn_after_them() {
    let honest = wide(looked_up(), false);
    let mut t = Table::new(&honest, 9);
    let (row, value) = (t.layout.rows[1][0], t.config.advice.lanes[0].value);
    let (r, units) = (t.challenges[0], honest.witness.trace.accumulators[1][0]);
    let units = ((units + (1i128 << (PRECISION.bits() - 1))) >> PRECISION.bits()) as i64;
    let zero = honest.model.zero(1);
    let stored = |result: i64| Fr::from((result + zero) as u64);
    let forged = stored(result(&honest.model, 1, units + 1)) + r.invert().expect("not zero");
    let delta = forged - t.get(value, row);
    assert_ne!(delta, Fr::zero());
    lie(&mut t, 0, delta);
    // The multiplicities of a liar: the entry that the pair has the sum of, instead of the honest one.
    let count = |t: &mut Table, units: i64, by: Fr| {
        let entry = (units + 150) as usize;
        let column = t.config.advice.function.multiplicities[entry / t.usable];
        add(t, column, entry % t.usable, by);
    };
    let mut known = t.clone();
    count(&mut known, units, -Fr::one());
    count(&mut known, units + 1, Fr::one());
    for (gate, column) in known
        .gate("functions/function helper")
        .into_iter()
        .zip(t.config.advice.function.helpers.clone())
    {
        (0..known.usable).for_each(|row| known.solve(gate, column, row));
    }
    let sum = known.gate("range/running sum")[0];
    let column = t.config.advice.range.lookup.sum;
    (0..known.usable).for_each(|row| known.solve(sum, column, row));
    assert_eq!(known.eval(known.gate("range/balance")[0], known.usable - 1), Fr::zero());
    let mut drawn = known;
    drawn.challenges[0] += Fr::one();
    for (gate, column) in drawn
        .gate("functions/function helper")
        .into_iter()
        .zip(t.config.advice.function.helpers.clone())
    {
        (0..drawn.usable).for_each(|row| drawn.solve(gate, column, row));
    }
    (0..drawn.usable).for_each(|row| drawn.solve(sum, column, row));
    assert_ne!(drawn.eval(drawn.gate("range/balance")[0], drawn.usable - 1), Fr::zero());
}

/// A key whose table has one result moved accepts no honest run that uses it.
#[test]
fn a_moved_result_in_the_table_breaks_honest_runs() {
    let honest = wide(looked_up(), true);
    let mut t = Table::new(&honest, 10);
    let counts = t.config.advice.function.multiplicities.iter().enumerate();
    let mut places = counts.flat_map(|(block, count)| (0..t.usable).map(move |row| (block, *count, row)));
    let used = places.find(|(_, count, row)| t.get(*count, *row) != Fr::zero());
    let (block, _, used) = used.expect("an entry in use");
    let results = t.config.fixed.function.blocks[block][1].index();
    let mut fixed = (*t.fixed).clone();
    fixed[results][used] += Fr::one();
    t.cells.fixed = std::sync::Arc::new(fixed);
    t.recompute();
    assert!(t.violations().iter().all(|b| b.starts_with("range/balance")));
    assert_eq!(t.violations().len(), 1);
}
