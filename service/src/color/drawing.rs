//! A graph as a drawing: vertices where springs put them, all of one colour. The colours of a proof are not known to who draws.

use super::random::Draw;
use provenn_verifier::Graph;
use std::fmt::Write as _;

/// Most vertices of a drawing.
pub const MAX_VERTICES: u32 = 500;
/// Width and height.
const SIDE: f64 = 800.0;
const MARGIN: f64 = 20.0;
/// Rounds of the layout.
const ROUNDS: u32 = 150;

/// The drawing, with a caption; `None` of a graph that is too large to see anything.
pub fn svg(graph: &Graph, caption: &str) -> Option<String> {
    if graph.vertices() > MAX_VERTICES {
        return None;
    }
    let places = layout(graph);
    let place = |vertex: u32| places.get(vertex as usize).copied().unwrap_or_default();
    let height = SIDE + 40.0;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {SIDE} {height}\" font-family=\"sans-serif\">\n"
    );
    let _infallible = writeln!(
        text,
        "<rect width=\"{SIDE}\" height=\"{height}\" fill=\"#fff\"/>\n<g stroke=\"#8a94a6\" stroke-width=\"1\">"
    );
    for &(u, v) in graph.edges() {
        let ([x, y], [p, q]) = (place(u), place(v));
        let _infallible = writeln!(text, "<line x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{p:.1}\" y2=\"{q:.1}\"/>");
    }
    let radius = (200.0 / f64::from(graph.vertices().max(1))).clamp(3.0, 9.0);
    let _infallible = writeln!(text, "</g>\n<g fill=\"#24344d\" stroke=\"#fff\" stroke-width=\"1\">");
    for [x, y] in &places {
        let _infallible = writeln!(text, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"/>");
    }
    let _infallible = writeln!(
        text,
        "</g>\n<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"18\" fill=\"#24344d\">{}</text>\n</svg>",
        SIDE / 2.0,
        SIDE + 20.0,
        escaped(caption)
    );
    Some(text)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Fruchterman and Reingold's springs: neighbours attract, all repel, and steps become smaller.
fn layout(graph: &Graph) -> Vec<[f64; 2]> {
    let count = graph.vertices() as usize;
    let mut draw = Draw::new(1);
    let mut places: Vec<[f64; 2]> = (0..count).map(|_| [draw.unit(), draw.unit()]).collect();
    let length = (1.0 / count.max(1) as f64).sqrt();
    for round in 0..ROUNDS {
        let mut moves = vec![[0.0; 2]; count];
        for v in 0..count {
            for u in 0..v {
                push(&mut moves, &places, u, v, |distance| length * length / distance);
            }
        }
        for &(u, v) in graph.edges() {
            push(&mut moves, &places, u as usize, v as usize, |distance| {
                -distance * distance / length
            });
        }
        let step = 0.1 * (1.0 - f64::from(round) / f64::from(ROUNDS));
        for (place, [x, y]) in places.iter_mut().zip(moves) {
            let size = x.hypot(y).max(1e-9);
            let factor = size.min(step) / size;
            *place = [place[0] + x * factor, place[1] + y * factor];
        }
    }
    fit(&mut places);
    places
}

/// Moves two vertices apart by a force of their distance.
fn push(moves: &mut [[f64; 2]], places: &[[f64; 2]], u: usize, v: usize, force: impl Fn(f64) -> f64) {
    let [x, y] = [places[v][0] - places[u][0], places[v][1] - places[u][1]];
    let distance = x.hypot(y).max(1e-6);
    let scale = force(distance) / distance;
    for (vertex, sign) in [(u, -1.0), (v, 1.0)] {
        moves[vertex][0] += sign * scale * x;
        moves[vertex][1] += sign * scale * y;
    }
}

/// Into the picture.
fn fit(places: &mut [[f64; 2]]) {
    for axis in 0..2 {
        let (low, high) = places.iter().fold((f64::MAX, f64::MIN), |(low, high), place| {
            (low.min(place[axis]), high.max(place[axis]))
        });
        let scale = (SIDE - 2.0 * MARGIN) / (high - low).max(1e-9);
        for place in places.iter_mut() {
            place[axis] = match high > low {
                true => MARGIN + (place[axis] - low) * scale,
                false => SIDE / 2.0,
            };
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
