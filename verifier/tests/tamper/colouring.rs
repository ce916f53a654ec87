//! The manifest of a colouring's claim: every field, what is done to it, and the code that must result.

#[path = "colouring/rows.rs"]
mod rows;

use super::fields_of;
use provenn_prover::colouring::{prove_with, Coloured};
use provenn_prover::commit::srs_verifying_key;
use provenn_prover::srs::Srs;
use provenn_verifier::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rows::{Edit, ROWS};
use std::collections::BTreeSet;

#[test]
fn every_change_of_a_colouring_gives_its_code() {
    let graph = Graph::new(5, vec![(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]).unwrap();
    let coloured = Coloured::new(&graph, &[0, 1, 0, 1, 2], 3).unwrap();
    let srs = Srs::dev_from_seed(coloured.class().rows(), [3; 32]);
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let receipt = prove_with(&coloured, &srs, Context::default(), &|_| {}, &mut rng).unwrap();
    let key = srs_verifying_key(&srs).unwrap();
    let accept = Expectation {
        accept_dev: true,
        ..Expectation::default()
    };
    let code = |edit: Edit| {
        let mut receipt = Receipt::from_bytes(&receipt).unwrap();
        if let Statement::Colouring(body) = &mut receipt.claim.body {
            edit(body);
        }
        let verdict = verify(&receipt.to_bytes(), &graph, &key, &accept);
        verdict.map_or_else(|error| error.code(), |_| "accepted")
    };
    assert_eq!(code(|_| {}), "accepted");
    for (field, change, edit, expected) in ROWS {
        assert_eq!(code(edit), expected, "{field}: {change}");
    }
    let source = include_str!("../../src/statement/colouring.rs");
    let fields: BTreeSet<String> = fields_of(source, "struct Colouring").into_iter().collect();
    let edited: BTreeSet<String> = ROWS.iter().map(|(field, ..)| (*field).to_owned()).collect();
    assert_eq!((fields.len(), fields), (4, edited));
}
