//! `provenn color prove`: one receipt.

use crate::color::{graph, solution};
use crate::commands::context;
use crate::error::CliError;
use crate::output::Output;
use crate::progress::Progress;
use crate::report::{grouped, Report};
use crate::srs;
use provenn_prover::colouring::{prove, Coloured};
use provenn_prover::ProveError;
use provenn_verifier::Receipt;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The graph: DIMACS .col, a list of edges, GraphML, or node-link JSON.
    #[arg(long, value_name = "FILE")]
    graph: PathBuf,
    /// Its colouring: one colour on each line, in the order of the vertices.
    #[arg(long, value_name = "FILE")]
    colours: PathBuf,
    /// The number of colours that the receipt states.
    #[arg(long, value_parser = super::colours)]
    k: u32,
    #[command(flatten)]
    context: context::Args,
    /// Folder of development parameters, or a file made by `provenn srs import`.
    #[arg(long, value_name = "PATH")]
    srs: Option<PathBuf>,
    /// Receipt to write; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the receipt if it exists.
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let context = args.context.context()?;
    let inputs = [&args.graph, &args.colours].map(PathBuf::as_path);
    let out = Output::new(&args.out, args.force, &inputs)?;
    let progress = Progress::new("reading the graph");
    let read = graph::read(&args.graph)?;
    let colours = solution::read(&args.colours, read.graph.vertices())?;
    let coloured = Coloured::new(&read.graph, &colours, args.k).map_err(|error| unfit(error, &args.colours))?;
    let parameters = srs::open(args.srs.as_deref(), coloured.class().rows())?;
    let started = Instant::now();
    progress.set("proving");
    let receipt = prove(&coloured, &parameters, context, &|_| {})?;
    drop(progress);
    let seconds = started.elapsed().as_secs_f64();
    out.write(&receipt)?;
    let claim = Receipt::from_bytes(&receipt)?.claim;
    let says = claim.body.colouring().map(|body| body.words().to_string());
    let mut report = Report {
        aside: out.is_standard(),
        ..Report::default()
    };
    let bytes = grouped(receipt.len());
    report.row("receipt", format!("{}, {bytes} bytes", args.out.display()));
    report.row("it says", says.unwrap_or_default());
    if read.repeated > 0 {
        let count = grouped(read.repeated);
        report.row("dropped", format!("{count} edges that the file names again"));
    }
    report.row("proven in", format!("{seconds:.2} s, then verified"));
    report.json = json!({
        "receipt": args.out.display().to_string(),
        "bytes": receipt.len(),
        "seconds": seconds,
        "colours": args.k,
        "vertices": read.graph.vertices(),
        "edges": read.graph.edge_count(),
        "repeated": read.repeated,
    });
    Ok(report)
}

/// What is wrong with the colouring is wrong with its file.
fn unfit(error: ProveError, path: &Path) -> CliError {
    let text = error.to_string();
    let (message, help) = text.split_once(". Help: ").unwrap_or((&text, ""));
    let help = match &error {
        ProveError::Colouring(provenn_prover::colouring::ColouringError::Class(error)) => error.help(),
        _ => help,
    };
    CliError::usage(error.code(), message, help).at(path)
}
