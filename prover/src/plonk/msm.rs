//! Commitments under an SRS.

use crate::srs::Srs;
use halo2curves::bn256::{Fr, G1};
use provenn_engine::{self as engine, Cells, Column, Path};

/// Points to commit with.
#[derive(Debug)]
pub struct Bases {
    coeff: engine::Bases,
    lagrange: engine::Bases,
}

/// The Lagrange points of an SRS, for columns whose last `tail_rows` cells are random.
pub fn lagrange(srs: &Srs, tail_rows: usize) -> engine::Bases {
    engine::Bases::new(Path::of_machine(), &srs.lagrange_points(), &srs.tail(tail_rows))
}

impl Bases {
    /// Points of an SRS, for columns whose last `tail_rows` cells are random.
    pub fn new(srs: &Srs, tail_rows: usize) -> Self {
        let (coeff, lagrange) = rayon::join(
            || engine::Bases::new(Path::of_machine(), srs.g1_points(), &[]),
            || lagrange(srs, tail_rows),
        );
        Self { coeff, lagrange }
    }

    /// Commits to polynomials in coefficients.
    pub fn commit_coeff(&self, polys: &[Vec<Fr>]) -> Vec<G1> {
        self.coeff
            .commit(&polys.iter().map(|poly| whole(poly)).collect::<Vec<_>>())
    }

    /// Commits to values on the domain.
    pub fn commit_lagrange(&self, columns: &[Vec<Fr>]) -> Vec<G1> {
        self.lagrange
            .commit(&columns.iter().map(|cells| whole(cells)).collect::<Vec<_>>())
    }

    /// Commits to columns with random tails.
    pub fn commit_with_tails(&self, columns: &[Column<'_>]) -> Vec<G1> {
        self.lagrange.commit(columns)
    }
}

fn whole(cells: &[Fr]) -> Column<'_> {
    Column {
        cells: Cells::Field(cells),
        tail: &[],
    }
}
