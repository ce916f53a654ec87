//! Which instructions are used.

use crate::columns::{Columns, Ratio};
use crate::domain::{combine, ratios};
use halo2curves::bn256::Fr;
use std::error::Error;
use std::ffi::OsStr;
use std::fmt::{self, Display, Formatter};
use std::sync::OnceLock;

/// Name of the environment variable that forces a path, by its name.
pub const VARIABLE: &str = "PROVENN_ENGINE";

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

/// What `PROVENN_ENGINE` is, which is the name of no path that this machine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSuchPath(String);

impl Display for NoSuchPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let all: Vec<&str> = Path::all().into_iter().map(Path::name).collect();
        let (wanted, all) = (&self.0, all.join(", "));
        write!(f, "{VARIABLE} is {wanted:?}; expected one that this machine has: {all}")
    }
}

impl Error for NoSuchPath {}

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

    /// The fastest one, or the one that the environment variable `PROVENN_ENGINE` names. If it names none of [`all`](Self::all), it is the
    /// fastest one: programs ask [`chosen`](Self::chosen) when they start.
    pub fn of_machine() -> Self {
        static PATH: OnceLock<Path> = OnceLock::new();
        *PATH.get_or_init(|| Self::chosen().unwrap_or_else(|_| Self::fastest()))
    }

    /// The one that the environment variable `PROVENN_ENGINE` names, the fastest one if it is not set or empty.
    ///
    /// # Errors
    /// It names none that this machine has.
    pub fn chosen() -> Result<Self, NoSuchPath> {
        Self::of_name(std::env::var_os(VARIABLE).as_deref())
    }

    fn of_name(wanted: Option<&OsStr>) -> Result<Self, NoSuchPath> {
        match wanted {
            Some(name) if !name.is_empty() => {
                let found = Self::all().into_iter().find(|path| name == path.name());
                found.ok_or_else(|| NoSuchPath(name.to_string_lossy().into_owned()))
            }
            _ => Ok(Self::fastest()),
        }
    }

    fn fastest() -> Self {
        Self::all().pop().unwrap_or(Self::portable())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_that_of_its_name_and_no_other() {
        let named = |name: &str| Path::of_name(Some(OsStr::new(name))).map(Path::name);
        for path in Path::all() {
            assert_eq!(named(path.name()), Ok(path.name()));
        }
        let fastest = Path::all().pop().map(Path::name);
        assert_eq!(Path::of_name(None).ok().map(Path::name), fastest);
        assert_eq!(named("").ok(), fastest);
        for wrong in ["portble", "Portable", "portable ", "avx512", "0"] {
            let refused = named(wrong).map_err(|refused| refused.to_string());
            let refused = refused.err().unwrap_or_default();
            assert!(
                refused.contains(wrong) && refused.contains("portable"),
                "{wrong}: {refused}"
            );
        }
    }
}
