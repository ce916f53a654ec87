//! Golden receipts of models in segments verify, and nothing but their bytes.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_verifier::card::{MAX_CARD, MAX_DESCRIPTION};
use provenn_verifier::chain::MAX_SEGMENTS;
use provenn_verifier::statement::inference::MAX_POINTS;
use provenn_verifier::{
    policy, verify, verify_batch, AnyCard, ChainCard, ChainReceipt, CheckedChain, Expectation, Judged, KeyParts,
    ModelCard, Purpose, Receipt, SegmentLayout, SrsVerifyingKey, Statement, Verdict, VerifyError, VerifyingKey,
    WholeOutput,
};

const NAMES: [&str; 4] = ["digits_mlp", "digits_cnn", "digits_cnn_lanes", "pipeline_stages"];

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
    // One way to say on how many lanes it is given, and as many columns as they are.
    let (own, channels) = {
        let layout = card.segments[0].key.purpose.segment().unwrap();
        (layout.given_lanes(), layout.gives.as_ref().unwrap().channels)
    };
    let lanes = "lanes of what a segment gives";
    refused(0, &|_, layout| layout.onto = Some(own), lanes);
    refused(2, &|_, layout| layout.onto = Some(own + 1), lanes);
    refused(0, &|_, layout| layout.onto = Some(0), unlinked);
    refused(0, &|_, layout| layout.onto = Some(own + 1), unlinked);
    assert!(channels > own);
    let computed = |parts: &mut KeyParts, _: &mut SegmentLayout| {
        (parts.computed_columns, parts.instance_columns) = (1, parts.instance_columns + 1);
    };
    refused(0, &computed, "computed columns");
    let whole = |parts: &mut KeyParts, layout: &mut SegmentLayout| {
        let output = &mut layout.instances.outputs[0];
        output.rows = 0;
        output.whole = Some(WholeOutput {
            channels: output.len,
            positions: 1,
            row: 0,
        });
        parts.instance_columns = layout.instances.columns();
    };
    refused(2, &whole, "a segment shows no output whole");
}

/// The golden card whose first segment gives onto other lanes than its own says so, and one of the same lanes does not.
#[test]
fn golden_cards_are_of_both_forms() {
    let onto = |name: &str| {
        let (card, ..) = golden(name);
        let layouts = card.segments.iter().filter_map(|card| card.key.purpose.segment());
        layouts.map(|layout| layout.onto.is_some()).collect::<Vec<_>>()
    };
    assert!(onto("digits_cnn_lanes")[0]);
    assert_eq!(onto("digits_mlp"), [false; 3]);
}

/// A key that gives onto other lanes than its own has a form of its own, and the next segment must have them.
#[test]
fn what_is_given_onto_other_lanes_is_said_by_the_key() {
    let (card, ..) = golden("digits_mlp");
    let key = &card.segments[0].key;
    let mut parts = (**key).clone();
    let mut layout = parts.purpose.segment().unwrap().clone();
    // Few channels, so that more lanes are as many columns.
    let own = layout.given_lanes();
    layout.gives.as_mut().unwrap().channels = own;
    parts.purpose = Purpose::Segment(layout.clone());
    let before = VerifyingKey::new(parts.clone()).unwrap();
    layout.onto = Some(own + 1);
    parts.purpose = Purpose::Segment(layout.clone());
    let across = VerifyingKey::new(parts).unwrap();
    assert_eq!(across.purpose.segment().unwrap().given_lanes(), own + 1);
    assert_ne!(before.digest(), across.digest());
    assert_eq!(across.to_bytes().len(), before.to_bytes().len() + 4);
    let read = VerifyingKey::from_bytes(&across.to_bytes()).unwrap();
    assert_eq!(read.purpose, across.purpose);
    assert_eq!(read.to_bytes(), across.to_bytes());

    // In a card both segments must be of so many lanes, or have one for each channel, where more make no difference.
    let card_of = |first: &VerifyingKey, lanes: u32| {
        let mut card: ChainCard = (*card).clone();
        card.segments[0].key = first.clone();
        let mut parts = (*card.segments[1].key).clone();
        let mut next = parts.purpose.segment().unwrap().clone();
        next.instances.lanes = lanes;
        let channels = first.purpose.segment().unwrap().gives.as_ref().unwrap().channels;
        next.instances.inputs[0].channels = channels;
        next.onto = Some(own).filter(|own| *own != lanes);
        // As many columns as there are lanes with a channel.
        while parts.linked.inputs[0].len() < channels.min(lanes) as usize {
            let free = |column: &u32| {
                let linked = parts.linked.inputs.iter().flatten().any(|linked| linked == column);
                parts.advice_phases[*column as usize] == 0 && parts.advice_queries.contains(&(*column, 0)) && !linked
            };
            let column = (0..parts.advice_phases.len() as u32).find(free).unwrap();
            parts.linked.inputs[0].push(column);
        }
        parts.purpose = Purpose::Segment(next);
        card.segments[1].key = VerifyingKey::new(parts).unwrap();
        card.validate()
    };
    let reason = "a segment takes what the one before gives";
    for first in [&before, &across] {
        for lanes in [own, own + 1] {
            assert_eq!(card_of(first, lanes), Ok(()));
        }
    }
    // One channel more than there are lanes.
    layout.gives.as_mut().unwrap().channels = own + 1;
    layout.onto = None;
    let mut parts = (**key).clone();
    parts.purpose = Purpose::Segment(layout);
    let wide = VerifyingKey::new(parts).unwrap();
    assert_eq!(card_of(&wide, own), Ok(()));
    assert_eq!(card_of(&wide, own + 1), Err(VerifyError::KeyInvalid { reason }));
}

