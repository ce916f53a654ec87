//! `provenn verify`: the decision, with everything that was compared and everything that was not.

use crate::bytes::{hex, hex32};
use crate::data::sample::{self, Source};
use crate::error::CliError;
use crate::files::{self, MAX_CARD, MAX_RECEIPT};
use crate::policy::Asked;
use crate::report::{grouped, Report};
use crate::srs;
use crate::statement::{Check, Named, Said};
use provenn_prover::commit::Description;
use provenn_prover::store;
use provenn_verifier::{
    differences, verify, CheckedCard, Claim, Disclosure, Expectation, InferenceExpectation, InputBinding, ModelCard,
    Receipt, SrsVerifyingKey, StatementKind, Verdict, VerifyError,
};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Model card, from its publisher.
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// Receipt to check.
    #[arg(long, value_name = "FILE")]
    receipt: PathBuf,
    /// Verifier's part of the SRS; `srs.vk` beside the card by default.
    #[arg(long, value_name = "FILE")]
    srs: Option<PathBuf>,
    /// Accept development parameters: only if you trust the machine that made them.
    #[arg(long)]
    accept_dev: bool,
    /// The model id you expect.
    #[arg(long, value_name = "HEX", value_parser = hex32)]
    model_id: Option<[u8; 32]>,
    /// The SRS id you expect.
    #[arg(long, value_name = "HEX", value_parser = hex32)]
    srs_id: Option<[u8; 32]>,
    /// Who the receipt must be for.
    #[arg(long)]
    audience: Option<String>,
    /// The challenge you gave to the prover.
    #[arg(long, value_name = "HEX", value_parser = hex32)]
    nonce: Option<[u8; 32]>,
    /// The public input it must be about; NAME=FILE for each that you name of several.
    #[arg(long, value_name = "FILE")]
    input: Vec<Source>,
    #[arg(long, help = format!("The agreed policy: one of {}", Disclosure::grammar()))]
    policy: Option<Asked>,
    /// Of several outputs the one that the policy must be about, by its name; `all` for the scores of all.
    #[arg(long, value_name = "NAME", requires = "policy")]
    output: Option<String>,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let bytes = files::read(&args.receipt, MAX_RECEIPT)?;
    let claim = Receipt::from_bytes(&bytes).map_err(|error| CliError::file(&args.receipt, &bytes, error));
    let claim = claim?.claim;
    let card = files::decode(&args.card, MAX_CARD, ModelCard::from_bytes)?;
    let beside = args.card.parent().unwrap_or(Path::new("")).join(store::SRS);
    let srs = args.srs.as_deref().unwrap_or(&beside);
    let key = files::decode(srs, MAX_RECEIPT, SrsVerifyingKey::from_bytes)?;
    let description = store::description(&card).map_err(|e| CliError::from(e).at(&args.card))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let expectation = expectation(args, &description, now)?;
    let started = Instant::now();
    let decided = decide(args, &bytes, &claim, card.clone(), &key, &expectation);
    let (card, verdict) = decided.map_err(|error| {
        let differs = differing(args, &claim, &card, &key, &expectation, &description);
        CliError::from(error).with(differs)
    })?;
    let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
    report(args, &card, &key, &description, &verdict, milliseconds)
}

fn decide(
    args: &Args,
    receipt: &[u8],
    claim: &Claim,
    card: ModelCard,
    srs: &SrsVerifyingKey,
    expectation: &Expectation,
) -> Result<(CheckedCard, Verdict), VerifyError> {
    let model_id = card.model_id();
    // A card that is not the receipt's is told as that, whatever SRS it was made under.
    if args.model_id.is_some_and(|id| id != model_id) || Said::new(claim, None)?.model_id() != model_id {
        return Err(VerifyError::ModelMismatch);
    }
    if args.srs_id.is_some_and(|id| id != srs.id()) {
        return Err(VerifyError::SrsMismatch);
    }
    let card = card.check(srs)?;
    let verdict = verify(receipt, &card, srs, expectation)?;
    Ok((card, verdict))
}

/// Everything that is not as asked, one line each.
fn differing(
    args: &Args,
    claim: &Claim,
    card: &ModelCard,
    srs: &SrsVerifyingKey,
    expectation: &Expectation,
    description: &Description,
) -> Vec<String> {
    let ids = [
        (
            "model card: the model id that you named",
            args.model_id,
            "the card is",
            card.model_id(),
        ),
        (
            "SRS file: the SRS id that you named",
            args.srs_id,
            "the file is",
            srs.id(),
        ),
        (
            "model card: the SRS that it was made under",
            Some(card.srs_id),
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

fn expectation(args: &Args, description: &Description, now: u64) -> Result<Expectation, CliError> {
    let inputs = sample::some(&args.input, description)?.into_iter();
    let inputs = inputs.map(|(index, values)| {
        let values = sample::quantize(&values, description, index);
        (index as u32, InputBinding::Public { values })
    });
    let about = |asked: &Asked| asked.about(args.output.as_deref(), description)?.of(description);
    let policy = args.policy.as_ref().map(about).transpose()?;
    Ok(Expectation {
        statements: Some(vec![StatementKind::Inference]),
        inference: InferenceExpectation {
            policy,
            inputs: inputs.collect(),
            ..InferenceExpectation::default()
        },
        audience: args.audience.clone(),
        nonce: args.nonce,
        now: Some(now),
        accept_dev: args.accept_dev,
        ..Expectation::default()
    })
}

fn report(
    args: &Args,
    card: &ModelCard,
    key: &SrsVerifyingKey,
    description: &Description,
    verdict: &Verdict,
    milliseconds: f64,
) -> Result<Report, CliError> {
    let dev = matches!(verdict, Verdict::Dev(_));
    let claim = verdict.claim();
    let said = Said::new(claim, Some(description))?;
    let named = Named {
        model: args.model_id.is_some(),
        srs: args.srs_id.is_some(),
        policy: args.policy.is_some(),
        inputs: sample::some(&args.input, description)?.into_keys().collect(),
        audience: args.audience.is_some(),
        nonce: args.nonce.is_some(),
    };
    let checks = said.checks(&named, card.commitments.len(), key.kind);
    let mut report = Report::default();
    report.line(if dev {
        "VALID under development parameters"
    } else {
        "VALID"
    });
    report.row("output", said.output());
    for Check { name, value, checked } in &checks {
        report.row(
            name,
            format!(
                "{value}{}",
                if *checked {
                    ""
                } else {
                    "   [as stated; you named no expectation]"
                }
            ),
        );
    }
    report.row(
        "checked in",
        format!(
            "{milliseconds:.1} ms, receipt of {} bytes",
            grouped(files::size(&args.receipt))
        ),
    );
    if dev {
        report.row("warning", srs::UNSAFE);
    }
    report.json = json!({
        "valid": true,
        "dev": dev,
        "output": said.output_json(),
        "checks": checks,
        "milliseconds": milliseconds,
    });
    Ok(report)
}
