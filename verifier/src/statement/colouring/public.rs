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

/// Powers of a vertex's number, and what its edges add up to. Side by side, since edges jump between vertices.
#[derive(Clone, Copy)]
struct Vertex {
    rho: Fr,
    sigma: Fr,
    /// `(rho s)^u`
    rho_s: Fr,
    /// `(sigma s)^u`
    sigma_s: Fr,
    /// `sum (rho s)^u` over neighbours before.
    before: Fr,
    /// `sum (sigma s)^u` over neighbours after.
    after: Fr,
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
        let bases = [rho, sigma, rho * s, sigma * s].map(powers);
        let [rhos, sigmas, rhos_s, sigmas_s] = bases;
        let all = rhos.zip(sigmas).zip(rhos_s.zip(sigmas_s));
        let all = all.take(size(self.graph.vertices()));
        let mut vertices: Vec<Vertex> = all
            .map(|((rho, sigma), (rho_s, sigma_s))| Vertex {
                rho,
                sigma,
                rho_s,
                sigma_s,
                before: Fr::ZERO,
                after: Fr::ZERO,
            })
            .collect();
        let total = self.add_edges(&mut vertices)?;
        let mut columns = vec![
            vec![Fr::ONE; size(self.class.usable())],
            powers(s.pow(self.class.lanes().into()))
                .take(size(self.class.usable()))
                .collect(),
            vec![total],
        ];
        let first = columns.len();
        let rows = self.class.rows_of(vertices.len());
        columns.resize(first.saturating_add(size(self.class.lanes())), Vec::with_capacity(rows));
        for row in vertices.chunks(size(self.class.lanes()).max(1)) {
            for (vertex, column) in row.iter().zip(columns.iter_mut().skip(first)) {
                column.push(vertex.sigma * vertex.before + vertex.rho * vertex.after);
            }
        }
        Ok(columns)
    }

    /// Fills in the sums over neighbours, and gives the sum of all weights. Edges of one smaller vertex are neighbours in the list.
    fn add_edges(&self, vertices: &mut [Vertex]) -> Result<Fr, VerifyError> {
        let mut total = Fr::ZERO;
        for edges in self.graph.edges().chunk_by(|(a, _), (b, _)| a == b) {
            let Some((u, _)) = edges.first() else { continue };
            let from = *vertices.get(size(*u)).ok_or(BROKEN)?;
            let (mut weights, mut after) = (Fr::ZERO, Fr::ZERO);
            for (_, v) in edges {
                let to = vertices.get_mut(size(*v)).ok_or(BROKEN)?;
                to.before += from.rho_s;
                after += to.sigma_s;
                weights += to.sigma;
            }
            total += from.rho * weights;
            if let Some(from) = vertices.get_mut(size(*u)) {
                from.after = after;
            }
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
