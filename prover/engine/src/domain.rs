//! Polynomials by their values on the powers of a root of unity, and the quotient of a program of them.

use crate::columns::{Columns, Ratio, BLOCK};
use crate::path::Kind;
use crate::portable::Portable;
use crate::program::Compiled;
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
        let kept = Kept::new(path, omega, k);
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

    /// The coefficients of the polynomials with these values, which may be left out at the end where they are zero. The memory of a column is given back when its
    /// coefficients are there.
    pub fn coefficients(&self, columns: Vec<Vec<Fr>>) -> Vec<Vec<Fr>> {
        match &self.kept {
            Kept::Portable(table) => table.coefficients(columns),
            #[cfg(target_arch = "x86_64")]
            Kept::Avx2(table) => table.coefficients(columns),
            #[cfg(target_arch = "x86_64")]
            Kept::Ifma(table) => table.coefficients(columns),
        }
    }

    /// The coefficients of what the program makes of these polynomials, divided by `X^n - 1`, if it is a multiple of that: as many
    /// as `pieces` times the rows, which is at least its degree and one more. Polynomials are given by coefficients, at most as many as rows.
    pub fn quotient(&self, program: &Compiled, columns: &[&[Fr]], pieces: usize) -> Vec<Fr> {
        match &self.kept {
            Kept::Portable(table) => table.quotient(program, columns, pieces),
            #[cfg(target_arch = "x86_64")]
            Kept::Avx2(table) => table.quotient(program, columns, pieces),
            #[cfg(target_arch = "x86_64")]
            Kept::Ifma(table) => table.quotient(program, columns, pieces),
        }
    }
}

