//! What the verifier compares, and the error for each difference.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::common::edit;
use crate::common::toy::{setup, toy, Setup, INPUT, WEIGHTS};
use provenn_verifier::*;

fn issued(public: bool) -> (Setup, Receipt) {
    let setup = setup(public, SrsKind::Ceremony);
    let toy = toy(public, &WEIGHTS);
    let receipt = setup.issue(&toy, setup.scores(&toy), 50).receipt;
    (setup, receipt)
}

#[test]
fn each_changed_identity_has_its_own_error() {
    let (setup, receipt) = issued(true);
    let out_of_range = |what, unit, range, got| {
        VerifyError::PolicyOutOfRange(policy::OutOfRange::Value {
            what,
            unit,
            range,
            got,
            output: 0,
        })
    };
    let check = |edit: fn(&mut Claim), expected| {
        let mut receipt = receipt.clone();
        edit(&mut receipt.claim);
        assert_eq!(setup.verify(&receipt), Err(expected));
    };
    check(|claim| claim.srs_id[0] ^= 1, VerifyError::SrsMismatch);
    check(|claim| claim.key_digest[0] ^= 1, VerifyError::KeyMismatch);
    check(|claim| edit::body(claim).model_id[0] ^= 1, VerifyError::ModelMismatch);
    check(
        |claim| edit::body(claim).quantization[0] ^= 1,
        VerifyError::QuantizationMismatch,
    );
    check(
        |claim| edit::state(claim, policy::Label, Answer::Label(5)),
        out_of_range("label", policy::Unit::Output, [0, 4], 5),
    );
    check(
        |claim| *edit::values(claim) = vec![1],
        VerifyError::InputShape { expected: 12, got: 1 },
    );
    check(
        |claim| edit::body(claim).items.clear(),
        VerifyError::ItemCount { expected: 1, got: 0 },
    );
    check(
        |claim| {
            let item = edit::item(claim).clone();
            edit::body(claim).items.push(item);
        },
        VerifyError::ItemCount { expected: 1, got: 2 },
    );
    check(
        |claim| edit::item(claim).inputs.clear(),
        VerifyError::InputCount { expected: 1, got: 0 },
    );
    check(
        |claim| {
            let input = edit::input(claim).clone();
            edit::item(claim).inputs.push(input);
        },
        VerifyError::InputCount { expected: 1, got: 2 },
    );
    check(|claim| claim.context.nonce[0] ^= 1, VerifyError::OpeningFailed);
    check(|claim| claim.context.audience.push('x'), VerifyError::OpeningFailed);
    check(
        |claim| edit::state(claim, policy::Label, Answer::Label(1)),
        VerifyError::OpeningFailed,
    );
}

#[test]
fn expectations() {
    let (setup, receipt) = issued(true);
    let bytes = receipt.to_bytes();
    let ask = |expectation: Expectation| verify(&bytes, &setup.card, &setup.srs, &expectation);
    let policy = |policy: Disclosure, answer| Expectation {
        inference: InferenceExpectation {
            policy: Some(policy),
            answer,
            ..InferenceExpectation::default()
        },
        ..Expectation::default()
    };
    let input = |input| Expectation {
        inference: InferenceExpectation {
            inputs: [(0, input)].into(),
            ..InferenceExpectation::default()
        },
        ..Expectation::default()
    };
    let exact = edit::item(&mut receipt.claim.clone()).answer.clone();
    assert!(ask(policy(policy::Scores.into(), None)).is_ok());
    assert!(ask(policy(policy::Scores.into(), Some(exact))).is_ok());
    let all = Expectation {
        statements: Some(vec![StatementKind::Inference]),
        inference: input(InputBinding::Public { values: INPUT.to_vec() }).inference,
        audience: Some("bob".to_owned()),
        nonce: Some([9; 32]),
        now: Some(1000),
        accept_dev: false,
        ..Expectation::default()
    };
    assert!(ask(all).is_ok());
    let cases = [
        (
            Expectation {
                statements: Some(vec![]),
                ..Expectation::default()
            },
            VerifyError::StatementMismatch {
                found: StatementKind::Inference,
            },
        ),
        (
            policy(policy::Label.into(), None),
            VerifyError::PolicyMismatch { field: "policy" },
        ),
        (
            policy(policy::Scores.into(), Some(Answer::Scores(vec![]))),
            VerifyError::OutputMismatch,
        ),
        (
            input(InputBinding::Public { values: vec![1] }),
            VerifyError::InputMismatch,
        ),
        (
            input(InputBinding::Committed { points: vec![] }),
            VerifyError::InputMismatch,
        ),
        (
            Expectation {
                audience: Some("eve".to_owned()),
                ..Expectation::default()
            },
            VerifyError::ContextMismatch {
                field: ContextField::Audience,
            },
        ),
        (
            Expectation {
                nonce: Some([8; 32]),
                ..Expectation::default()
            },
            VerifyError::ContextMismatch {
                field: ContextField::Nonce,
            },
        ),
        (
            Expectation {
                now: Some(1001),
                ..Expectation::default()
            },
            VerifyError::Expired {
                not_after: 1000,
                now: 1001,
            },
        ),
    ];
    for (expectation, expected) in cases {
        assert_eq!(ask(expectation), Err(expected));
    }
}

