//! Sums over the neighbours of each vertex. Values are read where they lie, and each sum is reduced once.

use super::graph::Graph;
use crate::codec::{length, size};
use crate::error::VerifyError;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::{Fr, Sum};

/// What sums over neighbours are made of: the edges by their smaller vertex, as a graph has them, and by their larger one.
#[derive(Clone, Debug)]
pub struct Neighbours<'a> {
    graph: &'a Graph,
    /// The smaller neighbours of all vertices, one vertex after the other.
    smaller: Vec<u32>,
    /// Where those of each vertex end.
    ends: Vec<u32>,
}

/// A value of each vertex, in one line of a cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub struct One(pub [Fr; 1]);

/// Two values of each vertex, in one line of a cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Two(pub [Fr; 2]);

impl AsRef<[Fr; 1]> for One {
    #[inline]
    fn as_ref(&self) -> &[Fr; 1] {
        &self.0
    }
}

impl AsRef<[Fr; 2]> for Two {
    #[inline]
    fn as_ref(&self) -> &[Fr; 2] {
        &self.0
    }
}

/// Edges name vertices that the graph has.
const BROKEN: VerifyError = VerifyError::KeyInvalid {
    reason: "neighbours in a graph",
};

impl<'a> Neighbours<'a> {
    /// Of all vertices. Takes memory for each, so that their number is to be one that a class has.
    pub fn new(graph: &'a Graph) -> Self {
        let mut ends = vec![0u32; size(graph.vertices())];
        for (_, v) in graph.edges() {
            if let Some(count) = ends.get_mut(size(*v)) {
                *count = count.saturating_add(1);
            }
        }
        let mut first = 0u32;
        for end in &mut ends {
            (first, *end) = (first.saturating_add(*end), first);
        }
        // Each stands where the next neighbour goes, and in the end after the last.
        let mut smaller = vec![0; graph.edges().len()];
        for (u, v) in graph.edges() {
            let Some(end) = ends.get_mut(size(*v)) else { continue };
            if let Some(place) = smaller.get_mut(size(*end)) {
                *place = *u;
            }
            *end = end.saturating_add(1);
        }
        Self { graph, smaller, ends }
    }

    /// The graph.
    pub fn graph(&self) -> &'a Graph {
        self.graph
    }

    /// For each vertex the sums of values over its neighbours before it. Where a value is missing an item before it, or that one,
    /// is [`VerifyError::KeyInvalid`].
    pub fn before<'v, const N: usize, V: AsRef<[Fr; N]> + Copy>(
        &'v self,
        values: &'v [V],
    ) -> impl Iterator<Item = Result<[Fr; N], VerifyError>> + 'v {
        let mut ahead = Ahead::new(&self.smaller, |u: &u32| *u, values);
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let count = end.saturating_sub(start);
            start = *end;
            ahead.sums(size(count))
        })
    }

    /// The same over its neighbours after it.
    pub fn after<'v, const N: usize, V: AsRef<[Fr; N]> + Copy>(
        &'v self,
        values: &'v [V],
    ) -> impl Iterator<Item = Result<[Fr; N], VerifyError>> + 'v {
        let mut ahead = Ahead::new(self.graph.edges(), |(_, v): &(u32, u32)| *v, values);
        let mut edges = self.graph.edges().iter().peekable();
        (0..length(self.ends.len())).map(move |vertex| {
            let mut count = 0usize;
            while edges.next_if(|(u, _)| *u == vertex).is_some() {
                count = count.saturating_add(1);
            }
            ahead.sums(count)
        })
    }
}

/// Values in the order of a list, which are fetched many at a time: neighbours lie anywhere, and nothing that is done with one value holds up
/// the next.
struct Ahead<'v, T, F, V> {
    list: core::slice::Chunks<'v, T>,
    vertex: F,
    values: &'v [V],
    fetched: Vec<V>,
    /// How many of them were taken.
    taken: usize,
}

impl<'v, T, F: Fn(&T) -> u32, V: Copy> Ahead<'v, T, F, V> {
    fn new(list: &'v [T], vertex: F, values: &'v [V]) -> Self {
        /// Values at a time: they stay in the cache nearest to a core.
        const FETCHED: usize = 1 << 7;
        Self {
            list: list.chunks(FETCHED),
            vertex,
            values,
            fetched: Vec::with_capacity(FETCHED),
            taken: 0,
        }
    }

    /// A loop of its own, which is short for the processor to look far ahead.
    #[inline(never)]
    fn fetch(&mut self) -> Result<(), VerifyError> {
        let (places, other) = (self.list.next().ok_or(BROKEN)?, self.values.first().ok_or(BROKEN)?);
        let (values, vertex, mut missing) = (self.values, &self.vertex, false);
        self.taken = 0;
        self.fetched.clear();
        self.fetched.extend(places.iter().map(|place| {
            let value = values.get(size(vertex(place)));
            missing |= value.is_none();
            *value.unwrap_or(other)
        }));
        match missing {
            true => Err(BROKEN),
            false => Ok(()),
        }
    }

    /// The sums of the next so many.
    #[inline]
    fn sums<const N: usize>(&mut self, mut count: usize) -> Result<[Fr; N], VerifyError>
    where
        V: AsRef<[Fr; N]>,
    {
        let mut sums = [Sum::ZERO; N];
        while count > 0 {
            if self.taken == self.fetched.len() {
                self.fetch()?;
            }
            let left = self.fetched.get(self.taken..).unwrap_or_default();
            let taken = left.len().min(count);
            for value in left.iter().take(taken) {
                for (sum, value) in sums.iter_mut().zip(value.as_ref()) {
                    sum.add(value);
                }
            }
            self.taken = self.taken.saturating_add(taken);
            count = count.saturating_sub(taken);
        }
        Ok(sums.map(|sum| sum.total()))
    }
}

#[cfg(test)]
mod tests;
