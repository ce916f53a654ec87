//! `provenn color key`: what a verifier needs beside graph and receipt.

use crate::bytes::{hex, whole};
use crate::error::CliError;
use crate::output::Output;
use crate::report::{grouped, Report};
use crate::srs;
use provenn_prover::commit::srs_verifying_key;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The number of colours.
    #[arg(long, value_parser = super::colours)]
    k: u32,
    /// The number of vertices.
    #[arg(long, value_parser = whole::<u32>)]
    vertices: u32,
    /// Folder of development parameters, or a file made by `provenn srs import`.
    #[arg(long, value_name = "PATH")]
    srs: Option<PathBuf>,
    /// Verifier's part of the SRS to write; beside receipts `color verify` looks for srs.vk.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let out = Output::new(&args.out, args.force, &[])?;
    let class = super::class(args.k, args.vertices)?;
    let key = class.key()?;
    let parameters = srs_verifying_key(&srs::open(args.srs.as_deref(), class.rows())?)?;
    let bytes = parameters.to_bytes();
    out.write(&bytes)?;
    let mut report = Report {
        aside: out.is_standard(),
        ..Report::default()
    };
    let capacity = grouped(usize::try_from(class.capacity()).unwrap_or(usize::MAX));
    report.row("written", format!("{}, {} bytes", args.out.display(), bytes.len()));
    report.row(
        "SRS id",
        format!("{}: pin it with `color verify --srs-id`", hex(&parameters.id())),
    );
    report.row(
        "circuit",
        format!(
            "2^{} rows, for {} colours and up to {capacity} vertices",
            class.rows(),
            class.colours()
        ),
    );
    report.row(
        "key digest",
        format!(
            "{}, as receipts name it; it follows from the circuit alone",
            hex(&key.digest())
        ),
    );
    report.json = json!({
        "path": args.out.display().to_string(),
        "srs_id": hex(&parameters.id()),
        "key_digest": hex(&key.digest()),
        "k": class.rows(),
        "colours": class.colours(),
        "capacity": class.capacity(),
    });
    Ok(report)
}
