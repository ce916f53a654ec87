//! `provenn log monitor`: that a log only grows, once or for some time.

use super::{refused, text, Source};
use crate::bytes::hex;
use crate::error::CliError;
use crate::files;
use crate::output::kept;
use crate::report::Report;
use provenn_verifier::tlog::{Checkpoint, MAX_NOTE};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub struct Watch<'a> {
    pub log: Source<'a>,
    /// The last checkpoint that was seen.
    pub state: &'a Path,
    pub duration: Option<Duration>,
    pub every: Duration,
    /// Where the notes go that show a fork.
    pub evidence: PathBuf,
}

/// What the looks saw.
struct Seen {
    /// Size at the first look, if there was one before it.
    before: Option<u64>,
    newest: Checkpoint,
}

pub fn run(watch: &Watch<'_>) -> Result<Report, CliError> {
    kept(watch.state)?;
    kept(&watch.evidence)?;
    let end = watch.duration.map(|duration| Instant::now() + duration);
    let mut before = None;
    let mut looks = 0_u64;
    loop {
        let seen = watch.look();
        looks += 1;
        let rest = end.map_or(Duration::ZERO, |end| end.saturating_duration_since(Instant::now()));
        match seen {
            // A server that is away for a moment is looked at again.
            Err(error) if error.parts().0 != NETWORK || rest.is_zero() => return Err(error),
            Ok(seen) => {
                let first = *before.get_or_insert(seen.before);
                if rest.is_zero() {
                    return Ok(report(first, &seen.newest, looks));
                }
            }
            Err(_) => {}
        }
        std::thread::sleep(watch.every.min(rest));
    }
}

/// Code of what the network is to blame for.
pub const NETWORK: &str = "network";

impl Watch<'_> {
    fn look(&self) -> Result<Seen, CliError> {
        let old = match self.state.try_exists().map_err(|e| CliError::io(self.state, &e))? {
            true => {
                let note = text(files::read(self.state, MAX_NOTE as u64)?).map_err(|e| e.at(self.state))?;
                let checkpoint = Checkpoint::from_note(&note, self.log.key).map_err(|e| refused(e).at(self.state))?;
                Some((note, checkpoint))
            }
            false => None,
        };
        let (note, newest) = self.log.checkpoint()?;
        if let Some((known, old)) = &old {
            if let Err(error) = self.log.extends(old, &newest) {
                if error.parts().0 != NETWORK {
                    // Both are signed: whoever holds them can show them to anybody.
                    let both = format!("{known}\n{note}");
                    files::write(&self.evidence, both.as_bytes(), false)?;
                    return Err(error.at(&self.evidence));
                }
                return Err(error);
            }
        }
        files::write(self.state, note.as_bytes(), false)?;
        Ok(Seen {
            before: old.map(|(_, old)| old.size),
            newest,
        })
    }
}

fn report(before: Option<u64>, new: &Checkpoint, looks: u64) -> Report {
    let mut report = Report::default();
    report.line(match before {
        Some(before) => format!("CONSISTENT: the log grew from {before} to {} entries", new.size),
        None => format!("first look: the log has {} entries", new.size),
    });
    report.row("log", &new.origin);
    report.row("root", hex(&new.root));
    report.json = json!({
        "consistent": before.is_some(), "old": before, "new": new.size, "root": hex(&new.root), "log": new.origin, "looks": looks,
    });
    report
}
