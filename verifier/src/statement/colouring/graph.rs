//! The graph that a claim is about: simple, undirected, in one canonical form.

use crate::codec::{length, Digest32, Put};
use alloc::vec::Vec;

/// Most edges of a graph.
pub const MAX_EDGES: usize = 1 << 28;

/// A simple undirected graph: numbered vertices, each edge once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    vertices: u32,
    /// Smaller vertex first, in ascending order.
    edges: Vec<(u32, u32)>,
    digest: [u8; 32],
}

/// Why edges are no graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// A vertex with itself: no colouring is proper.
    #[error("edge {index} joins vertex {vertex} to itself, so no colouring is proper")]
    Loop {
        /// Number of the edge, from 0.
        index: usize,
        /// The vertex, from 0.
        vertex: u32,
    },
    /// More edges than any claim may be about.
    #[error("{got} edges, at most {MAX_EDGES} are supported")]
    TooManyEdges {
        /// Edges given.
        got: usize,
    },
    /// A vertex that the graph does not have.
    #[error("edge {index} names vertex {vertex}, the graph has {vertices} (numbered from 0)")]
    UnknownVertex {
        /// Number of the edge, from 0.
        index: usize,
        /// The vertex named.
        vertex: u32,
        /// Vertices of the graph.
        vertices: u32,
    },
}

impl Graph {
    /// A graph of so many vertices with these edges, in any order and direction. What is there twice counts once.
    ///
    /// # Errors
    /// Loops, vertices that do not exist, more than [`MAX_EDGES`].
    pub fn new(vertices: u32, mut edges: Vec<(u32, u32)>) -> Result<Self, GraphError> {
        if edges.len() > MAX_EDGES {
            return Err(GraphError::TooManyEdges { got: edges.len() });
        }
        for (index, (u, v)) in edges.iter_mut().enumerate() {
            if u == v {
                return Err(GraphError::Loop { index, vertex: *u });
            }
            if u > v {
                core::mem::swap(u, v);
            }
            if *v >= vertices {
                return Err(GraphError::UnknownVertex {
                    index,
                    vertex: *v,
                    vertices,
                });
            }
        }
        edges.sort_unstable();
        edges.dedup();
        let digest = digest(vertices, &edges);
        Ok(Self {
            vertices,
            edges,
            digest,
        })
    }

    /// Number of vertices, those without edges too.
    pub fn vertices(&self) -> u32 {
        self.vertices
    }

    /// The edges, smaller vertex first, in ascending order.
    pub fn edges(&self) -> &[(u32, u32)] {
        &self.edges
    }

    /// Number of edges.
    pub fn edge_count(&self) -> u32 {
        length(self.edges.len())
    }

    /// Canonical bytes: the number of vertices, the number of edges, and the edges in order, all as little-endian `u32`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.edges.len().saturating_add(1).saturating_mul(8));
        out.put_u32(self.vertices);
        out.put_length(self.edges.len());
        put_edges(&mut out, &self.edges);
        out
    }

    /// Blake2b-256 of the [canonical bytes](Self::to_bytes).
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

/// The digest of the canonical bytes, which are never all in memory.
fn digest(vertices: u32, edges: &[(u32, u32)]) -> [u8; 32] {
    /// Edges at a time.
    const PIECE: usize = 1 << 10;
    let mut digest = Digest32::new(b"Provenn-Graph---");
    let mut bytes = Vec::new();
    bytes.put_u32(vertices);
    bytes.put_length(edges.len());
    for piece in edges.chunks(PIECE) {
        put_edges(&mut bytes, piece);
        digest.update(&bytes);
        bytes.clear();
    }
    digest.update(&bytes);
    digest.finish()
}

fn put_edges(out: &mut Vec<u8>, edges: &[(u32, u32)]) {
    for (u, v) in edges {
        out.put_u32(*u);
        out.put_u32(*v);
    }
}

#[cfg(test)]
mod tests;
