//! The manifest's rows. Fields that contain others have the row that replaces the whole.

use super::{card, edit, key, Row, Subject};
use provenn_bn254::G1Affine;
use provenn_verifier::*;

pub fn compressed(point: &G1Affine) -> [u8; 32] {
    point.to_bytes()
}

pub fn row(field: &'static str, change: &'static str, code: &'static str, apply: fn(&mut Subject)) -> Row {
    Row {
        field,
        change,
        code,
        apply,
    }
}

/// Rows on a receipt with a committed input under the policy `label`.
pub fn committed() -> Vec<Row> {
    [receipt(), claim(), card::card(), key::key(), key::layout(), card::srs()]
        .into_iter()
        .flatten()
        .chain([
            row("Item.answer", "another label", "opening-failed", |s| {
                edit::item(&mut s.receipt.claim).answer = Answer::Label(9);
            }),
            row("Item.answer", "no output of the model", "policy-out-of-range", |s| {
                edit::item(&mut s.receipt.claim).answer = Answer::Label(10);
            }),
            row("InputBinding.points", "another point", "opening-failed", |s| {
                let point = compressed(&s.srs.g1);
                points(s)[0] = point;
            }),
            row("InputBinding.points", "one too many", "input-shape", |s| {
                let point = compressed(&s.srs.g1);
                points(s).push(point);
            }),
            row("InputBinding.points", "the identity", "bad-point", |s| {
                points(s)[0] = identity()
            }),
            row("InputBinding.points", "4,097 of them", "too-large", |s| {
                let point = compressed(&s.srs.g1);
                points(s).resize(4097, point);
            }),
            row("Linked.inputs", "one fewer", "key-invalid", |s| {
                s.key.linked.inputs[0].pop();
            }),
        ])
        .collect()
}

/// Rows on a receipt with a public input under the policy `scores`.
pub fn public() -> Vec<Row> {
    vec![
        row("InputLayout.order", "turned", "registration-failed", |s| {
            key::ordered(s, |_| vec![[6, 1], [5, 6]]);
        }),
        row("Item.answer", "one more", "opening-failed", |s| scores(s)[0] += 1),
        row("Item.answer", "none", "policy-out-of-range", |s| scores(s).clear()),
        row("Item.answer", "wider than the circuit's", "policy-out-of-range", |s| {
            scores(s)[0] = 1 << 39;
        }),
        row("Item.answer", "wider than the format's", "too-large", |s| {
            scores(s)[0] = 1 << 40
        }),
        row("Threshold.output", "another policy", "opening-failed", |s| {
            bit(s, 0, 0, true);
        }),
        row(
            "Threshold.output",
            "no output of the model",
            "policy-out-of-range",
            |s| {
                bit(s, 1, 0, true);
            },
        ),
        row("Threshold.threshold", "another one", "opening-failed", |s| {
            bit(s, 0, -500, true);
        }),
        row(
            "Threshold.threshold",
            "wider than the circuit's",
            "policy-out-of-range",
            |s| {
                bit(s, 0, 1 << 39, true);
            },
        ),
        row("YesOnly.threshold", "yes-only for the same", "opening-failed", |s| {
            let (output, threshold) = (0, -500);
            state(s, policy::YesOnly { output, threshold }, Answer::Yes);
        }),
        row("YesOnly.output", "no output of the model", "policy-out-of-range", |s| {
            let (output, threshold) = (1, -500);
            state(s, policy::YesOnly { output, threshold }, Answer::Yes);
        }),
        row("Margin.margin", "a label with a margin", "opening-failed", |s| {
            state(s, policy::Margin { margin: 1 }, Answer::Label(0));
        }),
        row("Margin.margin", "none", "policy-out-of-range", |s| {
            state(s, policy::Margin { margin: 0 }, Answer::Label(0));
        }),
        row("Top.count", "a set of one", "opening-failed", |s| {
            state(s, policy::Top { count: 1 }, Answer::Labels(vec![0]));
        }),
        row("Top.count", "more than there are", "policy-out-of-range", |s| {
            state(s, policy::Top { count: 2 }, Answer::Labels(vec![0, 1]));
        }),
        row("Round.step", "scores without their last bit", "opening-failed", |s| {
            scores(s).iter_mut().for_each(|score| *score &= !1);
            let answer = edit::item(&mut s.receipt.claim).answer.clone();
            state(s, policy::Round { step: 2 }, answer);
        }),
        row("Round.step", "no power of two", "policy-out-of-range", |s| {
            let answer = edit::item(&mut s.receipt.claim).answer.clone();
            state(s, policy::Round { step: 3 }, answer);
        }),
        row("LabelIn.outputs", "the one output", "opening-failed", |s| {
            state(s, policy::LabelIn { outputs: vec![0] }, Answer::Label(0));
        }),
        row("LabelIn.outputs", "none", "policy-out-of-range", |s| {
            state(s, policy::LabelIn { outputs: vec![] }, Answer::Label(0));
        }),
        row("Item.answer", "the other answer", "opening-failed", |s| {
            bit(s, 0, 0, false);
        }),
        row("InputBinding.values", "one bit", "opening-failed", |s| {
            values(s)[3] ^= 1
        }),
        row("InputBinding.values", "two swapped", "opening-failed", |s| {
            values(s).swap(0, 1)
        }),
        row("InputBinding.values", "a zero more", "input-shape", |s| {
            values(s).push(0)
        }),
        row("InputBinding.values", "wider than the circuit's", "too-large", |s| {
            values(s)[0] = 1 << 39;
        }),
    ]
}

