//! The contract and the crate give the same verdict: on the golden receipts, on every vector of the test kit that is about a receipt, on every element of a
//! proof replaced, and on bytes changed at random.

#[path = "../../tests/common/vector.rs"]
#[allow(dead_code, reason = "shared")]
mod vector;

use crate::common::{self, cheapest, generator, graphs, kit, Case, GOLDEN};
use provenn_evm::{ExportError, KeyData, Words};
use provenn_verifier::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::collections::BTreeMap;
use vector::Vector;

#[test]
fn golden_receipts_verify_and_say_what_they_claim() {
    for golden in GOLDEN {
        let case = Case::golden(golden);
        let claim = Receipt::from_bytes(&case.receipt).unwrap().claim;
        case.says(Words::of(&claim).unwrap().returned(case.data.hash()));
    }
}

/// A card that shows an output whole has no key data: the contract has no cells of it.
#[test]
fn whole_outputs_are_not_exported() {
    let srs = SrsVerifyingKey::from_bytes(&common::read("v2/conflict_check.srs")).unwrap();
    let card = ModelCard::from_bytes(&common::read("v2/conflict_check_whole.card")).unwrap();
    let refused = KeyData::new(&card.check(&srs).unwrap(), &srs);
    assert_eq!(refused, Err(ExportError::Whole));
}

/// Vectors with a card and an SRS that decode, and key data; the others have none. Batches are taken apart. What the caller expects is not the contract's.
#[test]
fn the_test_kit() {
    let mut cases: BTreeMap<(String, String), Option<Case>> = BTreeMap::new();
    let (mut valid, mut refused, mut graphs) = (0, 0, 0);
    for path in std::fs::read_to_string(kit().join("index.txt")).unwrap().lines() {
        let vector = Vector::parse(&std::fs::read_to_string(kit().join(path)).unwrap()).unwrap();
        for (graph, receipt) in vector.graphs.iter().zip(&vector.receipts) {
            let case = cases.entry((graph.clone(), vector.srs.clone())).or_insert_with(|| {
                let srs = SrsVerifyingKey::from_bytes(&common::read(&vector.srs)).ok()?;
                let text = String::from_utf8(common::read(graph)).ok()?;
                let graph = Graph::from_text(&text).ok()?.graph;
                let class = ColouringClass::of(3, graph.vertices()).ok()?;
                KeyData::colouring(&class, &srs).ok()?;
                let honest = common::read("v2/petersen.receipt");
                Some(Case::graph(path, graph, 3, srs, honest))
            });
            if let Some(case) = case {
                match case.agree(path, &common::read(receipt)) {
                    true => valid += 1,
                    false => refused += 1,
                }
                graphs += 1;
            }
        }
        for (card, receipt) in vector.cards.iter().zip(&vector.receipts) {
            let case = cases.entry((card.clone(), vector.srs.clone())).or_insert_with(|| {
                let srs = SrsVerifyingKey::from_bytes(&common::read(&vector.srs)).ok()?;
                let card = ModelCard::from_bytes(&common::read(card)).ok()?.check(&srs).ok()?;
                if KeyData::new(&card, &srs) == Err(ExportError::Whole) {
                    return None;
                }
                // A receipt whose hints stand in where one has none.
                let honest = GOLDEN.iter().find(|(name, _)| vector.cards[0].contains(name));
                let honest = honest.map_or("files/development.receipt".to_owned(), |(name, _)| {
                    format!("v2/{name}.receipt")
                });
                Some(Case::new(path, card, srs, common::read(&honest)))
            });
            if let Some(case) = case {
                match case.agree(path, &common::read(receipt)) {
                    true => valid += 1,
                    false => refused += 1,
                }
            }
        }
    }
    assert!(valid > 20 && refused > 40, "{valid} valid, {refused} refused");
    assert!(graphs >= 8, "{graphs}");
}

#[test]
fn every_element_of_a_receipt_is_checked() {
    let mut three = [0; 32];
    three[0] = 3;
    let golden = [GOLDEN[0], GOLDEN[3]].map(Case::golden);
    // Of dense layouts too.
    let dense = [false, true].map(|committed_input| cheapest("breast_cancer_mlp", committed_input));
    for case in golden.into_iter().chain(dense).chain([graphs::petersen()]) {
        assert!(case.agree("honest", &case.receipt));
        let (start, length) = case.proof();
        let announcement = start + length;
        let responses = (announcement + 36..case.receipt.len()).step_by(32);
        let words = (start..start + length)
            .step_by(32)
            .chain([announcement])
            .chain(responses);
        for (index, at) in words.enumerate() {
            // Of a point its sign too, of a scalar a multiple of the order more.
            let mut flipped: [u8; 32] = case.receipt[at..at + 32].try_into().unwrap();
            flipped[31] ^= 0x40;
            for word in [generator(), three, [0xff; 32], [0; 32], flipped] {
                if case.receipt[at..at + 32] == word {
                    continue;
                }
                let mut receipt = case.receipt.clone();
                receipt[at..at + 32].copy_from_slice(&word);
                assert!(!case.agree(&format!("word {index}"), &receipt));
            }
        }
    }
}

#[test]
fn bytes_changed_at_random() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let models = [GOLDEN[0], GOLDEN[4]].map(Case::golden);
    for case in models.into_iter().chain([graphs::petersen()]) {
        let claim = case.proof().0;
        for round in 0..200 {
            let mut receipt = case.receipt.clone();
            // Half of them in the claim, which is shorter than the proof.
            let within = if round % 2 == 0 { claim } else { receipt.len() };
            let at = rng.next_u32() as usize % within;
            match round % 5 {
                0 => receipt.truncate(at),
                1 => receipt.insert(at, rng.next_u32() as u8),
                _ => receipt[at] ^= 1 << (rng.next_u32() % 8),
            }
            assert!(!case.agree(&format!("round {round} at {at}"), &receipt));
        }
    }
}
