//! The trained fixtures on real held-out data: fidelity, provability of every row, real proofs of some.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::agreement::setup::library;
use halo2curves::bn256::Fr;
use provenn_circuits::argument::{row_sets, ModelCircuit};
use provenn_circuits::program::quantize_input;
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions, Committed};
use provenn_prover::fidelity::Source;
use provenn_prover::plonk::Key;
use provenn_prover::srs::Srs;
use provenn_prover::store::{description, load, save};
use provenn_prover::{commit, prove, Input};
use provenn_verifier::{policy, verify, Context, Expectation, Receipt};

/// Models, their calibration rows and their held-out rows.
const MODELS: [(&str, &str, &str); 4] = [
    ("digits_cnn", "digits_calibration", "digits_test"),
    ("digits_mlp", "digits_flat_calibration", "digits_flat_test"),
    ("breast_cancer_mlp", "breast_cancer_calibration", "breast_cancer_test"),
    ("linear_30", "breast_cancer_calibration", "breast_cancer_test"),
];

fn path(name: &str) -> String {
    format!("{}/../fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Rows of a little-endian f32 array file of version 1.
pub fn rows(name: &str) -> Vec<Vec<f32>> {
    let bytes = std::fs::read(path(&format!("data/{name}.npy"))).unwrap();
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8_lossy(&bytes[10..header]);
    assert!(text.contains("'<f4'") && text.contains("'fortran_order': False"));
    let shape = text
        .split("'shape': (")
        .nth(1)
        .and_then(|s| s.split(',').next())
        .unwrap();
    let count: usize = shape.parse().unwrap();
    let values: Vec<f32> = bytes[header..]
        .chunks_exact(4)
        .map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]]))
        .collect();
    values.chunks_exact(values.len() / count).map(<[f32]>::to_vec).collect()
}

fn committed(name: &str, calibration: &str, held_out: &str) -> (Committed, Srs) {
    let bytes = std::fs::read(path(&format!("models/{name}.onnx"))).unwrap();
    let options = CommitOptions {
        calibration: Some(rows(calibration).into()),
        held_out: Some(rows(held_out).into()),
        ..CommitOptions::default()
    };
    let compiled = compile(&bytes, &options).unwrap();
    let srs = Srs::dev_from_seed(compiled.layout.shape.k, [9; 32]);
    (commit(&compiled, &options, &srs).unwrap(), srs)
}

#[test]
fn every_held_out_row_can_be_proven_and_is_accurate() {
    for (name, calibration, held_out) in MODELS {
        let (committed, _) = committed(name, calibration, held_out);
        let fidelity = description(&committed.card).unwrap().fidelity;
        assert_eq!(fidelity.unprovable, 0, "{name}");
        assert!(fidelity.rows >= 100 && fidelity.source == Source::HeldOut, "{name}");
        assert!(fidelity.relative_error < 0.005, "{name}: {fidelity:?}");
        assert!(fidelity.label_flips * 1000 <= fidelity.rows, "{name}: {fidelity:?}");
    }
}

#[test]
fn the_librarys_parts_accept_our_proofs() {
    let (name, calibration, held_out) = MODELS[0];
    let (convolutional, srs) = committed(name, calibration, held_out);
    reference_agrees(&convolutional, &srs, &rows(held_out)[0]);
    let bytes = std::fs::read(path("operators/cases/attention_two_heads.onnx")).unwrap();
    let options = CommitOptions::default();
    let compiled = compile(&bytes, &options).unwrap();
    let srs = Srs::dev_from_seed(compiled.layout.shape.k, [9; 32]);
    reference_agrees(&commit(&compiled, &options, &srs).unwrap(), &srs, &[0.25; 24]);
}

