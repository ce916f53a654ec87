//! Errors as people and scripts see them: a stable code, a message, a help line, an exit code.

use crate::report::{out, printable};
use provenn_circuits::CircuitError;
use provenn_prover::srs::SrsError;
use provenn_prover::ProveError;
use provenn_verifier::VerifyError;
use serde_json::json;
use std::path::Path;

/// What ends a command.
#[derive(Debug)]
pub struct CliError {
    code: &'static str,
    message: String,
    help: String,
    exit: u8,
}

impl CliError {
    pub fn new(exit: u8, code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            code,
            message: shortened(message.into()),
            help: help.into(),
            exit,
        }
    }

    /// Something in the command line, or in a file it names, is not as it should be.
    pub fn usage(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(2, code, message, help)
    }

    pub fn io(path: &Path, source: &std::io::Error) -> Self {
        Self::new(1, "io", format!("{}: {source}", path.display()), IO_HELP)
    }

    /// Code, message and help.
    pub fn parts(&self) -> (&'static str, &str, &str) {
        (self.code, &self.message, &self.help)
    }

    pub fn exit(&self) -> u8 {
        self.exit
    }

    pub fn print(&self, json: bool) {
        eprintln!("error[{}]: {}", self.code, printable(&self.message));
        if !self.help.is_empty() {
            eprintln!("help: {}", printable(&self.help));
        }
        if json {
            let body = json!({ "code": self.code, "message": self.message, "help": self.help, "exit": self.exit });
            let _written = out(&format!("{}\n", json!({ "error": body })));
        }
    }
}

/// Longest message in characters: some repeat names from files.
const MAX_MESSAGE: usize = 1000;

fn shortened(message: String) -> String {
    match message.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}...", message.get(..end).unwrap_or_default()),
        None => message,
    }
}

const IO_HELP: &str = "check that the path exists, that it may be read or written, and that the disk has room";

/// Exit code of a code of the libraries.
fn exit_of(code: &str) -> u8 {
    match code {
        "calibration" | "input-length" | "not-finite" | "policy-out-of-range" => 2,
        "card-size" | "recipe" => 3,
        "accumulator-wrap" | "constant-too-large" | "model-too-large" | "onnx-too-large" | "out-of-range"
        | "srs-k-out-of-range" => 5,
        "float-execution" | "model-unsupported" => 4,
        _ if code.starts_with("onnx-") => 4,
        _ => 1,
    }
}

impl From<ProveError> for CliError {
    fn from(error: ProveError) -> Self {
        let text = error.to_string();
        // The libraries put advice at the end of the message.
        let (message, help) = text.split_once(". Help: ").unwrap_or((&text, ""));
        let help = match &error {
            ProveError::Io { .. } => IO_HELP,
            ProveError::Srs(e) => e.help(),
            ProveError::Policy(e) | ProveError::Refused(e) => e.help(),
            _ => help,
        };
        Self::new(exit_of(error.code()), error.code(), message, help)
    }
}

impl From<CircuitError> for CliError {
    fn from(error: CircuitError) -> Self {
        ProveError::from(error).into()
    }
}

impl From<SrsError> for CliError {
    fn from(error: SrsError) -> Self {
        ProveError::from(error).into()
    }
}

/// Whatever the verifier refuses, also a damaged card or SRS file.
impl From<VerifyError> for CliError {
    fn from(error: VerifyError) -> Self {
        let help = match error {
            VerifyError::DevSrs => "add --accept-dev if you trust the machine that made the parameters; otherwise ask for a model committed under a ceremony SRS",
            _ => error.help(),
        };
        Self::new(3, error.code(), error.to_string(), help)
    }
}
