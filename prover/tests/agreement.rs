//! A verifier made of the library's parts and ours give the same verdict on honest and mutated proofs of random circuits.
//!
//! `PROVENN_AGREEMENT=N` sets the number of circuits (`just agreement`: 400). Known differences, each asserted here: the library accepts
//! a proof that goes on after its end and points with a meaningless identity flag; it takes circuits that hide nothing; it does not bind
//! the lengths of instance columns, which ours computes from the claim.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "agreement/setup.rs"]
pub mod setup;

use halo2_proofs::poly::commitment::ParamsProver;
use halo2curves::bn256::Fr;
use provenn_verifier::*;
use setup::shape::{Draw, Shape};
use setup::{edited, mutated, Setup};
use std::collections::BTreeMap;

impl Setup {
    fn library(&self, prefix: Fr, columns: &[Vec<Fr>], proof: &[u8]) -> bool {
        crate::reference::accepts(
            self.srs.params.verifier_params(),
            self.pk.get_vk(),
            prefix,
            columns,
            &|_| self.row_sets().into(),
            proof,
        )
    }
}

/// Whether two proofs differ in the identity flags of points alone: the top bits of words.
fn same_but_identity_flags(one: &[u8], other: &[u8]) -> bool {
    let masked = |at: usize| if at % 32 == 31 { 0x7f } else { 0xff };
    let mut pairs = one.iter().zip(other).enumerate();
    one.len() == other.len() && pairs.all(|(at, (a, b))| (a ^ b) & masked(at) == 0)
}

#[test]
fn both_verifiers_agree() {
    let circuits: u64 = std::env::var("PROVENN_AGREEMENT").map_or(12, |n| n.parse().unwrap());
    let mut counts = BTreeMap::<_, usize>::new();
    let mut seen = BTreeMap::<_, usize>::new();
    for seed in 0..circuits {
        let mut draw = Draw::new(seed);
        let shape = Shape::random(&mut draw);
        let Some(setup) = Setup::new(shape, &mut draw) else {
            *counts.entry("known difference: hides nothing").or_default() += 1;
            continue;
        };
        let key = &setup.card.key;
        let phases = key.advice_phases.iter().max().unwrap() + 1;
        *seen.entry((key.k, key.degree, phases)).or_default() += 1;
        let claim = setup.claim(&mut draw);
        let (columns, prefix) = (setup.instances(&claim), claim.claim_scalar().into());
        let proof = setup.prove(&claim, &mut draw);
        assert!(setup.library(prefix, &columns, &proof), "seed {seed}");
        assert_eq!(setup.ours(&claim, &proof), Ok(()), "seed {seed}");
        *counts.entry("honest").or_default() += 1;
        for step in 0..40 {
            let (name, mutant) = mutated(&proof, &mut draw);
            let (library, ours) = (setup.library(prefix, &columns, &mutant), setup.ours(&claim, &mutant));
            if library && mutant != proof && same_but_identity_flags(&proof, &mutant) {
                assert_eq!(ours, Err(VerifyError::BadPoint), "seed {seed}, step {step}: {name}");
                *counts.entry("known difference: flag").or_default() += 1;
                continue;
            }
            assert_eq!(
                library,
                ours.is_ok(),
                "seed {seed}, step {step}: {name}, ours says {ours:?}"
            );
            assert_eq!(ours.is_ok(), mutant == proof, "seed {seed}, step {step}: {name}");
            *counts.entry(name).or_default() += 1;
        }
        for step in 0..4 {
            let edit = edited(&claim, &mut draw);
            let library = setup.library(edit.claim_scalar().into(), &setup.instances(&edit), &proof);
            let ours = setup.ours(&edit, &proof);
            assert!(!library && ours.is_err(), "seed {seed}, edit {step}: {ours:?}");
            *counts.entry("another claim").or_default() += 1;
        }
        *counts.entry("known difference").or_default() += differences(&setup, &claim, &columns, &proof);
    }
    println!("{circuits} circuits: {counts:?}");
    println!("(k, degree, phases): {seen:?}");
}

/// Where the library is laxer; returns the number of differences shown.
fn differences(setup: &Setup, claim: &Claim, columns: &[Vec<Fr>], proof: &[u8]) -> usize {
    let prefix = claim.claim_scalar().into();
    let longer = [proof, &[0; 32]].concat();
    assert!(setup.library(prefix, columns, &longer));
    assert_eq!(setup.ours(claim, &longer), Err(VerifyError::TrailingBytes { got: 32 }));
    let body = claim.body.inference().unwrap();
    if matches!(body.items[0].answer, Answer::Label(_)) {
        return 1;
    }
    // Column 1 is zero: its first cell may as well be the last one of column 0.
    let mut moved = columns.to_vec();
    let zero = moved[1].remove(0);
    moved[0].push(zero);
    assert!(setup.library(prefix, &moved, proof));
    2
}
