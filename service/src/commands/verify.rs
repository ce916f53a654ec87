//! `provenn verify`: the decision, with everything that was compared and everything that was not.

mod agreed;
mod inputs;
pub mod parts;
mod report;
mod vouch;

use crate::bytes::{hex, hex32};
use crate::data::labels;
use crate::data::source::Source;
use crate::error::CliError;
use crate::model;
use crate::moment;
use crate::policy::Asked;
use crate::report::Report;
use crate::statement::Said;
use agreed::Deal;
use inputs::Inputs;
use parts::Parts;
use provenn_prover::commit::Description;
use provenn_verifier::party::PartyKey;
use provenn_verifier::publisher::PublisherKey;
use provenn_verifier::tlog::{LogKey, WitnessKey};
use provenn_verifier::{
    differences, verify, AnyCard, CheckedAny, Claim, Disclosure, Expectation, InferenceExpectation, InputBinding,
    SrsVerifyingKey, StatementKind, Verdict, VerifyError,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// One file with everything (`provenn bundle`), in place of those that are named below.
    #[arg(value_name = "BUNDLE", conflicts_with_all = ["card", "receipt", "srs", "signature", "state", "log_proof"], required_unless_present = "receipt")]
    bundle: Option<PathBuf>,
    /// Model card, from its publisher.
    #[arg(long, value_name = "FILE", requires = "receipt")]
    card: Option<PathBuf>,
    /// Receipt to check.
    #[arg(long, value_name = "FILE", requires = "card")]
    receipt: Option<PathBuf>,
    /// Verifier's part of the SRS; `srs.vk` beside the card by default.
    #[arg(long, value_name = "FILE")]
    srs: Option<PathBuf>,
    /// Accept development parameters: only if you trust the machine that made them.
    #[arg(long)]
    accept_dev: bool,
    /// The model id you expect.
    #[arg(long, value_name = "HEX", value_parser = hex32)]
    model_id: Option<[u8; 32]>,
    /// Accept any model: whoever gave you the card says which it is.
    #[arg(long, conflicts_with_all = ["model_id", "publisher", "signature", "state", "log", "log_proof", "witnesses", "quorum"])]
    any_model: bool,
    /// Key of the publisher whose model it must be, from a source you trust: NAME+ID+KEY.
    #[arg(long, value_name = "KEY")]
    publisher: Option<PublisherKey>,
    /// The publisher's signature (`provenn publisher sign`).
    #[arg(long, value_name = "FILE", requires = "publisher")]
    signature: Option<PathBuf>,
    /// The publisher's word on the state of the model (`provenn publisher state`).
    #[arg(long, value_name = "FILE", requires = "publisher")]
    state: Option<PathBuf>,
    /// Key of the transparency log that the model must stand in, from a source you trust: NAME+ID+KEY.
    #[arg(long, value_name = "KEY")]
    log: Option<LogKey>,
    /// Proof of the log that the card is in it.
    #[arg(long, value_name = "FILE", requires = "log")]
    log_proof: Option<PathBuf>,
    /// Public key of a witness that has to have cosigned the log's checkpoint; may be given several times.
    #[arg(long = "witness", value_name = "KEY", requires = "log")]
    witnesses: Vec<WitnessKey>,
    /// How many of the witnesses have to; all of them by default.
    #[arg(long, value_name = "N", requires = "witnesses", value_parser = clap::value_parser!(u8).range(1..))]
    quorum: Option<u8>,
    /// The SRS id you expect.
    #[arg(long, value_name = "HEX", value_parser = hex32)]
    srs_id: Option<[u8; 32]>,
    /// Agreement that the receipt must be under: signed by all its parties, not ended, and kept to; that of a bundle by default.
    #[arg(long, value_name = "FILE", conflicts_with = "audience")]
    agreement: Option<PathBuf>,
    /// Key that a party of the agreement must have, from a source you trust: NAME+ID+KEY; may be given several times.
    #[arg(long = "party", value_name = "KEY")]
    parties: Vec<PartyKey>,
    /// A party's signature of an input that it supplies (`provenn party sign`); one for each committed input.
    #[arg(long = "party-input", value_name = "FILE")]
    party_inputs: Vec<PathBuf>,
    /// Who the receipt must be for.
    #[arg(long)]
    audience: Option<String>,
    /// The challenge you gave to the prover.
    #[arg(long, value_name = "HEX", value_parser = hex32)]
    nonce: Option<[u8; 32]>,
    /// The input it must be about, shown by the receipt or opened with `--opening`; NAME=FILE for each that you name of several.
    #[arg(long, value_name = "FILE")]
    pub input: Vec<Source>,
    /// Secret opening of a committed input, from whoever proved: the receipt must be about what is in it.
    #[arg(long, value_name = "FILE")]
    opening: Vec<PathBuf>,
    /// Folder of development parameters, or a file made by `provenn srs import`, to check an opening; by default those of this machine.
    #[arg(long, value_name = "PATH", requires = "opening")]
    parameters: Option<PathBuf>,
    #[arg(long, help = format!("The agreed policy: one of {}", Disclosure::grammar()))]
    policy: Option<Asked>,
    /// The right labels that the policy must be about, as for `provenn prove`.
    #[arg(long, value_name = "FILE", requires = "policy")]
    labels: Option<PathBuf>,
    /// Of several outputs the one that the policy must be about, by its name; `all` for the scores of all.
    #[arg(long, value_name = "NAME", requires = "policy")]
    output: Option<String>,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    decide(args, &Parts::read(args)?)
}

