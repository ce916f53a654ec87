//! A commitment to a stage of a chain.

use super::{expected, parameters, told, Args};
use crate::bytes::hex;
use crate::commands::{inspect, show};
use crate::error::CliError;
use crate::files::{self, MAX_CARD};
use crate::output::OutputFolder;
use crate::progress::Progress;
use crate::report::{grouped, Report};
use crate::srs;
use provenn_prover::chain::{commit_stage, compile_stage, save_stage, stage_description, Place, STAGE};
use provenn_prover::commit::CommitOptions;
use provenn_prover::srs::SrsKind;
use provenn_prover::{store, ProveError};
use provenn_verifier::ModelCard;
use serde_json::json;

/// Where the model is to stand in a chain, if it is a stage.
pub fn place(args: &Args) -> Result<Option<Place>, CliError> {
    if args.after.is_none() && !args.gives {
        return Ok(None);
    }
    let after = args.after.as_deref();
    let after = after.map(|path| files::decode(path, MAX_CARD, ModelCard::read_segment));
    Ok(Some(Place {
        after: after.transpose()?,
        gives: args.gives.then_some(args.room as usize),
        k: args.rows,
    }))
}

pub fn run(
    args: &Args,
    out: &OutputFolder,
    bytes: &[u8],
    options: &CommitOptions,
    place: &Place,
) -> Result<Report, CliError> {
    let progress = Progress::new("compiling");
    let compiled = compile_stage(bytes, options, place)?;
    let gaps = expected(args, &compiled)?;
    progress.set("reading the SRS");
    let parameters = parameters(args, compiled.layout.shape.k)?;
    progress.set("committing");
    let mut made: Option<ModelCard> = None;
    out.fill(|folder| {
        let (card, segment) = commit_stage(&compiled, options, place, &parameters)?;
        save_stage(&card, &segment, &parameters, folder)?;
        if parameters.kind == SrsKind::Ceremony {
            parameters.save(&folder.join(srs::FILE))?;
        }
        made = Some(card);
        Ok(())
    })?;
    drop(progress);
    let card = made.ok_or(ProveError::SrsMismatch)?;
    let dev = parameters.kind == SrsKind::Dev;
    let description = stage_description(&card)?;
    let warnings = inspect::warnings(&compiled, &description.fidelity);
    let mut report = Report::default();
    show::card::stage(&mut report, &card, &description);
    told(&mut report, &gaps);
    show::card::about(&mut report, &description);
    for name in [STAGE, store::SRS, store::PRIVATE] {
        let bytes = grouped(files::size(&args.out.join(name)));
        let audience = match name {
            STAGE | store::SRS => "publish",
            _ => "keep private",
        };
        report.row(name, format!("{bytes} bytes, {audience}"));
    }
    for warning in &warnings {
        report.row("warning", warning);
    }
    if dev {
        report.row("warning", srs::UNSAFE);
    }
    report.json = json!({
        "srs_id": hex(&card.srs_id),
        "dev_srs": dev,
        "takes": args.after.is_some(),
        "gives": args.gives,
        "warnings": warnings,
        "expected": gaps,
        "out": args.out.display().to_string(),
        "card": description,
    });
    Ok(report)
}
