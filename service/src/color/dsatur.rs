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
mod tests;