#[test]
fn dev_parameters_give_another_type_and_only_on_request() {
    let setup = setup(false, SrsKind::Dev);
    let toy = toy(false, &WEIGHTS);
    let receipt = setup.issue(&toy, setup.scores(&toy), 51).receipt;
    assert_eq!(setup.verify(&receipt), Err(VerifyError::DevSrs));
    let accept = Expectation {
        accept_dev: true,
        ..Expectation::default()
    };
    let verdict = verify(&receipt.to_bytes(), &setup.card, &setup.srs, &accept).unwrap();
    assert!(matches!(verdict, Verdict::Dev(dev) if dev.claim() == &receipt.claim));
}

#[test]
fn a_batch_names_its_bad_receipt() {
    let setup = setup(false, SrsKind::Ceremony);
    let toy = toy(false, &WEIGHTS);
    let mut receipts: Vec<Receipt> = (60..64)
        .map(|seed| setup.issue(&toy, setup.scores(&toy), seed).receipt)
        .collect();
    let run = |receipts: &[Receipt]| {
        let bytes: Vec<Vec<u8>> = receipts.iter().map(Receipt::to_bytes).collect();
        let any = Expectation::default();
        let items: Vec<Judged> = bytes.iter().map(|b| Judged::new(b, &setup.card, &any)).collect();
        verify_batch(&items, &setup.srs)
    };
    assert_eq!(run(&receipts).unwrap().len(), 4);
    assert!(run(&[]).unwrap().is_empty());
    let link = receipts[0].link.clone();
    receipts[2].link = link;
    assert_eq!(run(&receipts), Err((2, VerifyError::LinkFailed)));
    let at = receipts[1].proof.len() - 100;
    receipts[1].proof[at] ^= 1;
    assert_eq!(run(&receipts).unwrap_err().0, 1);
}

#[test]
fn other_parameters_are_refused() {
    let (setup, receipt) = issued(true);
    let mut parts: SrsParts = (*setup.srs).clone();
    parts.tail.swap(0, 1);
    let other = SrsVerifyingKey::new(parts.clone()).unwrap();
    let any = Expectation::default();
    assert_eq!(
        verify(&receipt.to_bytes(), &setup.card, &other, &any),
        Err(VerifyError::SrsMismatch)
    );
    // Nor under the SRS that the receipt names, if the card was checked under another one.
    let mut moved = receipt.clone();
    moved.claim.srs_id = other.id();
    assert_eq!(
        verify(&moved.to_bytes(), &setup.card, &other, &any),
        Err(VerifyError::SrsMismatch)
    );
    parts.tail.clear();
    assert!(matches!(
        SrsVerifyingKey::new(parts),
        Err(VerifyError::SrsInvalid { .. })
    ));
}

#[test]
fn a_g2_point_outside_the_subgroup_is_refused() {
    use group::GroupEncoding;
    use halo2curves::bn256::G2Affine;
    let (setup, _) = issued(true);
    // Almost every point of the twist is outside: find one by its x coordinate.
    let outside = (1u8..)
        .find_map(|x| {
            let mut repr = <G2Affine as GroupEncoding>::Repr::default();
            repr.as_mut()[0] = x;
            Option::<G2Affine>::from(G2Affine::from_bytes(&repr))
        })
        .unwrap();
    let parts = SrsParts {
        s_g2: outside.into(),
        ..(*setup.srs).clone()
    };
    assert_eq!(SrsVerifyingKey::new(parts), Err(VerifyError::BadG2Subgroup));
    // A conversion keeps a point that is on no curve at all.
    let (x, y) = (outside.x, outside.y + outside.y);
    let parts = SrsParts {
        s_g2: G2Affine { x, y }.into(),
        ..(*setup.srs).clone()
    };
    assert_eq!(SrsVerifyingKey::new(parts), Err(VerifyError::BadPoint));
    let mut parts = (*setup.srs).clone();
    let one = halo2curves::bn256::Fq::one();
    parts.tail[0] = halo2curves::bn256::G1Affine { x: one, y: one }.into();
    assert_eq!(SrsVerifyingKey::new(parts), Err(VerifyError::BadPoint));
}