fn reference_agrees(committed: &Committed, srs: &Srs, row: &[f32]) {
    let inputs = [Input::Public(quantize_input(&committed.model, 0, row).unwrap())];
    let bytes = prove(
        committed,
        srs,
        &inputs,
        policy::Label.into(),
        Context::default(),
        &|_| {},
    )
    .unwrap();
    let receipt = Receipt::from_bytes(&bytes).unwrap();
    let body = receipt.claim.body.inference().unwrap();
    let columns: Vec<Vec<Fr>> = body.items[0]
        .columns(
            committed.card.key.purpose.layout().unwrap(),
            committed.card.key.k,
            &body.policy,
        )
        .unwrap()
        .into_iter()
        .map(|column| column.into_iter().map(Fr::from).collect())
        .collect();
    // The key is the library's.
    let circuit = ModelCircuit {
        model: committed.model.clone(),
        layout: committed.layout.clone(),
        witness: None,
    };
    let (_, key) = library::keys(&circuit, srs);
    library::same(&committed.proving_key, &key, srs);
    let (params, vk) = (&srs.params, key.get_vk());
    let prefix: Fr = receipt.claim.claim_scalar().into();
    let sets = Vec::from(row_sets(committed.layout.shape.usable()));
    let accepted = |columns: &[Vec<Fr>], proof: &[u8]| {
        crate::reference::accepts(params, vk, prefix, columns, &|_| sets.clone(), proof)
    };
    assert!(accepted(&columns, &receipt.proof));
    let mut wrong = columns.clone();
    wrong[2][0] += Fr::one();
    assert!(!accepted(&wrong, &receipt.proof));
    for index in (0..receipt.proof.len()).step_by(97) {
        let mut damaged = receipt.proof.clone();
        damaged[index] ^= 1;
        assert!(!accepted(&columns, &damaged), "byte {index}");
    }
}

#[test]
fn a_stored_model_proves_after_loading() {
    let (name, calibration, held_out) = MODELS[2];
    let (committed, srs) = committed(name, calibration, held_out);
    let folder = tempfile::tempdir().unwrap();
    save(&committed, &srs, folder.path()).unwrap();
    let loaded = load(folder.path()).unwrap();
    assert_eq!(loaded.card.to_bytes(), committed.card.to_bytes());
    let key = srs_verifying_key(&srs).unwrap();
    let accept = Expectation {
        accept_dev: true,
        ..Expectation::default()
    };
    for row in rows(held_out).iter().take(3) {
        let inputs = [Input::Public(quantize_input(&loaded.model, 0, row).unwrap())];
        let receipt = prove(
            &loaded,
            &srs,
            &inputs,
            policy::Scores.into(),
            Context::default(),
            &|_| {},
        )
        .unwrap();
        assert!(verify(&receipt, &committed.card, &key, &accept).is_ok());
    }
    let private = folder.path().join(provenn_prover::store::PRIVATE);
    let mut bytes = std::fs::read(&private).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&private, bytes).unwrap();
    assert_eq!(load(folder.path()).map(|_| ()).unwrap_err().code(), "file-damaged");
}

/// What was committed when private files had a digest of a key file, and that file was beside them, proves as before.
#[test]
fn files_with_a_key_are_read() {
    let (name, calibration, held_out) = MODELS[3];
    let (committed, srs) = committed(name, calibration, held_out);
    let folder = tempfile::tempdir().unwrap();
    save(&committed, &srs, folder.path()).unwrap();
    let private = folder.path().join(provenn_prover::store::PRIVATE);
    let bytes = [std::fs::read(&private).unwrap(), vec![7; 32]].concat();
    std::fs::write(&private, bytes).unwrap();
    std::fs::write(folder.path().join("model.pk"), [2; 100]).unwrap();
    let loaded = load(folder.path()).unwrap();
    let domain = provenn_engine::Domain::new(provenn_engine::Path::of_machine(), srs.k());
    let columns = |key: &Key| (key.name(), key.fixed().to_vec(), key.permutation(&domain.powers()));
    assert_eq!(columns(&loaded.proving_key), columns(&committed.proving_key));
}
