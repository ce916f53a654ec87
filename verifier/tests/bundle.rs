//! Bundles and publishers' signatures: what decodes is what was encoded, and anything else is refused by name.
#![allow(clippy::unwrap_used, reason = "tests")]

use ed25519_compact::{KeyPair, Seed};
use provenn_verifier::publisher::{PublisherKey, PublisherSignature};
use provenn_verifier::state::{ModelState, SignedState, State};
use provenn_verifier::tlog::{LogKey, WitnessKey};
use provenn_verifier::{Bundle, BundledReceipt, VerifyError};

macro_rules! kit {
    ($name:literal) => {
        include_bytes!(concat!("../../fixtures/testkit/v2/linear_30.", $name)).to_vec()
    };
}

fn bundle() -> Bundle {
    let receipt = |log_proof: Option<&str>| BundledReceipt {
        receipt: kit!("receipt"),
        log_proof: log_proof.map(str::to_owned),
    };
    Bundle {
        card: kit!("card"),
        srs: kit!("srs"),
        card_log_proof: Some("a proof".into()),
        signature: Some(vec![7; 134]),
        receipts: vec![receipt(None), receipt(Some("another"))],
        ..Bundle::default()
    }
}

/// The same bytes under the digest that belongs to them, as a forger would have it.
fn resealed(bytes: &[u8]) -> Vec<u8> {
    let body = &bytes[..bytes.len() - 32];
    let hash = blake2b_simd::Params::new()
        .hash_length(32)
        .personal(b"Provenn-Bundle--")
        .hash(body);
    [body, hash.as_bytes()].concat()
}

#[test]
fn bundles_come_back_as_they_were() {
    let whole = bundle();
    let least = Bundle {
        card_log_proof: None,
        signature: None,
        receipts: whole.receipts[..1].to_vec(),
        ..whole.clone()
    };
    let agreed = Bundle {
        state: Some(vec![8; 100]),
        agreement: Some(vec![9; 200]),
        input_signatures: vec![vec![10; 50], vec![]],
        ..whole.clone()
    };
    let each = [
        Bundle {
            state: agreed.state.clone(),
            ..least.clone()
        },
        Bundle {
            agreement: agreed.agreement.clone(),
            ..least.clone()
        },
        Bundle {
            input_signatures: vec![vec![]],
            ..least.clone()
        },
    ];
    for bundle in [whole, least, agreed].into_iter().chain(each) {
        let bytes = bundle.to_bytes();
        assert_eq!(resealed(&bytes), bytes);
        assert_eq!(Bundle::from_bytes(&bytes), Ok(bundle));
    }
}

#[test]
fn whatever_is_cut_or_changed_is_refused() {
    let bytes = bundle().to_bytes();
    let code = |bytes: &[u8]| Bundle::from_bytes(bytes).unwrap_err().code();
    for length in 0..bytes.len() {
        let expected = if length < 6 { "truncated" } else { "bundle-damaged" };
        assert_eq!(code(&bytes[..length]), expected, "{length}");
    }
    assert_eq!(code(&[&bytes[..], &[0]].concat()), "bundle-damaged");
    for at in (0..80).chain((80..bytes.len()).step_by(97)) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let expected = ["bad-magic", "bad-version", "bundle-damaged"][usize::from(at > 3) + usize::from(at > 5)];
        assert_eq!(code(&changed), expected, "{at}");
    }
    // A digest is no obstacle to somebody who forges: the structure itself is refused.
    for length in 38..bytes.len() - 1 {
        let cut = resealed(&bytes[..length]);
        assert!(
            matches!(Bundle::from_bytes(&cut), Err(VerifyError::Truncated { .. })),
            "{length}"
        );
    }
    assert_eq!(code(&resealed(&[&bytes[..], &[0]].concat())), "truncated");
    let empty = Bundle {
        receipts: vec![],
        ..bundle()
    };
    assert_eq!(code(&empty.to_bytes()), "bundle-empty");
}

