//! Receipts from proof to verdict: what they bind, and what they hide.

use super::{committed, fixture, folder, path, provenn, verify, SAMPLE};
use serde_json::Value;
use std::fs;

#[test]
fn receipts_verify_and_are_bound_to_their_context() {
    let model = committed("public");
    let receipt = path(&model, "receipt.bin");
    let (sample, nonce) = (fixture(SAMPLE), "ab".repeat(32));
    let verdict = provenn(&["--json", "explain", &receipt]).json();
    assert_eq!(
        (&verdict["verified"], &verdict["output_unit"]),
        (&false.into(), &"integer".into())
    );
    let all = [
        "--accept-dev",
        "--any-model",
        "--audience",
        "alice",
        "--nonce",
        &nonce,
        "--input",
        &sample,
        "--policy",
        "scores",
        "--json",
    ];
    let verdict = verify(&model, &receipt, &all).json();
    assert_eq!((&verdict["valid"], &verdict["dev"]), (&true.into(), &true.into()));
    let scores = provenn(&["explain", &receipt, "--card", &path(&model, "model.card"), "--json"]).json();
    assert_eq!(scores["output"], verdict["output"]);
    assert_eq!(scores["output"].as_array().unwrap().len(), 2);

    let wrong = "00".repeat(32);
    let other = path(folder(), "other.json");
    fs::write(&other, format!(r#"{{"shape":[1,30],"values":{:?}}}"#, [0.5; 30])).unwrap();
    verify(&model, &receipt, &[]).fails(3, "dev-srs");
    verify(&model, &receipt, &["--accept-dev", "--audience", "bob"]).fails(3, "context-mismatch");
    verify(&model, &receipt, &["--accept-dev", "--nonce", &wrong]).fails(3, "context-mismatch");
    verify(&model, &receipt, &["--accept-dev", "--policy", "label"]).fails(3, "policy-mismatch");
    verify(&model, &receipt, &["--accept-dev", "--input", &other]).fails(3, "input-mismatch");
    verify(&model, &receipt, &["--accept-dev", "--model-id", &wrong]).fails(3, "model-mismatch");
    verify(&model, &receipt, &["--accept-dev", "--srs-id", &wrong]).fails(3, "srs-mismatch");
    // A card is no receipt, and a receipt no card.
    verify(&model, &path(&model, "model.card"), &["--accept-dev"]).fails(3, "bad-magic");
}

#[test]
fn corrupted_receipts_are_refused() {
    let model = committed("public");
    let bytes = fs::read(path(&model, "receipt.bin")).unwrap();
    let damaged = path(folder(), "damaged.bin");
    let check = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        let outcome = verify(&model, &damaged, &["--accept-dev"]);
        assert_eq!(outcome.exit, 3, "{}{}", outcome.out, outcome.err);
        assert!(outcome.err.starts_with("error["), "{}", outcome.err);
    };
    check(&[]);
    check(&bytes[..bytes.len() - 1]);
    check(&[&bytes[..], &[0]].concat());
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        check(&flipped);
    }
}

