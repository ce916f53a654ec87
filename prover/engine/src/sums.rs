//! Sums of many lists of points at once: in each round the points of a list are added in pairs, all pairs of a task with one
//! inversion.

use crate::kernel::{row, Collision, Kernel, Ref, MINUS, SUM};
use rayon::prelude::*;
use std::ops::Range;

/// Points of one task: they stay in the cache of a core.
const TASK: usize = 1 << 14;

/// Lists of points, one after the other.
#[derive(Default)]
pub struct Lists {
    /// The points.
    pub refs: Vec<Ref>,
    /// Where each list ends.
    pub ends: Vec<usize>,
}

impl Lists {
    /// Ends a list.
    pub fn end(&mut self) {
        self.ends.push(self.refs.len());
    }

    /// Where each list is.
    fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.ends
            .iter()
            .scan(0, |start, end| Some(std::mem::replace(start, *end)..*end))
    }

    /// For each list whether it has points.
    pub fn full(&self) -> impl Iterator<Item = bool> + '_ {
        self.ranges().map(|list| !list.is_empty())
    }

    /// The sums of the lists that have points, in order.
    ///
    /// # Errors
    /// Two sums of parts of a list are equal or opposite.
    pub fn sums<K: Kernel>(&self, kernel: K, bases: &[K::Row]) -> Result<Vec<K::Row>, Collision> {
        // Parts of lists by task, and the number of parts of each list.
        let (mut tasks, mut parts, mut size, mut split) = (vec![], vec![], 0, Self::default());
        let mut count = 0;
        for mut list in self.ranges().filter(|list| !list.is_empty()) {
            while !list.is_empty() {
                let end = list.end.min(list.start + TASK - size);
                parts.push(list.start..end);
                size += end - list.start;
                list.start = end;
                split.refs.push(count);
                count += 1;
                if size == TASK {
                    tasks.push(std::mem::take(&mut parts));
                    size = 0;
                }
            }
            split.end();
        }
        tasks.push(parts);
        let sums = tasks.par_iter().map(|parts| self.task(kernel, bases, parts));
        let sums = sums.collect::<Result<Vec<_>, _>>()?.concat();
        match sums.len() == split.ends.len() {
            true => Ok(sums),
            false => split.sums(kernel, &sums),
        }
    }

    /// The sum of each part; none is empty.
    fn task<K: Kernel>(&self, kernel: K, bases: &[K::Row], parts: &[Range<usize>]) -> Result<Vec<K::Row>, Collision> {
        let mut left: Vec<Ref> = parts
            .iter()
            .flat_map(|part| &self.refs[part.clone()])
            .copied()
            .collect();
        let mut lengths: Vec<usize> = parts.iter().map(Range::len).collect();
        let (mut sums, mut pairs, mut next, mut scratch) = (vec![], vec![], vec![], K::Scratch::default());
        loop {
            let mut points = left.as_slice();
            for length in &mut lengths {
                let (list, others) = points.split_at(*length);
                let two = list.chunks_exact(2);
                next.extend(two.remainder());
                for pair in two {
                    next.push(SUM | (sums.len() + pairs.len()) as Ref);
                    pairs.push([pair[0], pair[1]]);
                }
                (points, *length) = (others, length.div_ceil(2));
            }
            if pairs.is_empty() {
                break;
            }
            kernel.add(bases, &mut sums, &pairs, &mut scratch)?;
            pairs.clear();
            std::mem::swap(&mut left, &mut next);
            next.clear();
        }
        let last = |reference: &Ref| match reference & MINUS {
            0 => *row(bases, &sums, *reference),
            _ => kernel.negated(*row(bases, &sums, *reference)),
        };
        Ok(left.iter().map(last).collect())
    }
}
