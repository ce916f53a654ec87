//! Receipts of colourings, from the graph to the verdict.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_prover::colouring::{prove_with, proving_key, Coloured};
use provenn_prover::commit::srs_verifying_key;
use provenn_prover::compact::compact;
use provenn_prover::srs::Srs;
use provenn_verifier::{
    verify, ColouringClass, Context, Expectation, Graph, KeyParts, Linked, Purpose, Receipt, Verdict, VerifyError,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// A random graph that these colours are proper for.
fn planted(seed: u64, vertices: u32, edges: usize, count: u32) -> (Graph, Vec<u8>) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let colours: Vec<u8> = (0..vertices).map(|_| (rng.next_u32() % count) as u8).collect();
    let mut list = vec![];
    while list.len() < edges {
        let [u, v] = [(); 2].map(|()| rng.next_u32() % vertices);
        if colours[u as usize] != colours[v as usize] {
            list.push((u, v));
        }
    }
    (Graph::new(vertices, list).unwrap(), colours)
}

fn accept() -> Expectation {
    Expectation {
        accept_dev: true,
        ..Expectation::default()
    }
}

fn receipt(graph: &Graph, colours: &[u8], count: u32) -> (Srs, Vec<u8>) {
    let coloured = Coloured::new(graph, colours, count).unwrap();
    let srs = Srs::dev_from_seed(coloured.class().rows(), [8; 32]);
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let receipt = prove_with(&coloured, &srs, Context::default(), &|_| {}, &mut rng).unwrap();
    (srs, receipt)
}

#[test]
fn every_number_of_colours_is_proven() {
    for count in 2..=16 {
        let (graph, colours) = planted(count.into(), 60, 200, count);
        let (srs, receipt) = receipt(&graph, &colours, count);
        assert!(receipt.len() < 6000, "{count}: {}", receipt.len());
        let key = srs_verifying_key(&srs).unwrap();
        let verdict = verify(&receipt, &graph, &key, &accept()).unwrap();
        assert!(matches!(verdict, Verdict::Dev(_)));
        let body = verdict.claim().body.colouring().unwrap();
        assert_eq!((body.colours, body.vertices), (count, 60));
    }
}

/// What the verifier makes by itself is what the library makes of the circuit, but for the library's digest.
#[test]
fn the_key_is_that_of_the_circuit() {
    for count in 2..=16 {
        let class = ColouringClass::of(count, 1).unwrap();
        let srs = Srs::dev_from_seed(class.rows(), [8; 32]);
        let proving_key = proving_key(class, &srs).unwrap();
        // A key of another purpose, since the verifier takes no other one for colourings.
        let library = compact(
            proving_key.get_vk(),
            class.rows(),
            Linked::default(),
            Purpose::Registration,
        );
        let library = KeyParts {
            transcript_repr: provenn_bn254::Fr::ZERO,
            purpose: Purpose::Colouring(class),
            ..KeyParts::clone(&library.unwrap())
        };
        assert_eq!(library, KeyParts::clone(&class.key().unwrap()), "{count} colours");
    }
}

#[test]
fn every_small_graph_is_proven() {
    let graphs: [(u32, &[(u32, u32)], &[u8]); 6] = [
        (0, &[], &[]),
        (1, &[], &[2]),
        (2, &[(0, 1)], &[1, 0]),
        // Isolated vertices, the last among them.
        (40, &[(0, 39), (3, 4)], &[1; 40]),
        // Parts that are not joined.
        (
            6,
            &[(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)],
            &[0, 1, 2, 2, 1, 0],
        ),
        (417, &[(0, 416)], &[0; 417]),
    ];
    for (vertices, edges, colours) in graphs {
        let graph = Graph::new(vertices, edges.to_vec()).unwrap();
        let mut colours = colours.to_vec();
        if let [(u, _), ..] = edges[..] {
            if Coloured::new(&graph, &colours, 3).is_err() {
                colours[u as usize] = 2;
            }
            if vertices == 40 {
                colours[4] = 0;
            }
        }
        let (srs, receipt) = receipt(&graph, &colours, 3);
        let key = srs_verifying_key(&srs).unwrap();
        assert!(verify(&receipt, &graph, &key, &accept()).is_ok(), "{vertices}");
    }
}

/// A receipt is about one graph: any edge or vertex more or less, or another numbering, is another one.
#[test]
fn another_graph_is_refused() {
    let (graph, colours) = planted(1, 60, 200, 3);
    let (srs, receipt) = receipt(&graph, &colours, 3);
    let key = srs_verifying_key(&srs).unwrap();
    let edges = graph.edges().to_vec();
    let swapped: Vec<_> = edges.iter().map(|(u, v)| (59 - u, 59 - v)).collect();
    let others = [
        Graph::new(60, edges[1..].to_vec()),
        Graph::new(61, edges.clone()),
        Graph::new(60, [&edges[..], &[(0, 59)]].concat()),
        Graph::new(60, swapped),
        Graph::new(0, vec![]),
    ];
    for other in others {
        let other = other.unwrap();
        assert_ne!(other, graph);
        // As it is, and with the claim rewritten to the other graph.
        assert_eq!(
            verify(&receipt, &other, &key, &accept()),
            Err(VerifyError::GraphMismatch)
        );
        let mut forged = Receipt::from_bytes(&receipt).unwrap();
        forged.claim.body = provenn_verifier::Colouring::new(3, &other).into();
        let forged = verify(&forged.to_bytes(), &other, &key, &accept());
        assert!(
            matches!(
                forged,
                Err(VerifyError::OpeningFailed | VerifyError::KeyMismatch | VerifyError::SrsMismatch)
            ),
            "{forged:?}"
        );
    }
}