#[test]
fn thresholds_and_false_statements() {
    let model = committed("public");
    let (card, sample, out) = (
        path(&model, "model.card"),
        fixture(SAMPLE),
        path(folder(), "policy.bin"),
    );
    let prove = |policy: &str| {
        provenn(&[
            "prove", "--card", &card, "--input", &sample, "--policy", policy, "--out", &out, "--force", "--json",
        ])
    };
    let output = |policy: &str| prove(policy).json()["output"].clone();
    let scores = output("scores");
    let first = scores[0].as_f64().unwrap();
    assert_eq!(output(&format!("threshold:0:{first}")), true);
    assert_eq!(output(&format!("threshold:0:{}", first + 0.5)), false);
    assert_eq!(output(&format!("yes-only:0:{}", first - 0.5)), true);
    verify(&model, &out, &["--accept-dev", "--any-model"]).ok();
    let untrue = prove(&format!("yes-only:0:{}", first + 0.5));
    assert_eq!(untrue.exit, 1);
    // In the units of the model, to the step of its integers.
    let line = untrue.err.lines().next().unwrap();
    assert!(
        line.starts_with("error[untrue]: ") && line.contains("output 0 is at least "),
        "{line}"
    );
    let said: f64 = line.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((said - first - 0.5).abs() < 0.01, "{line}");
    let second = scores[1].as_f64().unwrap();
    let lead = (first - second).abs();
    assert_eq!(output(&format!("margin:{lead}")), u32::from(second > first));
    let asked = format!("margin:{lead}");
    verify(&model, &out, &["--accept-dev", "--any-model", "--policy", &asked]).ok();
    verify(&model, &out, &["--accept-dev", "--policy", "label"]).fails(3, "policy-mismatch");
    assert_eq!(prove(&format!("margin:{}", lead + 0.5)).exit, 1);
    let largest = u32::from(second > first);
    assert_eq!(output("top:1"), serde_json::json!([largest]));
    verify(&model, &out, &["--accept-dev", "--any-model", "--policy", "top:1"]).ok();
    verify(&model, &out, &["--accept-dev", "--policy", "top:2"]).fails(3, "policy-mismatch");
    assert_eq!(output("label-in:1:0"), largest);
    assert_eq!(prove(&format!("label-in:{}", 1 - largest)).exit, 1);
    let rounded = output("round:0.5");
    for (rounded, exact) in rounded.as_array().unwrap().iter().zip(scores.as_array().unwrap()) {
        assert_eq!(rounded.as_f64().unwrap(), (exact.as_f64().unwrap() * 2.0).floor() / 2.0);
    }
    verify(&model, &out, &["--accept-dev", "--any-model", "--policy", "round:0.5"]).ok();
    // What is out of range is told with the range, scores in the units of the output.
    for (policy, range) in [
        ("margin:0", "margin 0 is out of range: from "),
        (
            "threshold:9:0",
            "output index 9 is out of range: from 0 to 1 is possible",
        ),
        ("threshold:0:1e300", " is out of range: from -"),
        ("top:3", "count 3 is out of range: from 1 to 2 is possible"),
        ("round:0.3", "the step is no power of two"),
    ] {
        let refused = prove(policy);
        assert!(refused.err.contains(range), "{policy}: {}", refused.err);
        assert_eq!(refused.exit, 2, "{policy}");
        assert!(refused.out.contains("policy-out-of-range"), "{policy}: {}", refused.out);
    }
}

#[test]
fn committed_inputs_are_not_in_the_receipt() {
    let model = committed("committed");
    let receipt = path(&model, "receipt.bin");
    let verdict = verify(&model, &receipt, &["--accept-dev", "--any-model", "--json"]).json();
    assert_eq!(verdict["valid"], true);
    verify(&model, &receipt, &["--accept-dev", "--input", &fixture(SAMPLE)]).fails(3, "input-mismatch");
    let opening = path(&model, "receipt.opening.json");
    let mut secret: Value = serde_json::from_str(&fs::read_to_string(&opening).unwrap()).unwrap();
    assert_eq!(secret["values"].as_array().unwrap().len(), 30);

    // Revealed to somebody who has the opening.
    let open = |opening: &str, more: &[&str]| {
        let all = [&["--accept-dev", "--any-model", "--opening", opening], more].concat();
        verify(&model, &receipt, &all)
    };
    let blind = open(&opening, &[]).ok();
    assert!(blind.contains("is what its opening has"), "{blind}");
    let seen = open(&opening, &["--input", &fixture(SAMPLE)]).ok();
    assert!(seen.contains("is what you gave"), "{seen}");
    assert!(!seen.contains("What a committed input is"), "{seen}");
    let other = path(folder(), "other_input.json");
    fs::write(&other, format!(r#"{{"shape":[1,30],"values":{:?}}}"#, [0.5; 30])).unwrap();
    open(&opening, &["--input", &other]).fails(3, "input-mismatch");
    // The opening of another commitment to the same input, and one that was changed.
    let again = path(folder(), "again.bin");
    provenn(&[
        "prove",
        "--card",
        &path(&model, "model.card"),
        "--input",
        &fixture(SAMPLE),
        "--policy",
        "label",
        "--out",
        &again,
        "--force",
    ])
    .ok();
    open(&path(folder(), "again.opening.json"), &[]).fails(3, "input-mismatch");
    let changed = path(folder(), "changed.opening.json");
    secret["values"][0] = (secret["values"][0].as_i64().unwrap() + 1).into();
    fs::write(&changed, secret.to_string()).unwrap();
    open(&changed, &[]).fails(2, "opening");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for private in [opening, path(&model, "model.private")] {
            assert_eq!(
                fs::metadata(&private).unwrap().permissions().mode() & 0o777,
                0o600,
                "{private}"
            );
        }
    }
}

#[test]
fn expired_receipts_are_refused() {
    let model = committed("public");
    let (card, sample, out) = (
        path(&model, "model.card"),
        fixture(SAMPLE),
        path(folder(), "expired.bin"),
    );
    provenn(&[
        "prove",
        "--card",
        &card,
        "--input",
        &sample,
        "--not-after",
        "1000000000",
        "--out",
        &out,
    ])
    .ok();
    verify(&model, &out, &["--accept-dev"]).fails(3, "expired");
}
