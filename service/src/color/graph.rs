//! Files of graphs: DIMACS, lists of edges, GraphML, and node-link JSON as networkx writes it.

use super::{graphml, node_link};
use crate::error::CliError;
use crate::files;
use provenn_verifier::statement::colouring::{BadLine, GraphText, MAX_EDGES};
use provenn_verifier::Graph;
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
    within(bytes, Most::ANY).map_err(|error| error.to_string())
}

/// How large a graph may be.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    pub vertices: u64,
    pub edges: u64,
}

impl Most {
    /// As large as any claim may be about.
    pub const ANY: Self = Self {
        vertices: u32::MAX as u64,
        edges: MAX_EDGES as u64 / 2,
    };

    /// How many edges a file may list: each in both directions.
    pub fn listed(self) -> usize {
        usize::try_from(self.edges.saturating_mul(2)).unwrap_or(usize::MAX)
    }

    /// How many nodes a file may name.
    pub fn named(self) -> usize {
        usize::try_from(self.vertices.min(Self::ANY.vertices)).unwrap_or(usize::MAX)
    }
}

/// Why bytes are read as no graph.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// What is wrong, with its line.
    #[error("{0}")]
    Wrong(String),
    /// More of something than is accepted. What comes after it was not read.
    #[error("more than {most} {what}")]
    TooLarge { what: &'static str, most: usize },
}

impl From<String> for Unread {
    fn from(reason: String) -> Self {
        Self::Wrong(reason)
    }
}

/// The same of a graph that is not larger than so much: of larger ones no more is kept.
///
/// # Errors
/// What is wrong, or what there is too much of.
pub fn within(bytes: &[u8], most: Most) -> Result<GraphText, Unread> {
    // Windows begins texts with a mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.trim_ascii_start().first();
    if first == Some(&b'{') {
        return node_link::parse(bytes, most);
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = bytes[..e.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line}: not UTF-8")
    })?;
    match first {
        Some(b'<') => graphml::parse(text, most),
        _ => Graph::from_text_within(text, most.listed()).map_err(|error| match error.reason {
            BadLine::TooManyEdges(_) => Unread::TooLarge {
                what: "edges",
                most: most.listed(),
            },
            _ => Unread::Wrong(error.to_string()),
        }),
    }
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
}
