//! Cards and receipts of either kind are told by their first bytes, and judged as what they are.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_verifier::{
    differences, verify, verify_batch, AnyCard, AnyReceipt, CheckedAny, Expectation, FileKind, Judged, SrsVerifyingKey,
    VerifyError,
};

/// A card, the key of its parameters, and a receipt.
fn golden(name: &str) -> [Vec<u8>; 3] {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
    ["card", "srs", "receipt"].map(|end| std::fs::read(format!("{root}/{name}.{end}")).unwrap())
}

fn checked(card: &[u8], srs: &SrsVerifyingKey) -> CheckedAny {
    AnyCard::from_bytes(card).unwrap().check(srs).unwrap()
}

#[test]
fn both_kinds_are_judged() {
    for (name, segments) in [
        ("testkit/v2/digits_cnn", None),
        ("chains/digits_cnn", Some(2)),
        ("chains/digits_mlp", Some(3)),
    ] {
        let [card, srs, receipt] = golden(name);
        let srs = SrsVerifyingKey::from_bytes(&srs).unwrap();
        let read = AnyCard::from_bytes(&card).unwrap();
        assert_eq!(read.to_bytes(), card, "{name}");
        let decoded = AnyReceipt::from_bytes(&receipt).unwrap();
        assert_eq!(decoded.to_bytes(), receipt, "{name}");
        let (claim, model_id) = (decoded.claim().clone(), read.model_id());
        let body = claim.body.inference().unwrap();
        assert_eq!(
            (body.model_id, claim.key_digest, body.quantization, claim.srs_id),
            (model_id, read.key_digest(), read.quantization(), read.srs_id()),
            "{name}"
        );
        assert_eq!(
            (read.segments(), read.circuits().len()),
            (segments, segments.unwrap_or(1))
        );
        assert_eq!((read.k(), read.srs_id()), (srs.k, srs.id()));
        let counted: usize = read.circuits().iter().map(|card| card.commitments.len()).sum();
        assert!(counted > 0 && read.commitments() == counted, "{name}");
        let outputs = read.layout().unwrap().outputs;
        assert_eq!(read.schema().unwrap().outputs.len(), outputs.len(), "{name}");
        assert!(read.description().contains("\"fidelity\""), "{name}");

        let card = read.clone().check(&srs).unwrap();
        assert_eq!(
            (card.model_id(), card.segments(), card.commitments()),
            (model_id, segments, counted)
        );
        assert_eq!((card.layout(), card.circuits()), (read.layout(), read.circuits()));
        let asked = Expectation::default().at(2_000_000_000);
        let verdict = verify(&receipt, &card, &srs, &asked).unwrap();
        assert_eq!((verdict.claim(), decoded.into_claim()), (&claim, claim.clone()));
        let other = Expectation {
            audience: Some("somebody else".to_owned()),
            ..asked
        };
        let refused = verify(&receipt, &card, &srs, &other);
        assert!(matches!(refused, Err(VerifyError::ContextMismatch { .. })), "{name}");
        let found = [
            differences(&claim, &read, &srs, &other),
            differences(&claim, &card, &srs, &other),
        ];
        for list in found {
            let fields: Vec<&str> = list.iter().map(|one| one.field).collect();
            assert_eq!(fields, ["audience"], "{name}");
        }
    }
}

/// One call and one pairing for receipts of both kinds under one SRS; the bad one is named.
#[test]
fn both_kinds_are_judged_together() {
    let [card, srs, receipt] = golden("chains/digits_mlp");
    let srs = SrsVerifyingKey::from_bytes(&srs).unwrap();
    let [other_card, other_srs, other_receipt] = golden("testkit/v2/digits_cnn");
    assert_eq!(SrsVerifyingKey::from_bytes(&other_srs).unwrap().id(), srs.id());
    let cards = [checked(&card, &srs), checked(&other_card, &srs)];
    let asked = Expectation::default();
    let judged = |receipts: [&[u8]; 2]| {
        let pairs = receipts.into_iter().zip(&cards);
        let all: Vec<_> = pairs
            .map(|(receipt, card)| Judged::new(receipt, card, &asked))
            .collect();
        verify_batch(&all, &srs).map(|verdicts| verdicts.len())
    };
    assert_eq!(judged([&receipt, &other_receipt]), Ok(2));
    let mut changed = other_receipt.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert!(matches!(judged([&receipt, &changed]), Err((1, _))));
    assert!(matches!(
        judged([&other_receipt, &receipt]),
        Err((0, VerifyError::BadMagic { .. }))
    ));
}

#[test]
fn other_files_are_neither() {
    let [card, srs, receipt] = golden("chains/digits_mlp");
    for bytes in [&srs[..], b"", b"PRV", b"PRVX"] {
        assert!(AnyCard::from_bytes(bytes).is_err() && AnyReceipt::from_bytes(bytes).is_err());
    }
    let expected = |bytes: &[u8]| match AnyCard::from_bytes(bytes).unwrap_err() {
        VerifyError::BadMagic { expected, found } => (expected, found),
        other => panic!("{other:?}"),
    };
    assert_eq!(expected(&receipt), (FileKind::Card, Some(FileKind::ChainReceipt)));
    let refused = AnyReceipt::from_bytes(&card).unwrap_err();
    let found = Some(FileKind::ChainCard);
    assert_eq!(
        refused,
        VerifyError::BadMagic {
            expected: FileKind::Receipt,
            found
        }
    );
}
