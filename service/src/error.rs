//! Errors as people and scripts see them: a stable code, a message, a help line, an exit code.

use crate::files;
use crate::report::out;
use provenn_circuits::onnx::ImportError;
use provenn_circuits::CircuitError;
use provenn_prover::srs::SrsError;
use provenn_prover::ProveError;
use provenn_verifier::agreement::AgreementError;
use provenn_verifier::text::printable;
use provenn_verifier::VerifyError;
use serde_json::json;
use std::io::ErrorKind;
use std::path::Path;

/// The code of a full disk.
pub const NO_SPACE: &str = "no-space";

/// What ends a command.
#[derive(Debug)]
pub struct CliError {
    code: &'static str,
    message: String,
    help: String,
    exit: u8,
    /// One line each: everything that is wrong, where that is more than the first thing.
    details: Vec<String>,
}

impl CliError {
    pub fn new(exit: u8, code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            code,
            message: shortened(message.into()),
            help: help.into(),
            exit,
            details: Vec::new(),
        }
    }

    /// The same with everything that is wrong.
    pub fn with(mut self, details: Vec<String>) -> Self {
        self.details = details.into_iter().map(shortened).collect();
        self
    }

    /// The same about nodes of a model, one line each.
    fn about(mut self, count: usize, nodes: impl Iterator<Item = String>) -> Self {
        let plural = if count == 1 { " is" } else { "s are" };
        self.message = format!("{count} node{plural} not supported");
        let mut lines: Vec<String> = nodes.take(MAX_LISTED).collect();
        if count > lines.len() {
            lines.push(format!("and {} more", count - lines.len()));
        }
        self.with(lines)
    }

    /// The same, about a file.
    pub fn at(mut self, path: &Path) -> Self {
        self.message = shortened(format!("{}: {}", files::named(path), self.message));
        self
    }

    /// The same, about a file that has another name for people.
    pub fn renamed(mut self, from: &str, to: &str) -> Self {
        let texts = [&mut self.message, &mut self.help].into_iter().chain(&mut self.details);
        texts.for_each(|text| *text = text.replace(from, to));
        self
    }

    /// A file of another kind than its place asks for.
    pub fn kind(exit: u8, code: &'static str, path: &Path, found: &str, expected: &str) -> Self {
        Self::new(
            exit,
            code,
            format!("{} is {found}; expected {expected}", files::named(path)),
            format!("give {expected} in this place"),
        )
    }

    /// A file of the verifier's format that was refused.
    pub fn file(path: &Path, bytes: &[u8], error: VerifyError) -> Self {
        match error {
            VerifyError::BadMagic { expected, .. } => {
                Self::kind(3, error.code(), path, files::what(bytes), &expected.to_string())
            }
            error => Self::from(error).at(path),
        }
    }

    /// What is not as agreed, with scores in the units of the model's outputs.
    pub fn under(error: AgreementError, fracs: &[i32]) -> Self {
        match error {
            AgreementError::Format(error) => error.into(),
            AgreementError::Differs(difference) => {
                let error = AgreementError::Differs(difference.clone());
                let message = format!("{} is not as agreed", difference.field);
                Self::new(3, error.code(), message, error.help()).with(vec![difference.shown(fracs)])
            }
            error => Self::new(3, error.code(), error.to_string(), error.help()),
        }
    }

    /// Something in the command line, or in a file it names, is not as it should be.
    pub fn usage(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(2, code, message, help)
    }

    pub fn io(path: &Path, source: &std::io::Error) -> Self {
        Self::new(
            1,
            io_code(source, "io"),
            format!("{}: {}", files::named(path), plain(source)),
            io_help(source),
        )
    }

    /// Code, message and help.
    pub fn parts(&self) -> (&'static str, &str, &str) {
        (self.code, &self.message, &self.help)
    }

    /// Message and details in one line.
    pub fn whole(&self) -> String {
        match self.details.as_slice() {
            [] => self.message.clone(),
            details => shortened(format!("{}: {}", self.message, details.join("; "))),
        }
    }

    pub fn details(&self) -> &[String] {
        &self.details
    }

    pub fn exit(&self) -> u8 {
        self.exit
    }

    pub fn print(&self, json: bool) {
        eprintln!("error[{}]: {}", self.code, printable(&self.message));
        for detail in &self.details {
            eprintln!("  {}", printable(detail));
        }
        if !self.help.is_empty() {
            eprintln!("help: {}", printable(&self.help));
        }
        if json {
            let mut body = json!({ "code": self.code, "message": self.message, "help": self.help, "exit": self.exit });
            if let (false, Some(fields)) = (self.details.is_empty(), body.as_object_mut()) {
                fields.insert("details".into(), json!(self.details));
            }
            let _written = out(&format!("{}\n", json!({ "error": body })));
        }
    }
}

