//! `provenn inspect`: what a model is and what a proof would cost.

mod segments;

use crate::commands::commit::{committed, cuts, imported, rows};
use crate::data::labels::MOST_ITEMS;
use crate::data::source::Source;
use crate::error::CliError;
use crate::files::{self, Dimension};
use crate::progress::Progress;
use crate::report::{grouped, Report};
use provenn_circuits::argument::{Cost, Counts, Objective};
use provenn_circuits::compile::{tabulations, Choice, Outputs, Tabulation};
use provenn_circuits::graph::Graph;
use provenn_circuits::layout::Shape;
use provenn_circuits::onnx;
use provenn_circuits::program::Program;
use provenn_prover::chain;
use provenn_prover::commit::{compile, CommitOptions, Compiled};
use provenn_prover::fidelity::{self, Fidelity};
use provenn_prover::machine;
use provenn_prover::rows::Use;
use provenn_verifier::text::quoted;
use serde_json::{json, Value};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX file.
    #[arg(required_unless_present = "operators")]
    model: Option<PathBuf>,
    /// Size of a symbolic dimension of the inputs, as often as there are some.
    #[arg(long, value_name = "NAME=SIZE")]
    dim: Vec<Dimension>,
    /// List the operators that can be imported, with their limits.
    #[arg(long, conflicts_with_all = ["model", "dim", "batch", "calibration", "input", "committed", "outputs", "optimize", "segments", "cut_at"])]
    operators: bool,
    /// What it would cost on so many items at once, as with `provenn commit --batch`.
    #[arg(long, value_name = "ITEMS", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_ITEMS)))]
    batch: Option<u32>,
    /// What it would cost in so many segments, and where it would be cut, as with `provenn commit --segments`.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=64), conflicts_with = "batch")]
    segments: Option<u32>,
    /// What it would cost cut at this tensor, as with `provenn commit --cut-at`; may be given several times.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["batch", "segments"])]
    cut_at: Vec<String>,
    /// Rows that scales are chosen from (.npy, .csv), of a model with several inputs NAME=FILE for each or one .npz with an array for each; seeded values in [-1, 1] by
    /// default.
    #[arg(long, value_name = "FILE")]
    calibration: Vec<Source>,
    /// Whether receipts would show their inputs or commitments to them.
    #[arg(long, value_enum, default_value_t)]
    input: super::commit::Binding,
    /// Of several inputs one that receipts would commit to.
    #[arg(long, value_name = "NAME", conflicts_with = "input")]
    committed: Vec<String>,
    /// How receipts would speak of outputs, as with `provenn commit --outputs`.
    #[arg(long, value_name = "HOW", default_value_t, conflicts_with_all = ["batch", "segments", "cut_at"])]
    outputs: Outputs,
    /// What the circuit is chosen for: prove, receipt, verify, gas or balanced.
    #[arg(long, value_name = "OBJECTIVE", default_value_t)]
    optimize: Objective,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let Some(model) = args.model.as_deref().filter(|_| !args.operators) else {
        return Ok(operators());
    };
    let items = args.batch.unwrap_or(0) as usize;
    let (bytes, graph) = imported(files::model(model, &args.dim)?, items)?;
    let options = CommitOptions {
        calibration: rows(&args.calibration, &graph, Use::Calibration)?.map(|rows| rows.batched(&graph, items)),
        items,
        committed_inputs: committed(args.input, &args.committed),
        outputs: args.outputs,
        objective: args.optimize,
        ..CommitOptions::default()
    };
    let progress = Progress::new("compiling");
    let source = match options.calibration {
        Some(_) => fidelity::Source::Calibration,
        None => fidelity::Source::Seeded,
    };
    if let Some(cuts) = cuts(args.segments, &args.cut_at) {
        let compiled = chain::compile(&bytes, &options, cuts)?;
        progress.set("measuring");
        let measured = compiled.estimated_fidelity(source)?;
        drop(progress);
        return Ok(segments::report(&compiled, args.optimize, &measured));
    }
    let compiled = compile(&bytes, &options)?;
    progress.set("measuring");
    let measured = compiled.estimated_fidelity(source)?;
    drop(progress);
    Ok(report(&compiled, args.optimize, &measured))
}

