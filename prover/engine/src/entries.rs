//! Columns whose cells are sums of entries of a table, such as the helpers of a lookup.
//!
//! With `B` the sum of the points at the rows that name an entry, and `S` that of all points, the commitment to such a column is
//! `sum over entries of (entry - first entry) B + places (first entry) S`: one addition for each row and place that does not name the first entry, and
//! a sum with as many scalars as there are entries in use, in place of one with as many as there are rows.

use crate::digits::{fewest_additions, Scalars};
use crate::kernel::{Kernel, Ref};
use crate::sums::Lists;
use halo2curves::bn256::Fr;
use std::collections::HashMap;

/// Cell `i` is the sum over `j` of `table[places[j][i]]`.
#[derive(Clone, Copy, Debug)]
pub struct Entries<'a> {
    /// The entries. Rows that name the first one take no additions.
    pub table: &'a [Fr],
    /// Places in the table, as many in each list.
    pub places: &'a [&'a [u64]],
}

impl Entries<'_> {
    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.places.first().map_or(0, |places| places.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cells.
    pub fn cells(&self) -> Vec<Fr> {
        let cell = |row: usize| self.places.iter().map(|places| self.table[places[row] as usize]).sum();
        (0..self.len()).map(cell).collect()
    }

    /// The entries but the first that a row names, each with how often it does: of equal points there is no sum.
    fn named(&self, row: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let at = move |list: usize| self.places[list][row] as usize;
        let named = move |list: usize| {
            let entry = at(list);
            let earlier = (0..list).any(|other| at(other) == entry);
            let times = (list..self.places.len()).filter(|other| at(*other) == entry).count();
            (entry > 0 && !earlier).then_some((entry, times))
        };
        (0..self.places.len()).filter_map(named)
    }
}

/// The rows of such a column by what they name.
pub struct Sorted {
    /// The scalar of each list.
    scalars: Vec<Fr>,
    /// The rows. No list is there twice: of equal sums there is no sum.
    pub lists: Lists,
}

impl Sorted {
    /// Those at holes are left out. None if the sum over rows takes fewer additions.
    pub fn new(entries: &Entries<'_>, holes: &[usize]) -> Option<Self> {
        let (size, rows) = (entries.table.len(), entries.len());
        let rows_but_holes = || (0..rows).filter(|row| holes.binary_search(row).is_err());
        let mut counts = vec![0usize; size * entries.places.len()];
        let key = |(entry, times): (usize, usize)| (times - 1) * size + entry;
        for named in rows_but_holes().flat_map(|row| entries.named(row)) {
            counts[key(named)] += 1;
        }
        let full: Vec<usize> = (0..counts.len()).filter(|&key| counts[key] > 0).collect();
        let named: usize = counts.iter().sum();
        if named + fewest_additions(full.len()) >= fewest_additions(rows) {
            return None;
        }
        let (mut starts, mut end) = (counts, 0);
        for &key in &full {
            (starts[key], end) = (end, end + starts[key]);
        }
        let mut rows_of = vec![0; end];
        for row in rows_but_holes() {
            for named in entries.named(row) {
                let place = &mut starts[key(named)];
                rows_of[*place] = row as Ref;
                *place += 1;
            }
        }
        let (mut scalars, mut lists, mut known) = (vec![], Lists::default(), HashMap::new());
        let mut start = 0;
        for key in full {
            let list = &rows_of[std::mem::replace(&mut start, starts[key])..starts[key]];
            let scalar = (entries.table[key % size] - entries.table[0]) * Fr::from((key / size + 1) as u64);
            let place = *known.entry(list).or_insert(scalars.len());
            match scalars.get_mut(place) {
                Some(known) => *known += scalar,
                None => {
                    scalars.push(scalar);
                    lists.refs.extend(list);
                    lists.end();
                }
            }
        }
        Some(Self { scalars, lists })
    }

    /// The scalars of the sums of the lists, then that of the sum of all points, then 1 for a tail that is added as it is, if there is one.
    pub fn scalars<K: Kernel>(&self, kernel: K, entries: &Entries<'_>, tail: bool) -> Scalars<'static> {
        let first = entries.table.first().copied().unwrap_or_default();
        let all = first * Fr::from(entries.places.len() as u64);
        let scalars: Vec<Fr> = self
            .scalars
            .iter()
            .copied()
            .chain([all])
            .chain(tail.then(Fr::one))
            .collect();
        Scalars::of(kernel, &scalars)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
