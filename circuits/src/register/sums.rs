//! The sums of a registration, and the combinations of its lanes.

use provenn_verifier::{Bits, Grid};
use rayon::prelude::*;

/// Lanes or rows that one table covers.
const EIGHT: usize = 8;

/// All sums `S_ik`, at `i * row tests + k`. Cells beyond the end of a lane are zero.
///
/// Lane by lane, each cell would be added up to 128 times. A table of all sums of eight cells takes 255 additions, and one
/// more for each test; the same again for eight rows of the sums over lanes.
pub fn sums(grid: &Grid, bits: &Bits, lanes: &[Vec<u64>]) -> Vec<u128> {
    let (lane_tests, row_tests) = grid.tests();
    let used = lanes.iter().map(Vec::len).max().unwrap_or(0);
    let starts: Vec<usize> = (0..used).step_by(EIGHT).collect();
    let add = |mut sums: Vec<u128>, start: &usize| {
        let rows = EIGHT.min(used - start);
        // Over the lanes: for each row of the eight, one value for each test.
        let mut over_lanes = vec![[0u128; EIGHT]; lane_tests];
        for (cells, masks) in lanes.chunks(EIGHT).zip(bits.lanes.chunks(EIGHT)) {
            let selected = selections(masks, lane_tests);
            for row in 0..rows {
                let mut eight = [0; EIGHT];
                let at = cells.iter().map(|lane| lane.get(start + row).copied().unwrap_or(0));
                eight
                    .iter_mut()
                    .zip(at)
                    .for_each(|(cell, value)| *cell = u128::from(value));
                let table = table(&eight);
                let values = over_lanes.iter_mut().zip(&selected);
                values.for_each(|(value, select)| value[row] += table[usize::from(*select)]);
            }
        }
        // Over the rows.
        let selected = selections(&bits.rows[*start..start + rows], row_tests);
        for (values, sums) in over_lanes.iter().zip(sums.chunks_mut(row_tests)) {
            let table = table(values);
            let pairs = sums.iter_mut().zip(&selected);
            pairs.for_each(|(sum, select)| *sum += table[usize::from(*select)]);
        }
        sums
    };
    let none = || vec![0u128; grid.sums()];
    let join = |mut left: Vec<u128>, right: Vec<u128>| {
        left.iter_mut().zip(right).for_each(|(left, right)| *left += right);
        left
    };
    starts.par_iter().fold(none, add).reduce(none, join)
}

/// Sums of all subsets of eight values.
fn table(values: &[u128; EIGHT]) -> [u128; 1 << EIGHT] {
    let mut table = [0; 1 << EIGHT];
    for (bit, value) in values.iter().enumerate() {
        let (low, high) = table.split_at_mut(1 << bit);
        high.iter_mut()
            .zip(low)
            .for_each(|(with, without)| *with = *without + value);
    }
    table
}

/// For each test, which of up to eight masks have its bit.
fn selections(masks: &[u128], tests: usize) -> Vec<u8> {
    let bit = |test: usize| {
        let bits = masks
            .iter()
            .enumerate()
            .map(|(at, mask)| ((mask >> test & 1) as u8) << at);
        bits.fold(0, |all, bit| all | bit)
    };
    (0..tests).map(bit).collect()
}
