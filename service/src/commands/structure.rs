//! `provenn structure`: an ONNX file without its weights, for auditors.

use crate::error::CliError;
use crate::files;
use crate::report::{grouped, Report};
use provenn_circuits::onnx;
use provenn_prover::ProveError;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX file.
    model: PathBuf,
    /// Structure to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let structure = onnx::structure(&files::model(&args.model)?).map_err(ProveError::from)?;
    files::write(&args.out, &structure, false)?;
    let mut report = Report::default();
    report.row(
        "structure",
        format!("{}, {} bytes", args.out.display(), grouped(structure.len())),
    );
    report.line("Names, shapes, attributes, numbers without axes and what the circuit depends on are those of the model; weights were replaced.");
    report.json = json!({ "structure": args.out, "bytes": structure.len() });
    Ok(report)
}
