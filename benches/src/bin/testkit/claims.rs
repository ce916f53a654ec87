//! What the verifier insists on, and claims that differ from what was proven.

use crate::honest::{context, Case};
use crate::kit::Kit;
use crate::vector::Vector;
use provenn_verifier::{Claim, Expectation, InputBinding, Policy, PolicyExpectation, PolicyKind, Receipt};

/// The same bytes under several expectations.
pub fn expectations(kit: &mut Kit, linear: &Case, digits: &Case) {
    let claim = &linear.receipt.claim;
    let (public, committed) = (values(claim), points(&digits.receipt.claim));
    let met = Expectation {
        policy: Some(PolicyExpectation::Exact(claim.policy.clone())),
        public_input: Some(public.clone()),
        audience: Some(context().audience),
        nonce: Some(context().nonce),
        now: Some(context().not_after),
        ..Expectation::default()
    };
    let mut ask = |case: &Case, name: &str, expect: &str, comment: &str, edit: &dyn Fn(&mut Expectation)| {
        let mut vector = Vector {
            comment: comment.to_owned(),
            expect: expect.to_owned(),
            ..case.vector.clone()
        };
        edit(&mut vector.expectation);
        kit.vector(name, &vector);
    };
    ask(
        linear,
        "asked_all",
        "verified",
        "everything that can be asked, and all of it holds",
        &|e| {
            *e = met.clone();
        },
    );
    ask(
        linear,
        "asked_last_second",
        "verified",
        "a receipt is valid in its last second",
        &|e| {
            e.now = Some(context().not_after);
        },
    );
    ask(linear, "asked_expired", "expired", "one second later it is not", &|e| {
        e.now = Some(context().not_after + 1);
    });
    ask(
        linear,
        "asked_audience",
        "context-mismatch",
        "issued for somebody else",
        &|e| {
            e.audience = Some("shop.example".to_owned());
        },
    );
    ask(
        linear,
        "asked_nonce",
        "context-mismatch",
        "replayed: another nonce was given",
        &|e| {
            e.nonce = Some([0xa6; 32]);
        },
    );
    ask(
        linear,
        "asked_policy",
        "policy-mismatch",
        "another policy was agreed",
        &|e| {
            e.policy = Some(PolicyExpectation::Kind(PolicyKind::Label));
        },
    );
    ask(
        digits,
        "asked_exact_policy",
        "policy-mismatch",
        "another policy with an output was agreed",
        &|e| e.policy = Some(PolicyExpectation::Exact(Policy::Scores { scores: vec![0] })),
    );
    ask(
        digits,
        "asked_kind",
        "verified",
        "the agreed policy, whatever the output",
        &|e| {
            e.policy = Some(PolicyExpectation::Kind(PolicyKind::Label));
        },
    );
    ask(
        linear,
        "asked_output",
        "output-mismatch",
        "the agreed policy with another output",
        &|e| {
            e.policy = Some(PolicyExpectation::Exact(Policy::Scores { scores: vec![0] }));
        },
    );
    ask(linear, "asked_input", "input-mismatch", "another public input", &|e| {
        e.public_input = Some(public.iter().map(|value| value ^ 1).collect());
    });
    ask(
        linear,
        "asked_input_kind",
        "input-mismatch",
        "a committed input was agreed, it is public",
        &|e| {
            e.committed_input = Some(committed.clone());
        },
    );
    ask(
        digits,
        "asked_committed_input",
        "verified",
        "the agreed committed input",
        &|e| {
            e.committed_input = Some(committed.clone());
        },
    );
    ask(
        digits,
        "asked_other_commitment",
        "input-mismatch",
        "another committed input",
        &|e| {
            e.committed_input = Some(committed.iter().rev().copied().collect());
        },
    );
}

fn values(claim: &Claim) -> Vec<i64> {
    match &claim.input {
        InputBinding::Public { values } => values.clone(),
        InputBinding::Committed { .. } => vec![],
    }
}

fn points(claim: &Claim) -> Vec<[u8; 32]> {
    match &claim.input {
        InputBinding::Public { .. } => vec![],
        InputBinding::Committed { points } => points.clone(),
    }
}

