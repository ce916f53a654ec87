//! Inputs whose elements have scales of their own: the graph computes the same, and what cannot be is refused.

use provenn_circuits::compile::default_samples;
use provenn_circuits::graph::{float, Graph, InputType, MOST_LIFT};
use provenn_circuits::onnx::import;
use std::path::Path;

/// The graphs of all operator cases and of the pipelines of scikit-learn that import.
fn graphs() -> Vec<(String, Graph)> {
    let mut found = vec![];
    for folder in ["../fixtures/operators/cases", "../fixtures/sklearn"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let files = std::fs::read_dir(folder)
            .expect("folder")
            .map(|entry| entry.expect("entry").path());
        let models = files.filter(|path| path.extension().is_some_and(|e| e == "onnx"));
        found.extend(models.filter_map(|path| {
            let graph = import(&std::fs::read(&path).expect("file")).ok()?;
            Some((path.file_stem()?.to_string_lossy().into_owned(), graph))
        }));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// Lifts for the elements of the first input: the first is not lifted.
fn lifts(graph: &Graph, each: impl Fn(usize) -> u8) -> Vec<u8> {
    let len = graph.input_lens()[0];
    (0..len).map(|i| if i == 0 { 0 } else { each(i) }).collect()
}

/// Powers of two move through every operator without rounding: lifted graphs give the very same outputs.
#[test]
fn lifted_graphs_compute_the_same() {
    let mut lifted = vec![];
    for (name, graph) in graphs() {
        // By element, and by channel of a few.
        let channel = graph.input_lens()[0]
            / graph
                .unbatched(graph.inputs[0].value)
                .first()
                .copied()
                .unwrap_or(1)
                .max(1);
        let patterns: [&dyn Fn(usize) -> u8; 2] = [&|i| (i % 11) as u8, &|i| (i / channel.max(1) % 7) as u8];
        for each in patterns {
            let lifts = lifts(&graph, each);
            let Some(other) = graph.lifted(0, &lifts) else { continue };
            assert_eq!(other.inputs[0].lifts, lifts);
            for sample in default_samples(&graph, 4) {
                let (ours, theirs) = (float::run(&graph, &sample), float::run(&other, &sample));
                let (ours, theirs) = (ours.expect("runs"), theirs.expect("runs"));
                for output in &graph.outputs {
                    assert_eq!(ours[output.value], theirs[output.value], "{name}");
                }
            }
            lifted.push(name.clone());
        }
    }
    assert!(lifted.len() > 100, "{} graphs: {lifted:?}", lifted.len());
    for needed in ["scaled_linear_svc_wine", "ridge_breast_cancer"] {
        assert!(lifted.iter().any(|name| name == needed), "{needed}");
    }
}

#[test]
fn lifts_that_no_compilation_gives_are_refused() {
    let (_, graph) = graphs()
        .into_iter()
        .find(|(name, _)| name == "ridge_breast_cancer")
        .expect("case");
    let good = lifts(&graph, |i| (i % 3) as u8);
    assert!(graph.lifted(0, &good).is_some());
    let mut integers = graph.clone();
    integers.inputs[0].elements = InputType::Integers { least: 0, largest: 9 };
    assert!(integers.lifted(0, &good).is_none());
    let with = |index: usize, lift: u8| {
        let mut lifts = good.clone();
        lifts[index] = lift;
        lifts
    };
    for bad in [
        good[1..].to_vec(),
        vec![0; good.len()],
        vec![1; good.len()],
        with(1, MOST_LIFT + 1),
    ] {
        assert!(graph.lifted(0, &bad).is_none(), "{bad:?}");
    }
    assert!(graph.lifted(1, &good).is_none());
}

/// What is far below the largest is lifted, and keeps room for values that were not seen.
#[test]
fn lifts_follow_the_samples() {
    let (_, graph) = graphs()
        .into_iter()
        .find(|(name, _)| name == "ridge_breast_cancer")
        .expect("case");
    let len = graph.input_lens()[0];
    let row = |second: f32| {
        let mut row = vec![1000.0; len];
        (row[0], row[1]) = (0.0, second);
        vec![row]
    };
    let lift = |second: f32| {
        graph.clone().lifted_for(&[row(second), row(-second / 2.0)]).inputs[0]
            .lifts
            .clone()
    };
    assert_eq!(lift(1000.0 / 255.0), [0u8; 0]);
    assert_eq!(lift(0.0), [0u8; 0]);
    let lifts = lift(1000.0 / 4096.0);
    assert_eq!((lifts[0], lifts[1], lifts[2]), (0, 9, 0));
}
