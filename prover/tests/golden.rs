//! Cards that were made before are audited: the circuits of today have the keys of then, gate by gate.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_prover::audit::{audit, Check};
use provenn_prover::chain;
use provenn_prover::srs::{Srs, SrsKind};
use provenn_verifier::{ChainCard, ModelCard};

fn read(path: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../fixtures/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The parameters of the golden files.
fn srs(k: u32) -> Srs {
    let mut srs = Srs::dev_from_seed(k, [7; 32]);
    srs.kind = SrsKind::Ceremony;
    srs
}

fn holds(name: &str, checks: &[Check]) {
    let failing: Vec<&Check> = checks.iter().filter(|check| !check.holds).collect();
    assert!(failing.is_empty() && !checks.is_empty(), "{name}: {failing:?}");
}

#[test]
fn golden_cards_are_audited() {
    for (card, model) in [
        ("linear_30", "linear_30"),
        ("breast_cancer_mlp", "breast_cancer_mlp"),
        ("digits_cnn", "digits_cnn"),
        ("digits_mlp", "digits_mlp"),
        ("conflict_check", "conflict_check"),
        ("conflict_check_whole", "conflict_check"),
    ] {
        let of = ModelCard::from_bytes(&read(&format!("testkit/v2/{card}.card"))).unwrap();
        let checks = audit(&read(&format!("models/{model}.onnx")), &of, &srs(of.key.k), None).unwrap();
        holds(card, &checks);
    }
}

#[test]
fn golden_cards_of_segments_are_audited() {
    for (card, model) in [
        ("digits_mlp", "digits_mlp"),
        ("digits_cnn", "digits_cnn"),
        ("digits_cnn_lanes", "digits_cnn"),
    ] {
        let of = ChainCard::from_bytes(&read(&format!("chains/{card}.card"))).unwrap();
        let srs = srs(of.segments[0].key.k);
        let checks = chain::audit(&read(&format!("models/{model}.onnx")), &of, &srs, None).unwrap();
        holds(card, &checks);
    }
}

#[test]
fn golden_cards_of_stages_are_audited() {
    let of = ChainCard::from_bytes(&read("chains/pipeline_stages.card")).unwrap();
    let srs = srs(of.segments[0].key.k);
    let models = ["pipeline_preprocessing", "digits_cnn", "pipeline_decision"];
    let models = models.map(|model| read(&format!("models/{model}.onnx")));
    let checks = chain::audit_stages(&models.each_ref().map(Vec::as_slice), &of, &srs, None).unwrap();
    holds("pipeline_stages", &checks);
}
