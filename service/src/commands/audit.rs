//! `provenn audit`: rebuilds what a card says, and compares.

use super::publisher;
use crate::bytes::hex;
use crate::error::CliError;
use crate::files::{self, Dimension, Part, MAX_CARD, MAX_RECEIPT};
use crate::progress::Progress;
use crate::report::Report;
use crate::srs;
use provenn_prover::audit::{audit, size};
use provenn_prover::chain;
use provenn_prover::srs::SrsKind;
use provenn_prover::{store, ProveError};
use provenn_verifier::publisher::PublisherKey;
use provenn_verifier::text::quoted;
use provenn_verifier::{AnyCard, ChainCard, ModelCard, VerifyError};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Model card to audit.
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// ONNX file of the model, or its structure (`provenn structure`); of a chain of stages that of each, in their order.
    #[arg(long, required = true, value_name = "FILE")]
    model: Vec<PathBuf>,
    /// Size of a symbolic dimension of the inputs, as often as there are some.
    #[arg(long, value_name = "NAME=SIZE")]
    dim: Vec<Dimension>,
    /// The owner's model.private, or of a model in segments the folder of its card: recompute the commitments too. The ONNX file must then hold the weights.
    #[arg(long, value_name = "FILE")]
    openings: Option<PathBuf>,
    /// Key of the publisher whose model it must be, from a source you trust: NAME+ID+KEY.
    #[arg(long, value_name = "KEY", requires = "signature")]
    publisher: Option<PublisherKey>,
    /// The publisher's signature (`provenn publisher sign`).
    #[arg(long, value_name = "FILE", requires = "publisher")]
    signature: Option<PathBuf>,
    /// Folder of development parameters, or a file made by `provenn srs import`; by default as at commitment.
    #[arg(long, value_name = "PATH")]
    srs: Option<PathBuf>,
}

/// What is audited.
enum Audited {
    /// A model in one circuit, or a stage.
    One(Box<ModelCard>),
    /// A model in segments, or a chain of stages.
    Chain(ChainCard),
}

impl Audited {
    fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        match AnyCard::from_bytes(bytes) {
            Err(VerifyError::StageCard) => ModelCard::read_segment(bytes).map(Box::new).map(Self::One),
            Err(error) => Err(error),
            Ok(AnyCard::Model(card)) => Ok(Self::One(card)),
            Ok(AnyCard::Chain(card)) => Ok(Self::Chain(card)),
        }
    }

    fn id(&self) -> [u8; 32] {
        match self {
            Self::One(card) => card.model_id(),
            Self::Chain(card) => card.model_id(),
        }
    }

    fn srs_id(&self) -> [u8; 32] {
        match self {
            Self::One(card) => card.srs_id,
            Self::Chain(card) => card.segments.first().map_or([0; 32], |card| card.srs_id),
        }
    }

    fn is_stage(&self) -> bool {
        matches!(self, Self::One(card) if card.key.purpose.segment().is_some())
    }

    /// How many files it was made of.
    fn stages(&self) -> Result<usize, CliError> {
        match self {
            Self::One(_) => Ok(1),
            Self::Chain(card) => Ok(chain::description(card)?.stages.len().max(1)),
        }
    }
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let card = files::decode(&args.card, MAX_CARD, Audited::from_bytes)?;
    if let (Some(key), Some(signature)) = (&args.publisher, &args.signature) {
        publisher::check(&Part::read(signature, MAX_RECEIPT)?, &card.id(), key)?;
    }
    let models = args.model.iter().map(|path| files::model(path, &args.dim));
    let models: Vec<Vec<u8>> = models.collect::<Result<_, _>>()?;
    let models: Vec<&[u8]> = models.iter().map(Vec::as_slice).collect();
    let stages = card.stages()?;
    if models.len() != stages {
        return Err(CliError::from(ProveError::Stage {
            reason: format!("the card is of {stages}, and --model is given {} times", models.len()),
            help: "give the file of the model once; of a chain of stages that of each, in their order",
        }));
    }
    let stored = files::folder(&args.card).join(srs::FILE);
    let source = args.srs.as_deref().or(stored.is_file().then_some(stored.as_path()));
    let progress = Progress::new("reading the SRS");
    let size = match &card {
        Audited::One(card) => size(card)?,
        Audited::Chain(card) => chain::size(card)?,
    };
    let parameters = srs::existing(source, size)?;
    progress.set("checking the SRS");
    parameters.check()?;
    progress.set("rebuilding the keys");
    let srs = &parameters.srs;
    let checks = match &card {
        Audited::One(card) => {
            let tails = args.openings.as_deref().map(store::openings).transpose()?;
            audit(models[0], card, srs, tails.as_deref())
        }
        Audited::Chain(card) => {
            let openings = |folder: &Path| chain::openings(folder, card.segments.len());
            let tails = args.openings.as_deref().map(openings).transpose()?;
            match models.as_slice() {
                [model] => chain::audit(model, card, srs, tails.as_deref()),
                models => chain::audit_stages(models, card, srs, tails.as_deref()),
            }
        }
    };
    let checks = checks.map_err(|error| parameters.blame(error))?;
    drop(progress);
    let failed = checks.iter().filter(|c| !c.holds);
    let failed: Vec<String> = failed
        .map(|c| match c.found.as_slice() {
            [] => c.name.to_string(),
            found => format!("{} ({})", c.name, found.join("; ")),
        })
        .collect();
    if !failed.is_empty() {
        return Err(CliError::new(
            3,
            "audit-failed",
            format!("not as on the card: {}", failed.join(", ")),
            "do not rely on this card for this model; ask its publisher for the structure it was made from",
        ));
    }
    let mut report = Report::default();
    report.line("Rebuilt from the model's file, the recipe on the card and the SRS; all equal to the card:");
    for check in &checks {
        report.row(check.name, check.meaning);
    }
    if args.openings.is_none() {
        report.line("The weights were not compared: give --openings with the owner's model.private for that.");
    }
    let (dev, srs_id) = (parameters.srs.kind == SrsKind::Dev, hex(&card.srs_id()));
    let word = match (dev, args.srs.is_some()) {
        (true, _) => "development: worth as much as the machine that made it",
        (false, true) => "a ceremony, from the file that you named",
        (false, false) => "a ceremony by the publisher's word: its points were checked, its origin was not; name your own import with --srs",
    };
    report.row("SRS", format!("{srs_id}, {word}"));
    let publisher = args.publisher.as_ref().map(PublisherKey::name);
    if let Some(name) = publisher {
        report.row("publisher", format!("{} signed this model", quoted(name)));
    }
    match card.is_stage() {
        true => report.line("The stage is no model by itself: what was rebuilt holds in each chain that it is of."),
        false => {
            report.row("model id", hex(&card.id()));
            report.line("Pin this id: what was rebuilt holds for all receipts under it.");
        }
    }
    report.json = json!({
        "model_id": hex(&card.id()),
        "checks": checks.iter().map(|c| json!({ "name": c.name, "meaning": c.meaning, "holds": c.holds, "found": c.found })).collect::<Vec<_>>(),
        "weights_compared": args.openings.is_some(),
        "srs_id": srs_id,
        "publisher": publisher,
        "dev_srs": dev,
        "srs_given_by_publisher": args.srs.is_none() && stored.is_file(),
    });
    Ok(report)
}
