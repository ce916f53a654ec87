//! Families of graphs whose definition is public. Vertices are numbered from 0.

use super::random::Draw;
use provenn_verifier::{Graph, GraphError};
use std::collections::HashSet;

/// A graph, with a colouring where its family comes with one.
#[derive(Debug)]
pub struct Made {
    pub graph: Graph,
    pub colours: Option<Vec<u8>>,
}

/// So many edges between random vertices of different hidden colours; `None` if there are not so many pairs.
pub fn planted(vertices: u32, edges: usize, colours: u32, seed: u64) -> Result<Option<Made>, GraphError> {
    let mut draw = Draw::new(seed);
    let hidden: Vec<u8> = (0..vertices).map(|_| draw.below(colours) as u8).collect();
    let mut sizes = vec![0u64; colours as usize];
    hidden.iter().for_each(|colour| sizes[usize::from(*colour)] += 1);
    let all = u64::from(vertices) * u64::from(vertices);
    let pairs = (all - sizes.iter().map(|size| size * size).sum::<u64>()) / 2;
    // Drawing works while most pairs are free.
    if edges as u64 > pairs - pairs / 4 {
        return Ok(None);
    }
    let mut known = HashSet::with_capacity(edges);
    while known.len() < edges {
        let (u, v) = (draw.below(vertices), draw.below(vertices));
        if hidden[u as usize] != hidden[v as usize] {
            known.insert((u.min(v), u.max(v)));
        }
    }
    made(vertices, known.into_iter().collect(), Some(hidden)).map(Some)
}

/// As [`planted`], with classes of one size and degrees as equal as can be: every two classes are joined by the same number of edges, dealt
/// out in turn (after Culberson's flat graphs). `None` if there are not so many pairs.
pub fn flat(vertices: u32, edges: usize, colours: u32, seed: u64) -> Result<Option<Made>, GraphError> {
    let mut draw = Draw::new(seed);
    let mut order: Vec<u32> = (0..vertices).collect();
    draw.shuffle(&mut order);
    let mut classes = vec![vec![]; colours as usize];
    let mut hidden = vec![0; vertices as usize];
    for (place, vertex) in order.into_iter().enumerate() {
        let colour = place % colours as usize;
        classes[colour].push(vertex);
        hidden[vertex as usize] = colour as u8;
    }
    let pairs: Vec<(usize, usize)> = (0..classes.len()).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
    let mut list = Vec::with_capacity(edges);
    for (index, (a, b)) in pairs.iter().enumerate() {
        let share = (edges + index) / pairs.len();
        let (left, right) = (&classes[*a], &classes[*b]);
        if share > left.len() * right.len() {
            return Ok(None);
        }
        let mut right = right.clone();
        draw.shuffle(&mut right);
        list.extend((0..share).map(|turn| {
            let (row, round) = (turn % left.len(), turn / left.len());
            (left[row], right[(row + round) % right.len()])
        }));
    }
    made(vertices, list, Some(hidden)).map(Some)
}

/// Each pair is an edge with this probability (Erdos and Renyi's G(n, p); the DIMACS DSJC family).
pub fn random(vertices: u32, probability: f64, seed: u64) -> Result<Made, GraphError> {
    let mut draw = Draw::new(seed);
    let pairs = (0..vertices).flat_map(|v| (0..v).map(move |u| (u, v)));
    made(vertices, pairs.filter(|_| draw.unit() < probability).collect(), None)
}

/// Mycielski's graph number `order`: without triangles, and not colourable in `order` colours. Number 1 is one edge; DIMACS names number `n` `mycieln`.
pub fn mycielski(order: u32) -> Result<Made, GraphError> {
    let (mut count, mut edges) = (2u32, vec![(0u32, 1u32)]);
    for _ in 1..order {
        // A shadow for each vertex, joined to its neighbours, and one vertex that is joined to all shadows.
        let shadows = edges.iter().flat_map(|&(u, v)| [(u + count, v), (u, v + count)]);
        let top = (0..count).map(|vertex| (vertex + count, 2 * count));
        edges = edges.iter().copied().chain(shadows).chain(top).collect();
        count = 2 * count + 1;
    }
    made(count, edges, None)
}

/// The squares of a board, joined where a queen goes from one to the other.
pub fn queens(size: u32) -> Result<Made, GraphError> {
    let squares = size * size;
    let meet = |a: u32, b: u32| {
        let ([x, y], [p, q]) = ([a / size, a % size], [b / size, b % size]);
        x == p || y == q || x.abs_diff(p) == y.abs_diff(q)
    };
    let pairs = (0..squares).flat_map(|b| (0..b).map(move |a| (a, b)));
    made(squares, pairs.filter(|(a, b)| meet(*a, *b)).collect(), None)
}

fn made(vertices: u32, edges: Vec<(u32, u32)>, colours: Option<Vec<u8>>) -> Result<Made, GraphError> {
    Ok(Made {
        graph: Graph::new(vertices, edges)?,
        colours,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
