//! Models that take an input in parts.

use super::builder::info;
use super::*;
use crate::graph::InputType;
use std::path::Path;

fn part(name: &str, len: usize) -> Slice {
    Slice { name: name.into(), len }
}

fn halves(of: usize) -> [Slice; 2] {
    [part("first", of / 2), part("second", of - of / 2)]
}

/// A value of this shape in parts along an axis.
fn parts(values: &[f32], shape: &[usize], axis: usize, sizes: &[usize]) -> Vec<Vec<f32>> {
    let tail: usize = shape[axis + 1..].iter().product();
    let mut before = 0;
    let of = |&size: &usize| {
        let line = before * tail..(before + size) * tail;
        before += size;
        let lines = values.chunks(shape[axis] * tail);
        lines.flat_map(|whole| whole[line.clone()].to_vec()).collect()
    };
    sizes.iter().map(of).collect()
}

fn outputs(graph: &Graph, inputs: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let values = float::run(graph, inputs).expect("runnable");
    let of = |output: &crate::graph::Output| values[output.value].clone().expect("known").data;
    graph.outputs.iter().map(of).collect()
}

fn names(graph: &Graph) -> Vec<&str> {
    let name = |input: &crate::graph::Input| graph.values[input.value].name.as_str();
    graph.inputs.iter().map(name).collect()
}

/// Numbers that differ, of the type that an input takes.
fn sample(graph: &Graph, index: usize) -> Vec<f32> {
    let input = &graph.inputs[index];
    let len: usize = graph.values[input.value].shape.iter().product();
    match input.elements {
        InputType::Integers { least, largest } => {
            let span = largest.saturating_sub(least).clamp(0, 50) + 1;
            (0..len).map(|i| (least + i as i64 % span) as f32).collect()
        }
        _ => (0..len).map(|i| (i * 37 % 101) as f32 / 50.0 - 0.7).collect(),
    }
}

