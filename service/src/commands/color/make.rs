//! `provenn color make`: graphs of known families.

use crate::bytes::whole;
use crate::color::generate::{self, Made};
use crate::color::{graph, solution};
use crate::error::CliError;
use crate::output::Output;
use crate::report::{grouped, Report};
use provenn_verifier::GraphError;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    family: Family,
    /// Graph to write, as DIMACS .col.
    #[arg(long, value_name = "FILE", global = true, default_value = "-")]
    out: PathBuf,
    /// Hidden colouring of a planted or flat graph to write.
    #[arg(long, value_name = "FILE", global = true)]
    colours_out: Option<PathBuf>,
    /// Replace files if they exist.
    #[arg(long, global = true)]
    force: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Family {
    /// Random edges between vertices of different hidden colours.
    Planted(Hidden),
    /// The same with classes of one size and degrees as equal as can be.
    Flat(Hidden),
    /// G(n, p): each pair is an edge with one probability, as in the DIMACS DSJC family.
    Random {
        #[arg(long, value_parser = whole::<u32>)]
        vertices: u32,
        #[arg(long)]
        probability: f64,
        #[arg(long, default_value_t = 1, value_parser = whole::<u64>)]
        seed: u64,
    },
    /// Mycielski's graph number N, DIMACS mycielN: without triangles, N + 1 colours.
    Mycielski {
        #[arg(value_parser = clap::value_parser!(u32).range(1..=12))]
        number: u32,
    },
    /// A board of N times N squares, joined by the moves of a queen, DIMACS queenN_N.
    Queens {
        #[arg(value_parser = clap::value_parser!(u32).range(1..=60))]
        size: u32,
    },
}

#[derive(Debug, clap::Args)]
struct Hidden {
    #[arg(long, value_parser = whole::<u32>)]
    vertices: u32,
    #[arg(long, value_parser = whole::<u32>)]
    edges: u32,
    #[arg(long, value_parser = super::colours)]
    k: u32,
    #[arg(long, default_value_t = 1, value_parser = whole::<u64>)]
    seed: u64,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let out = Output::new(&args.out, args.force, &[])?;
    let secret = args.colours_out.as_ref().map(|path| out.second(path, args.force, &[]));
    let secret = secret.transpose()?;
    let (name, made) = make(&args.family)?;
    let Made { graph, colours } =
        made.map_err(|error| CliError::usage("graph", error.to_string(), "ask for a smaller graph"))?;
    if let Some(place) = &secret {
        let Some(colours) = &colours else {
            let message = format!("{name} hides no colouring");
            return Err(CliError::usage(
                "no-colouring",
                message,
                "look for one with `provenn color find`",
            ));
        };
        place.write(solution::text(colours).as_bytes())?;
    }
    out.write(graph::dimacs(&graph, &format!("{name}, made by provenn")).as_bytes())?;
    let mut report = Report {
        aside: out.is_standard() || secret.is_some_and(|place| place.is_standard()),
        ..Report::default()
    };
    let (vertices, edges) = (graph.vertices() as usize, graph.edges().len());
    report.row("graph", format!("{}: {name}", args.out.display()));
    report.row(
        "size",
        format!("{} vertices, {} edges", grouped(vertices), grouped(edges)),
    );
    report.json = json!({ "name": name, "vertices": vertices, "edges": edges, "out": args.out.display().to_string() });
    Ok(report)
}

/// The graph with its name.
fn make(family: &Family) -> Result<(String, Result<Made, GraphError>), CliError> {
    let full = || {
        CliError::usage(
            "graph",
            "there are not so many pairs of different colours",
            "ask for fewer --edges",
        )
    };
    let hidden = |of: &Hidden, family: &str| format!("{family} graph of {} colours, seed {}", of.k, of.seed);
    Ok(match family {
        Family::Planted(of) => {
            let made = generate::planted(of.vertices, of.edges as usize, of.k, of.seed).transpose();
            (hidden(of, "planted"), made.ok_or_else(full)?)
        }
        Family::Flat(of) => {
            let made = generate::flat(of.vertices, of.edges as usize, of.k, of.seed).transpose();
            (hidden(of, "flat"), made.ok_or_else(full)?)
        }
        Family::Random {
            vertices,
            probability,
            seed,
        } => {
            if *vertices > 20_000 || !(0.0..=1.0).contains(probability) {
                let message = "expected at most 20000 vertices and a probability from 0 to 1";
                return Err(CliError::usage("graph", message, "planted graphs may be larger"));
            }
            let made = generate::random(*vertices, *probability, *seed);
            (format!("G({vertices}, {probability}), seed {seed}"), made)
        }
        Family::Mycielski { number } => (format!("myciel{number}"), generate::mycielski(*number)),
        Family::Queens { size } => (format!("queen{size}_{size}"), generate::queens(*size)),
    })
}
