//! Why a colouring is none.

use provenn_verifier::VerifyError;
use thiserror::Error;

/// What is wrong with a colouring. Vertices are numbered from 1 here, as in the files that people bring.
#[derive(Debug, Error)]
pub enum ColouringError {
    /// No circuit is for so many colours or vertices.
    #[error(transparent)]
    Class(VerifyError),
    /// Two neighbours have one colour.
    #[error("the colouring is not proper: vertices {} and {} are neighbours, and both have the colour {colour}. Help: give a proper colouring, or look for one with `provenn color find`", u + 1, v + 1)]
    Improper {
        /// One end of an edge, from 0.
        u: u32,
        /// The other, from 0.
        v: u32,
        /// The colour of both, from 0.
        colour: u8,
    },
    /// Vertices without a colour, or colours without a vertex.
    #[error("{got} colours for {expected} vertices. Help: give one colour for each vertex of the graph, those without edges too")]
    Length {
        /// Vertices.
        expected: u32,
        /// Colours given.
        got: usize,
    },
    /// More colours are used than are to be proven.
    #[error("vertex {} has the colour {colour}, the colours are 0 to {}. Help: prove a larger number of colours, or give a colouring in fewer", vertex + 1, count - 1)]
    OutOfRange {
        /// The vertex, from 0.
        vertex: u32,
        /// Its colour, from 0.
        colour: u8,
        /// Colours to be proven.
        count: u32,
    },
}

impl ColouringError {
    /// Stable code, see [`ProveError::code`](crate::ProveError::code).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Class(e) => e.code(),
            Self::Improper { .. } => "colouring-improper",
            Self::Length { .. } => "colouring-length",
            Self::OutOfRange { .. } => "colouring-range",
        }
    }
}
