//! A bundle is judged as the files in it.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_verifier::{Bundle, BundledReceipt};
use provenn_verifier_wasm::{report, Request};

macro_rules! kit {
    ($name:literal) => {
        include_bytes!(concat!("../../../fixtures/testkit/v2/linear_30.", $name)).as_slice()
    };
}

fn bundle() -> Vec<u8> {
    let receipt = |bytes: &[u8]| BundledReceipt {
        receipt: bytes.to_vec(),
        log_proof: None,
    };
    let bundle = Bundle {
        card: kit!("card").to_vec(),
        srs: kit!("srs").to_vec(),
        card_log_proof: Some("a proof".into()),
        signature: None,
        receipts: vec![receipt(kit!("receipt")), receipt(&kit!("receipt")[..100])],
        agreement: Some(vec![1]),
        ..Bundle::default()
    };
    bundle.to_bytes()
}

#[test]
fn a_bundle_is_judged_as_its_files() {
    let files = Request {
        receipt: kit!("receipt"),
        card: kit!("card"),
        srs: kit!("srs"),
        ..Request::default()
    };
    let apart = report(&files);
    assert!(apart.starts_with(r#"{"verdict":"verified""#), "{apart}");
    let bytes = bundle();
    let request = Request {
        bundle: Some(&bytes),
        ..Request::default()
    };
    // The first check is that of the bundle's own bytes.
    let expected = apart.replacen(r#""state":"not-asked""#, r#""state":"passed""#, 1);
    let held = r#""bundle":{"receipts":2,"receipt":0,"signed":false,"logged":true,"state":false,"agreement":true}"#;
    assert_eq!(report(&request), expected.replace(r#""bundle":null"#, held));
    for (receipt_index, words) in [(1, r#""code":"truncated""#), (2, r#""check":"receipt-file""#)] {
        let other = report(&Request {
            receipt_index,
            ..request.clone()
        });
        assert!(
            other.starts_with(r#"{"verdict":"refused""#) && other.contains(words),
            "{other}"
        );
    }
    // Files beside a bundle are not looked at.
    let beside = Request {
        bundle: Some(&bytes),
        receipt: b"x",
        card: b"x",
        srs: b"x",
        ..Request::default()
    };
    assert_eq!(report(&beside), report(&request));
}

#[test]
fn a_bundle_that_was_changed_is_refused_as_that() {
    let bytes = bundle();
    let refused = |bytes: &[u8]| {
        let said = report(&Request {
            bundle: Some(bytes),
            ..Request::default()
        });
        assert!(
            said.starts_with(r#"{"verdict":"refused""#) && said.contains(r#""check":"bundle-file""#),
            "{said}"
        );
        said
    };
    for at in (6..bytes.len()).step_by(bytes.len() / 50) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(refused(&changed).contains(r#""code":"bundle-damaged""#));
        assert!(refused(&bytes[..at]).contains(r#""code":"bundle-damaged""#));
    }
    assert!(refused(kit!("receipt")).contains("this is a receipt; expected a bundle"));
    assert!(refused(b"").contains(r#""code":"truncated""#));
}