/// Stages that were committed apart have recipes of their own, all of which the claim names; a segment of one model has that of the model.
#[test]
fn claims_name_the_recipes_of_all_stages() {
    let (card, srs, receipt) = golden("digits_mlp");
    assert_eq!(card.quantization(), card.segments[1].quantization);
    let mut apart: ChainCard = (*card).clone();
    apart.segments[1].quantization = [1; 32];
    assert_eq!(ChainCard::from_bytes(&apart.to_bytes()).as_ref(), Ok(&apart));
    let all = apart.segments.iter().map(|card| card.quantization).collect::<Vec<_>>();
    let digest = blake2b_simd::Params::new()
        .hash_length(32)
        .personal(b"Provenn-ChainQnt")
        .hash(&all.concat());
    assert_eq!(apart.quantization(), digest.as_bytes());
    assert_eq!(AnyCard::Chain(apart.clone()).quantization(), apart.quantization());
    // The order counts, and so does each of them.
    let mut swapped = apart.clone();
    swapped.segments.swap(1, 2);
    assert_ne!(swapped.quantization(), apart.quantization());
    let mut claimed = ChainReceipt::from_bytes(&receipt).unwrap();
    let Statement::Inference(body) = &mut claimed.claim.body else {
        panic!("an inference")
    };
    body.quantization[0] ^= 1;
    let refused = verify(&claimed.to_bytes(), &card, &srs, &asked(&card));
    assert_eq!(refused, Err(VerifyError::QuantizationMismatch));
}

/// The card of a segment is no model's, and is read as what it is.
#[test]
fn a_segment_by_itself_is_no_model() {
    let (card, srs, _) = golden("digits_mlp");
    for segment in &card.segments {
        let bytes = segment.to_bytes();
        assert_eq!(ModelCard::from_bytes(&bytes), Err(VerifyError::StageCard));
        assert_eq!(AnyCard::from_bytes(&bytes), Err(VerifyError::StageCard));
        assert_eq!(segment.clone().check(&srs), Err(VerifyError::StageCard));
        assert_eq!(ModelCard::read_segment(&bytes).as_ref(), Ok(segment));
        assert_eq!(segment.check_segment(&srs), Ok(()));
        // The words on it are bound by its registration.
        let mut other = segment.clone();
        other.description.push(' ');
        assert!(other.check_segment(&srs).is_err());
    }
}

