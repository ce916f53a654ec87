//! A finder of colourings: DSATUR with backtracking (Brelaz, "New methods to color the vertices of a graph", CACM 22, 1979).

use super::random::Draw;
use provenn_verifier::Graph;
use std::collections::BTreeSet;

/// What a search came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// A proper colouring.
    Colours(Vec<u8>),
    /// There is none: everything was tried.
    None,
    /// The steps were used up.
    GaveUp,
}

/// Looks for a proper colouring in at most `count` colours, up to 32, with so many steps. Ties are broken by the seed.
pub fn find(graph: &Graph, count: u32, seed: u64, mut steps: u64) -> Found {
    let mut search = Search::new(graph, count, seed);
    // Vertices in the order in which they were chosen, each with the colours that are still to be tried.
    let mut chosen: Vec<(u32, u32)> = vec![];
    while let Some(vertex) = search.next() {
        chosen.push((vertex, search.choices(vertex)));
        // The next colour of the last vertex that has one left.
        while let Some((vertex, choices)) = chosen.last_mut() {
            search.uncolour(*vertex);
            match steps.checked_sub(1) {
                Some(left) => steps = left,
                None => return Found::GaveUp,
            }
            if *choices != 0 {
                let colour = choices.trailing_zeros();
                *choices &= *choices - 1;
                search.colour(*vertex, colour as u8);
                break;
            }
            chosen.pop();
        }
        if chosen.is_empty() {
            return Found::None;
        }
    }
    Found::Colours(search.colours.into_iter().map(|colour| colour.unwrap_or(0)).collect())
}

struct Search {
    count: u32,
    neighbours: Vec<Vec<u32>>,
    colours: Vec<Option<u8>>,
    /// For each vertex and colour, how many of its neighbours have it.
    blocked: Vec<Vec<u32>>,
    /// For each vertex, how many colours its neighbours have.
    saturation: Vec<u32>,
    /// Vertices without a colour by saturation, then degree, then by lot.
    free: BTreeSet<(u32, u32, u32, u32)>,
    lots: Vec<u32>,
    /// Vertices of each colour.
    used: Vec<u32>,
}

impl Search {
    fn new(graph: &Graph, count: u32, seed: u64) -> Self {
        let vertices = graph.vertices();
        let mut neighbours = vec![vec![]; vertices as usize];
        for &(u, v) in graph.edges() {
            neighbours[u as usize].push(v);
            neighbours[v as usize].push(u);
        }
        let mut lots: Vec<u32> = (0..vertices).collect();
        Draw::new(seed).shuffle(&mut lots);
        let mut search = Self {
            count,
            neighbours,
            colours: vec![None; vertices as usize],
            blocked: vec![vec![0; count as usize]; vertices as usize],
            saturation: vec![0; vertices as usize],
            free: BTreeSet::new(),
            lots,
            used: vec![0; count as usize],
        };
        search.free = (0..vertices).map(|vertex| search.rank(vertex)).collect();
        search
    }

    fn rank(&self, vertex: u32) -> (u32, u32, u32, u32) {
        let at = vertex as usize;
        (
            self.saturation[at],
            self.neighbours[at].len() as u32,
            self.lots[at],
            vertex,
        )
    }

    fn next(&self) -> Option<u32> {
        self.free.last().map(|(.., vertex)| *vertex)
    }

    /// The colours that a vertex may have, as bits. Of those that nobody has yet one is enough.
    fn choices(&self, vertex: u32) -> u32 {
        let blocked = &self.blocked[vertex as usize];
        let fresh = (0..self.count).find(|&colour| self.used[colour as usize] == 0);
        let allowed = (0..self.count).filter(|&colour| {
            let used = self.used[colour as usize] > 0 || Some(colour) == fresh;
            used && blocked[colour as usize] == 0
        });
        allowed.fold(0, |bits, colour| bits | 1 << colour)
    }

    fn colour(&mut self, vertex: u32, colour: u8) {
        let rank = self.rank(vertex);
        self.free.remove(&rank);
        self.colours[vertex as usize] = Some(colour);
        self.used[usize::from(colour)] += 1;
        self.block(vertex, colour, true);
    }

    fn uncolour(&mut self, vertex: u32) {
        if let Some(colour) = self.colours[vertex as usize].take() {
            self.used[usize::from(colour)] -= 1;
            self.block(vertex, colour, false);
            let rank = self.rank(vertex);
            self.free.insert(rank);
        }
    }

    fn block(&mut self, vertex: u32, colour: u8, more: bool) {
        for at in 0..self.neighbours[vertex as usize].len() {
            let neighbour = self.neighbours[vertex as usize][at];
            let cell = &mut self.blocked[neighbour as usize][usize::from(colour)];
            *cell = if more { *cell + 1 } else { *cell - 1 };
            let (first, none) = (more && *cell == 1, !more && *cell == 0);
            if !first && !none {
                continue;
            }
            let free = self.colours[neighbour as usize].is_none();
            let rank = self.rank(neighbour);
            if free {
                self.free.remove(&rank);
            }
            let saturation = &mut self.saturation[neighbour as usize];
            *saturation = if first { *saturation + 1 } else { *saturation - 1 };
            if free {
                let rank = self.rank(neighbour);
                self.free.insert(rank);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use crate::color::generate::{planted, random};

    fn is_proper(graph: &Graph, colours: &[u8]) -> bool {
        let different = |(u, v): &(u32, u32)| colours[*u as usize] != colours[*v as usize];
        colours.len() == graph.vertices() as usize && graph.edges().iter().all(different)
    }

    /// Against trying all colourings.
    #[test]
    fn answers_agree_with_brute_force() {
        let mut answers = [0; 2];
        for seed in 0..200 {
            let graph = random(7, 0.2 + 0.003 * seed as f64, seed).unwrap().graph;
            for count in 1..=4u32 {
                let all = 0..count.pow(7);
                let coloured = |code: u32| -> Vec<u8> { (0..7).map(|i| (code / count.pow(i) % count) as u8).collect() };
                let exists = all.map(coloured).any(|colours| is_proper(&graph, &colours));
                answers[usize::from(exists)] += 1;
                match find(&graph, count, seed, u64::MAX) {
                    Found::Colours(colours) => {
                        assert!(exists && is_proper(&graph, &colours));
                        assert!(colours.iter().all(|colour| u32::from(*colour) < count));
                    }
                    found => assert_eq!((found, exists), (Found::None, false)),
                }
            }
        }
        assert!(answers.iter().all(|count| *count > 100), "{answers:?}");
    }

    #[test]
    fn planted_colourings_are_found() {
        let graph = planted(2000, 14_000, 3, 4).unwrap().unwrap().graph;
        match find(&graph, 3, 1, 1 << 20) {
            Found::Colours(colours) => assert!(is_proper(&graph, &colours)),
            found => panic!("{found:?}"),
        }
        assert_eq!(find(&graph, 2, 1, 1 << 20), Found::None);
    }

    #[test]
    fn a_search_ends() {
        let graph = random(200, 0.5, 1).unwrap().graph;
        assert_eq!(find(&graph, 16, 1, 10_000), Found::GaveUp);
        let empty = Graph::new(0, vec![]).unwrap();
        assert_eq!(find(&empty, 3, 1, 10), Found::Colours(vec![]));
    }
}
