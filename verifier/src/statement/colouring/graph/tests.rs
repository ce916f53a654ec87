use super::*;

#[test]
fn one_graph_has_one_form() {
    let graph = Graph::new(4, vec![(2, 1), (0, 3), (1, 2), (0, 3)]).unwrap();
    assert_eq!(graph.edges(), [(0, 3), (1, 2)]);
    assert_eq!(Graph::new(4, vec![(1, 2), (3, 0)]).unwrap(), graph);
    // A vertex more, or an edge less, is another graph.
    let others = [(5, vec![(1, 2), (3, 0)]), (4, vec![(1, 2)]), (4, vec![])];
    for (vertices, edges) in others {
        assert_ne!(Graph::new(vertices, edges).unwrap().digest(), graph.digest());
    }
}

#[test]
fn what_is_no_graph_is_refused() {
    let looped = Graph::new(4, vec![(0, 1), (2, 2)]);
    assert_eq!(looped, Err(GraphError::Loop { index: 1, vertex: 2 }));
    let unknown = GraphError::UnknownVertex {
        index: 0,
        vertex: 4,
        vertices: 4,
    };
    assert_eq!(Graph::new(4, vec![(4, 1)]), Err(unknown));
    assert!(Graph::new(0, vec![(0, 1)]).is_err());
    assert!(Graph::new(0, vec![]).is_ok());
}
