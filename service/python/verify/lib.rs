//! What anybody does: reads cards and receipts, and verifies.

mod error;

pub use error::{grammar, raised};

use clap::Parser;
use provenn_prover::commit::{Description, InputDescription};
use provenn_service::bytes::hex;
use provenn_service::cli::{Cli, Command};
use provenn_service::commands::show;
use provenn_service::commands::verify::parts::{Given, Parts};
use provenn_service::commands::verify::{decide, Args};
use provenn_service::data::source::Source;
use provenn_service::error::CliError;
use provenn_service::files::Part;
use provenn_service::model;
use provenn_service::statement::Said;
use provenn_verifier::{AnyCard, InputBinding, SrsVerifyingKey};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use serde_json::{json, Value};

/// Arrays as `.npy`, each with the name of its input where there are several.
pub type Arrays = Vec<(Option<String>, PyBackedBytes)>;

pub fn sources(arrays: Arrays) -> Vec<Source> {
    let source = |(input, bytes): (Option<String>, PyBackedBytes)| Source::Memory {
        input,
        bytes: bytes.to_vec(),
    };
    arrays.into_iter().map(source).collect()
}

#[pymodule]
mod _verify {
    #[pymodule_export]
    use super::{card, claim, verify};
}

fn part(place: &str, bytes: &[u8]) -> Part {
    Part {
        place: place.into(),
        bytes: bytes.to_vec(),
    }
}

fn described(card: &[u8]) -> Result<(AnyCard, Description), CliError> {
    let part = part("the card", card);
    let card = part.decode(AnyCard::from_bytes)?;
    let description = model::description(&card).map_err(|e| CliError::from(e).at(&part.place))?;
    Ok((card, description))
}

/// What a card says, as JSON.
#[pyfunction]
fn card(py: Python<'_>, card: PyBackedBytes) -> PyResult<String> {
    let shown = described(&card).map(|(card, description)| show::card::shown(&card, &description));
    Ok(shown.map_err(|e| raised(py, e))?.json.to_string())
}

/// What a receipt says, as JSON; in the units of the model if its card is given. Nothing is verified.
#[pyfunction]
fn claim(py: Python<'_>, receipt: PyBackedBytes, card: Option<PyBackedBytes>) -> PyResult<String> {
    let read = || -> Result<Value, CliError> {
        let description = card.as_deref().map(described).transpose()?;
        said(&receipt, description.as_ref().map(|(_, description)| description))
    };
    Ok(read().map_err(|e| raised(py, e))?.to_string())
}

/// What a receipt says.
pub fn said(receipt: &[u8], description: Option<&Description>) -> Result<Value, CliError> {
    let claim = model::claim(&part("the receipt", receipt))?;
    let said = Said::new(&claim, description)?;
    let inputs = said.inputs().into_iter().enumerate().map(|(index, (_, binding))| {
        let input = description.and_then(|description| description.inputs.get(index));
        let quantization = input.map(InputDescription::quantization).unwrap_or_default();
        let (values, points) = match binding {
            InputBinding::Public { values } => (Some(quantization.reals(values)), None),
            InputBinding::Committed { points } => (None, Some(points.iter().map(|p| hex(p)).collect::<Vec<_>>())),
        };
        json!({
            "name": input.map(|input| &input.name), "shape": input.map(|input| &input.shape),
            "values": values, "points": points,
        })
    });
    Ok(json!({
        "output": said.output_json(),
        "words": said.output(),
        "class": said.class(),
        "policy": said.policy(),
        "of_output": said.about(),
        "inputs": inputs.collect::<Vec<_>>(),
        "model_id": hex(&said.model_id()),
        "srs_id": hex(&claim.srs_id),
        "audience": claim.context.audience,
        "nonce": hex(&claim.context.nonce),
        "not_after": claim.context.not_after,
        "real_units": description.is_some(),
    }))
}

/// The decision of `provenn verify` on bytes, as JSON: a bundle, or a receipt with its card and SRS key. `options` are those of the command.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
fn verify(
    py: Python<'_>,
    receipt: PyBackedBytes,
    card: Option<PyBackedBytes>,
    srs: Option<PyBackedBytes>,
    signature: Option<PyBackedBytes>,
    log_proof: Option<PyBackedBytes>,
    state: Option<PyBackedBytes>,
    agreement: Option<PyBackedBytes>,
    party_inputs: Vec<PyBackedBytes>,
    inputs: Arrays,
    options: Vec<String>,
) -> PyResult<String> {
    let parts = || -> Result<Parts, CliError> {
        let given = part("the receipt", &receipt);
        let named = agreement.as_deref().map(|bytes| part("the agreement", bytes));
        let signed = party_inputs
            .iter()
            .map(|bytes| part("the signature of an input", bytes));
        let signed: Vec<Part> = signed.collect();
        let (Some(card), Some(srs)) = (&card, &srs) else {
            let mut parts = Parts::of_bundle(&given)?;
            parts.agreement = named.or(parts.agreement);
            if !signed.is_empty() {
                parts.input_signatures = signed;
            }
            return Ok(parts);
        };
        let card = part("the card", card);
        Ok(Parts {
            receipts: vec![Given::new(given, None)?],
            model: card.decode(AnyCard::from_bytes)?,
            card,
            srs: part("the SRS key", srs).decode(SrsVerifyingKey::from_bytes)?,
            log_proof: log_proof.as_deref().map(|bytes| part("the log proof", bytes)),
            signature: signature.as_deref().map(|bytes| part("the signature", bytes)),
            state: state.as_deref().map(|bytes| part("the state", bytes)),
            agreement: named,
            input_signatures: signed,
            bundled: false,
        })
    };
    let decide = || -> Result<Value, CliError> {
        let mut args = options_of(options)?;
        args.input = sources(inputs);
        Ok(decide(&args, &parts()?)?.json)
    };
    Ok(py.detach(decide).map_err(|e| raised(py, e))?.to_string())
}

/// The options in the command's own grammar, which asks for a file in a place that is none here.
fn options_of(options: Vec<String>) -> Result<Box<Args>, CliError> {
    let words = ["provenn", "verify", "given"]
        .map(str::to_owned)
        .into_iter()
        .chain(options);
    match Cli::try_parse_from(words).map_err(|e| grammar(&e))?.command {
        Command::Verify(args) => Ok(args),
        _ => Err(CliError::usage(
            "usage",
            "this is no option of verify",
            "check the arguments",
        )),
    }
}