/// Rows on a receipt with a committed and a public input of one shape, and a label of the second of two outputs.
pub fn pair() -> Vec<Row> {
    vec![
        row("Item.inputs", "two swapped", "input-shape", |s| {
            edit::item(&mut s.receipt.claim).inputs.swap(0, 1)
        }),
        row("Item.inputs", "one fewer", "input-count", |s| {
            edit::item(&mut s.receipt.claim).inputs.pop();
        }),
        row("Item.inputs", "one more", "input-count", |s| {
            let input = edit::input(&mut s.receipt.claim).clone();
            edit::item(&mut s.receipt.claim).inputs.push(input);
        }),
        row("InputBinding.points", "two swapped", "opening-failed", |s| {
            points(s).swap(0, 1)
        }),
        row(
            "InputBinding.values",
            "of the second input",
            "opening-failed",
            |s| match &mut edit::item(&mut s.receipt.claim).inputs[1] {
                InputBinding::Public { values } => values[0] ^= 1,
                InputBinding::Committed { .. } => panic!("the second input is public"),
            },
        ),
        row("Inference.policy", "of the other output", "opening-failed", |s| {
            edit::body(&mut s.receipt.claim).policy.target = Target::Output(0);
        }),
        row(
            "Inference.policy",
            "of an output that is not there",
            "policy-out-of-range",
            |s| {
                edit::body(&mut s.receipt.claim).policy.target = Target::Output(2);
            },
        ),
        row(
            "Inference.policy",
            "a label of all outputs",
            "policy-out-of-range",
            |s| {
                edit::body(&mut s.receipt.claim).policy.target = Target::All;
                edit::item(&mut s.receipt.claim).answer = Answer::Outputs(vec![]);
            },
        ),
        row("Linked.inputs", "a column fewer", "key-invalid", |s| {
            s.key.linked.inputs[0].pop();
        }),
        row("Linked.inputs", "swapped", "registration-failed", |s| {
            s.key.linked.inputs[0].swap(0, 1)
        }),
        row("Linked.inputs", "a column twice", "key-invalid", |s| {
            s.key.linked.inputs[0][1] = s.key.linked.inputs[0][0];
        }),
        row("Linked.inputs", "of the public input", "key-invalid", |s| {
            s.key.linked.inputs.swap(0, 1)
        }),
        row("InputLayout.row", "on those of the other", "registration-failed", |s| {
            let row = s.key.purpose.layout().unwrap().inputs[1].row;
            s.key.purpose.layout_mut().unwrap().inputs[0].row = row;
        }),
        row("InstanceLayout.outputs", "two swapped", "registration-failed", |s| {
            s.key.purpose.layout_mut().unwrap().outputs.swap(0, 1)
        }),
    ]
}

fn receipt() -> Vec<Row> {
    vec![
        row("Receipt.claim", "about another model", "model-mismatch", |s| {
            s.receipt.claim.srs_id = [0; 32];
            edit::body(&mut s.receipt.claim).model_id = [0; 32];
        }),
        row("Receipt.proof", "empty", "truncated", |s| s.receipt.proof.clear()),
        row("Receipt.proof", "one byte more", "trailing-bytes", |s| {
            s.receipt.proof.push(0)
        }),
        row("Receipt.proof", "over 1 MiB", "too-large", |s| {
            s.receipt.proof.resize((1 << 20) + 1, 0)
        }),
        row("Receipt.link", "of zeros", "bad-point", |s| {
            s.receipt.link = LinkProof { r: [0; 32], z: vec![] };
        }),
        row("LinkProof.r", "another point", "link-failed", |s| {
            s.receipt.link.r = compressed(&s.srs.g1);
        }),
        row("LinkProof.r", "the identity", "bad-point", |s| {
            s.receipt.link.r = identity()
        }),
        row("LinkProof.z", "one bit", "link-failed", |s| s.receipt.link.z[5][0] ^= 1),
        row("LinkProof.z", "two swapped", "link-failed", |s| {
            s.receipt.link.z.swap(0, 1)
        }),
        row("LinkProof.z", "one fewer", "link-length", |s| {
            s.receipt.link.z.pop();
        }),
        row("LinkProof.z", "one more", "link-length", |s| {
            s.receipt.link.z.push([0; 32])
        }),
        row("LinkProof.z", "not reduced", "non-canonical-scalar", |s| {
            s.receipt.link.z[0] = [0xff; 32]
        }),
        row("LinkProof.z", "258 of them", "too-large", |s| {
            s.receipt.link.z.resize(258, [0; 32])
        }),
    ]
}

