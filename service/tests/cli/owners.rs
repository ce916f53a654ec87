//! Around receipts: forecasts, audits, the demo, completions.

use super::{committed, fixture, folder, path, provenn, CALIBRATION, MODEL, SAMPLE};

/// `inspect` predicts the size of a receipt, up to the width of a small public input.
#[test]
fn inspection_predicts_the_receipt() {
    let predicted = provenn(&[
        "inspect",
        &fixture(MODEL),
        "--calibration",
        &fixture(CALIBRATION),
        "--json",
    ])
    .json();
    let model = committed("public");
    let (card, sample, out) = (path(&model, "model.card"), fixture(SAMPLE), path(folder(), "size.bin"));
    let proven = provenn(&["prove", "--card", &card, "--input", &sample, "--out", &out, "--json"]).json();
    let [predicted_bytes, bytes] =
        [&predicted["forecast"]["receipt_bytes"], &proven["bytes"]].map(|v| v.as_u64().unwrap());
    assert!(predicted_bytes.abs_diff(bytes) <= 30, "{predicted_bytes} {bytes}");
    assert_eq!(predicted["parameters"], 650);
}

#[test]
fn the_demo_holds() {
    let report = provenn(&["demo", "--json"]).json();
    assert_eq!(report["refused"].as_array().unwrap().len(), 4);
    assert!(provenn(&["demo"]).ok().contains("Forgeries are refused"));
}

#[test]
fn completions_name_every_command() {
    let script = provenn(&["completions", "bash"]).ok();
    for command in ["demo", "inspect", "commit", "prove", "verify", "explain", "srs"] {
        assert!(script.contains(command), "{command}");
    }
}

#[test]
fn an_auditor_rebuilds_the_keys_without_weights() {
    let model = committed("public");
    let (card, structure) = (path(&model, "model.card"), path(&model, "structure.onnx"));
    provenn(&["structure", &fixture(MODEL), "--out", &structure]).ok();
    let audit = ["--json", "audit", "--card", &card, "--model", &structure];
    let report = provenn(&audit).json();
    assert_eq!(report["weights_compared"], false);
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.len() >= 5 && checks.iter().all(|check| check["holds"] == true));
    // With the owner's openings, the weights count.
    let openings = ["--openings", &path(&model, "model.private")];
    let weights = fixture(MODEL);
    let full = [&["audit", "--card", &card, "--model", &weights], &openings[..]].concat();
    assert!(provenn(&full).ok().contains("commitments"));
    // The structure has none: its magnitudes are not those of the recipe.
    provenn(&[&audit[1..], &openings].concat()).fails(3, "audit-failed");
}
