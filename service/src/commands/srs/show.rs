//! `provenn srs show`: what a file of parameters is, and whose word that is.

use crate::bytes::hex;
use crate::error::CliError;
use crate::files::{self, MAX_RECEIPT};
use crate::report::Report;
use provenn_prover::commit::srs_verifying_key;
use provenn_prover::srs::{Srs, SrsError, MIN_K};
use provenn_verifier::{FileKind, SrsKind, SrsVerifyingKey};
use serde_json::json;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What the prover's files begin with.
pub const PARAMETERS: &[u8] = b"PROVNSRS";

pub fn run(path: &Path, k: Option<u32>) -> Result<Report, CliError> {
    // Files of parameters may be far larger than others: the first bytes say which kind this is.
    let mut start = Vec::new();
    let read = File::open(files::seekable(path)?).and_then(|file| file.take(16).read_to_end(&mut start));
    read.map_err(|e| CliError::io(path, &e))?;
    if FileKind::of(&start) == Some(FileKind::Srs) {
        let key = files::decode(path, MAX_RECEIPT, SrsVerifyingKey::from_bytes)?;
        in_range(key.k, key.k, k).map_err(|error| CliError::from(error).at(path))?;
        return Ok(report(path, &key, None));
    }
    match files::what(&start) {
        _ if start.starts_with(PARAMETERS) => {}
        found if start.starts_with(b"ptau") => {
            let message = format!("{} is {found}; expected imported parameters", path.display());
            let help = "import it: `provenn srs import --ptau FILE --k K --out FILE`, with --digest HEX, as its ceremony published it, unless the ceremony is known by name";
            return Err(CliError::usage("wrong-file", message, help));
        }
        found => {
            let expected = "a file of `provenn srs import` or `provenn srs new`, or an srs.vk";
            return Err(CliError::kind(2, "wrong-file", path, found, expected));
        }
    }
    let srs = Srs::load_own(path)?;
    let secret = hex(&srs.id());
    in_range(MIN_K, srs.k(), k).map_err(|error| CliError::from(error).at(path))?;
    let key = srs_verifying_key(&srs.downsize(k.unwrap_or(srs.k())))?;
    Ok(report(path, &key, Some((&secret, srs.k()))))
}

fn in_range(minimum: u32, maximum: u32, asked: Option<u32>) -> Result<(), SrsError> {
    match asked {
        Some(got) if !(minimum..=maximum).contains(&got) => Err(SrsError::KOutOfRange { minimum, maximum, got }),
        _ => Ok(()),
    }
}

/// `whole` is the secret's id and the size of the prover's file, where it is one.
fn report(path: &Path, key: &SrsVerifyingKey, whole: Option<(&str, u32)>) -> Report {
    let (kind, word) = match (key.kind, whole) {
        (SrsKind::Dev, _) => ("development", crate::srs::UNSAFE),
        (SrsKind::Ceremony, Some(_)) => (
            "ceremony",
            "that of whoever imported it and pinned the digest of its ceremony; the file does not name it: import it yourself to rely on your own",
        ),
        (SrsKind::Ceremony, None) => (
            "ceremony",
            "that of whoever gave you the file: compare the SRS id with one that you imported yourself, or have from a source you trust",
        ),
    };
    let id = hex(&key.id());
    let mut report = Report::default();
    report.row("file", path.display());
    report.row("kind", kind);
    if let Some((_, k)) = whole {
        report.row("powers", format!("2^{k}"));
    }
    report.row("SRS id", format!("{id}, as cards of 2^{} rows name it", key.k));
    if let Some((secret, _)) = whole {
        report.row("secret id", format!("{secret}, the same for all sizes"));
    }
    report.row("whose word", word);
    report.json = json!({
        "path": path.display().to_string(),
        "kind": kind,
        "k": key.k,
        "powers": whole.map(|(_, k)| k),
        "srs_id": id,
        "id": whole.map(|(secret, _)| secret),
        "dev": key.kind == SrsKind::Dev,
        "whose_word": word,
    });
    report
}
