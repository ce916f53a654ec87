use super::*;

fn parse(text: &str) -> Result<GraphText, String> {
    super::parse(text, Most::ANY).map_err(|error| error.to_string())
}

#[test]
fn nodes_and_edges_are_read() {
    let text = r#"<?xml version="1.0" encoding="utf-8"?>
        <graphml xmlns="http://graphml.graphdrawing.org/xmlns">
          <key id="d0" for="edge" attr.name="weight" attr.type="int"/>
          <graph edgedefault="undirected" id="G">
            <edge source="b" target="a"><data key="d0">3</data></edge>
            <node id="a"/><node id="b"/>
            <node id="&lt;c&#62;"><data key="d1">e 1 1</data></node>
            <node id="d"/>
            <edge source="&lt;c>" target='d' directed="false"/> <!-- <edge source="a" target="d"/> -->
            <edge source="a" target="b"/>
          </graph>
        </graphml>"#;
    let read = parse(text).unwrap();
    let graph = Graph::new(4, vec![(0, 1), (2, 3)]).unwrap();
    assert_eq!((read.graph, read.repeated), (graph, 1));
    assert_eq!(parse("<graphml><graph/></graphml>").unwrap().graph.vertices(), 0);
}

#[test]
fn bad_files_are_refused_by_line() {
    let within = |text: &str| format!("<graphml>\n<graph>\n{text}\n</graph>\n</graphml>\n");
    let of = |text: &str, said: &str| (within(text), said.to_owned());
    let cases = [
        of("<node/>", "line 3: a node without `id`"),
        of("<node id='a'/>\n<node id='a'/>", "line 4: a second node"),
        of(
            "<node id='a'/>\n\n<edge source='a' target='a'/>",
            "line 5: node \"a\" is joined to itself",
        ),
        of(
            "<node id='a'/>\n<edge source='a' target='b'/>",
            "line 4: no node has the id \"b\"",
        ),
        of("<edge source='a'/>", "line 3: an edge without"),
        of(
            "<edge source='a' target='b' directed='true'/>",
            "line 3: a directed edge",
        ),
        of("<hyperedge/>", "line 3: a hyperedge"),
        of("<node id='a'><graph/></node>", "line 3: a second graph"),
        of("<node id='&e;'/>", "line 3: no XML"),
        of("<node id='a' id='b'/>", "line 3: no XML"),
        of("<node id='a'>\n</edge>", "line 4: no XML"),
        (
            "<graphml>\n<graph edgedefault=\"directed\"/></graphml>".into(),
            "line 2: a directed graph".into(),
        ),
        (
            "<graphml>\n<node id='a'/></graphml>".into(),
            "line 2: it is in no graph".into(),
        ),
        ("<graphml></graphml>".into(), "no graph".into()),
        ("<svg>\n</svg>".into(), "line 1: expected the element `graphml`".into()),
        ("<graphml>\n<graph>".into(), "line 2: the file ends within".into()),
        (
            "<!DOCTYPE graphml [<!ENTITY a 'b'>]><graphml/>".into(),
            "line 1: a document type".into(),
        ),
    ];
    for (text, said) in cases {
        let message = parse(&text).unwrap_err();
        assert!(message.starts_with(&said), "{text}: {message}");
    }
}
