//! All columns and gates.

use super::columns::{Columns, Fixed, Phase};
use super::expr::{constant, Expr};
use super::{dense, function, labels, lane, lines, policy, powers, range, rows, scan};
use crate::layout::Shape;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Advice, Challenge, Column, ConstraintSystem, FirstPhase, Instance, SecondPhase, ThirdPhase};

/// Challenges: `r`, `t`, `alpha` after phase 1, `s` after phase 2.
#[derive(Clone, Copy, Debug)]
pub struct Challenges {
    /// Of channels.
    pub r: Challenge,
    /// Of positions.
    pub t: Challenge,
    /// Of lookups.
    pub alpha: Challenge,
    /// Of lines; a dense layout has none.
    pub s: Option<Challenge>,
}

/// All columns.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) shape: Shape,
    phases: [Vec<Column<Advice>>; 3],
    /// Challenges.
    pub challenges: Challenges,
    /// Advice columns.
    pub advice: Columns<Column<Advice>>,
    /// Fixed columns.
    pub fixed: Fixed<Column<halo2_proofs::plonk::Fixed>>,
    /// Policy columns `a, t, c, g`.
    pub policy: [Column<Instance>; 4],
    /// Public inputs and outputs that are shown whole, on each lane, if there are any.
    pub public: Vec<Column<Instance>>,
    /// Rows of whole outputs that the claim shows.
    pub shown: Option<Column<Instance>>,
    /// What is counted of the items of a batch: computed after the challenges.
    pub counted: Option<Column<Instance>>,
    pub(super) rows: rows::Columns,
}

impl Config {
    /// Columns and gates for a shape.
    pub fn new(meta: &mut ConstraintSystem<Fr>, shape: &Shape) -> Self {
        meta.set_minimum_degree(5);
        let [first, second, third] = Columns::count(shape).map(|count| 0..count);
        let first: Vec<_> = first.map(|_| meta.advice_column_in(FirstPhase)).collect();
        let [r, t, alpha] = [(); 3].map(|()| meta.challenge_usable_after(FirstPhase));
        let second: Vec<_> = second.map(|_| meta.advice_column_in(SecondPhase)).collect();
        let s = (!shape.dense).then(|| meta.challenge_usable_after(SecondPhase));
        let third: Vec<_> = third.map(|_| meta.advice_column_in(ThirdPhase)).collect();
        let phases = [first, second, third];
        let advice = Columns::from_phases(shape, phases.each_ref().map(|columns| columns.iter().copied()));
        let fixed = Fixed::new(shape, &mut || meta.fixed_column());
        advice.copied().for_each(|column| meta.enable_equality(*column));
        let config = Self {
            shape: shape.clone(),
            phases,
            challenges: Challenges { r, t, alpha, s },
            advice,
            fixed,
            policy: [(); 4].map(|()| meta.instance_column()),
            public: (0..shape.public_columns()).map(|_| meta.instance_column()).collect(),
            shown: (!shape.whole.is_empty()).then(|| meta.instance_column()),
            counted: (shape.items > 0).then(|| meta.instance_column()),
            rows: rows::Columns::new(meta),
        };
        config.gates(meta);
        config
    }

    fn gates(&self, meta: &mut ConstraintSystem<Fr>) {
        powers::gate(meta, self);
        match self.shape.dense {
            true => dense::gate(meta, self),
            false => lines::gate(meta, self),
        }
        (0..self.advice.slots.len()).for_each(|slot| scan::gate(meta, self, slot));
        (0..self.advice.lanes.len()).for_each(|lane| lane::gates(meta, self, lane));
        match self.shape.dense {
            true => dense::policy_gate(meta, self),
            false => policy::gate(meta, self),
        }
        labels::gate(meta, self);
        function::gate(meta, self);
        range::gate(meta, self);
    }

    /// The challenge `s`.
    pub(super) fn s(&self) -> Expr {
        self.challenges.s.map_or_else(|| constant(0), |s| s.expr())
    }

    /// Advice columns of a phase, in the order of their values in a [`Witness`](crate::argument::Witness).
    pub fn phase(&self, phase: Phase) -> &[Column<Advice>] {
        &self.phases[phase as usize]
    }
}
