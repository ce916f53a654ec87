//! What the verifier computes of a graph after the challenges: three additions for each edge, a few multiplications for each vertex.

use super::class::ColouringClass;
use super::graph::Graph;
use super::neighbours::{Neighbours, One, Two};
use crate::codec::size;
use crate::domain::{powers, powers_of};
use crate::error::VerifyError;
use crate::plonk;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// The public columns of a graph, for prover and verifier.
#[derive(Clone, Debug)]
pub struct EdgeSums<'a> {
    neighbours: Neighbours<'a>,
    class: ColouringClass,
}

impl<'a> EdgeSums<'a> {
    /// For a graph that the class holds.
    pub fn new(graph: &'a Graph, class: ColouringClass) -> Self {
        let neighbours = Neighbours::new(graph);
        Self { neighbours, class }
    }

    /// Who is whose neighbour.
    pub fn neighbours(&self) -> &Neighbours<'a> {
        &self.neighbours
    }

    /// `usable`, `powers`, `total`, and `b` for each lane, see [`gates`](super::gates).
    ///
    /// # Errors
    /// [`VerifyError::KeyInvalid`] for another number of challenges than four.
    pub fn columns(&self, challenges: &[Fr]) -> Result<Vec<Vec<Fr>>, VerifyError> {
        let [rho, sigma, s, _] = *challenges else {
            return Err(VerifyError::KeyInvalid {
                reason: "challenges of a colouring",
            });
        };
        let vertices = size(self.neighbours.graph().vertices());
        // Of each vertex `sigma^v` and `(sigma s)^v`; and `(rho s)^u`.
        let (mut larger, mut smaller) = (Vec::with_capacity(vertices), Vec::with_capacity(vertices));
        for [sigma, sigma_s, rho_s] in powers_of([sigma, sigma * s, rho * s]).take(vertices) {
            larger.push(Two([sigma, sigma_s]));
            smaller.push(One([rho_s]));
        }
        let (usable, lanes) = (size(self.class.usable()), size(self.class.lanes()).max(1));
        let rows = self.class.rows_of(vertices);
        let mut weights: Vec<Vec<Fr>> = vec![Vec::with_capacity(rows); lanes];
        let mut total = Fr::ZERO;
        let sums = self.neighbours.before(&smaller).zip(self.neighbours.after(&larger));
        for (vertex, (((before, after), rho), Two([sigma, _]))) in sums.zip(powers(rho)).zip(&larger).enumerate() {
            let ([before], [edges, after]) = (before?, after?);
            total += rho * edges;
            if let Some(column) = vertex.checked_rem(lanes).and_then(|lane| weights.get_mut(lane)) {
                column.push(before * sigma + rho * after);
            }
        }
        let mut columns = vec![
            vec![Fr::ONE; usable],
            powers(s.pow(self.class.lanes().into())).take(usable).collect(),
            vec![total],
        ];
        columns.extend(weights);
        Ok(columns)
    }
}

/// All columns follow from the graph, whose digest the claim names, and from challenges that are drawn before the last phase.
impl plonk::Public for EdgeSums<'_> {
    fn given(&self) -> &[Vec<Fr>] {
        &[]
    }

    fn computed(&self, challenges: &[Fr]) -> Result<Vec<Vec<Fr>>, VerifyError> {
        self.columns(challenges)
    }
}

#[cfg(test)]
mod tests;
