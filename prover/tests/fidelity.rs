//! What a card says of its model: fidelity output by output, policies that fit, rows that are rows of the model.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use provenn_prover::commit::{commit, compile, CommitOptions, Committed};
use provenn_prover::fidelity::Source;
use provenn_prover::prove::prove;
use provenn_prover::rows::Rows;
use provenn_prover::srs::Srs;
use provenn_prover::store::description;
use provenn_prover::{Input, ProveError};
use provenn_verifier::{Context, Disclosure};

fn model(case: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../fixtures/cases/{case}.onnx", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn committed(case: &str, options: &CommitOptions) -> (Committed, Srs) {
    let compiled = compile(&model(case), options).unwrap();
    let srs = Srs::dev_from_seed(compiled.layout.shape.k, [7; 32]);
    (commit(&compiled, options, &srs).unwrap(), srs)
}

/// Beside an output of 2000 one of 0.0005 becomes zero: a large error of a small thing.
#[test]
fn an_output_is_off_in_its_own_size() {
    let options = CommitOptions {
        calibration: Some(vec![vec![1.5, -1.0]].into()),
        ..CommitOptions::default()
    };
    let compiled = compile(&model("two_outputs_far_apart"), &options).unwrap();
    let fidelity = compiled.fidelity(&options).unwrap();
    assert_eq!(fidelity.source, Source::Calibration);
    assert_eq!(fidelity.relative_error, 1.0, "{fidelity:?}");
    assert_eq!(fidelity.outputs[0].output, 1);
    assert!(fidelity.outputs[1].share() < 0.001, "{fidelity:?}");
    match &fidelity.warnings(&compiled.model)[..] {
        [warning] => assert!(
            warning.contains("resolution") && warning.contains("output 1"),
            "{warning}"
        ),
        other => panic!("{other:?}"),
    }
}

/// Of an output that has one value wherever it was measured, an error of 0 says nothing.
#[test]
fn outputs_that_do_not_move_are_named() {
    for (rows, unmoved) in [(vec![1.5], 0), (vec![1.5, 1.5], 2), (vec![1.5, 1.25], 0)] {
        let rows: Vec<Vec<f32>> = rows.into_iter().map(|x| vec![x, -1.0]).collect();
        let options = CommitOptions {
            calibration: Some(rows.into()),
            ..CommitOptions::default()
        };
        let compiled = compile(&model("two_outputs_far_apart"), &options).unwrap();
        let fidelity = compiled.fidelity(&options).unwrap();
        assert_eq!(fidelity.unmoved, unmoved, "{fidelity:?}");
        let said = "2 outputs have the same value on all rows";
        assert_eq!(fidelity.words().contains(said), unmoved > 0);
        let warned = fidelity.warnings(&compiled.model);
        assert_eq!(
            warned.iter().any(|warning| warning.contains(said)),
            unmoved > 0,
            "{warned:?}"
        );
    }
}

/// The output is an index; what is compared with float, and has errors, are the scores before it.
#[test]
fn a_model_that_ends_in_an_index_offers_its_label() {
    let (committed, srs) = committed("argmax_with_scores_policy", &CommitOptions::default());
    let card = description(&committed.card).unwrap();
    assert_eq!((card.fidelity.source, card.fidelity.rows), (Source::Seeded, 16));
    assert!(card.fidelity.relative_error < 0.01, "{:?}", card.fidelity);
    assert_eq!((card.fidelity.label_flips, card.fidelity.outputs.len()), (0, 4));
    let offered: Vec<&str> = card.leakage.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(offered, ["label"]);
    let context = Context {
        audience: String::new(),
        nonce: [0; 32],
        not_after: 0,
    };
    let ask = |policy| {
        let inputs = [Input::Public(vec![0; committed.model.tensors[0].len()])];
        prove(&committed, &srs, &inputs, policy, context.clone(), &|_| ())
    };
    let layout = committed.card.key.purpose.layout().unwrap();
    for disclosure in Disclosure::offered(layout) {
        let asked = ask(disclosure.clone());
        match disclosure.policy.about().of_index {
            true => assert!(asked.is_ok(), "{disclosure}: {asked:?}"),
            false => assert!(matches!(asked, Err(ProveError::NotOffered { .. })), "{disclosure}"),
        }
    }
}

/// A model that has no receipt for any row of its owner is refused, with the row's fault; rows that nobody gave prove nothing.
#[test]
fn a_model_that_nothing_can_be_proven_of_is_refused() {
    let options = |rows: Option<Vec<Vec<f32>>>| CommitOptions {
        calibration: Some(vec![vec![1.5, -1.0]].into()),
        held_out: rows.map(Rows::from),
        ..CommitOptions::default()
    };
    let far = vec![1e6, -1e6];
    let fidelity = |rows| {
        let options = options(rows);
        compile(&model("two_outputs_far_apart"), &options)?.fidelity(&options)
    };
    match fidelity(Some(vec![far.clone(), far.clone()])) {
        Err(error @ ProveError::Unprovable { .. }) => {
            assert_eq!(error.code(), "unprovable");
            let text = error.to_string();
            assert!(text.starts_with("none of 2 held-out rows can be proven: "), "{text}");
        }
        other => panic!("{other:?}"),
    }
    let one = fidelity(Some(vec![far, vec![1.5, -1.0]])).unwrap();
    assert_eq!((one.rows, one.unprovable), (2, 1));
}

#[test]
fn rows_of_another_shape_are_refused() {
    let shaped = |shape: &[usize], count: usize| Rows {
        shapes: vec![Some(shape.to_vec())],
        rows: vec![vec![vec![0.5; shape.iter().product()]]; count],
    };
    let compiled = |calibration: Option<Rows>, held_out: Option<Rows>| {
        let options = CommitOptions {
            calibration,
            held_out,
            ..CommitOptions::default()
        };
        compile(&model("calibration_of_other_layout"), &options).map(|_| ())
    };
    for good in [shaped(&[2, 3], 2), shaped(&[1, 2, 3], 1), vec![vec![0.5; 6]].into()] {
        compiled(Some(good.clone()), Some(good)).unwrap();
    }
    for bad in [
        shaped(&[3, 2], 5),
        shaped(&[6], 5),
        shaped(&[2, 3, 1], 5),
        shaped(&[2, 3], 0),
        Vec::<Vec<f32>>::new().into(),
        vec![vec![0.5; 6], vec![0.5; 5]].into(),
    ] {
        for (calibration, held_out) in [(Some(bad.clone()), None), (None, Some(bad.clone()))] {
            let refused = compiled(calibration, held_out);
            assert!(matches!(refused, Err(ProveError::Rows { .. })), "{bad:?}: {refused:?}");
        }
    }
}
