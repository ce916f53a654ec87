//! Bundles, and who vouches for a model.

use crate::folder::{Folder, COMMIT, PROVE};
use provenn_service::server::tlog::key::Signer;
use provenn_verifier::tlog::{Checkpoint, Entry, EntryKind, InclusionProof};
use serde_json::json;
use std::fs;

/// A log with one entry: its key, and the text of the proof that a file is in it.
pub fn logged(folder: &Folder, kind: EntryKind, bytes: &[u8]) -> (String, String) {
    let path = folder.path().join("log.key");
    let signer = match path.exists() {
        true => Signer::load(&path),
        false => Signer::make("log.example", &path),
    };
    let signer = signer.unwrap();
    let checkpoint = Checkpoint {
        origin: "log.example".into(),
        size: 1,
        root: Entry::of(kind, bytes).leaf(),
    };
    let proof = InclusionProof {
        extra: vec![],
        index: 0,
        path: vec![],
        checkpoint: signer.sign(&checkpoint),
    };
    (signer.key.to_string(), proof.to_text())
}

#[test]
fn a_bundle_is_all_that_a_verdict_needs() {
    let folder = Folder::new("public");
    let id = folder.json("show model/model.card")["model_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let publisher = folder.json("publisher key --name clinic.example --out publisher.key")["key"]
        .as_str()
        .unwrap()
        .to_owned();
    folder.json("publisher sign --card model/model.card --key publisher.key --out model.sig");
    let (log, proof) = logged(&folder, EntryKind::Card, &folder.read("model/model.card"));
    folder.write("card.proof", proof.as_bytes());
    let (_, proof) = logged(&folder, EntryKind::Receipt, &folder.read("receipt.bin"));
    folder.write("receipt.proof", proof.as_bytes());
    folder.json(&PROVE.replace("--out receipt.bin", "--out second.bin"));
    let made = folder.json("bundle --receipt second.bin --receipt receipt.bin --card model/model.card --signature model.sig --log-proof receipt.proof --log-proof card.proof --out b");
    assert_eq!(
        (&made["receipts"], &made["model_id"], &made["signed"], &made["logged"]),
        (&json!(2), &json!(id), &json!(true), &json!(true))
    );
    let shown = folder.json("show b");
    assert_eq!(
        (&shown["receipts"][1]["log_proof"], &shown["about"]["name"]),
        (&json!(true), &json!("Tumours"))
    );
    // Nothing else is there.
    fs::create_dir(folder.path().join("away")).unwrap();
    folder.write("away/b", &folder.read("b"));
    let asked = "verify away/b --accept-dev --policy label --audience alice";
    let verdict = folder.json(&format!("{asked} --publisher {publisher} --log {log} --model-id {id}"));
    assert_eq!(
        (&verdict["valid"], &verdict["dev"], &verdict["publisher"]),
        (&json!(true), &json!(true), &json!("clinic.example"))
    );
    assert_eq!(
        (&verdict["log"]["origin"], &verdict["model_id"]),
        (&json!("log.example"), &json!(id))
    );
    let receipts = verdict["receipts"].as_array().unwrap();
    assert_eq!(receipts.len(), 2);
    assert_eq!(
        (&receipts[0]["log_index"], &receipts[1]["log_index"]),
        (&json!(null), &json!(0))
    );
    assert_eq!(receipts[0]["class"], shown["receipts"][0]["class"]);
    assert!(verdict["not_proven"].to_string().contains("you named no nonce"));
    // A model has to be named.
    folder.fails(asked, 3, "model-not-named", &id);
    folder.fails(
        "verify --card model/model.card --receipt receipt.bin --accept-dev",
        3,
        "model-not-named",
        &id,
    );
    let any = folder.text(&format!("{asked} --any-model"));
    for words in [
        "VALID under",
        "receipt 2 of 2",
        &format!("pin it with --model-id {id}"),
        "you named no publisher",
        "you named no log",
    ] {
        assert!(any.contains(words), "{words}: {any}");
    }
    for named in [
        format!("--publisher {publisher}"),
        format!("--log {log}"),
        format!("--model-id {id}"),
    ] {
        assert!(
            folder.text(&format!("{asked} {named}")).starts_with("VALID under"),
            "{named}"
        );
    }
    // Everything that was asked is asked of each receipt.
    folder.fails(
        "verify away/b --accept-dev --any-model --audience eve",
        3,
        "context-mismatch",
        "its receipt 1",
    );
    folder.fails("verify away/b --any-model", 3, "dev-srs", "--accept-dev");
    // Cut, changed or not a bundle.
    let bytes = folder.read("b");
    folder.write("cut", &bytes[..bytes.len() / 2]);
    folder.fails("verify cut --any-model", 3, "bundle-damaged", "cut");
    let mut changed = bytes.clone();
    changed[bytes.len() / 2] ^= 1;
    folder.write("changed", &changed);
    folder.fails("verify changed --any-model", 3, "bundle-damaged", "changed");
    folder.fails("show changed", 3, "bundle-damaged", "changed");
    folder.fails(
        "verify receipt.bin --any-model",
        3,
        "bad-magic",
        "receipt.bin is a receipt; expected a bundle",
    );
}

/// What the publisher says of a model, as of a time, goes with the receipt.
#[test]
fn a_bundle_says_whether_the_model_was_revoked() {
    let folder = Folder::new("public");
    let key = |name: &str| {
        let made = folder.json(&format!("publisher key --name {name} --out {name}.key"));
        made["key"].as_str().unwrap().to_owned()
    };
    let (ours, theirs) = (key("ours"), key("theirs"));
    for name in ["ours", "theirs"] {
        folder.json(&format!(
            "publisher sign --card model/model.card --key {name}.key --out {name}.sig"
        ));
    }
    let state = |state: &str, more: &str| {
        folder.json(&format!(
            "publisher state --card model/model.card --key ours.key --state {state} --out {state} {more}"
        ))
    };
    state("active", "");
    let revoked = state("revoked", "--reason scars");
    let shown = folder.json("show revoked");
    assert_eq!(
        (&shown["state"], &shown["reason"], &shown["time"], &shown["verified"]),
        (
            &json!("revoked"),
            &json!("scars"),
            &revoked["state"]["time"],
            &json!(false)
        )
    );
    let bundle = "bundle --receipt receipt.bin --card model/model.card --signature ours.sig";
    for name in ["active", "revoked"] {
        let made = folder.json(&format!("{bundle} --state {name} --out {name}.bundle"));
        assert_eq!(made["state"], json!(true));
        let verdict = folder.json(&format!("verify {name}.bundle --accept-dev --publisher {ours}"));
        assert_eq!(
            (&verdict["valid"], &verdict["state"]["state"]),
            (&json!(true), &json!(name))
        );
        assert!(verdict["not_proven"]
            .to_string()
            .contains("What became of the model after 20"));
    }
    let said = folder.text(&format!("verify revoked.bundle --accept-dev --publisher {ours}"));
    assert!(
        said.contains("revoked as of 20") && said.contains(": \"scars\""),
        "{said}"
    );
    assert_eq!(folder.json("show revoked.bundle")["state"], json!(true));
    // Nobody is named: nothing of it is said.
    let any = folder.json("verify revoked.bundle --accept-dev --any-model");
    assert_eq!(any["state"], json!(null));
    assert!(any["not_proven"].to_string().contains("and you named no publisher"));
    // By somebody else, of another model, changed, or with nobody's key.
    folder.json(&format!(
        "{} --state revoked --out others.bundle",
        bundle.replace("ours", "theirs")
    ));
    let verify = "verify --card model/model.card --receipt receipt.bin --accept-dev";
    folder.fails(
        &format!("verify others.bundle --accept-dev --publisher {theirs}"),
        3,
        "publisher-mismatch",
        "its publisher's word on the model's state",
    );
    let files = format!("{verify} --publisher {ours} --signature ours.sig --state");
    assert_eq!(
        folder.json(&format!("{files} revoked"))["state"]["reason"],
        json!("scars")
    );
    folder.json(&format!("{COMMIT} --out other"));
    folder.json("publisher state --card other/model.card --key ours.key --state active --out others");
    folder.fails(&format!("{files} others"), 3, "signature-model", "others");
    folder.fails(
        &format!("{bundle} --state others --out c"),
        3,
        "signature-model",
        "others",
    );
    let mut bytes = folder.read("revoked");
    bytes[38] = 1;
    folder.write("forged", &bytes);
    folder.fails(&format!("{files} forged"), 3, "signature-invalid", "forged");
    folder.fails(
        &format!("{files} ours.sig"),
        3,
        "bad-magic",
        "expected a publisher's word",
    );
    for line in [
        "publisher state --card model/model.card --key ours.key --state gone --out c",
        &format!("{verify} --state revoked"),
    ] {
        assert_eq!(folder.run(line).status.code(), Some(2), "{line}");
    }
    assert!(!folder.path().join("c").exists());
}

#[test]
fn bundles_hold_what_belongs_together() {
    let folder = Folder::new("public");
    folder.json(&format!("{COMMIT} --out other"));
    folder.json(&PROVE.replace("model/", "other/").replace("receipt.bin", "others.bin"));
    let bundle = "bundle --card model/model.card --out b";
    folder.fails(
        &format!("{bundle} --receipt others.bin"),
        3,
        "model-mismatch",
        "others.bin",
    );
    folder.fails(
        &format!("{bundle} --receipt model/model.card"),
        3,
        "bad-magic",
        "expected a receipt",
    );
    folder.json("publisher key --name clinic.example --out publisher.key");
    folder.json("publisher sign --card other/model.card --key publisher.key --out others.sig");
    folder.fails(
        &format!("{bundle} --receipt receipt.bin --signature others.sig"),
        3,
        "signature-model",
        "others.sig",
    );
    let (_, proof) = logged(&folder, EntryKind::Receipt, &folder.read("others.bin"));
    folder.write("proof", proof.as_bytes());
    folder.fails(
        &format!("{bundle} --receipt receipt.bin --log-proof proof"),
        2,
        "log-proof-of-other",
        "proof",
    );
    let (_, proof) = logged(&folder, EntryKind::Receipt, &folder.read("receipt.bin"));
    folder.write("proof", proof.as_bytes());
    folder.fails(
        &format!("{bundle} --receipt receipt.bin --log-proof proof --log-proof proof"),
        2,
        "log-proof-twice",
        "proof",
    );
    assert!(!folder.path().join("b").exists());
    folder.json(&format!("{bundle} --receipt receipt.bin"));
    folder.fails(&format!("{bundle} --receipt receipt.bin"), 2, "output-exists", "b");
}

#[test]
fn a_publisher_vouches_for_one_model() {
    let folder = Folder::new("public");
    let key = |name: &str| {
        folder.json(&format!("publisher key --name {name} --out {name}.key"))["key"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (ours, theirs) = (key("ours"), key("theirs"));
    folder.fails(
        "publisher key --name ours --out ours.key",
        2,
        "output-exists",
        "ours.key",
    );
    for name in ["ours", "theirs"] {
        folder.json(&format!(
            "publisher sign --card model/model.card --key {name}.key --out {name}.sig"
        ));
    }
    let verify = "verify --card model/model.card --receipt receipt.bin --accept-dev --publisher";
    let verdict = folder.json(&format!("{verify} {ours} --signature ours.sig"));
    assert_eq!(
        (&verdict["publisher"], &verdict["output"].is_u64()),
        (&json!("ours"), &true)
    );
    let shown = folder.json("show ours.sig");
    assert_eq!(
        (&shown["model_id"], &shown["verified"]),
        (&verdict["model_id"], &json!(false))
    );
    folder.fails(
        &format!("{verify} {ours} --signature theirs.sig"),
        3,
        "publisher-mismatch",
        "theirs.sig",
    );
    folder.fails(
        &format!("{verify} {theirs} --signature ours.sig"),
        3,
        "publisher-mismatch",
        "ours.sig",
    );
    folder.fails(&format!("{verify} {ours}"), 3, "nobody-vouches", "--signature");
    let mut bytes = folder.read("ours.sig");
    folder.write("cut.sig", &bytes[..100]);
    folder.fails(
        &format!("{verify} {ours} --signature cut.sig"),
        3,
        "truncated",
        "cut.sig",
    );
    bytes[100] ^= 1;
    folder.write("forged.sig", &bytes);
    folder.fails(
        &format!("{verify} {ours} --signature forged.sig"),
        3,
        "signature-invalid",
        "forged.sig",
    );
    // Of another card, though by the same publisher.
    folder.json(&format!("{COMMIT} --out other"));
    folder.json("publisher sign --card other/model.card --key ours.key --out other.sig");
    folder.fails(
        &format!("{verify} {ours} --signature other.sig"),
        3,
        "signature-model",
        "other.sig",
    );
    let audit = "audit --card model/model.card --model FIXTURES/models/breast_cancer_mlp.onnx --publisher";
    let audited = folder.json(&format!("{audit} {ours} --signature ours.sig"));
    assert_eq!(audited["publisher"], "ours");
    folder.fails(
        &format!("{audit} {ours} --signature other.sig"),
        3,
        "signature-model",
        "other.sig",
    );
    // The key of a log is none of a publisher.
    let (log, _) = logged(&folder, EntryKind::Card, b"");
    let refused = folder.run(&format!("{verify} {log} --signature ours.sig"));
    assert!(refused.status.code() == Some(2) && String::from_utf8_lossy(&refused.stderr).contains("the key of a log"));
}
