//! Recorded samples of models: `.npz` archives, and folders as model collections have them.

use crate::data::{npy, npz};
use crate::error::CliError;
use crate::files::{self, MAX_DATA};
use provenn_circuits::graph::Graph;
use provenn_circuits::onnx;
use provenn_prover::expected::Expected;
use std::path::{Path, PathBuf};

/// Most samples that are read.
const MAX_SAMPLES: usize = 1 << 16;

/// A recorded array: its shape, and its elements.
type Array = (Vec<usize>, Vec<f64>);

/// An input or output of the model: its name, and its shape without the batch.
struct Port<'a> {
    name: &'a str,
    shape: &'a [usize],
}

/// Samples from an archive with an array for each input and output by its name, from a folder with `input_0.pb`, .. and `output_0.pb`, ..
/// in the order of the model, or from a folder of such folders.
pub fn read(path: &Path, graph: &Graph) -> Result<Expected, CliError> {
    let inputs: Vec<Port<'_>> = graph
        .inputs
        .iter()
        .map(|input| port(graph, input.value, None))
        .collect();
    let outputs = graph
        .outputs
        .iter()
        .map(|output| port(graph, output.value, Some(&output.name)));
    let outputs: Vec<Port<'_>> = outputs.collect();
    let mut expected = Expected::default();
    match path.is_dir() {
        true => {
            for folder in folders(path)? {
                let of = |kind: &str, ports: &[Port<'_>]| -> Result<Vec<Array>, CliError> {
                    let file = |index: usize| folder.join(format!("{kind}_{index}.pb"));
                    (0..ports.len()).map(|index| tensor(&file(index))).collect()
                };
                let (given, recorded) = (of("input", &inputs)?, of("output", &outputs)?);
                add(&mut expected, (&inputs, given), (&outputs, recorded)).map_err(|e| e.at(&folder))?;
            }
        }
        false => {
            let mut arrays = npz::arrays(&files::read(path, MAX_DATA)?).map_err(|e| e.at(path))?;
            let mut of = |ports: &[Port<'_>]| -> Result<Vec<Array>, CliError> {
                let array = |port: &Port<'_>| {
                    let bytes = arrays.remove(port.name);
                    let bytes = bytes.ok_or_else(|| bad(format!("there is no array `{}`", port.name)))?;
                    npy::array(&bytes).map_err(|e| e.at(Path::new(port.name)))
                };
                ports.iter().map(array).collect()
            };
            let both = of(&inputs).and_then(|given| Ok((given, of(&outputs)?)));
            let (given, recorded) = both.map_err(|e| e.at(path))?;
            if let Some(name) = arrays.keys().next() {
                return Err(bad(format!("`{name}` is no input or output of the model")).at(path));
            }
            add(&mut expected, (&inputs, given), (&outputs, recorded)).map_err(|e| e.at(path))?;
        }
    }
    Ok(expected)
}

fn port<'a>(graph: &'a Graph, value: usize, name: Option<&'a str>) -> Port<'a> {
    Port {
        name: name.unwrap_or_else(|| graph.values.get(value).map_or("", |value| value.name.as_str())),
        shape: graph.unbatched(value),
    }
}

/// The folder itself, or those in it, in the order of their names.
fn folders(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    if path.join("input_0.pb").is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|e| CliError::io(path, &e))?;
    let entries = entries.map(|entry| entry.map(|entry| entry.path()));
    let all: Vec<PathBuf> = entries.collect::<Result<_, _>>().map_err(|e| CliError::io(path, &e))?;
    let mut sets: Vec<PathBuf> = all.into_iter().filter(|set| set.join("input_0.pb").is_file()).collect();
    sets.sort();
    match sets.is_empty() {
        true => Err(bad("there is no input_0.pb in the folder, nor in one inside it".into()).at(path)),
        false => Ok(sets),
    }
}

fn tensor(file: &Path) -> Result<Array, CliError> {
    let bytes = files::read(file, MAX_DATA)?;
    onnx::tensor(&bytes).map_err(|e| bad(e.to_string()).at(file))
}

/// Adds the samples of arrays: one of the model's own shapes, or as many as the first axis says.
fn add(
    expected: &mut Expected,
    (inputs, given): (&[Port<'_>], Vec<Array>),
    (outputs, recorded): (&[Port<'_>], Vec<Array>),
) -> Result<(), CliError> {
    let mut count = None;
    let mut split = |ports: &[Port<'_>], arrays: Vec<Array>| -> Result<Vec<Vec<Vec<f64>>>, CliError> {
        let mut samples: Vec<Vec<Vec<f64>>> = vec![];
        for (port, (shape, values)) in ports.iter().zip(arrays) {
            let each = port.shape.iter().product::<usize>().max(1);
            let rows = match shape.as_slice() {
                shape if shape == port.shape => 1,
                [rows, shape @ ..] if shape == port.shape && *rows > 0 => *rows,
                _ => {
                    let (name, expected) = (port.name, port.shape);
                    return Err(bad(format!(
                        "`{name}` has the shape {shape:?}; a sample of it has {expected:?}"
                    )));
                }
            };
            if rows > MAX_SAMPLES || *count.get_or_insert(rows) != rows {
                let (name, first) = (port.name, count.unwrap_or(rows));
                return Err(bad(format!(
                    "the first axis of `{name}` is {rows}, of others {first}; it counts samples, at most {MAX_SAMPLES}"
                )));
            }
            samples.resize(rows, vec![]);
            let parts = values.chunks(each).map(<[f64]>::to_vec);
            samples
                .iter_mut()
                .zip(parts)
                .for_each(|(sample, part)| sample.push(part));
        }
        Ok(samples)
    };
    let (given, recorded) = (split(inputs, given)?, split(outputs, recorded)?);
    let single = |sample: Vec<Vec<f64>>| {
        let inputs = sample.into_iter();
        inputs
            .map(|values| values.into_iter().map(|x| x as f32).collect())
            .collect()
    };
    expected.rows.extend(given.into_iter().map(single));
    expected.outputs.extend(recorded);
    Ok(())
}

fn bad(message: String) -> CliError {
    CliError::usage(
        "expect",
        message,
        "give an .npz file with an array for each input and output of the model by its name, or a folder with input_0.pb, .. and output_0.pb, ..",
    )
}
