//! What does not fit together.

use super::*;
use provenn_circuits::CircuitError;
use provenn_verifier::{KeyParts, Purpose, SegmentLayout, VerifyingKey};

/// The words of a refusal, of the prover or of the compiler.
fn reason<T>(refused: Result<T, ProveError>) -> String {
    match refused.map(drop).unwrap_err() {
        ProveError::Stage { reason, .. } | ProveError::Circuit(CircuitError::Stage { reason, .. }) => reason,
        error => panic!("{error:?}"),
    }
}

/// The same, of which this must be a part.
#[track_caller]
fn refused<T>(result: Result<T, ProveError>, words: &str) {
    let reason = reason(result);
    assert!(reason.contains(words), "{reason}");
}

/// Models that cannot stand where they are to.
#[test]
fn models_that_do_not_fit_are_refused() {
    let scan = commit("pipeline_preprocessing", "pipeline_calibration", &first()).unwrap();
    let next = after(&scan, false);
    refused(
        commit("digits_mlp", "digits_flat_calibration", &next),
        "its input has the shape [64], and the stage `preprocessing` gives [1, 8, 8]",
    );
    // The stage before has grey values up to 1, with headroom.
    let rows = data("digits_calibration").into_iter();
    let large = CommitOptions {
        calibration: Some(
            rows.map(|row| row.iter().map(|x| x * 100.0).collect())
                .collect::<Vec<Vec<f32>>>()
                .into(),
        ),
        ..CommitOptions::default()
    };
    refused(commit_with("digits_cnn", &large, &next), "calibration rows reach");
    refused(
        compile_stage(&file("conflict_check"), &CommitOptions::default(), &next),
        "it has 2 inputs",
    );
    refused(
        compile_stage(&file("conflict_check"), &CommitOptions::default(), &first()),
        "it has 2 outputs",
    );
    // The last one gives nothing.
    let digits = commit("digits_cnn", "digits_calibration", &next).unwrap();
    refused(
        commit("pipeline_decision", "digits_cnn_test_outputs", &after(&digits, false)),
        "gives nothing to another",
    );
    // No room for ten scores.
    let cramped = Place {
        gives: Some(1),
        ..first()
    };
    let mut options = options("pipeline_calibration");
    options.committed_inputs = true.into();
    let scan = commit_with("pipeline_preprocessing", &options, &cramped).unwrap();
    refused(
        commit("digits_cnn", "digits_calibration", &after(&scan, false)),
        "rows, and the stage before leaves",
    );
}

/// The same of parameters: what is given under one SRS opens to nothing under another.
#[test]
fn stages_of_another_srs_are_refused() {
    let scan = commit("pipeline_preprocessing", "pipeline_calibration", &first()).unwrap();
    let place = after(&scan, false);
    let options = options("digits_calibration");
    let compiled = compile_stage(&file("digits_cnn"), &options, &place).unwrap();
    let other = Srs::dev_from_seed(K, [8; 32]);
    refused(commit_stage(&compiled, &options, &place, &other), "under another SRS");
    // A card with a registration that does not hold.
    let mut forged = scan.card.clone();
    forged.commitments.reverse();
    forged.registration.proof[100] ^= 1;
    let place = Place {
        after: Some(forged),
        ..place
    };
    let refusal = commit_stage(&compiled, &options, &place, &srs(K));
    assert!(matches!(refusal, Err(ProveError::Refused(_))), "{refusal:?}");
}

