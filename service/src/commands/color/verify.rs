//! `provenn color verify`: the decision, from the graph and the receipt.

use crate::bytes::{hex, hex32};
use crate::color::{drawing, graph};
use crate::error::CliError;
use crate::files::{self, MAX_RECEIPT};
use crate::moment;
use crate::output::Output;
use crate::report::{grouped, Report};
use crate::srs;
use provenn_prover::commit::srs_verifying_key;
use provenn_verifier::text::quoted;
use provenn_verifier::{
    differences, verify, Colouring, ColouringClass, ColouringExpectation, Expectation, Graph, Receipt, SrsKind,
    SrsVerifyingKey, StatementKind, Verdict, VerifyError,
};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

/// The verifier's part of the SRS beside a receipt.
const BESIDE: &str = "srs.vk";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The graph that the receipt must be about: DIMACS .col, a list of edges, GraphML, or node-link JSON.
    #[arg(long, value_name = "FILE")]
    graph: PathBuf,
    /// Receipt to check.
    #[arg(long, value_name = "FILE")]
    receipt: PathBuf,
    /// The number of colours that it must state.
    #[arg(long, value_parser = super::colours)]
    k: Option<u32>,
    /// Verifier's part of the SRS (`provenn color key`), a file of `provenn srs import`, or a folder of development parameters; by default
    /// srs.vk beside the receipt, else the own development parameters.
    #[arg(long, value_name = "PATH")]
    srs: Option<PathBuf>,
    /// The SRS id you expect.
    #[arg(long, value_name = "HEX", value_parser = hex32)]
    srs_id: Option<[u8; 32]>,
    /// Accept development parameters: only if you trust the machine that made them.
    #[arg(long)]
    accept_dev: bool,
    /// Who the receipt must be for.
    #[arg(long)]
    audience: Option<String>,
    /// The challenge you gave to the prover.
    #[arg(long, value_name = "HEX", value_parser = hex32)]
    nonce: Option<[u8; 32]>,
    /// Drawing of the graph with the verdict to write, for up to 500 vertices. It shows no colours: nobody but the prover knows them.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Replace the drawing if it exists.
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let inputs = [&args.graph, &args.receipt].map(PathBuf::as_path);
    let drawing = args.svg.as_ref().map(|path| Output::new(path, args.force, &inputs));
    let drawing = drawing.transpose()?;
    let bytes = files::read(&args.receipt, MAX_RECEIPT)?;
    let claim = Receipt::from_bytes(&bytes).map_err(|error| CliError::file(&args.receipt, &bytes, error))?;
    let claim = claim.claim;
    let body = claim.body.colouring().ok_or(VerifyError::StatementMismatch {
        found: claim.body.kind(),
    })?;
    let graph = graph::read(&args.graph)?.graph;
    let key = parameters(args, &graph, body)?;
    let now = moment::now();
    let expectation = Expectation {
        statements: Some(vec![StatementKind::Colouring]),
        colouring: ColouringExpectation { colours: args.k },
        audience: args.audience.clone(),
        nonce: args.nonce,
        now: Some(now),
        accept_dev: args.accept_dev,
        ..Expectation::default()
    };
    let started = Instant::now();
    let decided = match args.srs_id {
        Some(id) if id != key.id() => Err(VerifyError::SrsMismatch),
        _ => verify(&bytes, &graph, &key, &expectation),
    };
    let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
    if let Some(place) = &drawing {
        draw(place, &graph, body, &decided)?;
    }
    let verdict = decided.map_err(|error| {
        let others = differences(&claim, &graph, &key, &expectation);
        CliError::from(error).with(others.iter().map(ToString::to_string).collect())
    })?;
    let mut report = report(args, &key, &verdict, body, milliseconds);
    report.aside = drawing.is_some_and(|place| place.is_standard());
    Ok(report)
}

/// The verifier's part of the SRS, of the size that the graph has. The receipt only says how many colours it is about.
fn parameters(args: &Args, graph: &Graph, body: &Colouring) -> Result<SrsVerifyingKey, CliError> {
    let beside = files::folder(&args.receipt).join(BESIDE);
    let given = args.srs.as_deref().or(beside.is_file().then_some(beside.as_path()));
    if let Some(path) = given.filter(|path| path.is_file()) {
        if let Ok(key) = files::decode(path, MAX_RECEIPT, SrsVerifyingKey::from_bytes) {
            return Ok(key);
        }
    }
    let class = ColouringClass::of(body.colours, graph.vertices())?;
    Ok(srs_verifying_key(&srs::existing(given, class.rows())?.srs)?)
}

fn draw(
    place: &Output,
    graph: &Graph,
    body: &Colouring,
    decided: &Result<Verdict, VerifyError>,
) -> Result<(), CliError> {
    let verdict = match decided {
        Ok(Verdict::Verified(_)) => format!("verified: a proper colouring in {} colours is known", body.colours),
        Ok(Verdict::Dev(_)) => format!(
            "verified under development parameters: a proper colouring in {} colours is known",
            body.colours
        ),
        Err(error) => format!("refused: {error}"),
    };
    let svg = drawing::svg(graph, &verdict).ok_or_else(|| {
        CliError::usage(
            "graph-too-large-to-draw",
            format!(
                "{} vertices, at most {} are drawn",
                graph.vertices(),
                drawing::MAX_VERTICES
            ),
            "leave --svg out",
        )
    })?;
    place.write(svg.as_bytes())
}

fn report(args: &Args, key: &SrsVerifyingKey, verdict: &Verdict, body: &Colouring, milliseconds: f64) -> Report {
    let dev = matches!(verdict, Verdict::Dev(_));
    let context = &verdict.claim().context;
    let mut report = Report::default();
    report.line(if dev {
        "VALID under development parameters"
    } else {
        "VALID"
    });
    report.row("it says", body.words());
    let named = |value: String, checked: bool| match checked {
        true => value,
        false => format!("{value}   [as stated; you named no expectation]"),
    };
    let source = match (key.kind, args.srs_id) {
        (SrsKind::Dev, _) => "development",
        (SrsKind::Ceremony, Some(_)) => "ceremony",
        (SrsKind::Ceremony, None) => "a ceremony by the word of whoever gave you the SRS file",
    };
    let not_after = match context.not_after {
        0 => "no end of validity".to_string(),
        end => format!("valid until {}", moment::shown(end)),
    };
    report.row("proof", "holds, under the key that follows from the graph");
    report.row("graph", format!("{}, that of your file", hex(&body.graph)));
    report.row("colours", named(body.colours.to_string(), args.k.is_some()));
    report.row(
        "srs",
        named(format!("{} ({source})", hex(&key.id())), args.srs_id.is_some()),
    );
    report.row("audience", named(quoted(&context.audience), args.audience.is_some()));
    report.row("nonce", named(hex(&context.nonce), args.nonce.is_some()));
    report.row("expiry", not_after);
    let bytes = grouped(files::size(&args.receipt));
    report.row("checked in", format!("{milliseconds:.1} ms, receipt of {bytes} bytes"));
    if let Some(path) = &args.svg {
        report.row("drawing", path.display());
    }
    if dev {
        report.row("warning", srs::UNSAFE);
    }
    report.json = json!({
        "valid": true,
        "dev": dev,
        "colours": body.colours,
        "vertices": body.vertices,
        "edges": body.edges,
        "graph": hex(&body.graph),
        "milliseconds": milliseconds,
    });
    report
}
