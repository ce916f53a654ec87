//! `provenn manual`: a page for `man` for each command.

use crate::cli::Cli;
use crate::error::CliError;
use crate::output::OutputFolder;
use crate::report::Report;
use clap::CommandFactory;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder to make, with provenn.1 and a page for each command.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let out = OutputFolder::new(&args.out)?;
    out.fill(|folder| clap_mangen::generate_to(Cli::command(), folder).map_err(|e| CliError::io(folder, &e)))?;
    let mut report = Report::default();
    report.row(
        "manual",
        format!(
            "{}: man -l {}",
            args.out.display(),
            args.out.join("provenn.1").display()
        ),
    );
    report.json = json!({ "manual": args.out.display().to_string() });
    Ok(report)
}
