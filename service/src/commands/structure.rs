//! `provenn structure`: an ONNX file without its weights, for auditors.

use crate::error::CliError;
use crate::files::{self, Dimension};
use crate::output::Output;
use crate::report::{grouped, Report};
use provenn_circuits::onnx;
use provenn_prover::ProveError;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX file.
    model: PathBuf,
    /// Size of a symbolic dimension of the inputs, as often as there are some.
    #[arg(long, value_name = "NAME=SIZE")]
    dim: Vec<Dimension>,
    /// Structure to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let out = Output::new(&args.out, args.force, &[&args.model])?;
    let structure = onnx::structure(&files::model(&args.model, &args.dim)?).map_err(ProveError::from)?;
    out.write(&structure)?;
    let mut report = Report {
        aside: out.is_standard(),
        ..Report::default()
    };
    report.row(
        "structure",
        format!("{}, {} bytes", args.out.display(), grouped(structure.len())),
    );
    report.line("Names, shapes, attributes, numbers without axes and what the circuit depends on are those of the model; weights were replaced.");
    report.json = json!({ "structure": args.out.display().to_string(), "bytes": structure.len() });
    Ok(report)
}
