//! `provenn segment run`: the model, run once.

use super::{of_segments, parameters};
use crate::bytes::hex;
use crate::commands::context;
use crate::commands::prove::agreed::Deal;
use crate::commands::prove::inputs::{Given, Taking};
use crate::commands::prove::opening_beside;
use crate::data::opening;
use crate::data::source::Source;
use crate::error::CliError;
use crate::files::{self, MAX_DATA};
use crate::model::in_segments;
use crate::output::{Output, Staged};
use crate::policy::Asked;
use crate::progress::Progress;
use crate::report::{grouped, Report};
use crate::srs::Parameters;
use crate::statement::Said;
use provenn_prover::chain::{self, Run, Segments, Stored};
use provenn_prover::commit::Description;
use provenn_verifier::text::quoted;
use provenn_verifier::Disclosure;
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The `chain.card` of the committed model; the owner's files are read from its folder.
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// The input, as for `provenn prove`; NAME=FILE for each of several.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["commitment", "begun"])]
    input: Vec<Source>,
    /// Run of this model that others have begun, to be run on from the first segment that has not run, as far as the folders of segments are here. It says
    /// what was asked for.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["input", "commitment", "policy", "output", "audience", "nonce", "not_after", "agreement", "party_inputs", "opening"])]
    begun: Option<PathBuf>,
    /// Secret opening of an input that is committed already, as for `provenn prove`.
    #[arg(long, value_name = "FILE")]
    commitment: Vec<PathBuf>,
    #[arg(long, default_value = "label", help = format!("What comes out: one of {}", Disclosure::grammar()))]
    policy: Asked,
    /// Of several outputs the one that the policy is about, by its name; `all` for the scores of all.
    #[arg(long, value_name = "NAME")]
    output: Option<String>,
    #[command(flatten)]
    context: context::Args,
    /// Agreement that the receipt is made under, as for `provenn prove`: what was not agreed is not run.
    #[arg(long, value_name = "FILE", conflicts_with = "audience")]
    agreement: Option<PathBuf>,
    /// A party's signature of an input that it supplies (`provenn party sign`); one for each of them.
    #[arg(long = "party-input", value_name = "FILE", requires = "agreement")]
    party_inputs: Vec<PathBuf>,
    /// Folder of development parameters, or a file made by `provenn srs import`; by default as at commitment.
    #[arg(long, value_name = "PATH")]
    srs: Option<PathBuf>,
    /// Run to write. It is secret: it holds the input, and what the segments give to one another.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Secret opening of committed inputs to write; by default beside the run, as run.opening.json for run.
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
    /// Replace run and opening if they exist.
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    match &args.begun {
        Some(begun) => go_on(args, begun),
        None => begin(args),
    }
}

/// Runs the segments whose folders are here.
fn advance(mut run: Run, stored: &Stored, parameters: &Parameters) -> Result<Run, CliError> {
    loop {
        let more = run.run_on(&stored.card, stored, &parameters.srs);
        if !more.map_err(|error| parameters.blame(error))? || !stored.holds(run.ran()) {
            return Ok(run);
        }
    }
}

/// A run that others have begun.
fn go_on(args: &Args, begun: &Path) -> Result<Report, CliError> {
    let out = Output::private(&args.out, args.force, &[&args.card, begun])?;
    let progress = Progress::new("running the model");
    let stored = of_segments(&args.card)?;
    let description = chain::description(&stored.card)?.model;
    let run = Run::from_bytes(&files::read(begun, MAX_DATA)?).map_err(|error| CliError::from(error).at(begun))?;
    let parameters = parameters(&args.card, args.srs.as_deref(), &stored)?;
    let run = advance(run, &stored, &parameters)?;
    let bytes = run.to_bytes()?;
    drop(progress);
    out.write(&bytes)?;
    let mut report = Report {
        aside: out.is_standard(),
        ..Report::default()
    };
    // Of this its owner decides: what comes out of the chain was asked for by somebody else.
    if let Some(body) = run.claim().body.inference() {
        report.row("asked for", description.words(&body.policy));
        report.row("audience", quoted(&run.claim().context.audience));
    }
    report.json = told(
        &mut report,
        args,
        (&run, stored.card.segments.len()),
        bytes.len(),
        &description,
    )?;
    Ok(report)
}

