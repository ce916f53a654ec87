//! What the command line refuses, and how it says so.

use super::{fixture, folder, path, provenn, MODEL, SAMPLE};
use serde_json::Value;
use std::fs;

#[test]
fn usage_errors_exit_with_2() {
    for arguments in [
        &[][..],
        &["no-such-command"],
        &["verify"],
        &["prove", "--card", "x", "--input", "y", "--out", "z", "--policy", "top"],
        &["prove", "--card", "x", "--input", "y", "--out", "z", "--nonce", "00"],
        &[
            "commit",
            "m.onnx",
            "--calibration",
            "c.npy",
            "--out",
            "o",
            "--digest",
            "00",
        ],
        &[
            "srs", "import", "--ptau", "p", "--k", "4", "--digest", "zz", "--out", "o",
        ],
    ] {
        let outcome = provenn(arguments);
        assert_eq!(outcome.exit, 2, "{arguments:?}");
        assert!(
            outcome.err.contains("Usage:") || outcome.err.contains("--help"),
            "{}",
            outcome.err
        );
    }
}

#[test]
fn symbolic_dimensions_take_sizes() {
    let model = fixture("malformed/shape_symbolic.onnx");
    let refused = provenn(&["inspect", &model]);
    assert!(
        refused.err.contains("the symbol `width`") && refused.err.contains("--dim width="),
        "{}",
        refused.err
    );
    refused.fails(4, "onnx-symbolic-dimension");
    let sized = provenn(&["inspect", &model, "--dim", "width=3", "--json"]).json();
    assert_eq!(sized["inputs"][0]["shape"], serde_json::json!([3]));
    let other = provenn(&["inspect", &model, "--dim", "height=3"]);
    assert!(other.err.contains("`width`"), "{}", other.err);
    other.fails(4, "onnx-dimension");
    // A structure has the sizes: auditors need not know them.
    let out = folder().join("sized.onnx");
    let out = out.to_str().unwrap();
    provenn(&["structure", &model, "--dim", "width=3", "--out", out]).ok();
    assert_eq!(
        provenn(&["inspect", out, "--json"]).json()["inputs"][0]["shape"],
        serde_json::json!([3])
    );
}

#[test]
fn operators_are_listed() {
    let listed = provenn(&["inspect", "--operators", "--json"]).json();
    let resize = listed["operators"]
        .as_array()
        .unwrap()
        .iter()
        .find(|o| o["name"] == "Resize")
        .unwrap();
    assert_eq!(resize["domain"], "");
    assert!(provenn(&["inspect", "--operators"]).ok().contains("ai.onnx.ml:Scaler"));
}

#[test]
fn missing_and_wrong_files() {
    provenn(&["inspect", "/no/such/model.onnx"]).fails(1, "io");
    provenn(&["verify", "--card", "/no/card", "--receipt", "/no/receipt"]).fails(1, "io");
    provenn(&["inspect", &fixture(MODEL), "--calibration", &fixture(SAMPLE)]).fails(2, "npy");
    provenn(&[
        "inspect",
        &fixture(MODEL),
        "--calibration",
        &fixture("data/digits_calibration.npy"),
    ])
    .fails(2, "calibration");
    provenn(&["explain", &fixture(MODEL)]).fails(3, "bad-magic");
    let dir = path(folder(), "srs");
    provenn(&["srs", "new", "--k", "64", "--dir", &dir]).fails(5, "srs-k-out-of-range");
}

/// Every committed malformed model is refused under a code that its README expects.
#[test]
fn malformed_models() {
    let readme = fs::read_to_string(fixture("malformed/README.md")).unwrap();
    let mut seen = 0;
    for section in readme.split("\n## ").skip(1).filter(|s| !s.starts_with("large/")) {
        let name = section.lines().next().unwrap();
        let codes = section.split("expect: ").nth(1).unwrap().lines().next().unwrap();
        let outcome = provenn(&["inspect", &fixture(&format!("malformed/{name}"))]);
        let refused = codes
            .split('|')
            .any(|code| outcome.err.starts_with(&format!("error[{}]: ", code.trim())));
        assert!(refused, "{name}: {codes}: {}", outcome.err);
        assert!([4, 5].contains(&outcome.exit), "{name}: {}", outcome.exit);
        assert!(
            outcome.err.len() < 4096 && !outcome.err.trim_end().replace('\n', "").contains(char::is_control),
            "{name}"
        );
        seen += 1;
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn errors_are_json_too() {
    let outcome = provenn(&["--json", "inspect", &fixture("malformed/op_stringnormalizer.onnx")]);
    let body: Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!(
        (outcome.exit, &body["error"]["code"], &body["error"]["exit"]),
        (4, &"onnx-unsupported".into(), &4.into())
    );
}
