//! A receipt of a model in segments.

use super::{folder, opening_path, policy, Args, Made};
use crate::data::{opening, sample};
use crate::error::CliError;
use crate::files;
use crate::model::in_segments;
use crate::output::Output;
use crate::progress::Progress;
use crate::report::Report;
use crate::srs;
use provenn_circuits::program::quantize_input;
use provenn_prover::chain::{self, Segments, Stored};
use provenn_verifier::{ChainReceipt, FileKind};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The model, if the card is of one in segments.
pub fn stored(args: &Args) -> Result<Option<Stored>, CliError> {
    let card = files::read(&args.card, files::MAX_CARD)?;
    if FileKind::of(&card) != Some(FileKind::ChainCard) {
        return Ok(None);
    }
    let stored = Stored::load(folder(args))?;
    match stored.card.to_bytes() == card {
        true => Ok(Some(stored)),
        false => Err(CliError::usage(
            "card",
            format!("{} is not the card of the model in its folder", args.card.display()),
            "give the chain.card that `provenn commit` wrote",
        )),
    }
}

pub fn run(args: &Args, stored: &Stored) -> Result<Report, CliError> {
    for (given, what) in [
        (!args.rows.is_empty(), "--rows are for models in one circuit"),
        (!args.commitment.is_empty(), "--commitment is for models in one circuit"),
        (args.agreement.is_some(), "agreements are about models in one circuit"),
        (
            args.labels.is_some(),
            "--labels are of batches, which are in one circuit",
        ),
    ] {
        if given {
            return Err(in_segments(what));
        }
    }
    let context = args.context.context()?;
    let progress = Progress::new("reading the model");
    let description = chain::description(&stored.card)?.model;
    let sources: Vec<PathBuf> = args.input.iter().map(|source| source.path(&description)).collect();
    let named: Vec<&Path> = [&args.card].into_iter().chain(&sources).map(PathBuf::as_path).collect();
    let out = Output::new(&args.out, args.force, &named)?;
    let samples = sample::some(&args.input, &description)?;
    if samples.len() != description.inputs.len() {
        return Err(sample::each_once(&description));
    }
    let program = stored.program(0)?;
    let values = samples
        .into_iter()
        .map(|(index, values)| quantize_input(&program, index, &values));
    let values = values.collect::<Result<Vec<_>, _>>().map_err(CliError::from)?;
    drop(program);
    let layout = stored.card.layout();
    let committed = layout.is_some_and(|layout| layout.inputs.iter().any(|input| !input.public));
    let secret = match committed {
        false => None,
        true => {
            let path = opening_path(args, &out)?;
            Some((Output::private(&path, args.force, &named)?, path))
        }
    };
    let policy = policy(args, &description)?;
    let k = stored.card.segments.first().map_or(0, |card| card.key.k);
    let beside = folder(args).join(srs::FILE);
    let source = args.srs.as_deref().or(beside.is_file().then_some(beside.as_path()));
    let parameters = srs::existing(source, k)?;
    let started = Instant::now();
    let inputs =
        chain::bind_inputs(&stored.card, stored, &parameters.srs, values).map_err(|error| parameters.blame(error))?;
    let receipt = chain::prove(
        &stored.card,
        stored,
        &parameters.srs,
        &inputs,
        policy,
        context,
        &|stage| progress.stage(stage),
    );
    let receipt = receipt.map_err(|error| parameters.blame(error))?;
    drop(progress);
    let seconds = started.elapsed().as_secs_f64();
    let opening = opening::of_inputs(inputs.iter().enumerate(), &description).map(|secret| secret.to_string());
    let claim = ChainReceipt::from_bytes(&receipt)?.claim;
    let made = Made {
        receipt: &receipt,
        claim: &claim,
        description: &description,
        seconds,
        segments: Some(stored.card.segments.len()),
        opening,
        agreement: None,
    };
    made.written(args, &out, secret.as_ref())
}
