//! Every bound of the format at its last accepted and its first refused value.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_bn254::{Fr, G1Affine};
use provenn_verifier::claim::{MAX_AUDIENCE, VALUE_BOUND};
use provenn_verifier::statement::inference::{MAX_INPUTS, MAX_ITEMS, MAX_POINTS};
use provenn_verifier::*;

fn claim_of(policy: impl Into<Policy>, items: Vec<Item>, audience: usize) -> Claim {
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

fn claim(policy: impl Into<Policy>, answer: Answer, input: InputBinding, audience: usize) -> Claim {
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
        channels: 2,
        positions: 1,
        blocks: 2,
        public_input: true,
        order: None,
        outputs: 1,
        policy_rows: 1,
        input_bits: 8,
        output_bits: 12,
    }
}

#[test]
fn values_fit_the_circuit() {
    let judge = |policy: &Policy, answer: Answer, input| code(Item::new(input, answer).columns(&layout(), policy));
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
        channels: 3,
        positions: 2,
        ..layout()
    };
    let columns = |layout: &InstanceLayout, values| {
        let item = Item::new(public(values), Answer::Scores(vec![0]));
        item.columns(layout, &policy::Scores.into()).unwrap()[4..].to_vec()
    };
    let in_turn = columns(&layout, vec![1, 2, 3, 4, 5, 6]);
    layout.order = Some(InputOrder([[2, 1], [3, 2], [1, 1], [1, 1]]));
    assert_eq!(columns(&layout, vec![1, 3, 5, 2, 4, 6]), in_turn);
    assert_ne!(columns(&layout, vec![1, 2, 3, 4, 5, 6]), in_turn);
}

fn key() -> KeyParts {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/testkit/files/linear_30.card");
    let card = ModelCard::from_bytes(&std::fs::read(path).unwrap()).unwrap();
    (*card.key).clone()
}

