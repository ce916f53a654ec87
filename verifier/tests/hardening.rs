//! Outside bytes: what decodes is canonical, keys that contradict themselves are refused, nothing panics.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::common::toy::{setup, toy, Setup, WEIGHTS};
use proptest::prelude::*;
use provenn_verifier::*;

fn receipt(setup: &Setup, public: bool) -> Receipt {
    let toy = toy(public, &WEIGHTS);
    setup.issue(&toy, setup.scores(&toy), 40).receipt
}

#[test]
fn round_trips() {
    for public in [true, false] {
        let setup = setup(public, SrsKind::Ceremony);
        let receipt = receipt(&setup, public);
        let again = Receipt::from_bytes(&receipt.to_bytes()).unwrap();
        assert_eq!(again, receipt);
        assert_eq!(again.to_bytes(), receipt.to_bytes());
        let card = ModelCard::from_bytes(&setup.card.to_bytes()).unwrap();
        assert_eq!(card, *setup.card);
        assert_eq!(card.model_id(), setup.card.model_id());
        let key = VerifyingKey::from_bytes(&setup.card.key.to_bytes()).unwrap();
        assert_eq!(key.digest(), setup.card.key.digest());
        let srs = SrsVerifyingKey::from_bytes(&setup.srs.to_bytes()).unwrap();
        assert_eq!(srs, setup.srs);
        assert_eq!(srs.id(), setup.srs.id());
    }
}

/// Keys whose parts contradict themselves are refused, and never make the verifier panic.
#[test]
fn hostile_keys() {
    let setup = setup(true, SrsKind::Ceremony);
    let parts: KeyParts = (*setup.card.key).clone();
    type Edit = fn(&mut KeyParts);
    let edits: [Edit; 22] = [
        |key| key.k = 29,
        |key| key.k = 0,
        |key| key.degree = 2,
        |key| key.degree = 1000,
        |key| key.blinding_factors = 0,
        |key| key.blinding_factors = 63,
        |key| key.advice_phases[0] = 3,
        |key| key.challenge_phases[0] = 3,
        |key| key.instance_columns += 1,
        |key| key.advice_queries[0].0 = 99,
        |key| key.advice_queries[0].1 = 64,
        |key| key.advice_queries[1] = key.advice_queries[0],
        |key| key.permutation_columns[0].index = 99,
        |key| key.permutation_commitments.truncate(1),
        |key| key.gates[0].push(Expr::Sum),
        |key| key.gates[0] = vec![],
        |key| key.gates[0] = vec![Expr::Challenge(2)],
        |key| key.linked.weights.columns = vec![0],
        |key| key.linked.weights.challenge = 1,
        |key| key.linked.inputs = vec![vec![1]],
        |key| {
            let layout = key.purpose.layout_mut().unwrap();
            layout.outputs[0].rows = 1 << 20;
        },
        |key| key.purpose = Purpose::Registration,
    ];
    for (index, edit) in edits.iter().enumerate() {
        let mut parts = parts.clone();
        edit(&mut parts);
        assert!(VerifyingKey::new(parts).is_err(), "edit {index}");
    }
}

fn stated() -> impl Strategy<Value = (Policy, Answer)> {
    let value = -VALUE_BOUND + 1..VALUE_BOUND;
    let label = any::<u32>().prop_map(Answer::Label);
    prop_oneof![
        prop::collection::vec(value.clone(), 0..20).prop_map(|scores| (policy::Scores.into(), Answer::Scores(scores))),
        label.clone().prop_map(|label| (policy::Label.into(), label)),
        (any::<u32>(), value.clone(), any::<bool>())
            .prop_map(|(output, threshold, bit)| (policy::Threshold { output, threshold }.into(), Answer::Bit(bit))),
        (any::<u32>(), value.clone())
            .prop_map(|(output, threshold)| (policy::YesOnly { output, threshold }.into(), Answer::Yes)),
        (1..VALUE_BOUND, label.clone()).prop_map(|(margin, label)| (policy::Margin { margin }.into(), label)),
        (0u32..39, prop::collection::vec(value.clone(), 0..20))
            .prop_map(|(bit, scores)| (policy::Round { step: 1 << bit }.into(), Answer::Scores(scores))),
        (1u32.., prop::collection::vec(any::<u32>(), 0..20))
            .prop_map(|(count, labels)| (policy::Top { count }.into(), Answer::Labels(labels))),
        (prop::collection::vec((0u32..1 << 20, 0u32..256), 1..20), value.clone()).prop_map(|(marks, gap)| {
            let (labels, groups) = marks.into_iter().unzip();
            (policy::AccuracyGap { labels, groups }.into(), Answer::Gap(gap))
        }),
        (0u32..1 << 20, prop::collection::vec(0u32..256, 1..20), value.clone())
            .prop_map(|(label, groups, gap)| (policy::Gap { label, groups }.into(), Answer::Gap(gap))),
        (prop::collection::btree_set(any::<u32>(), 1..20), label).prop_map(|(outputs, label)| {
            let outputs = outputs.into_iter().collect();
            (policy::LabelIn { outputs }.into(), label)
        }),
    ]
}

fn claim(
    [srs_id, key_digest, model_id, quantization]: [[u8; 32]; 4],
    policy: impl Into<Disclosure>,
    items: Vec<Item>,
) -> Claim {
    let body = Inference {
        model_id,
        quantization,
        policy: policy.into(),
        items,
    };
    let (context, body) = (Context::default(), body.into());
    Claim {
        srs_id,
        key_digest,
        context,
        body,
    }
}

use provenn_verifier::claim::VALUE_BOUND;

proptest! {
    #[test]
    fn claims_round_trip(
        ids in any::<[[u8; 32]; 4]>(),
        (policy, answer) in stated(),
        items in 0usize..3,
        values in prop::collection::vec(-VALUE_BOUND + 1..VALUE_BOUND, 0..20),
        audience in ".{0,40}",
        nonce in any::<[u8; 32]>(),
        not_after in any::<u64>(),
    ) {
        let item = Item::new(InputBinding::Public { values }, answer);
        let context = Context { audience, nonce, not_after };
        let claim = Claim { context, ..claim(ids, policy, vec![item; items]) };
        prop_assert_eq!(claim.validate(), Ok(()));
        let bytes = claim.to_bytes();
        prop_assert_eq!(&Claim::from_bytes(&bytes).unwrap(), &claim);
        prop_assert!(Claim::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn what_decodes_is_canonical(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0usize..200) {
        let setup_free = [&b"PRVN"[..], &FORMAT_VERSION.to_le_bytes(), &bytes].concat();
        prop_assert!(Receipt::from_bytes(&setup_free).is_err());
        let item = Item::new(InputBinding::Public { values: vec![1, 2] }, Answer::Bit(true));
        let policy = policy::Threshold { output: 0, threshold: 0 };
        let mut claim = claim([[0; 32]; 4], policy, vec![item]).to_bytes();
        let at = at.min(claim.len() - 1);
        claim[at] ^= bytes.first().copied().unwrap_or(1);
        if let Ok(decoded) = Claim::from_bytes(&claim) {
            prop_assert_eq!(decoded.to_bytes(), claim);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for magic in [b"PRVC", b"PRVK", b"PRVS", b"PRVN"] {
            let bytes = [magic, &FORMAT_VERSION.to_le_bytes()[..], &bytes].concat();
            let _ = ModelCard::from_bytes(&bytes);
            let _ = VerifyingKey::from_bytes(&bytes);
            let _ = SrsVerifyingKey::from_bytes(&bytes);
            let _ = Receipt::from_bytes(&bytes);
        }
    }
}
