//! Rows of the manifest: a card, its registration and the SRS.

use super::rows::{compressed, identity, rebind, row};
use super::{edit, Row, Subject};
use provenn_bn254::{Fr, G1Affine};
use provenn_verifier::*;

pub fn card() -> Vec<Row> {
    vec![
        row(
            "ModelCard.key",
            "another constant, card and claim bound again",
            "registration-failed",
            |s| {
                s.key.transcript_repr += Fr::ONE;
                rebind(s);
            },
        ),
        row("ModelCard.srs_id", "one bit", "srs-mismatch", |s| s.card.srs_id[0] ^= 1),
        row("ModelCard.quantization", "one bit", "registration-failed", |s| {
            s.card.quantization[0] ^= 1
        }),
        row("ModelCard.commitments", "another point", "registration-failed", |s| {
            s.card.commitments[0] = compressed(&s.srs.g1);
        }),
        row(
            "ModelCard.commitments",
            "another point, claim bound again",
            "registration-failed",
            |s| {
                s.card.commitments[0] = compressed(&s.srs.g1);
                rebind(s);
            },
        ),
        row("ModelCard.commitments", "two swapped", "registration-failed", |s| {
            s.card.commitments.swap(0, 1)
        }),
        row("ModelCard.commitments", "one fewer", "commitment-count", |s| {
            s.card.commitments.pop();
        }),
        row("ModelCard.commitments", "one more", "commitment-count", |s| {
            let point = compressed(&s.srs.g1);
            s.card.commitments.push(point);
        }),
        row("ModelCard.commitments", "the identity", "bad-point", |s| {
            s.card.commitments[0] = identity()
        }),
        row(
            "ModelCard.registration",
            "of another model",
            "registration-failed",
            |s| {
                edit::body(&mut s.receipt.claim).model_id = s.card.model_id();
                s.key.transcript_repr += Fr::ONE;
            },
        ),
        row(
            "Registration.proof",
            "one bit of the last point",
            "registration-failed",
            |s| {
                let end = s.card.registration.proof.len();
                s.card.registration.proof.copy_within(end - 64..end - 32, end - 32);
            },
        ),
        row("Registration.proof", "one byte more", "trailing-bytes", |s| {
            s.card.registration.proof.push(0)
        }),
        row("Registration.proof", "empty", "truncated", |s| {
            s.card.registration.proof.clear()
        }),
        row("Registration.proof", "over 1 MiB", "too-large", |s| {
            s.card.registration.proof.resize((1 << 20) + 1, 0);
        }),
        row("Registration.key", "that of the model", "key-invalid", |s| {
            s.card.registration.key = s.card.key.clone();
        }),
        row("Registration.key", "of another circuit", "registration-failed", |s| {
            let mut parts = (*s.card.registration.key).clone();
            parts.transcript_repr += Fr::ONE;
            s.card.registration.key = VerifyingKey::new(parts).unwrap();
        }),
        row("Registered.columns", "another", "registration-failed", |s| {
            registration(s, |parts| parts.linked.registered.columns[0] -= 1)
        }),
        row("Registered.columns", "of the first phase", "key-invalid", |s| {
            registration(s, |parts| parts.linked.registered.columns[0] = 0)
        }),
        row(
            "Registered.columns",
            "one more than there are classes",
            "key-invalid",
            |s| registration(s, |parts| parts.linked.registered.columns.push(1)),
        ),
        row("Registered.runs", "none", "key-invalid", |s| {
            registration(s, |parts| parts.linked.registered.runs.clear())
        }),
        row("LaneRun.lanes", "one more", "key-invalid", |s| {
            registration(s, |parts| parts.linked.registered.runs[0].lanes += 1)
        }),
        row("LaneRun.lanes", "none", "key-invalid", |s| {
            registration(s, |parts| parts.linked.registered.runs[0].lanes = 0)
        }),
        row("LaneRun.class", "one that has no column", "key-invalid", |s| {
            registration(s, |parts| parts.linked.registered.runs[0].class = Some(7))
        }),
        row("Registration.link", "of the receipt", "registration-failed", |s| {
            s.card.registration.link = s.receipt.link.clone();
        }),
        row("Registration.key", "of more rows", "srs-mismatch", |s| {
            let mut parts = (*s.card.registration.key).clone();
            parts.k += 1;
            s.card.registration.key = VerifyingKey::new(parts).unwrap();
        }),
        row("ModelCard.description", "one letter", "registration-failed", |s| {
            s.card.description.push(' ')
        }),
        row("ModelCard.description", "over 256 KiB", "too-large", |s| {
            s.card.description = " ".repeat((256 << 10) + 1);
        }),
    ]
}

pub fn srs() -> Vec<Row> {
    vec![
        row("SrsParts.kind", "development", "srs-mismatch", |s| {
            s.srs.kind = SrsKind::Dev
        }),
        row("SrsParts.k", "one more", "srs-mismatch", |s| s.srs.k += 1),
        row("SrsParts.k", "29", "too-large", |s| s.srs.k = 29),
        row("SrsParts.g1", "negated", "srs-invalid", |s| s.srs.g1 = -s.srs.g1),
        row("SrsParts.g1", "the identity", "bad-point", |s| {
            s.srs.g1 = G1Affine::IDENTITY
        }),
        row("SrsParts.g2", "negated", "srs-invalid", |s| s.srs.g2 = -s.srs.g2),
        row("SrsParts.s_g2", "another secret", "srs-mismatch", |s| {
            s.srs.s_g2 = -s.srs.s_g2
        }),
        row(
            "SrsParts.s_g2",
            "another secret, card and claim bound again",
            "registration-failed",
            |s| {
                s.srs.s_g2 = -s.srs.s_g2;
                rebind(s);
            },
        ),
        row("SrsParts.tail", "two swapped", "srs-mismatch", |s| {
            s.srs.tail.swap(0, 1)
        }),
        row(
            "SrsParts.tail",
            "two swapped, card and claim bound again",
            "registration-failed",
            |s| {
                s.srs.tail.swap(0, 1);
                rebind(s);
            },
        ),
        row("SrsParts.tail", "one fewer", "srs-mismatch", |s| {
            s.srs.tail.pop();
        }),
        row("SrsParts.tail", "none", "srs-invalid", |s| s.srs.tail.clear()),
        row("SrsParts.tail", "the identity", "bad-point", |s| {
            s.srs.tail[0] = G1Affine::IDENTITY
        }),
        row("SrsParts.tail", "258 of them", "too-large", |s| {
            let point = s.srs.g1;
            s.srs.tail.resize(258, point);
        }),
    ]
}

/// Changes the key of the registration; one that is none is put in the place of the model's, whose code is then its own.
fn registration(s: &mut Subject, edit: impl FnOnce(&mut KeyParts)) {
    let mut parts = (*s.card.registration.key).clone();
    edit(&mut parts);
    match VerifyingKey::new(parts.clone()) {
        Ok(key) => s.card.registration.key = key,
        Err(_) => s.key = parts,
    }
}