/// Well-formed receipts whose claim is not the proven one.
pub fn edits(kit: &mut Kit, linear: &Case, digits: &Case) {
    let mut edit = |case: &Case, name: &str, expect: &str, comment: &str, change: &dyn Fn(&mut Receipt)| {
        let mut receipt = case.receipt.clone();
        change(&mut receipt);
        let vector = Vector {
            comment: comment.to_owned(),
            expect: expect.to_owned(),
            receipts: vec![kit.file(&format!("files/{name}.receipt"), &receipt.to_bytes())],
            ..case.vector.clone()
        };
        kit.vector(name, &vector);
    };
    edit(
        linear,
        "claim_srs",
        "srs-mismatch",
        "the claim names another SRS",
        &|r| {
            r.claim.srs_id[0] ^= 1;
        },
    );
    edit(
        linear,
        "claim_key",
        "key-mismatch",
        "the claim names another key",
        &|r| {
            r.claim.key_digest[31] ^= 0x80;
        },
    );
    edit(
        linear,
        "claim_model",
        "model-mismatch",
        "the claim names another model",
        &|r| {
            r.claim.model_id[7] ^= 1;
        },
    );
    edit(
        linear,
        "claim_quantization",
        "quantization-mismatch",
        "the claim names another quantization",
        &|r| {
            r.claim.quantization[0] ^= 1;
        },
    );
    edit(linear, "claim_score", "opening-failed", "a score was rewritten", &|r| {
        if let Policy::Scores { scores } = &mut r.claim.policy {
            scores[0] += 1;
        }
    });
    edit(
        linear,
        "claim_more_scores",
        "policy-out-of-range",
        "a score too many",
        &|r| {
            if let Policy::Scores { scores } = &mut r.claim.policy {
                scores.push(0);
            }
        },
    );
    edit(
        linear,
        "claim_policy",
        "opening-failed",
        "another policy than the proven one",
        &|r| {
            r.claim.policy = Policy::Label { label: 0 };
        },
    );
    edit(
        digits,
        "claim_label",
        "opening-failed",
        "the label was rewritten",
        &|r| {
            if let Policy::Label { label } = &mut r.claim.policy {
                *label = (*label + 1) % 10;
            }
        },
    );
    edit(
        digits,
        "claim_label_range",
        "policy-out-of-range",
        "a label that the model does not have",
        &|r| {
            r.claim.policy = Policy::Label { label: 10 };
        },
    );
    edit(
        linear,
        "claim_input",
        "opening-failed",
        "an input value was rewritten",
        &|r| {
            if let InputBinding::Public { values } = &mut r.claim.input {
                values[0] ^= 1;
            }
        },
    );
    edit(
        linear,
        "claim_input_short",
        "input-shape",
        "an input value is missing",
        &|r| {
            if let InputBinding::Public { values } = &mut r.claim.input {
                values.pop();
            }
        },
    );
    edit(
        linear,
        "claim_input_kind",
        "input-shape",
        "a committed input where the circuit takes a public one",
        &|r| {
            r.claim.input = InputBinding::Committed { points: vec![] };
        },
    );
    edit(
        linear,
        "claim_input_range",
        "too-large",
        "an input value of more bits than the circuit takes",
        &|r| {
            if let InputBinding::Public { values } = &mut r.claim.input {
                values[0] = 1 << 39;
            }
        },
    );
    edit(
        digits,
        "claim_input_points",
        "input-shape",
        "an input commitment is missing",
        &|r| {
            if let InputBinding::Committed { points } = &mut r.claim.input {
                points.pop();
            }
        },
    );
    edit(
        digits,
        "claim_input_swapped",
        "opening-failed",
        "two input commitments swapped",
        &|r| {
            if let InputBinding::Committed { points } = &mut r.claim.input {
                points.swap(0, 1);
            }
        },
    );
    edit(
        linear,
        "claim_audience",
        "opening-failed",
        "the audience was rewritten",
        &|r| {
            r.claim.context.audience = "shop.example".to_owned();
        },
    );
    edit(
        linear,
        "claim_nonce",
        "opening-failed",
        "the nonce was rewritten",
        &|r| {
            r.claim.context.nonce[0] ^= 1;
        },
    );
    edit(linear, "claim_expiry", "opening-failed", "the expiry was moved", &|r| {
        r.claim.context.not_after += 1;
    });
}
