//! Segments whose limbs are as wide as a value, with the range table in several parts.

use super::{model, Chain};
use provenn_circuits::argument::Objective;
use provenn_prover::chain;
use provenn_prover::commit::CommitOptions;
use provenn_prover::srs::Srs;
use provenn_verifier::{policy, ChainCard, Context, Disclosure};

/// They are chosen where there are rows enough, of all segments but the last, and are committed, proven, verified and audited as others are.
#[test]
fn segments_that_give_may_have_wide_limbs() {
    let options = CommitOptions {
        objective: Objective::Receipt,
        ..CommitOptions::default()
    };
    let chain = Chain::with("digits_cnn", 3, &options);
    let shapes = chain.compiled.segments.iter().map(|(_, layout)| &layout.shape);
    let wide: Vec<bool> = shapes.clone().map(|shape| shape.range_parts() > 1).collect();
    let widths: Vec<u32> = shapes.map(|shape| shape.precision().bits()).collect();
    assert!(
        wide[..2].contains(&true) && !wide[2],
        "{wide:?}, 2^{} rows",
        chain.compiled.k()
    );
    assert!(
        widths.iter().all(|bits| *bits == chain.compiled.model.precision.bits()),
        "{widths:?}"
    );
    for policy in [Disclosure::from(policy::Label), policy::Round { step: 64 }.into()] {
        assert!(chain.verdict(&chain.prove(policy, Context::default())).is_ok());
    }
    let tails: Vec<_> = chain.segments.iter().map(|segment| segment.tails.clone()).collect();
    for tails in [None, Some(tails.as_slice())] {
        let checks = chain::audit(&model("digits_cnn"), &chain.card, &chain.srs, tails).unwrap();
        assert!(checks.iter().all(|check| check.holds), "{checks:?}");
    }
}

/// Keys of segments without wide limbs, and of those that had them first, are made today as they were.
#[test]
fn keys_of_golden_cards_are_made_again() {
    for (name, of) in [
        ("digits_mlp", "digits_mlp"),
        ("digits_cnn", "digits_cnn"),
        ("digits_cnn_lanes", "digits_cnn"),
    ] {
        let path = format!("{}/../fixtures/chains/{name}.card", env!("CARGO_MANIFEST_DIR"));
        let card = ChainCard::from_bytes(&std::fs::read(path).unwrap()).unwrap();
        let srs = Srs::dev_from_seed(chain::size(&card).unwrap(), [7; 32]);
        let checks = chain::audit(&model(of), &card, &srs, None).unwrap();
        let keys = checks.iter().filter(|check| check.name.ends_with("key"));
        assert!(
            keys.clone().count() == 2 && keys.clone().all(|check| check.holds),
            "{name}: {checks:?}"
        );
    }
}
