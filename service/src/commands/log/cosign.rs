//! `provenn log witness` and `cosign`: what a witness does (C2SP `tlog-cosignature`), by hand or from a timer.

use super::{refused, text, Source};
use crate::error::CliError;
use crate::files;
use crate::output::kept;
use crate::report::Report;
use crate::server::tlog::key::Witness;
use provenn_verifier::tlog::{Checkpoint, InclusionProof, MAX_NOTE, MAX_PROOF_TEXT};
use rustix::fs::{flock, FlockOperation};
use serde_json::json;
use std::fs::File;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

pub fn make(name: &str, out: &Path) -> Result<Report, CliError> {
    if kept(out)?.try_exists().map_err(|e| CliError::io(out, &e))? {
        return Err(CliError::usage(
            "exists",
            format!("{} exists", out.display()),
            "a witness that loses its key is another witness; choose another file",
        ));
    }
    let witness = Witness::make(name, out)?;
    let mut report = Report::default();
    report.row("witness key", &witness.key);
    report.json = json!({ "key": witness.key.to_string() });
    Ok(report)
}

pub fn run(file: &Path, log: &Source<'_>, key: &Path, state: &Path) -> Result<Report, CliError> {
    // All three are written to, or locked.
    [file, key, state]
        .into_iter()
        .try_for_each(|path| files::seekable(path).map(drop))?;
    let witness = Witness::load(key)?;
    // Two at once could sign two trees after the same last one.
    let alone = File::open(key).map_err(|e| CliError::io(key, &e))?;
    flock(&alone, FlockOperation::LockExclusive).map_err(|e| CliError::io(key, &e.into()))?;
    let whole = text(files::read(file, MAX_PROOF_TEXT as u64)?).map_err(|e| e.at(file))?;
    // The note is at the end of a proof: its lines of signatures are the last of both.
    let note = InclusionProof::from_text(&whole).map_or_else(|_| whole.clone(), |proof| proof.checkpoint);
    let new = Checkpoint::from_note(&note, log.key).map_err(|e| refused(e).at(file))?;
    let known = state.try_exists().map_err(|e| CliError::io(state, &e))?;
    let last = match known {
        true => {
            let note = text(files::read(state, MAX_NOTE as u64)?).map_err(|e| e.at(state))?;
            Some(Checkpoint::from_note(&note, log.key).map_err(|e| refused(e).at(state))?)
        }
        false => None,
    };
    if let Some(last) = &last {
        log.extends(last, &new)?;
    }
    let time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (signed, _) = note.rsplit_once("\n\n").unwrap_or_default();
    let line = witness.cosign(time, &format!("{signed}\n"));
    // First what the next one is compared with: a signature that nobody saw does no harm.
    files::write(state, note.as_bytes(), false)?;
    files::write(file, format!("{whole}{line}").as_bytes(), false)?;
    let mut report = Report::default();
    report.line(format!("COSIGNED: {} entries of {}", new.size, new.origin));
    report.row("witness", &witness.key);
    report.row("line", line.trim_end());
    report.json = json!({
        "log": new.origin, "size": new.size, "last": last.map(|last| last.size), "witness": witness.key.to_string(), "line": line, "time": time,
    });
    Ok(report)
}
