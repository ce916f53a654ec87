//! Own verifier and library verifier agree on honest proofs and on mutated ones.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::toy::{setup, toy, WEIGHTS};
use provenn_verifier::*;

fn policies(scores: &Policy) -> Vec<Policy> {
    let Policy::Scores { scores: values } = scores else {
        unreachable!()
    };
    let top = values.iter().max().unwrap();
    let label = values.iter().position(|v| v == top).unwrap();
    vec![
        scores.clone(),
        Policy::Label {
            label: u32::try_from(label).unwrap(),
        },
        Policy::ThresholdBit {
            output: 1,
            threshold: 100,
            bit: false,
        },
        Policy::YesOnly {
            output: 3,
            threshold: -4,
        },
    ]
}

#[test]
fn honest_receipts_of_every_policy_verify() {
    for public in [true, false] {
        let setup = setup(public, SrsKind::Ceremony);
        let toy = toy(public, &WEIGHTS);
        for (seed, policy) in (10..).zip(policies(&setup.scores(&toy))) {
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
    let Policy::Scores { scores } = &mut other.claim.policy else {
        unreachable!()
    };
    scores[0] += 1;
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
    let Policy::Scores { mut scores } = setup.scores(&toy) else {
        unreachable!()
    };
    scores[4] -= 1;
    let receipt = setup.issue(&toy, Policy::Scores { scores }, 22).receipt;
    assert!(!setup.library_accepts(&receipt.claim, &receipt.proof));
    assert_eq!(setup.verify(&receipt), Err(VerifyError::OpeningFailed));
}
