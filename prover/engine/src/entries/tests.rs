use super::*;
use halo2curves::ff::Field;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// Lists and scalars give the cells, no list is there twice, and no row twice in a list: equal points have no sum.
#[test]
fn lists_are_the_cells_and_differ() {
    let mut rng = ChaCha20Rng::from_seed([14; 32]);
    let table: Vec<Fr> = (0..256).map(|_| Fr::random(&mut rng)).collect();
    let rows = 4000;
    let random: Vec<u64> = (0..rows).map(|_| rng.next_u64() % 200).collect();
    // Entries that the same rows name, in one list of places and in two; and entries of one row.
    let twin: Vec<u64> = random.iter().map(|place| place ^ 1).collect();
    let rare: Vec<u64> = (0..rows as u64)
        .map(|row| if row % 97 == 3 { 200 + row / 97 } else { 0 })
        .collect();
    for places in [
        [&random, &twin, &rare],
        [&random, &random, &random],
        [&rare, &rare, &twin],
    ] {
        let places = places.map(Vec::as_slice);
        let entries = Entries {
            table: &table,
            places: &places,
        };
        let sorted = Sorted::new(&entries, &[]).unwrap();
        let mut cells = vec![table[0] * Fr::from(3); rows];
        let (mut start, mut known) = (0, vec![]);
        for (scalar, &end) in sorted.scalars.iter().zip(&sorted.lists.ends) {
            let list = &sorted.lists.refs[std::mem::replace(&mut start, end)..end];
            assert!(!list.is_empty() && list.windows(2).all(|pair| pair[0] < pair[1]));
            list.iter().for_each(|row| cells[*row as usize] += scalar);
            known.push(list);
        }
        assert_eq!(cells, entries.cells());
        known.sort_unstable();
        assert!(known.windows(2).all(|pair| pair[0] != pair[1]));
    }
}

/// Few rows, or a table of which almost every row names another entry, are summed row by row.
#[test]
fn what_does_not_pay_is_not_sorted() {
    let table: Vec<Fr> = (0..5000).map(Fr::from).collect();
    let all: Vec<u64> = (1..5000).collect();
    for rows in [0, 1, 30, 4999] {
        let places = [&all[..rows]];
        let entries = Entries {
            table: &table,
            places: &places,
        };
        assert!(Sorted::new(&entries, &[]).is_none());
    }
}
