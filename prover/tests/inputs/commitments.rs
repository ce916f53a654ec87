//! Commitments to inputs: to one input each, used again, made by whoever supplies it.

use super::*;
use provenn_circuits::argument::input_cells;
use provenn_circuits::program::placed;
use provenn_prover::input::{commit_input, commit_to, opens};

/// A commitment to one input is none to the other, even of the same values: it is to cells of its own rows.
#[test]
fn a_commitment_is_to_its_own_input() {
    let setup = Setup::new(CommittedInputs::All);
    let (committed, srs) = (&setup.committed, &setup.srs);
    let values = &setup.samples[0][0];
    let open = |index| commit_input(committed, srs, index, values).unwrap();
    let honest = [
        Input::Committed(values.clone(), open(0)),
        Input::Committed(values.clone(), open(1)),
    ];
    assert!(setup.ask(&honest, disclosure("label")).is_ok());
    let [first, second] = honest;
    let refused = setup.ask(&[second.clone(), first.clone()], disclosure("label"));
    assert!(matches!(refused, Err(ProveError::Refused(_))), "{refused:?}");
    let refused = setup.ask(&[first.clone(), first.clone()], disclosure("label"));
    assert!(matches!(refused, Err(ProveError::Refused(_))), "{refused:?}");
    // Nor does the opening of one hold other values.
    let Input::Committed(_, opening) = second else {
        unreachable!()
    };
    let other = Input::Committed(setup.samples[1][1].clone(), opening);
    let refused = setup.ask(&[first, other], disclosure("label"));
    assert!(matches!(refused, Err(ProveError::Refused(_))), "{refused:?}");
}

/// One party's commitment stays as it is while the other input changes.
#[test]
fn a_commitment_is_used_again_with_another_input() {
    let setup = Setup::own();
    let (committed, srs) = (&setup.committed, &setup.srs);
    let own = setup.samples[0][0].clone();
    let opening = commit_input(committed, srs, 0, &own).unwrap();
    let binding = InputBinding::Committed {
        points: opening.points.clone(),
    };
    for sample in &setup.samples {
        let inputs = [
            Input::Committed(own.clone(), opening.clone()),
            Input::Public(sample[1].clone()),
        ];
        let receipt = setup.ask(&inputs, disclosure("all/scores")).unwrap();
        let public = InputBinding::Public {
            values: sample[1].clone(),
        };
        let asked = |inputs: &[(u32, InputBinding)]| {
            let inference = InferenceExpectation {
                inputs: inputs.iter().cloned().collect(),
                ..InferenceExpectation::default()
            };
            setup.expect(&receipt, inference).map(drop)
        };
        assert_eq!(asked(&[(0, binding.clone()), (1, public.clone())]), Ok(()));
        assert_eq!(asked(&[(1, public.clone())]), Ok(()));
        assert_eq!(asked(&[(1, binding.clone())]), Err(VerifyError::InputMismatch));
        assert_eq!(asked(&[(2, public)]), Err(VerifyError::InputMismatch));
    }
}

/// Whoever supplies an input needs the card and parameters, and no file of the owner.
#[test]
fn a_party_commits_from_the_card_alone() {
    let setup = Setup::new(CommittedInputs::All);
    let (card, srs): (&ModelCard, _) = (&setup.committed.card, &setup.srs);
    let [own, listed] = [0, 1].map(|index| {
        let values = setup.samples[0][index].clone();
        let opening = commit_to(card, srs, index, &values).unwrap();
        assert!(opens(card, srs, index, &values, &opening).unwrap());
        (values, opening)
    });
    let inputs = [&own, &listed].map(|(values, opening)| Input::Committed(values.clone(), opening.clone()));
    let receipt = setup.ask(&inputs, disclosure("1/label")).unwrap();
    assert!(setup.verify(&receipt).is_ok());
    // Of other values, another input, another tail, fewer commitments.
    assert!(!opens(card, srs, 0, &listed.0, &own.1).unwrap());
    assert!(!opens(card, srs, 1, &own.0, &own.1).unwrap());
    let mut tails = own.1.clone();
    tails.tails[0].swap(0, 1);
    assert!(!opens(card, srs, 0, &own.0, &tails).unwrap());
    tails.tails[0].pop();
    assert!(!opens(card, srs, 0, &own.0, &tails).unwrap());
    let mut fewer = own.1.clone();
    fewer.points.pop();
    assert!(!opens(card, srs, 0, &own.0, &fewer).unwrap());
    // What does not fit the card, and parameters that are not its own.
    for (index, values) in [(2, own.0.clone()), (0, vec![0; 7]), (0, vec![1 << 39; 8])] {
        assert!(matches!(
            commit_to(card, srs, index, &values),
            Err(ProveError::Input(_))
        ));
    }
    let other = Srs::dev_from_seed(card.key.k, [8; 32]);
    assert!(matches!(
        commit_to(card, &other, 0, &own.0),
        Err(ProveError::SrsMismatch)
    ));
    let shown = Setup::own();
    let refused = commit_to(&shown.committed.card, &shown.srs, 1, &own.0);
    assert!(
        matches!(refused, Err(ProveError::Input(_))),
        "a public input has no commitment"
    );
}

/// The card says where values stand, also where lanes are not full and where axes are moved: as the circuit has them.
#[test]
fn cells_by_the_card_are_those_of_the_circuit() {
    for name in [
        "models/conflict_check",
        "models/linear_30",
        "models/digits_cnn",
        "models/digits_mlp",
    ] {
        let options = CommitOptions {
            committed_inputs: CommittedInputs::All,
            ..CommitOptions::default()
        };
        let compiled = compile(&fixture(name), &options).unwrap();
        let srs = Srs::dev_from_seed(compiled.layout.shape.k, [7; 32]);
        let committed = commit(&compiled, &options, &srs).unwrap();
        let layout = committed.card.key.purpose.layout().unwrap();
        let sample = quantize_inputs(&compiled.model, &compiled.calibration.rows[0]).unwrap();
        for (index, values) in sample.iter().enumerate() {
            let placed = placed(&compiled.model, index, values).unwrap();
            let expected = input_cells(&compiled.model, &compiled.layout, index, &placed);
            assert_eq!(layout.committed_cells(index, values).unwrap(), expected, "{name}");
        }
    }
}
