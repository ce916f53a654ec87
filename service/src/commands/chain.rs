//! `provenn chain`: stages that were committed apart, put together to one model.

use super::commit::about;
use super::show;
use crate::bytes::hex;
use crate::error::CliError;
use crate::files::{self, MAX_CARD, MAX_RECEIPT};
use crate::output::OutputFolder;
use crate::report::{grouped, Report};
use crate::srs;
use provenn_prover::chain::{self, of_stages};
use provenn_prover::store;
use provenn_verifier::{ModelCard, SrsKind, SrsVerifyingKey};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The `stage.card` of each stage, from the first; public files of their owners. `srs.vk` is taken from beside the first one.
    #[arg(required = true, value_name = "STAGE.CARD")]
    stages: Vec<PathBuf>,
    /// What the card says of the whole, for people: name, licence, intended use, classes, units (JSON, docs/format.md).
    #[arg(long, value_name = "JSON")]
    about: Option<PathBuf>,
    /// Folder to make.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let out = OutputFolder::new(&args.out)?;
    let read = |path: &PathBuf| files::decode(path, MAX_CARD, ModelCard::read_segment);
    let cards: Vec<ModelCard> = args.stages.iter().map(read).collect::<Result<_, _>>()?;
    let about = args.about.as_deref().map(about).transpose()?;
    let beside = args.stages.first().map(|first| files::folder(first).join(store::SRS));
    let beside = beside.unwrap_or_default();
    let key = files::decode(&beside, MAX_RECEIPT, SrsVerifyingKey::from_bytes)?;
    let card = of_stages(cards, about)?.check(&key)?;
    out.fill(|folder| {
        for (name, bytes) in [(chain::CARD, card.to_bytes()), (store::SRS, key.to_bytes())] {
            let path = folder.join(name);
            fs::write(&path, bytes).map_err(|e| CliError::io(&path, &e))?;
        }
        Ok(())
    })?;
    let description = chain::description(&card)?;
    let (model_id, dev) = (hex(&card.model_id()), key.kind == SrsKind::Dev);
    let mut report = Report::default();
    report.row("model id", &model_id);
    report.row("stages", description.stages.join(", "));
    show::card::about(&mut report, &description.model);
    for name in [chain::CARD, store::SRS] {
        let bytes = files::size(&args.out.join(name));
        report.row(name, format!("{} bytes, publish", grouped(bytes)));
    }
    if dev {
        report.row("warning", srs::UNSAFE);
    }
    report.json = json!({
        "model_id": model_id,
        "srs_id": card.segments.first().map(|card| hex(&card.srs_id)),
        "dev_srs": dev,
        "stages": description.stages,
        "out": args.out.display().to_string(),
        "card": description.model,
    });
    Ok(report)
}
