//! `provenn log verify`: that a receipt or a card stands in a log, and who saw that log.

use super::{refused, text};
use crate::bytes::hex;
use crate::error::CliError;
use crate::files::{self, MAX_CARD, MAX_RECEIPT};
use crate::report::Report;
use provenn_verifier::tlog::{cosigned, Entry, EntryKind, InclusionProof, LogKey, WitnessKey, MAX_PROOF_TEXT};
use provenn_verifier::{AnyCard, AnyReceipt, FileKind};
use serde_json::json;
use std::path::Path;

pub fn run(
    file: &Path,
    proof: &Path,
    key: &LogKey,
    (witnesses, quorum): (&[WitnessKey], usize),
) -> Result<Report, CliError> {
    let bytes = files::read(file, MAX_CARD.max(MAX_RECEIPT))?;
    let damaged = |error| CliError::file(file, &bytes, error);
    let entry = match FileKind::of(&bytes) {
        Some(FileKind::Card | FileKind::ChainCard) => {
            AnyCard::from_bytes(&bytes).map_err(damaged)?;
            Entry::of(EntryKind::Card, &bytes)
        }
        Some(FileKind::Receipt | FileKind::ChainReceipt) => {
            AnyReceipt::from_bytes(&bytes).map_err(damaged)?;
            Entry::of(EntryKind::Receipt, &bytes)
        }
        _ => {
            let found = files::what(&bytes);
            return Err(CliError::kind(3, "bad-magic", file, found, "a receipt or a model card"));
        }
    };
    let text = text(files::read(proof, MAX_PROOF_TEXT as u64)?).map_err(|e| e.at(proof))?;
    let given = InclusionProof::from_text(&text).map_err(|e| refused(e).at(proof))?;
    let logged = given.verify(&entry, key).map_err(|e| refused(e).at(proof))?;
    let seen = cosigned(&given.checkpoint, witnesses, quorum).map_err(|e| refused(e).at(proof))?;
    let what = match entry.kind {
        EntryKind::Card => "model card",
        EntryKind::Receipt => "receipt",
    };
    let head = logged.checkpoint();
    let mut report = Report::default();
    report.line(format!(
        "LOGGED: the {what} is entry {} of {}",
        logged.index(),
        head.size
    ));
    report.row("sha256", hex(&entry.digest));
    report.row("log", &head.origin);
    report.row("root", hex(&head.root));
    for seen in &seen {
        report.row(
            "cosigned by",
            format!("{}, {} s after 1970", seen.witness.name(), seen.time),
        );
    }
    report.line("This says nothing about its validity; `provenn verify` decides that.");
    report.json = json!({
        "logged": true, "kind": what, "sha256": hex(&entry.digest), "index": logged.index(),
        "log": head.origin, "size": head.size, "root": hex(&head.root),
        "cosigned": seen.iter().map(|seen| json!({ "witness": seen.witness.name(), "time": seen.time })).collect::<Vec<_>>(),
    });
    Ok(report)
}
