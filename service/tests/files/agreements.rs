//! Agreements on the command line: what two parties signed is what is proven and verified, and nothing else is.

use crate::folder::{Folder, PROVE};
use serde_json::{json, Value};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const DRAFT: &str =
    "agreement draft --card model/model.card --policy label --policy margin:0.5 --supplies patient=input --accept-dev";
const SAMPLE: &str = "input=FIXTURES/inputs/breast_cancer_mlp.json";
pub const UNDER: &str =
    "prove --card model/model.card --commitment own.opening.json --agreement deal --party-input own.signed";
const VERIFY: &str = "verify --card model/model.card --accept-dev --agreement deal --party-input own.signed --receipt";

/// A committed model with one committed input, which a patient supplies and a clinic asks about.
pub struct Parties {
    pub folder: Folder,
    pub patient: String,
    pub clinic: String,
}

impl Parties {
    pub fn new() -> Self {
        let folder = Folder::new("committed");
        let key = |name: &str| {
            let made = folder.json(&format!("party key --name {name}.example --out {name}.key"));
            made["key"].as_str().unwrap().to_owned()
        };
        let (patient, clinic) = (key("patient"), key("clinic"));
        let parties = Self {
            folder,
            patient,
            clinic,
        };
        parties.agree("deal", "--not-after 4000000000");
        parties.folder.json(&format!(
            "party commit --card model/model.card --input {SAMPLE} --out own.opening.json"
        ));
        parties.sign("deal", "own.signed");
        parties
    }

    fn draft(&self, more: &str, out: &str) -> Value {
        let Self {
            folder,
            patient,
            clinic,
        } = self;
        folder.json(&format!(
            "{DRAFT} --party patient={patient} --party clinic={clinic} {more} --out {out}"
        ))
    }

    /// Drafts with these terms, and has both sign.
    pub fn agree(&self, out: &str, more: &str) {
        self.draft(more, &format!("{out}.draft"));
        let sign = |from: &str, who: &str, to: &str| {
            self.folder.json(&format!(
                "agreement sign --agreement {from} --card model/model.card --key {who}.key --out {to}"
            ));
        };
        sign(&format!("{out}.draft"), "clinic", &format!("{out}.half"));
        sign(&format!("{out}.half"), "patient", out);
    }

    fn sign(&self, deal: &str, out: &str) {
        self.folder.json(&format!(
            "party sign --agreement {deal} --card model/model.card --opening own.opening.json --key patient.key --out {out}"
        ));
    }
}

#[test]
fn two_parties_agree_and_a_receipt_keeps_to_it() {
    let parties = Parties::new();
    let Parties {
        folder,
        patient,
        clinic,
    } = &parties;
    let shown = folder.json("show deal --card model/model.card");
    assert_eq!(
        (
            &shown["parties"][0]["role"],
            &shown["parties"][1]["key"],
            &shown["not_after"]
        ),
        (&json!("clinic"), &json!(patient), &json!(4_000_000_000u64))
    );
    assert_eq!(
        shown["inputs"],
        json!([{"name": "input", "shape": [30], "binding": "committed", "supplier": "patient"}])
    );
    assert_eq!(shown["policies"].as_array().unwrap().len(), 2);
    assert!(folder
        .text("agreement show deal --card model/model.card")
        .contains("at least 0.5 above"));
    let checked = folder.text(&format!(
        "agreement check deal --card model/model.card --party {clinic}"
    ));
    assert!(checked.contains("SIGNED by all parties"), "{checked}");
    let opening: Value = serde_json::from_slice(&folder.read("own.opening.json")).unwrap();
    let signed = folder.json("show own.signed");
    assert_eq!(
        (&signed["points"], &signed["context"]),
        (&opening["points"], &shown["audience"])
    );

    // Two receipts about one commitment: nothing new is opened.
    for (policy, name) in [("label", "first.bin"), ("margin:0.5", "second.bin")] {
        let proven = folder.json(&format!("{UNDER} --policy {policy} --out {name}"));
        assert_eq!(
            (&proven["agreement"], &proven["opening"]),
            (&shown["digest"], &json!(null))
        );
        assert!(!folder.path().join(name.replace(".bin", ".opening.json")).exists());
        let verdict = folder.json(&format!("{VERIFY} {name} --party {patient} --party {clinic}"));
        assert_eq!(
            (&verdict["valid"], &verdict["agreement"]["digest"]),
            (&json!(true), &shown["digest"])
        );
        assert_eq!(verdict["agreement"]["suppliers"], json!(["patient"]));
        let checks = verdict["checks"].as_array().unwrap();
        for name in ["model", "policy", "input", "audience"] {
            let check = checks.iter().find(|check| check["name"] == name).unwrap();
            assert_eq!(check["checked"], true, "{name}");
        }
        let said = folder.text(&format!("{VERIFY} {name} --party {patient}"));
        assert!(
            said.contains("\"clinic\" agreed") && said.contains("[as stated; you did not name this key]"),
            "{said}"
        );
    }
    let receipt = folder.json("show first.bin");
    assert_eq!(
        (&receipt["not_after"], &receipt["audience"]),
        (&shown["not_after"], &shown["audience"])
    );
    folder.json("bundle --receipt first.bin --receipt second.bin --card model/model.card --out b");
    let bundled = folder.json(&format!(
        "verify b --accept-dev --agreement deal --party-input own.signed --party {patient}"
    ));
    assert_eq!(bundled["receipts"].as_array().unwrap().len(), 2);
}

