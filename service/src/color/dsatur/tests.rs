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
