//! Powers of the challenges `r`, `t`, `s`, in one column.

use super::columns::{Next, Phase};
use super::config::Config;
use super::expr::{before, cell, constant, fixed, is, powers};
use crate::layout::Layout;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;

/// Advice columns.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// A run of powers of each challenge, then ones.
    pub pow: T,
}

impl<T> Columns<T> {
    pub(super) fn new(next: &mut Next<'_, T>) -> Self {
        Self {
            pow: next(Phase::Third.read_at(2)),
        }
    }

    pub(super) fn copied(&self) -> [&T; 1] {
        [&self.pow]
    }
}

/// Fixed columns.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// 1, 2, 3 on rows that multiply by `r`, `t`, `s`; 0 on those that hold 1.
    pub by: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(next: &mut dyn FnMut() -> T) -> Self {
        Self { by: next() }
    }

    pub(super) fn fill(&self, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        let mut start = 0;
        for (by, len) in (1..).zip(layout.powers.runs()) {
            (start + 1..start + len).for_each(|row| set(&self.by, row, Fr::from(by)));
            start += len;
        }
    }
}

/// `usable (pow - 1) - sum_c [by = c] (c pow_prev - 1) = 0` over the challenges `c`: `pow` is 1 where `by` is 0, and `c pow_prev` where it names `c`.
/// Every row is determined from those before it; needs no soundness of its own: the powers are of fixed challenges.
pub(super) fn gate(meta: &mut ConstraintSystem<Fr>, c: &Config) {
    let (Some(&Columns { pow }), Some(&Fixed { by })) = (c.advice.powers.as_ref(), c.fixed.powers.as_ref()) else {
        return;
    };
    meta.create_gate("powers", |m| {
        let (now, last) = (cell(m, pow), before(m, pow, 1));
        let by = fixed(m, by);
        let challenges = (1..).zip([c.challenges.r.expr(), c.challenges.t.expr(), c.s()]);
        let steps = challenges.map(|(name, c)| is(&by, name, 4) * (c * last.clone() - constant(1)));
        let usable = c.rows.usable(m) * (now - constant(1));
        vec![("power", steps.fold(usable, |sum, step| sum - step))]
    });
}

/// The column, for the challenges `r`, `t`, `s`.
pub(super) fn column(layout: &Layout, challenges: [Fr; 3]) -> Vec<Fr> {
    let runs = challenges.into_iter().zip(layout.powers.runs());
    let mut column: Vec<Fr> = runs.flat_map(|(base, len)| powers(base, len)).collect();
    column.resize(layout.shape.usable(), Fr::one());
    column
}
