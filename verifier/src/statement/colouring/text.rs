//! Graphs as people bring them: DIMACS `.col` files, and lists of edges.

use super::graph::{Graph, GraphError, MAX_EDGES};
use alloc::vec::Vec;

/// A graph, and what its file says twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphText {
    /// The graph.
    pub graph: Graph,
    /// Edges that were there before, in either direction.
    pub repeated: usize,
}

/// Why a file is no graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct GraphTextError {
    /// Number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: BadLine,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// `e` before `p`.
    #[error("an edge before the line `p edge VERTICES EDGES`")]
    EdgeBeforeHeader,
    /// A vertex with itself.
    #[error("vertex {0} is joined to itself, so no colouring is proper")]
    Loop(u32),
    /// Two words are to be numbers of vertices.
    #[error("expected the numbers of two vertices")]
    NoEdge,
    /// The file has no vertices.
    #[error("no graph: neither a line `p edge VERTICES EDGES` nor an edge")]
    NoGraph,
    /// The header is wrong, or the second one.
    #[error("expected one line `p edge VERTICES EDGES`, before all edges")]
    Header,
    /// All edges together are too many.
    #[error("{0} edges are too many")]
    TooManyEdges(usize),
    /// A line that is none of the format's.
    #[error("neither a comment nor an edge: expected `e U V` (DIMACS) or `U V` (list of edges)")]
    Unknown,
    /// A vertex that the header does not announce.
    #[error("vertex {vertex}, the graph has the vertices 1 to {vertices}")]
    UnknownVertex {
        /// As the file has it.
        vertex: u32,
        /// Vertices of the header.
        vertices: u32,
    },
}

impl Graph {
    /// Reads a text: DIMACS (`p edge V E`, then `e U V` with vertices from 1), or a list of edges (`U V`, vertices from 0; there are as
    /// many as the largest number says). Comments begin with `c`, `#` or `%`. The number of edges in the header is not compared: files
    /// count both directions or not.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn from_text(text: &str) -> Result<GraphText, GraphTextError> {
        Self::from_text_within(text, MAX_EDGES)
    }

    /// The same of a text that lists at most so many edges, those that are there twice among them: no more is kept of one that lists more.
    ///
    /// # Errors
    /// The first line that is wrong, [`BadLine::TooManyEdges`] where the list is too long.
    pub fn from_text_within(text: &str, most: usize) -> Result<GraphText, GraphTextError> {
        let mut reading = Reading::default();
        let (mut line, mut last, mut rest) = (0usize, 0, text);
        while !rest.is_empty() {
            line = line.saturating_add(1);
            let read = match plain(rest.as_bytes()).filter(|plain| plain.dimacs == reading.header.is_some()) {
                Some(plain) => {
                    rest = rest.get(plain.length..).unwrap_or_default();
                    reading.edge(plain.u, plain.v)
                }
                None => {
                    let (content, others) = rest.split_once('\n').unwrap_or((rest, ""));
                    rest = others;
                    reading.line(content)
                }
            };
            let admitted = match reading.edges.len() {
                listed if listed > most => Err(BadLine::TooManyEdges(listed)),
                _ => read,
            };
            admitted.map_err(|reason| GraphTextError { line, reason })?;
            last = line;
        }
        reading.finish().map_err(|reason| GraphTextError { line: last, reason })
    }
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    /// Vertices of the header.
    header: Option<u32>,
    /// Vertices that edges of a list need.
    needed: u32,
    edges: Vec<(u32, u32)>,
}

impl Reading {
    fn line(&mut self, line: &str) -> Result<(), BadLine> {
        let mut words = line.split_ascii_whitespace();
        let Some(first) = words.next() else { return Ok(()) };
        match first {
            "p" => self.head(words),
            "e" => {
                self.header.ok_or(BadLine::EdgeBeforeHeader)?;
                let (u, v) = pair(words.next(), words.next())?;
                self.edge(u, v)
            }
            // Descriptions of vertices and of the whole, which say nothing of edges.
            "c" | "d" | "n" | "v" | "x" => Ok(()),
            word if word.starts_with(['#', '%', 'c']) => Ok(()),
            word if word.starts_with(|first: char| first.is_ascii_digit()) && self.header.is_none() => {
                let (u, v) = pair(Some(word), words.next())?;
                self.edge(u, v)
            }
            _ => Err(BadLine::Unknown),
        }
    }

