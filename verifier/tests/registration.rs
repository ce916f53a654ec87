//! The registration on a card: refused unless its proof holds for exactly these commitments, keys and SRS.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use crate::common::toy::{compressed, decode, registered, setup, WEIGHTS};
use group::Curve;
use halo2curves::bn256::G1;
use provenn_verifier::*;

fn card() -> (crate::common::toy::Setup, ModelCard) {
    let setup = setup(true, SrsKind::Ceremony);
    let card = (*setup.card).clone();
    (setup, card)
}

#[test]
fn a_registered_card_is_accepted_with_its_id() {
    let (setup, card) = card();
    let id = card.model_id();
    assert_eq!(card.check(&setup.srs).unwrap().model_id(), id);
}

#[test]
fn other_commitments_are_refused() {
    let (setup, mut card) = card();
    let shifted = decode(&card.commitments[0]) + G1::generator();
    card.commitments[0] = compressed(&shifted.to_affine());
    assert_eq!(card.check(&setup.srs), Err(VerifyError::RegistrationFailed));
}

#[test]
fn every_byte_of_the_proof_counts() {
    let (setup, card) = card();
    for at in 0..card.registration.proof.len() {
        let mut forged = card.clone();
        forged.registration.proof[at] ^= 1;
        let error = forged.check(&setup.srs).unwrap_err();
        let expected = [
            VerifyError::RegistrationFailed,
            VerifyError::BadPoint,
            VerifyError::NonCanonicalScalar,
        ];
        assert!(expected.contains(&error), "byte {at}: {error}");
    }
}

#[test]
fn the_proof_ends_where_it_ends() {
    let (setup, card) = card();
    let mut longer = card.clone();
    longer.registration.proof.push(0);
    assert_eq!(longer.check(&setup.srs), Err(VerifyError::TrailingBytes { got: 1 }));
    let mut shorter = card;
    shorter.registration.proof.pop();
    assert_eq!(shorter.check(&setup.srs), Err(VerifyError::Truncated { missing: 1 }));
}

/// A registration of other weights is a valid proof about other commitments.
#[test]
fn the_registration_of_another_model_is_refused() {
    let (setup, card) = card();
    let others: Vec<u64> = WEIGHTS.into_iter().rev().collect();
    let other = registered(&setup.points, &setup.srs, card.key.clone(), &others).card;
    let replaced = ModelCard {
        registration: other.registration.clone(),
        ..card.clone()
    };
    assert_eq!(replaced.check(&setup.srs), Err(VerifyError::RegistrationFailed));
    let proof_only = ModelCard {
        registration: Registration {
            link: card.registration.link.clone(),
            ..other.registration.clone()
        },
        ..card.clone()
    };
    assert_eq!(proof_only.check(&setup.srs), Err(VerifyError::RegistrationFailed));
    let link_only = ModelCard {
        registration: Registration {
            link: other.registration.link.clone(),
            ..card.registration.clone()
        },
        ..card
    };
    assert_eq!(link_only.check(&setup.srs), Err(VerifyError::RegistrationFailed));
    assert!(other.check(&setup.srs).is_ok());
}

/// Everything on the card is bound: a registration copied under another text, recipe or circuit is none.
#[test]
fn the_registration_is_for_one_card() {
    let (setup, card) = card();
    let mut described = card.clone();
    described.description = described.description.replace("toy", "another");
    assert_eq!(described.check(&setup.srs), Err(VerifyError::RegistrationFailed));
    let mut quantized = card.clone();
    quantized.quantization[0] ^= 1;
    assert_eq!(quantized.check(&setup.srs), Err(VerifyError::RegistrationFailed));
    let digest = card.registration_digest();
    let mut proof = card.clone();
    proof.registration.proof.pop();
    proof.registration.link.z.pop();
    assert_eq!(proof.registration_digest(), digest, "all but the proof");
}

/// The transcript names the model's circuit, so a registration cannot be moved to another one.
#[test]
fn the_registration_is_for_one_circuit() {
    let (setup, card) = card();
    let mut parts = KeyParts::clone(&card.key);
    parts.purpose.layout_mut().unwrap().inputs[0].bits = 13;
    let moved = ModelCard {
        key: VerifyingKey::new(parts).unwrap(),
        ..card
    };
    assert_eq!(moved.check(&setup.srs), Err(VerifyError::RegistrationFailed));
}

#[test]
fn keys_must_be_of_their_kind() {
    let (setup, card) = card();
    let swapped = ModelCard {
        registration: Registration {
            key: card.key.clone(),
            ..card.registration.clone()
        },
        ..card.clone()
    };
    assert!(matches!(swapped.check(&setup.srs), Err(VerifyError::KeyInvalid { .. })));
    let mut parts = KeyParts::clone(&card.registration.key);
    parts.linked.registered = Registered::default();
    let unlinked = ModelCard {
        registration: Registration {
            key: VerifyingKey::new(parts).unwrap(),
            ..card.registration.clone()
        },
        ..card
    };
    assert!(matches!(
        unlinked.check(&setup.srs),
        Err(VerifyError::KeyInvalid { .. })
    ));
}

#[test]
fn another_srs_is_refused() {
    let (setup, card) = card();
    let mut parts = SrsParts::clone(&setup.srs);
    parts.kind = SrsKind::Dev;
    let other = SrsVerifyingKey::new(parts).unwrap();
    assert_eq!(card.check(&other), Err(VerifyError::SrsMismatch));
}