/// Cards that were not made for one another: swapped, left out, of another giver with another range, rows, place, SRS or shape.
#[test]
fn stages_that_do_not_follow_are_refused() {
    let owners = pipeline();
    let [scan, digits, parity] = [0, 1, 2].map(|index| owners[index].card.clone());
    let chain = |cards: &[&ModelCard]| of_stages(cards.iter().map(|card| (*card).clone()).collect(), None);
    assert!(chain(&[&scan, &digits, &parity]).is_ok());
    refused(chain(&[&scan]), "two stages at least");
    refused(chain(&[]), "two stages at least");
    refused(chain(&[&digits, &parity]), "takes what a stage before it gives");
    refused(chain(&[&scan, &parity]), "takes another shape");
    refused(chain(&[&scan, &digits]), "gives its output to another stage");
    refused(chain(&[&scan, &scan]), "takes nothing from the stage before it");
    refused(chain(&[&scan, &digits, &parity, &parity]), "gives nothing to another");
    // Giver and taker are compiled for one another: grey values up to 255 have other scales than those up to 1.
    let rows = data("pipeline_calibration").into_iter();
    let bright = CommitOptions {
        calibration: Some(
            rows.map(|row| row.iter().map(|x| x * 64.0).collect())
                .collect::<Vec<Vec<f32>>>()
                .into(),
        ),
        ..CommitOptions::default()
    };
    let other = commit_with("pipeline_preprocessing", &bright, &first()).unwrap();
    refused(chain(&[&other.card, &digits, &parity]), "at another scale");
    let deeper = Place {
        gives: Some(1100),
        ..first()
    };
    let other = commit("pipeline_preprocessing", "pipeline_calibration", &deeper).unwrap();
    refused(chain(&[&other.card, &digits, &parity]), "do not follow one another");
    let larger = Place {
        k: Some(K + 1),
        ..first()
    };
    let other = commit("pipeline_preprocessing", "pipeline_calibration", &larger).unwrap();
    refused(chain(&[&other.card, &digits, &parity]), "has other rows");
    let mut other = digits.clone();
    other.srs_id[0] ^= 1;
    refused(chain(&[&scan, &other, &parity]), "under another SRS");
}

/// What a card of a chain says of its stages is checked by everybody, and by an audit what only words say.
#[test]
fn tampered_cards_are_refused() {
    let owners = pipeline();
    let (card, srs) = (joined(&owners), srs(K));
    let key = srs_verifying_key(&srs).unwrap();
    // Words on the card of a stage are bound by its registration: with another scale it is another card, which no owner made.
    let mut other: ChainCard = (*card).clone();
    let frac = stage_description(&card.segments[1]).unwrap().inputs[0].frac;
    let (ours, theirs) = (format!("\"frac\":{frac}"), format!("\"frac\":{}", frac - 1));
    assert!(other.segments[1].description.contains(&ours));
    other.segments[1].description = other.segments[1].description.replacen(&ours, &theirs, 1);
    assert!(other.clone().check(&key).is_err());
    refused(of_stages(other.segments, None), "at another scale");
    // Scales that no number can be written down under.
    for frac in ["-2000", "645", "2147483647"] {
        let mut card = card.segments[1].clone();
        card.description = card.description.replace(&ours, &format!("\"frac\":{frac}"));
        let refusal = stage_description(&card);
        assert!(matches!(refusal, Err(ProveError::Description { .. })), "{refusal:?}");
    }
    // The key of a taker with its input at another row.
    let moved = |change: &dyn Fn(&mut SegmentLayout)| {
        let mut parts: KeyParts = (*card.segments[1].key).clone();
        let mut layout = parts.purpose.segment().unwrap().clone();
        change(&mut layout);
        parts.purpose = Purpose::Segment(layout);
        let mut other: ChainCard = (*card).clone();
        other.segments[1].key = VerifyingKey::new(parts).unwrap();
        other.validate()
    };
    let reason = "a segment takes what the one before gives";
    assert_eq!(
        moved(&|layout| layout.instances.inputs[0].row += 1),
        Err(VerifyError::KeyInvalid { reason })
    );
    assert_eq!(
        moved(&|layout| layout.instances.inputs[0].bits -= 1),
        Err(VerifyError::KeyInvalid { reason })
    );
    assert_eq!(moved(&|_| {}), Ok(()));
}
