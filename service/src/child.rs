//! The process that does one piece of proving work for the service and ends.
//!
//! It reads one [`Start`] as a JSON line from standard input and writes [`Line`]s to standard output. Standard input stays
//! open as long as the result is wanted: when it closes (cancellation, or the service died), the process ends.

pub mod confine;
mod owned;
pub mod protocol;
pub mod work;

use crate::error::CliError;
use crate::stage::Stage;
use protocol::{Line, Start};
use rustix::process::{setrlimit, Resource, Rlimit};
use std::io::{stdin, stdout, BufRead, BufReader, Read, Write};
use std::process::ExitCode;

/// Files that the child may have open.
const DESCRIPTORS: u64 = 64;

/// The hidden first argument of the child.
pub const ARGUMENT: &str = "__child";

pub fn main() -> ExitCode {
    let mut input = BufReader::new(stdin());
    let mut line = String::new();
    let start = match input.read_line(&mut line).map(|_| serde_json::from_str::<Start>(&line)) {
        Ok(Ok(start)) => start,
        _ => {
            say(&Line::failed(&CliError::usage(
                "child",
                "no work on standard input",
                "",
            )));
            return ExitCode::from(2);
        }
    };
    limit(&start);
    crate::fail::point("child-start");
    // Before any thread starts: confinement holds for threads that come after it.
    match confine::confine(&start.work.reach()) {
        Ok(confined) => say(&Line::Confined { confined }),
        Err(error) => {
            say(&Line::failed(&error));
            return ExitCode::from(error.exit());
        }
    }
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let _end = input.read_to_end(&mut rest);
        std::process::exit(1)
    });
    let stage = |stage: Stage| say(&Line::Stage { stage });
    let (line, code) = match work::run(&start.work, &stage) {
        Ok(result) => (Line::done(result), ExitCode::SUCCESS),
        Err(error) => (Line::failed(&error), ExitCode::from(error.exit())),
    };
    say(&line);
    code
}

/// Limits of the process, which only it can set without unsafe code. Where the system refuses one, the service still enforces
/// wall time.
fn limit(start: &Start) {
    let both = |value: u64| Rlimit {
        current: Some(value),
        maximum: Some(value),
    };
    let _memory = setrlimit(Resource::As, both(start.memory_bytes));
    let _cpu = setrlimit(Resource::Cpu, both(start.cpu_seconds));
    let _core = setrlimit(Resource::Core, both(0));
    // What it writes was in its memory before.
    let _size = setrlimit(Resource::Fsize, both(start.memory_bytes));
    let _files = setrlimit(Resource::Nofile, both(DESCRIPTORS));
    // Signals to the service's group, as from a terminal, are not for it.
    let _session = rustix::process::setsid();
    // Answers to clients come before proofs. Where the kernel groups processes by session it weighs the session, and the process within it.
    let _nice = rustix::process::nice(start.nice);
    let _session_nice = std::fs::write("/proc/self/autogroup", start.nice.to_string());
}

fn say(line: &Line) {
    let text = serde_json::to_string(line).unwrap_or_default();
    let mut out = stdout().lock();
    // Nobody listens any more: the watcher of standard input ends this process.
    let _written = writeln!(out, "{text}").and_then(|()| out.flush());
}
