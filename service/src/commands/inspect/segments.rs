//! What a model in segments would cost, segment by segment.

use super::{forecast_json, operators_row, parameters};
use crate::report::{grouped, Report};
use provenn_circuits::argument::{Cost, Objective};
use provenn_circuits::layout::Layout;
use provenn_prover::chain::CompiledChain;
use provenn_prover::fidelity::Fidelity;
use provenn_prover::machine;
use serde_json::{json, Value};

pub fn report(compiled: &CompiledChain, objective: Objective, fidelity: &Fidelity) -> Report {
    let (graph, cuts, total) = (&compiled.graph, compiled.cut_names(), &compiled.cost);
    let parameters = parameters(graph);
    let mut report = Report::default();
    report.row("model", &graph.name);
    operators_row(&mut report, graph);
    report.row("parameters", grouped(parameters));
    let count = compiled.segments.len();
    report.row("circuits", format!("{count} segments of 2^{} rows", compiled.k()));
    for (index, (_, layout)) in compiled.segments.iter().enumerate() {
        let row = format!("segment {}", index + 1);
        report.row(&row, words(layout));
        if let Some(cut) = cuts.get(index) {
            report.row("", format!("  gives {cut}"));
        }
    }
    report.row(
        "proof, predicted",
        format!(
            "{:.2} CPU seconds for all segments, {} MiB for the largest (cost model for {}, not a measurement)",
            total.prove_cpu_seconds(machine()),
            total.memory_bytes >> 20,
            machine().name()
        ),
    );
    report.row(
        "commitment",
        format!(
            "{:.2} CPU seconds, card of about {} bytes",
            total.commit_cpu_seconds(machine()),
            grouped(total.card_bytes)
        ),
    );
    report.row(
        "receipt",
        format!(
            "about {} bytes with the policy `label`, verified in {:.1} ms",
            grouped(total.receipt_bytes),
            total.verify_ms
        ),
    );
    report.row("fidelity", fidelity.words());
    let measured = fidelity.warnings(&compiled.model);
    let warnings: Vec<String> = compiled.warnings.iter().cloned().chain(measured).collect();
    for warning in &warnings {
        report.row("warning", warning);
    }
    let segments = compiled.segments.iter().enumerate();
    report.json = json!({
        "name": graph.name,
        "operators": graph.operators,
        "parameters": parameters,
        "k": compiled.k(),
        "cuts": cuts,
        "segments": segments.map(|(index, (_, layout))| segment_json(layout, cuts.get(index).copied())).collect::<Vec<_>>(),
        "objective": objective.name(),
        "forecast": forecast_json(total),
        "fidelity": fidelity,
        "warnings": warnings,
    });
    report
}

fn words(layout: &Layout) -> String {
    let (shape, cost) = (&layout.shape, Cost::of(&layout.shape));
    let (line, activation, powers) = layout.used_rows();
    format!(
        "{:.2} CPU seconds, {} MiB; {} activation lanes, {} line columns of {} weight lanes; rows used: {line} lines, {activation} activations, {powers} powers",
        cost.prove_cpu_seconds(machine()),
        cost.memory_bytes >> 20,
        shape.lanes,
        shape.line_columns,
        shape.weight_lanes,
    )
}

fn segment_json(layout: &Layout, gives: Option<&str>) -> Value {
    let (line, activation, powers) = layout.used_rows();
    json!({
        "gives": gives,
        "lanes": layout.shape.lanes,
        "line_columns": layout.shape.line_columns,
        "weight_lanes": layout.shape.weight_lanes,
        "rows": { "lines": line, "activations": activation, "powers": powers },
        "forecast": forecast_json(&Cost::of(&layout.shape)),
    })
}
