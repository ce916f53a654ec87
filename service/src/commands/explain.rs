//! `provenn explain`: every field of a claim, and what binds it. Nothing is verified here.

use crate::bytes::hex;
use crate::error::CliError;
use crate::files::{self, MAX_CARD, MAX_RECEIPT};
use crate::report::{grouped, Report};
use provenn_prover::commit::Description;
use provenn_prover::store;
use provenn_verifier::text::{decimal, quoted};
use provenn_verifier::{InputBinding, ModelCard, Policy, PolicyKind, Receipt, VerifyError};
use serde_json::{json, Value};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Receipt.
    receipt: PathBuf,
    /// Model card, to show scores as real numbers.
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let bytes = files::read(&args.receipt, MAX_RECEIPT)?;
    let decoded = Receipt::from_bytes(&bytes).map_err(|error| CliError::file(&args.receipt, &bytes, error));
    let Receipt { claim, proof, link } = decoded?;
    let card = args.card.as_deref();
    let card = card
        .map(|path| files::decode(path, MAX_CARD, ModelCard::from_bytes))
        .transpose()?;
    let description = match &card {
        Some(card) if card.model_id() != claim.model_id => {
            let [card, claim] = [card.model_id(), claim.model_id].map(|id| hex(&id));
            let differs = format!("model: the card is {card}, the receipt is about {claim}");
            return Err(CliError::from(VerifyError::ModelMismatch).with(vec![differs]));
        }
        Some(card) => Some(store::description(card)?),
        None => None,
    };
    let description = description.as_ref();
    let end = claim.context.not_after;
    let until = if end == 0 {
        "no end".to_string()
    } else {
        format!("{end} (unix seconds)")
    };
    let fields = [
        (
            "output",
            output(&claim.policy, description),
            "the policy gates of the circuit",
        ),
        (
            "policy",
            policy(&claim.policy, description),
            "public columns derived from the claim",
        ),
        (
            "input",
            input(&claim.input),
            "public columns (public) or the link proof (committed)",
        ),
        (
            "model",
            hex(&claim.model_id),
            "digest of the whole card, weight commitments included; link proof",
        ),
        (
            "circuit key",
            hex(&claim.key_digest),
            "recomputed from the card; the transcript starts with it",
        ),
        ("quantization", hex(&claim.quantization), "compared with the card"),
        (
            "srs",
            hex(&claim.srs_id),
            "compared with the card and with the verifier's SRS key",
        ),
        (
            "audience",
            quoted(&claim.context.audience),
            "claim digest, the first thing the transcript absorbs",
        ),
        ("nonce", hex(&claim.context.nonce), "claim digest"),
        ("valid until", until, "claim digest; compared with the verifier's clock"),
    ];
    let mut report = Report::default();
    report.line("Stated by this receipt; `provenn verify` decides whether it is true.");
    for (name, value, bound) in &fields {
        report.row(name, value);
        report.row("", format!("  bound by: {bound}"));
    }
    report.row(
        "size",
        format!(
            "{} bytes: proof {}, link {}, claim {}",
            grouped(bytes.len()),
            grouped(proof.len()),
            grouped(32 + 32 * link.z.len()),
            grouped(claim.to_bytes().len())
        ),
    );
    let list: Vec<_> = fields
        .iter()
        .map(|(name, value, bound)| json!({ "name": name, "value": value, "bound_by": bound }))
        .collect();
    report.json = json!({
        "verified": false,
        "output": output_json(&claim.policy, description),
        "output_unit": if description.is_some() { "real" } else { "integer" },
        "model_id": hex(&claim.model_id),
        "fields": list,
        "bytes": { "receipt": bytes.len(), "proof": proof.len() },
    });
    Ok(report)
}

/// A score as a real number if the card is known.
fn real(score: i64, description: Option<&Description>) -> f64 {
    score as f64 * description.map_or(1.0, |d| 2f64.powi(-d.output_frac))
}

fn number(score: i64, description: Option<&Description>) -> String {
    match description {
        Some(description) => decimal(score, description.output_frac),
        None => score.to_string(),
    }
}

/// The policy and its parameters.
pub fn policy(policy: &Policy, description: Option<&Description>) -> String {
    match policy {
        Policy::Scores { .. } => "scores".into(),
        Policy::Label { .. } => "label (index of the largest output)".into(),
        Policy::ThresholdBit { output, threshold, .. } => format!(
            "threshold: is output {output} at least {}",
            number(*threshold, description)
        ),
        Policy::YesOnly { output, threshold } => format!(
            "yes-only: output {output} is at least {}",
            number(*threshold, description)
        ),
    }
}

/// The same of a policy that is asked for.
pub fn kind(kind: PolicyKind, description: Option<&Description>) -> String {
    let asked = match kind {
        PolicyKind::Scores => Policy::Scores { scores: vec![] },
        PolicyKind::Label => Policy::Label { label: 0 },
        PolicyKind::ThresholdBit { output, threshold } => Policy::ThresholdBit {
            output,
            threshold,
            bit: false,
        },
        PolicyKind::YesOnly { output, threshold } => Policy::YesOnly { output, threshold },
    };
    policy(&asked, description)
}

/// The output that the policy lets out.
pub fn output(policy: &Policy, description: Option<&Description>) -> String {
    match policy {
        Policy::Scores { scores } => scores
            .iter()
            .map(|&s| number(s, description))
            .collect::<Vec<_>>()
            .join(" "),
        Policy::Label { label } => format!("label {label}"),
        Policy::ThresholdBit { bit, .. } => if *bit { "yes" } else { "no" }.into(),
        Policy::YesOnly { .. } => "yes".into(),
    }
}

/// The output for scripts: a list of scores, a label, or a bit.
pub fn output_json(policy: &Policy, description: Option<&Description>) -> Value {
    match (policy, description) {
        (Policy::Scores { scores }, Some(_)) => scores.iter().map(|&s| real(s, description)).collect(),
        (Policy::Scores { scores }, None) => json!(scores),
        (Policy::Label { label }, _) => json!(label),
        (Policy::ThresholdBit { bit, .. }, _) => json!(bit),
        (Policy::YesOnly { .. }, _) => json!(true),
    }
}

/// What the input is known by.
pub fn input(input: &InputBinding) -> String {
    match input {
        InputBinding::Public { values } => format!("public, {} values", values.len()),
        InputBinding::Committed { points } => format!(
            "committed, {} points: {}",
            points.len(),
            points.iter().map(|p| hex(p)).collect::<Vec<_>>().join(" ")
        ),
    }
}
