//! The transcript's inventory: what is absorbed, in which order, and every challenge recomputed by other code.
#![allow(
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests"
)]

use super::*;
use crate::{ModelCard, Receipt};

/// One item of the inventory.
enum Item {
    /// Scalars that are not part of the proof.
    Given(Vec<Fr>),
    /// So many points of the proof.
    Points(&'static str, usize),
    /// So many scalars of the proof.
    Scalars(&'static str, usize),
    /// A challenge.
    Drawn(&'static str),
}

/// The protocol. A message that the verifier reads and does not absorb, or absorbs in another place, moves a challenge.
fn inventory(key: &VerifyingKey, claim: Fr, columns: &[Vec<Fr>]) -> Vec<Item> {
    use Item::*;
    let of = |phases: &[u8], phase| phases.iter().filter(|of| **of == phase).count();
    let mut items = vec![
        Given(vec![claim]),
        Given(vec![key.transcript_repr]),
        Given(columns.concat()),
    ];
    for phase in 0..3 {
        items.push(Points("advice", of(&key.advice_phases, phase)));
        items.extend((0..of(&key.challenge_phases, phase)).map(|_| Drawn("circuit")));
    }
    let sets = key.permutation_columns.len().div_ceil(key.degree as usize - 2);
    items.extend([Drawn("theta"), Drawn("beta"), Drawn("gamma")]);
    items.extend([Points("products", sets), Drawn("y")]);
    items.extend([Points("quotient", key.degree as usize - 1), Drawn("x")]);
    items.extend([
        Scalars("advice", key.advice_queries.len()),
        Scalars("fixed", key.fixed_queries.len()),
        Scalars("sigma", key.permutation_columns.len()),
        Scalars("products", 3 * sets - 1),
    ]);
    items.extend([Drawn("opening y"), Drawn("opening v"), Points("h1", 1)]);
    items.extend([Drawn("u"), Points("h2", 1)]);
    items
}

/// Values with the names of their items.
type Named<T> = Vec<(&'static str, T)>;

/// Walks the inventory: the challenges by name, and the words of the proof.
fn walk(items: &[Item], proof: &[u8]) -> (Named<Fr>, Named<[u8; 32]>) {
    let mut state = blake2b_simd::Params::new()
        .hash_length(64)
        .personal(b"Halo2-Transcript")
        .to_state();
    let mut words = proof.chunks(32).map(|word| <[u8; 32]>::try_from(word).unwrap());
    let (mut drawn, mut read) = (vec![], vec![]);
    for item in items {
        match item {
            Item::Given(values) => values.iter().for_each(|value| {
                state.update(&[2]).update(&value.to_bytes());
            }),
            Item::Points(name, count) => words.by_ref().take(*count).for_each(|word| {
                let (x, y) = crate::curve::g1(&word).unwrap().coordinates();
                state.update(&[1]).update(&x.to_bytes()).update(&y.to_bytes());
                read.push((*name, word));
            }),
            Item::Scalars(name, count) => words.by_ref().take(*count).for_each(|word| {
                state.update(&[2]).update(&word);
                read.push((*name, word));
            }),
            Item::Drawn(name) => {
                state.update(&[0]);
                drawn.push((*name, Fr::from_wide_bytes(state.finalize().as_array())));
            }
        }
    }
    assert_eq!(words.next(), None, "the inventory covers the whole proof");
    (drawn, read)
}

#[test]
fn every_message_is_absorbed_where_the_inventory_says() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/testkit/files");
    for name in ["linear_30", "digits_cnn", "breast_cancer_mlp"] {
        let read_file = |extension| std::fs::read(format!("{folder}/{name}.{extension}")).unwrap();
        let key = ModelCard::from_bytes(&read_file("card")).unwrap().key;
        let receipt = Receipt::from_bytes(&read_file("receipt")).unwrap();
        let (claim, proof) = (receipt.claim, receipt.proof);
        let body = claim.body.inference().unwrap();
        let columns = body.items[0]
            .columns(key.purpose.layout().unwrap(), key.k, &body.policy)
            .unwrap();
        let messages = read(&key, &claim.claim_scalar(), &columns, &proof).unwrap();
        let (drawn, words) = walk(&inventory(&key, claim.claim_scalar(), &columns), &proof);
        let named = |name| {
            drawn
                .iter()
                .filter(|(of, _)| *of == name)
                .map(|(_, value)| *value)
                .collect::<Vec<_>>()
        };
        assert_eq!(named("circuit"), messages.challenges);
        let opening = &messages.opening;
        for (name, value) in [
            ("beta", messages.beta),
            ("gamma", messages.gamma),
            ("y", messages.y),
            ("x", messages.x),
            ("opening y", opening.y),
            ("opening v", opening.v),
            ("u", opening.u),
        ] {
            assert_eq!(named(name), [value], "{name}");
        }
        // The messages are those words: none is read twice, none is left out.
        let words_of = |name| {
            words
                .iter()
                .filter(|(of, _)| *of == name)
                .map(|(_, word)| *word)
                .collect::<Vec<_>>()
        };
        let points = |points: &[G1Affine]| points.iter().map(G1Affine::to_bytes).collect::<Vec<_>>();
        let scalars = |scalars: &[Fr]| scalars.iter().map(Fr::to_bytes).collect::<Vec<_>>();
        assert_eq!(words_of("quotient"), points(&messages.quotient));
        assert_eq!(words_of("h1"), points(&[opening.h1]));
        assert_eq!(words_of("h2"), points(&[opening.h2]));
        assert_eq!(words_of("sigma"), scalars(&messages.sigma_evals));
        assert_eq!(words_of("fixed"), scalars(&messages.fixed_evals));
        let joined = |a: Vec<[u8; 32]>, b: Vec<[u8; 32]>| [a, b].concat();
        let in_phases = (0..3).flat_map(|phase| {
            let columns = messages.advice.iter().zip(&key.advice_phases);
            columns.filter(move |(_, of)| **of == phase).map(|(point, _)| *point)
        });
        let in_phases: Vec<G1Affine> = in_phases.collect();
        assert_eq!(
            words_of("advice"),
            joined(points(&in_phases), scalars(&messages.advice_evals))
        );
        let evals = messages.product_evals.iter();
        let evals: Vec<Fr> = evals
            .flat_map(|p| [Some(p.current), Some(p.next), p.last])
            .flatten()
            .collect();
        assert_eq!(
            words_of("products"),
            joined(points(&messages.products), scalars(&evals))
        );
    }
}

/// Computed by another implementation of Blake2b and of the field.
#[test]
fn known_answer() {
    let mut proof = vec![0u8; 64];
    // The generator (1, 2), then -1.
    proof[0] = 1;
    proof[32..].copy_from_slice(&(-Fr::ONE).to_bytes());
    let mut transcript = Transcript::new(&proof);
    transcript.common_scalar(&Fr::from(7));
    transcript.point().unwrap();
    let first = transcript.challenge();
    transcript.scalar().unwrap();
    let second = transcript.challenge();
    transcript.finish().unwrap();
    let text = |value: Fr| format!("{value:?}");
    assert_eq!(
        text(first),
        "0x0c428498a986a1cae05393aa3a56012ea98af3974aafa874e9830adc2ac9fab8"
    );
    assert_eq!(
        text(second),
        "0x2cc225649eefd60498ae295064bdb33947ac11d8cef06cfdbc515471da7ac728"
    );
}
