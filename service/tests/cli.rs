//! The binary as people and scripts meet it: exit codes, error codes, and the whole way from model to verdict.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic")]

#[path = "cli/grammar.rs"]
mod grammar;
#[path = "cli/habits.rs"]
mod habits;
#[path = "cli/owners.rs"]
mod owners;
#[path = "cli/receipts.rs"]
mod receipts;
#[path = "cli/refusals.rs"]
mod refusals;
#[path = "cli/segments.rs"]
mod segments;
#[path = "cli/service.rs"]
mod service;
#[path = "cli/slices.rs"]
mod slices;
#[path = "cli/streams.rs"]
mod streams;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

struct Outcome {
    exit: i32,
    out: String,
    err: String,
}

/// Runs the binary with development parameters kept in the tests' own folder.
fn provenn(arguments: &[&str]) -> Outcome {
    provenn_at(home(), arguments)
}

/// Runs the binary with development parameters kept in a folder.
fn provenn_at(home: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Outcome {
    outcome(
        Command::new(env!("CARGO_BIN_EXE_provenn"))
            .args(arguments)
            .env("PROVENN_HOME", home),
    )
}

/// Runs the binary in a folder, with more in its environment.
fn provenn_in(folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Outcome {
    outcome(
        Command::new(env!("CARGO_BIN_EXE_provenn"))
            .args(arguments)
            .current_dir(folder)
            .env("PROVENN_HOME", home())
            .envs(environment.iter().copied()),
    )
}

fn outcome(command: &mut Command) -> Outcome {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Outcome {
        exit: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

impl Outcome {
    #[track_caller]
    fn ok(self) -> String {
        assert_eq!((self.exit, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    #[track_caller]
    fn json(self) -> Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    /// Refused by the grammar of the command line.
    #[track_caller]
    fn fails_by_usage(self) {
        assert_eq!((self.exit, self.out.as_str()), (2, ""), "{}", self.err);
        assert!(self.err.starts_with("error: "), "{}", self.err);
    }

    #[track_caller]
    fn fails(self, exit: i32, code: &str) {
        assert_eq!(self.exit, exit, "{}{}", self.out, self.err);
        assert!(self.err.starts_with(&format!("error[{code}]: ")), "{}", self.err);
        assert!(self.err.contains("\nhelp: "), "{}", self.err);
        assert_eq!(self.out, "");
    }
}

fn fixture(name: &str) -> String {
    format!("{}/../fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path
    })
}

fn home() -> PathBuf {
    folder().join("home")
}

const MODEL: &str = "models/breast_cancer_mlp.onnx";
const SAMPLE: &str = "inputs/breast_cancer_mlp.json";
const CALIBRATION: &str = "data/breast_cancer_calibration.npy";

/// A committed model with a receipt for alice, once per binding of the input.
fn committed(binding: &'static str) -> PathBuf {
    static MODELS: [OnceLock<PathBuf>; 2] = [OnceLock::new(), OnceLock::new()];
    MODELS[usize::from(binding == "committed")]
        .get_or_init(|| {
            let model = folder().join(binding);
            let (out, receipt) = (path(&model, ""), path(&model, "receipt.bin"));
            provenn(&[
                "commit",
                &fixture(MODEL),
                "--calibration",
                &fixture(CALIBRATION),
                "--input",
                binding,
                "--out",
                &out,
            ])
            .ok();
            let nonce = "ab".repeat(32);
            let card = path(&model, "model.card");
            let (sample, scores) = (fixture(SAMPLE), ["--policy", "scores"]);
            let context = ["--audience", "alice", "--nonce", &nonce];
            let arguments = [
                &["prove", "--card", &card, "--input", &sample, "--out", &receipt],
                &scores[..],
                &context,
            ]
            .concat();
            provenn(&arguments).ok();
            model
        })
        .clone()
}

fn path(model: &Path, name: &str) -> String {
    model.join(name).to_str().unwrap().to_owned()
}

fn verify(model: &Path, receipt: &str, more: &[&str]) -> Outcome {
    let card = path(model, "model.card");
    provenn(&[&["verify", "--card", &card, "--receipt", receipt], more].concat())
}
