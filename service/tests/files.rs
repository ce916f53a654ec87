//! `provenn show` on every file, and what a publisher says of a model.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

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
