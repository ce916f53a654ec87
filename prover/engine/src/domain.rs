//! Polynomials by their values on the powers of a root of unity.

use crate::columns::{Columns, Given, Ratio};
use crate::path::Kind;
use crate::portable::Portable;
use crate::program::{Operand, Program};
use crate::rooms::Rooms;
use crate::Path;
use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, PrimeField};
use rayon::prelude::*;
use std::fmt::{self, Debug, Formatter};

/// The powers of a root of unity of order `2^k`.
#[derive(Debug)]
pub struct Domain {
    k: u32,
    omega: Fr,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Portable(Table<Portable>),
    #[cfg(target_arch = "x86_64")]
    Avx2(Box<Table<crate::avx2::Avx2>>),
    #[cfg(target_arch = "x86_64")]
    Ifma(Box<Table<crate::ifma::Ifma>>),
}

impl Domain {
    /// The domain of `2^k` rows, for `k` from 1 to 28 less what the degree of a quotient takes.
    pub fn new(path: Path, k: u32) -> Self {
        let omega = root(k);
        let kept = Kept::new(path, k);
        Self { k, omega, kept }
    }

    /// The root of unity.
    pub fn omega(&self) -> Fr {
        self.omega
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        1 << self.k
    }

    /// The powers of the root of unity, row by row.
    pub fn powers(&self) -> Vec<Fr> {
        powers(Fr::ONE, self.omega, self.rows())
    }

    /// The coefficients of the polynomial with these values, which may be left out at the end where they are zero.
    pub fn coefficients(&self, rows: &[Fr]) -> Vec<Fr> {
        match &self.kept {
            Kept::Portable(table) => table.coefficients(rows),
            #[cfg(target_arch = "x86_64")]
            Kept::Avx2(table) => table.coefficients(rows),
            #[cfg(target_arch = "x86_64")]
            Kept::Ifma(table) => table.coefficients(rows),
        }
    }

    /// The coefficients of `sum_i by^(m - 1 - i) term_i`, for the `m` terms that the program makes of these polynomials, divided by `X^n - 1`, if it is a multiple of
    /// that: as many as `pieces` times the rows, which is at least its degree and one more. Polynomials are given by coefficients, at most as many as rows.
    pub fn quotient(
        &self,
        program: &Program,
        (terms, by): (&[Operand], Fr),
        columns: &[&[Fr]],
        pieces: usize,
    ) -> Vec<Fr> {
        let (program, result) = program.joined(terms, by);
        match &self.kept {
            Kept::Portable(table) => table.quotient(&program, result, columns, pieces),
            #[cfg(target_arch = "x86_64")]
            Kept::Avx2(table) => table.quotient(&program, result, columns, pieces),
            #[cfg(target_arch = "x86_64")]
            Kept::Ifma(table) => table.quotient(&program, result, columns, pieces),
        }
    }
}

