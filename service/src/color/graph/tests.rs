use super::*;

#[test]
fn all_formats_give_one_graph() {
    let graph = Graph::new(4, vec![(0, 1), (2, 3)]).unwrap();
    let json = br#"{"nodes": [{"id": "a"}, {"id": "b"}, {"id": 7}, {"id": "7"}],
        "links": [{"source": "b", "target": "a"}, {"source": "7", "target": 7}, {"source": "a", "target": "b"}]}"#;
    let read = parse(json).unwrap();
    assert_eq!((read.graph, read.repeated), (graph.clone(), 1));
    assert_eq!(parse(dimacs(&graph, "made here").as_bytes()).unwrap().graph, graph);
    assert_eq!(parse(b"0 1\n3 2\n").unwrap().graph, graph);
    let xml = b"\xef\xbb\xbf<graphml><graph><node id='a'/><node id='b'/><node id='c'/><node id='d'/>
        <edge source='b' target='a'/><edge source='c' target='d'/></graph></graphml>";
    assert_eq!(parse(xml).unwrap().graph, graph);
}

#[test]
fn no_form_is_read_beyond_its_limits() {
    let most = Most { vertices: 2, edges: 1 };
    let xml = |inner: &str| format!("<graphml><graph>{inner}</graph></graphml>");
    let (node, edge) = (|id| format!("<node id='{id}'/>"), "<edge source='a' target='b'/>");
    let pair = node("a") + &node("b");
    let right = [
        "0 1\n1 0\n".to_owned(),
        "p edge 9 9\ne 1 2\ne 2 1\n".into(),
        xml(&(pair.clone() + edge + edge)),
        r#"{"nodes": [{"id": 1}, {"id": 2}], "links": [{"source": 1, "target": 2}, {"source": 2, "target": 1}]}"#
            .into(),
    ];
    for text in right {
        assert_eq!(within(text.as_bytes(), most).unwrap().graph.edge_count(), 1, "{text}");
    }
    // What follows is no graph at all, and nobody gets so far.
    for (text, what, number) in [
        ("0 1\n1 0\n0 1\nx".to_owned(), "edges", 2),
        (format!("{}{edge}{edge}{edge}<x", "<graphml><graph>"), "edges", 2),
        (format!("<graphml><graph>{pair}{}<x", node("c")), "vertices", 2),
        (r#"{"nodes": [{"id": 1}, {"id": 2}, {"id": 3}, x"#.into(), "vertices", 2),
        (
            r#"{"links": [{"source": 1, "target": 2}, {"source": 3, "target": 1}, x"#.into(),
            "vertices",
            2,
        ),
        (
            r#"{"links": [{"source": 1, "target": 2}, {"source": 1, "target": 2}, {"source": 1, "target": 2}, x"#
                .into(),
            "edges",
            2,
        ),
    ] {
        assert_eq!(
            within(text.as_bytes(), most),
            Err(Unread::TooLarge { what, most: number }),
            "{text}"
        );
    }
}

#[test]
fn bad_files_are_refused_by_line() {
    let cases: [(&[u8], &str); 7] = [
        (b"p edge 2 1\ne 1 3\n", "line 2: vertex 3"),
        (b"0 1\n\xff\n", "line 2: not UTF-8"),
        (
            b"<graphml>\n<graph edgedefault='directed'/></graphml>",
            "line 2: a directed graph",
        ),
        (b"{\n\"nodes\": [],\n\"links\": 3}", "line 3: invalid type"),
        (
            br#"{"nodes": [{"id": 1}], "links": [{"source": 1, "target": 2}]}"#,
            "link 1: no node has the id 2",
        ),
        (
            br#"{"nodes": [{"id": 1}], "links": [{"source": 1, "target": 1}]}"#,
            "link 1: node 1 is joined to itself",
        ),
        (
            br#"{"nodes": [{"id": 1}, {"id": 1}], "links": []}"#,
            "node 2: a second one",
        ),
    ];
    for (bytes, expected) in cases {
        let message = parse(bytes).unwrap_err();
        assert!(message.starts_with(expected), "{message}");
    }
}
