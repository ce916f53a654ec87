//! `-`, which is standard input where a file is read and standard output where one is written: messages call it by its name, and nobody is told of a place where it is kept meanwhile.

use crate::folder::{Folder, COMMIT, FIXTURES};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::{Output, Stdio};

/// Runs a line with these bytes for its input.
fn fed(folder: &Folder, line: &str, bytes: &[u8]) -> Output {
    let mut child = folder
        .command(line)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses before it reads closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    child.wait_with_output().unwrap()
}

/// The refusal of a line, which has this code and begins like that.
#[track_caller]
fn refused(folder: &Folder, line: &str, bytes: &[u8], code: &str, words: &str) {
    let output = fed(folder, line, bytes);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with(&format!("error[{code}]: {words}")), "{line}: {said}");
    let place = std::env::temp_dir().display().to_string();
    assert!(
        !said.contains(&place) && !said.contains("standard-input/"),
        "{line}: {said}"
    );
}

const VERIFY: &str = "verify --card model/model.card --receipt";

#[test]
fn refusals_name_standard_input() {
    let folder = Folder::new("public");
    let junk = b"junk";
    let unknown = "standard input is a file of no known kind; expected ";
    for (line, code) in [
        ("show -", "wrong-file"),
        ("explain -", "bad-magic"),
        ("verify -", "bad-magic"),
        ("verify --card - --receipt receipt.bin", "bad-magic"),
        (&format!("{VERIFY} -"), "bad-magic"),
        (&format!("{VERIFY} receipt.bin --srs -"), "bad-magic"),
        ("bundle --card model/model.card --receipt - --out b", "bad-magic"),
        ("audit --card - --model FIXTURES/models/linear_30.onnx", "bad-magic"),
        (
            "export evm --card - --srs model/srs.vk --accept-dev --out o",
            "bad-magic",
        ),
        ("color prove --graph - --colours none --k 3 --out o", "graph-file"),
        ("inspect FIXTURES/models/linear_30.onnx --calibration -", "csv"),
        ("prove --card model/model.card --input - --out o", "csv"),
    ] {
        let words = if code.ends_with("magic") || code == "wrong-file" {
            unknown
        } else {
            "standard input: "
        };
        refused(&folder, line, junk, code, words);
    }
    let receipt = folder.read("receipt.bin");
    for line in ["show -", "explain -", &format!("{VERIFY} -")] {
        refused(&folder, line, &receipt[..100], "truncated", "standard input: ");
    }
    refused(
        &folder,
        "show -",
        b"",
        "wrong-file",
        "standard input is empty; expected ",
    );
    refused(&folder, "explain -", b"", "truncated", "standard input: ");
    refused(
        &folder,
        "verify -",
        &receipt,
        "bad-magic",
        "standard input is a receipt; expected a bundle",
    );
    // What is in a bundle is named by it.
    folder.json("bundle --card model/model.card --receipt receipt.bin --out b");
    let mut bundle = folder.read("b");
    refused(
        &folder,
        "verify - --any-model",
        &bundle,
        "dev-srs",
        "standard input (its receipt 1): ",
    );
    let end = bundle.len() - 1;
    bundle[end] ^= 1;
    refused(&folder, "show -", &bundle, "bundle-damaged", "standard input: ");
}

#[test]
fn what_is_shown_names_standard_input() {
    let folder = Folder::new("public");
    let srs = folder.read("model/srs.vk");
    let shown = fed(&folder, "show -", &srs);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.contains("\nfile             standard input\n"), "{text}");
    let shown: serde_json::Value = serde_json::from_slice(&fed(&folder, "--json show -", &srs).stdout).unwrap();
    assert_eq!(shown["path"], "standard input");
    let verdict = fed(
        &folder,
        &format!("{VERIFY} - --accept-dev --any-model"),
        &folder.read("receipt.bin"),
    );
    assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stderr));
}

/// Parameters are read in parts and by several; a witness writes to its files; and standard input is one file.
#[test]
fn what_cannot_be_standard_input_is_said() {
    let folder = Folder::new("public");
    let zeros = "00".repeat(32);
    for line in [
        "srs show -",
        &format!("srs import --ptau - --digest {zeros} --k 4 --out o"),
        "srs import --ptau - --k 4 --out o",
        &format!("{COMMIT} --srs - --out o"),
        "prove --card model/model.card --input FIXTURES/inputs/breast_cancer_mlp.json --srs - --out o",
    ] {
        refused(
            &folder,
            line,
            b"junk",
            "standard-input",
            "`-` is given for a file that is read in parts",
        );
    }
    assert!(!folder.path().join("-").exists());
    let receipt = folder.read("receipt.bin");
    let twice = "verify --card - --receipt -";
    refused(&folder, twice, &receipt, "standard-input", "`-` is given for two files");
    // A file of this name has another path.
    fs::copy(format!("{FIXTURES}/models/linear_30.onnx"), folder.path().join("-")).unwrap();
    folder.json("inspect ./-");
}

#[test]
fn what_cannot_be_written_names_standard_output() {
    let folder = Folder::empty();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = folder
        .command("color make mycielski 3 --out -")
        .stdout(full)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("error[no-space]: standard output: "), "{said}");
}
