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
    parse(&bytes).map_err(|message| unreadable(format!("{}: {message}", files::named(path))))
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
mod tests;
