use super::*;
use crate::color::generate::queens;

#[test]
fn every_vertex_and_edge_is_drawn_in_the_picture() {
    let graph = queens(5).unwrap().graph;
    let drawing = svg(&graph, "5 < 6 & \"proven\"").unwrap();
    let count = |what: &str| drawing.matches(what).count();
    assert_eq!((count("<circle"), count("<line")), (25, 160));
    assert!(drawing.contains("5 &lt; 6 &amp; "));
    for coordinate in drawing.split("cx=\"").skip(1) {
        let x: f64 = coordinate.split('"').next().unwrap().parse().unwrap();
        assert!((0.0..=SIDE).contains(&x));
    }
}

#[test]
fn small_and_large_graphs() {
    for vertices in 0..3 {
        assert!(svg(&Graph::new(vertices, vec![]).unwrap(), "").is_some());
    }
    assert!(svg(&Graph::new(MAX_VERTICES + 1, vec![]).unwrap(), "").is_none());
}
