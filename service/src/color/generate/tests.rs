use super::*;
use crate::color::dsatur::{find, Found};

fn shape(made: &Made) -> (u32, usize) {
    (made.graph.vertices(), made.graph.edges().len())
}

fn is_proper(made: &Made) -> bool {
    let colours = made.colours.as_ref().unwrap();
    let mut edges = made.graph.edges().iter();
    edges.all(|(u, v)| colours[*u as usize] != colours[*v as usize])
}

/// Vertices, edges and chromatic numbers as published with the DIMACS instances.
#[test]
fn families_are_those_of_dimacs() {
    assert_eq!(shape(&mycielski(3).unwrap()), (11, 20));
    assert_eq!(shape(&mycielski(4).unwrap()), (23, 71));
    assert_eq!(shape(&mycielski(5).unwrap()), (47, 236));
    // DIMACS lists both directions: 320 and 2912 lines.
    assert_eq!(shape(&queens(5).unwrap()), (25, 160));
    assert_eq!(shape(&queens(8).unwrap()), (64, 728));
    for order in 2..=4 {
        let graph = mycielski(order).unwrap().graph;
        assert!(matches!(find(&graph, order, 0, 1 << 20), Found::None));
        assert!(matches!(find(&graph, order + 1, 0, 1 << 20), Found::Colours(_)));
    }
    let board = queens(5).unwrap().graph;
    assert!(matches!(find(&board, 5, 0, 1 << 20), Found::Colours(_)));
    assert!(matches!(find(&board, 4, 0, 1 << 20), Found::None));
}

#[test]
fn hidden_colourings_are_proper() {
    for (vertices, edges, colours) in [(100, 300, 3), (450, 5714, 5), (7, 0, 2)] {
        let planted = planted(vertices, edges, colours, 1).unwrap().unwrap();
        let flat = flat(vertices, edges, colours, 1).unwrap().unwrap();
        for made in [planted, flat] {
            assert_eq!(shape(&made), (vertices, edges));
            assert!(is_proper(&made));
        }
    }
    assert!(planted(4, 100, 3, 1).unwrap().is_none());
    assert!(flat(4, 100, 3, 1).unwrap().is_none());
}

#[test]
fn flat_degrees_hardly_differ() {
    let graph = flat(300, 3000, 3, 7).unwrap().unwrap().graph;
    let mut degrees = vec![0; 300];
    for (u, v) in graph.edges() {
        degrees[*u as usize] += 1;
        degrees[*v as usize] += 1;
    }
    assert_eq!((degrees.iter().min(), degrees.iter().max()), (Some(&20), Some(&20)));
}

#[test]
fn a_seed_names_a_graph() {
    let [a, b, c] = [1, 1, 2].map(|seed| random(60, 0.5, seed).unwrap().graph);
    assert_eq!(a, b);
    assert_ne!(a, c);
    let edges = a.edges().len();
    assert!((785..985).contains(&edges), "{edges} of 1770 pairs");
}
