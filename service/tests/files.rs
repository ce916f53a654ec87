//! `provenn show` on every file, what a publisher says of a model, bundles, and who vouches for a model.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use provenn_service::server::tlog::key::Signer;
use provenn_verifier::tlog::{Checkpoint, Entry, EntryKind, InclusionProof};
use serde_json::{json, Value};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
const ABOUT: &str = r#"{"name": "Tumours", "version": "1.2", "licence": "MIT", "intended_use": "tests", "contact": "mail@clinic.example",
    "data": "Wisconsin", "inputs": [{"name": "input", "unit": "standard deviations"}],
    "outputs": [{"name": "output", "unit": "log odds", "classes": ["malign", "benign"]}]}"#;

/// A folder with a committed model that says what it is, and a receipt for alice of its label.
struct Folder(TempDir);

impl Folder {
    fn new(input: &str) -> Self {
        let folder = Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap());
        folder.write("about.json", ABOUT.as_bytes());
        folder.json(&format!("{COMMIT} --about about.json --input {input} --out model"));
        folder.json(PROVE);
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path().join(name), bytes).unwrap();
    }

    fn run(&self, line: &str) -> Output {
        let words = line.split_whitespace().map(|word| word.replace("FIXTURES", FIXTURES));
        let mut command = Command::new(env!("CARGO_BIN_EXE_provenn"));
        command.args(words).current_dir(self.path()).env("PROVENN_HOME", "home");
        command.output().unwrap()
    }

    #[track_caller]
    fn text(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(
            output.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.text(&format!("--json {line}"))).unwrap()
    }

    /// The message, which has the code and these words.
    #[track_caller]
    fn fails(&self, line: &str, exit: i32, code: &str, words: &str) {
        let output = self.run(line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{line}: {said}");
        assert!(
            said.starts_with(&format!("error[{code}]: ")) && said.contains("\nhelp: "),
            "{line}: {said}"
        );
        assert!(said.contains(words), "{line}: {said}");
        assert_eq!(output.stdout, b"", "{line}");
    }
}

const COMMIT: &str =
    "commit FIXTURES/models/breast_cancer_mlp.onnx --calibration FIXTURES/data/breast_cancer_calibration.npy";
const PROVE: &str = "prove --card model/model.card --input FIXTURES/inputs/breast_cancer_mlp.json --policy label --audience alice --out receipt.bin";

