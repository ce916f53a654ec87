//! Witnesses that an attacker with full control of the prover would try, and layouts that are easy to get wrong.

use crate::common::*;
use halo2_proofs::dev::MockProver;
use provenn_circuits::argument::ModelCircuit;
use provenn_circuits::layout::Layout;
use provenn_circuits::program::*;
use provenn_circuits::CircuitError;
use std::sync::Arc;

fn stored(name: &str, channels: usize, signed: bool, step: Step) -> Tensor {
    Tensor {
        name: name.into(),
        channels,
        height: 1,
        width: 1,
        frac: 0,
        signed,
        step,
    }
}

fn one() -> [Axis; 2] {
    [Axis::identity(1), Axis::identity(1)]
}

/// `dense(concat(input, first))`: the second part starts in the padding lanes of the first.
fn concatenated(channels: usize) -> Program {
    let first = affine(vec![part(0)], 3, 2, one(), 80);
    let parts = vec![part(0), part_at(1, 1, 3)];
    let last = affine(parts, 5, 2, one(), 90);
    let tensors = vec![
        stored("input", channels, true, Step::Input),
        stored("first", 2, false, Step::Affine(first)),
        stored("last", 2, true, Step::Affine(last)),
    ];
    model(tensors)
}

#[test]
fn padding_lanes_of_a_committed_input_cannot_feed_other_channels() {
    let honest = concatenated(3);
    let layout = Layout::build(&honest, shape(7, 4, false)).expect("fits");
    let truth = run(&honest, &[5, -3, 2]).expect("in range");
    // The fourth lane is padding. The liar puts 900 there, which adds to the first channel of the second part.
    let mut liar = honest.clone();
    let mut trace = truth.clone();
    liar.tensors[0].channels = 4;
    let Step::Affine(first) = &mut liar.tensors[1].step else {
        unreachable!()
    };
    let c = first.contractions.first_mut().expect("contraction");
    c.channels = 4;
    c.weights
        .edit(|all| *all = all.chunks(3).flat_map(|w| [w[0], w[1], w[2], 0]).collect());
    trace.values[0] = vec![5, -3, 2, 900];
    let Step::Affine(last) = &honest.tensors[2].step else {
        unreachable!()
    };
    let weights = &last.contractions.first().expect("contraction").weights;
    for o in 0..2 {
        let acc = truth.accumulators[2][o] + i128::from(weights.get(o * 5 + 3)) * 900;
        trace.accumulators[2][o] = acc;
        let f = PRECISION.bits();
        trace.values[2][o] = ((acc + (1i128 << (f - 1))) >> f) as i64;
    }
    assert_ne!(trace.values[2], truth.values[2], "the lie changes the output");
    let case = Case::build(liar, layout, trace);
    assert!(case.verify().is_err(), "a padding cell of the input changed the output");
}

#[test]
fn policy_rows_do_not_collide_with_activations() {
    for (widths, lanes) in [(vec![4, 7, 3], 4), (vec![2, 4, 9], 1), (vec![1, 3, 5], 2)] {
        let model = dense(&widths);
        let trace = run(&model, &random(1, widths[0], 16)).expect("in range");
        let layout = Layout::build(&model, shape(8, lanes, true)).expect("fits");
        assert_eq!(
            Case::build(model, layout, trace).verify(),
            Ok(()),
            "{widths:?} on {lanes} lanes"
        );
    }
}

