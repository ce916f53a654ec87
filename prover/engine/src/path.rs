//! Which instructions are used.

use crate::columns::{Columns, Ratio};
use crate::domain::{combine, ratios};
use halo2curves::bn256::Fr;
use std::sync::OnceLock;

/// Name of the environment variable that forces a path, by its name.
const VARIABLE: &str = "PROVENN_ENGINE";

/// Instructions that a machine has.
#[derive(Clone, Copy, Debug)]
pub struct Path(pub(crate) Kind);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(crate::avx2::Avx2),
    #[cfg(target_arch = "x86_64")]
    Ifma(crate::ifma::Ifma),
}

/// What a path gives, by the functions of all.
macro_rules! by_path {
    ($path:expr, $kernel:ident => $result:expr) => {
        match $path.0 {
            $crate::path::Kind::Portable => {
                let $kernel = $crate::portable::Portable;
                $result
            }
            #[cfg(target_arch = "x86_64")]
            $crate::path::Kind::Avx2($kernel) => $result,
            #[cfg(target_arch = "x86_64")]
            $crate::path::Kind::Ifma($kernel) => $result,
        }
    };
}
pub(crate) use by_path;

impl Path {
    /// All that the machine has, the slowest first.
    pub fn all() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        let vectors = [
            crate::avx2::Avx2::detect().map(Kind::Avx2),
            crate::ifma::Ifma::detect().map(Kind::Ifma),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let vectors: [Option<Kind>; 0] = [];
        let all = std::iter::once(Kind::Portable).chain(vectors.into_iter().flatten());
        all.map(Self).collect()
    }

    /// The path of every machine.
    pub fn portable() -> Self {
        Self(Kind::Portable)
    }

    /// The fastest one; of those that the machine has another one, if the environment variable `PROVENN_ENGINE` is its name.
    pub fn of_machine() -> Self {
        static PATH: OnceLock<Path> = OnceLock::new();
        *PATH.get_or_init(|| {
            let (wanted, mut all) = (std::env::var(VARIABLE), Self::all());
            let chosen = all.iter().find(|path| wanted.as_deref() == Ok(path.name())).copied();
            chosen.or_else(|| all.pop()).unwrap_or(Self::portable())
        })
    }

    /// What it is called: `portable`, `avx2` or `ifma`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::Ifma(_) => "ifma",
        }
    }

    /// `sum factor x_i` of columns, for so many rows; columns are zero where they end.
    pub fn combine(self, terms: &[(&[Fr], Fr)], rows: usize) -> Vec<Fr> {
        by_path!(self, kernel => combine(kernel, terms, rows))
    }

    /// The product of what all columns add to the quotient of a permutation argument, in so many rows, which all columns have; `plus` is added
    /// to each cell. 0 where something below the line is 0.
    pub fn ratios(self, terms: &[Ratio<'_>], plus: Fr, rows: usize) -> Vec<Fr> {
        by_path!(self, kernel => ratios(kernel, terms, plus, rows))
    }

    /// The value of a polynomial at a point.
    pub fn evaluate(self, coefficients: &[Fr], point: Fr) -> Fr {
        by_path!(self, kernel => kernel.evaluate(coefficients, point))
    }
}