/// A root of unity of order `2^k`.
fn root(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

impl Kept {
    fn new(path: Path, omega: Fr, k: u32) -> Self {
        // Where a path has no transform of this size, every machine's is taken.
        let kept = match path.0 {
            Kind::Portable => None,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(avx2) => Table::new(avx2, omega, k).map(|table| Self::Avx2(Box::new(table))),
            #[cfg(target_arch = "x86_64")]
            Kind::Ifma(ifma) => Table::new(ifma, omega, k).map(|table| Self::Ifma(Box::new(table))),
        };
        if let Some(kept) = kept {
            return kept;
        }
        let twiddles = |omega: Fr| crate::portable::Twiddles::new(omega, k);
        Self::Portable(Table {
            kernel: Portable,
            rows: 1 << k,
            forward: twiddles(omega),
            backward: twiddles(inverse(omega)),
            rooms: Rooms::default(),
        })
    }
}

struct Table<K: Columns> {
    kernel: K,
    rows: usize,
    forward: K::Twiddles,
    backward: K::Twiddles,
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
    #[cfg(target_arch = "x86_64")]
    fn new(kernel: K, omega: Fr, k: u32) -> Option<Self> {
        Some(Self {
            kernel,
            rows: 1 << k,
            forward: kernel.twiddles(omega, k)?,
            backward: kernel.twiddles(inverse(omega), k)?,
            rooms: Rooms::default(),
        })
    }

    fn coefficients(&self, columns: Vec<Vec<Fr>>) -> Vec<Vec<Fr>> {
        let share = Fr::from(K::FORM) * inverse(Fr::from(self.rows as u64));
        let shares = vec![share; self.rows];
        let of = |rows: Vec<Fr>| self.backward(&rows, &shares);
        columns.into_par_iter().map(of).collect()
    }

    /// The transform back, with factors.
    fn backward(&self, rows: &[Fr], after: &[Fr]) -> Vec<Fr> {
        let mut out = vec![Fr::ZERO; self.rows];
        self.transform(&self.backward, rows, None, Some(after), &mut out);
        out
    }

    /// [`Columns::transform`]. Zero stays zero: such are selectors and public columns of what a circuit has no rows of. No secret column is
    /// zero, each ends in random cells.
    fn transform(
        &self,
        twiddles: &K::Twiddles,
        rows: &[Fr],
        before: Option<&[Fr]>,
        after: Option<&[Fr]>,
        out: &mut [Fr],
    ) {
        if rows.iter().all(|row| *row == Fr::ZERO) {
            out.fill(Fr::ZERO);
            return;
        }
        let transform = |room: &mut _| self.kernel.transform(twiddles, rows, before, after, out, room);
        self.rooms.with(K::Room::default, transform);
    }

    /// On each of as many cosets `s H` as there are pieces the quotient `Q = sum X^(nt) Q_t` is `sum v^t Q_t` with the constant `v = s^n`:
    /// its values there, program by `v - 1`, give that polynomial of less than `n` coefficients, and these give the pieces `Q_t`, as
    /// the matrix of the powers of the `v` has an inverse.
    fn quotient(&self, program: &Compiled, columns: &[&[Fr]], pieces: usize) -> Vec<Fr> {
        let step = root(self.rows.trailing_zeros() + pieces.next_power_of_two().trailing_zeros());
        // A generator of the group: no power of it is of an order of two.
        let shifts = powers(Fr::MULTIPLICATIVE_GENERATOR, step, pieces);
        let values = |shift: &Fr| shift.pow([self.rows as u64]);
        let constants: Vec<Fr> = shifts.iter().map(values).collect();
        let program = program.scaled(Fr::from(K::FORM));
        let registers = Rooms::default();
        // One after the other, in the same memory: what is freed between them is taken back page by page.
        let mut values: Vec<Vec<Fr>> = columns.par_iter().map(|_| vec![Fr::ZERO; self.rows]).collect();
        let parts = shifts
            .iter()
            .map(|shift| self.values((&program, &registers), columns, *shift, &mut values));
        let parts: Vec<Vec<Fr>> = parts.collect();
        drop(values);
        let parts = parts.par_iter().zip(&shifts).map(|(part, shift)| {
            let after = powers(inverse(Fr::from(self.rows as u64)), inverse(*shift), self.rows);
            self.backward(&part[..self.rows], &after)
        });
        let parts: Vec<Vec<Fr>> = parts.collect();
        let weights = weights(&constants);
        let piece = |of: Vec<Fr>| {
            let terms: Vec<(&[Fr], Fr)> = parts.iter().map(Vec::as_slice).zip(of).collect();
            combine(self.kernel, &terms, self.rows)
        };
        weights.into_iter().flat_map(piece).collect()
    }

    /// What the program makes of the columns on the coset, in whole blocks; the columns' values there are written to `values`.
    fn values(
        &self,
        (program, registers): (&Compiled, &Rooms<K::Registers>),
        columns: &[&[Fr]],
        shift: Fr,
        values: &mut [Vec<Fr>],
    ) -> Vec<Fr> {
        /// Blocks of a task: few enough that no core waits long for another.
        const TASK: usize = 8;
        let (kernel, form) = (self.kernel, Fr::from(K::FORM));
        let before = powers(form * form, shift, self.rows);
        columns.par_iter().zip(&mut *values).for_each(|(column, values)| {
            self.transform(&self.forward, column, Some(&before), None, values);
        });
        let values: Vec<&[Fr]> = values.iter().map(Vec::as_slice).collect();
        let mut part = vec![Fr::ZERO; self.rows.next_multiple_of(BLOCK)];
        let tasks = part.par_chunks_mut(TASK * BLOCK).enumerate();
        tasks.for_each(|(task, rows)| {
            let run = |registers: &mut _| {
                for (block, out) in rows.as_chunks_mut().0.iter_mut().enumerate() {
                    kernel.run(program, &values, (task * TASK + block) * BLOCK, out, registers);
                }
            };
            registers.with(|| kernel.registers(program), run);
        });
        part
    }
}

/// A polynomial of `v` with as many coefficients as there are `v`, from its values times `v - 1`: for each coefficient the factors of these.
fn weights(at: &[Fr]) -> Vec<Vec<Fr>> {
    let lagrange = |i: usize| {
        // Coefficients of the product of all `X - v_j` with `j != i`.
        let mut product = vec![Fr::ONE];
        let mut divisor = at[i] - Fr::ONE;
        for other in (0..at.len()).filter(|j| *j != i).map(|j| at[j]) {
            divisor *= at[i] - other;
            product.push(Fr::ZERO);
            for place in (0..product.len()).rev() {
                let lower = if place > 0 { product[place - 1] } else { Fr::ZERO };
                product[place] = lower - other * product[place];
            }
        }
        let share = inverse(divisor);
        product.into_iter().map(|c| c * share).collect::<Vec<_>>()
    };
    let of: Vec<Vec<Fr>> = (0..at.len()).map(lagrange).collect();
    (0..at.len()).map(|t| of.iter().map(|c| c[t]).collect()).collect()
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
fn powers(first: Fr, step: Fr, count: usize) -> Vec<Fr> {
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
fn inverse(element: Fr) -> Fr {
    element.invert().unwrap_or(Fr::ZERO)
}
