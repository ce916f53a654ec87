//! An agreement, and a party's signature of an input.

use super::{about, add, card};
use crate::bytes::hex;
use crate::data::agreement;
use crate::error::CliError;
use crate::moment;
use crate::report::Report;
use crate::statement::bound;
use provenn_prover::commit::Description;
use provenn_verifier::agreement::{AgreedInput, SignedAgreement};
use provenn_verifier::text::quoted;
use provenn_verifier::{InputBinding, Target, FORMAT_VERSION};
use serde_json::{json, Value};
use std::path::Path;

pub fn run(path: &Path, card: Option<&Path>) -> Result<Report, CliError> {
    let agreement = agreement::read(path)?;
    let description = card::described(card, Some(agreement.agreement().model_id))?;
    Ok(shown(&agreement, description.as_ref(), false))
}

/// Its terms, and who signed: by signatures that hold, or that are only there.
pub fn shown(signed: &SignedAgreement, description: Option<&Description>, checked: bool) -> Report {
    let (terms, fracs) = (
        signed.agreement(),
        description.map(Description::fracs).unwrap_or_default(),
    );
    let mut report = about("an agreement", FORMAT_VERSION.into());
    report.row("digest", hex(&terms.digest()));
    report.row("model id", hex(&terms.model_id));
    for policy in &terms.policies {
        let about = description.map(|description| about_output(description, policy.target));
        let words = policy.words().shown(&fracs);
        report.row("policy", format!("{words}{}", about.unwrap_or_default()));
    }
    if description.is_none() {
        report.row(
            "",
            "  scores are integers of the quantized model; --card gives their units",
        );
    }
    for input in &terms.inputs {
        report.row("input", format!("{}, {}", agreement::schema(input), supplied(input)));
    }
    for (party, there) in signed.signed() {
        let there = match (there, checked) {
            (false, _) => "not signed yet",
            (true, false) => "signature there, not checked here",
            (true, true) => "signed",
        };
        report.row("party", format!("{}, key {}: {there}", quoted(&party.role), party.key));
    }
    report.row("until", moment::shown(terms.not_after));
    report.row(
        "parameters",
        if terms.accept_dev {
            "of a ceremony, or of development"
        } else {
            "of a ceremony"
        },
    );
    add(&mut report, json(signed, &fracs));
    report
}

/// Of several outputs the one that a policy is about, by its name.
fn about_output(description: &Description, target: Target) -> String {
    let output = match target {
        Target::Output(index) => description.outputs.get(index as usize),
        Target::All => None,
    };
    let output = output.filter(|_| description.outputs.len() > 1);
    output.map_or(String::new(), |output| format!(", of output {}", quoted(&output.name)))
}

fn supplied(input: &AgreedInput) -> String {
    match &input.supplier {
        Some(role) => format!("signed by {}", quoted(role)),
        None => "from anybody".to_owned(),
    }
}

/// The terms for scripts.
fn json(signed: &SignedAgreement, fracs: &[i32]) -> Value {
    let terms = signed.agreement();
    let policies = terms.policies.iter().map(|policy| {
        let words = policy.words().shown(fracs);
        json!({ "policy": policy.to_string(), "words": words })
    });
    let inputs = terms.inputs.iter().map(|input| {
        let binding = if input.public { "public" } else { "committed" };
        json!({ "name": input.name, "shape": input.shape, "binding": binding, "supplier": input.supplier })
    });
    let parties = signed
        .signed()
        .map(|(party, there)| json!({ "role": party.role, "key": party.key.to_string(), "signature": there }));
    json!({
        "digest": hex(&terms.digest()), "audience": terms.audience(), "model_id": hex(&terms.model_id),
        "policies": policies.collect::<Vec<_>>(), "inputs": inputs.collect::<Vec<_>>(), "parties": parties.collect::<Vec<_>>(),
        "not_after": terms.not_after, "accept_dev": terms.accept_dev, "verified": false,
    })
}

pub fn input(path: &Path) -> Result<Report, CliError> {
    let signature = agreement::signature(path)?;
    let input = &signature.input;
    let mut report = about("a party's signature of an input", FORMAT_VERSION.into());
    report.row("input", format!("{}, number {}", quoted(&input.name), input.index));
    report.row("is", bound(&input.binding));
    report.row("for receipts to", quoted(&input.context));
    report.row(
        "said to be of",
        format!("{}, key {}", quoted(&input.role), hex(&signature.key)),
    );
    report.line("Not checked here; `provenn verify --agreement` does that.");
    let points: Vec<String> = input.binding.points().iter().map(|point| hex(point)).collect();
    let values = match &input.binding {
        InputBinding::Public { values } => Some(values),
        InputBinding::Committed { .. } => None,
    };
    add(
        &mut report,
        json!({
            "input": input.name, "index": input.index, "context": input.context, "role": input.role, "key": hex(&signature.key),
            "points": points, "values": values, "verified": false,
        }),
    );
    Ok(report)
}
