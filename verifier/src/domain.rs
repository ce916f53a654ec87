//! The multiplicative subgroup of `2^k` rows; nothing of that size is ever computed.

use crate::error::VerifyError;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// Rows are the powers of `omega`.
pub(crate) struct Domain {
    k: u32,
    omega: Fr,
    omega_inverse: Fr,
}

impl Domain {
    /// `k` is at most 28.
    pub(crate) fn new(k: u32) -> Self {
        let mut omega = Fr::ROOT_OF_UNITY;
        let mut omega_inverse = Fr::ROOT_OF_UNITY_INVERSE;
        for _ in k..Fr::TWO_ADICITY {
            omega = omega.square();
            omega_inverse = omega_inverse.square();
        }
        Self {
            k,
            omega,
            omega_inverse,
        }
    }

    /// `x^(2^k)`.
    pub(crate) fn power_n(&self, x: Fr) -> Fr {
        (0..self.k).fold(x, |power, _| power.square())
    }

    /// `x * omega^rotation`.
    pub(crate) fn rotate(&self, x: Fr, rotation: i32) -> Fr {
        let base = match rotation < 0 {
            true => self.omega_inverse,
            false => self.omega,
        };
        x * base.pow(u64::from(rotation.unsigned_abs()))
    }

    /// Lagrange polynomials of rows `first`, `first + 1`, .. at `x`, `count` of them; negative rows count from the end.
    ///
    /// `L_i(x) = omega^i (x^n - 1) / (n (x - omega^i))`
    pub(crate) fn lagrange(&self, x: Fr, x_n: Fr, first: i32, count: usize) -> Result<Vec<Fr>, VerifyError> {
        let mut row = self.rotate(Fr::ONE, first);
        let rows: Vec<Fr> = (0..count)
            .map(|_| {
                let current = row;
                row *= self.omega;
                current
            })
            .collect();
        let mut values: Vec<Fr> = rows.iter().map(|row| x - row).collect();
        batch_invert(&mut values)?;
        let common = (x_n - Fr::ONE) * Fr::HALF.pow(u64::from(self.k));
        for (value, row) in values.iter_mut().zip(rows) {
            *value *= row * common;
        }
        Ok(values)
    }
}

/// Replaces each value by its inverse; one field inversion in all.
pub(crate) fn batch_invert(values: &mut [Fr]) -> Result<(), VerifyError> {
    if values.iter().any(Fr::is_zero) {
        return Err(VerifyError::DegenerateChallenge);
    }
    provenn_bn254::batch_invert(values);
    Ok(())
}

/// The inverse of a value that is zero with negligible probability only.
pub(crate) fn invert(value: Fr) -> Result<Fr, VerifyError> {
    value.invert().ok_or(VerifyError::DegenerateChallenge)
}

/// `1, base, base^2, ..`
pub(crate) fn powers(base: Fr) -> impl Iterator<Item = Fr> {
    powers_of([base]).map(|[power]| power)
}

/// The powers of several, which do not wait for one another.
pub(crate) fn powers_of<const N: usize>(bases: [Fr; N]) -> impl Iterator<Item = [Fr; N]> {
    let mut next = [Fr::ONE; N];
    core::iter::repeat_with(move || {
        let powers = next;
        for (power, base) in next.iter_mut().zip(&bases) {
            *power *= base;
        }
        powers
    })
}
