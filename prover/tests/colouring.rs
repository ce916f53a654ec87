//! Receipts of colourings, from the graph to the verdict.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::agreement::setup::library;
use provenn_circuits::colouring::ColouringCircuit;
use provenn_prover::colouring::{prove_with, proving_key, Coloured, ColouringColumns};
use provenn_prover::commit::srs_verifying_key;
use provenn_prover::compact::compact;
use provenn_prover::plonk;
use provenn_prover::srs::Srs;
use provenn_verifier::{
    verify, Claim, Colouring, ColouringClass, Context, Expectation, Graph, KeyParts, LinkProof, Linked, Purpose,
    Receipt, Statement, StatementKind, Verdict, VerifyError,
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
        let (_, library) = library::keys(&ColouringCircuit { class }, &srs);
        // A key of another purpose, since the verifier takes no other one for colourings.
        let library = compact(
            library.get_vk(),
            class.rows(),
            Linked::default(),
            Purpose::Registration,
            &[],
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
    let last = 16 * 26;
    type Case<'a> = (u32, &'a [(u32, u32)], Vec<u8>);
    let graphs: [Case<'_>; 6] = [
        (0, &[], vec![]),
        (1, &[], vec![2]),
        (2, &[(0, 1)], vec![1, 0]),
        // Vertices without edges, the last among them.
        (40, &[(0, 38), (3, 4)], [vec![2, 0, 0, 0], vec![1; 36]].concat()),
        // Parts that are not joined.
        (
            6,
            &[(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)],
            vec![0, 1, 2, 2, 1, 0],
        ),
        // One vertex more than the smallest circuit holds.
        (last + 1, &[(0, last)], [vec![0; last as usize], vec![1]].concat()),
    ];
    for (vertices, edges, colours) in graphs {
        let graph = Graph::new(vertices, edges.to_vec()).unwrap();
        let (srs, receipt) = receipt(&graph, &colours, 3);
        let key = srs_verifying_key(&srs).unwrap();
        assert!(verify(&receipt, &graph, &key, &accept()).is_ok(), "{vertices}");
    }
}

/// What the prover itself refuses, before any work.
#[test]
fn what_is_no_colouring_is_refused() {
    let graph = Graph::new(3, vec![(0, 1), (1, 2)]).unwrap();
    let code = |colours: &[u8], count| Coloured::new(&graph, colours, count).err().map(|error| error.code());
    assert_eq!(code(&[0, 1, 0], 2), None);
    assert_eq!(code(&[0, 1, 1], 2), Some("colouring-improper"));
    assert_eq!(code(&[0, 2, 0], 2), Some("colouring-range"));
    assert_eq!(code(&[0, 1], 2), Some("colouring-length"));
    assert_eq!(code(&[0, 1, 0], 17), Some("colours-out-of-range"));
}

/// A prover that lies about colours gives a receipt that nobody accepts: columns are made for any colours here.
#[test]
fn false_receipts_are_refused() {
    let triangle = Graph::new(4, vec![(0, 1), (1, 2), (0, 2)]).unwrap();
    let complete = |count: u32| {
        let pairs = (0..count).flat_map(|v| (0..v).map(move |u| (u, v)));
        Graph::new(count, pairs.collect()).unwrap()
    };
    let all: Vec<u8> = (0..16).collect();
    let cases = [
        // One bad edge, and two colours for three vertices.
        (&triangle, vec![0, 0, 1, 0], 3),
        (&triangle, vec![0, 1, 0, 0], 2),
        // A colour more than stated: six roots of unity for five colours, eight for seven.
        (&complete(6), all[..6].to_vec(), 5),
        (&complete(8), all[..8].to_vec(), 7),
        (&complete(4), vec![0, 1, 2, 3], 3),
    ];
    for (graph, colours, count) in cases {
        let class = ColouringClass::of(count, graph.vertices()).unwrap();
        let srs = Srs::dev_from_seed(class.rows(), [8; 32]);
        let key = srs_verifying_key(&srs).unwrap();
        let claim = Claim {
            srs_id: key.id(),
            key_digest: class.key().unwrap().digest(),
            context: Context::default(),
            body: Colouring::new(count, graph).into(),
        };
        let mut rng = ChaCha20Rng::seed_from_u64(6);
        let mut columns = ColouringColumns::new(class, graph, &colours);
        let prefix = claim.claim_scalar().into();
        let proof = plonk::prove(&proving_key(class).unwrap(), &srs, &[], prefix, &mut columns, &mut rng);
        let receipt = Receipt {
            claim,
            proof: proof.unwrap().bytes,
            link: LinkProof {
                r: srs_point(&srs),
                z: vec![[0; 32]; 6],
            },
        };
        let verdict = verify(&receipt.to_bytes(), graph, &key, &accept());
        assert_eq!(verdict, Err(VerifyError::OpeningFailed), "{count}");
    }
}

