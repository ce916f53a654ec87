//! Sums of many lists of points at once: in each round the points of a list are added in pairs, all pairs of a task with one
//! inversion.

use crate::kernel::{row, Collision, Kernel, Ref, MINUS, SUM};
use crate::rooms::Rooms;
use rayon::prelude::*;
use std::ops::Range;

/// Points of one task, at most: they stay in the cache of a core.
pub const TASK: usize = 1 << 13;
/// At least: they share inversions.
const LEAST: usize = 1 << 12;
/// Tasks for each thread, if there are enough points: none waits long for the last one.
const TASKS: usize = 4;

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

    /// The lists of another one after those.
    pub fn append(&mut self, other: &Self) {
        let before = self.refs.len();
        self.refs.extend_from_slice(&other.refs);
        self.ends.extend(other.ends.iter().map(|end| before + end));
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
    pub fn sums<K: Kernel>(
        &self,
        kernel: K,
        bases: &[K::Row],
        rooms: &Rooms<Room<K>>,
    ) -> Result<Vec<K::Row>, Collision> {
        let mut parts = self.parts(kernel, bases, rooms)?;
        Ok(match parts.len() {
            1 => parts.pop().unwrap_or_default(),
            _ => parts.concat(),
        })
    }

    /// [`sums`](Self::sums) as the tasks give them, one part after the other: for who puts them elsewhere.
    ///
    /// # Errors
    /// As [`sums`](Self::sums).
    pub fn parts<K: Kernel>(
        &self,
        kernel: K,
        bases: &[K::Row],
        rooms: &Rooms<Room<K>>,
    ) -> Result<Vec<Vec<K::Row>>, Collision> {
        let most = (self.refs.len() / (TASKS * rayon::current_num_threads())).clamp(LEAST, TASK);
        // Parts of lists by task, and the number of parts of each list.
        let (mut tasks, mut parts, mut size, mut split) = (vec![], vec![], 0, Self::default());
        split.refs.reserve(self.ends.len());
        split.ends.reserve(self.ends.len());
        let mut count = 0;
        for mut list in self.ranges().filter(|list| !list.is_empty()) {
            // Only a list that is too long for any task is in more than one: all sums would be gone through again.
            if (most - size + 1..=most).contains(&list.len()) {
                tasks.push(std::mem::take(&mut parts));
                size = 0;
            }
            while !list.is_empty() {
                let end = list.end.min(list.start + most - size);
                parts.push(list.start..end);
                size += end - list.start;
                list.start = end;
                split.refs.push(count);
                count += 1;
                if size == most {
                    tasks.push(std::mem::take(&mut parts));
                    size = 0;
                }
            }
            split.end();
        }
        tasks.push(parts);
        let sums = tasks
            .par_iter()
            .map(|parts| rooms.with(Room::default, |room| self.task(kernel, bases, parts, room)));
        let sums = sums.collect::<Result<Vec<_>, _>>()?;
        match count as usize == split.ends.len() {
            true => Ok(sums),
            false => split.parts(kernel, &sums.concat(), rooms),
        }
    }

    /// The sum of each part; none is empty.
    fn task<K: Kernel>(
        &self,
        kernel: K,
        bases: &[K::Row],
        parts: &[Range<usize>],
        room: &mut Room<K>,
    ) -> Result<Vec<K::Row>, Collision> {
        let Room {
            left,
            next,
            lengths,
            pairs,
            sums,
            scratch,
        } = room;
        left.clear();
        lengths.clear();
        sums.clear();
        for part in parts {
            left.extend_from_slice(&self.refs[part.clone()]);
            lengths.push(part.len());
        }
        loop {
            pairs.clear();
            next.clear();
            let mut points = left.as_slice();
            for length in &mut *lengths {
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
            kernel.add(bases, sums, pairs, scratch)?;
            std::mem::swap(left, next);
        }
        let last = |reference: &Ref| match reference & MINUS {
            0 => *row(bases, sums, *reference),
            _ => kernel.negated(*row(bases, sums, *reference)),
        };
        Ok(left.iter().map(last).collect())
    }
}

/// What a task works in.
pub struct Room<K: Kernel> {
    /// The points that each list has left, one list after the other, and those of the next round.
    left: Vec<Ref>,
    next: Vec<Ref>,
    /// How many each list has left.
    lengths: Vec<usize>,
    pairs: Vec<[Ref; 2]>,
    sums: Vec<K::Row>,
    scratch: K::Scratch,
}

impl<K: Kernel> Default for Room<K> {
    fn default() -> Self {
        Self {
            left: Vec::with_capacity(TASK),
            next: Vec::with_capacity(TASK),
            lengths: vec![],
            pairs: Vec::with_capacity(TASK / 2),
            sums: Vec::with_capacity(TASK),
            scratch: K::Scratch::default(),
        }
    }
}
