//! A receipt of a model in segments.

use super::{opening_beside, policy, Args, Made};
use crate::commands::segment;
use crate::data::opening;
use crate::error::CliError;
use crate::model::in_segments;
use crate::output::Output;
use crate::progress::Progress;
use crate::report::Report;
use provenn_prover::chain::{self, Stored};
use provenn_verifier::ChainReceipt;
use std::path::{Path, PathBuf};
use std::time::Instant;

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
    let values = segment::values(&args.input, stored, &description)?;
    let secret = match segment::commits(stored) {
        false => None,
        true => {
            let path = opening_beside(args.opening.as_deref(), &args.out, &out)?;
            Some((Output::private(&path, args.force, &named)?, path))
        }
    };
    let policy = policy(args, &description)?;
    let parameters = segment::parameters(&args.card, args.srs.as_deref(), stored)?;
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
