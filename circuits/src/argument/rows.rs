//! Sets of rows that every circuit has. They are public columns, the last ones: the verifier evaluates them by formulas
//! ([`RowSet`](provenn_verifier::RowSet)), so that nothing is committed and no proof opens them.

use super::expr::{Cells, Expr};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Column, ConstraintSystem, Instance};
use halo2_proofs::poly::Rotation;

/// The columns, in the order of [`RowSet::ALL`](provenn_verifier::RowSet::ALL).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    usable: Column<Instance>,
    not_first: Column<Instance>,
    last: Column<Instance>,
}

impl Columns {
    /// Call it when all other instance columns are made.
    pub(crate) fn new(meta: &mut ConstraintSystem<Fr>) -> Self {
        let [usable, not_first, last] = [(); 3].map(|()| meta.instance_column());
        Self {
            usable,
            not_first,
            last,
        }
    }

    /// 1 on usable rows.
    pub(crate) fn usable(&self, m: &mut Cells<'_>) -> Expr {
        m.query_instance(self.usable, Rotation::cur())
    }

    /// 1 on usable rows but the first.
    pub(crate) fn not_first(&self, m: &mut Cells<'_>) -> Expr {
        m.query_instance(self.not_first, Rotation::cur())
    }

    /// 1 on the last usable row.
    pub(crate) fn last(&self, m: &mut Cells<'_>) -> Expr {
        m.query_instance(self.last, Rotation::cur())
    }
}

/// Cells of the columns of a circuit with so many usable rows.
pub fn row_sets(usable: usize) -> [Vec<Fr>; 3] {
    let on = |set: &dyn Fn(usize) -> bool| (0..usable).map(|row| Fr::from(u64::from(set(row)))).collect();
    [on(&|_| true), on(&|row| row > 0), on(&|row| row + 1 == usable)]
}
