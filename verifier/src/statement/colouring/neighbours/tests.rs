#![allow(
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use super::*;

/// All pairs, a star whose middle is a vertex between others, some edges, none.
fn graphs() -> Vec<Graph> {
    let graph = |vertices: u32, joined: fn(u32, u32) -> bool| {
        let pairs = (0..vertices).flat_map(|v| (0..v).map(move |u| (u, v)));
        Graph::new(vertices, pairs.filter(|(u, v)| joined(*u, *v)).collect()).unwrap()
    };
    vec![
        graph(60, |_, _| true),
        graph(1500, |u, v| u == 700 || v == 700),
        graph(300, |u, v| (u * 7919 + v * 104_729 + u * v) % 29 == 0),
        graph(5, |_, _| false),
        graph(0, |_, _| false),
    ]
}

fn values(vertices: u32) -> Vec<Two> {
    let value = |of: u32| Fr::from(u64::from(of) + 3).invert().unwrap();
    (0..vertices).map(|of| Two([value(of), value(of + vertices)])).collect()
}

#[test]
fn sums_are_those_of_edges_one_by_one() {
    for graph in graphs() {
        let values = values(graph.vertices());
        let first: Vec<One> = values.iter().map(|Two([first, _])| One([*first])).collect();
        let (mut before, mut after) = (vec![[Fr::ZERO]; values.len()], vec![[Fr::ZERO; 2]; values.len()]);
        for (u, v) in graph.edges().iter().map(|(u, v)| (size(*u), size(*v))) {
            before[v][0] += values[u].0[0];
            for (sum, value) in after[u].iter_mut().zip(values[v].0) {
                *sum += value;
            }
        }
        let neighbours = Neighbours::new(&graph);
        let sums: Result<Vec<_>, _> = neighbours.before(&first).collect();
        assert_eq!(sums, Ok(before));
        let sums: Result<Vec<_>, _> = neighbours.after(&values).collect();
        assert_eq!(sums, Ok(after));
    }
}

#[test]
fn a_value_is_asked_for_each_vertex() {
    let graph = Graph::new(3, vec![(0, 2)]).unwrap();
    let (neighbours, values) = (Neighbours::new(&graph), values(2));
    let sums: Vec<_> = neighbours.after(&values).collect();
    assert_eq!(sums, [Err(BROKEN), Ok([Fr::ZERO; 2]), Ok([Fr::ZERO; 2])]);
    let none: Result<Vec<_>, _> = neighbours.before(&values[..0]).collect();
    assert_eq!(none, Err(BROKEN));
}
