//! What the verifier computes of a graph after the challenges: two additions for each edge, a few multiplications for each vertex.

use super::class::ColouringClass;
use super::graph::Graph;
use crate::codec::size;
use crate::domain::powers;
use crate::error::VerifyError;
use crate::plonk;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// The public columns of a graph, for prover and verifier.
#[derive(Clone, Copy, Debug)]
pub struct EdgeSums<'a> {
    graph: &'a Graph,
    class: ColouringClass,
}

/// What edges take of their smaller vertex, which many in a row have in common.
#[derive(Clone, Copy)]
struct Smaller {
    rho: Fr,
    /// `(rho s)^u`
    rho_s: Fr,
    /// `sum (sigma s)^v` over neighbours after.
    after: Fr,
}

/// What they take of their larger one, and add to it. Edges jump between these: nothing else lies there.
#[derive(Clone, Copy)]
struct Larger {
    sigma: Fr,
    /// `(sigma s)^v`
    sigma_s: Fr,
    /// `sum (rho s)^u` over neighbours before.
    before: Fr,
}

impl<'a> EdgeSums<'a> {
    /// For a graph that the class holds.
    pub fn new(graph: &'a Graph, class: ColouringClass) -> Self {
        Self { graph, class }
    }

    /// `usable`, `powers`, `total`, and `b` for each lane, see [`gates`](super::gates).
    ///
    /// # Errors
    /// [`VerifyError::KeyInvalid`] for another number of challenges than four.
    pub fn columns(&self, challenges: &[Fr]) -> Result<Vec<Vec<Fr>>, VerifyError> {
        let [rho, sigma, s, _] = *challenges else {
            return Err(BROKEN);
        };
        let (vertices, after, before) = (size(self.graph.vertices()), Fr::ZERO, Fr::ZERO);
        let smaller = powers(rho).zip(powers(rho * s));
        let smaller = smaller.map(|(rho, rho_s)| Smaller { rho, rho_s, after });
        let mut smaller: Vec<Smaller> = smaller.take(vertices).collect();
        let larger = powers(sigma).zip(powers(sigma * s));
        let larger = larger.map(|(sigma, sigma_s)| Larger { sigma, sigma_s, before });
        let mut larger: Vec<Larger> = larger.take(vertices).collect();
        let total = self.add_edges(&mut smaller, &mut larger)?;
        let mut columns = vec![
            vec![Fr::ONE; size(self.class.usable())],
            powers(s.pow(self.class.lanes().into()))
                .take(size(self.class.usable()))
                .collect(),
            vec![total],
        ];
        let first = columns.len();
        let rows = self.class.rows_of(vertices);
        columns.resize(first.saturating_add(size(self.class.lanes())), Vec::with_capacity(rows));
        let lanes = size(self.class.lanes()).max(1);
        for (smaller, larger) in smaller.chunks(lanes).zip(larger.chunks(lanes)) {
            for ((own, other), column) in smaller.iter().zip(larger).zip(columns.iter_mut().skip(first)) {
                column.push(other.sigma * other.before + own.rho * own.after);
            }
        }
        Ok(columns)
    }

    /// Fills in the sums over neighbours, and gives the sum of all weights. Edges of one smaller vertex are neighbours in the list.
    fn add_edges(&self, smaller: &mut [Smaller], larger: &mut [Larger]) -> Result<Fr, VerifyError> {
        let mut total = Fr::ZERO;
        for edges in self.graph.edges().chunk_by(|(a, _), (b, _)| a == b) {
            let Some((u, _)) = edges.first() else { continue };
            let from = smaller.get_mut(size(*u)).ok_or(BROKEN)?;
            let (mut weights, mut after) = (Fr::ZERO, Fr::ZERO);
            for (_, v) in edges {
                let to = larger.get_mut(size(*v)).ok_or(BROKEN)?;
                to.before += from.rho_s;
                after += to.sigma_s;
                weights += to.sigma;
            }
            total += from.rho * weights;
            from.after = after;
        }
        Ok(total)
    }
}

/// Edges name vertices that the graph has.
const BROKEN: VerifyError = VerifyError::KeyInvalid {
    reason: "challenges of a colouring",
};

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
