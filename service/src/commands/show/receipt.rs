//! A receipt: what it states, with the public input.

use super::{about, add, card};
use crate::bytes::hex;
use crate::error::CliError;
use crate::files::{Part, MAX_RECEIPT};
use crate::model;
use crate::moment;
use crate::report::{grouped, Report};
use crate::statement::{bound, Said};
use provenn_prover::commit::Description;
use provenn_verifier::agreement::named_in;
use provenn_verifier::text::{decimal, quoted};
use provenn_verifier::{Claim, Colouring, FileKind, InputBinding, Statement, FORMAT_VERSION};
use serde_json::{json, Value};
use std::path::Path;

/// Values of an input that the text shows; JSON has all.
const SHOWN: usize = 64;

pub fn run(path: &Path, card: Option<&Path>) -> Result<Report, CliError> {
    let part = Part::read(path, MAX_RECEIPT)?;
    let (claim, bytes) = (&model::claim(&part)?, &part.bytes);
    let is = match FileKind::of(bytes) {
        Some(FileKind::ChainReceipt) => "a receipt of a model in segments",
        _ => "a receipt",
    };
    let mut report = about(is, FORMAT_VERSION.into());
    report.line("Stated by it, and not verified here:");
    match &claim.body {
        Statement::Inference(body) => {
            inference(&mut report, claim, card::described(card, Some(body.model_id))?.as_ref())?
        }
        Statement::Colouring(body) => colouring(&mut report, body),
    }
    let context = &claim.context;
    report.row("audience", quoted(&context.audience));
    if let Some(digest) = named_in(&context.audience) {
        report.row(
            "",
            format!(
                "  under the agreement {}, which `provenn verify --agreement` checks",
                quoted(digest)
            ),
        );
    }
    report.row("nonce", hex(&context.nonce));
    report.row(
        "valid until",
        match context.not_after {
            0 => "no end".to_owned(),
            end => moment::shown(end),
        },
    );
    report.row("circuit key", hex(&claim.key_digest));
    report.row("SRS id", hex(&claim.srs_id));
    report.row("size", format!("{} bytes", grouped(bytes.len())));
    add(
        &mut report,
        json!({
            "verified": false, "statement": claim.body.kind().name(), "claim_digest": hex(&claim.digest()),
            "audience": context.audience, "nonce": hex(&context.nonce), "not_after": context.not_after,
            "key_digest": hex(&claim.key_digest), "srs_id": hex(&claim.srs_id), "bytes": bytes.len(),
        }),
    );
    Ok(report)
}

fn inference(report: &mut Report, claim: &Claim, description: Option<&Description>) -> Result<(), CliError> {
    let said = Said::new(claim, description)?;
    report.row("output", said.output());
    report.row("policy", said.policy());
    if let Some(about) = said.about() {
        report.row("of output", about);
    }
    let mut inputs = Vec::new();
    for (index, (row, binding)) in said.inputs().into_iter().enumerate() {
        report.row(&row, bound(binding));
        inputs.push(match binding {
            InputBinding::Public { values } => {
                let values = real(values, description, index);
                let rest = values.len().saturating_sub(SHOWN);
                let more = if rest > 0 {
                    format!(" and {} more", grouped(rest))
                } else {
                    String::new()
                };
                let shown: Vec<&str> = values.iter().take(SHOWN).map(String::as_str).collect();
                report.row("", format!("  {}{more}", shown.join(" ")));
                json!({ "binding": "public", "values": values })
            }
            InputBinding::Committed { points } => {
                json!({ "binding": "committed", "points": points.iter().map(|point| hex(point)).collect::<Vec<_>>() })
            }
        });
    }
    report.row("model id", hex(&said.model_id()));
    if description.is_none() {
        report.row(
            "",
            "  scores and values are integers of the quantized model; --card gives their units",
        );
    }
    add(
        report,
        json!({
            "output": said.output_json(), "class": said.class(), "policy": said.policy(), "of_output": said.about(), "inputs": inputs,
            "unit": if description.is_some() { "real" } else { "integer" },
            "model_id": hex(&said.model_id()), "quantization": hex(&said.quantization()),
        }),
    );
    Ok(())
}

/// The values of an input in its own units, as decimals; integers where no card is known.
fn real(values: &[i64], description: Option<&Description>, index: usize) -> Vec<String> {
    let input = description.and_then(|description| description.inputs.get(index));
    let shown = |(place, value): (usize, &i64)| match input {
        Some(input) => {
            let lift = input.lifts.get(place).copied().unwrap_or(0);
            decimal(*value, input.frac.saturating_add(lift.into()))
        }
        None => value.to_string(),
    };
    values.iter().enumerate().map(shown).collect()
}

fn colouring(report: &mut Report, body: &Colouring) {
    report.row("states", body.words());
    report.row("graph", hex(&body.graph));
    let fields: Value =
        json!({ "colours": body.colours, "vertices": body.vertices, "edges": body.edges, "graph": hex(&body.graph) });
    add(report, fields);
}
