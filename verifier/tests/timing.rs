//! Verification time of the toy receipt, printed: `cargo test --test timing -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::disallowed_types, reason = "a timing needs a clock")]

mod common;

use common::toy::{setup, toy, WEIGHTS};
use provenn_verifier::*;
use std::time::Instant;

#[test]
#[ignore = "prints timings"]
fn timings() {
    let setup = setup(false, SrsKind::Ceremony);
    let toy = toy(false, &WEIGHTS);
    let bytes = setup.issue(&toy, setup.scores(&toy), 70).receipt.to_bytes();
    let any = Expectation::default();
    let time = |name: &str, count: u32, run: &dyn Fn()| {
        let start = Instant::now();
        for _ in 0..count {
            run();
        }
        println!("{name}: {:?}", start.elapsed() / count);
    };
    println!(
        "receipt {} bytes, key {} bytes, card {} bytes, SRS {} bytes",
        bytes.len(),
        setup.card.key.to_bytes().len(),
        setup.card.to_bytes().len(),
        setup.srs.to_bytes().len()
    );
    time("verify", 50, &|| {
        assert!(verify(&bytes, &setup.card, &setup.srs, &any).is_ok());
    });
    let items: Vec<(&[u8], &CheckedCard)> = (0..32).map(|_| (&bytes[..], &setup.card)).collect();
    time("verify_batch of 32", 3, &|| {
        assert!(verify_batch(&items, &setup.srs, &any).is_ok());
    });
    let card = setup.card.to_bytes();
    time("read card", 20, &|| {
        assert!(ModelCard::from_bytes(&card).is_ok());
    });
}
