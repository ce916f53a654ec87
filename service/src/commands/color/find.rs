//! `provenn color find`: a colouring by search.

use crate::bytes::whole;
use crate::color::dsatur::{find, Found};
use crate::color::{graph, solution};
use crate::error::CliError;
use crate::output::Output;
use crate::progress::Progress;
use crate::report::{grouped, Report};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The graph: DIMACS .col, a list of edges, GraphML, or node-link JSON.
    #[arg(long, value_name = "FILE")]
    graph: PathBuf,
    /// The number of colours.
    #[arg(long, value_parser = super::colours)]
    k: u32,
    /// Colouring to write, one colour on each line; it is what a receipt keeps secret.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Most steps of the search.
    #[arg(long, default_value_t = 10_000_000, value_parser = whole::<u64>)]
    steps: u64,
    /// Another seed breaks ties in another way.
    #[arg(long, default_value_t = 0, value_parser = whole::<u64>)]
    seed: u64,
    /// Replace the colouring if it exists.
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let out = Output::private(&args.out, args.force, &[&args.graph])?;
    let progress = Progress::new("looking for a colouring");
    let graph = graph::read(&args.graph)?.graph;
    super::class(args.k, graph.vertices())?;
    let found = find(&graph, args.k, args.seed, args.steps);
    drop(progress);
    let k = args.k;
    let colours = match found {
        Found::Colours(colours) => colours,
        Found::None => {
            let message = format!("the search was exhausted: no proper colouring in {k} colours");
            let help = "try one colour more; that there is none rests on this program, nothing proves it";
            return Err(CliError::new(1, "no-colouring", message, help));
        }
        Found::GaveUp => {
            let message = format!(
                "no colouring in {k} colours after {} steps, which says nothing",
                args.steps
            );
            let help = "allow more --steps, another --seed, one colour more, or bring the output of a solver";
            return Err(CliError::new(1, "no-colouring-found", message, help));
        }
    };
    out.write(solution::text(&colours).as_bytes())?;
    let used = colours.iter().max().map_or(0, |largest| u32::from(*largest) + 1);
    let mut report = Report {
        aside: out.is_standard(),
        ..Report::default()
    };
    report.row("colouring", format!("{}: {used} colours, secret", args.out.display()));
    let (vertices, edges) = (graph.vertices() as usize, graph.edges().len());
    report.row(
        "graph",
        format!("{} vertices, {} edges", grouped(vertices), grouped(edges)),
    );
    report.json =
        json!({ "colours": used, "vertices": vertices, "edges": edges, "out": args.out.display().to_string() });
    Ok(report)
}
