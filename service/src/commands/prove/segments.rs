//! A receipt of a model in segments.

use super::agreed::Deal;
use super::inputs::{Given, Taking};
use super::{policy, secret, Args, Made};
use crate::bytes::hex;
use crate::commands::segment;
use crate::data::opening;
use crate::error::CliError;
use crate::model::in_segments;
use crate::output::Output;
use crate::progress::Progress;
use crate::report::Report;
use provenn_prover::chain::{self, Segments, Stored};
use provenn_verifier::ChainReceipt;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub fn run(args: &Args, stored: &Stored) -> Result<Report, CliError> {
    for (given, what) in [
        (!args.rows.is_empty(), "--rows are for models in one circuit"),
        (
            args.labels.is_some(),
            "--labels are of batches, which are in one circuit",
        ),
    ] {
        if given {
            return Err(in_segments(what));
        }
    }
    let mut context = args.context.context()?;
    let deal = Deal::read(args.agreement.as_deref(), &args.party_inputs, &mut context)?;
    let progress = Progress::new("reading the model");
    let description = chain::description(&stored.card)?.model;
    let sources: Vec<PathBuf> = args.input.iter().map(|source| source.path(&description)).collect();
    let named = [&args.card].into_iter().chain(&sources).chain(&args.commitment);
    let named = named.chain(&args.agreement).chain(&args.party_inputs);
    let named: Vec<&Path> = named.map(PathBuf::as_path).collect();
    let out = Output::new(&args.out, args.force, &named)?;
    let first = stored.program(0)?;
    let taking = Taking::first(&stored.card, &first)?;
    let given = Given::read(&args.input, &args.commitment, taking, &description)?;
    let secret = secret(args, &given, &out, &named)?;
    let policy = policy(args, &description)?;
    let parameters = segment::parameters(&args.card, args.srs.as_deref(), stored)?;
    let started = Instant::now();
    let inputs = given.bind(&parameters)?;
    if let Some(deal) = &deal {
        let (id, srs, end) = (stored.card.model_id(), &parameters.srs, context.not_after);
        deal.permits(id, &description, &inputs, &policy, srs, end)?;
    }
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
    let new = inputs.iter().enumerate().filter(|(index, _)| given.is_new(*index));
    let opening = opening::of_inputs(new, &description).map(|secret| secret.to_string());
    let claim = ChainReceipt::from_bytes(&receipt)?.claim;
    let made = Made {
        receipt: &receipt,
        claim: &claim,
        description: &description,
        seconds,
        segments: Some(stored.card.segments.len()),
        opening,
        agreement: deal.as_ref().map(|deal| hex(&deal.agreement.agreement().digest())),
    };
    made.written(args, &out, secret.as_ref())
}
