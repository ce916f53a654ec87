//! Colouring: somebody knows a proper colouring of a public graph.
//!
//! Order of reading: `graph` (what is public), `class` (how large a circuit is), [`gates`] (what is proven and why that is
//! enough), `public` (what the verifier computes of the graph, with `neighbours`). The key of the circuit holds no point: it follows from the
//! number of colours and the size of the graph alone, so nobody has to be trusted for it.

mod class;
mod expectation;
pub mod gates;
mod graph;
mod neighbours;
mod public;
mod term;
mod text;

pub use class::ColouringClass;
pub use expectation::ColouringExpectation;
pub use graph::{Graph, GraphError, MAX_EDGES};
pub use neighbours::{Neighbours, One, Two};
pub use public::EdgeSums;
pub use text::{BadLine, GraphText, GraphTextError};

use super::{Public, StatementKind};
use crate::claim::Claim;
use crate::codec::{Put, Reader};
use crate::error::VerifyError;
use crate::expectation::Expectation;
use crate::srs::SrsVerifyingKey;
use crate::words::Words;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

/// The body of the claim: a proper colouring of this graph in so many colours is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colouring {
    /// Number of colours, 2 to 16.
    pub colours: u32,
    /// Vertices of the graph.
    pub vertices: u32,
    /// Its edges.
    pub edges: u32,
    /// [`Graph::digest`].
    pub graph: [u8; 32],
}

impl Colouring {
    /// The claim about a graph.
    pub fn new(colours: u32, graph: &Graph) -> Self {
        Self {
            colours,
            vertices: graph.vertices(),
            edges: graph.edge_count(),
            graph: graph.digest(),
        }
    }

    /// What is stated.
    pub fn words(&self) -> Words {
        let Self {
            colours,
            vertices,
            edges,
            ..
        } = self;
        format!("whoever made the receipt knows a proper colouring in {colours} colours of a graph of {vertices} vertices and {edges} edges").into()
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        for value in [self.colours, self.vertices, self.edges] {
            out.put_u32(value);
        }
        out.put(&self.graph);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(Self {
            colours: reader.u32()?,
            vertices: reader.u32()?,
            edges: reader.u32()?,
            graph: reader.array()?,
        })
    }

    pub(super) fn validate(&self) -> Result<(), VerifyError> {
        ColouringClass::of(self.colours, self.vertices).map(drop)
    }

    /// See [`Statement::public`](super::Statement::public).
    pub(super) fn public<'a>(
        &self,
        claim: &Claim,
        graph: &'a Graph,
        srs: &SrsVerifyingKey,
        expectation: &Expectation,
    ) -> Result<Public<'a>, VerifyError> {
        // Of another graph, the size and with it the SRS may well be another too: the graph is what to change.
        if *self != Self::new(self.colours, graph) {
            return Err(VerifyError::GraphMismatch);
        }
        if claim.srs_id != srs.id() {
            return Err(VerifyError::SrsMismatch);
        }
        let class = ColouringClass::of(self.colours, self.vertices)?;
        let key = class.key()?;
        if srs.k != key.k || srs.tail.len() != crate::codec::size(key.tail_rows()) {
            return Err(VerifyError::SrsMismatch);
        }
        if claim.key_digest != key.digest() {
            return Err(VerifyError::KeyMismatch);
        }
        expectation.accepts(StatementKind::Colouring)?;
        expectation.colouring.check(self)?;
        expectation.check_context(&claim.context)?;
        Ok(Public {
            id: self.graph,
            key: Cow::Owned(key),
            columns: Box::new(EdgeSums::new(graph, class)),
            committed: Vec::new(),
        })
    }
}
