//! Cards and receipts of models in segments, wherever those of other models are taken.

use crate::bundles::logged;
use crate::folder::{Folder, ABOUT, COMMIT, PROVE};
use provenn_verifier::tlog::EntryKind;
use provenn_verifier::{AnyReceipt, Bundle};
use serde_json::{json, Value};

/// In two segments, with the receipt of `PROVE`.
fn folder(input: &str) -> Folder {
    let folder = Folder::empty();
    folder.write("about.json", ABOUT.as_bytes());
    folder.json(&format!(
        "{COMMIT} --about about.json --segments 2 --input {input} --out model"
    ));
    folder.json(&of_segments(PROVE));
    folder
}

fn of_segments(line: &str) -> String {
    line.replace("model/model.card", "model/chain.card")
}

fn key(folder: &Folder, line: &str) -> String {
    folder.json(line)["key"].as_str().unwrap().to_owned()
}

#[test]
fn a_bundle_takes_them() {
    let folder = folder("public");
    let id = folder.json("show model/chain.card")["model_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let publisher = key(&folder, "publisher key --name clinic.example --out publisher.key");
    folder.json("publisher sign --card model/chain.card --key publisher.key --out model.sig");
    folder.json("publisher state --card model/chain.card --key publisher.key --state active --out state");
    let (log, proof) = logged(&folder, EntryKind::Card, &folder.read("model/chain.card"));
    folder.write("card.proof", proof.as_bytes());
    let (_, proof) = logged(&folder, EntryKind::Receipt, &folder.read("receipt.bin"));
    folder.write("receipt.proof", proof.as_bytes());
    let made = "bundle --receipt receipt.bin --card model/chain.card --signature model.sig --state state";
    folder.json(&format!(
        "{made} --log-proof receipt.proof --log-proof card.proof --out b"
    ));
    let shown = folder.json("show b");
    assert_eq!(
        (
            &shown["model_id"],
            &shown["receipts"][0]["log_proof"],
            &shown["about"]["name"]
        ),
        (&json!(id), &json!(true), &json!("Tumours"))
    );
    for (kind, file) in [("receipt", "receipt.bin"), ("card", "model/chain.card")] {
        let found = folder.json(&format!("log verify {file} --proof {kind}.proof --key {log}"));
        assert_eq!(found["logged"], json!(true), "{kind}");
    }
    let asked = "--accept-dev --policy label --audience alice";
    let vouched = format!("--publisher {publisher} --log {log} --model-id {id}");
    let verdict = folder.json(&format!("verify b {asked} {vouched}"));
    assert_eq!(
        (&verdict["valid"], &verdict["publisher"], &verdict["state"]["state"]),
        (&json!(true), &json!("clinic.example"), &json!("active"))
    );
    assert_eq!(
        (&verdict["log"]["index"], &verdict["receipts"][0]["log_index"]),
        (&json!(0), &json!(0))
    );
    // The same of files of their own, and what their publisher says of another model is refused.
    let files = format!("verify --card model/chain.card --receipt receipt.bin {asked}");
    let own = "--signature model.sig --state state --log-proof card.proof";
    assert_eq!(folder.json(&format!("{files} {own} {vouched}"))["valid"], json!(true));
    folder.json(&format!("{COMMIT} --segments 2 --out other"));
    folder.json("publisher sign --card other/chain.card --key publisher.key --out other.sig");
    folder.fails(
        &format!("{files} --publisher {publisher} --signature other.sig"),
        3,
        "signature-model",
        "of another model",
    );
    folder.fails(
        &made.replace(
            "model/chain.card --signature model.sig",
            "other/chain.card --out c --signature other.sig",
        ),
        3,
        "model-mismatch",
        "receipt.bin",
    );
    // A receipt in it that was changed is refused as what it is.
    let mut bundle = Bundle::from_bytes(&folder.read("b")).unwrap();
    let AnyReceipt::Chain(mut receipt) = AnyReceipt::from_bytes(&bundle.receipts[0].receipt).unwrap() else {
        panic!("a receipt of a model in segments")
    };
    receipt.segments[1].link.z[0][0] ^= 1;
    bundle.receipts[0].receipt = receipt.to_bytes();
    folder.write("changed", &bundle.to_bytes());
    folder.fails(
        &format!("verify changed {asked} --any-model"),
        3,
        "link-failed",
        "its receipt 1",
    );
}

#[test]
fn explain_tells_what_binds_them() {
    let folder = folder("committed");
    let said = folder.json("explain receipt.bin --card model/chain.card");
    let fields = said["fields"].as_array().unwrap();
    let field = |name: &str| fields.iter().find(|field| field["name"] == name).unwrap();
    let value = field("segments")["value"].as_str().unwrap();
    assert!(
        value.starts_with("2, with ") && value.ends_with(" commitments between them"),
        "{value}"
    );
    let shown = folder.json("show receipt.bin");
    assert_eq!(
        (&said["model_id"], &said["output"]),
        (&shown["model_id"], &shown["output"])
    );
    // Of other models there is no such field.
    let whole = Folder::new("public");
    let said = whole.json("explain receipt.bin");
    assert!(
        said["fields"]
            .as_array()
            .unwrap()
            .iter()
            .all(|field| field["name"] != "segments"),
        "{said}"
    );
}

/// A receipt's input that is committed is opened by its opening.
#[test]
fn openings_open_them() {
    let folder = folder("committed");
    let sample = "FIXTURES/inputs/breast_cancer_mlp.json";
    let verify = "verify --card model/chain.card --receipt receipt.bin --accept-dev --any-model --opening";
    let opened = folder.json(&format!("{verify} receipt.opening.json --input {sample}"));
    assert_eq!(opened["opened"], json!(["input"]));
    folder.json(&of_segments(PROVE).replace("receipt.bin", "second.bin"));
    folder.fails(&format!("{verify} second.opening.json"), 3, "input-mismatch", "");
    // An input that is committed already: the same points, and no opening of its own.
    let again = "prove --card model/chain.card --commitment receipt.opening.json --policy scores --out again.bin";
    assert_eq!(folder.json(again)["opening"], json!(null));
    assert!(!folder.path().join("again.opening.json").exists());
    let points = |name: &str| folder.json(&format!("show {name}"))["inputs"][0]["points"].clone();
    assert_eq!(points("again.bin"), points("receipt.bin"));
    assert_ne!(points("second.bin"), points("receipt.bin"));
    // Of another model, it is not.
    folder.json(&format!("{COMMIT} --segments 2 --input committed --out other"));
    let mut opening: Value = serde_json::from_slice(&folder.read("receipt.opening.json")).unwrap();
    let value = opening["values"][0].as_i64().unwrap();
    opening["values"][0] = (value + 1).into();
    folder.write("other.opening.json", opening.to_string().as_bytes());
    let line = again
        .replace("receipt.opening", "other.opening")
        .replace("again.bin", "no.bin");
    folder.fails(&line, 2, "opening", "");
}

/// What two parties signed is what is proven and verified of a model in segments, and nothing else is; by one process, or by several.
#[test]
fn agreements_hold_them() {
    let folder = folder("committed");
    let (patient, clinic) = (
        key(&folder, "party key --name patient.example --out patient.key"),
        key(&folder, "party key --name clinic.example --out clinic.key"),
    );
    let terms = format!("--policy label --supplies patient=input --accept-dev --not-after 4000000000 --party patient={patient} --party clinic={clinic}");
    folder.json(&format!("agreement draft --card model/chain.card {terms} --out draft"));
    let sign = |from: &str, who: &str, to: &str| {
        folder.json(&format!(
            "agreement sign --agreement {from} --card model/chain.card --key {who}.key --out {to}"
        ));
    };
    sign("draft", "clinic", "half");
    sign("half", "patient", "deal");
    folder.text("agreement check deal --card model/chain.card");
    let sample = "FIXTURES/inputs/breast_cancer_mlp.json";
    folder.json(&format!(
        "party commit --card model/chain.card --input {sample} --out own.opening.json"
    ));
    let signed = "party sign --agreement deal --card model/chain.card --key patient.key --opening own.opening.json";
    folder.json(&format!("{signed} --out own.signed"));

    let under = "--card model/chain.card --commitment own.opening.json --party-input own.signed --agreement";
    let proven = folder.json(&format!("prove {under} deal --policy label --out first.bin"));
    let digest = folder.json("show deal")["digest"].clone();
    assert_eq!((&proven["agreement"], &proven["opening"]), (&digest, &json!(null)));
    let run = folder.json(&format!("segment run {under} deal --policy label --out run"));
    assert_eq!((&run["agreement"], &run["opening"]), (&digest, &json!(null)));
    for segment in [1, 2] {
        let prove = "segment prove --card model/chain.card --run run";
        folder.json(&format!("{prove} --segment {segment} --out piece-{segment}"));
    }
    folder.json("segment join --card model/chain.card piece-1 piece-2 --out joined.bin");
    let verify = "verify --card model/chain.card --accept-dev --agreement deal --party-input own.signed --receipt";
    for receipt in ["first.bin", "joined.bin"] {
        let verdict = folder.json(&format!("{verify} {receipt} --party {patient} --party {clinic}"));
        assert_eq!(
            (
                &verdict["valid"],
                &verdict["agreement"]["digest"],
                &verdict["agreement"]["suppliers"]
            ),
            (&json!(true), &digest, &json!(["patient"]))
        );
    }
    let bundle = "bundle --card model/chain.card --agreement deal --party-input own.signed --receipt";
    folder.json(&format!("{bundle} first.bin --out b"));
    assert_eq!(
        folder.json("verify b --accept-dev --any-model")["agreement"]["digest"],
        digest
    );

    // Nothing else is proven, run, valid or bundled.
    for command in ["prove", "segment run"] {
        let no = |more: &str, code: &str, words: &str| {
            folder.fails(&format!("{command} {under} {more} --out no"), 3, code, words);
            assert!(!folder.path().join("no").exists(), "{command} {more}");
        };
        no("deal --policy scores", "agreement-differs", "policy: expected label");
        no(
            "deal --policy label --not-after 4000000001",
            "agreement-differs",
            "expiry: expected",
        );
        no("half --policy label", "agreement-unsigned", "\"patient\"");
    }
    let line = format!("prove {under} deal --policy label --out no");
    let other = line.replace("--commitment own.opening.json", &format!("--input {sample}"));
    folder.fails(&other, 3, "agreement-differs", "commitment: expected");
    let unsigned = line.replace(" --party-input own.signed", "");
    folder.fails(&unsigned, 3, "input-unsigned", "\"patient\"");
    folder.fails(&format!("{verify} receipt.bin"), 3, "agreement-differs", "agreement");
    folder.fails(&format!("{bundle} receipt.bin --out no"), 3, "agreement-differs", "");
    // Of another model in segments.
    folder.json(&format!("{COMMIT} --segments 2 --input committed --out other"));
    folder.fails(
        "agreement check deal --card other/chain.card",
        3,
        "agreement-card",
        "another model",
    );
}
