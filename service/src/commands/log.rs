//! `provenn log`: the transparency log, checked by those who rely on it, and kept by those who run it.

mod operate;

use super::serve::Settings;
use crate::bytes::hex;
use crate::error::CliError;
use crate::files::{self, MAX_CARD, MAX_RECEIPT};
use crate::report::Report;
use provenn_verifier::tlog::{
    Checkpoint, ConsistencyProof, Entry, EntryKind, InclusionProof, LogError, LogKey, MAX_PROOF_TEXT,
};
use provenn_verifier::{FileKind, ModelCard, Receipt, VerifyError};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Check that a receipt or a card stands in a log. Needs no network.
    Verify {
        /// Receipt or model card.
        file: PathBuf,
        /// Proof of the log, with its signed checkpoint.
        #[arg(long, value_name = "FILE")]
        proof: PathBuf,
        /// Public key of the log, from a source you trust: NAME+ID+KEY.
        #[arg(long, value_name = "KEY")]
        key: LogKey,
    },
    /// Check that a log only grew since the last time, and remember where it is.
    Monitor {
        /// Address of the service, such as https://prover.example.
        url: String,
        /// Public key of the log, from a source you trust: NAME+ID+KEY.
        #[arg(long, value_name = "KEY")]
        key: LogKey,
        /// File with the last checkpoint that was seen; made by the first call.
        #[arg(long, value_name = "FILE")]
        state: PathBuf,
    },
    /// Let the log of this service sign nothing: to be said of a restored database before the service starts on it.
    Stop {
        #[command(flatten)]
        settings: Settings,
    },
    /// Let a stopped log of this service go on, if it continues the newest checkpoint that anybody outside has.
    Resume {
        #[command(flatten)]
        settings: Settings,
        /// The newest checkpoint of the log that you can get, from outside: of a monitor, a witness, a client.
        #[arg(long, value_name = "FILE")]
        checkpoint: PathBuf,
    },
    /// Start a new log under another name and key in place of one that cannot go on. Stop the service first.
    Renew {
        #[command(flatten)]
        settings: Settings,
        /// Name of the new log, another than before.
        #[arg(long, value_name = "NAME")]
        origin: String,
    },
}

pub fn run(command: &Command) -> Result<Report, CliError> {
    match command {
        Command::Verify { file, proof, key } => verify(file, proof, key),
        Command::Monitor { url, key, state } => monitor(url.trim_end_matches('/'), key, state),
        Command::Stop { settings } => operate::stop(settings),
        Command::Resume { settings, checkpoint } => operate::resume(settings, checkpoint),
        Command::Renew { settings, origin } => operate::renew(settings, origin),
    }
}

fn verify(file: &Path, proof: &Path, key: &LogKey) -> Result<Report, CliError> {
    let bytes = files::read(file, MAX_CARD.max(MAX_RECEIPT))?;
    let damaged = |error| CliError::file(file, &bytes, error);
    let entry = match FileKind::of(&bytes) {
        Some(FileKind::Card) => {
            ModelCard::from_bytes(&bytes).map_err(damaged)?;
            Entry::of(EntryKind::Card, &bytes)
        }
        Some(FileKind::Receipt) => {
            Receipt::from_bytes(&bytes).map_err(damaged)?;
            Entry::of(EntryKind::Receipt, &bytes)
        }
        _ => {
            let found = files::what(&bytes);
            return Err(CliError::kind(3, "bad-magic", file, found, "a receipt or a model card"));
        }
    };
    let text = text(files::read(proof, MAX_PROOF_TEXT as u64)?).map_err(|e| e.at(proof))?;
    let logged = InclusionProof::from_text(&text)
        .and_then(|proof| proof.verify(&entry, key))
        .map_err(|e| refused(e).at(proof))?;
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
    report.line("This says nothing about its validity; `provenn verify` decides that.");
    report.json = json!({
        "logged": true, "kind": what, "sha256": hex(&entry.digest), "index": logged.index(),
        "log": head.origin, "size": head.size, "root": hex(&head.root),
    });
    Ok(report)
}

fn monitor(url: &str, key: &LogKey, state: &Path) -> Result<Report, CliError> {
    let note = get(&format!("{url}/checkpoint"))?;
    let new = Checkpoint::from_note(&note, key).map_err(refused)?;
    let old = match state.exists() {
        true => Some(Checkpoint::from_note(&text(files::read(state, MAX_PROOF_TEXT as u64)?)?, key).map_err(refused)?),
        false => None,
    };
    if let Some(old) = &old {
        if new.size < old.size {
            return Err(refused(LogError::Shrunk {
                old: old.size,
                new: new.size,
            }));
        }
        let proof = get(&format!("{url}/v1/log/consistency?old={}&new={}", old.size, new.size))?;
        ConsistencyProof::from_text(&proof)
            .and_then(|proof| proof.verify(old, &new))
            .map_err(refused)?;
    }
    files::write(state, note.as_bytes(), false)?;
    let before = old.map(|old| old.size);
    let mut report = Report::default();
    report.line(match before {
        Some(before) => format!("CONSISTENT: the log grew from {before} to {} entries", new.size),
        None => format!("first look: the log has {} entries", new.size),
    });
    report.row("log", &new.origin);
    report.row("root", hex(&new.root));
    report.json = json!({ "consistent": before.is_some(), "old": before, "new": new.size, "root": hex(&new.root), "log": new.origin });
    Ok(report)
}

/// A short text from a server.
fn get(url: &str) -> Result<String, CliError> {
    let failed = |e: reqwest::Error| {
        CliError::new(
            1,
            "network",
            e.to_string(),
            "check the address, and whether the service can be reached",
        )
    };
    let _first = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| CliError::new(1, "io", e.to_string(), ""))?;
    runtime.block_on(async {
        let mut answer = reqwest::get(url)
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(failed)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_PROOF_TEXT {
                return Err(refused(LogError::TooLong {
                    maximum: MAX_PROOF_TEXT as u64,
                    got: bytes.len() as u64,
                }));
            }
        }
        text(bytes)
    })
}

fn text(bytes: Vec<u8>) -> Result<String, CliError> {
    String::from_utf8(bytes).map_err(|_| VerifyError::BadUtf8.into())
}

fn refused(error: LogError) -> CliError {
    VerifyError::from(error).into()
}