/// Each thing that makes segments one model is missed where it is not so.
#[test]
fn cards_whose_segments_do_not_follow_are_refused() {
    let (card, ..) = golden("digits_mlp");
    let refused = |change: &dyn Fn(&mut ChainCard)| {
        let mut changed: ChainCard = (*card).clone();
        change(&mut changed);
        let error = changed.validate().unwrap_err();
        assert_eq!(ChainCard::from_bytes(&changed.to_bytes()), Err(error));
        match error {
            VerifyError::KeyInvalid { reason } => reason,
            error => panic!("{error:?}"),
        }
    };
    let parameters = "segments of different parameters";
    assert_eq!(refused(&|card| card.segments[1].srs_id = [1; 32]), parameters);
    // Of a circuit of other rows points would open to other cells.
    let larger = |card: &mut ChainCard| {
        let mut parts = (*card.segments[1].key).clone();
        parts.k += 1;
        card.segments[1].key = VerifyingKey::new(parts).unwrap();
    };
    assert_eq!(refused(&larger), parameters);
    let follow = "a segment takes what the one before gives";
    assert_eq!(refused(&|card| card.segments.swap(0, 1)), follow);
    assert_eq!(refused(&|card| drop(card.segments.remove(0))), follow);
    assert_eq!(refused(&|card| drop(card.segments.remove(1))), follow);
    let last = "the last segment of a chain has its outputs";
    assert_eq!(refused(&|card| drop(card.segments.pop())), last);
    let few = "a chain has two segments at least";
    assert_eq!(refused(&|card| card.segments.truncate(1)), few);
    assert_eq!(refused(&|card| card.segments.clear()), few);
    // One that gives takes no part in the policy.
    let ended = |card: &mut ChainCard| card.segments = vec![card.segments[2].clone(), card.segments[2].clone()];
    assert_eq!(refused(&ended), follow);
}

/// Work that whoever makes a card or a receipt chooses is bounded, and segments are what a model is but for their outputs.
#[test]
fn bounds_and_segments_by_themselves_are_checked() {
    let (card, _, receipt) = golden("digits_mlp");
    let refused = |change: &dyn Fn(&mut ChainCard)| {
        let mut changed: ChainCard = (*card).clone();
        change(&mut changed);
        changed.validate().unwrap_err()
    };
    let large = |maximum: usize, got: usize| {
        let [maximum, got] = [maximum, got].map(|count| count as u64);
        VerifyError::TooLarge { maximum, got }
    };
    let many = refused(&|card| card.segments.resize(MAX_SEGMENTS + 1, card.segments[1].clone()));
    assert_eq!(many, large(MAX_SEGMENTS, MAX_SEGMENTS + 1));
    let long = refused(&|card| card.description = " ".repeat(MAX_DESCRIPTION + 1));
    assert_eq!(long, large(MAX_DESCRIPTION, MAX_DESCRIPTION + 1));
    let fewer = refused(&|card| card.segments[1].commitments.truncate(1));
    assert!(matches!(fewer, VerifyError::CommitmentCount { .. }), "{fewer:?}");

    let mut receipt = ChainReceipt::from_bytes(&receipt).unwrap();
    let point = receipt.between[0][0];
    receipt.between[0].resize(MAX_POINTS, point);
    let points = receipt.between.iter().map(Vec::len).sum();
    let read = ChainReceipt::from_bytes(&receipt.to_bytes());
    assert_eq!(read, Err(large(MAX_POINTS, points)));
}

/// Of commitments between segments one is missing, of one cut and of all.
#[test]
fn what_is_between_is_counted() {
    let (card, srs, receipt) = golden("digits_mlp");
    let refused = |change: &dyn Fn(&mut ChainReceipt)| {
        let mut changed = ChainReceipt::from_bytes(&receipt).unwrap();
        change(&mut changed);
        verify(&changed.to_bytes(), &card, &srs, &asked(&card)).unwrap_err()
    };
    let count = refused(&|receipt| drop(receipt.between.pop()));
    assert!(matches!(count, VerifyError::SegmentCount { .. }), "{count:?}");
    let count = refused(&|receipt| receipt.between.push(receipt.between[0].clone()));
    assert!(matches!(count, VerifyError::SegmentCount { .. }), "{count:?}");
    let shape = refused(&|receipt| receipt.between[0].clear());
    assert!(matches!(shape, VerifyError::InputShape { .. }), "{shape:?}");
    let shape = refused(&|receipt| {
        let other = receipt.between[0][0];
        receipt.between[1].push(other);
    });
    assert!(matches!(shape, VerifyError::InputShape { .. }), "{shape:?}");
}