/// What is said of a run.
fn told(
    report: &mut Report,
    args: &Args,
    (run, of): (&Run, usize),
    size: usize,
    description: &Description,
) -> Result<Value, CliError> {
    let out = args.out.display();
    report.row(
        "run",
        format!(
            "{out}, {} bytes: secret, for those who prove its segments",
            grouped(size)
        ),
    );
    let ran = run.ran();
    let output = match run.is_whole() {
        true => {
            let said = Said::new(run.claim(), Some(description))?;
            report.row("output", said.output());
            report.row("segments", format!("1 to {of}, to be proven in any order"));
            Some(said.output_json())
        }
        false => {
            let next = ran + 1;
            report.row(
                "segments",
                format!("1 to {ran} of {of} ran; whoever has segment {next} goes on with --begun"),
            );
            None
        }
    };
    Ok(json!({ "run": out.to_string(), "bytes": size, "segments": of, "ran": ran, "output": output }))
}

/// A run from its inputs.
fn begin(args: &Args) -> Result<Report, CliError> {
    let mut context = args.context.context()?;
    let deal = Deal::read(args.agreement.as_deref(), &args.party_inputs, &mut context)?;
    let progress = Progress::new("running the model");
    let stored = of_segments(&args.card)?;
    let description = chain::description(&stored.card)?.model;
    let sources: Vec<PathBuf> = args.input.iter().map(|source| source.path(&description)).collect();
    let named = [&args.card].into_iter().chain(&sources).chain(&args.commitment);
    let named = named.chain(&args.agreement).chain(&args.party_inputs);
    let named: Vec<&Path> = named.map(PathBuf::as_path).collect();
    let out = Output::private(&args.out, args.force, &named)?;
    let first = stored.program(0)?;
    let taking = Taking::first(&stored.card, &first)?;
    let given = Given::read(&args.input, &args.commitment, taking, &description)?;
    let secret = match given.has_new() {
        false => None,
        true => {
            let path = opening_beside(args.opening.as_deref(), &args.out, &out)?;
            Some((out.second(&path, args.force, &named)?, path))
        }
    };
    if args.policy.takes_labels() {
        return Err(in_segments(&format!(
            "`{}` is of batches, which are in one circuit",
            args.policy
        )));
    }
    let policy = args
        .policy
        .about(args.output.as_deref(), &description)?
        .of(&description)?;
    let parameters = parameters(&args.card, args.srs.as_deref(), &stored)?;
    let inputs = given.bind(&parameters)?;
    if let Some(deal) = &deal {
        let (id, srs, end) = (stored.card.model_id(), &parameters.srs, context.not_after);
        deal.permits(id, &description, &inputs, &policy, srs, end)?;
    }
    let run = Run::begun(&stored.card, &inputs, &policy, &context)?;
    let run = advance(run, &stored, &parameters)?;
    let bytes = run.to_bytes()?;
    drop(progress);
    let new = inputs.iter().enumerate().filter(|(index, _)| given.is_new(*index));
    let text = opening::of_inputs(new, &description).map(|secret| secret.to_string());
    let staged = match (&secret, &text) {
        (Some((place, _)), Some(text)) => Some(place.stage(text.as_bytes())?),
        _ => None,
    };
    out.write(&bytes)?;
    staged.map(Staged::keep).transpose()?;
    let mut report = Report {
        aside: out.is_standard() || secret.as_ref().is_some_and(|(place, _)| place.is_standard()),
        ..Report::default()
    };
    let mut json = told(
        &mut report,
        args,
        (&run, stored.card.segments.len()),
        bytes.len(),
        &description,
    )?;
    let agreement = deal.as_ref().map(|deal| hex(&deal.agreement.agreement().digest()));
    if let Some(agreement) = &agreement {
        report.row("agreement", agreement);
    }
    if let Some((_, path)) = &secret {
        report.row(
            "opening",
            format!("{}: secret, opens the input commitment", path.display()),
        );
    }
    json["opening"] = json!(secret.map(|(_, path)| path.display().to_string()));
    json["agreement"] = json!(agreement);
    report.json = json;
    Ok(report)
}
