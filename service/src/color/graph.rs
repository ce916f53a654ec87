//! Files of graphs: DIMACS, lists of edges, GraphML, and node-link JSON as networkx writes it.

use super::graphml;
use crate::error::CliError;
use crate::files;
use provenn_verifier::statement::colouring::GraphText;
use provenn_verifier::Graph;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

/// Reads a file.
///
/// # Errors
/// What is wrong, with the file and its line, or the number of the link in JSON.
pub fn read(path: &Path) -> Result<GraphText, CliError> {
    let bytes = files::read(path, files::MAX_DATA)?;
    parse(&bytes).map_err(|message| unreadable(format!("{}: {message}", path.display())))
}

/// The error of a file that is no graph.
pub fn unreadable(message: String) -> CliError {
    CliError::usage(
        "graph-file",
        message,
        "give a DIMACS .col file, a list of edges with one `U V` on each line, GraphML, or node-link JSON",
    )
}

/// Reads the bytes of a file.
///
/// # Errors
/// What is wrong, with its line.
pub fn parse(bytes: &[u8]) -> Result<GraphText, String> {
    // Windows begins texts with a mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.trim_ascii_start().first();
    if first == Some(&b'{') {
        return node_link(bytes);
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = bytes[..e.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line}: not UTF-8")
    })?;
    match first {
        Some(b'<') => graphml::parse(text),
        _ => Graph::from_text(text).map_err(|e| e.to_string()),
    }
}

#[derive(Deserialize)]
struct NodeLink {
    #[serde(default)]
    directed: bool,
    nodes: Vec<Node>,
    #[serde(alias = "edges")]
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Node {
    id: Value,
}

#[derive(Deserialize)]
struct Link {
    source: Value,
    target: Value,
}

/// Vertices are numbered in the order of `nodes`, so a colouring has its colours in that order.
fn node_link(bytes: &[u8]) -> Result<GraphText, String> {
    let file: NodeLink = serde_json::from_slice(bytes).map_err(|e| format!("line {}: {e}", e.line()))?;
    if file.directed {
        return Err("a directed graph; colourings are of undirected ones".into());
    }
    let mut numbers = HashMap::new();
    for (number, node) in (0u32..).zip(&file.nodes) {
        if numbers.insert(node.id.to_string(), number).is_some() {
            return Err(format!("node {}: a second one with the id {}", number + 1, node.id));
        }
    }
    let listed = file.links.len();
    let end = |index: usize, id: &Value| {
        let number = numbers.get(&id.to_string()).copied();
        number.ok_or_else(|| format!("link {}: no node has the id {id}", index + 1))
    };
    let edge = |(index, link): (usize, &Link)| match (end(index, &link.source)?, end(index, &link.target)?) {
        (u, v) if u == v => Err(format!(
            "link {}: node {} is joined to itself, so no colouring is proper",
            index + 1,
            link.source
        )),
        pair => Ok(pair),
    };
    let edges = file.links.iter().enumerate().map(edge).collect::<Result<Vec<_>, _>>()?;
    let vertices = u32::try_from(file.nodes.len()).map_err(|e| e.to_string())?;
    let graph = Graph::new(vertices, edges).map_err(|e| e.to_string())?;
    Ok(GraphText {
        repeated: listed - graph.edges().len(),
        graph,
    })
}

/// The DIMACS text of a graph.
pub fn dimacs(graph: &Graph, comment: &str) -> String {
    let mut text = format!("c {comment}\np edge {} {}\n", graph.vertices(), graph.edges().len());
    for (u, v) in graph.edges() {
        let _infallible = writeln!(text, "e {} {}", u + 1, v + 1);
    }
    text
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
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
}
