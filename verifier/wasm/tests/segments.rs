//! Cards and receipts of models in segments go where others go.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_verifier::{Bundle, BundledReceipt};
use provenn_verifier_wasm::{report, Request};

macro_rules! golden {
    ($name:literal) => {
        include_bytes!(concat!("../../../fixtures/", $name)).as_slice()
    };
}

const CARD: &[u8] = golden!("chains/digits_mlp.card");
const RECEIPT: &[u8] = golden!("chains/digits_mlp.receipt");
const SRS: &[u8] = golden!("chains/digits_mlp.srs");

fn files<'a>(receipt: &'a [u8], card: &'a [u8]) -> Request<'a> {
    Request {
        receipt,
        card,
        srs: SRS,
        policy: Some("label"),
        ..Request::default()
    }
}

#[test]
fn they_are_judged_by_files_and_by_bundle() {
    let apart = report(&files(RECEIPT, CARD));
    assert!(apart.starts_with(r#"{"verdict":"verified""#), "{apart}");
    for words in [
        r#""segments":3"#,
        r#""name":"policy","title":"The policy is the one you agreed on","state":"passed""#,
        r#""form":"label""#,
    ] {
        assert!(apart.contains(words), "{words}: {apart}");
    }
    let bundle = Bundle {
        card: CARD.to_vec(),
        srs: SRS.to_vec(),
        receipts: vec![BundledReceipt {
            receipt: RECEIPT.to_vec(),
            log_proof: None,
        }],
        ..Bundle::default()
    };
    let bytes = bundle.to_bytes();
    let bundled = report(&Request {
        bundle: Some(&bytes),
        policy: Some("label"),
        ..Request::default()
    });
    assert!(bundled.starts_with(r#"{"verdict":"verified""#), "{bundled}");
}

/// The kinds are told apart: each with the card of the other is refused for that, not for a proof.
#[test]
fn one_kind_is_not_judged_as_the_other() {
    let (card, receipt) = (
        golden!("testkit/v2/digits_cnn.card"),
        golden!("testkit/v2/digits_cnn.receipt"),
    );
    let whole = report(&files(receipt, card));
    assert!(
        whole.starts_with(r#"{"verdict":"verified""#) && whole.contains(r#""segments":null"#),
        "{whole}"
    );
    for (receipt, card) in [(receipt, CARD), (RECEIPT, card)] {
        let refused = report(&files(receipt, card));
        assert!(
            refused.starts_with(r#"{"verdict":"refused","error":{"code":"bad-magic""#),
            "{refused}"
        );
        assert!(
            refused.contains(r#""check":"kind""#) && refused.contains(r#""field":"model""#),
            "{refused}"
        );
    }
}
