//! Field arithmetic, transcript, gate interpreter and pairing input of the contract on random keys: the verdict is the crate's on honest proofs and on
//! mutated ones. Random circuits have up to three phases, gates of any degree with rotations, copies and fixed columns; nothing of them is committed, which
//! golden receipts are about.
//!
//! `PROVENN_RANDOM_KEYS=N` sets how many circuits there are (`just random-keys`: 400). Of their keys the contract takes those whose gates read public columns
//! at their own row; the others have no key data, by name.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "random_keys/limits.rs"]
mod limits;

use crate::common::Case;
use crate::setup::shape::{Draw, Rule, Shape};
use crate::setup::{edited, mutated, Setup};
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use provenn_evm::{ExportError, KeyData, Words};
use std::collections::BTreeMap;

#[test]
fn the_contract_and_the_crate_agree_on_random_keys() {
    let circuits: u64 = std::env::var("PROVENN_RANDOM_KEYS").map_or(16, |n| n.parse().unwrap());
    let mut counts = BTreeMap::<_, usize>::new();
    let mut seen = BTreeMap::<_, usize>::new();
    for seed in 0..circuits {
        let mut draw = Draw::new(seed);
        let shape = Shape::random(&mut draw);
        let Some(setup) = Setup::new(shape, &mut draw) else {
            *counts.entry("hides nothing").or_default() += 1;
            continue;
        };
        let key = &setup.card.key;
        let rotated = key.instance_queries.iter().any(|(_, rotation)| *rotation != 0);
        let data = match KeyData::new(&setup.card, &setup.srs_key) {
            Err(error) => {
                assert!(rotated && error == ExportError::Rotation, "seed {seed}: {error}");
                *counts.entry("refused: rotation of a public column").or_default() += 1;
                continue;
            }
            Ok(data) => data,
        };
        assert!(!rotated, "seed {seed}");
        let phases = key.advice_phases.iter().max().unwrap() + 1;
        *seen.entry((key.k, key.degree, phases)).or_default() += 1;
        let claim = setup.claim(&mut draw);
        let proof = setup.prove(&claim, &mut draw);
        let receipt = setup.receipt(&claim, &proof);
        let (card, srs) = (setup.card.clone(), setup.srs_key.clone());
        let case = Case::new(&format!("seed {seed}"), card, srs, receipt.clone());
        let words = Words::of(&claim).unwrap().returned(data.hash());
        assert_eq!(case.call(&case.calldata(&receipt)).returned, Ok(words), "seed {seed}");
        assert!(case.agree("honest", &receipt));
        *counts.entry("honest").or_default() += 1;
        for step in 0..20 {
            let (name, mutant) = mutated(&proof, &mut draw);
            let valid = case.agree(&format!("step {step}, {name}"), &setup.receipt(&claim, &mutant));
            assert_eq!(valid, mutant == proof, "seed {seed}, step {step}: {name}");
            *counts.entry(name).or_default() += 1;
        }
        for step in 0..4 {
            let edit = edited(&claim, &mut draw);
            assert!(!case.agree(&format!("edit {step}"), &setup.receipt(&edit, &proof)));
            *counts.entry("another claim").or_default() += 1;
        }
    }
    println!("{circuits} circuits: {counts:?}");
    println!("(k, degree, phases): {seen:?}");
    let honest = counts.get("honest").copied().unwrap_or(0) as u64;
    assert!(honest * 4 >= circuits, "{honest} of {circuits}");
}

/// A circuit of which one row of one selector is off. It has the same columns, queries and gates.
fn selector_off(shape: &Shape) -> Option<Shape> {
    let mut other = shape.clone();
    let switch = shape.advice.iter().find_map(|(_, rule)| match rule {
        Rule::Derived { switch, .. } => Some(*switch),
        _ => None,
    })?;
    let row = other.fixed[switch].iter().position(|cell| *cell == Fr::ONE)?;
    other.fixed[switch][row] = Fr::ZERO;
    Some(other)
}

/// The known hazard of keys that are told apart by their configuration: a prover turns a selector off, and what it kept to is not shown any more.
#[test]
fn a_selector_changes_the_key_under_an_equal_configuration() {
    let mut found = 0;
    for seed in 0..40 {
        let mut draw = Draw::new(seed);
        let shape = Shape::random(&mut draw);
        let (Some(other), Some(setup)) = (selector_off(&shape), Setup::new(shape, &mut draw)) else {
            continue;
        };
        let Ok(data) = KeyData::new(&setup.card, &setup.srs_key) else {
            continue;
        };
        let other = Setup::new(other, &mut draw).unwrap();
        let (ours, theirs) = (&setup.card.key, &other.card.key);
        assert_eq!(ours.gates, theirs.gates);
        assert_ne!(ours.digest(), theirs.digest());
        assert_ne!(ours.transcript_repr, theirs.transcript_repr);
        assert_ne!(data.hash(), KeyData::new(&other.card, &other.srs_key).unwrap().hash());
        // Proven by the other circuit, in a claim about this one.
        let claim = setup.claim(&mut draw);
        let proof = setup.prove(&claim, &mut draw);
        let (card, srs) = (setup.card.clone(), setup.srs_key.clone());
        let case = Case::new(&format!("seed {seed}"), card, srs, setup.receipt(&claim, &proof));
        let forged = other.prove(&claim, &mut draw);
        assert!(!case.agree("a selector off", &setup.receipt(&claim, &forged)));
        found += 1;
        if found == 3 {
            return;
        }
    }
    panic!("{found} circuits");
}
