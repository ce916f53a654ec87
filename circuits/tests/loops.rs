//! Tensors that read what is computed after them: all steps of a loop at once.

use crate::common::*;
use provenn_circuits::layout::{Layout, LayoutError};
use provenn_circuits::program::*;

const CHANNELS: usize = 3;
const STEPS: usize = 4;

fn input() -> Vec<i64> {
    random(31, 2 * STEPS, 400)
}

/// What a step reads of a tensor.
fn column(values: &[i64], t: usize) -> Vec<i64> {
    values
        .chunks(values.len() / CHANNELS)
        .map(|channel| channel[t])
        .collect()
}

/// The same loop written out, from the weights of the program.
fn by_hand(model: &Program, input: &[i64]) -> Vec<Vec<i64>> {
    let Step::Affine(gates) = &model.tensors[1].step else {
        unreachable!("affine")
    };
    let Step::Product(product) = &model.tensors[3].step else {
        unreachable!("a product")
    };
    let f = PRECISION.bits();
    let round = |sum: i64| (sum + (1 << (f - 1))) >> f;
    let (mut state, mut all) = (vec![0; CHANNELS], vec![]);
    for t in 0..STEPS {
        let next = |o: usize| {
            let [w, r] = [0, 1].map(|i| &gates.contractions[i].weights);
            let own: i64 = (0..2).map(|c| w.get(o * 2 + c) * input[c * STEPS + t]).sum();
            let kept: i64 = (0..CHANNELS).map(|c| r.get(o * CHANNELS + c) * state[c]).sum();
            let table = gates.table.as_ref().expect("a table");
            let gate = table.result(round(gates.bias[o] + own + kept)).expect("in range");
            gate + round(product.alpha * gate * state[o])
        };
        state = (0..CHANNELS).map(next).collect();
        all.push(state.clone());
    }
    all
}

fn layouts(model: &Program) -> impl Iterator<Item = Layout> + '_ {
    [1, 2, 3, 4].into_iter().map(|lanes| {
        let mut all = (7..12).filter_map(|k| Layout::build(model, shape(k, lanes, true)).ok());
        all.next().expect("fits")
    })
}

#[test]
fn a_loop_is_what_its_steps_are_one_by_one() {
    let model = recurrent(CHANNELS, 1);
    let trace = run(&model, &input()).expect("in range");
    let expected = by_hand(&model, &input());
    for (t, state) in expected.iter().enumerate() {
        assert_eq!(column(&trace.values[4], t), *state, "step {t}");
    }
    assert!(expected.windows(2).all(|pair| pair[0] != pair[1]), "{expected:?}");
    for layout in layouts(&model) {
        let lanes = layout.shape.lanes;
        assert_eq!(
            Case::build(model.clone(), layout, trace.clone()).verify(),
            Ok(()),
            "{lanes} lanes"
        );
    }
}

/// Every run of another loop with the same weights is refused: of states that are read two steps later, or never.
#[test]
fn a_state_is_that_of_the_step_before() {
    let model = recurrent(CHANNELS, 1);
    let truth = run(&model, &input()).expect("in range");
    for by in [2, 3, STEPS] {
        let trace = run(&recurrent(CHANNELS, by), &input()).expect("in range");
        assert_eq!(column(&trace.values[4], 0), column(&truth.values[4], 0));
        assert_ne!(trace.values[4], truth.values[4], "{by}");
        for layout in layouts(&model) {
            let case = Case::build(model.clone(), layout, trace.clone());
            assert!(case.verify().is_err(), "states of {by} steps before were accepted");
        }
    }
}

