//! Receipts of colourings: graphs of all kinds, bytes that are not a graph's, and provers who claim what they did not prove. Elements of receipts, bytes and
//! calldata changed at random, and vectors of the test kit are with those of models.

#[path = "colourings/forged.rs"]
mod forged;
#[path = "../../tests/tamper/colouring/rows.rs"]
mod rows;

use crate::common;
use crate::common::chain::GAS;
use crate::common::graphs::{coloured, myciel3, petersen, queen5_5};
use crate::common::{Case, GOLDEN};
use forged::Forger;
use provenn_evm::{Calldata, ColouringWords, ExportError, KeyData};
use provenn_verifier::*;

fn graph(vertices: u32, edges: &[(u32, u32)]) -> Graph {
    Graph::new(vertices, edges.to_vec()).unwrap()
}

/// Both verdicts, and the words.
fn verified(case: &Case) {
    let claim = Receipt::from_bytes(&case.receipt).unwrap().claim;
    case.says(ColouringWords::of(&claim).unwrap().returned(case.data.hash()));
}

#[test]
fn colourings_verify_and_say_what_they_claim() {
    for case in [petersen(), myciel3(), queen5_5()] {
        verified(&case);
    }
}

/// The complete graph of k vertices needs k colours, and k and a vertex less have receipts of their own.
#[test]
fn every_number_of_colours() {
    for k in 2..=16 {
        let edges: Vec<(u32, u32)> = (0..k).flat_map(|u| (u + 1..k).map(move |v| (u, v))).collect();
        let colours: Vec<u8> = (0..k as u8).collect();
        verified(&coloured(&format!("{k} colours"), graph(k, &edges), &colours, k));
    }
}

#[test]
fn graphs_without_edges_and_graphs_at_the_bounds_of_a_class() {
    let ring = |vertices: u32| {
        let edges: Vec<(u32, u32)> = (0..vertices).map(|u| (u, (u + 1) % vertices)).collect();
        let mut colours: Vec<u8> = (0..vertices).map(|u| (u % 2) as u8).collect();
        *colours.last_mut().unwrap() = 2;
        coloured(&format!("a ring of {vertices}"), graph(vertices, &edges), &colours, 3)
    };
    verified(&coloured("no vertex", graph(0, &[]), &[], 3));
    verified(&coloured("one vertex", graph(1, &[]), &[2], 3));
    verified(&coloured("no edge", graph(40, &[]), &[1; 40], 2));
    // Vertices without edges before, between and behind.
    let apart = graph(40, &[(3, 17), (17, 18)]);
    let mut colours = [0; 40];
    colours[17] = 1;
    verified(&coloured("apart", apart, &colours, 2));
    // 26 usable rows of 16 vertices, and the class above.
    for vertices in [15, 16, 17, 416, 417] {
        verified(&ring(vertices));
    }
}

#[test]
fn every_change_of_the_claim() {
    let case = petersen();
    for (field, change, edit, _) in rows::ROWS {
        let mut receipt = Receipt::from_bytes(&case.receipt).unwrap();
        if let Statement::Colouring(body) = &mut receipt.claim.body {
            edit(body);
        }
        assert!(!case.agree(&format!("{field}: {change}"), &receipt.to_bytes()));
    }
}

