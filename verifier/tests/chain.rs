//! Golden receipts of models in segments verify, and nothing but their bytes.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_verifier::card::MAX_CARD;
use provenn_verifier::{
    policy, verify, verify_batch, ChainCard, ChainReceipt, CheckedChain, Expectation, Judged, KeyParts, ModelCard,
    Purpose, Receipt, SegmentLayout, SrsVerifyingKey, Verdict, VerifyError, VerifyingKey,
};

const NAMES: [&str; 2] = ["digits_mlp", "digits_cnn"];

fn file(name: &str, end: &str) -> Vec<u8> {
    std::fs::read(format!(
        "{}/../fixtures/chains/{name}.{end}",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

fn golden(name: &str) -> (CheckedChain, SrsVerifyingKey, Vec<u8>) {
    let srs = SrsVerifyingKey::from_bytes(&file(name, "srs")).unwrap();
    let card = ChainCard::from_bytes(&file(name, "card")).unwrap();
    (card.check(&srs).unwrap(), srs, file(name, "receipt"))
}

fn asked(card: &CheckedChain) -> Expectation {
    Expectation::new(card.model_id(), policy::Label, "bank.example", [0xa5; 32]).at(2_000_000_000)
}

#[test]
fn golden_receipts_verify() {
    for name in NAMES {
        let (card, srs, receipt) = golden(name);
        let verdict = verify(&receipt, &card, &srs, &asked(&card)).unwrap();
        assert!(matches!(verdict, Verdict::Verified(_)));
        let schema = card.schema().unwrap();
        assert!(schema.values(&verdict).is_ok());
        let asked = asked(&card);
        let all = [Judged::new(&receipt, &card, &asked); 2];
        assert_eq!(verify_batch(&all, &srs).unwrap().len(), 2);
    }
}

#[test]
fn a_card_beyond_its_bound_is_not_read() {
    let mut bytes = file("digits_mlp", "card");
    bytes.resize(MAX_CARD, 0);
    assert!(matches!(
        ChainCard::from_bytes(&bytes),
        Err(VerifyError::TrailingBytes { .. })
    ));
    bytes.push(0);
    let (maximum, got) = (MAX_CARD as u64, bytes.len() as u64);
    assert_eq!(
        ChainCard::from_bytes(&bytes),
        Err(VerifyError::TooLarge { maximum, got })
    );
}

#[test]
fn each_kind_is_read_as_itself_only() {
    let (card, _, receipt) = golden("digits_mlp");
    assert!(matches!(
        ModelCard::from_bytes(&card.to_bytes()),
        Err(VerifyError::BadMagic { .. })
    ));
    assert!(matches!(
        Receipt::from_bytes(&receipt),
        Err(VerifyError::BadMagic { .. })
    ));
    assert!(matches!(
        ChainReceipt::from_bytes(&card.to_bytes()),
        Err(VerifyError::BadMagic { .. })
    ));
    assert_eq!(ChainReceipt::from_bytes(&receipt).unwrap().to_bytes(), receipt);
    assert_eq!(ChainCard::from_bytes(&card.to_bytes()).as_ref(), Ok(&*card));
}

/// Every cut is refused, and every byte that is changed, without a panic.
#[test]
fn no_other_bytes_verify() {
    let (card, srs, receipt) = golden("digits_mlp");
    for end in 0..receipt.len() {
        assert!(ChainReceipt::from_bytes(&receipt[..end]).is_err());
    }
    let longer = [receipt.as_slice(), &[0]].concat();
    assert!(matches!(
        ChainReceipt::from_bytes(&longer),
        Err(VerifyError::TrailingBytes { .. })
    ));
    for at in (0..receipt.len()).step_by(receipt.len() / 300) {
        let mut changed = receipt.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(verify(&changed, &card, &srs, &asked(&card)).is_err(), "byte {at}");
    }
    let bytes = card.to_bytes();
    for at in (0..bytes.len()).step_by(bytes.len() / 300) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let refused = ChainCard::from_bytes(&changed).and_then(|card| card.check(&srs));
        // Words for people are bound by the id alone.
        assert!(
            refused.is_err() || refused.is_ok_and(|other| other.model_id() != card.model_id()),
            "byte {at}"
        );
    }
}

/// Of another number of segments, and under another expectation.
#[test]
fn what_is_asked_is_checked() {
    let (card, srs, receipt) = golden("digits_mlp");
    let mut short = ChainReceipt::from_bytes(&receipt).unwrap();
    short.segments.pop();
    let refused = verify(&short.to_bytes(), &card, &srs, &asked(&card));
    assert_eq!(refused, Err(VerifyError::SegmentCount { expected: 3, got: 2 }));
    let (other, other_srs, _) = golden("digits_cnn");
    let refused = verify(&receipt, &other, &other_srs, &Expectation::default());
    assert_eq!(refused, Err(VerifyError::ModelMismatch));
    let refused = verify(&receipt, &card, &srs, &asked(&card).at(2_000_000_001));
    assert!(matches!(refused, Err(VerifyError::Expired { .. })));
}

/// Keys of segments that take or give what is no segment's.
#[test]
fn bad_keys_of_segments_are_refused() {
    let (card, ..) = golden("digits_mlp");
    let refused = |index: usize, change: &dyn Fn(&mut KeyParts, &mut SegmentLayout), reason: &'static str| {
        let mut parts = (*card.segments[index].key).clone();
        let mut layout = parts.purpose.segment().unwrap().clone();
        change(&mut parts, &mut layout);
        parts.purpose = Purpose::Segment(layout);
        assert_eq!(
            VerifyingKey::new(parts).unwrap_err(),
            VerifyError::KeyInvalid { reason }
        );
    };
    refused(2, &|_, layout| layout.takes = false, "a segment is not a whole model");
    refused(
        0,
        &|_, layout| layout.takes = true,
        "a segment takes one committed tensor",
    );
    refused(
        2,
        &|_, layout| layout.instances.outputs.clear(),
        "layout without outputs",
    );
    let outputs = &card.segments[2].key.purpose.segment().unwrap().instances.outputs;
    refused(
        0,
        &|_, layout| layout.instances.outputs.clone_from(outputs),
        "layout without outputs",
    );
    let given = |layout: &mut SegmentLayout, row| layout.gives.as_mut().unwrap().row = row;
    refused(0, &|_, layout| given(layout, 1 << 20), "layout input rows");
    refused(
        0,
        &|_, layout| layout.gives.as_mut().unwrap().bits = 41,
        "layout bit widths",
    );
    let unlinked = "each input must be either public or linked";
    refused(0, &|_, layout| layout.gives = None, unlinked);
    refused(0, &|parts, _| drop(parts.linked.inputs.pop()), unlinked);
    let computed = |parts: &mut KeyParts, _: &mut SegmentLayout| {
        (parts.computed_columns, parts.instance_columns) = (1, parts.instance_columns + 1);
    };
    refused(0, &computed, "computed columns");
}
