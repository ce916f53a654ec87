//! Expressions of gates.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{Field, PrimeField};
use halo2_proofs::plonk::{Advice, Column, Expression, Fixed, VirtualCells};
use halo2_proofs::poly::Rotation;

pub(crate) type Expr = Expression<Fr>;

/// The cells that a gate reads.
pub(crate) type Cells<'m> = VirtualCells<'m, Fr>;

/// Polynomials that vanish on every row, by what they say.
pub(crate) type Gates = Vec<(&'static str, Expr)>;

/// The cell of the row.
pub(crate) fn cell(m: &mut Cells<'_>, column: Column<Advice>) -> Expr {
    m.query_advice(column, Rotation::cur())
}

/// The cell so many rows before.
pub(crate) fn before(m: &mut Cells<'_>, column: Column<Advice>, rows: i32) -> Expr {
    m.query_advice(column, Rotation(-rows))
}

/// The fixed cell of the row.
pub(crate) fn fixed(m: &mut Cells<'_>, column: Column<Fixed>) -> Expr {
    m.query_fixed(column, Rotation::cur())
}

pub(crate) fn constant(v: u64) -> Expr {
    Expression::Constant(Fr::from(v))
}

pub(crate) fn power_of_two(e: u32) -> Fr {
    Fr::from(2).pow([u64::from(e)])
}

/// `sum of base^i * terms[i]`, by Horner.
pub(crate) fn horner(terms: Vec<Expr>, base: &Expr) -> Expr {
    terms
        .into_iter()
        .rev()
        .reduce(|acc, term| acc * base.clone() + term)
        .unwrap_or_else(|| constant(0))
}

/// 0 only where `x` is 0 or 1.
pub(crate) fn boolean(x: Expr) -> Expr {
    x.clone() * (x - constant(1))
}

/// A signed integer as a field element.
pub fn signed(v: i128) -> Fr {
    // The library doubles its way through 128 bits.
    let magnitude = match u64::try_from(v.unsigned_abs()) {
        Ok(magnitude) => Fr::from(magnitude),
        Err(_) => Fr::from_u128(v.unsigned_abs()),
    };
    if v < 0 {
        -magnitude
    } else {
        magnitude
    }
}

/// `1, base, base^2, ...`
pub(crate) fn powers(base: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::ONE), |power| Some(power * base))
        .take(count)
        .collect()
}

/// 1 where a fixed cell is `value`, 0 where it is another number of `0..values`. Its degree is `values - 1`.
pub(crate) fn is(fixed: &Expr, value: u64, values: u64) -> Expr {
    let others = || (0..values).filter(|other| *other != value);
    let factors = others().map(|other| away(fixed, other));
    let scale: Fr = others().map(|other| Fr::from(value) - Fr::from(other)).product();
    match scale == Fr::ONE {
        true => product(factors),
        false => product(factors) * scale.invert().unwrap_or(Fr::ZERO),
    }
}

/// 0 where a fixed cell is `value`.
fn away(fixed: &Expr, value: u64) -> Expr {
    match value {
        0 => fixed.clone(),
        value => fixed.clone() - constant(value),
    }
}

/// The product of these factors.
pub(crate) fn product(factors: impl Iterator<Item = Expr>) -> Expr {
    factors.reduce(|a, b| a * b).unwrap_or_else(|| constant(1))
}

#[cfg(test)]
mod tests;