/// The operators that can be imported.
fn operators() -> Report {
    let mut report = Report::default();
    let all = onnx::supported_operators();
    for operator in &all {
        report.row(&operator.title(), operator.limits);
    }
    let json = all
        .iter()
        .map(|operator| json!({ "domain": operator.domain, "name": operator.name, "limits": operator.limits }));
    report.json = json!({ "operators": json.collect::<Vec<_>>() });
    report
}

fn report(compiled: &Compiled, objective: Objective, fidelity: &Fidelity) -> Report {
    let (graph, model, shape) = (&compiled.graph, &compiled.model, &compiled.layout.shape);
    let (operators, parameters) = (&graph.operators, parameters(graph));
    let counts = Counts::of(shape);
    let columns = counts.small + counts.full();
    let (line, activation, powers) = compiled.layout.used_rows();
    let forecast = Cost::of(shape);
    let mut report = Report::default();
    report.row("model", &graph.name);
    operators_row(&mut report, graph);
    match (model.inputs.as_slice(), model.outputs.as_slice()) {
        ([input], [output]) => report.row("input, output", format!("{:?} -> {:?}", input.shape, output.shape)),
        (inputs, outputs) => {
            for ((input, tensor), shape) in inputs.iter().zip(&model.tensors).zip(&shape.inputs) {
                let binding = if shape.public { "public" } else { "committed" };
                report.row(
                    "input",
                    format!("{} {:?}, {binding}", quoted(&tensor.name), input.shape),
                );
            }
            for output in outputs {
                report.row("output", format!("{} {:?}", quoted(&output.name), output.shape));
            }
        }
    }
    if !shape.whole.is_empty() {
        let whole = model.outputs.iter().enumerate();
        let whole = whole.filter(|(index, _)| shape.whole.contains(index));
        let names: Vec<String> = whole.map(|(_, output)| quoted(&output.name)).collect();
        report.row("shown whole", format!("{} (policy `scores` only)", names.join(", ")));
    }
    report.row("parameters", grouped(parameters));
    report.row(
        "circuit",
        format!(
            "2^{} rows, {} activation lanes, {} line columns of {} weight lanes, {columns} columns",
            shape.k, shape.lanes, shape.line_columns, shape.weight_lanes
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
        format!(
            "{:.2} CPU seconds, {} MiB (cost model for {}, not a measurement)",
            forecast.prove_cpu_seconds(machine()),
            forecast.memory_bytes >> 20,
            machine().name()
        ),
    );
    report.row(
        "commitment",
        format!(
            "{:.2} CPU seconds, card of about {} bytes",
            forecast.commit_cpu_seconds(machine()),
            grouped(forecast.card_bytes)
        ),
    );
    let answer = match (shape.items, shape.whole.is_empty()) {
        (0, true) => "with the policy `label`",
        (0, false) => "beside the values of the outputs",
        _ => "with one count, beside the labels that a policy takes",
    };
    let gas = match shape.whole.is_empty() {
        true => format!("{} gas", grouped(forecast.gas as usize)),
        false => "by no contract".to_owned(),
    };
    report.row(
        "receipt",
        format!(
            "about {} bytes {answer}, verified in {:.1} ms, {gas}",
            grouped(forecast.receipt_bytes),
            forecast.verify_ms,
        ),
    );
    report.line("--optimize gives for:");
    for choice in &compiled.choices {
        let chosen = if choice.objective == objective { ", chosen" } else { "" };
        let (shape, cost) = (&choice.shape, &choice.cost);
        report.row(
            &format!("  {}", choice.objective),
            format!(
                "{:.2} CPU s, receipt {} B, card {} B, verified in {:.1} ms, {} gas (2^{} rows, {} lanes){chosen}",
                cost.prove_cpu_seconds(machine()),
                grouped(cost.receipt_bytes),
                grouped(cost.card_bytes),
                cost.verify_ms,
                grouped(cost.gas as usize),
                shape.k,
                shape.lanes
            ),
        );
    }
    let functions = tabulations(graph, &compiled.ranges, model);
    for function in &functions {
        report.row(
            "function",
            format!(
                "`{}` ({}) by a table of {} entries, off by at most {:.2} % of its largest result",
                function.name,
                function.operators,
                function.entries,
                100.0 * function.error
            ),
        );
    }
    report.row("fidelity", fidelity.words());
    let warnings = warnings(compiled, fidelity);
    for warning in &warnings {
        report.row("warning", warning);
    }
    report.json = json!({
        "name": graph.name,
        "operators": operators,
        "inputs": inputs_json(model, shape),
        "outputs": model.outputs.iter().enumerate().map(|(index, output)| json!({
            "name": output.name,
            "shape": output.shape,
            "whole": shape.whole.contains(&index),
        })).collect::<Vec<_>>(),
        "parameters": parameters,
        "k": shape.k,
        "lanes": shape.lanes,
        "line_columns": shape.line_columns,
        "weight_lanes": shape.weight_lanes,
        "columns": columns,
        "value_bits": model.precision.bits(),
        "weight_bits": shape.weight_bits,
        "objective": objective.name(),
        "forecast": forecast_json(&forecast),
        "choices": compiled.choices.iter().map(choice_json).collect::<Vec<_>>(),
        "functions": functions.iter().map(function_json).collect::<Vec<_>>(),
        "fidelity": fidelity,
        "warnings": warnings,
    });
    report
}

fn operators_row(report: &mut Report, graph: &Graph) {
    let list = graph.operators.iter().map(|(name, count)| format!("{name} x{count}"));
    report.row("operators", list.collect::<Vec<_>>().join(", "));
}

fn inputs_json(model: &Program, shape: &Shape) -> Value {
    let inputs = model.inputs.iter().zip(&model.tensors).zip(&shape.inputs);
    let inputs = inputs.map(|((input, tensor), shape)| {
        let binding = if shape.public { "public" } else { "committed" };
        json!({ "name": tensor.name, "shape": input.shape, "binding": binding })
    });
    inputs.collect()
}

fn forecast_json(cost: &Cost) -> Value {
    json!({
        "machine": machine().name(),
        "prove_cpu_seconds": cost.prove_cpu_seconds(machine()),
        "commit_cpu_seconds": cost.commit_cpu_seconds(machine()),
        "memory_bytes": cost.memory_bytes,
        "receipt_bytes": cost.receipt_bytes,
        "card_bytes": cost.card_bytes,
        "verify_ms": cost.verify_ms,
        "gas": cost.gas,
    })
}

fn function_json(function: &Tabulation) -> Value {
    json!({
        "name": function.name,
        "operators": function.operators,
        "formula": function.formula,
        "entries": function.entries,
        "error": function.error,
    })
}

fn choice_json(choice: &Choice) -> Value {
    let Choice { objective, shape, cost } = choice;
    json!({
        "objective": objective.name(),
        "k": shape.k,
        "lanes": shape.lanes,
        "line_columns": shape.line_columns,
        "weight_lanes": shape.weight_lanes,
        "forecast": forecast_json(cost),
    })
}

/// What the owner of a model should know before its card is made.
pub fn warnings(compiled: &Compiled, fidelity: &Fidelity) -> Vec<String> {
    let measured = fidelity.warnings(&compiled.model);
    compiled.warnings.iter().cloned().chain(measured).collect()
}

/// Number of constants: weights and biases.
pub fn parameters(graph: &Graph) -> usize {
    let constants = graph.values.iter().filter_map(|v| v.constant.as_ref());
    constants.map(|t| t.data.len()).sum()
}
