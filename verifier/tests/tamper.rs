//! The tamper manifest: every field of receipt, claim, card, key, SRS key and proof, what is done to it, and the code that must result.
//!
//! The fields are read from the source of the types: a new one without a row fails the test.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "tamper/card.rs"]
mod card;
#[path = "tamper/colouring.rs"]
mod colouring;
#[path = "tamper/key.rs"]
mod key;
#[path = "tamper/proof.rs"]
mod proof;
#[path = "tamper/rows.rs"]
mod rows;
#[path = "tamper/subject.rs"]
mod subject;

use crate::common::edit;
use provenn_verifier::*;
use std::collections::BTreeSet;
use subject::{subjects, Row, Subject};

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/testkit/files");

fn code(mut subject: Subject) -> &'static str {
    let judge = || {
        let srs = SrsVerifyingKey::new(subject.srs)?;
        let srs = SrsVerifyingKey::from_bytes(&srs.to_bytes())?;
        subject.card.key = VerifyingKey::new(subject.key)?;
        let card = ModelCard::from_bytes(&subject.card.to_bytes())?.check(&srs)?;
        verify(&subject.receipt.to_bytes(), &card, &srs, &Expectation::default())
    };
    match judge() {
        Ok(Verdict::Verified(_)) => "verified",
        Ok(Verdict::Dev(_)) => "dev-verified",
        Err(error) => error.code(),
    }
}

#[test]
fn every_change_gives_its_code() {
    let mut wrong = vec![];
    for (name, subject, rows) in subjects() {
        assert_eq!(code(subject.clone()), "verified", "{name}");
        for row in rows {
            let mut subject = subject.clone();
            (row.apply)(&mut subject);
            let got = code(subject);
            if got != row.code {
                wrong.push(format!(
                    "{name}, {}: {}: {got}, not {}",
                    row.field, row.change, row.code
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_element_of_the_proof_is_checked() {
    for (name, subject, _) in subjects() {
        let srs = SrsVerifyingKey::new(subject.srs.clone()).unwrap();
        let card = subject.card.clone().check(&srs).unwrap();
        for (field, row) in proof::rows(&subject) {
            let mut receipt = subject.receipt.clone();
            receipt.proof = row.bytes;
            let verdict = verify(&receipt.to_bytes(), &card, &srs, &Expectation::default());
            assert_eq!(verdict.unwrap_err().code(), row.code, "{name}, {field}: {}", row.change);
        }
    }
}

#[test]
fn every_field_has_a_row() {
    let mut rows: BTreeSet<String> = subjects()
        .into_iter()
        .flat_map(|(_, _, rows)| rows)
        .map(|row| row.field.to_owned())
        .collect();
    rows.extend(subjects().iter().flat_map(|(_, subject, _)| {
        let rows = proof::rows(subject).into_iter();
        rows.map(|(field, _)| field.to_owned()).collect::<Vec<_>>()
    }));
    rows.extend(proof::WITHOUT_ROW.iter().map(|field| (*field).to_owned()));
    let mut fields = BTreeSet::new();
    for (source, types) in SOURCES {
        for name in *types {
            let found = fields_of(source, name);
            assert!(!found.is_empty(), "{name} is not in its source");
            fields.extend(found);
        }
    }
    let missing: Vec<_> = fields.difference(&rows).collect();
    let unknown: Vec<_> = rows.difference(&fields).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "no row: {missing:?}; no field: {unknown:?}"
    );
}

/// Sources with the types whose fields travel.
const SOURCES: &[(&str, &[&str])] = &[
    (include_str!("../src/receipt.rs"), &["struct Receipt"]),
    (include_str!("../src/link.rs"), &["struct LinkProof"]),
    (include_str!("../src/claim.rs"), &["struct Claim", "struct Context"]),
    (
        include_str!("../src/statement/inference.rs"),
        &["struct Inference", "struct Item"],
    ),
    (
        include_str!("../src/statement/inference/input.rs"),
        &["enum InputBinding"],
    ),
    (
        include_str!("../src/statement/inference/policy/threshold.rs"),
        &["struct Threshold"],
    ),
    (
        include_str!("../src/statement/inference/policy/yes_only.rs"),
        &["struct YesOnly"],
    ),
    (
        include_str!("../src/statement/inference/policy/margin.rs"),
        &["struct Margin"],
    ),
    (
        include_str!("../src/statement/inference/policy/top.rs"),
        &["struct Top"],
    ),
    (
        include_str!("../src/statement/inference/policy/label_in.rs"),
        &["struct LabelIn"],
    ),
    (
        include_str!("../src/statement/inference/policy/round.rs"),
        &["struct Round"],
    ),
    (include_str!("../src/card.rs"), &["struct ModelCard"]),
    (include_str!("../src/registration.rs"), &["struct Registration"]),
    (
        include_str!("../src/key.rs"),
        &[
            "struct KeyParts",
            "struct PermutationColumn",
            "struct Linked",
            "struct Folded",
        ],
    ),
    (
        include_str!("../src/key/lanes.rs"),
        &["struct Registered", "struct LaneRun"],
    ),
    (
        include_str!("../src/key/layout.rs"),
        &[
            "struct InstanceLayout",
            "struct InputLayout",
            "struct OutputLayout",
            "struct WholeOutput",
        ],
    ),
    (include_str!("../src/srs.rs"), &["struct SrsParts"]),
    (
        include_str!("../src/proof.rs"),
        &["struct Messages", "struct ProductEvals", "struct Opening"],
    ),
];

/// `Type.field` of a type's definition; fields of a variant are listed with the type's name.
fn fields_of(source: &str, item: &str) -> Vec<String> {
    let name = item.split(' ').nth(1).unwrap();
    let Some((_, body)) = source.split_once(&format!("{item} {{\n")) else {
        return vec![];
    };
    let body = body.split_once("\n}").unwrap().0;
    let fields = body.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    fields
        .filter_map(|line| line.split_once(": "))
        .map(|(field, _)| field.trim_start_matches("pub(crate) ").trim_start_matches("pub "))
        .map(|field| format!("{name}.{field}"))
        .collect()
}
