//! Graphs with receipts of their colourings.

use super::{read, Case};
use provenn_prover::colouring::{prove_with, Coloured};
use provenn_prover::commit::srs_verifying_key;
use provenn_prover::srs::Srs;
use provenn_verifier::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// The golden colouring of the test kit.
pub fn petersen() -> Case {
    let text = String::from_utf8(read("v2/petersen.col")).unwrap();
    let srs = SrsVerifyingKey::from_bytes(&read("v2/petersen.srs")).unwrap();
    let graph = Graph::from_text(&text).unwrap().graph;
    Case::graph("petersen", graph, 3, srs, read("v2/petersen.receipt"))
}

/// A graph with a receipt of this colouring, under development parameters; the same bytes each time.
pub fn coloured(name: &str, graph: Graph, colours: &[u8], count: u32) -> Case {
    try_coloured(name, graph, colours, count).unwrap()
}

/// The same, or why there is no receipt.
pub fn try_coloured(name: &str, graph: Graph, colours: &[u8], count: u32) -> Result<Case, String> {
    let coloured = Coloured::new(&graph, colours, count).map_err(|error| error.to_string())?;
    let srs = Srs::dev_from_seed(coloured.class().rows(), [3; 32]);
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let receipt = prove_with(&coloured, &srs, Context::default(), &|_| {}, &mut rng).unwrap();
    let key = srs_verifying_key(&srs).unwrap();
    Ok(Case::graph(name, graph, count, key, receipt))
}

/// The Grötzsch graph, the third of Mycielski's: 11 vertices, 20 edges, four colours.
pub fn myciel3() -> Case {
    let ring = |i: u32| (i % 5, (i + 1) % 5);
    let mut edges = Vec::new();
    for (a, b) in (0..5).map(ring) {
        edges.extend([(a, b), (a, 5 + b), (b, 5 + a)]);
    }
    edges.extend((5..10).map(|u| (u, 10)));
    let colours = [0, 1, 0, 1, 2, 0, 1, 0, 1, 2, 3];
    coloured("myciel3", Graph::new(11, edges).unwrap(), &colours, 4)
}

/// The queens of a board of 5 by 5: 25 vertices, 160 edges, five colours.
pub fn queen5_5() -> Case {
    let place = |u: u32| (u / 5, u % 5);
    let attack = |u: u32, v: u32| {
        let ((a, b), (c, d)) = (place(u), place(v));
        a == c || b == d || a.abs_diff(c) == b.abs_diff(d)
    };
    let pairs = (0..25).flat_map(|u| (u + 1..25).map(move |v| (u, v)));
    let edges = pairs.filter(|(u, v)| attack(*u, *v)).collect();
    let colours: Vec<u8> = (0..25).map(|u| ((2 * place(u).0 + place(u).1) % 5) as u8).collect();
    coloured("queen5_5", Graph::new(25, edges).unwrap(), &colours, 5)
}