/// A loop whose first step sees a state from nowhere.
#[test]
fn the_first_state_is_zero() {
    let model = recurrent(CHANNELS, 1);
    let mut other = model.clone();
    // The state before the first step is that of the last one of another run.
    let last = run(&model, &input()).expect("in range").values[4].clone();
    let Step::Affine(factors) = &mut other.tensors[2].step else {
        unreachable!("affine")
    };
    factors.contractions = vec![Contraction {
        parts: vec![],
        constant: 1,
        channels: 1,
        axes: [
            Axis::identity(1),
            Axis {
                kernel: 1,
                taps: (0..2 * STEPS)
                    .map(|p| if p == 1 { vec![(0, 0)] } else { vec![] })
                    .collect(),
            },
        ],
        groups: 1,
        weights: column(&last, STEPS - 1).iter().map(|v| v << PRECISION.bits()).collect(),
        public: false,
    }];
    let trace = run(&other, &input()).expect("in range");
    assert_ne!(trace.values[5], run(&model, &input()).expect("in range").values[5]);
    for layout in layouts(&model) {
        let case = Case::build(model.clone(), layout, trace.clone());
        assert!(case.verify().is_err(), "a first state from nowhere was accepted");
    }
}

/// Cells of what depends on itself would not be determined.
#[test]
fn what_depends_on_itself_is_refused() {
    let model = recurrent(CHANNELS, 0);
    let refused = Layout::build(&model, shape(9, 1, true)).expect_err("a circle");
    assert_eq!(refused, LayoutError::Malformed);
    assert_eq!(run(&model, &input()).expect_err("a circle").code(), "model-unsupported");
    // One element in itself is enough, in a tensor that reads only itself too.
    let step = |taps: [usize; 2]| {
        let own = Linear {
            part: part_at(1, 1 << 11, 0),
            axes: [
                Axis::identity(1),
                Axis {
                    kernel: 1,
                    taps: vec![vec![], vec![(0, taps[0])], vec![(0, taps[1])]],
                },
            ],
        };
        let mut sum = affine(vec![part(0)], 1, 1, [Axis::identity(1), Axis::identity(3)], 170);
        sum.linear.push(own);
        self::model(vec![
            tensor("input", [1, 1, 3], true, Step::Input),
            tensor("sums", [1, 1, 3], true, Step::Affine(sum)),
        ])
    };
    for (taps, determined) in [([0, 1], true), ([2, 0], true), ([1, 0], false), ([2, 1], false)] {
        assert_eq!(
            Layout::build(&step(taps), shape(8, 1, true)).is_ok(),
            determined,
            "{taps:?}"
        );
        assert_eq!(run(&step(taps), &[5, -3, 2]).is_ok(), determined, "{taps:?}");
    }
}

/// A tensor that is not there.
#[test]
fn what_is_read_exists() {
    let mut model = recurrent(CHANNELS, 1);
    let Step::Affine(gates) = &mut model.tensors[1].step else {
        unreachable!("affine")
    };
    gates.contractions[1].parts[0].tensor = 6;
    let refused = Layout::build(&model, shape(9, 1, true)).expect_err("no such tensor");
    assert_eq!(refused, LayoutError::Malformed);
}

/// Between the tensors of a loop there is no cut: each half would need the other one first.
#[test]
fn a_loop_is_not_cut() {
    assert_eq!(recurrent(CHANNELS, 1).cuts(), [4]);
    let same = || [Axis::identity(1), Axis::identity(3)];
    let mut first = affine(vec![part(0)], 2, 2, same(), 180);
    first
        .contractions
        .extend(affine(vec![delayed(2, [2, 3], 1)], 2, 2, same(), 182).contractions);
    let second = affine(vec![part(1)], 2, 2, same(), 184);
    let third = affine(vec![part(2)], 2, 2, same(), 186);
    let layers = model(vec![
        tensor("input", [2, 1, 3], true, Step::Input),
        tensor("first", [2, 1, 3], true, Step::Affine(first)),
        tensor("second", [2, 1, 3], true, Step::Affine(second)),
        tensor("third", [2, 1, 3], true, Step::Affine(third)),
    ]);
    assert_eq!(layers.cuts(), [2]);
}
