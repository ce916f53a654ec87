//! `provenn slice`: a model that takes an input in parts, each an input of its own.

use crate::commands::commit;
use crate::data::{npz, sample};
use crate::error::CliError;
use crate::files::{self, Dimension};
use crate::output::Output;
use crate::report::{grouped, Report};
use provenn_circuits::onnx::{self, Slice};
use provenn_prover::ProveError;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::str::FromStr;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX file.
    model: PathBuf,
    /// Size of a symbolic dimension of the inputs, as often as there are some.
    #[arg(long, value_name = "NAME=SIZE")]
    dim: Vec<Dimension>,
    /// The input that is taken in parts; the only one if the model has no other.
    #[arg(long, value_name = "NAME")]
    input: Option<String>,
    /// The axis along which it is cut, from 0, or from the last as -1. The first one counts items, where the file leaves its size open.
    #[arg(long, value_name = "AXIS", default_value_t = -1, allow_negative_numbers = true)]
    axis: i64,
    /// A part, by the name that it has as an input, and how many places of the axis it has; all of them, in order.
    #[arg(long, value_name = "NAME:SIZE", required = true)]
    part: Vec<Part>,
    /// Rows of the whole input (.npy, .csv), to be cut in the same way.
    #[arg(long, value_name = "FILE", requires = "rows_out")]
    rows: Option<PathBuf>,
    /// Where the rows go that were cut: an .npz file with an array for each part, as --calibration takes it.
    #[arg(long, value_name = "FILE", requires = "rows")]
    rows_out: Option<PathBuf>,
    /// Model to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace files if they exist.
    #[arg(long)]
    force: bool,
}

/// `NAME:SIZE`
#[derive(Clone, Debug)]
struct Part(Slice);

impl FromStr for Part {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let part = |(name, len): (&str, &str)| {
            let (name, len) = (name.to_owned(), len.parse().ok()?);
            Some(Self(Slice { name, len }))
        };
        text.rsplit_once(':')
            .and_then(part)
            .ok_or("NAME:SIZE is expected, as in own:8")
    }
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let read: Vec<_> = [Some(&args.model), args.rows.as_ref()]
        .into_iter()
        .flatten()
        .map(PathBuf::as_path)
        .collect();
    let out = Output::new(&args.out, args.force, &read)?;
    let rows_out = args.rows_out.as_ref();
    let rows_out = rows_out.map(|path| out.second(path, args.force, &read)).transpose()?;
    let model = files::model(&args.model, &args.dim)?;
    let parts: Vec<Slice> = args.part.iter().map(|Part(part)| part.clone()).collect();
    let input = match &args.input {
        Some(input) => input.clone(),
        None => only_input(&model)?,
    };
    let sliced = onnx::slice(&model, &input, args.axis, &parts).map_err(ProveError::from)?;
    let rows = args.rows.as_ref();
    let rows = rows
        .map(|path| cut(path, &model, &input, args.axis, &parts))
        .transpose()?;
    out.write(&sliced)?;
    let mut report = Report {
        aside: out.is_standard() || rows_out.as_ref().is_some_and(Output::is_standard),
        ..Report::default()
    };
    report.row(
        "model",
        format!("{}, {} bytes", args.out.display(), grouped(sliced.len())),
    );
    if let (Some(place), Some(path), Some((count, bytes))) = (&rows_out, &args.rows_out, &rows) {
        place.write(bytes)?;
        report.row("rows", format!("{}, {count} of each part", path.display()));
    }
    let names: Vec<String> = parts.iter().map(|part| format!("\"{}\"", part.name)).collect();
    report.line(format!(
        "Its inputs {} are the input \"{input}\" of the other, put together along axis {} in this order.",
        names.join(", "),
        args.axis
    ));
    report.json = json!({
        "model": args.out.display().to_string(),
        "bytes": sliced.len(),
        "input": input,
        "axis": args.axis,
        "parts": parts.iter().map(|part| json!({ "name": part.name, "size": part.len })).collect::<Vec<_>>(),
        "rows": rows.map(|(count, _)| count),
    });
    Ok(report)
}

/// The input of a model that has one.
fn only_input(model: &[u8]) -> Result<String, CliError> {
    let names = onnx::inputs(model).map_err(ProveError::from)?;
    match names.as_slice() {
        [one] => Ok(one.clone()),
        _ => Err(CliError::usage(
            "input-names",
            format!("the model has the inputs {}", names.join(", ")),
            "say which of them is taken in parts with --input",
        )),
    }
}

/// The rows of a file in parts, and how many there are.
fn cut(path: &Path, model: &[u8], input: &str, axis: i64, parts: &[Slice]) -> Result<(usize, Vec<u8>), CliError> {
    let (_, graph) = commit::imported(model.to_vec(), 0)?;
    let own = graph.inputs.iter().find(|own| graph.values[own.value].name == input);
    // An input that nothing reads is none of the graph.
    let own = own.ok_or_else(|| {
        CliError::usage(
            "input-names",
            format!("nothing in the model reads the input {input}"),
            "leave --rows out",
        )
    })?;
    let (whole, shape) = (&graph.values[own.value].shape, graph.unbatched(own.value));
    // What `slice` took is an axis of the whole.
    let place = axis.rem_euclid(whole.len().max(1) as i64) as usize - (whole.len() - shape.len());
    let rows = sample::whole_rows(path, shape)?;
    let count = rows.len() / shape.iter().product::<usize>().max(1);
    let tail: usize = shape[place + 1..].iter().product();
    let mut arrays: Vec<(String, Vec<usize>, Vec<f64>)> = vec![];
    let mut before = 0;
    for part in parts {
        let of_line = before * tail..(before + part.len) * tail;
        let lines = rows.chunks(shape[place] * tail);
        let values = lines.flat_map(|line| line[of_line.clone()].iter().copied()).collect();
        let mut own = shape.to_vec();
        own[place] = part.len;
        arrays.push((part.name.clone(), [&[count], own.as_slice()].concat(), values));
        before += part.len;
    }
    Ok((count, npz::write(&arrays)?))
}
