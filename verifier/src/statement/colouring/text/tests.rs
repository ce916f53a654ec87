use super::*;

#[test]
fn both_formats_give_one_graph() {
    let col = "c a comment\np edge 4 6\ne 1 2\ne 2 1\ne 4 3\n\nn 1 3\n";
    let list = "# a comment\n0 1\n3 2 {'weight': 1}\n0 1\n1 0 2.5\n";
    let graph = Graph::new(4, vec![(0, 1), (2, 3)]).unwrap();
    let read = |text: &str| Graph::from_text(text).unwrap();
    assert_eq!((read(col).graph, read(col).repeated), (graph.clone(), 1));
    assert_eq!((read(list).graph, read(list).repeated), (graph, 2));
    assert_eq!(read("p col 3 0\n").graph, Graph::new(3, vec![]).unwrap());
    assert!(Graph::from_text_within(list, 4).is_ok());
    let reason = BadLine::TooManyEdges(4);
    assert_eq!(
        Graph::from_text_within(list, 3),
        Err(GraphTextError { line: 5, reason })
    );
}

#[test]
fn bad_lines_are_named() {
    let cases = [
        ("", 0, BadLine::NoGraph),
        ("# nothing\n", 1, BadLine::NoGraph),
        ("p edge 3 1\ne 1 1\n", 2, BadLine::Loop(1)),
        ("0 1\n5 5\n", 2, BadLine::Loop(5)),
        ("e 1 2\n", 1, BadLine::EdgeBeforeHeader),
        ("p edge\n", 1, BadLine::Header),
        ("p edge 3 x\n", 1, BadLine::Header),
        ("p edge 3 1\np edge 3 1\n", 2, BadLine::Header),
        ("0 1\np edge 3 1\n", 2, BadLine::Header),
        ("p edge 3 1\ne 1\n", 2, BadLine::NoEdge),
        ("p edge 3 1\ne 1 -2\n", 2, BadLine::NoEdge),
        ("0 4294967295\n", 1, BadLine::NoEdge),
        ("0 4294967296\n", 1, BadLine::NoEdge),
        ("p edge 3 1\n1 2\n", 2, BadLine::Unknown),
        ("hello\n", 1, BadLine::Unknown),
        (
            "p edge 3 1\ne 0 2\n",
            2,
            BadLine::UnknownVertex { vertex: 0, vertices: 3 },
        ),
        (
            "p edge 3 1\ne 1 4\n",
            2,
            BadLine::UnknownVertex { vertex: 4, vertices: 3 },
        ),
    ];
    for (text, line, reason) in cases {
        assert_eq!(Graph::from_text(text), Err(GraphTextError { line, reason }), "{text:?}");
    }
}

/// Lines as programs write them are read by themselves; with more space between words they are not.
#[test]
fn plain_lines_are_read_as_others() {
    for text in [
        "p edge 4 2\ne 1 2\ne 4 3\n",
        "p edge 4 2\ne 1 2\ne 4 3",
        "0 1\n7 3\n",
        "1 2\r\n2 3\r\n",
        "1 2 3\n2 4 x\n",
        "000000001 2\n",
        "123456789 2\n",
        "0 4294967294\n",
        "0 4294967295\n",
        "0 4294967296\n",
        "4294967298 2\n",
        "0 12345678901234567890123\n",
        "p edge 3 1\ne 1 1\n",
        "p edge 3 1\ne 0 2\n",
        "p edge 3 1\ne 1 4\n",
        "p edge 3 1\n1 2\n",
        "e 1 2\n",
        "e 1\n2 3\n",
        "1 \n2 3\n",
        "0 1\ne 1 2\n",
        "5 5\n",
        "1 -2\n",
        "1 2:\n",
    ] {
        assert_eq!(
            Graph::from_text(text),
            Graph::from_text(&text.replace(' ', " \t ")),
            "{text:?}"
        );
    }
}
