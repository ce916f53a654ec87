//! `provenn doctor`: what this machine proves with, and what would fail on it.

use super::engine;
use crate::error::CliError;
use crate::moment;
use crate::report::{grouped, Report};
use crate::srs;
use provenn_circuits::argument::Machine;
use provenn_prover::srs::{Srs, MAX_K};
use rustix::process::{getrlimit, Resource};
use serde_json::{json, Value};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::thread::available_parallelism;

/// No clock that goes right shows less: the start of 2026.
const EPOCH: u64 = 1_767_225_600;

/// What was found, and what is wrong with it.
#[derive(Default)]
struct Findings {
    report: Report,
    json: serde_json::Map<String, Value>,
    problems: Vec<String>,
}

impl Findings {
    fn found(&mut self, name: &str, words: impl std::fmt::Display, value: Value) {
        self.report.row(name, words);
        self.json.insert(name.replace(' ', "_"), value);
    }
}

/// # Errors
/// `doctor` with all that is wrong.
pub fn run() -> Result<Report, CliError> {
    let mut all = Findings::default();
    let version = env!("CARGO_PKG_VERSION");
    let system = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    all.found("version", format!("{version}, {system}"), json!(version));
    prover(&mut all);
    memory(&mut all);
    let now = moment::now();
    all.found("clock", moment::shown(now), json!(now));
    if now < EPOCH {
        let shown = moment::shown(now);
        all.problems.push(format!(
            "the clock says {shown}: receipts end too late, and expired ones hold"
        ));
    }
    let files = getrlimit(Resource::Nofile).current;
    let words = files.map_or_else(
        || "no limit".to_owned(),
        |files| grouped(usize::try_from(files).unwrap_or(usize::MAX)),
    );
    all.found("open files", words, json!(files));
    parameters(&mut all);
    if !all.problems.is_empty() {
        let (count, plural) = (all.problems.len(), if all.problems.len() == 1 { "" } else { "s" });
        let error = CliError::new(
            1,
            "doctor",
            format!("{count} problem{plural} on this machine"),
            "mend what is named, and look again",
        );
        return Err(error.with(all.problems));
    }
    all.report.line("Nothing is wrong.");
    all.report.json = all.json.into();
    Ok(all.report)
}

fn prover(all: &mut Findings) {
    all.problems.extend(engine().err().map(|error| error.whole()));
    let (machine, cores) = (
        provenn_prover::machine(),
        available_parallelism().map_or(1, usize::from),
    );
    let plural = if cores == 1 { "" } else { "s" };
    // Each may be asked for by its name.
    let machines: Vec<&str> = provenn_prover::machines().into_iter().map(Machine::name).collect();
    all.found(
        "prover",
        format!("{} on {cores} core{plural}", machine.name()),
        json!({ "machine": machine.name(), "machines": machines, "cores": cores }),
    );
}

/// Memory of the machine, and that which the limits of a container leave; where the system tells it in files.
fn memory(all: &mut Findings) {
    let field = |name: &str| {
        let text = fs::read_to_string("/proc/meminfo").ok()?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_suffix("kB"))?;
        Some(line.trim().parse::<u64>().ok()? << 10)
    };
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse::<u64>().ok());
    let (Some(total), Some(free)) = (field("MemTotal:"), field("MemAvailable:")) else {
        return all.found("memory", "this system does not say", Value::Null);
    };
    let total = limit.map_or(total, |limit| limit.min(total));
    let free = free.min(total);
    all.found(
        "memory",
        format!(
            "{} MiB, {} MiB of it free",
            grouped((total >> 20) as usize),
            grouped((free >> 20) as usize)
        ),
        json!({ "total_bytes": total, "free_bytes": free }),
    );
}

/// The cache of development parameters: can it be written, is what lies in it whole.
fn parameters(all: &mut Findings) {
    let home = match srs::home() {
        Ok(home) => home,
        Err(error) => return all.problems.push(error.whole()),
    };
    let mut rows = vec![];
    if home.is_dir() {
        for k in 1..=MAX_K {
            if !home.join(format!("dev-k{k}.srs")).is_file() {
                continue;
            }
            match Srs::load_dev(&home, k) {
                Ok(_) => rows.push(k),
                Err(error) => all.problems.push(CliError::from(error).whole()),
            }
        }
    }
    let words = match rows.as_slice() {
        [] => "no parameters yet".to_owned(),
        rows => {
            let powers: Vec<String> = rows.iter().map(|k| format!("2^{k}")).collect();
            format!("development parameters of {} rows", powers.join(", "))
        }
    };
    all.found(
        "cache",
        format!("{}, {words}", home.display()),
        json!({ "path": home.display().to_string(), "dev_k": rows }),
    );
    if let Err(error) = writable(&home) {
        all.problems.push(error.whole());
    }
}

/// Tries to write where parameters are kept, or where their folder would be made.
fn writable(home: &Path) -> Result<(), CliError> {
    let there = home
        .ancestors()
        .find(|folder| folder.is_dir())
        .unwrap_or(Path::new("/"));
    match tempfile::tempfile_in(there) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let message = format!("{}: parameters cannot be kept here", there.display());
            Err(CliError::new(1, "io", message, "set PROVENN_HOME to a folder of yours"))
        }
        Err(error) => Err(CliError::io(there, &error)),
    }
}
