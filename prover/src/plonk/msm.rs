//! Commitments under an SRS.

use crate::srs::Srs;
use halo2curves::bn256::{Fr, G1};
use provenn_engine::{self as engine, Cells, Column, Path};
use std::sync::{Arc, OnceLock};

/// Points to commit with.
#[derive(Debug)]
pub struct Bases {
    coeff: Arc<engine::Bases>,
    lagrange: Arc<engine::Bases>,
}

/// The points of an SRS as the engine has them, made when they are asked for first: the proofs of one process share them.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    coeff: OnceLock<Arc<engine::Bases>>,
    /// With how many tail points.
    lagrange: OnceLock<(usize, Arc<engine::Bases>)>,
}

/// The Lagrange points of an SRS, for columns whose last `tail_rows` cells are random, or of which none is.
pub fn lagrange(srs: &Srs, tail_rows: usize) -> Arc<engine::Bases> {
    let kept = &srs.bases().lagrange;
    match kept.get() {
        Some((of, bases)) if *of == tail_rows => bases.clone(),
        _ => {
            let points = srs.lagrange_points();
            let bases = engine::Bases::new(Path::of_machine(), &points, &srs.tail(tail_rows));
            let bases = Arc::new(bases);
            // Not under a lock: threads that make it may take other work meanwhile, which asks for it too.
            let _first_stays = kept.set((tail_rows, bases.clone()));
            bases
        }
    }
}

/// The powers of an SRS.
fn coeff(srs: &Srs) -> Arc<engine::Bases> {
    let kept = &srs.bases().coeff;
    kept.get().cloned().unwrap_or_else(|| {
        let bases = Arc::new(engine::Bases::new(Path::of_machine(), srs.g1_points(), &[]));
        let _first_stays = kept.set(bases.clone());
        bases
    })
}

impl Bases {
    /// Points of an SRS, for columns whose last `tail_rows` cells are random.
    pub fn new(srs: &Srs, tail_rows: usize) -> Self {
        let (coeff, lagrange) = rayon::join(|| coeff(srs), || lagrange(srs, tail_rows));
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

#[cfg(test)]
mod tests {
    use super::*;
    use halo2curves::ff::Field;

    /// Points are made once for an SRS and its copies; for another number of random cells they are others.
    #[test]
    fn points_of_an_srs_are_made_once() {
        let srs = Srs::dev_from_seed(6, [3; 32]);
        let first = Bases::new(&srs, 6);
        let again = Bases::new(&srs.clone(), 6);
        assert!(Arc::ptr_eq(&first.lagrange, &again.lagrange) && Arc::ptr_eq(&first.coeff, &again.coeff));
        let (fewer, tail) = (lagrange(&srs, 4), [1, 2, 3, 4].map(Fr::from));
        let tailed = Column {
            cells: Cells::Integers(&[]),
            tail: &tail,
        };
        let cells = [vec![Fr::ZERO; 60], tail.to_vec()].concat();
        assert_eq!(fewer.commit(&[tailed]), first.commit_lagrange(&[cells]));
        assert!(Arc::ptr_eq(&first.lagrange, &lagrange(&srs, 6)));
    }
}
