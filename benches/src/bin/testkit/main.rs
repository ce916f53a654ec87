//! Makes the test kit (`fixtures/testkit/`) again: `testkit [FOLDER]`. Golden vectors are made only with `PROVENN_NEW_GOLDEN=1`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a generator that fails should stop")]

mod bytes;
mod claims;
mod honest;
mod kit;
#[path = "../../../../verifier/tests/common/vector.rs"]
mod vector;

use kit::Kit;
use std::path::PathBuf;

fn main() {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/testkit");
    let root = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| default.to_owned()));
    let mut kit = Kit::new(root);
    let mut linear = honest::linear(&mut kit);
    let digits = honest::digits(&mut kit);
    honest::others(&mut kit);
    claims::expectations(&mut kit, &linear, &digits);
    claims::edits(&mut kit, &linear, &digits);
    bytes::receipts(&mut kit, &linear, &digits);
    bytes::exchanged(&mut kit, &mut linear);
    bytes::cards(&mut kit, &linear);
    bytes::srs(&mut kit, &linear);
    if std::env::var_os("PROVENN_NEW_GOLDEN").is_some() {
        honest::golden(&mut kit);
    }
    kit.finish();
}
