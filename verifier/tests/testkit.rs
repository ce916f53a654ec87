//! The committed test kit gives the committed verdicts and covers every error code.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "common/vector.rs"]
mod vector;

use std::collections::BTreeSet;
use std::path::PathBuf;
use vector::Vector;

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/testkit"))
}

fn listed() -> Vec<(String, Vector)> {
    let index = std::fs::read_to_string(root().join("index.txt")).unwrap();
    let read = |path: &str| {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        let vector = Vector::parse(&text).unwrap();
        assert_eq!(vector.to_string(), text, "{path} is in the order of the format");
        (path.to_owned(), vector)
    };
    index.lines().map(read).collect()
}

#[test]
fn every_vector_gives_its_verdict() {
    for (path, vector) in listed() {
        assert_eq!(vector.judged(&root()), vector, "{path}");
    }
}

#[test]
fn every_file_is_used() {
    let vectors = listed();
    let mut used: BTreeSet<String> = vectors
        .iter()
        .flat_map(|(path, vector)| {
            let files = vector.cards.iter().chain(&vector.graphs).chain(&vector.receipts);
            let files = files.chain([&vector.srs, path]);
            files.cloned().collect::<Vec<_>>()
        })
        .collect();
    for folder in ["vectors", "files", "v2"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy());
            assert!(used.remove(&path), "{path} is not used");
        }
    }
    assert!(used.is_empty(), "missing: {used:?}");
}

/// Golden receipts verify, with everything asked that their context says.
#[test]
fn golden_receipts_verify() {
    let golden: Vec<_> = listed()
        .into_iter()
        .filter(|(path, _)| path.starts_with("v2/"))
        .collect();
    assert!(golden.len() >= 5);
    for (path, vector) in golden {
        assert_eq!(vector.judged(&root()).expect, "verified", "{path}");
    }
}

/// The codes are read from the source, so that a new one needs a vector.
#[test]
fn every_code_has_a_vector() {
    const NO_BYTES_CAUSE_THIS: &str = "degenerate-challenge";
    /// Codes of bundles and signatures, no files of the kit: `tests/bundle.rs` here, and `tests/files/bundles.rs` of the command line.
    const OF_OTHER_FILES: [&str; 5] = [
        "bundle-damaged",
        "bundle-empty",
        "publisher-mismatch",
        "signature-invalid",
        "signature-model",
    ];
    let source = include_str!("../src/error.rs");
    let codes: BTreeSet<&str> = source
        .split("=> (\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(codes.len() >= 30 && codes.contains(NO_BYTES_CAUSE_THIS));
    let vectors = listed();
    let expected: BTreeSet<&str> = vectors.iter().map(|(_, vector)| vector.expect.as_str()).collect();
    let mut missing: Vec<&str> = codes.difference(&expected).copied().collect();
    missing.retain(|code| !OF_OTHER_FILES.contains(code));
    assert_eq!(missing, [NO_BYTES_CAUSE_THIS]);
    let verdicts: Vec<_> = expected.difference(&codes).copied().collect();
    assert_eq!(verdicts, ["dev-verified", "verified"]);
}