/// Each edit at a bound, and what is said of it.
#[test]
fn keys() {
    type Edit = fn(&mut KeyParts);
    fn shape(key: &mut KeyParts) -> &mut InstanceLayout {
        match &mut key.purpose {
            Purpose::Inference(layout) => layout,
            other => panic!("{other:?}"),
        }
    }
    let cases: [(&str, Edit, &str); 39] = [
        ("as it is", |_| {}, "ok"),
        ("most rows", |key| key.k = 28, "ok"),
        ("more rows", |key| key.k = 29, "too-large"),
        ("least degree", |key| key.degree = 3, "ok"),
        ("less degree", |key| key.degree = 2, "key-invalid"),
        ("most degree", |key| key.degree = 17, "ok"),
        ("more degree", |key| key.degree = 18, "key-invalid"),
        ("least blinding", |key| key.blinding_factors = 4, "ok"),
        ("less blinding", |key| key.blinding_factors = 3, "key-invalid"),
        ("no blinding", |key| key.blinding_factors = 0, "key-invalid"),
        ("most blinding", |key| (key.k, key.blinding_factors) = (20, 256), "ok"),
        (
            "more blinding",
            |key| (key.k, key.blinding_factors) = (20, 257),
            "key-invalid",
        ),
        (
            "tail below half the rows",
            |key| (key.k, key.blinding_factors) = (9, 254),
            "ok",
        ),
        (
            "tail of half the rows",
            |key| (key.k, key.blinding_factors) = (9, 255),
            "key-invalid",
        ),
        (
            "largest rotation",
            |key| key.advice_queries.push((0, (1 << (key.k - 1)) - 1)),
            "ok",
        ),
        (
            "half the rows",
            |key| key.advice_queries.push((0, 1 << (key.k - 1))),
            "key-invalid",
        ),
        (
            "half the rows back",
            |key| key.fixed_queries.push((0, -(1 << (key.k - 1)))),
            "key-invalid",
        ),
        (
            "largest public rotation",
            |key| {
                key.k = 20;
                key.instance_queries.push((0, -1024));
            },
            "ok",
        ),
        (
            "larger public rotation",
            |key| {
                key.k = 20;
                key.instance_queries.push((0, -1025));
            },
            "too-large",
        ),
        (
            "most rotations",
            |key| {
                (key.k, key.blinding_factors) = (20, 64);
                key.advice_queries.retain(|query| query.1 == 0);
                key.gates.clear();
                key.advice_queries.extend((100..163).map(|rotation| (0, rotation)));
            },
            "ok",
        ),
        (
            "more rotations",
            |key| {
                key.k = 20;
                key.advice_queries.extend((100..164).map(|rotation| (0, rotation)));
            },
            "too-large",
        ),
        (
            "most policy rows",
            |key| shape(key).policy_rows = (1 << key.k) - key.tail_rows(),
            "ok",
        ),
        (
            "more policy rows",
            |key| shape(key).policy_rows = (1 << key.k) - key.tail_rows() + 1,
            "key-invalid",
        ),
        (
            "most input rows",
            |key| {
                let rows = (1 << key.k) - key.tail_rows();
                (shape(key).positions, shape(key).blocks) = (rows, 1);
                shape(key).channels = shape(key).lanes;
            },
            "ok",
        ),
        (
            "more input rows",
            |key| {
                let rows = (1 << key.k) - key.tail_rows() + 1;
                (shape(key).positions, shape(key).blocks) = (rows, 1);
                shape(key).channels = shape(key).lanes;
            },
            "key-invalid",
        ),
        (
            "most public cells",
            |key| {
                key.k = 28;
                shape(key).positions = 4;
                shape(key).policy_rows = (1 << 18) - shape(key).lanes * shape(key).blocks;
            },
            "ok",
        ),
        (
            "more public cells",
            |key| {
                key.k = 28;
                shape(key).policy_rows = 1 << 18;
            },
            "too-large",
        ),
        ("no lanes", |key| shape(key).lanes = 0, "key-invalid"),
        (
            "no channels",
            |key| (shape(key).channels, shape(key).blocks) = (0, 0),
            "key-invalid",
        ),
        ("no positions", |key| shape(key).positions = 0, "key-invalid"),
        ("no outputs", |key| shape(key).outputs = 0, "key-invalid"),
        (
            "column after the last",
            |key| key.advice_queries.push((key.advice_phases.len() as u32, 0)),
            "key-invalid",
        ),
        (
            "most bits",
            |key| (shape(key).input_bits, shape(key).output_bits) = (40, 40),
            "ok",
        ),
        ("more bits", |key| shape(key).output_bits = 41, "key-invalid"),
        (
            "least bits",
            |key| (shape(key).input_bits, shape(key).output_bits) = (1, 1),
            "ok",
        ),
        (
            "a sum of one value",
            |key| key.gates[0] = vec![Expr::Constant(Fr::ONE), Expr::Sum, Expr::Constant(Fr::ONE)],
            "key-invalid",
        ),
        (
            "a negative of nothing",
            |key| key.gates[0] = vec![Expr::Negated, Expr::Constant(Fr::ONE)],
            "key-invalid",
        ),
        (
            "deepest program",
            |key| {
                key.gates[0] = vec![Expr::Constant(Fr::ONE); 4096];
                key.gates[0].extend(vec![Expr::Sum; 4095]);
            },
            "ok",
        ),
        (
            "deeper program",
            |key| {
                key.gates[0] = vec![Expr::Constant(Fr::ONE); 4097];
                key.gates[0].extend(vec![Expr::Sum; 4096]);
            },
            "key-invalid",
        ),
    ];
    for (name, edit, expected) in cases {
        let mut parts = key();
        edit(&mut parts);
        let made = VerifyingKey::new(parts);
        assert_eq!(
            made.as_ref().map_or_else(VerifyError::code, |_| "ok"),
            expected,
            "{name}"
        );
        if let Ok(made) = made {
            assert_eq!(VerifyingKey::from_bytes(&made.to_bytes()), Ok(made), "{name}");
        }
    }
}

/// The bound on instructions is on all gates together, and holds while they are read.
#[test]
fn instructions_of_all_gates() {
    let with = |gates: &[usize]| {
        let gate = |ops: &usize| {
            let mut gate = vec![Expr::Constant(Fr::ONE)];
            gate.resize(*ops, Expr::Negated);
            gate
        };
        let parts = KeyParts {
            gates: gates.iter().map(gate).collect(),
            ..key()
        };
        VerifyingKey::new(parts)
    };
    let half = 1 << 19;
    let full = with(&[half, half]).unwrap();
    let bytes = full.to_bytes();
    assert_eq!(
        VerifyingKey::from_bytes(&bytes).map(|key| key.digest()),
        Ok(full.digest())
    );
    assert_eq!(code(with(&[half, half + 1])), "too-large");
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

#[test]
fn sizes_of_a_key() {
    let key = key();
    assert_eq!(key.rows(), 1 << key.k);
    assert_eq!(key.usable_rows(), (1 << key.k) - u64::from(key.blinding_factors) - 1);
    assert_eq!(key.quotient_pieces(), key.degree - 1);
    let layout = layout();
    assert_eq!((layout.input_len(), layout.input_rows(), layout.columns()), (2, 2, 5));
    assert_eq!(layout.cells(), 4 + 2);
    let committed = InstanceLayout {
        public_input: false,
        ..layout
    };
    assert_eq!((committed.columns(), committed.cells()), (4, 4));
}