/// What was agreed stands behind the receipts, or nothing does: a bundle without it has one encoding.
#[test]
fn nothing_agreed_has_no_bytes() {
    let plain = bundle().to_bytes();
    let body = &plain[..plain.len() - 32];
    let with = |more: &[u8]| Bundle::from_bytes(&resealed(&[body, more, &[0; 32]].concat()));
    assert_eq!(with(&[]), Ok(bundle()));
    assert_eq!(with(&[0; 12]), Err(VerifyError::TrailingBytes { got: 12 }));
    for length in 1..12 {
        assert!(
            matches!(with(&vec![0; length]), Err(VerifyError::Truncated { .. })),
            "{length}"
        );
    }
    let agreement = Bundle {
        agreement: Some(vec![7]),
        ..bundle()
    };
    let more = [0, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0];
    assert_eq!(with(&more), Ok(agreement));
    assert_eq!(
        with(&[&more[..], &[0]].concat()),
        Err(VerifyError::TrailingBytes { got: 1 })
    );
    for (at, maximum) in [(0, 1 << 16), (4, 1 << 20), (8, 4096)] {
        let mut sizes = [0; 12];
        sizes[at..at + 4].copy_from_slice(&(maximum + 1u32).to_le_bytes());
        let expected = VerifyError::TooLarge {
            maximum: maximum.into(),
            got: u64::from(maximum) + 1,
        };
        assert_eq!(with(&sizes), Err(expected), "{at}");
    }
}

#[test]
fn hostile_sizes_are_refused_before_anything_is_kept() {
    let with = |at: usize, size: u32| {
        let mut bytes = bundle().to_bytes();
        bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
        Bundle::from_bytes(&resealed(&bytes)).unwrap_err()
    };
    let (card, srs) = (bundle().card.len(), bundle().srs.len());
    let count = 6 + 4 + card + 4 + srs + 4 + 7 + 4 + 134;
    for (at, bound) in [
        (6, 66 << 20),
        (10 + card, 1 << 16),
        (14 + card + srs, 3 << 16),
        (count, 256),
        (count + 4, 66 << 20),
    ] {
        for size in [bound + 1, u32::MAX] {
            let expected = VerifyError::TooLarge {
                maximum: u64::from(bound),
                got: u64::from(size),
            };
            assert_eq!(with(at, size), expected, "{at}");
        }
        assert!(matches!(with(at, bound), VerifyError::Truncated { .. }), "{at}");
    }
    assert!(matches!(
        Bundle::from_bytes(&vec![0; (128 << 20) + 1]),
        Err(VerifyError::TooLarge { .. })
    ));
}

fn signed(seed: u8, model_id: [u8; 32]) -> (PublisherKey, PublisherSignature) {
    let pair = KeyPair::from_seed(Seed::new([seed; 32]));
    let key = *pair.pk;
    let signature = *pair.sk.sign(PublisherSignature::message(&model_id, &key), None);
    (
        PublisherKey::new("clinic.example", key).unwrap(),
        PublisherSignature {
            model_id,
            key,
            signature,
        },
    )
}

#[test]
fn signatures_are_of_one_model_by_one_publisher() {
    let (key, signature) = signed(1, [5; 32]);
    let (other, others) = signed(2, [5; 32]);
    assert_eq!(signature.check(&[5; 32], &key), Ok(()));
    assert_eq!(signature.check(&[5; 32], &other), Err(VerifyError::PublisherMismatch));
    assert_eq!(signature.check(&[6; 32], &key), Err(VerifyError::SignatureModel));
    // Somebody else's signature, or one of another model, under the right names.
    for forged in [
        PublisherSignature {
            key: signature.key,
            ..others
        },
        PublisherSignature {
            model_id: [5; 32],
            ..signed(1, [6; 32]).1
        },
    ] {
        assert_eq!(forged.check(&[5; 32], &key), Err(VerifyError::SignatureInvalid));
    }
    let bytes = signature.to_bytes();
    assert_eq!(PublisherSignature::from_bytes(&bytes), Ok(signature));
    for length in 0..bytes.len() {
        assert_eq!(
            PublisherSignature::from_bytes(&bytes[..length]).unwrap_err().code(),
            "truncated"
        );
    }
    assert_eq!(
        PublisherSignature::from_bytes(&[&bytes[..], &[0]].concat())
            .unwrap_err()
            .code(),
        "trailing-bytes"
    );
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let refused = PublisherSignature::from_bytes(&changed).and_then(|signature| signature.check(&[5; 32], &key));
        assert!(refused.is_err(), "{at}");
    }
}

