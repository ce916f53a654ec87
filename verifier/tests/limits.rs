//! Every bound of the format at its last accepted and its first refused value.
#![allow(clippy::unwrap_used, reason = "tests")]

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
            },
            OutputLayout {
                len: 2,
                rows: 2,
                bits: 12,
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
    fn one(key: &mut KeyParts) -> &mut InputLayout {
        &mut shape(key).inputs[0]
    }
    fn output(key: &mut KeyParts) -> &mut OutputLayout {
        &mut shape(key).outputs[0]
    }
    /// Public inputs of one value each, one after the other.
    fn inputs(key: &mut KeyParts, count: u32) {
        shape(key).inputs = (0..count).map(|row| input(1, 1, row)).collect();
        key.linked.inputs = vec![vec![]; count as usize];
        key.k = 20;
    }
    fn outputs(key: &mut KeyParts, count: usize) {
        shape(key).outputs = vec![
            OutputLayout {
                len: 1,
                rows: 1,
                bits: 8
            };
            count
        ];
        key.k = 20;
    }
    let cases: &[(&str, Edit, &str)] = &[
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
            |key| output(key).rows = (1 << key.k) - key.tail_rows(),
            "ok",
        ),
        (
            "more policy rows",
            |key| output(key).rows = (1 << key.k) - key.tail_rows() + 1,
            "key-invalid",
        ),
        (
            "more policy rows of two outputs",
            |key| {
                let rows = (1 << key.k) - key.tail_rows();
                let more = OutputLayout { len: 1, rows, bits: 8 };
                shape(key).outputs.push(more);
            },
            "key-invalid",
        ),
        (
            "most input rows",
            |key| {
                one(key).channels = shape(key).lanes;
                one(key).positions = (1 << key.k) - key.tail_rows();
            },
            "ok",
        ),
        (
            "more input rows",
            |key| {
                one(key).channels = shape(key).lanes;
                one(key).positions = (1 << key.k) - key.tail_rows() + 1;
            },
            "key-invalid",
        ),
        (
            "rows after the last",
            |key| {
                let lanes = shape(key).lanes;
                let rows = one(key).rows(lanes) as u32;
                one(key).row = (1 << key.k) - key.tail_rows() - rows + 1;
            },
            "key-invalid",
        ),
        (
            "most public cells",
            |key| {
                key.k = 28;
                one(key).positions = 4;
                let lanes = shape(key).lanes;
                output(key).rows = (1 << 18) - lanes * one(key).channels.div_ceil(lanes);
            },
            "ok",
        ),
        (
            "more public cells",
            |key| {
                key.k = 28;
                output(key).rows = 1 << 18;
            },
            "too-large",
        ),
        ("no lanes", |key| shape(key).lanes = 0, "key-invalid"),
        ("no channels", |key| one(key).channels = 0, "key-invalid"),
        ("no positions", |key| one(key).positions = 0, "key-invalid"),
        ("no scores", |key| output(key).len = 0, "key-invalid"),
        ("most inputs", |key| inputs(key, 256), "ok"),
        ("more inputs", |key| inputs(key, 257), "too-large"),
        ("no inputs", |key| inputs(key, 0), "key-invalid"),
        (
            "two inputs on one row",
            |key| {
                inputs(key, 2);
                shape(key).inputs[1].row = 0;
            },
            "key-invalid",
        ),
        ("most outputs", |key| outputs(key, 256), "ok"),
        ("more outputs", |key| outputs(key, 257), "too-large"),
        ("no outputs", |key| outputs(key, 0), "key-invalid"),
        (
            "an order of one axis",
            |key| {
                let len = one(key).values() as u32;
                one(key).order = InputOrder(vec![[len, 1]]);
            },
            "key-invalid",
        ),
        (
            "an order of two axes",
            |key| {
                let len = one(key).values() as u32;
                one(key).order = InputOrder(vec![[2, 1], [len / 2, 2]]);
            },
            "ok",
        ),
        (
            "the same in three",
            |key| {
                let len = one(key).values() as u32;
                one(key).order = InputOrder(vec![[2, 1], [1, 1], [len / 2, 2]]);
            },
            "key-invalid",
        ),
        (
            "column after the last",
            |key| key.advice_queries.push((key.advice_phases.len() as u32, 0)),
            "key-invalid",
        ),
        ("most bits", |key| (one(key).bits, output(key).bits) = (40, 40), "ok"),
        ("more bits", |key| output(key).bits = 41, "key-invalid"),
        ("more input bits", |key| one(key).bits = 41, "key-invalid"),
        ("least bits", |key| (one(key).bits, output(key).bits) = (1, 1), "ok"),
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
            *expected,
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
    assert_eq!(
        (layout.inputs[0].values(), layout.input_rows(), layout.columns()),
        (2, 2, 5)
    );
    assert_eq!(layout.cells(), 4 + 2);
    let mut two = layout.clone();
    two.inputs.push(input(3, 2, 5));
    two.outputs.push(OutputLayout {
        len: 2,
        rows: 3,
        bits: 8,
    });
    assert_eq!((two.policy_rows(), two.input_rows(), two.columns()), (4, 5 + 6, 5));
    assert_eq!(two.cells(), 4 * 4 + 11);
    // A committed input has no public cells, wherever it stands.
    two.inputs[1].public = false;
    assert_eq!((two.input_rows(), two.cells()), (2, 4 * 4 + 2));
    two.inputs[0].public = false;
    assert_eq!((two.columns(), two.cells()), (4, 16));
}