/// input -> affine -> max pool -> max pool.
#[test]
fn a_pool_of_a_pool_is_laid_out_or_refused() {
    let axes = || [Axis::identity(4), Axis::identity(1)];
    let first = affine(vec![part(0)], 2, 2, axes(), 80);
    let pool = |tensor, rows: Vec<Vec<usize>>| {
        Step::MaxPool(MaxPool {
            tensor,
            rows,
            cols: vec![vec![0]],
        })
    };
    let grid = |t: Tensor, height| Tensor { height, ..t };
    let tensors = vec![
        grid(stored("input", 2, true, Step::Input), 4),
        grid(stored("first", 2, true, Step::Affine(first)), 4),
        grid(stored("pool", 2, true, pool(1, vec![vec![0, 1], vec![2, 3]])), 2),
        stored("pools", 2, true, pool(2, vec![vec![0, 1]])),
    ];
    let model = model(tensors);
    let trace = run(&model, &random(1, 8, 16)).expect("in range");
    if let Ok(layout) = Layout::build(&model, shape(7, 1, true)) {
        assert_eq!(Case::build(model, layout, trace).verify(), Ok(()));
    }
}

/// The verifier puts input block `b`, position `p` at row `p * blocks + b`.
#[test]
fn a_pooled_public_input_keeps_its_rows_or_is_refused() {
    let pool = MaxPool {
        tensor: 0,
        rows: vec![vec![0, 1], vec![2, 3]],
        cols: vec![vec![0]],
    };
    let last = affine(
        vec![part(1)],
        3,
        2,
        [Axis::conv(2, 2, 1, 1, 0, 1), Axis::identity(1)],
        82,
    );
    let grid = |t: Tensor, height| Tensor { height, ..t };
    let tensors = vec![
        grid(stored("input", 3, true, Step::Input), 4),
        grid(stored("pool", 3, true, Step::MaxPool(pool)), 2),
        stored("last", 2, true, Step::Affine(last)),
    ];
    let model = model(tensors);
    let Ok(layout) = Layout::build(&model, shape(8, 2, true)) else {
        return;
    };
    for (index, &row) in layout.rows[0].iter().enumerate() {
        let (block, position) = (index / 4, index % 4);
        assert_eq!(row, position * 2 + block, "block {block}, position {position}");
    }
}

/// Two windows on the same element would leave one copy of it without a scan, free for the prover.
#[test]
fn overlapping_windows_are_refused() {
    let axes = || [Axis::identity(3), Axis::identity(1)];
    let first = affine(vec![part(0)], 1, 1, axes(), 80);
    let pool = MaxPool {
        tensor: 1,
        rows: vec![vec![0, 1], vec![1, 2]],
        cols: vec![vec![0]],
    };
    let last = affine(
        vec![part(2)],
        1,
        1,
        [Axis::conv(2, 2, 1, 1, 0, 1), Axis::identity(1)],
        82,
    );
    let grid = |t: Tensor, height| Tensor { height, ..t };
    let tensors = vec![
        grid(stored("input", 1, true, Step::Input), 3),
        grid(stored("first", 1, true, Step::Affine(first)), 3),
        grid(stored("pool", 1, true, Step::MaxPool(pool)), 2),
        stored("last", 1, true, Step::Affine(last)),
    ];
    let model = model(tensors);
    let built = std::panic::catch_unwind(|| Layout::build(&model, shape(7, 1, true)));
    let Ok(Ok(layout)) = built else { return };
    let affine_rows = layout
        .kinds
        .iter()
        .filter(|k| matches!(k, provenn_circuits::layout::RowKind::Affine(1, ..)))
        .count();
    assert_eq!(affine_rows, layout.rows[1].len(), "each affine row is scanned");
}

/// Another model's run, with all later phases honest, is not a run of this model.
#[test]
fn a_run_of_another_model_is_rejected() {
    for (name, model) in [("dense", dense(&[5, 7, 3])), ("conv", conv()), ("residual", residual())] {
        for public in [true, false] {
            let honest = Case::new(model.clone(), public, 7);
            for id in 1..model.tensors.len() {
                let mut other = model.clone();
                let Step::Affine(affine) = &mut other.tensors[id].step else {
                    continue;
                };
                let c = affine.contractions.first_mut().expect("contraction");
                let index = c.weights.len() / 2;
                c.weights.edit(|weights| weights[index] += 1);
                affine.bias[0] -= 40;
                let trace = run(&other, &honest.witness.trace.values[0]).expect("in range");
                let lie = Case::build(model.clone(), (*honest.layout).clone(), trace);
                let circuit = ModelCircuit {
                    model: Arc::new(model.clone()),
                    ..lie.circuit()
                };
                let prover = MockProver::run(honest.layout.shape.k, &circuit, lie.instances.clone()).expect("mock");
                assert!(prover.verify().is_err(), "{name}, tensor {id}");
            }
        }
    }
}

