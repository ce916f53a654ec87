//! `provenn prove`: one receipt.

pub mod agreed;
pub mod inputs;
mod rows;
mod segments;

use super::{context, segment};
use crate::bytes::hex;
use crate::data::source::Source;
use crate::data::{labels, opening};
use crate::error::CliError;
use crate::estimate::Cost;
use crate::output::{Output, Staged};
use crate::policy::Asked;
use crate::progress::Progress;
use crate::report::{grouped, Report};
use crate::srs::Parameters;
use crate::statement::Said;
use crate::{files, srs};
use agreed::Deal;
use inputs::{Given, Taking};
use provenn_prover::commit::{Committed, Description};
use provenn_prover::prove::prove;
use provenn_prover::store;
use provenn_verifier::{Claim, Disclosure, InputBinding, ModelCard, Receipt};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Card of the committed model; the owner's files are read from its folder.
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// The input: JSON {"shape": [..], "values": [..]}, .npy or .csv with one row, the JSON of ezkl or MLflow, or a picture with the numbers that black and white stand
    /// for, as in digit.png@0..1 (or with one for each channel). Of several NAME=FILE for each, one JSON object of such by name, or one .npz.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["commitment", "rows"])]
    input: Vec<Source>,
    /// Instead of one input rows of them, as for `commit --calibration`: a receipt for each, numbered from 0, in the folder `--out`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["input", "commitment", "labels", "agreement", "party_inputs", "opening", "force"])]
    rows: Vec<Source>,
    /// Secret opening of an input that is committed already, by `provenn party commit` or for another receipt: the receipt has the same commitment.
    #[arg(long, value_name = "FILE")]
    commitment: Vec<PathBuf>,
    #[arg(long, default_value = "label", help = format!("What comes out: one of {}", Disclosure::grammar()))]
    policy: Asked,
    /// The right labels of the items of a batch (.npy, or numbers with commas, spaces or lines between them), for `accuracy` and `confusion`; their groups for
    /// `by-group` and `gap`; a label and a group in turn for `accuracy-gap`.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Of several outputs the one that the policy is about, by its name; `all` for the scores of all. The others stay hidden.
    #[arg(long, value_name = "NAME")]
    output: Option<String>,
    #[command(flatten)]
    context: context::Args,
    /// Agreement that the receipt is made under: its audience and end are those of the agreement, and what was not agreed is not proven.
    #[arg(long, value_name = "FILE", conflicts_with = "audience")]
    agreement: Option<PathBuf>,
    /// A party's signature of an input that it supplies (`provenn party sign`); one for each of them.
    #[arg(
        long = "party-input",
        value_name = "FILE",
        requires = "agreement",
        conflicts_with = "audience"
    )]
    party_inputs: Vec<PathBuf>,
    /// Folder of development parameters, or a file made by `provenn srs import`; by default as at commitment.
    #[arg(long, value_name = "PATH")]
    srs: Option<PathBuf>,
    /// Receipt to write; `-` for standard output. With `--rows` a folder that is not there yet.
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
    if let Some(stored) = segment::stored(&args.card)? {
        return segments::run(args, &stored.keeping());
    }
    match args.rows.as_slice() {
        [] => one(args),
        rows => rows::run(args, rows),
    }
}

fn one(args: &Args) -> Result<Report, CliError> {
    let mut context = args.context.context()?;
    let deal = Deal::read(args.agreement.as_deref(), &args.party_inputs, &mut context)?;
    let progress = Progress::new("reading the model");
    let Owned {
        committed,
        description,
        parameters,
    } = Owned::read(args)?;
    let sources: Vec<PathBuf> = args.input.iter().map(|source| source.path(&description)).collect();
    let named = [&args.card].into_iter().chain(&sources).chain(&args.commitment);
    let named = named.chain(&args.agreement).chain(&args.party_inputs);
    let named: Vec<&Path> = named.map(PathBuf::as_path).collect();
    let out = Output::new(&args.out, args.force, &named)?;
    let given = Given::read(&args.input, &args.commitment, Taking::of(&committed), &description)?;
    let secret = secret(args, &given, &out, &named)?;
    let policy = policy(args, &description)?;
    let parameters = parameters?;
    progress.forecast(Cost::of(&committed.layout.shape).cpu_seconds);
    let started = Instant::now();
    let inputs = given.bind(&parameters)?;
    if let Some(deal) = &deal {
        let (srs, end) = (&parameters.srs, context.not_after);
        deal.permits(committed.card.model_id(), &description, &inputs, &policy, srs, end)?;
    }
    let receipt = prove(&committed, &parameters.srs, &inputs, policy, context, &|stage| {
        progress.stage(stage)
    })
    .map_err(|error| parameters.blame(error))?;
    drop(progress);
    let seconds = started.elapsed().as_secs_f64();
    let new = inputs.iter().enumerate().filter(|(index, _)| given.is_new(*index));
    let opening = opening::of_inputs(new, &description).map(|secret| secret.to_string());
    let claim = Receipt::from_bytes(&receipt)?.claim;
    let made = Made {
        receipt: &receipt,
        claim: &claim,
        description: &description,
        seconds,
        segments: None,
        opening,
        agreement: deal.as_ref().map(|deal| hex(&deal.agreement.agreement().digest())),
    };
    made.written(args, &out, secret.as_ref())
}

