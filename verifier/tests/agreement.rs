//! Own verifier and library verifier agree on honest proofs and on mutated ones.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::common::edit;
use crate::common::issue::Stated;
use crate::common::toy::{layout, setup, toy, Setup, Toy, WEIGHTS};
use provenn_verifier::*;

/// Every policy but `round`, which keys of this width do not have, of parameters that have an answer to these scores.
fn policies(scores: &[i64]) -> Vec<Stated> {
    let texts = [
        "label",
        "scores",
        "threshold:1:100",
        "yes-only:3:-26",
        "margin:38",
        "top:2",
        "label-in:0:1:2:3:4",
    ];
    let stated = texts.map(|text| {
        let policy: Disclosure = text.parse().unwrap();
        let answer = policy.answer(&[scores.to_vec()], &layout(true)).unwrap().answer;
        (policy, answer)
    });
    let names: Vec<_> = stated.iter().map(|(policy, _)| policy.name()).collect();
    assert_eq!(
        names,
        Policy::KINDS
            .iter()
            .filter(|about| about.scope != policy::Scope::Items)
            .map(|about| about.name)
            .filter(|name| *name != "round")
            .collect::<Vec<_>>()
    );
    stated.to_vec()
}

fn shown(setup: &Setup, toy: &Toy) -> Vec<i64> {
    match setup.scores(toy).1 {
        Answer::Scores(scores) => scores,
        _ => unreachable!(),
    }
}

#[test]
fn honest_receipts_of_every_policy_verify() {
    for public in [true, false] {
        let setup = setup(public, SrsKind::Ceremony);
        let toy = toy(public, &WEIGHTS);
        for (seed, policy) in (10..).zip(policies(&shown(&setup, &toy))) {
            let issued = setup.issue(&toy, policy, seed);
            let receipt = &issued.receipt;
            assert!(setup.library_accepts(&receipt.claim, &receipt.proof));
            let verdict = setup.verify(receipt).unwrap();
            assert!(matches!(&verdict, Verdict::Verified(v) if v.claim() == &receipt.claim));
        }
    }
}

#[test]
fn both_verifiers_reject_another_statement() {
    let setup = setup(true, SrsKind::Ceremony);
    let toy = toy(true, &WEIGHTS);
    let issued = setup.issue(&toy, setup.scores(&toy), 20);
    let mut other = issued.receipt.clone();
    edit::scores(&mut other.claim)[0] += 1;
    assert!(!setup.library_accepts(&other.claim, &other.proof));
    assert!(setup.verify(&other).is_err());
}

#[test]
fn both_verifiers_judge_mutated_proofs_alike() {
    let setup = setup(false, SrsKind::Ceremony);
    let toy = toy(false, &WEIGHTS);
    let receipt = setup.issue(&toy, setup.scores(&toy), 21).receipt;
    let words = receipt.proof.len() / 32;
    assert_eq!(receipt.proof.len() % 32, 0);
    let mut mutants = Vec::new();
    for word in 0..words {
        let (at, next) = (word * 32, (word + 1) % words * 32);
        let mut flipped = receipt.proof.clone();
        flipped[at + 3] ^= 4;
        let mut repeated = receipt.proof.clone();
        repeated.copy_within(next..next + 32, at);
        let mut zero = receipt.proof.clone();
        zero[at..at + 32].fill(0);
        mutants.extend([flipped, repeated, zero]);
    }
    // The evaluation of the all-zero fixed column is zero already.
    mutants.retain(|proof| *proof != receipt.proof);
    assert!(mutants.len() > 120);
    for proof in mutants {
        let mutant = Receipt {
            proof,
            ..receipt.clone()
        };
        assert!(!setup.library_accepts(&mutant.claim, &mutant.proof));
        assert!(setup.verify(&mutant).is_err());
    }
}

#[test]
fn a_false_witness_is_rejected_by_both() {
    let setup = setup(false, SrsKind::Ceremony);
    let toy = toy(false, &WEIGHTS);
    let mut scores = shown(&setup, &toy);
    scores[4] -= 1;
    let stated = (policy::Scores.into(), Answer::Scores(scores));
    let receipt = setup.issue(&toy, stated, 22).receipt;
    assert!(!setup.library_accepts(&receipt.claim, &receipt.proof));
    assert_eq!(setup.verify(&receipt), Err(VerifyError::OpeningFailed));
}
