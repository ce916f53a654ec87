//! A model with two inputs and two outputs on the command line: all of them are known by name.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const MODEL: &str = "models/conflict_check.onnx";
const SAMPLE: &str = "inputs/conflict_check.json";

fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("inputs-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path
    })
}

fn at(name: &str) -> String {
    folder().join(name).to_str().unwrap().to_owned()
}

fn fixture(name: &str) -> String {
    format!("{}/../fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Exit code, and what was printed where it was to be printed.
fn provenn(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_provenn"))
        .args(arguments)
        .env("PROVENN_HOME", at("home"))
        .output()
        .unwrap();
    let exit = output.status.code().unwrap();
    let said = if exit == 0 { output.stdout } else { output.stderr };
    (exit, String::from_utf8(said).unwrap())
}

#[track_caller]
fn ok(arguments: &[&str]) -> String {
    let (exit, said) = provenn(arguments);
    assert_eq!(exit, 0, "{said}");
    said
}

#[track_caller]
fn fails(arguments: &[&str], exit: i32, code: &str) {
    let (got, said) = provenn(arguments);
    assert!(
        got == exit && said.starts_with(&format!("error[{code}]: ")),
        "exit {got}: {said}"
    );
}

/// The model with its first input committed, and a receipt about its second output.
fn committed() -> (String, String) {
    static MADE: OnceLock<()> = OnceLock::new();
    let (card, receipt) = (at("model/model.card"), at("receipt.bin"));
    MADE.get_or_init(|| {
        ok(&[
            &["commit", &fixture(MODEL), "--committed", "own", "--out", &at("model")],
            &rows()[..],
        ]
        .concat());
        ok(&[
            &["prove", "--card", &card, "--out", &receipt, "--output", "agreement"],
            &sample()[..],
        ]
        .concat());
    });
    (card, receipt)
}

fn rows() -> [&'static str; 4] {
    static ROWS: OnceLock<[String; 2]> = OnceLock::new();
    let rows = ROWS.get_or_init(|| {
        ["own", "listed"].map(|name| format!("{name}={}", fixture(&format!("data/conflict_check_{name}.npy"))))
    });
    ["--calibration", &rows[0], "--calibration", &rows[1]]
}

fn sample() -> [&'static str; 2] {
    static SAMPLE_PATH: OnceLock<String> = OnceLock::new();
    ["--input", SAMPLE_PATH.get_or_init(|| fixture(SAMPLE))]
}

/// One of the samples in a file of its own.
fn alone(name: &str) -> String {
    let samples: Value = serde_json::from_str(&fs::read_to_string(fixture(SAMPLE)).unwrap()).unwrap();
    let path = at(&format!("{name}.json"));
    fs::write(&path, samples[name].to_string()).unwrap();
    path
}

#[test]
fn inputs_and_outputs_are_shown_by_name() {
    let inspected = ok(&[&["inspect", &fixture(MODEL), "--committed", "own"], &rows()[..]].concat());
    for shown in [
        "\"own\" [8], committed",
        "\"listed\" [8], public",
        "\"conflict\" [2]",
        "\"agreement\" [3]",
    ] {
        assert!(inspected.contains(shown), "{shown}: {inspected}");
    }
    let (card, receipt) = committed();
    let opening: Value = serde_json::from_str(&fs::read_to_string(at("receipt.opening.json")).unwrap()).unwrap();
    assert_eq!(opening["own"]["values"].as_array().unwrap().len(), 8);
    assert_eq!(opening.as_object().unwrap().len(), 1);
    let asked = ["--policy", "label", "--output", "agreement"];
    let verdict = ok(&with(&verify(&card, &receipt), &asked));
    for shown in [
        "\"agreement\", number 1 of 2; the others stay hidden",
        "input \"own\"",
        "committed, ",
        "input \"listed\"",
        "public, 8 values",
    ] {
        assert!(verdict.contains(shown), "{shown}: {verdict}");
    }
    let explained = ok(&["explain", &receipt, "--card", &card]);
    assert!(
        explained.contains("input \"listed\"") && explained.contains("number 1 of 2"),
        "{explained}"
    );
    let explained = ok(&["explain", &receipt]);
    assert!(
        explained.contains("input 1") && explained.contains("(of output tensor 1)"),
        "{explained}"
    );
    ok(&["audit", "--card", &card, "--model", &fixture(MODEL)]);
}

/// Verifies a receipt of whichever model.
fn verify<'a>(card: &'a str, receipt: &'a str) -> [&'a str; 7] {
    [
        "verify",
        "--card",
        card,
        "--receipt",
        receipt,
        "--accept-dev",
        "--any-model",
    ]
}

/// A command with more arguments.
fn with<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [command, more].concat()
}

#[test]
fn what_is_asked_is_about_the_named_ones() {
    let (card, receipt) = committed();
    let verify = verify(&card, &receipt);
    let listed = format!("listed={}", alone("listed"));
    ok(&with(&verify, &["--input", &listed]));
    let exchanged = format!("listed={}", alone("own"));
    fails(&with(&verify, &["--input", &exchanged]), 3, "input-mismatch");
    // The committed one is not shown.
    let own = format!("own={}", alone("own"));
    fails(&with(&verify, &["--input", &own]), 3, "input-mismatch");
    fails(
        &with(&verify, &["--policy", "label", "--output", "conflict"]),
        3,
        "policy-mismatch",
    );
    fails(&with(&verify, &["--policy", "label"]), 2, "output-names");
    fails(
        &with(&verify, &["--policy", "label", "--output", "other"]),
        2,
        "unknown-output",
    );
}

#[test]
fn each_input_is_given_once_and_an_output_is_named() {
    let (card, _) = committed();
    let (out, own, listed) = (
        at("other.bin"),
        format!("own={}", alone("own")),
        format!("listed={}", alone("listed")),
    );
    let prove = ["prove", "--card", &card, "--force", "--out", &out];
    let both = ["--input", &listed, "--input", &own];
    ok(&with(
        &prove,
        &[&both[..], &["--output", "all", "--policy", "scores", "--json"]].concat(),
    ));
    let shown: Value = serde_json::from_str(&ok(&with(
        &prove,
        &[&both[..], &["--output", "all", "--policy", "scores", "--json"]].concat(),
    )))
    .unwrap();
    let lens = shown["output"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scores| scores.as_array().unwrap().len());
    assert_eq!(lens.collect::<Vec<_>>(), [2, 3]);
    fails(&with(&prove, &both), 2, "output-names");
    fails(
        &with(&prove, &[&both[..], &["--output", "all"]].concat()),
        2,
        "policy-out-of-range",
    );
    fails(
        &with(&prove, &["--output", "conflict", "--input", &own]),
        2,
        "input-names",
    );
    fails(
        &with(&prove, &["--output", "conflict", "--input", &own, "--input", &own]),
        2,
        "input-names",
    );
    fails(
        &with(&prove, &["--output", "conflict", "--input", &alone("own")]),
        2,
        "sample",
    );
    let (model, never) = (fixture(MODEL), at("never"));
    let commit = ["commit", &model, "--out", &never];
    fails(&with(&commit, &rows()[..2]), 2, "input-names");
    fails(
        &with(&commit, &[&rows()[..], &["--committed", "other"]].concat()),
        2,
        "unknown-input",
    );
}