/// Weights are the publisher's choice, so a step without a bias must not have cells for one.
#[test]
fn a_step_without_bias_has_no_room_for_one() {
    let mut honest = dense(&[5, 7, 3]);
    let Step::Affine(affine) = &mut honest.tensors[1].step else {
        unreachable!()
    };
    let bias = std::mem::take(&mut affine.bias);
    for public in [true, false] {
        let case = Case::new(honest.clone(), public, 7);
        assert_eq!(case.verify(), Ok(()));
        let mut liar = honest.clone();
        let Step::Affine(affine) = &mut liar.tensors[1].step else {
            unreachable!()
        };
        affine.bias.clone_from(&bias);
        let trace = run(&liar, &case.witness.trace.values[0]).expect("in range");
        assert_ne!(trace.accumulators[1], case.witness.trace.accumulators[1]);
        let lie = Case::build(liar, (*case.layout).clone(), trace);
        assert!(lie.verify().is_err(), "public {public}");
    }
}

/// Each edge of the range of a signed value and of a ReLU: the last value on this side has a proof, the next is refused, and
/// the clamped run that a prover would put in its place has none. Only a ReLU has values below its range.
#[test]
fn values_leave_their_range_on_neither_side() {
    let f = PRECISION.bits();
    let (half, span) = (1i64 << (f - 1), 1i64 << f);
    // The first value is what is asked for, whatever the input.
    let at = |value: i64, signed: bool| {
        let mut first = affine(vec![part(0)], 1, 1, one(), 80);
        (first.contractions[0].weights, first.bias) = (vec![0].into(), vec![value << f]);
        let mut last = affine(vec![part(1)], 1, 1, one(), 90);
        (last.contractions[0].weights, last.bias) = (vec![1].into(), vec![0]);
        let tensors = vec![
            stored("input", 1, true, Step::Input),
            stored("first", 1, signed, Step::Affine(first)),
            stored("last", 1, true, Step::Affine(last)),
        ];
        model(tensors)
    };
    let proven = [
        (-half, true),
        (half - 1, true),
        (-span, false),
        (-1, false),
        (0, false),
        (span - 1, false),
    ];
    for (value, signed) in proven {
        let case = Case::with_input(at(value, signed), true, vec![3]);
        let expected = if signed { value } else { value.max(0) };
        assert_eq!(case.witness.trace.values[1], [expected]);
        assert_eq!(case.verify(), Ok(()), "{value}, signed {signed}");
    }
    let honest = Case::with_input(at(0, true), true, vec![3]);
    for (value, signed, clamp) in [
        (-half - 1, true, -half),
        (-span, true, -half),
        (half, true, half - 1),
        (-span - 1, false, 0),
        (span, false, span - 1),
    ] {
        let model = at(value, signed);
        let refused = run(&model, &[3]);
        assert!(
            matches!(refused, Err(CircuitError::OutOfRange { .. })),
            "{value}: {refused:?}"
        );
        let mut trace = honest.witness.trace.clone();
        (trace.accumulators[1], trace.values[1]) = (vec![i128::from(value) << f], vec![clamp]);
        trace.accumulators[2] = vec![i128::from(clamp)];
        trace.values[2] = vec![(clamp + half) >> f];
        let layout = Layout::build(&model, honest.layout.shape.clone()).expect("fits");
        assert!(
            Case::build(model, layout, trace).verify().is_err(),
            "{value}, signed {signed}"
        );
    }
}
