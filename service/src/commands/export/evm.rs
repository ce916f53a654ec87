//! `provenn export evm`: what the verifier contract takes.

use crate::bytes::hex;
use crate::error::CliError;
use crate::files::{Part, MAX_CARD, MAX_RECEIPT};
use crate::output::Output;
use crate::report::{grouped, Report};
use provenn_evm::{Calldata, ExportError, KeyData, Words};
use provenn_prover::store;
use provenn_verifier::{verify, Expectation, ModelCard, Receipt, SrsKind, SrsVerifyingKey, VerifyError};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Model card; it is checked.
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// Verifier's part of the SRS; `srs.vk` beside the card by default.
    #[arg(long, value_name = "FILE")]
    srs: Option<PathBuf>,
    /// Receipt, which is verified; without one the key data only.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Address that the key data is deployed at: then the whole call is written too.
    #[arg(long, value_name = "HEX", value_parser = address, requires = "receipt")]
    key_address: Option<[u8; 20]>,
    /// Accept development parameters: only if you trust the machine that made them.
    #[arg(long)]
    accept_dev: bool,
    /// JSON file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
}

fn address(text: &str) -> Result<[u8; 20], &'static str> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or("40 hexadecimal digits are expected")
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let beside = args.card.parent().unwrap_or(Path::new("")).join(store::SRS);
    let srs = args.srs.as_deref().unwrap_or(&beside);
    let inputs: Vec<&Path> = args
        .receipt
        .iter()
        .map(PathBuf::as_path)
        .chain([args.card.as_path(), srs])
        .collect();
    let place = Output::new(&args.out, args.force, &inputs)?;
    let (card, srs) = (Part::read(&args.card, MAX_CARD)?, Part::read(srs, MAX_RECEIPT)?);
    let key = srs.decode(SrsVerifyingKey::from_bytes)?;
    // The contract has no such switch: who pins the key data of a card pins its SRS.
    if key.kind == SrsKind::Dev && !args.accept_dev {
        return Err(CliError::from(VerifyError::DevSrs).at(&srs.place));
    }
    let checked = card.decode(ModelCard::from_bytes)?.check(&key);
    let checked = checked.map_err(|e| CliError::from(e).at(&card.place))?;
    let data = KeyData::new(&checked, &key).map_err(failed)?;
    let mut report = Report {
        aside: place.is_standard(),
        ..Report::default()
    };
    report.row("model id", hex(&checked.model_id()));
    report.row("key hash", format!("0x{}", hex(&data.hash())));
    report.row("key data", format!("{} bytes", grouped(data.code.len())));
    let mut file = json!({
        "model_id": prefixed(&checked.model_id()),
        "key_hash": prefixed(&data.hash()),
        "key_creation_code": prefixed(&data.creation_code()),
    });
    if let Some(path) = &args.receipt {
        let part = Part::read(path, MAX_RECEIPT)?;
        let receipt = part.decode(Receipt::from_bytes)?;
        let anything = Expectation {
            accept_dev: true,
            ..Expectation::default()
        };
        let verdict = verify(&part.bytes, &checked, &key, &anything);
        drop(verdict.map_err(|e| CliError::from(e).at(&part.place))?);
        let call = Calldata::new(&part.bytes, &checked.key).map_err(failed)?;
        let words = Words::of(&receipt.claim).map_err(failed)?;
        file["receipt"] = prefixed(&call.receipt).into();
        file["ys"] = call.ys.iter().map(|y| prefixed(y)).collect::<Vec<_>>().into();
        file["statement"] = json!({
            "policy": prefixed(&words.policy), "answer": prefixed(&words.answer), "inputs": prefixed(&words.inputs),
            "audience": prefixed(&words.audience), "nonce": prefixed(&words.nonce), "not_after": words.not_after,
        });
        if let Some(address) = args.key_address {
            file["calldata"] = prefixed(&call.encode(address)).into();
        }
        report.row("policy", prefixed(&words.policy));
    }
    place.write(format!("{file:#}\n").as_bytes())?;
    report.line("Deploy `key_creation_code` in a transaction without a recipient. A consumer pins the key hash, which everybody computes from card and SRS key by this command.");
    report.json = json!({ "model_id": hex(&checked.model_id()), "key_hash": prefixed(&data.hash()), "key_bytes": data.code.len() });
    Ok(report)
}

fn prefixed(bytes: &[u8]) -> String {
    format!("0x{}", hex(bytes))
}

fn failed(error: ExportError) -> CliError {
    match error {
        ExportError::Receipt(error) => error.into(),
        error => CliError::new(
            5,
            "not-for-evm",
            error.to_string(),
            "see what the contract decides in docs/evm.md",
        ),
    }
}