/// Each input along each axis of the models that the documentation is about, and of all operators' cases with one that can be cut.
#[test]
fn a_sliced_model_computes_the_same() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut compared = 0;
    for folder in ["models", "operators/cases", "sklearn"] {
        for entry in std::fs::read_dir(fixtures.join(folder)).expect("fixtures") {
            let path = entry.expect("entry").path();
            if path.extension().is_none_or(|ending| ending != "onnx") {
                continue;
            }
            let bytes = std::fs::read(&path).expect("file");
            let Ok(whole) = import(&bytes) else { continue };
            let samples: Vec<Vec<f32>> = (0..whole.inputs.len()).map(|index| sample(&whole, index)).collect();
            let Ok(_) = float::run(&whole, &samples) else { continue };
            let expected = outputs(&whole, &samples);
            for (index, input) in whole.inputs.iter().enumerate() {
                let value = &whole.values[input.value];
                for (axis, &size) in value.shape.iter().enumerate().filter(|(_, &size)| size > 1) {
                    let place = axis as i64 - value.shape.len() as i64;
                    let made = slice(&bytes, &value.name, place, &halves(size));
                    let made = match made {
                        // Indices, and what an operator asks of an input itself: see below.
                        Err(_) if folder != "models" && matches!(input.elements, InputType::Integers { .. }) => {
                            continue
                        }
                        made => made.unwrap_or_else(|e| panic!("{path:?} {}: {e}", value.name)),
                    };
                    let again = slice(&bytes, &value.name, axis as i64, &halves(size)).expect("sliced");
                    assert_eq!(made, again, "{path:?}");
                    // What only constants can say, or an operator asks of an input itself, is refused as of any value that is computed.
                    let Ok(graph) = import(&made) else {
                        assert_ne!(folder, "models", "{path:?} {}", value.name);
                        continue;
                    };
                    let mut expected_names = names(&whole);
                    expected_names.splice(index..=index, ["first", "second"]);
                    assert_eq!(names(&graph), expected_names, "{path:?}");
                    let mut given = samples.clone();
                    given.splice(
                        index..=index,
                        parts(&samples[index], &value.shape, axis, &[size / 2, size - size / 2]),
                    );
                    assert_eq!(outputs(&graph, &given), expected, "{path:?} {} {axis}", value.name);
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 500, "{compared}");
}

#[test]
fn parts_stand_where_the_whole_stood() {
    // An input before and one after it, an open first axis, and an axis between others.
    let mut model = Model::new(17, &[0, 4, 2])
        .node("Add", &["before", "x"], &["sum"], &[])
        .node("Mul", &["sum", "after"], &["y"], &[]);
    model.graph.input.insert(0, info("before", &[0, 4, 2]));
    model.graph.input.push(info("after", &[0, 4, 2]));
    let cut = [part("a", 1), part("b", 2), part("c", 1)];
    let graph = import(&slice(&model.bytes(), "x", 1, &cut).expect("sliced")).expect("importable");
    assert_eq!(names(&graph), ["before", "a", "b", "c", "after"]);
    let (one, x) = (vec![1.0; 8], iota(8));
    let given = [
        std::slice::from_ref(&one),
        parts(&x, &[1, 4, 2], 1, &[1, 2, 1]).as_slice(),
        std::slice::from_ref(&one),
    ]
    .concat();
    let expected: Vec<f32> = x.iter().map(|x| x + 1.0).collect();
    assert_eq!(outputs(&graph, &given), [expected]);
    // So many items as ever.
    let batch = batched(&slice(&model.bytes(), "x", 1, &cut).expect("sliced"), 3).expect("batched");
    let graph = import(&batch).expect("importable");
    let shapes: Vec<_> = graph
        .inputs
        .iter()
        .map(|input| graph.values[input.value].shape[..2].to_vec())
        .collect();
    assert_eq!(shapes, [[3, 4], [3, 1], [3, 2], [3, 1], [3, 4]]);
}

#[test]
fn what_is_no_slice_is_refused() {
    let mut model = Model::new(17, &[0, 4])
        .floats("w", &[4], &[1.0; 4])
        .node("Add", &["x", "w"], &["y"], &[]);
    let of = |model: &Model, input: &str, axis: i64, parts: &[Slice]| match slice(&model.bytes(), input, axis, parts) {
        Err(ImportError::Slice { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    let two = halves(4);
    assert!(of(&model, "z", 1, &two).contains("no such input, but `x`"));
    for axis in [2, -3, i64::MIN, i64::MAX] {
        assert!(of(&model, "x", axis, &two).contains("it has 2 axes"), "{axis}");
    }
    for axis in [0, -2] {
        assert!(of(&model, "x", axis, &two).contains("counts the items of a batch"));
    }
    for (parts, given) in [
        (vec![part("a", 1), part("b", 2)], "3 places"),
        (vec![part("a", 4), part("b", 1)], "5 places"),
        (vec![part("a", usize::MAX), part("b", 1)], "more places"),
    ] {
        assert!(of(&model, "x", 1, &parts).contains(given));
    }
    for parts in [vec![], vec![part("a", 4)], vec![part("a", 4), part("b", 0)]] {
        assert!(of(&model, "x", 1, &parts).contains("no two parts"));
    }
    for name in ["x", "y", "w", "", "a"] {
        assert!(
            of(&model, "x", 1, &[part("a", 2), part(name, 2)]).contains("cannot be the name of a part"),
            "{name}"
        );
    }
    // A constant among the inputs, as older files have it, is none.
    model.graph.input.push(info("w", &[4]));
    assert!(of(&model, "w", 0, &two).contains("no such input, but `x`"));
    let open = Model::new(17, &[1, 0]).node("Relu", &["x"], &["y"], &[]);
    assert!(of(&open, "x", 1, &two).contains("axis 1 has no size but the symbol `N`"));
    let sized = sized(&open.bytes(), &[("N".into(), 4)]).expect("sized");
    assert!(slice(&sized, "x", 1, &two).is_ok());
    assert_eq!(slice(b"", "x", 1, &two), Err(ImportError::Empty));
}
