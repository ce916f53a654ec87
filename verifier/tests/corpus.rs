//! Replays the fuzz corpora and the files of the test kit through the decoders.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "common/decoders.rs"]
mod decoders;

use std::path::{Path, PathBuf};

type Decoder = fn(&[u8]);

const TARGETS: [(&str, Decoder); 8] = [
    ("bundle", decoders::bundle),
    ("card", decoders::card),
    ("claim", decoders::claim),
    ("key", decoders::key),
    ("receipt", decoders::receipt),
    ("schema", decoders::schema),
    ("srs", decoders::srs),
    ("verify", decoders::verify),
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn corpora() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (target, decode) in TARGETS {
        let files = files(&root.join(target));
        assert!(files.len() >= 3, "{target} has a corpus");
        for file in files {
            decode(&std::fs::read(file).unwrap());
        }
    }
}

#[test]
fn every_decoder_takes_every_file_of_the_kit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/testkit");
    for file in files(&root.join("files")).into_iter().chain(files(&root.join("v2"))) {
        let bytes = std::fs::read(file).unwrap();
        for (_, decode) in TARGETS {
            decode(&bytes);
        }
    }
}
