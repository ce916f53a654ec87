//! `provenn segment prove`: the proof of one segment of a run.

use super::{of_segments, parameters};
use crate::error::CliError;
use crate::files::{self, MAX_DATA};
use crate::output::Output;
use crate::progress::Progress;
use crate::report::{grouped, Report};
use provenn_prover::chain::{self, Run};
use provenn_prover::prove::Stage;
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The `chain.card` of the committed model; the folder of the segment is beside it.
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// What `provenn segment run` wrote.
    #[arg(long, value_name = "FILE")]
    run: PathBuf,
    /// The segment, from 1.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    segment: u16,
    /// Folder of development parameters, or a file made by `provenn srs import`; by default as at commitment.
    #[arg(long, value_name = "PATH")]
    srs: Option<PathBuf>,
    /// Piece of the receipt to write. It is not secret.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let out = Output::new(&args.out, args.force, &[&args.card, &args.run])?;
    let progress = Progress::new("reading the model");
    let stored = of_segments(&args.card)?;
    let run = Run::from_bytes(&files::read(&args.run, MAX_DATA)?);
    let run = run.map_err(|error| CliError::from(error).at(&args.run))?;
    let parameters = parameters(&args.card, args.srs.as_deref(), &stored)?;
    let started = Instant::now();
    progress.stage(Stage::Proof);
    let index = usize::from(args.segment) - 1;
    let piece = chain::prove_segment(&stored.card, &stored, &parameters.srs, &run, index);
    let bytes = piece.map_err(|error| parameters.blame(error))?.to_bytes();
    drop(progress);
    out.write(&bytes)?;
    let seconds = started.elapsed().as_secs_f64();
    let mut report = Report {
        aside: out.is_standard(),
        ..Report::default()
    };
    let of = stored.card.segments.len();
    report.row("segment", format!("{} of {of}", args.segment));
    report.row(
        "piece",
        format!("{}, {} bytes", args.out.display(), grouped(bytes.len())),
    );
    report.row("proven in", format!("{seconds:.2} s"));
    report.json = json!({
        "piece": args.out.display().to_string(), "bytes": bytes.len(), "segment": args.segment, "segments": of, "seconds": seconds,
    });
    Ok(report)
}