/// Any point, for a link proof that is never reached.
fn srs_point(srs: &Srs) -> [u8; 32] {
    provenn_prover::commit::compressed(&srs.g1_points()[0])
}

/// A receipt is about one graph: any edge or vertex more or less, or another numbering, is another one.
#[test]
fn another_graph_is_refused() {
    let (graph, colours) = planted(1, 60, 200, 3);
    let (srs, receipt) = receipt(&graph, &colours, 3);
    let key = srs_verifying_key(&srs).unwrap();
    let edges = graph.edges().to_vec();
    let (u, v) = (0..60)
        .flat_map(|v| (0..v).map(move |u| (u, v)))
        .find(|edge| !edges.contains(edge))
        .unwrap();
    let mirrored = edges.iter().map(|(u, v)| (59 - u, 59 - v)).collect();
    let others = [
        Graph::new(60, edges[1..].to_vec()),
        Graph::new(60, [&edges[..], &[(u, v)]].concat()),
        Graph::new(61, edges),
        Graph::new(60, mirrored),
        Graph::new(0, vec![]),
        Graph::new(1000, vec![]),
    ];
    for other in others {
        let other = other.unwrap();
        assert_eq!(
            verify(&receipt, &other, &key, &accept()),
            Err(VerifyError::GraphMismatch)
        );
        // The claim rewritten to the other graph.
        let mut forged = Receipt::from_bytes(&receipt).unwrap();
        forged.claim.body = Colouring::new(3, &other).into();
        let expected = match other.vertices() {
            1000 => VerifyError::SrsMismatch,
            _ => VerifyError::OpeningFailed,
        };
        assert_eq!(verify(&forged.to_bytes(), &other, &key, &accept()), Err(expected));
    }
}

/// Claims that nothing was proven for, and numbers that would be work for the verifier.
#[test]
fn hostile_claims_are_refused() {
    let (graph, colours) = planted(1, 60, 200, 3);
    let (srs, receipt) = receipt(&graph, &colours, 3);
    let key = srs_verifying_key(&srs).unwrap();
    let judged = |edit: &dyn Fn(&mut Colouring), expectation: &Expectation| {
        let mut forged = Receipt::from_bytes(&receipt).unwrap();
        if let Statement::Colouring(body) = &mut forged.claim.body {
            edit(body);
        }
        verify(&forged.to_bytes(), &graph, &key, expectation)
            .err()
            .map(|error| error.code())
    };
    type Edit = fn(&mut Colouring);
    let cases: [(Edit, &str); 10] = [
        (|body| body.colours = 2, "key-mismatch"),
        (|body| body.colours = 4, "key-mismatch"),
        (|body| body.colours = 1, "colours-out-of-range"),
        (|body| body.colours = u32::MAX, "colours-out-of-range"),
        (|body| body.vertices = u32::MAX, "too-large"),
        (|body| body.vertices += 1, "graph-mismatch"),
        (|body| body.edges = u32::MAX, "graph-mismatch"),
        (|body| body.edges -= 1, "graph-mismatch"),
        (|body| body.edges = 0, "graph-mismatch"),
        (|body| body.graph[31] ^= 1, "graph-mismatch"),
    ];
    for (index, (edit, code)) in cases.iter().enumerate() {
        assert_eq!(judged(edit, &accept()), Some(*code), "{index}");
    }
    assert_eq!(judged(&|_| {}, &accept()), None);
    // What the caller asks.
    let asked = |edit: &dyn Fn(&mut Expectation)| {
        let mut expectation = accept();
        edit(&mut expectation);
        judged(&|_| {}, &expectation)
    };
    assert_eq!(asked(&|asked| asked.colouring.colours = Some(3)), None);
    assert_eq!(
        asked(&|asked| asked.colouring.colours = Some(4)),
        Some("colours-mismatch")
    );
    assert_eq!(asked(&|asked| asked.accept_dev = false), Some("dev-srs"));
    assert_eq!(asked(&|asked| asked.nonce = Some([1; 32])), Some("context-mismatch"));
    assert_eq!(
        asked(&|asked| asked.statements = Some(vec![StatementKind::Colouring])),
        None
    );
    assert_eq!(
        asked(&|asked| asked.statements = Some(vec![StatementKind::Inference])),
        Some("statement-mismatch")
    );
}
