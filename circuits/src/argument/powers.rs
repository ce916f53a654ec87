//! Powers of the challenges `r`, `t`, `s`, in one column.

use super::columns::{Next, Phase};
use super::config::Config;
use super::expr::{before, cell, constant, fixed, powers};
use crate::layout::Layout;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;

/// Advice columns.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// A run of powers of each challenge.
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
    /// Rows that start a run.
    pub one: T,
    /// Rows that multiply by `r`, `t`, `s`.
    pub by: [T; 3],
}

impl<T> Fixed<T> {
    pub(super) fn new(next: &mut dyn FnMut() -> T) -> Self {
        Self {
            one: next(),
            by: [(); 3].map(|()| next()),
        }
    }

    pub(super) fn fill(&self, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        let mut start = 0;
        for (by, len) in self.by.iter().zip(layout.powers.runs()) {
            set(&self.one, start, Fr::one());
            (start + 1..start + len).for_each(|row| set(by, row, Fr::one()));
            start += len;
        }
    }
}

/// `one * (pow - 1) = 0`, `pow * q - q * challenge * pow_prev = 0` with `q` one of `by`.
/// Each run is determined from its first row on; needs no soundness of its own: the powers are of fixed challenges.
pub(super) fn gate(meta: &mut ConstraintSystem<Fr>, c: &Config) {
    let (columns, selectors) = (&c.advice.powers, &c.fixed.powers);
    meta.create_gate("powers", |m| {
        let (now, last) = (cell(m, columns.pow), before(m, columns.pow, 1));
        let one = fixed(m, selectors.one);
        let [r, t, s] = selectors.by.map(|by| fixed(m, by));
        let challenges = &c.challenges;
        let step = r.clone() * challenges.r.expr() + t.clone() * challenges.t.expr() + s.clone() * challenges.s.expr();
        vec![
            ("first power", one * (now.clone() - constant(1))),
            ("next power", (r + t + s) * now - step * last),
        ]
    });
}

/// The column, for the challenges `r`, `t`, `s`.
pub(super) fn column(layout: &Layout, challenges: [Fr; 3]) -> Vec<Fr> {
    let runs = challenges.into_iter().zip(layout.powers.runs());
    runs.flat_map(|(base, len)| powers(base, len)).collect()
}