#[test]
fn instance_columns() {
    use provenn_bn254::Fr;
    let layout = crate::common::toy::layout(true);
    let input = InputBinding::Public {
        values: (1..=12).collect(),
    };
    let item = Item::new(input, Answer::Label(2));
    let columns = item.columns(&layout, 7, &policy::Label.into()).unwrap();
    let one = Fr::ONE;
    let zero = Fr::ZERO;
    assert_eq!(columns[0], [zero, -one, -one, -one, -one, -one]);
    assert_eq!(columns[1], [zero, one, one, one, one, one]);
    assert_eq!(columns[2], [zero, zero, zero, zero, -one, -one]);
    assert_eq!(columns[3], [zero, zero, zero, one, zero, zero]);
    let lane = |values: [u64; 8]| values.map(Fr::from).to_vec();
    assert_eq!(columns[4], lane([1, 9, 2, 10, 3, 11, 4, 12]));
    assert_eq!(columns[5], lane([5, 0, 6, 0, 7, 0, 8, 0]));
    let bit = policy::Threshold {
        output: 1,
        threshold: 10,
    };
    let no = |values| Item::new(InputBinding::Public { values }, Answer::Bit(false));
    let columns = no((1..=12).collect()).columns(&layout, 7, &bit.into()).unwrap();
    assert_eq!(columns[0][4], -one);
    assert_eq!(columns[2][4], Fr::from(9));
    let edge = |value: i64| {
        let mut values = vec![0; 12];
        values[11] = value;
        no(values).columns(&layout, 7, &bit.into()).is_ok()
    };
    assert!(edge(2047) && edge(-2048) && !edge(2048) && !edge(-2049));
    let yes = |threshold| {
        let item = Item::new(item.inputs[0].clone(), Answer::Yes);
        let policy = policy::YesOnly { output: 0, threshold };
        item.columns(&layout, 7, &policy.into()).is_ok()
    };
    assert!(yes((1 << 23) - 1) && yes(-(1 << 23)) && !yes(1 << 23));
}

#[test]
fn error_codes_are_distinct() {
    let n = 0;
    let all = [
        VerifyError::BadG2Subgroup,
        VerifyError::BadMagic {
            expected: FileKind::Card,
            found: None,
        },
        VerifyError::BadPoint,
        VerifyError::BadProofSystem,
        VerifyError::BadTag { got: 0 },
        VerifyError::BadUtf8,
        VerifyError::BadVersion { expected: 1, got: 2 },
        VerifyError::CommitmentCount { expected: n, got: n },
        VerifyError::ContextMismatch {
            field: ContextField::Nonce,
        },
        VerifyError::DegenerateChallenge,
        VerifyError::DevSrs,
        VerifyError::Expired { not_after: n, now: n },
        VerifyError::InputCount { expected: n, got: n },
        VerifyError::InputMismatch,
        VerifyError::InputShape { expected: n, got: n },
        VerifyError::ItemCount { expected: n, got: n },
        VerifyError::KeyInvalid { reason: "" },
        VerifyError::KeyMismatch,
        VerifyError::LinkFailed,
        VerifyError::LinkLength { expected: n, got: n },
        VerifyError::ModelMismatch,
        VerifyError::NonCanonicalScalar,
        VerifyError::OpeningFailed,
        VerifyError::OutputMismatch,
        VerifyError::PolicyMismatch { field: "policy" },
        VerifyError::PolicyOutOfRange(policy::OutOfRange::Answer),
        VerifyError::QuantizationMismatch,
        VerifyError::SrsInvalid { reason: "" },
        VerifyError::SrsMismatch,
        VerifyError::StageCard,
        VerifyError::StatementMismatch {
            found: StatementKind::Inference,
        },
        VerifyError::TooLarge { maximum: n, got: n },
        VerifyError::TrailingBytes { got: n },
        VerifyError::Truncated { missing: n },
    ];
    let codes: std::collections::BTreeSet<_> = all.iter().map(VerifyError::code).collect();
    assert_eq!(codes.len(), all.len());
    let sorted: Vec<_> = all.iter().map(VerifyError::code).collect();
    assert!(sorted.is_sorted());
    assert!(all.iter().all(|error| error.help().ends_with('.')));
}