/// A receipt that was made.
struct Made<'a> {
    receipt: &'a [u8],
    claim: &'a Claim,
    description: &'a Description,
    seconds: f64,
    /// How many, if it is of a model in segments.
    segments: Option<usize>,
    /// What is secret of its inputs.
    opening: Option<String>,
    /// Digest of the agreement that it is under.
    agreement: Option<String>,
}

impl Made<'_> {
    /// Writes receipt and opening, and says what the receipt states.
    fn written(&self, args: &Args, out: &Output, secret: Option<&(Output, PathBuf)>) -> Result<Report, CliError> {
        // The opening is kept after its receipt was written: a secret without its receipt is of no use.
        let staged = match (secret, &self.opening) {
            (Some((place, _)), Some(text)) => Some(place.stage(text.as_bytes())?),
            _ => None,
        };
        out.write(self.receipt)?;
        staged.map(Staged::keep).transpose()?;
        let aside = out.is_standard() || secret.is_some_and(|(place, _)| place.is_standard());
        let opening = secret.map(|(_, path)| path);
        let said = Said::new(self.claim, Some(self.description))?;
        let mut report = Report {
            aside,
            ..Report::default()
        };
        report.row(
            "receipt",
            format!("{}, {} bytes", args.out.display(), grouped(self.receipt.len())),
        );
        report.row("output", said.output());
        let parts = self
            .segments
            .map_or_else(String::new, |count| format!(", in {count} segments"));
        report.row("proven in", format!("{:.2} s{parts}, then verified", self.seconds));
        if let Some(about) = said.about() {
            report.row("of output", about);
        }
        for (row, binding) in said.inputs() {
            match binding {
                InputBinding::Public { values } => {
                    report.row(&row, format!("public: the receipt shows all {} values", values.len()));
                }
                InputBinding::Committed { .. } if self.description.inputs.len() > 1 => report.row(&row, "committed"),
                InputBinding::Committed { .. } => {}
            }
        }
        if let Some(agreement) = &self.agreement {
            report.row("agreement", agreement);
        }
        if let Some(path) = opening {
            report.row(
                "opening",
                format!("{}: secret, opens the input commitment", path.display()),
            );
        }
        report.json = json!({
            "receipt": args.out.display().to_string(),
            "bytes": self.receipt.len(),
            "seconds": self.seconds,
            "opening": opening.map(|path| path.display().to_string()),
            "output": said.output_json(),
        });
        report.json["agreement"] = json!(self.agreement);
        if let Some(count) = self.segments {
            report.json["segments"] = json!(count);
        }
        Ok(report)
    }
}

/// The owner's files, and what the card says.
struct Owned {
    committed: Committed,
    description: Description,
    /// Read beside the model; what is wrong with the rest is told before.
    parameters: Result<Parameters, CliError>,
}

impl Owned {
    fn read(args: &Args) -> Result<Self, CliError> {
        let beside = |k: u32| parameters(args, k);
        // The folder of a stage has no model.card.
        let stage = || files::decode(&args.card, files::MAX_CARD, ModelCard::from_bytes).err();
        let loaded = store::load_beside(folder(args), beside);
        let (committed, parameters) = loaded.map_err(|error| {
            let stage = stage().filter(|refused| refused.parts().0 == "stage-card");
            stage.unwrap_or_else(|| error.into())
        })?;
        if files::read(&args.card, files::MAX_CARD)? != committed.card.to_bytes() {
            let message = format!(
                "{} is not the card of the model in its folder",
                files::named(&args.card)
            );
            return Err(CliError::usage(
                "card",
                message,
                "give the model.card that `provenn commit` wrote",
            ));
        }
        Ok(Self {
            description: store::description(&committed.card)?,
            committed,
            parameters,
        })
    }
}

fn folder(args: &Args) -> &Path {
    args.card.parent().unwrap_or(Path::new(""))
}

fn policy(args: &Args, description: &Description) -> Result<Disclosure, CliError> {
    let labels = labels::named(args.labels.as_deref())?;
    let asked = args.policy.labelled(labels.as_deref())?;
    asked.about(args.output.as_deref(), description)?.of(description)
}

fn parameters(args: &Args, k: u32) -> Result<Parameters, CliError> {
    let stored = folder(args).join(srs::FILE);
    let source = args.srs.as_deref().or(stored.is_file().then_some(stored.as_path()));
    srs::existing(source, k)
}

/// Where the opening of what is committed now goes, if anything is.
fn secret(
    args: &Args,
    given: &Given<'_>,
    out: &Output,
    named: &[&Path],
) -> Result<Option<(Output, PathBuf)>, CliError> {
    if !given.has_new() {
        return Ok(None);
    }
    let path = opening_beside(args.opening.as_deref(), &args.out, out)?;
    if path == args.out {
        return Err(CliError::usage(
            "opening",
            format!("{} is named for the receipt and for its opening", path.display()),
            "name two files: the opening is secret",
        ));
    }
    Ok(Some((out.second(&path, args.force, named)?, path)))
}

/// `receipt.bin` has its opening in `receipt.opening.json`, unless another place is named.
pub fn opening_beside(named: Option<&Path>, of: &Path, out: &Output) -> Result<PathBuf, CliError> {
    match named {
        Some(path) => Ok(path.into()),
        None if out.is_standard() => Err(CliError::usage(
            "opening",
            "the input is committed, and there is no place for its opening beside standard output",
            "name a file with --opening",
        )),
        None => Ok(of.with_extension("opening.json")),
    }
}
