//! `provenn judge`: a model that says whether another gives the right label, which is an input of its own.

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
    /// ONNX file of a classifier.
    model: PathBuf,
    /// Size of a symbolic dimension of the inputs, as often as there are some.
    #[arg(long, value_name = "NAME=SIZE")]
    dim: Vec<Dimension>,
    /// Of several outputs the one that has a score for each label, by its name.
    #[arg(long, value_name = "NAME")]
    output: Option<String>,
    /// Count by groups of items, so many of them: the group of each item is an input too.
    #[arg(long, value_name = "COUNT")]
    groups: Option<usize>,
    /// Model to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let out = Output::new(&args.out, args.force, &[&args.model])?;
    let model = files::model(&args.model, &args.dim)?;
    let judge = onnx::judge(&model, args.output.as_deref(), args.groups).map_err(ProveError::from)?;
    out.write(&judge)?;
    let mut report = Report {
        aside: out.is_standard(),
        ..Report::default()
    };
    report.row(
        "model",
        format!("{}, {} bytes", args.out.display(), grouped(judge.len())),
    );
    let (truth, group, verdict) = (onnx::TRUTH, onnx::GROUP, onnx::VERDICT);
    report.line(format!(
        "Its input \"{truth}\" is the right label of an item, counted from 0."
    ));
    match args.groups {
        None => report.line(format!(
            "Its output \"{verdict}\" has the label 1 where the model gives that label, else 0."
        )),
        Some(_) => {
            report.line(format!(
                "Its input \"{group}\" is the group of an item, counted from 0."
            ));
            report.line(format!(
                "Its output \"{verdict}\" has the label 2 g + 1 where the model gives the right label for an item of group g, else 2 g."
            ));
        }
    }
    report.json = json!({ "model": args.out.display().to_string(), "bytes": judge.len() });
    Ok(report)
}