#[test]
fn a_receipt_under_an_agreement_that_nobody_gave_says_so() {
    let parties = Parties::new();
    let folder = &parties.folder;
    folder.json(&format!("{UNDER} --policy label --out receipt2.bin"));
    let line = "verify --card model/model.card --accept-dev --any-model --receipt";
    let said = folder.text(&format!("{line} receipt2.bin"));
    assert!(said.contains("which you did not give (--agreement FILE)"), "{said}");
    let verdict = folder.json(&format!("{line} receipt2.bin"));
    let digest = folder.json("show deal")["digest"].clone();
    assert_eq!(
        (&verdict["agreement"], &verdict["agreement_missing"]),
        (&json!(null), &digest)
    );
    assert!(verdict["not_proven"]
        .to_string()
        .contains("That anybody agreed to this"));
    let other = folder.json(&format!("{line} receipt.bin"));
    assert_eq!(other["agreement_missing"], json!(null));
}

#[test]
fn what_was_not_agreed_is_neither_proven_nor_valid() {
    let parties = Parties::new();
    let Parties { folder, patient, .. } = &parties;
    let no = |line: &str, code: &str, words: &str| folder.fails(line, 3, code, words);
    let prove = |more: &str| format!("{UNDER} --out x {more}");
    no(&prove("--policy scores"), "agreement-differs", "policy: expected label");
    no(
        &prove("--policy margin:0.25"),
        "agreement-differs",
        "at least 0.5 above",
    );
    no(
        &prove("--policy label --not-after 4000000001"),
        "agreement-differs",
        "expiry: expected",
    );
    let with = |deal: &str, signed: &str| {
        let line = UNDER.replace("--agreement deal", &format!("--agreement {deal}"));
        format!("{} --policy label --out x", line.replace("own.signed", signed))
    };
    no(
        &with("deal.draft", "own.signed"),
        "agreement-unsigned",
        "not signed by \"clinic\", \"patient\"",
    );
    no(
        &with("deal.half", "own.signed"),
        "agreement-unsigned",
        "not signed by \"patient\"",
    );
    no(&with("own.signed", "own.signed"), "bad-magic", "expected an agreement");
    no(
        &with("deal", "deal"),
        "bad-magic",
        "expected a party's signature of an input",
    );
    // A fresh commitment to the same input is not the one that was signed.
    let fresh = UNDER.replace("--commitment own.opening.json", &format!("--input {SAMPLE}"));
    no(
        &format!("{fresh} --policy label --out x"),
        "agreement-differs",
        "commitment: expected ",
    );
    no(
        &with("deal", "own.signed").replace(" --party-input own.signed", ""),
        "input-unsigned",
        "\"patient\"",
    );
    // Another agreement of the same parties.
    parties.agree("later", "--not-after 4000000001");
    no(
        &with("later", "own.signed"),
        "agreement-differs",
        "context: expected \"agreement:",
    );
    parties.agree("over", "--not-after 1");
    parties.sign("over", "over.signed");
    no(&with("over", "over.signed"), "agreement-expired", "ended at 1");
    no(
        "agreement check over --card model/model.card",
        "agreement-expired",
        "ended at 1",
    );
    assert!(!folder.path().join("x").exists());

    folder.json(&format!("{UNDER} --policy label --out good.bin"));
    let verify = |more: &str| format!("{VERIFY} good.bin {more}");
    no(
        &format!("{VERIFY} receipt.bin --any-model"),
        "agreement-differs",
        "found \"alice\"",
    );
    no(
        &verify("--any-model").replace(" --party-input own.signed", ""),
        "input-unsigned",
        "input \"input\"",
    );
    no(
        &verify("--any-model").replace("--agreement deal", "--agreement later"),
        "agreement-differs",
        "agreement: expected",
    );
    no(&verify(""), "model-not-named", "--party");
    let stranger = folder.json("party key --name stranger.example --out stranger.key")["key"]
        .as_str()
        .unwrap()
        .to_owned();
    no(
        &verify(&format!("--party {stranger}")),
        "agreement-stranger",
        "stranger.example",
    );
    no(
        "agreement sign --agreement deal --card model/model.card --key stranger.key --out y",
        "agreement-stranger",
        "no party",
    );
    // A byte of the agreement, and of the signature.
    for (name, at) in [("deal", 40), ("own.signed", 100)] {
        let mut bytes = folder.read(name);
        bytes[at] ^= 1;
        folder.write("changed", &bytes);
        let line = verify(&format!("--party {patient}"));
        let output = folder.run(&line.replace(&format!(" {name} "), " changed "));
        assert_eq!(output.status.code(), Some(3), "{name}");
    }
    // A card of another model.
    folder.json("commit FIXTURES/models/linear_30.onnx --calibration FIXTURES/data/breast_cancer_calibration.npy --input committed --out linear");
    no(
        "agreement check deal --card linear/model.card",
        "agreement-card",
        "model: the agreement has",
    );
}