/// Nodes of a model that a refusal names.
const MAX_LISTED: usize = 50;
/// Longest message in characters: some repeat names from files.
const MAX_MESSAGE: usize = 1000;

fn shortened(message: String) -> String {
    match message.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}...", message.get(..end).unwrap_or_default()),
        None => message,
    }
}

/// The code of a full disk, else `other`.
fn io_code(error: &std::io::Error, other: &'static str) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => NO_SPACE,
        _ => other,
    }
}

/// What the operating system says, without its numbers.
fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file or folder".into(),
        ErrorKind::IsADirectory => "this is a folder; expected a file".into(),
        ErrorKind::NotADirectory => "a part of this path is a file; expected a folder".into(),
        ErrorKind::PermissionDenied => "not allowed to read or write this".into(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full".into(),
        ErrorKind::AlreadyExists => "this exists already".into(),
        _ => {
            let text = error.to_string();
            text.split_once(" (os error")
                .map_or(text.as_str(), |(text, _)| text)
                .to_lowercase()
        }
    }
}

fn io_help(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "check the spelling, and the folder that the command runs in",
        ErrorKind::IsADirectory => "name a file in it",
        ErrorKind::NotADirectory => "check the path",
        ErrorKind::PermissionDenied => "check its owner and mode, or run as its owner",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room, or write elsewhere",
        ErrorKind::AlreadyExists => "choose another name",
        _ => "check that the path may be read or written, and that the disk has room",
    }
}

/// Exit code of a code of the libraries.
fn exit_of(code: &str) -> u8 {
    match code {
        "about"
        | "calibration"
        | "input-length"
        | "input-number"
        | "input-type"
        | "no-such-segment"
        | "not-finite"
        | "pieces"
        | "policy-not-offered"
        | "policy-out-of-range"
        | "run-file"
        | "stage-mismatch"
        | "unknown-input"
        | "unknown-output" => 2,
        "card-description" | "card-size" | "recipe" => 3,
        "accumulator-wrap" | "constant-too-large" | "lane-kinds" | "model-too-large" | "onnx-too-large"
        | "out-of-range" | "srs-k-out-of-range" => 5,
        "expected" | "float-execution" | "model-unsupported" => 4,
        _ if code.starts_with("onnx-") => 4,
        _ => 1,
    }
}

impl From<ProveError> for CliError {
    fn from(error: ProveError) -> Self {
        if let ProveError::Io { path, source } = &error {
            return Self::io(path, source);
        }
        if let ProveError::Srs(SrsError::Io { action, path, source }) = &error {
            let message = format!("cannot {action} {}: {}", path.display(), plain(source));
            return Self::new(1, io_code(source, error.code()), message, io_help(source));
        }
        let text = error.to_string();
        // The libraries put advice at the end of the message.
        let (message, help) = text.split_once(". Help: ").unwrap_or((&text, ""));
        let help = match &error {
            ProveError::Srs(e) => e.help(),
            ProveError::Input(e) | ProveError::Policy(e) | ProveError::Refused(e) => e.help(),
            _ => help,
        };
        let refusal = Self::new(exit_of(error.code()), error.code(), message, help);
        match &error {
            ProveError::Import(ImportError::Unsupported(nodes)) => {
                refusal.about(nodes.len(), nodes.iter().map(ToString::to_string))
            }
            ProveError::Circuit(CircuitError::Unsupported(nodes)) => refusal.about(nodes.len(), nodes.iter().cloned()),
            _ => refusal,
        }
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

/// What is not as agreed, with integers of the quantized model: see [`under`](CliError::under).
impl From<AgreementError> for CliError {
    fn from(error: AgreementError) -> Self {
        Self::under(error, &[])
    }
}