/// The receipt of one graph under another one, each in its canonical bytes.
#[test]
fn another_graph() {
    let case = petersen();
    let honest = Graph::from_text(std::str::from_utf8(&common::read("v2/petersen.col")).unwrap());
    let honest = honest.unwrap().graph;
    let edges = honest.edges();
    let mut others = vec![
        ("an edge less", graph(10, &edges[1..])),
        ("an edge more", graph(10, &[edges, &[(0, 2), (0, 3)][..]].concat())),
        ("a vertex more", graph(11, edges)),
        ("no edges", graph(10, &[])),
    ];
    let renamed: Vec<_> = edges.iter().map(|(u, v)| ((u + 1) % 10, (v + 1) % 10)).collect();
    others.push(("other numbers", graph(10, &renamed)));
    for index in 0..edges.len() {
        let mut moved = edges.to_vec();
        moved[index].1 = (0..10)
            .find(|v| *v != moved[index].0 && !edges.contains(&(moved[index].0, *v)))
            .unwrap();
        others.push(("an edge moved", graph(10, &moved)));
    }
    for (what, other) in others {
        if other == honest {
            continue;
        }
        let verdict = verify(
            &case.receipt,
            &other,
            &case.srs,
            &Expectation {
                accept_dev: true,
                ..Expectation::default()
            },
        );
        assert_eq!(verdict.unwrap_err().code(), "graph-mismatch");
        let mut call = case.calldata(&case.receipt);
        call.graph = Some(other.to_bytes());
        assert_eq!(case.call(&call).code(), "graph-mismatch", "{what}");
    }
    // A bit of it, anywhere.
    let bytes = honest.to_bytes();
    for bit in 0..8 * bytes.len() {
        let mut call = case.calldata(&case.receipt);
        let mut other = bytes.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        call.graph = Some(other);
        assert_eq!(case.call(&call).code(), "graph-mismatch", "bit {bit}");
    }
    for cut in [0, 4, 8, bytes.len() - 8, bytes.len() - 1] {
        let mut call = case.calldata(&case.receipt);
        call.graph = Some(bytes[..cut].to_vec());
        assert_eq!(case.call(&call).code(), "graph-mismatch", "cut to {cut}");
    }
    let mut call = case.calldata(&case.receipt);
    call.graph = Some([&bytes[..], &[0; 8]].concat());
    assert_eq!(case.call(&call).code(), "graph-mismatch", "eight bytes more");
}

