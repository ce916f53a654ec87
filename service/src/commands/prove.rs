//! `provenn prove`: one receipt.

use super::context;
use crate::data::opening;
use crate::data::sample::{self, Source};
use crate::error::CliError;
use crate::output::{Output, Staged};
use crate::policy::Asked;
use crate::progress::Progress;
use crate::report::{grouped, Report};
use crate::statement::Said;
use crate::{files, srs};
use provenn_circuits::program::quantize_inputs;
use provenn_prover::prove::{bind_inputs, prove};
use provenn_prover::store;
use provenn_verifier::{Disclosure, InputBinding, Receipt};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Card of the committed model; the owner's files are read from its folder.
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// The input: JSON {"shape": [..], "values": [..]}, or .npy with one row. Of several NAME=FILE for each, or one JSON object of such by name.
    #[arg(long, value_name = "FILE", required = true)]
    input: Vec<Source>,
    #[arg(long, default_value = "label", help = format!("What comes out: one of {}", Disclosure::grammar()))]
    policy: Asked,
    /// The right labels of the items of a batch (.npy, or numbers with commas, spaces or lines between them), for `accuracy` and `confusion`; their groups for
    /// `by-group`.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Of several outputs the one that the policy is about, by its name; `all` for the scores of all. The others stay hidden.
    #[arg(long, value_name = "NAME")]
    output: Option<String>,
    #[command(flatten)]
    context: context::Args,
    /// Folder of development parameters, or a file made by `provenn srs import`; by default as at commitment.
    #[arg(long, value_name = "PATH")]
    srs: Option<PathBuf>,
    /// Receipt to write; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Secret opening of committed inputs to write; by default beside the receipt, as receipt.opening.json for receipt.bin.
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
    /// Replace receipt and opening if they exist.
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let context = args.context.context()?;
    let folder = args.card.parent().unwrap_or(Path::new(""));
    let progress = Progress::new("reading the model");
    let committed = store::load(folder)?;
    if files::read(&args.card, files::MAX_CARD)? != committed.card.to_bytes() {
        let message = format!("{} is not the card of the model in its folder", args.card.display());
        return Err(CliError::usage(
            "card",
            message,
            "give the model.card that `provenn commit` wrote",
        ));
    }
    let description = store::description(&committed.card)?;
    let sources: Vec<PathBuf> = args.input.iter().map(|source| source.path(&description)).collect();
    let inputs: Vec<&Path> = [&args.card].into_iter().chain(&sources).map(PathBuf::as_path).collect();
    let out = Output::new(&args.out, args.force, &inputs)?;
    let secret = match committed.layout.shape.input_columns() {
        0 => None,
        _ => {
            let path = opening_path(args, &out)?;
            if path == args.out {
                return Err(CliError::usage(
                    "opening",
                    format!("{} is named for the receipt and for its opening", path.display()),
                    "name two files: the opening is secret",
                ));
            }
            Some((Output::private(&path, args.force, &inputs)?, path))
        }
    };
    let values = quantize_inputs(&committed.model, &sample::all(&args.input, &description)?)?;
    let policy = args
        .policy
        .labelled(args.labels.as_deref())?
        .about(args.output.as_deref(), &description)?
        .of(&description)?;
    let stored = folder.join(srs::FILE);
    let source = args.srs.as_deref().or(stored.is_file().then_some(stored.as_path()));
    let parameters = srs::existing(source, committed.layout.shape.k)?;
    let started = Instant::now();
    let inputs = bind_inputs(&committed, &parameters.srs, values).map_err(|error| parameters.blame(error))?;
    let receipt = prove(&committed, &parameters.srs, &inputs, policy, context, &|stage| {
        progress.stage(stage)
    })
    .map_err(|error| parameters.blame(error))?;
    drop(progress);
    let seconds = started.elapsed().as_secs_f64();
    // The opening is kept after its receipt was written: a secret without its receipt is of no use.
    let opening = opening::of_inputs(&inputs, &description).map(|secret| secret.to_string());
    let staged = match (&secret, &opening) {
        (Some((place, _)), Some(text)) => Some(place.stage(text.as_bytes())?),
        _ => None,
    };
    out.write(&receipt)?;
    staged.map(Staged::keep).transpose()?;
    let opening = secret.as_ref().map(|(_, path)| path);

    let claim = Receipt::from_bytes(&receipt)?.claim;
    let said = Said::new(&claim, Some(&description))?;
    let mut report = Report {
        aside: out.is_standard(),
        ..Report::default()
    };
    report.row(
        "receipt",
        format!("{}, {} bytes", args.out.display(), grouped(receipt.len())),
    );
    report.row("output", said.output());
    report.row("proven in", format!("{seconds:.2} s, then verified"));
    if let Some(about) = said.about() {
        report.row("of output", about);
    }
    for (row, binding) in said.inputs() {
        match binding {
            InputBinding::Public { values } => {
                report.row(&row, format!("public: the receipt shows all {} values", values.len()));
            }
            InputBinding::Committed { .. } if description.inputs.len() > 1 => report.row(&row, "committed"),
            InputBinding::Committed { .. } => {}
        }
    }
    if let Some(path) = opening {
        report.row(
            "opening",
            format!("{}: secret, opens the input commitment", path.display()),
        );
    }
    report.json = json!({
        "receipt": args.out.display().to_string(),
        "bytes": receipt.len(),
        "seconds": seconds,
        "opening": opening.as_ref().map(|path| path.display().to_string()),
        "output": said.output_json(),
    });
    Ok(report)
}

/// `receipt.bin` has its opening in `receipt.opening.json`.
fn opening_path(args: &Args, out: &Output) -> Result<PathBuf, CliError> {
    match &args.opening {
        Some(path) => Ok(path.clone()),
        None if out.is_standard() => Err(CliError::usage(
            "opening",
            "the input is committed, and there is no place for its opening beside standard output",
            "name a file with --opening",
        )),
        None => Ok(args.out.with_extension("opening.json")),
    }
}
