//! What must hold for any bytes: a decoder returns, and what it accepts is the encoding of what it returns. Shared by the fuzz
//! targets and the replay of their corpora.
#![allow(dead_code, reason = "each fuzz target uses one")]

use provenn_verifier::*;
use std::sync::OnceLock;

pub fn receipt(bytes: &[u8]) {
    if let Ok(receipt) = Receipt::from_bytes(bytes) {
        assert_eq!(receipt.to_bytes(), bytes);
    }
}

pub fn claim(bytes: &[u8]) {
    if let Ok(claim) = Claim::from_bytes(bytes) {
        assert_eq!(claim.to_bytes(), bytes);
        assert_eq!(claim.validate(), Ok(()));
    }
}

pub fn key(bytes: &[u8]) {
    if let Ok(key) = VerifyingKey::from_bytes(bytes) {
        assert_eq!(key.to_bytes(), bytes);
    }
}

pub fn card(bytes: &[u8]) {
    if let Ok(card) = ModelCard::from_bytes(bytes) {
        assert_eq!(card.to_bytes(), bytes);
        assert_eq!(card.validate(), Ok(()));
        if let Ok(schema) = card.schema() {
            assert_eq!(schema.fracs().len(), schema.outputs.len());
        }
    }
}

pub fn srs(bytes: &[u8]) {
    if let Ok(srs) = SrsVerifyingKey::from_bytes(bytes) {
        assert_eq!(srs.to_bytes(), bytes);
    }
}

/// A fuzzer finds no digests: its bytes are taken as they are, and under the digest that belongs to them.
pub fn bundle(bytes: &[u8]) {
    let digest = blake2b_simd::Params::new()
        .hash_length(32)
        .personal(b"Provenn-Bundle--")
        .hash(bytes);
    for bytes in [bytes, &[bytes, digest.as_bytes()].concat()] {
        if let Ok(bundle) = Bundle::from_bytes(bytes) {
            assert_eq!(bundle.to_bytes(), bytes);
        }
    }
}

/// Any text as the description of a card: what is read of it fits the circuit.
pub fn schema(bytes: &[u8]) {
    static CARD: OnceLock<ModelCard> = OnceLock::new();
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let card = CARD.get_or_init(|| {
        let card = include_bytes!("../../../fixtures/testkit/v2/linear_30.card");
        ModelCard::from_bytes(card).unwrap_or_else(|error| panic!("the kit decodes: {error}"))
    });
    let card = ModelCard {
        description: text.to_owned(),
        ..card.clone()
    };
    if let Ok(schema) = card.schema() {
        let layout = card.key.purpose.layout();
        let counts = layout.map(|layout| (layout.inputs.len(), layout.outputs.len()));
        assert_eq!(counts, Some((schema.inputs.len(), schema.outputs.len())));
        assert_eq!(schema.fracs().len(), schema.outputs.len());
        for policy in ["label", "scores", "threshold:0:0.5", "round:0.25"] {
            // Numbers of any scale are taken or refused.
            drop(schema.policy(policy));
        }
    }
}

/// A receipt verifies under the model of the test kit only if it is the one that was issued.
pub fn verify(bytes: &[u8]) {
    static KIT: OnceLock<(SrsVerifyingKey, CheckedCard)> = OnceLock::new();
    const ISSUED: &[u8] = include_bytes!("../../../fixtures/testkit/v2/linear_30.receipt");
    let (srs, card) = KIT.get_or_init(|| {
        let srs = include_bytes!("../../../fixtures/testkit/v2/linear_30.srs");
        let card = include_bytes!("../../../fixtures/testkit/v2/linear_30.card");
        let decoded = SrsVerifyingKey::from_bytes(srs).and_then(|srs| {
            let card = ModelCard::from_bytes(card)?.check(&srs)?;
            Ok((srs, card))
        });
        decoded.unwrap_or_else(|error| panic!("the kit decodes: {error}"))
    });
    let verdict = provenn_verifier::verify(bytes, card, srs, &Expectation::default());
    assert_eq!(verdict.is_ok(), bytes == ISSUED);
}