#[test]
fn drafts_and_openings_are_checked_and_keys_are_kept() {
    let parties = Parties::new();
    let Parties {
        folder,
        patient,
        clinic,
    } = &parties;
    let draft = |more: &str| format!("{DRAFT} --out z {more}");
    let both = format!("--party patient={patient} --party clinic={clinic}");
    for (more, exit, code, words) in [
        (format!("--not-after 0 {both}"), 3, "agreement-terms", "no end"),
        (
            format!("--not-after 9 {both} --party third={clinic}"),
            3,
            "agreement-terms",
            "another party",
        ),
        (
            format!("--not-after 9 {both} --party clinic={patient}"),
            3,
            "agreement-terms",
            "there twice",
        ),
        (
            format!("--not-after 9 --party clinic={clinic}"),
            3,
            "agreement-terms",
            "is no party",
        ),
        (
            format!("--not-after 9 {both} --supplies clinic=input"),
            2,
            "supplier",
            "by \"patient\" and by \"clinic\"",
        ),
        (
            format!("--not-after 9 {both} --supplies clinic=none"),
            2,
            "unknown-input",
            "no input `none`",
        ),
        ("--not-after 9 --party clinic=x".into(), 2, "party-key", "three parts"),
        (
            format!("--not-after 9 {both} --policy label"),
            3,
            "agreement-terms",
            "there twice",
        ),
    ] {
        folder.fails(&draft(&more), exit, code, words);
    }
    assert!(!folder.path().join("z").exists());
    let mode = fs::metadata(folder.path().join("patient.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let mode = fs::metadata(folder.path().join("own.opening.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    folder.fails(
        "party key --name a.example --out patient.key",
        2,
        "output-exists",
        "patient.key",
    );
    // A publisher's key is none of a party.
    folder.json("publisher key --name a.example --out publisher.key");
    let sign = "party sign --agreement deal --card model/model.card --opening own.opening.json --out w --key";
    folder.fails(
        &format!("{sign} publisher.key"),
        2,
        "log-key",
        "no private key of a party",
    );
    folder.fails(
        &format!("{sign} clinic.key"),
        2,
        "party-input",
        "no input that \"clinic\" supplies",
    );
    // An opening of other values than it says is not signed, and not proven with.
    let mut opening: Value = serde_json::from_slice(&folder.read("own.opening.json")).unwrap();
    opening["values"][0] = json!(opening["values"][0].as_i64().unwrap() + 1);
    folder.write("own.opening.json", opening.to_string().as_bytes());
    folder.fails(&format!("{sign} patient.key"), 2, "opening", "does not open");
    folder.fails(
        &format!("{UNDER} --policy label --out x"),
        2,
        "opening",
        "does not open",
    );
    // Each input once.
    let twice = PROVE.replace("--out", "--commitment receipt.opening.json --out");
    folder.fails(&twice.replace("receipt.bin", "x"), 2, "input-names", "input");
    // To standard output, with the report beside it.
    let output = folder.run("agreement sign --agreement deal.draft --card model/model.card --key clinic.key --out -");
    assert_eq!(output.stdout, folder.read("deal.half"));
    assert!(String::from_utf8(output.stderr).unwrap().contains("signed as"));
}