/// The decision on parts, wherever they are from.
pub fn decide(args: &Args, parts: &Parts) -> Result<Report, CliError> {
    let (card, key) = (&parts.model, &parts.srs);
    let description = model::description(card).map_err(|e| CliError::from(e).at(&parts.card.place))?;
    let now = moment::now();
    let deal = Deal::read(args, parts)?;
    let inputs = Inputs::read(args, card, &description)?;
    let expectation = expectation(args, &description, inputs.bindings.clone(), now)?;
    let started = Instant::now();
    let checked = check(args, parts);
    let decided = checked.and_then(|checked| {
        let receipts = parts.receipts.iter().enumerate();
        let verdicts = receipts.map(|(index, given)| {
            let verdict = verify(&given.receipt.bytes, &checked, key, &expectation);
            verdict.map_err(|error| (index, error))
        });
        verdicts.collect::<Result<Vec<Verdict>, _>>()
    });
    let verdicts = decided.map_err(|(index, error)| {
        let Some(given) = parts.receipts.get(index) else {
            return CliError::from(error);
        };
        let differs = differing(args, &given.claim, card, key, &expectation, &description);
        let refused = CliError::from(error).with(differs);
        match parts.bundled {
            true => refused.at(&given.receipt.place),
            false => refused,
        }
    })?;
    let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
    let vouched = vouch::vouch(args, parts, &card.model_id())?;
    let judge = |deal: &Deal| {
        let agreed = verdicts
            .iter()
            .map(|verdict| deal.check(verdict, &card.model_id(), &description, now));
        agreed.collect::<Result<Vec<_>, CliError>>()
    };
    let agreed = deal.as_ref().map(judge).transpose()?.unwrap_or_default();
    let by_party = deal.as_ref().is_some_and(Deal::names_model);
    if !(args.any_model || args.model_id.is_some() || vouched.for_model() || by_party) {
        return Err(unnamed(card));
    }
    let found = report::Found {
        args,
        parts,
        card,
        key,
        description: &description,
        inputs: &inputs,
        verdicts: &verdicts,
        vouched: &vouched,
        deal: deal.as_ref().map(|deal| (deal, agreed.as_slice())),
        milliseconds,
    };
    found.report()
}

/// Everything holds, for a model that the caller did not name: anybody can make such receipts for a model of their own.
fn unnamed(card: &AnyCard) -> CliError {
    let id = hex(&card.model_id());
    let error = CliError::new(
        3,
        "model-not-named",
        "you named no model, and anybody can make a valid receipt for a model of their own",
        "pin the id with --model-id if you have it from a source that you trust; or name its publisher (--publisher) or log (--log), or a party of its agreement (--party); --any-model takes whichever this is",
    );
    error.with(vec![format!("model: the receipt holds for {id}")])
}

/// The card, if all claims are about it and it is what the caller named; the error is about a claim, by its index.
fn check(args: &Args, parts: &Parts) -> Result<CheckedAny, (usize, VerifyError)> {
    let (card, srs) = (&parts.model, &parts.srs);
    let model_id = card.model_id();
    // A card that is not the receipt's is told as that, whatever SRS it was made under.
    for (index, given) in parts.receipts.iter().enumerate() {
        let about = Said::new(&given.claim, None)
            .map_err(|error| (index, error))?
            .model_id();
        if args.model_id.is_some_and(|id| id != model_id) || about != model_id {
            return Err((index, VerifyError::ModelMismatch));
        }
    }
    if args.srs_id.is_some_and(|id| id != srs.id()) {
        return Err((0, VerifyError::SrsMismatch));
    }
    card.clone().check(srs).map_err(|error| (0, error))
}

/// Everything that is not as asked, one line each.
fn differing(
    args: &Args,
    claim: &Claim,
    card: &AnyCard,
    srs: &SrsVerifyingKey,
    expectation: &Expectation,
    description: &Description,
) -> Vec<String> {
    let ids = [
        (
            "SRS file: the SRS id that you named",
            args.srs_id,
            "the file is",
            srs.id(),
        ),
        (
            "model card: the SRS that it was made under",
            Some(card.srs_id()),
            "the SRS file is",
            srs.id(),
        ),
    ];
    let ids = ids.into_iter().filter_map(|(what, expected, is, found)| {
        let expected = expected.filter(|expected| *expected != found)?;
        Some(format!("{what} is {}, {is} {}", hex(&expected), hex(&found)))
    });
    let others = differences(claim, card, srs, expectation);
    let fracs = description.fracs();
    let others = others.iter().map(|other| other.shown(&fracs));
    ids.chain(others).collect()
}

fn expectation(
    args: &Args,
    description: &Description,
    inputs: BTreeMap<u32, InputBinding>,
    now: u64,
) -> Result<Expectation, CliError> {
    let about = |asked: &Asked| {
        let labels = labels::named(args.labels.as_deref())?;
        let asked = asked.labelled(labels.as_deref())?;
        asked.about(args.output.as_deref(), description)?.of(description)
    };
    let policy = args.policy.as_ref().map(about).transpose()?;
    Ok(Expectation {
        statements: Some(vec![StatementKind::Inference]),
        inference: InferenceExpectation {
            model_id: args.model_id,
            policy,
            inputs,
            ..InferenceExpectation::default()
        },
        audience: args.audience.clone(),
        nonce: args.nonce,
        now: Some(now),
        accept_dev: args.accept_dev,
        ..Expectation::default()
    })
}
