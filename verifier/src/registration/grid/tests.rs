#![allow(
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use super::*;

#[test]
fn a_grid_has_few_columns() {
    let columns = |lanes, k: u32| Grid::new(lanes, (1 << k) - 6).columns();
    assert_eq!([columns(1, 5), columns(20, 5), columns(128, 7)], [1, 20, 128]);
    assert_eq!([columns(20, 12), columns(1000, 12)], [1, 4]);
    // 128 times 127 is below 2^14 - 6, 128 times 128 is not.
    assert_eq!([columns(1000, 13), columns(1000, 14), columns(4096, 18)], [2, 1, 1]);
    assert_eq!(Grid::new(1000, 8186).tests(), (127, 128));
    assert_eq!(Grid::new(1000, 4090).tests(), (127, 128));
    assert_eq!(Grid::new(1000, 32_762).tests(), (128, 128));
}

/// Both sides of the registration's identity, by their definition.
#[test]
fn the_sums_are_those_of_the_combined_column() {
    for (lanes, rows) in [(3, 26), (200, 26), (3, 300), (200, 300), (129, 1018)] {
        let grid = Grid::new(lanes, rows);
        let bits = Bits::new(grid, &[7; 64]);
        let cell = |lane: usize, row: usize| Fr::from((lane * 31 + row * 17 + lane * row) as u64);
        let theta = Fr::from(0x1234_5678);
        let [weights, betas] = bits.public_columns(theta);
        assert_eq!((weights.len(), betas.len()), (grid.sum_rows(), rows));
        let (t1, t2) = grid.tests();
        let mut left = Fr::ZERO;
        for i in 0..t1 {
            for k in 0..t2 {
                let lanes = (0..lanes).filter(|lane| bits.lanes[*lane] >> i & 1 == 1);
                let cells = lanes.flat_map(|lane| (0..rows).map(move |row| (lane, row)));
                let cells = cells.filter(|(_, row)| bits.rows[*row] >> k & 1 == 1);
                let sum = cells.fold(Fr::ZERO, |sum, (lane, row)| sum + cell(lane, row));
                let f = i * t2 + k;
                let (row, column) = (f / grid.columns(), f % grid.columns());
                left += weights[row] * theta.pow(column as u64) * sum;
            }
        }
        let alpha = bits.lane_coefficients(theta);
        let combined = |row| (0..lanes).fold(Fr::ZERO, |sum, lane| sum + alpha[lane] * cell(lane, row));
        let right = (0..rows).fold(Fr::ZERO, |sum, row| sum + betas[row] * combined(row));
        assert_eq!(left, right, "{lanes} lanes of {rows} rows");
    }
}

#[test]
fn bits_are_balanced_and_follow_from_the_digest() {
    let grid = Grid::new(1000, 8186);
    let bits = Bits::new(grid, &[1; 64]);
    let ones: u32 = bits.lanes.iter().chain(&bits.rows).map(|mask| mask.count_ones()).sum();
    let all = 1000 * 127 + 8186 * 128;
    assert!((ones as f64 / all as f64 - 0.5).abs() < 0.005);
    assert!(bits.lanes.iter().all(|mask| mask >> 127 == 0));
    let mut other = [1; 64];
    other[63] = 2;
    let other = Bits::new(grid, &other);
    assert!(bits.lanes.iter().zip(&other.lanes).all(|(a, b)| a != b));
    assert!(bits.lanes.iter().all(|mask| !bits.rows.contains(mask)));
}
