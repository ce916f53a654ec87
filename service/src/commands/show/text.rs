//! Files that are text: proofs of a transparency log, and private keys, of which nothing secret is shown.

use super::add;
use crate::error::CliError;
use crate::files::{Part, MAX_CARD};
use crate::report::Report;
use crate::server::tlog::key::{NoteSigner, Signer};
use provenn_verifier::party::PARTY;
use provenn_verifier::publisher::PUBLISHER;
use provenn_verifier::text::quoted;
use provenn_verifier::tlog::{COSIGNATURE, ED25519};
use serde_json::json;
use std::path::Path;

/// How a proof of a log begins.
pub const LOG_PROOF: &[u8] = b"c2sp.org/tlog-proof@";
/// How a private key begins.
pub const PRIVATE_KEY: &[u8] = b"PRIVATE+KEY+";

fn about(is: &str) -> Report {
    let mut report = Report::default();
    report.row("this is", is);
    report.json = json!({ "file": is });
    report
}

pub fn log_proof(path: &Path) -> Result<Report, CliError> {
    let proof = Part::read(path, MAX_CARD)?.log_proof()?;
    // A checkpoint is a note: origin, size and root, and after an empty line who signed it.
    let mut lines = proof.checkpoint.lines();
    let (origin, size) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let signed = proof
        .checkpoint
        .lines()
        .filter_map(|line| line.strip_prefix("\u{2014} "));
    let signed: Vec<&str> = signed.filter_map(|line| line.split(' ').next()).collect();
    let mut report = about("a proof that a file is in a transparency log");
    report.line("Stated by it, and not verified here:");
    report.row("log", quoted(origin));
    report.row("entry", format!("{} of {}", proof.index, quoted(size)));
    for name in &signed {
        report.row("signed by", quoted(name));
    }
    report.line("Of which file is not in it: `provenn log verify FILE --proof` checks both.");
    add(
        &mut report,
        json!({ "log": origin, "index": proof.index, "size": size, "signed_by": signed, "verified": false }),
    );
    Ok(report)
}

pub fn private_key(path: &Path) -> Result<Report, CliError> {
    let found = public::<PUBLISHER>(path).map(|key| ("a publisher", key));
    let found = found.or_else(|| public::<PARTY>(path).map(|key| ("a party", key)));
    let found = found.or_else(|| public::<COSIGNATURE>(path).map(|key| ("a witness", key)));
    let (whose, key) = match found.or_else(|| public::<ED25519>(path).map(|key| ("a log", key))) {
        Some(found) => found,
        // It is none of these: the reason.
        None => ("a log", Signer::load(path)?.key.to_string()),
    };
    let mut report = about(&format!("the private key of {whose}"));
    report.row("public key", &key);
    report.line("Whoever has this file signs as its owner: give it to nobody. Nothing of it is shown.");
    add(&mut report, json!({ "whose": whose, "key": key, "secret": true }));
    Ok(report)
}

fn public<const TYPE: u8>(path: &Path) -> Option<String> {
    NoteSigner::<TYPE>::load(path).ok().map(|signer| signer.key.to_string())
}
