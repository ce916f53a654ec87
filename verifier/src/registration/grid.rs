//! The sums of committed cells that a registration looks at, chosen by random bits.
//!
//! Lane `l` has bits `a_il`, `i < lane tests`, and row `j` bits `b_kj`, `k < row tests`; `S_ik = sum_j b_kj sum_l a_il w_l(j)`.
//! Both are part of the transcript's first digest, which names every commitment. Few lanes, or rows, are taken one by one
//! instead: the bits are those of the identity matrix, and the sums are about each of them.
//!
//! The sums stand row by row in the columns of the registration, `columns` in a row: sum `f = i t2 + k` is in column
//! `f mod columns` of row `f / columns`.

use crate::codec::wide;
use crate::domain::powers;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// Tests of lanes and of rows: what a large cell escapes with a probability of one half each.
const TESTS: usize = 128;

/// Dimensions of the sums. They follow from the number of lanes and of usable rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// Committed lanes.
    pub lanes: usize,
    /// Usable rows.
    pub rows: usize,
    lane_tests: usize,
    row_tests: usize,
}

impl Grid {
    /// For so many lanes of so many usable rows, both at least one.
    pub fn new(lanes: usize, rows: usize) -> Self {
        let grid = |lane_tests| Self {
            lanes,
            rows,
            lane_tests,
            row_tests: rows.min(TESTS),
        };
        let (all, fewer) = (grid(lanes.min(TESTS)), grid(lanes.min(TESTS.saturating_sub(1))));
        // One test less where that saves a column. Lanes that are taken one by one are all taken.
        match lanes > TESTS && fewer.columns() < all.columns() {
            true => fewer,
            false => all,
        }
    }

    /// Number of sums.
    pub fn sums(&self) -> usize {
        self.lane_tests.saturating_mul(self.row_tests)
    }

    /// Sums in a row.
    pub fn columns(&self) -> usize {
        self.sums().div_ceil(self.rows.max(1))
    }

    /// Rows that hold sums.
    pub fn sum_rows(&self) -> usize {
        self.sums().div_ceil(self.columns().max(1))
    }

    /// Most cells in one sum.
    pub fn cells(&self) -> u64 {
        let summed = |count: usize| if count > TESTS { wide(count) } else { 1 };
        summed(self.lanes).saturating_mul(summed(self.rows))
    }

    /// Tests of lanes, and of rows.
    pub fn tests(&self) -> (usize, usize) {
        (self.lane_tests, self.row_tests)
    }
}

/// The bits, bit `i` of a mask for test `i`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits {
    grid: Grid,
    /// Of each lane.
    pub lanes: Vec<u128>,
    /// Of each row.
    pub rows: Vec<u128>,
}

impl Bits {
    /// From the digest of everything that was fixed before.
    pub fn new(grid: Grid, digest: &[u8; 64]) -> Self {
        Self {
            grid,
            lanes: masks(digest, 0, grid.lanes, grid.lane_tests),
            rows: masks(digest, 1, grid.rows, grid.row_tests),
        }
    }

    /// For each lane `sum_i theta^(i t2) a_il`, with which the lanes are combined to one column.
    pub fn lane_coefficients(&self, theta: Fr) -> Vec<Fr> {
        let step = theta.pow(wide(self.grid.row_tests));
        combine(&self.lanes, powers(step).take(self.grid.lane_tests))
    }

    /// The public columns: `theta^(columns j + 1)` for each row `j` of sums, and `sum_k theta^(k + 1) b_kj` for each
    /// usable row `j`. Zero from there on. They depend on the digest and on `theta` only.
    pub fn public_columns(&self, theta: Fr) -> [Vec<Fr>; 2] {
        let step = theta.pow(wide(self.grid.columns()));
        let weights = powers(step).map(|power| power * theta);
        let shifted = powers(theta).map(|power| power * theta);
        [
            weights.take(self.grid.sum_rows()).collect(),
            combine(&self.rows, shifted.take(self.grid.row_tests)),
        ]
    }
}

/// `count` masks of `tests` bits: Blake2b in counter mode, or the identity matrix.
fn masks(digest: &[u8; 64], kind: u8, count: usize, tests: usize) -> Vec<u128> {
    if count <= tests {
        return (0u32..).take(count).map(|index| 1u128.wrapping_shl(index)).collect();
    }
    let unused = u32::try_from(TESTS.saturating_sub(tests)).unwrap_or(0);
    let block = |counter: u64| {
        let mut state = blake2b_simd::Params::new()
            .hash_length(64)
            .personal(b"Provenn-GridBits")
            .to_state();
        state.update(digest).update(&[kind]).update(&counter.to_le_bytes());
        *state.finalize().as_array()
    };
    let words = (0u64..).flat_map(|counter| {
        let block = block(counter);
        [0usize, 16, 32, 48].map(|at| {
            let mut word = [0u8; 16];
            block.iter().skip(at).zip(&mut word).for_each(|(from, to)| *to = *from);
            u128::from_le_bytes(word)
        })
    });
    words.take(count).map(|word| word.wrapping_shr(unused)).collect()
}

/// `sum_i values[i]` over the bits of each mask: sixteen additions each, by tables over the bytes.
fn combine(masks: &[u128], values: impl Iterator<Item = Fr>) -> Vec<Fr> {
    let mut values: Vec<Fr> = values.collect();
    values.resize(TESTS, Fr::ZERO);
    let table = |eight: &[Fr]| {
        let mut table = vec![Fr::ZERO];
        for value in eight {
            let with: Vec<Fr> = table.iter().map(|sum| *sum + value).collect();
            table.extend(with);
        }
        table
    };
    let tables: Vec<Vec<Fr>> = values.chunks(8).map(table).collect();
    let sum = |mask: &u128| {
        let parts = mask.to_le_bytes().into_iter().zip(&tables);
        let parts = parts.filter(|(byte, _)| *byte != 0);
        parts.fold(Fr::ZERO, |sum, (byte, table)| match table.get(usize::from(byte)) {
            Some(part) => sum + part,
            None => sum,
        })
    };
    masks.iter().map(sum).collect()
}

#[cfg(test)]
mod tests;
