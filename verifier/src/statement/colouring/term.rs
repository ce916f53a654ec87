//! Gate polynomials in the making.

use crate::key::Expr;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// A polynomial as a postfix program.
#[derive(Clone, Debug)]
pub(super) struct Term(Vec<Expr>);

impl Term {
    pub(super) fn constant(value: Fr) -> Self {
        Self(vec![Expr::Constant(value)])
    }

    /// The advice query with this number.
    pub(super) fn advice(query: u32) -> Self {
        Self(vec![Expr::Advice(query)])
    }

    /// The instance query with this number.
    pub(super) fn instance(query: u32) -> Self {
        Self(vec![Expr::Instance(query)])
    }

    pub(super) fn challenge(index: u32) -> Self {
        Self(vec![Expr::Challenge(index)])
    }

    pub(super) fn scaled(mut self, factor: Fr) -> Self {
        self.0.push(Expr::Scaled(factor));
        self
    }

    pub(super) fn plus(self, other: Self) -> Self {
        self.join(other, Expr::Sum)
    }

    pub(super) fn minus(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self.0.extend([Expr::Negated, Expr::Sum]);
        self
    }

    pub(super) fn times(self, other: Self) -> Self {
        self.join(other, Expr::Product)
    }

    /// `1 - self`
    pub(super) fn complement(self) -> Self {
        Self::constant(Fr::ONE).minus(self)
    }

    /// `sum_i terms_i base^i`, zero if there are none.
    pub(super) fn joined(terms: Vec<Self>, base: &Self) -> Self {
        let join = |sum: Self, term: Self| sum.times(base.clone()).plus(term);
        terms.into_iter().rev().reduce(join).unwrap_or(Self::constant(Fr::ZERO))
    }

    pub(super) fn sum(terms: Vec<Self>) -> Self {
        terms.into_iter().reduce(Self::plus).unwrap_or(Self::constant(Fr::ZERO))
    }

    pub(super) fn finish(self) -> Vec<Expr> {
        self.0
    }

    fn join(mut self, other: Self, op: Expr) -> Self {
        self.0.extend(other.0);
        self.0.push(op);
        self
    }
}
