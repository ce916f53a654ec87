//! Which instructions are used.

use crate::columns::{Columns, Ratio};
use crate::domain::{combine, ratios};
use crate::portable::Portable;
use halo2curves::bn256::Fr;
use std::sync::OnceLock;

/// Name of the environment variable that forces the portable path, with the value `portable`.
const VARIABLE: &str = "PROVENN_ENGINE";

/// Instructions that a machine has.
#[derive(Clone, Copy, Debug)]
pub struct Path(#[cfg(target_arch = "x86_64")] pub(crate) Option<crate::ifma::Ifma>);

impl Path {
    /// The path of every machine.
    pub fn portable() -> Self {
        Self(
            #[cfg(target_arch = "x86_64")]
            None,
        )
    }

    /// The path with AVX-512 IFMA, if the machine has it.
    #[cfg(target_arch = "x86_64")]
    pub fn ifma() -> Option<Self> {
        crate::ifma::Ifma::detect().map(|ifma| Self(Some(ifma)))
    }

    /// The path with AVX-512 IFMA, if the machine has it.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn ifma() -> Option<Self> {
        None
    }

    /// The faster one; the portable one if the environment variable `PROVENN_ENGINE` is `portable`.
    pub fn of_machine() -> Self {
        static PATH: OnceLock<Path> = OnceLock::new();
        *PATH.get_or_init(|| match std::env::var(VARIABLE) {
            Ok(value) if value == "portable" => Self::portable(),
            _ => Self::ifma().unwrap_or_else(Self::portable),
        })
    }

    /// Whether it is the one with AVX-512 IFMA.
    pub fn is_ifma(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self.0.is_some();
        #[cfg(not(target_arch = "x86_64"))]
        false
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self.is_ifma() {
            true => "ifma",
            false => "portable",
        }
    }

    /// `sum factor x_i` of columns, for so many rows; columns are zero where they end.
    pub fn combine(self, terms: &[(&[Fr], Fr)], rows: usize) -> Vec<Fr> {
        #[cfg(target_arch = "x86_64")]
        if let Some(ifma) = self.0 {
            return combine(ifma, terms, rows);
        }
        combine(Portable, terms, rows)
    }

    /// The product of what all columns add to the quotient of a permutation argument, in so many rows, which all columns have; `plus` is added
    /// to each cell. 0 where something below the line is 0.
    pub fn ratios(self, terms: &[Ratio<'_>], plus: Fr, rows: usize) -> Vec<Fr> {
        #[cfg(target_arch = "x86_64")]
        if let Some(ifma) = self.0 {
            return ratios(ifma, terms, plus, rows);
        }
        ratios(Portable, terms, plus, rows)
    }

    /// The value of a polynomial at a point.
    pub fn evaluate(self, coefficients: &[Fr], point: Fr) -> Fr {
        #[cfg(target_arch = "x86_64")]
        if let Some(ifma) = self.0 {
            return ifma.evaluate(coefficients, point);
        }
        Portable.evaluate(coefficients, point)
    }
}