/// A root of unity of order `2^k`.
pub fn root(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

impl Kept {
    fn new(path: Path, k: u32) -> Self {
        // Where a path has no transform of this size, every machine's is taken.
        let kept = match path.0 {
            Kind::Portable => None,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(avx2) => Table::new(avx2, k).map(|table| Self::Avx2(Box::new(table))),
            #[cfg(target_arch = "x86_64")]
            Kind::Ifma(ifma) => Table::new(ifma, k).map(|table| Self::Ifma(Box::new(table))),
        };
        if let Some(kept) = kept {
            return kept;
        }
        let twiddles = roots(k).map(|(omega, k)| crate::portable::Twiddles::new(omega, k));
        Self::Portable(Table::of(Portable, k, twiddles))
    }
}

/// log2 of the classes of a coset at most, and of the rows of a class at least: fewer rows are no shorter transforms.
const CLASSES: u32 = 1;
const CLASS: u32 = 8;

/// log2 of the classes of a coset of `2^k` rows.
fn classes(k: u32) -> u32 {
    CLASSES.min(k.saturating_sub(CLASS))
}

/// Roots of transforms with their sizes: to the values of a class, and back from those of all rows.
fn roots(k: u32) -> [(Fr, u32); 2] {
    let class = k - classes(k);
    [(root(class), class), (inverse(root(k)), k)]
}

/// A domain as a path has it.
pub struct Table<K: Columns> {
    pub kernel: K,
    pub rows: usize,
    /// How many classes the rows of a coset are in.
    pub classes: usize,
    /// Of the rows of a class.
    pub forward: K::Twiddles,
    backward: K::Twiddles,
    /// For each row what its value is multiplied by after the transform back.
    shares: Vec<Fr>,
    rooms: Rooms<K::Room>,
}

impl<K: Columns> Debug for Table<K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl<K: Columns> Table<K> {
    /// `None` if the path has no transform of this size.
    #[cfg(target_arch = "x86_64")]
    fn new(kernel: K, k: u32) -> Option<Self> {
        let [forward, backward] = roots(k).map(|(omega, k)| kernel.twiddles(omega, k));
        Some(Self::of(kernel, k, [forward?, backward?]))
    }

    fn of(kernel: K, k: u32, [forward, backward]: [K::Twiddles; 2]) -> Self {
        let rows = 1 << k;
        Self {
            kernel,
            rows,
            classes: 1 << classes(k),
            forward,
            backward,
            shares: vec![Fr::from(K::FORM) * inverse(Fr::from(rows as u64)); rows],
            rooms: Rooms::default(),
        }
    }

    fn coefficients(&self, rows: &[Fr]) -> Vec<Fr> {
        self.backward(rows, &self.shares)
    }

    /// The transform back, with factors.
    pub fn backward(&self, rows: &[Fr], after: &[Fr]) -> Vec<Fr> {
        let mut out = vec![Fr::ZERO; self.rows];
        self.transform(&self.backward, Given::Rows(rows), Some(after), &mut out);
        out
    }

    /// [`Columns::transform`]. Zero stays zero: such are selectors and public columns of what a circuit has no rows of. No secret column is
    /// zero, each ends in random cells.
    pub fn transform(&self, twiddles: &K::Twiddles, given: Given<'_>, after: Option<&[Fr]>, out: &mut [Fr]) {
        let (Given::Rows(elements)
        | Given::Coset {
            coefficients: elements, ..
        }) = given;
        if elements.iter().all(|element| *element == Fr::ZERO) {
            out.fill(Fr::ZERO);
            return;
        }
        let transform = |room: &mut _| self.kernel.transform(twiddles, given, after, out, room);
        self.rooms.with(K::Room::default, transform);
    }
}

/// `sum factor x_i` for rows up to `rows`; columns are zero where they end.
pub fn combine<K: Columns>(kernel: K, terms: &[(&[Fr], Fr)], rows: usize) -> Vec<Fr> {
    /// Rows whose sums stay in the cache nearest to a core.
    const ROWS: usize = 512;
    let mut out = vec![Fr::ZERO; rows];
    out.par_chunks_mut(ROWS)
        .enumerate()
        .for_each(|(index, out)| kernel.combine(terms, index * ROWS, out));
    out
}

/// The quotients of a permutation argument in so many rows.
pub fn ratios<K: Columns>(kernel: K, terms: &[Ratio<'_>], plus: Fr, rows: usize) -> Vec<Fr> {
    /// Rows that share an inversion.
    const ROWS: usize = 2048;
    let mut out = vec![Fr::ZERO; rows];
    out.par_chunks_mut(ROWS)
        .enumerate()
        .for_each(|(index, out)| kernel.ratios(terms, plus, index * ROWS, out));
    out
}

/// `first, first step, ..`
pub fn powers(first: Fr, step: Fr, count: usize) -> Vec<Fr> {
    /// Powers of a task.
    const TASK: usize = 1 << 10;
    let mut powers = vec![Fr::ZERO; count];
    powers.par_chunks_mut(TASK).enumerate().for_each(|(task, powers)| {
        let mut power = first * step.pow_vartime([(task * TASK) as u64]);
        for slot in powers {
            *slot = power;
            power *= step;
        }
    });
    powers
}

/// Of what is not zero.
pub fn inverse(element: Fr) -> Fr {
    element.invert().unwrap_or(Fr::ZERO)
}
