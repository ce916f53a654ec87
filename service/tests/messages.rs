//! Wrong usages, and the words without which their messages would not help.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");

/// A folder with what the walk-through of the README leaves, and with files that are not what they should be.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("messages-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let folder = Self(path);
        for (model, data) in [("linear_30", "breast_cancer"), ("breast_cancer_mlp", "breast_cancer")] {
            let (onnx, rows) = (
                format!("{ROOT}/models/{model}.onnx"),
                format!("{ROOT}/data/{data}_calibration.npy"),
            );
            folder.ok(&["commit", &onnx, "--calibration", &rows, "--out", model]);
        }
        // The same model under parameters of another machine.
        let [onnx, rows] =
            ["models/linear_30.onnx", "data/breast_cancer_calibration.npy"].map(|name| format!("{ROOT}/{name}"));
        folder.ok(&[
            "commit",
            &onnx,
            "--calibration",
            &rows,
            "--srs",
            "elsewhere",
            "--out",
            "other",
        ]);
        let sample = format!("{ROOT}/inputs/linear_30.json");
        let prove = ["prove", "--card", "linear_30/model.card", "--input", &sample];
        let nonce = "ab".repeat(32);
        let asked = ["--policy", "threshold:0:0.5", "--audience", "alice", "--nonce", &nonce];
        folder.ok(&[&prove[..], &asked, &["--out", "receipt.bin"]].concat());
        let card = fs::read(folder.0.join("linear_30/model.card")).unwrap();
        let files: [(&str, &[u8]); 8] = [
            ("empty", b""),
            ("text", b"hello"),
            ("half.card", &card[..card.len() / 2]),
            ("words.json", br#"{"shape": ["a"], "values": [1]}"#),
            ("cut.json", br#"{"shape": [30], "val"#),
            ("more.json", br#"{"shape": [30], "values": [], "extra": 1}"#),
            ("short.json", br#"{"shape": [3], "values": [1, 2, 3]}"#),
            ("bare.json", br#"{"shape": [30]}"#),
        ];
        for (name, bytes) in files {
            fs::write(folder.0.join(name), bytes).unwrap();
        }
        folder
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_provenn"))
            .args(arguments)
            .current_dir(&self.0)
            .env("PROVENN_HOME", self.0.join("home"))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) {
        let (exit, out, err) = self.run(arguments);
        assert_eq!(exit, 0, "{out}{err}");
    }
}

/// Names of types, of this program's parts and of the operating system's numbers.
const FOREIGN: [&str; 16] = [
    "usize",
    "u32",
    "u64",
    "i64",
    "f32",
    "f64",
    "struct",
    "Struct",
    "os error",
    "Some(",
    "None",
    "Err(",
    "Vec<",
    "sequence",
    "invalid digit",
    "target type",
];

/// Whether a text has a word, and not only as a part of another one: digests have many.
fn names(text: &str, word: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let found = text.match_indices(word);
    let mut apart = found.map(|(at, _)| (&text[..at], &text[at + word.len()..]));
    apart.any(|(before, after)| !inside(before.chars().next_back()) && !inside(after.chars().next()))
}

#[test]
fn wrong_usages_say_what_is_wrong() {
    let folder = Folder::new();
    let linear = ["verify", "--accept-dev", "--card", "linear_30/model.card"];
    let verify = |more: &[&'static str]| [&linear[..], more].concat();
    let prove = |more: &[&'static str]| [&["prove", "--card", "linear_30/model.card", "--out", "x"], more].concat();
    let rows = format!("{ROOT}/data/breast_cancer_calibration.npy");
    let rows: &'static str = rows.leak();
    let onnx: &'static str = format!("{ROOT}/models/linear_30.onnx").leak();
    // Command, exit code, words.
    let cases: Vec<(Vec<&str>, i32, &[&str])> = vec![
        (
            verify(&["--receipt", "none.bin"]),
            1,
            &["error[io]: none.bin: no such file", "help: check the spelling"],
        ),
        (
            verify(&["--receipt", "linear_30"]),
            1,
            &["linear_30: this is a folder; expected a file"],
        ),
        (
            verify(&["--receipt", "text/x"]),
            1,
            &["text/x: a part of this path is a file"],
        ),
        (
            verify(&["--receipt", "linear_30/model.card"]),
            3,
            &[
                "error[bad-magic]: linear_30/model.card is a model card; expected a receipt",
                "help: give a receipt",
            ],
        ),
        (
            verify(&["--receipt", "linear_30/srs.vk"]),
            3,
            &["linear_30/srs.vk is an SRS verifying key; expected a receipt"],
        ),
        (verify(&["--receipt", "empty"]), 3, &["empty: 4 bytes missing"]),
        (
            verify(&["--receipt", "text"]),
            3,
            &["text is a file of no known kind; expected a receipt"],
        ),
        (
            verify(&["--receipt", "bare.json"]),
            3,
            &["bare.json is JSON; expected a receipt"],
        ),
        (verify(&["--receipt", rows]), 3, &["is a .npy file; expected a receipt"]),
        (
            verify(&["--receipt", "receipt.bin", "--srs", "receipt.bin"]),
            3,
            &["receipt.bin is a receipt; expected an SRS verifying key"],
        ),
        (
            vec!["verify", "--card", "receipt.bin", "--receipt", "linear_30/model.card"],
            3,
            &["linear_30/model.card is a model card; expected a receipt"],
        ),
        (
            vec!["verify", "--card", "half.card", "--receipt", "receipt.bin"],
            3,
            &["half.card: ", "bytes missing", "help: The file was cut"],
        ),
        (
            vec![
                "verify",
                "--accept-dev",
                "--card",
                "breast_cancer_mlp/model.card",
                "--receipt",
                "receipt.bin",
            ],
            3,
            &[
                "error[model-mismatch]: the receipt is about another model\n  model: expected ",
                ", found ",
                "help: Use the model card",
            ],
        ),
        (
            vec![
                "verify",
                "--accept-dev",
                "--card",
                "other/model.card",
                "--srs",
                "linear_30/srs.vk",
                "--receipt",
                "receipt.bin",
            ],
            3,
            &[
                "error[model-mismatch]",
                "model card: the SRS that it was made under is ",
            ],
        ),
        // Everything at once, in the order in which it is checked, and with the code of the first.
        (
            vec![
                "verify",
                "--card",
                "linear_30/model.card",
                "--receipt",
                "receipt.bin",
                "--audience",
                "bob",
                "--policy",
                "threshold:0:0.75",
                "--nonce",
                "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
            ],
            3,
            &[
                "error[dev-srs]",
                "parameters: expected those of a ceremony, found development parameters",
                "policy: expected threshold: is output 0 at least 0.75",
                ", found threshold: is output 0 at least 0.5",
                "audience: expected \"bob\", found \"alice\"",
                "nonce: expected cdcd",
                ", found abab",
                "help: add --accept-dev",
            ],
        ),
        (
            verify(&["--receipt", "receipt.bin", "--audience", "bob"]),
            3,
            &[
                "error[context-mismatch]: the receipt was issued for another audience",
                "expected \"bob\", found \"alice\"",
            ],
        ),
        (
            verify(&["--receipt", "receipt.bin", "--policy", "label"]),
            3,
            &[
                "error[policy-mismatch]: the receipt uses another policy",
                "expected label",
                "found threshold",
            ],
        ),
        (
            verify(&["--receipt", "receipt.bin", "--policy", "threshold:0:0.25"]),
            3,
            &["error[policy-mismatch]: the receipt uses another threshold"],
        ),
        (
            verify(&["--receipt", "receipt.bin", "--policy", "top"]),
            2,
            &["'top'", "--policy", "threshold:OUTPUT:VALUE"],
        ),
        (
            verify(&["--receipt", "receipt.bin", "--policy", "threshold:one:2"]),
            2,
            &["`one` is not an output index"],
        ),
        (
            verify(&["--receipt", "receipt.bin", "--nonce", "xyz"]),
            2,
            &["--nonce", "hexadecimal"],
        ),
        (
            verify(&["--receipt", "receipt.bin", "--nonce", "abcd"]),
            2,
            &["64 hexadecimal digits (32 bytes) are expected, got 2 bytes"],
        ),
        (
            vec!["explain", "linear_30/model.card"],
            3,
            &["linear_30/model.card is a model card; expected a receipt"],
        ),
        (
            vec!["explain", "receipt.bin", "--card", "breast_cancer_mlp/model.card"],
            3,
            &[
                "error[model-mismatch]",
                "model: the card is ",
                ", the receipt is about ",
            ],
        ),
        (
            vec!["inspect", "linear_30/model.card"],
            2,
            &["error[wrong-file]: linear_30/model.card is a model card; expected an ONNX file"],
        ),
        (
            vec!["commit", rows, "--calibration", rows, "--out", "x"],
            2,
            &["is a .npy file; expected an ONNX file"],
        ),
        (
            vec!["commit", onnx, "--calibration", "bare.json", "--out", "x"],
            2,
            &["bare.json is JSON; expected a .npy file with rows"],
        ),
        (
            vec!["structure", "receipt.bin", "--out", "x"],
            2,
            &["receipt.bin is a receipt; expected an ONNX file"],
        ),
        (
            vec!["audit", "--card", "receipt.bin", "--model", onnx],
            3,
            &["receipt.bin is a receipt; expected a model card"],
        ),
        (
            prove(&["--input", "receipt.bin"]),
            2,
            &["receipt.bin: this is a receipt; expected a sample"],
        ),
        (
            prove(&["--input", "words.json"]),
            2,
            &["words.json: a value of another form was expected (line 1, column "],
        ),
        (prove(&["--input", "cut.json"]), 2, &["cut.json: it ends early (line 1"]),
        (
            prove(&["--input", "more.json"]),
            2,
            &["more.json: unknown field `extra`"],
        ),
        (
            prove(&["--input", "bare.json"]),
            2,
            &["bare.json: missing field `values`"],
        ),
        (
            prove(&["--input", "short.json"]),
            2,
            &["short.json: the sample has the shape [3]; the model takes [30]"],
        ),
        (
            prove(&["--input", "short.json", "--not-after", "soon"]),
            2,
            &["--not-after", "a date", "2027-01-31"],
        ),
        (
            vec!["srs", "new", "--k", "many", "--dir", "x"],
            2,
            &["--k", "a whole number"],
        ),
        (
            vec!["log", "verify", "text", "--proof", "text", "--key", "x"],
            2,
            &["--key"],
        ),
    ];
    let mut wrong = Vec::new();
    for (arguments, code, words) in &cases {
        let (exit, out, err) = folder.run(arguments);
        let missing: Vec<_> = words.iter().filter(|word| !err.contains(**word)).collect();
        let foreign: Vec<_> = FOREIGN.iter().filter(|word| names(&err, word)).collect();
        if exit != *code || !out.is_empty() || !missing.is_empty() || !foreign.is_empty() {
            wrong.push(format!(
                "{arguments:?}\n exit {exit}, missing {missing:?}, foreign {foreign:?}\n{out}{err}"
            ));
        }
        if exit == 1 || exit == 3 {
            assert!(err.contains("\nhelp: "), "{err}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));

    // The same for scripts.
    let (_, out, _) = folder.run(&verify(&[
        "--json",
        "--receipt",
        "receipt.bin",
        "--audience",
        "bob",
        "--policy",
        "label",
    ]));
    let body: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(body["error"]["code"], "policy-mismatch");
    assert_eq!(body["error"]["details"].as_array().unwrap().len(), 2, "{body}");
    fs::remove_dir_all(&folder.0).unwrap();
}
