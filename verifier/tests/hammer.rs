//! Every single-bit flip, truncation and one-byte extension of receipts, cards, keys and SRS keys is refused without a panic.
//!
//! A sample of them by default; all with `PROVENN_EVERY_BIT=1` (`just every-bit`).
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_verifier::*;

struct Kit {
    receipt: Vec<u8>,
    card: Vec<u8>,
    srs: Vec<u8>,
}

impl Kit {
    fn read(name: &str) -> Self {
        let path = |extension| {
            format!(
                "{}/../fixtures/testkit/files/{name}.{extension}",
                env!("CARGO_MANIFEST_DIR")
            )
        };
        let read = |extension| std::fs::read(path(extension)).unwrap();
        Self {
            receipt: read("receipt"),
            card: read("card"),
            srs: read("srs"),
        }
    }
}

/// The receipt verifies with these bytes in the place of one of the three files.
fn accepted(receipt: &[u8], card: &CheckedCard, srs: &SrsVerifyingKey) -> bool {
    verify(receipt, card, srs, &Expectation::default()).is_ok()
}

/// Every `stride`-th mutation of `bytes` must be refused, and `bytes` themselves accepted.
fn hammer(bytes: &[u8], sample: usize, accepted: impl Fn(&[u8]) -> bool) {
    let stride = match std::env::var_os("PROVENN_EVERY_BIT") {
        Some(_) => 1,
        None => sample,
    };
    assert!(accepted(bytes));
    for bit in (0..8 * bytes.len()).step_by(stride) {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!accepted(&flipped), "bit {bit}");
    }
    for end in (0..bytes.len()).step_by(stride) {
        assert!(!accepted(&bytes[..end]), "cut to {end}");
    }
    for byte in (0..=255u8).step_by(stride) {
        assert!(!accepted(&[bytes, &[byte]].concat()), "extended by {byte}");
    }
    let tail = [0u8; 64];
    assert!(!accepted(&[bytes, &tail].concat()));
}

#[test]
fn receipts() {
    for name in ["linear_30", "digits_cnn"] {
        let kit = Kit::read(name);
        let srs = SrsVerifyingKey::from_bytes(&kit.srs).unwrap();
        let card = ModelCard::from_bytes(&kit.card).unwrap().check(&srs).unwrap();
        hammer(&kit.receipt, 241, |bytes| accepted(bytes, &card, &srs));
    }
}

#[test]
fn cards() {
    for name in ["linear_30", "digits_cnn"] {
        let kit = Kit::read(name);
        let srs = SrsVerifyingKey::from_bytes(&kit.srs).unwrap();
        hammer(&kit.card, 127, |bytes| {
            let card = ModelCard::from_bytes(bytes).and_then(|card| card.check(&srs));
            card.is_ok_and(|card| accepted(&kit.receipt, &card, &srs))
        });
    }
}

#[test]
fn keys() {
    for name in ["linear_30", "digits_cnn"] {
        let card = ModelCard::from_bytes(&Kit::read(name).card).unwrap();
        hammer(&card.key.to_bytes(), 61, |bytes| {
            VerifyingKey::from_bytes(bytes).is_ok_and(|key| key.digest() == card.key.digest())
        });
    }
}

#[test]
fn srs_keys() {
    let kit = Kit::read("linear_30");
    let card = ModelCard::from_bytes(&kit.card).unwrap();
    hammer(&kit.srs, 5, |bytes| {
        let srs = SrsVerifyingKey::from_bytes(bytes);
        srs.is_ok_and(|srs| {
            card.clone()
                .check(&srs)
                .is_ok_and(|card| accepted(&kit.receipt, &card, &srs))
        })
    });
}
