//! A folder with a committed model.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

pub const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
pub const ABOUT: &str = r#"{"name": "Tumours", "version": "1.2", "licence": "MIT", "intended_use": "tests", "contact": "mail@clinic.example",
    "data": "Wisconsin", "inputs": [{"name": "input", "unit": "standard deviations"}],
    "outputs": [{"name": "output", "unit": "log odds", "classes": ["malign", "benign"]}]}"#;

/// A folder with a committed model that says what it is, and a receipt for alice of its label.
pub struct Folder(TempDir);

impl Folder {
    pub fn empty() -> Self {
        Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap())
    }

    pub fn new(input: &str) -> Self {
        let folder = Self::empty();
        folder.write("about.json", ABOUT.as_bytes());
        folder.json(&format!("{COMMIT} --about about.json --input {input} --out model"));
        folder.json(PROVE);
        folder
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path().join(name), bytes).unwrap();
    }

    pub fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    pub fn command(&self, line: &str) -> Command {
        let words = line.split_whitespace().map(|word| word.replace("FIXTURES", FIXTURES));
        let mut command = Command::new(env!("CARGO_BIN_EXE_provenn"));
        command.args(words).current_dir(self.path()).env("PROVENN_HOME", "home");
        command
    }

    #[track_caller]
    pub fn text(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(
            output.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    pub fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.text(&format!("--json {line}"))).unwrap()
    }

    /// The message, which has the code and these words.
    #[track_caller]
    pub fn fails(&self, line: &str, exit: i32, code: &str, words: &str) {
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

pub const COMMIT: &str =
    "commit FIXTURES/models/breast_cancer_mlp.onnx --calibration FIXTURES/data/breast_cancer_calibration.npy";
pub const PROVE: &str = "prove --card model/model.card --input FIXTURES/inputs/breast_cancer_mlp.json --policy label --audience alice --out receipt.bin";