/// Proofs that hold, by a prover who claims what they like: each is refused by one check, which would be the only one to stand in the way.
#[test]
fn claims_that_were_not_proven() {
    let forger = Forger::new(
        graph(5, &[(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]),
        &[0, 1, 0, 1, 2],
        3,
        5,
    );
    let (honest, bytes) = (forger.body(), forger.graph.to_bytes());
    assert_eq!(forger.code(&honest, &bytes), "verified");
    // The digest of another graph.
    let mut body = honest.clone();
    body.graph = graph(5, &[(0, 1)]).digest();
    assert_eq!(forger.code(&body, &bytes), "graph-mismatch");
    // Other numbers than those of the graph.
    let edits: [fn(&mut Colouring); 3] = [|body| body.vertices += 1, |body| body.edges += 1, |body| body.edges = 0];
    for edit in edits {
        let mut body = honest.clone();
        edit(&mut body);
        assert_eq!(forger.code(&body, &bytes), "graph-mismatch");
    }
    // Fewer colours than those of the circuit.
    for colours in [0, 1, 2, 4, 0x0100_0003] {
        let body = Colouring {
            colours,
            ..honest.clone()
        };
        assert_eq!(forger.code(&body, &bytes), "key-mismatch");
    }
    // Bytes that say the same and are no graph's: edges in another order.
    let mut other = bytes.clone();
    other[8..16].copy_from_slice(&bytes[16..24]);
    other[16..24].copy_from_slice(&bytes[8..16]);
    let body = Colouring {
        graph: forged::digest(&other),
        ..honest.clone()
    };
    assert_eq!(forger.code(&body, &other), "bad-graph");
    // The same with bytes that nobody reads, behind the edges and behind the claim.
    let other = [&bytes[..], &[0; 8]].concat();
    let body = Colouring {
        graph: forged::digest(&other),
        ..honest.clone()
    };
    assert_eq!(forger.code(&body, &other), "graph-mismatch");
    assert_eq!(forger.code_with(&honest, &[0], &bytes), "trailing-bytes");
    // A vertex that the circuit has no row for: its edges would go unchecked. Here it has none, so that the proof holds.
    let full = Forger::new(graph(416, &[(0, 1)]), &[vec![0, 1], vec![0; 414]].concat(), 3, 416);
    let more = graph(417, &[(0, 1)]);
    assert_eq!(full.code(&full.body(), &full.graph.to_bytes()), "verified");
    assert_eq!(full.code(&Colouring::new(3, &more), &more.to_bytes()), "key-mismatch");
    // A circuit of another size than the graph's.
    let larger = Forger::new(forger.graph.clone(), &forger.colours, 3, 417);
    assert_eq!(larger.code(&larger.body(), &bytes), "key-mismatch");
    // The crate has the SRS of the graph's size in mind, which is another one.
    assert_eq!(larger.judge(&larger.body()), "srs-mismatch");
}

/// Bytes that are not a graph's canonical ones, under their own digest.
#[test]
fn bytes_that_are_no_graph() {
    let forger = Forger::new(graph(5, &[(0, 1), (1, 2), (2, 3)]), &[0, 1, 0, 1, 2], 3, 5);
    for (what, edges) in [
        ("a loop", [(0, 1), (1, 1), (2, 3)]),
        ("a loop at first", [(0, 0), (1, 2), (2, 3)]),
        ("an edge twice", [(0, 1), (1, 2), (1, 2)]),
        ("the first edge twice", [(0, 1), (0, 1), (1, 2)]),
        ("the larger vertex first", [(0, 1), (1, 2), (3, 2)]),
        ("descending", [(1, 2), (0, 1), (2, 3)]),
        ("descending in the second", [(0, 2), (0, 1), (2, 3)]),
        ("a vertex too many", [(0, 1), (1, 2), (2, 5)]),
        ("a vertex far beyond", [(0, 1), (1, 2), (2, u32::MAX)]),
        ("both far beyond", [(0, 1), (1, 2), (u32::MAX - 1, u32::MAX)]),
        ("the largest loop", [(0, 1), (1, 2), (u32::MAX, u32::MAX)]),
    ] {
        let numbers = edges.iter().flat_map(|(u, v)| [*u, *v]);
        let bytes: Vec<u8> = [5, 3].into_iter().chain(numbers).flat_map(u32::to_le_bytes).collect();
        let body = Colouring {
            graph: forged::digest(&bytes),
            ..forger.body()
        };
        assert_eq!(forger.code(&body, &bytes), "bad-graph", "{what}");
    }
}

/// Key data of one kind decides nothing of the other.
#[test]
fn kinds_are_kept_apart() {
    let (model, graph) = (Case::golden(GOLDEN[0]), petersen());
    let mut chain = graph.chain.clone();
    let key = chain.place(&model.data.code);
    let code = |call: &Calldata, key: revm::primitives::Address| {
        chain.call(graph.verifier, &call.encode(key.into_array()), GAS).code()
    };
    let colouring = graph.calldata(&graph.receipt);
    let inference = Calldata {
        graph: None,
        ..colouring.clone()
    };
    assert_eq!(code(&colouring, graph.key), "verified");
    assert_eq!(code(&inference, graph.key), "statement-mismatch");
    assert_eq!(code(&colouring, key), "statement-mismatch");
    let inference = model.calldata(&model.receipt);
    let colouring = Calldata {
        graph: colouring.graph,
        ..inference.clone()
    };
    assert_eq!(code(&inference, key), "verified");
    assert_eq!(code(&colouring, key), "statement-mismatch");
    assert_eq!(code(&colouring, graph.key), "srs-mismatch");
    assert_eq!(code(&inference, graph.key), "srs-mismatch");
    // A claim of an inference under the ids of the other's key data, and a claim of a colouring under those of a model's.
    let mut receipt = Receipt::from_bytes(&model.receipt).unwrap();
    (receipt.claim.srs_id, receipt.claim.key_digest) = (graph.srs.id(), graph.circuit.digest());
    let body = receipt.claim.body.inference_mut().unwrap();
    (body.model_id, body.quantization) = ([0; 32], [0; 32]);
    receipt.link.z.resize(graph.srs.tail.len(), [0; 32]);
    let call = Calldata {
        receipt: receipt.to_bytes(),
        graph: None,
        ..graph.calldata(&graph.receipt)
    };
    assert_eq!(code(&call, graph.key), "policy-out-of-range");
    let mut receipt = Receipt::from_bytes(&graph.receipt).unwrap();
    (receipt.claim.srs_id, receipt.claim.key_digest) = (model.srs.id(), model.circuit.digest());
    receipt.link.z.resize(model.srs.tail.len(), [0; 32]);
    let call = Calldata {
        receipt: receipt.to_bytes(),
        ..graph.calldata(&graph.receipt)
    };
    assert_eq!(code(&call, key), "statement-mismatch");
}

#[test]
fn key_data_is_of_one_class() {
    let case = petersen();
    let class = |colours, vertices| ColouringClass::of(colours, vertices).unwrap();
    assert_eq!(KeyData::colouring(&class(3, 416), &case.srs).as_ref(), Ok(&case.data));
    assert_eq!(KeyData::colouring(&class(3, 417), &case.srs), Err(ExportError::Srs));
    assert_ne!(
        KeyData::colouring(&class(2, 10), &case.srs).unwrap().hash(),
        case.data.hash()
    );
}

/// The arguments have one encoding, that of the graph too.
#[test]
fn lengths_and_offsets_are_exact() {
    let case = myciel3();
    let call = case.calldata(&case.receipt);
    let honest = call.encode(case.key.into_array());
    let refused = |what: &str, data: &[u8]| {
        assert!(case.chain.call(case.verifier, data, GAS).returned.is_err(), "{what}");
    };
    assert!(case.chain.call(case.verifier, &honest, GAS).returned.is_ok());
    let bytes = call.graph.clone().unwrap();
    let graph = honest.len() - bytes.len().next_multiple_of(32);
    for cut in [
        4,
        132,
        164,
        honest.len() / 2,
        graph - 32,
        graph,
        graph + 8,
        honest.len() - 32,
        honest.len() - 24,
        honest.len() - 1,
    ] {
        refused(&format!("cut to {cut}"), &honest[..cut]);
    }
    for more in [1, 31, 32, 64] {
        refused(&format!("{more} bytes more"), &[&honest[..], &vec![0; more]].concat());
    }
    for at in [4 + 32, 4 + 64, 4 + 96, 4 + 128, graph - 32] {
        for by in [1i32, -1, 8, -8, 32, -32, 1 << 16] {
            let mut data = honest.clone();
            let word: [u8; 4] = data[at + 28..at + 32].try_into().unwrap();
            let moved = u32::from_be_bytes(word).wrapping_add_signed(by);
            data[at + 28..at + 32].copy_from_slice(&moved.to_be_bytes());
            refused(&format!("word at {at} by {by}"), &data);
        }
        let mut data = honest.clone();
        data[at] = 0x80;
        refused(&format!("word at {at} beyond all"), &data);
    }
    // The padding behind the graph.
    assert_ne!(bytes.len() % 32, 0);
    for at in [graph + bytes.len(), honest.len() - 1] {
        let mut data = honest.clone();
        data[at] = 1;
        refused("padding", &data);
    }
    // One y more and one less, before the graph.
    let mut other = call.clone();
    other.ys.push([0; 32]);
    refused("one y more", &other.encode(case.key.into_array()));
    other.ys.truncate(call.ys.len() - 1);
    refused("one y less", &other.encode(case.key.into_array()));
    refused("a word before the receipt", &common::shifted(&honest));
    // A word between receipt and coordinates, and between coordinates and graph.
    let ys = graph - 32 - 32 * (call.ys.len() + 1);
    for (place, offsets) in [(ys, &[4 + 64, 4 + 96][..]), (graph - 32, &[4 + 96])] {
        let mut data = [&honest[..place], &[0; 32], &honest[place..]].concat();
        for at in offsets {
            let word = u32::from_be_bytes(data[at + 28..at + 32].try_into().unwrap()) + 32;
            data[at + 28..at + 32].copy_from_slice(&word.to_be_bytes());
        }
        refused("a word between", &data);
    }
    // The graph before the coordinates, each where its offset says.
    let mut data = [&honest[..ys], &honest[graph - 32..], &honest[ys..graph - 32]].concat();
    let moved = |data: &mut [u8], at: usize, by: usize, add: bool| {
        let word = u32::from_be_bytes(data[at + 28..at + 32].try_into().unwrap()) as usize;
        let word = if add { word + by } else { word - by };
        data[at + 28..at + 32].copy_from_slice(&(word as u32).to_be_bytes());
    };
    moved(&mut data, 4 + 64, honest.len() - graph + 32, true);
    moved(&mut data, 4 + 96, 32 * (call.ys.len() + 1), false);
    refused("arguments exchanged", &data);
}
