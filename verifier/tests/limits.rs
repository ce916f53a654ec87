//! Every bound of the format at its last accepted and its first refused value.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "limits/keys.rs"]
mod keys;
#[path = "limits/whole.rs"]
mod whole;

use provenn_bn254::{Fr, G1Affine};
use provenn_verifier::claim::{MAX_AUDIENCE, VALUE_BOUND};
use provenn_verifier::statement::inference::{MAX_INPUTS, MAX_ITEMS, MAX_POINTS};
use provenn_verifier::*;

fn claim_of(policy: impl Into<Disclosure>, items: Vec<Item>, audience: usize) -> Claim {
    Claim {
        srs_id: [0; 32],
        key_digest: [0; 32],
        body: Inference {
            model_id: [0; 32],
            quantization: [0; 32],
            policy: policy.into(),
            items,
        }
        .into(),
        context: Context {
            audience: "a".repeat(audience),
            ..Context::default()
        },
    }
}

fn claim(policy: impl Into<Disclosure>, answer: Answer, input: InputBinding, audience: usize) -> Claim {
    claim_of(policy, vec![Item::new(input, answer)], audience)
}

fn label(input: InputBinding, audience: usize) -> Claim {
    claim(policy::Label, Answer::Label(0), input, audience)
}

fn code<T>(result: Result<T, VerifyError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

fn public(values: Vec<i64>) -> InputBinding {
    InputBinding::Public { values }
}

#[test]
fn claims() {
    let judge = |claim: Claim| {
        let (checked, decoded) = (code(claim.validate()), code(Claim::from_bytes(&claim.to_bytes())));
        assert_eq!(checked, decoded);
        checked
    };
    for (audience, expected) in [(MAX_AUDIENCE, "ok"), (MAX_AUDIENCE + 1, "too-large")] {
        assert_eq!(judge(label(public(vec![]), audience)), expected);
    }
    for (value, expected) in [(VALUE_BOUND - 1, "ok"), (VALUE_BOUND, "too-large")] {
        for value in [value, -value] {
            assert_eq!(judge(label(public(vec![0, value]), 0)), expected);
            let scores = Answer::Scores(vec![value]);
            assert_eq!(judge(claim(policy::Scores, scores, public(vec![]), 0)), expected);
            let threshold = policy::YesOnly {
                output: 0,
                threshold: value,
            };
            assert_eq!(judge(claim(threshold, Answer::Yes, public(vec![]), 0)), expected);
            let gap = policy::Gap {
                label: 0,
                groups: vec![0, 1],
            };
            assert_eq!(judge(claim(gap, Answer::Gap(value), public(vec![]), 0)), expected);
        }
    }
    let generator: [u8; 32] = G1Affine::GENERATOR.to_bytes();
    for (count, expected) in [(MAX_POINTS, "ok"), (MAX_POINTS + 1, "too-large")] {
        let points = vec![generator; count];
        assert_eq!(judge(label(InputBinding::Committed { points }, 0)), expected);
    }
    let points = vec![[0xff; 32]];
    assert_eq!(judge(label(InputBinding::Committed { points }, 0)), "bad-point");
    // Of all inputs together.
    for (count, expected) in [(MAX_POINTS / 2, "ok"), (MAX_POINTS / 2 + 1, "too-large")] {
        let half = InputBinding::Committed {
            points: vec![generator; count],
        };
        let mut item = Item::new(half.clone(), Answer::Label(0));
        assert_eq!(judge(claim_of(policy::Label, vec![item.clone(); 2], 0)), expected);
        item.inputs.push(half);
        assert_eq!(judge(claim_of(policy::Label, vec![item], 0)), expected);
    }
    for (margin, expected) in [(1, "ok"), (0, "policy-out-of-range"), (-1, "policy-out-of-range")] {
        let margin = policy::Margin { margin };
        assert_eq!(judge(claim(margin, Answer::Label(0), public(vec![]), 0)), expected);
    }
    let item = Item {
        inputs: vec![public(vec![]); MAX_INPUTS],
        answer: Answer::Label(0),
    };
    assert_eq!(judge(claim_of(policy::Label, vec![item.clone()], 0)), "ok");
    let mut more = item;
    more.inputs.push(public(vec![]));
    assert_eq!(judge(claim_of(policy::Label, vec![more], 0)), "too-large");
    for (count, expected) in [(MAX_ITEMS, "ok"), (MAX_ITEMS + 1, "too-large")] {
        let item = Item::new(public(vec![]), Answer::Label(0));
        assert_eq!(judge(claim_of(policy::Label, vec![item; count], 0)), expected);
    }
    // An answer of another form has no bytes that decode.
    let other = claim(policy::Label, Answer::Yes, public(vec![]), 0);
    assert_eq!(code(other.validate()), "policy-out-of-range");
}

fn layout() -> InstanceLayout {
    InstanceLayout {
        lanes: 1,
        inputs: vec![input(2, 1, 0)],
        outputs: vec![OutputLayout {
            len: 1,
            rows: 1,
            bits: 12,
            items: 0,
            whole: None,
        }],
    }
}

fn input(channels: u32, positions: u32, row: u32) -> InputLayout {
    InputLayout {
        channels,
        positions,
        row,
        bits: 8,
        public: true,
        order: InputOrder::default(),
    }
}

#[test]
fn values_fit_the_circuit() {
    let judge =
        |policy: &Disclosure, answer: Answer, input| code(Item::new(input, answer).columns(&layout(), 7, policy));
    let scores = |score, input| judge(&policy::Scores.into(), Answer::Scores(vec![score]), input);
    let two = public(vec![0, 0]);
    for (score, expected) in [
        (2047, "ok"),
        (-2048, "ok"),
        (2048, "policy-out-of-range"),
        (-2049, "policy-out-of-range"),
    ] {
        assert_eq!(scores(score, two.clone()), expected, "{score}");
        let threshold = policy::YesOnly {
            output: 0,
            threshold: score,
        };
        assert_eq!(judge(&threshold.into(), Answer::Yes, two.clone()), expected, "{score}");
    }
    for (value, expected) in [(127, "ok"), (-128, "ok"), (128, "too-large"), (-129, "too-large")] {
        assert_eq!(scores(0, public(vec![0, value])), expected, "{value}");
    }
    assert_eq!(scores(0, public(vec![0])), "input-shape");
    assert_eq!(scores(0, public(vec![0; 3])), "input-shape");
    let label = |label| judge(&policy::Label.into(), Answer::Label(label), two.clone());
    assert_eq!((label(0), label(1)), ("ok", "policy-out-of-range"));
    let points = InputBinding::Committed { points: vec![] };
    assert_eq!(scores(0, points), "input-shape");
}

/// Values of a picture with channels last, numbered as its tensor has them: channels first.
#[test]
fn an_order_places_values() {
    let mut layout = InstanceLayout {
        lanes: 2,
        inputs: vec![input(3, 2, 0)],
        ..layout()
    };
    let columns = |layout: &InstanceLayout, values| {
        let item = Item::new(public(values), Answer::Scores(vec![0]));
        item.columns(layout, 7, &policy::Scores.into()).unwrap()[4..].to_vec()
    };
    let in_turn = columns(&layout, vec![1, 2, 3, 4, 5, 6]);
    layout.inputs[0].order = InputOrder(vec![[2, 1], [3, 2]]);
    assert_eq!(columns(&layout, vec![1, 3, 5, 2, 4, 6]), in_turn);
    assert_ne!(columns(&layout, vec![1, 2, 3, 4, 5, 6]), in_turn);
}

/// Each input is in its own rows, in its own order, and a binding of another kind or place is refused.
#[test]
fn several_inputs_and_outputs() {
    let layout = InstanceLayout {
        lanes: 2,
        inputs: vec![
            input(3, 1, 0),
            InputLayout {
                public: false,
                ..input(2, 1, 9)
            },
            InputLayout {
                order: InputOrder(vec![[2, 1], [2, 2]]),
                bits: 4,
                ..input(2, 2, 3)
            },
        ],
        outputs: vec![
            OutputLayout {
                len: 1,
                rows: 2,
                bits: 12,
                items: 0,
                whole: None,
            },
            OutputLayout {
                len: 2,
                rows: 2,
                bits: 12,
                items: 0,
                whole: None,
            },
        ],
    };
    let committed = || InputBinding::Committed { points: vec![] };
    let columns = |inputs, policy: &str, answer| {
        let item = Item { inputs, answer };
        item.columns(&layout, 7, &policy.parse().unwrap())
    };
    let honest = || vec![public(vec![1, 2, 3]), committed(), public(vec![4, 5, 6, 7])];
    let made = columns(honest(), "1/label", Answer::Label(0)).unwrap();
    let cells = |values: [u64; 5]| values.map(Fr::from).to_vec();
    assert_eq!(made[4], cells([1, 3, 0, 4, 6]));
    assert_eq!(made[5], cells([2, 0, 0, 5, 7]));
    // Scores stand from the last row up, the first output first.
    assert_eq!(made[1], [Fr::ONE, Fr::ONE, Fr::ZERO, Fr::ZERO]);
    assert_eq!(made[3], [Fr::ZERO, Fr::ONE, Fr::ZERO, Fr::ZERO]);
    let first = columns(honest(), "label", Answer::Label(0)).unwrap();
    assert_eq!(first[3], [Fr::ZERO, Fr::ZERO, Fr::ZERO, Fr::ONE]);
    let refused = |inputs| code(columns(inputs, "label", Answer::Label(0)));
    let swapped = |a, b| {
        let mut inputs = honest();
        inputs.swap(a, b);
        refused(inputs)
    };
    assert_eq!([swapped(0, 1), swapped(1, 2), swapped(0, 2)], ["input-shape"; 3]);
    assert_eq!(refused(honest()[..2].to_vec()), "input-count");
    assert_eq!(refused([honest(), vec![committed()]].concat()), "input-count");
    let wide = vec![public(vec![1, 2, 8]), committed(), public(vec![8, 5, 6, 7])];
    assert_eq!(refused(wide), "too-large");
}

#[test]
fn srs_keys() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/testkit/files/linear_30.srs");
    let srs = SrsVerifyingKey::from_bytes(&std::fs::read(path).unwrap()).unwrap();
    for (rows, expected) in [(1, "ok"), (257, "ok"), (258, "too-large"), (0, "srs-invalid")] {
        let tail = vec![srs.g1; rows];
        assert_eq!(
            code(SrsVerifyingKey::new(SrsParts { tail, ..(*srs).clone() })),
            expected
        );
    }
    for (k, expected) in [(28, "ok"), (29, "too-large")] {
        assert_eq!(code(SrsVerifyingKey::new(SrsParts { k, ..(*srs).clone() })), expected);
    }
}