    /// An edge as the file numbers vertices: from 1 if it has a header.
    fn edge(&mut self, u: u32, v: u32) -> Result<(), BadLine> {
        if u == v {
            return Err(BadLine::Loop(u));
        }
        let edge = match self.header {
            Some(vertices) => {
                let number = |vertex: u32| match vertex.checked_sub(1) {
                    Some(number) if number < vertices => Ok(number),
                    _ => Err(BadLine::UnknownVertex { vertex, vertices }),
                };
                (number(u)?, number(v)?)
            }
            None => {
                let needed = u.max(v).checked_add(1).ok_or(BadLine::NoEdge)?;
                self.needed = self.needed.max(needed);
                (u, v)
            }
        };
        self.edges.push(edge);
        Ok(())
    }

    fn head<'a>(&mut self, mut words: impl Iterator<Item = &'a str>) -> Result<(), BadLine> {
        let _format = words.next().ok_or(BadLine::Header)?;
        let (vertices, _) = pair(words.next(), words.next()).map_err(|_| BadLine::Header)?;
        match self.header.is_some() || !self.edges.is_empty() {
            true => Err(BadLine::Header),
            false => {
                self.header = Some(vertices);
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<GraphText, BadLine> {
        let vertices = match (self.header, self.edges.len()) {
            (Some(vertices), _) => vertices,
            (None, 0) => return Err(BadLine::NoGraph),
            (None, _) => self.needed,
        };
        let listed = self.edges.len();
        let graph = Graph::new(vertices, self.edges).map_err(|error| match error {
            GraphError::Loop { vertex, .. } => BadLine::Loop(vertex),
            GraphError::TooManyEdges { got } => BadLine::TooManyEdges(got),
            GraphError::UnknownVertex { vertex, vertices, .. } => BadLine::UnknownVertex { vertex, vertices },
        })?;
        Ok(GraphText {
            repeated: listed.saturating_sub(graph.edges().len()),
            graph,
        })
    }
}

/// A line as programs write them, which is most of a file.
struct Plain {
    /// Whether it begins with `e`.
    dimacs: bool,
    u: u32,
    v: u32,
    /// Bytes of the line, with its end.
    length: usize,
}

/// What [`Reading::line`] would read of the first line, if that is `e U V` or `U V` with one space between words and nothing else, and a line follows.
fn plain(text: &[u8]) -> Option<Plain> {
    let (dimacs, words) = match text.strip_prefix(b"e ") {
        Some(words) => (true, words),
        None => (false, text),
    };
    let (u, words) = digits(words, b' ')?;
    let (v, others) = digits(words, b'\n')?;
    Some(Plain {
        dimacs,
        u,
        v,
        length: text.len().saturating_sub(others.len()),
    })
}

/// A number of at most nine digits, and what comes after the byte that ends it.
fn digits(text: &[u8], end: u8) -> Option<(u32, &[u8])> {
    let mut number = 0u32;
    for (place, byte) in text.iter().take(10).enumerate() {
        match byte {
            b'0'..=b'9' => number = number.wrapping_mul(10).wrapping_add(u32::from(byte & 15)),
            byte if *byte == end && place > 0 => return Some((number, text.get(place.saturating_add(1)..)?)),
            _ => return None,
        }
    }
    None
}

fn pair(u: Option<&str>, v: Option<&str>) -> Result<(u32, u32), BadLine> {
    let number = |word: Option<&str>| word.and_then(|word| word.parse().ok()).ok_or(BadLine::NoEdge);
    Ok((number(u)?, number(v)?))
}

#[cfg(test)]
mod tests;