fn claim() -> Vec<Row> {
    vec![
        row("Claim.srs_id", "one bit", "srs-mismatch", |s| {
            s.receipt.claim.srs_id[0] ^= 1
        }),
        row("Claim.key_digest", "one bit", "key-mismatch", |s| {
            s.receipt.claim.key_digest[31] ^= 128
        }),
        row("Inference.model_id", "one bit", "model-mismatch", |s| {
            edit::body(&mut s.receipt.claim).model_id[9] ^= 1
        }),
        row("Inference.quantization", "one bit", "quantization-mismatch", |s| {
            edit::body(&mut s.receipt.claim).quantization[0] ^= 1;
        }),
        row("Claim.body", "no inference", "item-count", |s| {
            edit::body(&mut s.receipt.claim).items.clear();
        }),
        row("Inference.items", "the same twice", "item-count", |s| {
            let item = edit::item(&mut s.receipt.claim).clone();
            edit::body(&mut s.receipt.claim).items.push(item);
        }),
        row("Inference.policy", "another", "policy-out-of-range", |s| {
            state(s, policy::Scores, Answer::Scores(vec![]));
        }),
        row(
            "Inference.policy",
            "one with answers of another form",
            "truncated",
            |s| {
                state(s, policy::Label, Answer::Yes);
            },
        ),
        row("Item.inputs", "none", "input-count", |s| {
            edit::item(&mut s.receipt.claim).inputs.clear();
        }),
        row("Item.inputs", "the same twice", "input-count", |s| {
            let input = edit::input(&mut s.receipt.claim).clone();
            edit::item(&mut s.receipt.claim).inputs.push(input);
        }),
        row("Item.inputs", "public instead of committed", "input-shape", |s| {
            *edit::input(&mut s.receipt.claim) = InputBinding::Public { values: vec![] };
        }),
        row("Claim.context", "none", "opening-failed", |s| {
            s.receipt.claim.context = Context::default()
        }),
        row("Context.audience", "one letter", "opening-failed", |s| {
            s.receipt.claim.context.audience.push('s');
        }),
        row("Context.audience", "256 bytes", "too-large", |s| {
            s.receipt.claim.context.audience = "a".repeat(256);
        }),
        row("Context.nonce", "one bit", "opening-failed", |s| {
            s.receipt.claim.context.nonce[31] ^= 1
        }),
        row("Context.not_after", "a second more", "opening-failed", |s| {
            s.receipt.claim.context.not_after += 1;
        }),
        row("Context.not_after", "no end", "opening-failed", |s| {
            s.receipt.claim.context.not_after = 0
        }),
    ]
}

/// Makes card and claim name the changed parts: what somebody would do who wants to be believed.
pub fn rebind(s: &mut Subject) {
    let srs = SrsVerifyingKey::new(s.srs.clone()).unwrap();
    s.card.key = VerifyingKey::new(s.key.clone()).unwrap();
    s.card.srs_id = srs.id();
    s.receipt.claim.srs_id = srs.id();
    s.receipt.claim.key_digest = s.card.key.digest();
    edit::body(&mut s.receipt.claim).model_id = s.card.model_id();
}

fn points(s: &mut Subject) -> &mut Vec<[u8; 32]> {
    edit::points(&mut s.receipt.claim)
}

fn values(s: &mut Subject) -> &mut Vec<i64> {
    edit::values(&mut s.receipt.claim)
}

fn scores(s: &mut Subject) -> &mut Vec<i64> {
    edit::scores(&mut s.receipt.claim)
}

fn state(s: &mut Subject, policy: impl Into<Policy>, answer: Answer) {
    edit::state(&mut s.receipt.claim, policy, answer);
}

fn bit(s: &mut Subject, output: u32, threshold: i64, bit: bool) {
    state(s, policy::Threshold { output, threshold }, Answer::Bit(bit));
}

pub fn identity() -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[31] = 0x80;
    bytes
}