#[test]
fn every_file_says_what_it_is() {
    let folder = Folder::new("public");
    let card = folder.json("show model/model.card");
    assert_eq!(
        (&card["file"], &card["format_version"], &card["card"]["about"]),
        (
            &json!("a model card"),
            &json!(2),
            &serde_json::from_str::<Value>(ABOUT).unwrap()
        )
    );
    let text = folder.text("show model/model.card");
    for words in [
        "Tumours",
        "MIT",
        "mail@clinic.example",
        "\"malign\", \"benign\"",
        "log odds",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let receipt = folder.json("show receipt.bin --card model/model.card");
    assert_eq!(
        (&receipt["model_id"], &receipt["audience"]),
        (&card["model_id"], &json!("alice"))
    );
    let label = usize::try_from(receipt["output"].as_u64().unwrap()).unwrap();
    let class = ["malign", "benign"][label];
    assert_eq!(receipt["class"], class);
    let shown = format!("label {label} (\"{class}\")");
    for line in ["show receipt.bin", "explain receipt.bin"] {
        assert!(
            folder.text(&format!("{line} --card model/model.card")).contains(&shown),
            "{line}"
        );
        assert!(!folder.text(line).contains(class), "{line}");
    }
    // The public input in its own units is the sample, as far as the scales reach.
    let sample: Value =
        serde_json::from_slice(&fs::read(format!("{FIXTURES}/inputs/breast_cancer_mlp.json")).unwrap()).unwrap();
    let step = 2f64.powi(-i32::try_from(card["card"]["inputs"][0]["frac"].as_i64().unwrap()).unwrap());
    let shown = receipt["inputs"][0]["values"].as_array().unwrap();
    for (shown, given) in shown.iter().zip(sample["values"].as_array().unwrap()) {
        let shown: f64 = shown.as_str().unwrap().parse().unwrap();
        assert!((shown - given.as_f64().unwrap()).abs() <= step, "{shown} {given}");
    }
    assert_eq!(shown.len(), 30);
    // Keys stand in a card behind six bytes and their length.
    let bytes = folder.read("model/model.card");
    let length = u32::from_le_bytes(bytes[6..10].try_into().unwrap()) as usize;
    folder.write("circuit.key", &bytes[10..10 + length]);
    assert_eq!(folder.json("show circuit.key")["key_digest"], card["key_digest"]);
    folder.write("entry", &[&b"PRVE\x02\0\x01"[..], &[7; 32]].concat());
    assert_eq!(folder.json("show entry")["sha256"], "07".repeat(32));
    let srs = folder.json("show model/srs.vk");
    assert_eq!((&srs["srs_id"], &srs["dev"]), (&card["srs_id"], &json!(true)));
    let k = card["k"].as_u64().unwrap();
    assert_eq!(
        folder.json(&format!("show home/dev-k{k}.srs"))["srs_id"],
        card["srs_id"]
    );
    let private = folder.json("show model/model.private");
    assert_eq!((&private["k"], &private["secret"]), (&json!(k), &json!(true)));
    for (name, exit, code) in [
        ("about.json", 2, "opening"),
        ("model/model.pk", 2, "wrong-file"),
        ("none", 1, "io"),
    ] {
        folder.fails(&format!("show {name}"), exit, code, name);
    }
    folder.write("cut", &folder.read("receipt.bin")[..100]);
    folder.fails("show cut", 3, "truncated", "cut");
}

#[test]
fn secrets_are_not_shown() {
    let folder = Folder::new("committed");
    let opening: Value = serde_json::from_slice(&folder.read("receipt.opening.json")).unwrap();
    let shown = folder.json("show receipt.opening.json --card model/model.card");
    assert_eq!(
        (&shown["inputs"][0]["name"], &shown["inputs"][0]["values"]),
        (&json!("input"), &json!(30))
    );
    assert_eq!(shown["inputs"][0]["commitments"], opening["points"]);
    let told = format!("{shown}{}", folder.text("show receipt.opening.json"));
    for tail in opening["tails"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|column| column.as_array().unwrap())
    {
        assert!(!told.contains(tail.as_str().unwrap()));
    }
    let receipt = folder.json("show receipt.bin");
    assert_eq!(receipt["inputs"][0]["points"], opening["points"]);
}

#[test]
fn what_is_said_fits_the_model_and_is_bound() {
    let folder = Folder::new("public");
    for (about, words) in [
        (r#"{"license": "MIT"}"#, "unknown field `license`"),
        (
            r#"{"outputs": [{"name": "output", "classes": ["one"]}]}"#,
            "2 scores, and 1 classes",
        ),
        (
            r#"{"outputs": [{"name": "scores"}]}"#,
            "no output \"scores\"; it has \"output\"",
        ),
        (r#"{"name": "a\u202eb"}"#, "cannot be shown"),
    ] {
        folder.write("wrong.json", about.as_bytes());
        folder.fails(&format!("{COMMIT} --about wrong.json --out other"), 2, "about", words);
        assert!(!folder.path().join("other").exists());
    }
    // Another class is another card: its model id is another one.
    let card = folder.read("model/model.card");
    let at = card.windows(6).position(|bytes| bytes == b"malign").unwrap();
    let mut changed = card.clone();
    changed[at..at + 6].copy_from_slice(b"benign");
    folder.write("changed.card", &changed);
    folder.fails(
        "show receipt.bin --card changed.card",
        3,
        "model-mismatch",
        "the receipt is about",
    );
    // And so is one whose publisher says what does not fit.
    changed[at - 1] = b'\\';
    folder.write("changed.card", &changed);
    folder.fails("show changed.card", 3, "card-description", "changed.card");
}

/// A log with one entry: its key, and the text of the proof that a file is in it.
fn logged(folder: &Folder, kind: EntryKind, bytes: &[u8]) -> (String, String) {
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
