//! `provenn inspect`: what a model is and what a proof would cost.

use crate::error::CliError;
use crate::estimate::Cost;
use crate::files;
use crate::progress::Progress;
use crate::report::{grouped, Report};
use crate::sample;
use provenn_circuits::graph::Graph;
use provenn_prover::commit::{compile, CommitOptions, Compiled};
use provenn_prover::fidelity::{Fidelity, Source};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX file.
    model: PathBuf,
    /// Rows that scales are chosen from (.npy); seeded values in [-1, 1] by default.
    #[arg(long, value_name = "NPY")]
    calibration: Option<PathBuf>,
    /// Whether receipts would show their input or a commitment to it.
    #[arg(long, value_enum, default_value_t)]
    input: super::commit::Binding,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let options = CommitOptions {
        calibration: args.calibration.as_deref().map(sample::rows).transpose()?,
        committed_input: args.input.committed(),
        ..CommitOptions::default()
    };
    let bytes = files::model(&args.model)?;
    let progress = Progress::new("compiling");
    let compiled = compile(&bytes, &options)?;
    progress.set("measuring");
    let source = match options.calibration {
        Some(_) => Source::Calibration,
        None => Source::Seeded,
    };
    let fidelity = compiled.estimated_fidelity(source)?;
    drop(progress);
    Ok(report(&compiled, &fidelity))
}

fn report(compiled: &Compiled, fidelity: &Fidelity) -> Report {
    let (graph, model, shape) = (&compiled.graph, &compiled.model, &compiled.layout.shape);
    let (operators, parameters) = (&graph.operators, parameters(graph));
    let columns = shape.small_columns() + shape.full_columns();
    let (line, activation, powers) = compiled.layout.used_rows();
    let Cost { cpu_seconds, bytes, .. } = Cost::of(shape, &model.input_shape);
    let mut report = Report::default();
    report.row("model", &graph.name);
    let list: Vec<String> = operators
        .iter()
        .map(|(name, count)| format!("{name} x{count}"))
        .collect();
    report.row("operators", list.join(", "));
    report.row(
        "input, output",
        format!("{:?} -> {:?}", model.input_shape, model.output_shape),
    );
    report.row("parameters", grouped(parameters));
    report.row(
        "circuit",
        format!(
            "2^{} rows, {} activation lanes, {} weight lanes, {columns} columns",
            shape.k, shape.lanes, shape.weight_lanes
        ),
    );
    report.row(
        "rows used",
        format!("{line} lines, {activation} activations, {powers} powers"),
    );
    report.row(
        "precision",
        format!(
            "{} bits per value, {} per weight",
            model.precision.bits(),
            shape.weight_bits
        ),
    );
    report.row(
        "proof, predicted",
        format!("{cpu_seconds:.1} CPU seconds (cost model, not a measurement)"),
    );
    report.row(
        "receipt",
        format!("about {} bytes with the policy `label`", grouped(bytes)),
    );
    report.row("fidelity", fidelity.words());
    let warnings = warnings(compiled, fidelity);
    for warning in &warnings {
        report.row("warning", warning);
    }
    report.json = json!({
        "name": graph.name,
        "operators": operators,
        "input_shape": model.input_shape,
        "output_shape": model.output_shape,
        "parameters": parameters,
        "k": shape.k,
        "lanes": shape.lanes,
        "weight_lanes": shape.weight_lanes,
        "columns": columns,
        "value_bits": model.precision.bits(),
        "weight_bits": shape.weight_bits,
        "predicted_cpu_seconds": cpu_seconds,
        "receipt_bytes": bytes,
        "fidelity": fidelity,
        "warnings": warnings,
    });
    report
}

/// What the owner of a model should know before its card is made.
pub fn warnings(compiled: &Compiled, fidelity: &Fidelity) -> Vec<String> {
    let resolution = fidelity.warning(&compiled.model);
    compiled.warnings.iter().cloned().chain(resolution).collect()
}

/// Number of constants: weights and biases.
pub fn parameters(graph: &Graph) -> usize {
    let constants = graph.values.iter().filter_map(|v| v.constant.as_ref());
    constants.map(|t| t.data.len()).sum()
}
