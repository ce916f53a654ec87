//! A commitment in segments.

use super::{parameters, Args};
use crate::bytes::hex;
use crate::commands::show;
use crate::error::CliError;
use crate::files;
use crate::output::OutputFolder;
use crate::progress::Progress;
use crate::report::{grouped, Report};
use crate::srs;
use provenn_circuits::compile::Cuts;
use provenn_prover::chain;
use provenn_prover::commit::CommitOptions;
use provenn_prover::srs::SrsKind;
use provenn_prover::{store, ProveError};
use provenn_verifier::CheckedChain;
use serde_json::json;

pub fn run(
    args: &Args,
    out: &OutputFolder,
    bytes: &[u8],
    options: &CommitOptions,
    cuts: Cuts,
) -> Result<Report, CliError> {
    let progress = Progress::new("compiling");
    let compiled = chain::compile(bytes, options, cuts)?;
    progress.set("reading the SRS");
    let parameters = parameters(args, compiled.k())?;
    progress.set("committing");
    let mut made: Option<CheckedChain> = None;
    out.fill(|folder| {
        let mut keep = |index: usize, segment: chain::Segment| chain::keep(&segment, folder, index);
        let card = chain::commit(&compiled, options, &parameters, &mut keep)?;
        chain::save(&card, &parameters, folder)?;
        if parameters.kind == SrsKind::Ceremony {
            parameters.save(&folder.join(srs::FILE))?;
        }
        made = Some(card);
        Ok(())
    })?;
    drop(progress);
    let card = made.ok_or(ProveError::SrsMismatch)?;
    let (model_id, dev) = (hex(&card.model_id()), parameters.kind == SrsKind::Dev);
    let description = chain::description(&card)?.model;
    let (cuts, count) = (compiled.cut_names(), compiled.segments.len());
    let mut report = Report::default();
    report.row("model id", &model_id);
    let commitments: usize = card.segments.iter().map(|card| card.commitments.len()).sum();
    report.row(
        "circuits",
        format!(
            "{count} segments of 2^{} rows, {commitments} weight commitments",
            compiled.k()
        ),
    );
    report.row("cut at", cuts.join(", "));
    report.row("fidelity", description.fidelity.words());
    show::card::about(&mut report, &description);
    for name in [chain::CARD, store::SRS] {
        let bytes = files::size(&args.out.join(name));
        report.row(name, format!("{} bytes, publish", grouped(bytes)));
    }
    report.row("segment-1 ..", "keys and openings, keep private");
    for warning in &compiled.warnings {
        report.row("warning", warning);
    }
    if dev {
        report.row("warning", srs::UNSAFE);
    }
    report.json = json!({
        "model_id": model_id,
        "srs_id": card.segments.first().map(|card| hex(&card.srs_id)),
        "dev_srs": dev,
        "segments": count,
        "cuts": cuts,
        "warnings": compiled.warnings,
        "out": args.out.display().to_string(),
        "card": description,
    });
    Ok(report)
}
