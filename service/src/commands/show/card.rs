//! A model card: ids, what its publisher says, inputs and outputs with their scales.

use super::{about as head, add};
use crate::bytes::hex;
use crate::error::CliError;
use crate::files::{self, MAX_CARD};
use crate::model;
use crate::report::{grouped, Report};
use provenn_prover::chain::stage_description;
use provenn_prover::commit::Description;
use provenn_verifier::text::{decimal, quoted};
use provenn_verifier::{AnyCard, ModelCard, Quantization, VerifyError, FORMAT_VERSION};
use serde_json::json;
use std::path::Path;

/// Names of classes that the text shows; JSON has all.
const SHOWN: usize = 20;

pub fn run(path: &Path) -> Result<Report, CliError> {
    let bytes = files::read(path, MAX_CARD)?;
    match AnyCard::from_bytes(&bytes) {
        Err(VerifyError::StageCard) => {
            let card = ModelCard::read_segment(&bytes).map_err(|e| CliError::file(path, &bytes, e))?;
            let description = stage_description(&card).map_err(|e| CliError::from(e).at(path))?;
            let mut report = head("a card of a stage, which is no model by itself", FORMAT_VERSION.into());
            stage(&mut report, &card, &description);
            about(&mut report, &description);
            add(
                &mut report,
                json!({ "srs_id": hex(&card.srs_id), "k": card.key.k, "commitments": card.commitments.len(), "card": description }),
            );
            Ok(report)
        }
        Err(error) => Err(CliError::file(path, &bytes, error)),
        Ok(card) => {
            let description = model::description(&card).map_err(|e| CliError::from(e).at(path))?;
            Ok(shown(&card, &description))
        }
    }
}

/// What the card of a stage says of its place in a chain.
pub fn stage(report: &mut Report, card: &ModelCard, description: &Description) {
    let segment = card.key.purpose.segment();
    let (takes, gives) = segment.map_or((false, false), |own| (own.takes, own.gives.is_some()));
    let ends = [
        (takes, "takes what another gives"),
        (gives, "gives its output to another"),
    ];
    let ends: Vec<&str> = ends.iter().filter(|(is, _)| *is).map(|(_, words)| *words).collect();
    report.row("stage", format!("{}: {}", quoted(&description.name), ends.join(", ")));
    for input in &description.inputs {
        let step = steps(&input.quantization());
        report.row(
            "input",
            format!("{} {:?}, in steps of {step}", quoted(&input.name), input.shape),
        );
    }
    for output in &description.outputs {
        let step = decimal(1, output.frac);
        report.row(
            "output",
            format!("{} {:?}, in steps of {step}", quoted(&output.name), output.shape),
        );
    }
    let commitments = card.commitments.len();
    report.row(
        "circuit",
        format!("2^{} rows, {commitments} weight commitments", card.key.k),
    );
    report.row("fidelity", description.fidelity.words());
}

/// What a card says.
pub fn shown(card: &AnyCard, description: &Description) -> Report {
    let is = match card {
        AnyCard::Model(_) => "a model card",
        AnyCard::Chain(_) => "a card of a model in segments",
    };
    let mut report = head(is, FORMAT_VERSION.into());
    report.row("model id", hex(&card.model_id()));
    about(&mut report, description);
    report.row(
        "graph",
        format!(
            "{}, {} parameters",
            quoted(&description.name),
            grouped(description.parameters)
        ),
    );
    for input in &description.inputs {
        let step = steps(&input.quantization());
        let shape = &input.shape;
        report.row(
            "input",
            format!(
                "{} {shape:?}, {}, in steps of {step}",
                quoted(&input.name),
                input.binding.name()
            ),
        );
    }
    for output in &description.outputs {
        let step = decimal(1, output.frac);
        report.row(
            "output",
            format!("{} {:?}, in steps of {step}", quoted(&output.name), output.shape),
        );
    }
    let fidelity = description.fidelity.words();
    report.row(
        "fidelity",
        match description.fidelity.rows {
            0 => fidelity,
            _ => format!("{fidelity}, by its publisher's measurement"),
        },
    );
    for (policy, bits) in &description.leakage {
        report.row("policy", format!("{policy}: {bits}"));
    }
    let [key, srs, quantization] = [card.key_digest(), card.srs_id(), card.quantization()].map(|id| hex(&id));
    report.row(
        "circuit",
        format!(
            "2^{} rows{}, {} weight commitments",
            card.k(),
            card.segments()
                .map_or(String::new(), |count| format!(" in each of {count} segments")),
            card.commitments()
        ),
    );
    report.row("circuit key", &key);
    report.row("SRS id", &srs);
    report.row("quantization", &quantization);
    report.line("The weights were not checked to be in range here; `provenn verify` does that.");
    add(
        &mut report,
        json!({
            "model_id": hex(&card.model_id()), "key_digest": key, "srs_id": srs, "quantization": quantization,
            "k": card.k(), "commitments": card.commitments(), "segments": card.segments(), "card": description,
        }),
    );
    report
}

/// What its publisher says of a model, if anything.
pub fn about(report: &mut Report, description: &Description) {
    let Some(about) = &description.about else { return };
    for (name, text) in about.texts() {
        report.row(name, text);
    }
    for input in &about.inputs {
        report.row("unit", format!("of input {}: {}", quoted(&input.name), input.unit));
    }
    for output in &about.outputs {
        let name = quoted(&output.name);
        if let Some(unit) = &output.unit {
            report.row("unit", format!("of output {name}: {unit}"));
        }
        if !output.classes.is_empty() {
            let shown: Vec<String> = output.classes.iter().take(SHOWN).map(|class| quoted(class)).collect();
            let more = if output.classes.len() > SHOWN { ", .." } else { "" };
            report.row(
                "classes",
                format!("of output {name}, {}: {}{more}", output.classes.len(), shown.join(", ")),
            );
        }
    }
}

/// The description on a card, which has to be that of a model where one is named.
pub fn described(path: Option<&Path>, model: Option<[u8; 32]>) -> Result<Option<Description>, CliError> {
    let Some(path) = path else { return Ok(None) };
    let (card, description) = model::read(path)?;
    if let Some(about) = model.filter(|about| *about != card.model_id()) {
        let [card, claim] = [card.model_id(), about].map(|id| hex(&id));
        let differs = format!("model: the card is {card}, the receipt is about {claim}");
        return Err(CliError::from(VerifyError::ModelMismatch).with(vec![differs]));
    }
    Ok(Some(description))
}

/// How finely the elements of an input are told apart.
fn steps(quantization: &Quantization) -> String {
    let step = |lift: u8| decimal(1, quantization.frac.saturating_add(lift.into()));
    match quantization.lifts.iter().max() {
        None => step(0),
        Some(&most) => format!("{}, of small elements down to {}", step(0), step(most)),
    }
}
