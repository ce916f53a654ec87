//! The contract and the crate on mutants: every row of the tamper manifest, and receipts and calldata changed at random. No verdict differs, and nothing is
//! accepted but what was honest.
//!
//! `PROVENN_MUTATED=N` sets how many are made at random (`just mutated`: 100,000).

#[path = "../../tests/tamper/card.rs"]
mod card;
#[path = "../../tests/common/edit.rs"]
#[allow(dead_code, reason = "shared")]
mod edit;
#[path = "../../tests/tamper/key.rs"]
mod key;
#[path = "mutated/mutant.rs"]
mod mutant;
#[path = "../../tests/tamper/proof.rs"]
#[allow(dead_code, reason = "shared")]
mod proof;
#[path = "../../tests/tamper/rows.rs"]
mod rows;
#[path = "../../tests/tamper/subject.rs"]
#[allow(dead_code, reason = "shared")]
mod subject;

use crate::common;
use crate::common::chain::GAS;
use crate::common::{About, Case};
use mutant::Draw;
use provenn_verifier::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;
use subject::{subjects, Row, Subject};

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/testkit/files");

/// A subject on a chain, if the crate takes its card.
fn placed(name: &str, subject: Subject, honest: &[u8]) -> Option<(Case, Vec<u8>)> {
    let srs = SrsVerifyingKey::new(subject.srs).ok()?;
    let srs = SrsVerifyingKey::from_bytes(&srs.to_bytes()).ok()?;
    let mut card = subject.card;
    card.key = VerifyingKey::new(subject.key).ok()?;
    let card = ModelCard::from_bytes(&card.to_bytes()).ok()?.check(&srs).ok()?;
    Some((Case::new(name, card, srs, honest.to_vec()), subject.receipt.to_bytes()))
}

/// Rows about card, key and SRS too: where the crate takes the card there is key data of it, and where it does not the edited receipt meets the honest one.
#[test]
fn every_row_of_the_tamper_manifest() {
    let (mut own, mut honest_key) = (0, 0);
    for (name, subject, rows) in subjects() {
        let honest = subject.receipt.to_bytes();
        let (case, _) = placed(name, subject.clone(), &honest).unwrap();
        assert!(case.agree("honest", &honest));
        for row in rows {
            let what = format!("{}: {}", row.field, row.change);
            let mut edited = subject.clone();
            (row.apply)(&mut edited);
            let receipt = edited.receipt.to_bytes();
            let valid = row.code == "verified";
            if let Some((other, receipt)) = placed(name, edited, &honest) {
                assert_eq!(other.agree(&what, &receipt), valid, "{name}, {what}");
                own += 1;
            }
            case.agree(&what, &receipt);
            honest_key += 1;
        }
        for (field, row) in proof::rows(&subject) {
            let mut receipt = subject.receipt.clone();
            receipt.proof = row.bytes;
            assert!(!case.agree(&format!("{field}: {}", row.change), &receipt.to_bytes()));
            own += 1;
        }
    }
    assert!(own > 100 && honest_key > 150, "{own}, {honest_key}");
}

/// What should be accepted: the one encoding of a receipt that the crate accepts.
fn acceptable(case: &Case, data: &[u8]) -> bool {
    let length = |word: &[u8]| match word.split_at_checked(28) {
        Some((&[0, ..], &[a, b, c, d])) => u32::from_be_bytes([a, b, c, d]) as usize,
        _ => usize::MAX,
    };
    // Behind the arguments' words, of which there is one more where there is a graph.
    let head = match case.about {
        About::Model(_) => 100,
        About::Graph(..) => 132,
    };
    let receipt = data
        .get(head..head + 32)
        .and_then(|word| data.get(head + 32..length(word).checked_add(head + 32)?));
    let Some(receipt) = receipt else { return false };
    let encoded = case.encoded(receipt).map(|call| call.encode(case.key.into_array()));
    encoded.is_ok_and(|encoded| encoded == data) && case.judge(receipt) == "verified"
}

#[test]
fn receipts_and_calldata_changed_at_random() {
    let count: u64 = std::env::var("PROVENN_MUTATED").map_or(600, |n| n.parse().unwrap());
    let cases = common::golden();
    let next = AtomicU64::new(0);
    let seen = Mutex::new(BTreeMap::<(&str, String), usize>::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= count {
                    break;
                }
                let mut draw = Draw::new(seed);
                // Small models more often: they are verified faster.
                let at = draw.pick(&[0, 0, 0, 1, 1, 2, 3, 4, 5, 5, 5]);
                let case = &cases[at];
                let other = &cases[(at + 1 + draw.below(cases.len() - 1)) % cases.len()];
                let (kind, code) = match draw.below(3) {
                    0 => {
                        let honest = case.calldata(&case.receipt).encode(case.key.into_array());
                        let (kind, data) = mutant::calldata(&honest, case, other, &mut draw);
                        let outcome = case.chain.call(case.verifier, &data, GAS);
                        assert_eq!(
                            outcome.returned.is_ok(),
                            acceptable(case, &data),
                            "seed {seed}, {}: {kind}",
                            case.name
                        );
                        assert!(outcome.returned.is_err() || data == honest, "seed {seed}: {kind}");
                        (kind, outcome.code())
                    }
                    _ => {
                        let (kind, receipt) = mutant::receipt(case, other, &mut draw);
                        let valid = case.agree(&format!("seed {seed}, {kind}"), &receipt);
                        assert!(!valid || receipt == case.receipt, "seed {seed}: {kind}");
                        (kind, case.judge(&receipt).to_owned())
                    }
                };
                *seen.lock().unwrap().entry((kind, code)).or_default() += 1;
            });
        }
    });
    let seen = seen.into_inner().unwrap();
    println!("{count} mutants: {seen:?}");
    let refused = seen.iter().filter(|((_, code), _)| code != "verified");
    let refused: usize = refused.map(|(_, number)| number).sum();
    // A word written over itself is no mutant; there are few of them.
    assert!(refused as u64 * 100 >= count * 95, "{refused} of {count}");
}