#[test]
fn a_state_is_of_one_model_by_one_publisher() {
    let (key, _) = signed(1, [5; 32]);
    let (other, _) = signed(2, [5; 32]);
    let pair = KeyPair::from_seed(Seed::new([1; 32]));
    let stated = ModelState {
        model_id: [5; 32],
        state: State::Revoked,
        time: 1_900_000_000,
        reason: "it takes scars for tumours".into(),
    };
    let signature = *pair.sk.sign(stated.message(&pair.pk), None);
    let signed = SignedState {
        stated: stated.clone(),
        key: *pair.pk,
        signature,
    };
    assert_eq!(signed.check(&[5; 32], &key), Ok(&stated));
    assert_eq!(signed.check(&[5; 32], &other), Err(VerifyError::PublisherMismatch));
    assert_eq!(signed.check(&[6; 32], &key), Err(VerifyError::SignatureModel));
    // Each part is signed.
    for edit in [
        ModelState {
            state: State::Active,
            ..stated.clone()
        },
        ModelState {
            time: 1,
            ..stated.clone()
        },
        ModelState {
            reason: String::new(),
            ..stated.clone()
        },
        ModelState {
            model_id: [6; 32],
            ..stated.clone()
        },
    ] {
        let forged = SignedState {
            stated: edit,
            ..signed.clone()
        };
        let model = forged.stated.model_id;
        assert_eq!(forged.check(&model, &key), Err(VerifyError::SignatureInvalid));
    }
    let bytes = signed.to_bytes();
    assert_eq!(SignedState::from_bytes(&bytes), Ok(signed.clone()));
    for length in 0..bytes.len() {
        let code = SignedState::from_bytes(&bytes[..length]).unwrap_err().code();
        assert_eq!(code, "truncated", "{length}");
    }
    let code = |bytes: &[u8]| SignedState::from_bytes(bytes).unwrap_err().code();
    assert_eq!(code(&[&bytes[..], &[0]].concat()), "trailing-bytes");
    for tag in [0, 4] {
        let mut changed = bytes.clone();
        changed[38] = tag;
        assert_eq!(code(&changed), "bad-tag");
    }
    let mut long = bytes.clone();
    long[47..51].copy_from_slice(&1025u32.to_le_bytes());
    assert_eq!(code(&long), "too-large");
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let refused = SignedState::from_bytes(&changed).and_then(|signed| signed.check(&[5; 32], &key).cloned());
        assert!(refused.is_err(), "{at}");
    }
    // A signature of the model is none of a state.
    let of_model = PublisherSignature::message(&[5; 32], &pair.pk);
    assert_ne!(of_model[..6], bytes[..6]);
    let names = [State::Active, State::Deprecated, State::Revoked].map(|state| State::named(state.name()));
    assert_eq!(
        names,
        [Some(State::Active), Some(State::Deprecated), Some(State::Revoked)]
    );
    assert_eq!(State::named("gone"), None);
}

#[test]
fn keys_are_of_one_use() {
    let (key, _) = signed(1, [5; 32]);
    let text = key.to_string();
    assert_eq!(text.parse::<PublisherKey>().unwrap(), key);
    assert!(text
        .parse::<LogKey>()
        .unwrap_err()
        .to_string()
        .contains("the key of a publisher"));
    assert!(text.parse::<WitnessKey>().is_err());
    let log = LogKey::new("log.example", [1; 32]).unwrap().to_string();
    assert!(log
        .parse::<PublisherKey>()
        .unwrap_err()
        .to_string()
        .contains("the key of a log"));
}
