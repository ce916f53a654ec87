//! The binary as people and scripts meet it: exit codes, error codes, and the whole way from model to verdict.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

struct Outcome {
    exit: i32,
    out: String,
    err: String,
}

/// Runs the binary with development parameters kept in the tests' own folder.
fn provenn(arguments: &[&str]) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_provenn"))
        .args(arguments)
        .env("PROVENN_HOME", home())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Outcome {
        exit: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

impl Outcome {
    #[track_caller]
    fn ok(self) -> String {
        assert_eq!((self.exit, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    #[track_caller]
    fn json(self) -> Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    #[track_caller]
    fn fails(self, exit: i32, code: &str) {
        assert_eq!(self.exit, exit, "{}{}", self.out, self.err);
        assert!(self.err.starts_with(&format!("error[{code}]: ")), "{}", self.err);
        assert!(self.err.contains("\nhelp: "), "{}", self.err);
        assert_eq!(self.out, "");
    }
}

fn fixture(name: &str) -> String {
    format!("{}/../fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path
    })
}

fn home() -> PathBuf {
    folder().join("home")
}

const MODEL: &str = "models/breast_cancer_mlp.onnx";
const SAMPLE: &str = "inputs/breast_cancer_mlp.json";
const CALIBRATION: &str = "data/breast_cancer_calibration.npy";

/// A committed model with a receipt for alice, once per binding of the input.
fn committed(binding: &'static str) -> PathBuf {
    static MODELS: [OnceLock<PathBuf>; 2] = [OnceLock::new(), OnceLock::new()];
    MODELS[usize::from(binding == "committed")]
        .get_or_init(|| {
            let model = folder().join(binding);
            let (out, receipt) = (path(&model, ""), path(&model, "receipt.bin"));
            provenn(&[
                "commit",
                &fixture(MODEL),
                "--calibration",
                &fixture(CALIBRATION),
                "--input",
                binding,
                "--out",
                &out,
            ])
            .ok();
            let nonce = "ab".repeat(32);
            let card = path(&model, "model.card");
            let (sample, scores) = (fixture(SAMPLE), ["--policy", "scores"]);
            let context = ["--audience", "alice", "--nonce", &nonce];
            let arguments = [
                &["prove", "--card", &card, "--input", &sample, "--out", &receipt],
                &scores[..],
                &context,
            ]
            .concat();
            provenn(&arguments).ok();
            model
        })
        .clone()
}

fn path(model: &Path, name: &str) -> String {
    model.join(name).to_str().unwrap().to_owned()
}

fn verify(model: &Path, receipt: &str, more: &[&str]) -> Outcome {
    let card = path(model, "model.card");
    provenn(&[&["verify", "--card", &card, "--receipt", receipt], more].concat())
}

#[test]
fn usage_errors_exit_with_2() {
    for arguments in [
        &[][..],
        &["no-such-command"],
        &["verify"],
        &["prove", "--card", "x", "--input", "y", "--out", "z", "--policy", "top"],
        &["prove", "--card", "x", "--input", "y", "--out", "z", "--nonce", "00"],
        &[
            "commit",
            "m.onnx",
            "--calibration",
            "c.npy",
            "--out",
            "o",
            "--digest",
            "00",
        ],
        &[
            "srs", "import", "--ptau", "p", "--k", "4", "--digest", "zz", "--out", "o",
        ],
    ] {
        let outcome = provenn(arguments);
        assert_eq!(outcome.exit, 2, "{arguments:?}");
        assert!(
            outcome.err.contains("Usage:") || outcome.err.contains("--help"),
            "{}",
            outcome.err
        );
    }
}

#[test]
fn symbolic_dimensions_take_sizes() {
    let model = fixture("malformed/shape_symbolic.onnx");
    let refused = provenn(&["inspect", &model]);
    assert!(
        refused.err.contains("the symbol `width`") && refused.err.contains("--dim width="),
        "{}",
        refused.err
    );
    refused.fails(4, "onnx-symbolic-dimension");
    let sized = provenn(&["inspect", &model, "--dim", "width=3", "--json"]).json();
    assert_eq!(sized["inputs"][0]["shape"], serde_json::json!([3]));
    let other = provenn(&["inspect", &model, "--dim", "height=3"]);
    assert!(other.err.contains("`width`"), "{}", other.err);
    other.fails(4, "onnx-dimension");
    // A structure has the sizes: auditors need not know them.
    let out = folder().join("sized.onnx");
    let out = out.to_str().unwrap();
    provenn(&["structure", &model, "--dim", "width=3", "--out", out]).ok();
    assert_eq!(
        provenn(&["inspect", out, "--json"]).json()["inputs"][0]["shape"],
        serde_json::json!([3])
    );
}

#[test]
fn operators_are_listed() {
    let listed = provenn(&["inspect", "--operators", "--json"]).json();
    let resize = listed["operators"]
        .as_array()
        .unwrap()
        .iter()
        .find(|o| o["name"] == "Resize")
        .unwrap();
    assert_eq!(resize["domain"], "");
    assert!(provenn(&["inspect", "--operators"]).ok().contains("ai.onnx.ml:Scaler"));
}

#[test]
fn missing_and_wrong_files() {
    provenn(&["inspect", "/no/such/model.onnx"]).fails(1, "io");
    provenn(&["verify", "--card", "/no/card", "--receipt", "/no/receipt"]).fails(1, "io");
    provenn(&["inspect", &fixture(MODEL), "--calibration", &fixture(SAMPLE)]).fails(2, "npy");
    provenn(&[
        "inspect",
        &fixture(MODEL),
        "--calibration",
        &fixture("data/digits_calibration.npy"),
    ])
    .fails(2, "calibration");
    provenn(&["explain", &fixture(MODEL)]).fails(3, "bad-magic");
    let dir = path(folder(), "srs");
    provenn(&["srs", "new", "--k", "64", "--dir", &dir]).fails(5, "srs-k-out-of-range");
}

/// Every committed malformed model is refused under a code that its README expects.
#[test]
fn malformed_models() {
    let readme = fs::read_to_string(fixture("malformed/README.md")).unwrap();
    let mut seen = 0;
    for section in readme.split("\n## ").skip(1).filter(|s| !s.starts_with("large/")) {
        let name = section.lines().next().unwrap();
        let codes = section.split("expect: ").nth(1).unwrap().lines().next().unwrap();
        let outcome = provenn(&["inspect", &fixture(&format!("malformed/{name}"))]);
        let refused = codes
            .split('|')
            .any(|code| outcome.err.starts_with(&format!("error[{}]: ", code.trim())));
        assert!(refused, "{name}: {codes}: {}", outcome.err);
        assert!([4, 5].contains(&outcome.exit), "{name}: {}", outcome.exit);
        assert!(
            outcome.err.len() < 4096 && !outcome.err.trim_end().replace('\n', "").contains(char::is_control),
            "{name}"
        );
        seen += 1;
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn errors_are_json_too() {
    let outcome = provenn(&["--json", "inspect", &fixture("malformed/op_stringnormalizer.onnx")]);
    let body: Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!(
        (outcome.exit, &body["error"]["code"], &body["error"]["exit"]),
        (4, &"onnx-unsupported".into(), &4.into())
    );
}

#[test]
fn receipts_verify_and_are_bound_to_their_context() {
    let model = committed("public");
    let receipt = path(&model, "receipt.bin");
    let (sample, nonce) = (fixture(SAMPLE), "ab".repeat(32));
    let verdict = provenn(&["--json", "explain", &receipt]).json();
    assert_eq!(
        (&verdict["verified"], &verdict["output_unit"]),
        (&false.into(), &"integer".into())
    );
    let all = [
        "--accept-dev",
        "--any-model",
        "--audience",
        "alice",
        "--nonce",
        &nonce,
        "--input",
        &sample,
        "--policy",
        "scores",
        "--json",
    ];
    let verdict = verify(&model, &receipt, &all).json();
    assert_eq!((&verdict["valid"], &verdict["dev"]), (&true.into(), &true.into()));
    let scores = provenn(&["explain", &receipt, "--card", &path(&model, "model.card"), "--json"]).json();
    assert_eq!(scores["output"], verdict["output"]);
    assert_eq!(scores["output"].as_array().unwrap().len(), 2);

    let wrong = "00".repeat(32);
    let other = path(folder(), "other.json");
    fs::write(&other, format!(r#"{{"shape":[1,30],"values":{:?}}}"#, [0.5; 30])).unwrap();
    verify(&model, &receipt, &[]).fails(3, "dev-srs");
    verify(&model, &receipt, &["--accept-dev", "--audience", "bob"]).fails(3, "context-mismatch");
    verify(&model, &receipt, &["--accept-dev", "--nonce", &wrong]).fails(3, "context-mismatch");
    verify(&model, &receipt, &["--accept-dev", "--policy", "label"]).fails(3, "policy-mismatch");
    verify(&model, &receipt, &["--accept-dev", "--input", &other]).fails(3, "input-mismatch");
    verify(&model, &receipt, &["--accept-dev", "--model-id", &wrong]).fails(3, "model-mismatch");
    verify(&model, &receipt, &["--accept-dev", "--srs-id", &wrong]).fails(3, "srs-mismatch");
    // A card is no receipt, and a receipt no card.
    verify(&model, &path(&model, "model.card"), &["--accept-dev"]).fails(3, "bad-magic");
}

#[test]
fn corrupted_receipts_are_refused() {
    let model = committed("public");
    let bytes = fs::read(path(&model, "receipt.bin")).unwrap();
    let damaged = path(folder(), "damaged.bin");
    let check = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        let outcome = verify(&model, &damaged, &["--accept-dev"]);
        assert_eq!(outcome.exit, 3, "{}{}", outcome.out, outcome.err);
        assert!(outcome.err.starts_with("error["), "{}", outcome.err);
    };
    check(&[]);
    check(&bytes[..bytes.len() - 1]);
    check(&[&bytes[..], &[0]].concat());
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        check(&flipped);
    }
}

#[test]
fn thresholds_and_false_statements() {
    let model = committed("public");
    let (card, sample, out) = (
        path(&model, "model.card"),
        fixture(SAMPLE),
        path(folder(), "policy.bin"),
    );
    let prove = |policy: &str| {
        provenn(&[
            "prove", "--card", &card, "--input", &sample, "--policy", policy, "--out", &out, "--force", "--json",
        ])
    };
    let output = |policy: &str| prove(policy).json()["output"].clone();
    let scores = output("scores");
    let first = scores[0].as_f64().unwrap();
    assert_eq!(output(&format!("threshold:0:{first}")), true);
    assert_eq!(output(&format!("threshold:0:{}", first + 0.5)), false);
    assert_eq!(output(&format!("yes-only:0:{}", first - 0.5)), true);
    verify(&model, &out, &["--accept-dev", "--any-model"]).ok();
    let untrue = prove(&format!("yes-only:0:{}", first + 0.5));
    assert_eq!(untrue.exit, 1);
    assert!(untrue.err.starts_with("error[untrue]: "), "{}", untrue.err);
    let second = scores[1].as_f64().unwrap();
    let lead = (first - second).abs();
    assert_eq!(output(&format!("margin:{lead}")), u32::from(second > first));
    let asked = format!("margin:{lead}");
    verify(&model, &out, &["--accept-dev", "--any-model", "--policy", &asked]).ok();
    verify(&model, &out, &["--accept-dev", "--policy", "label"]).fails(3, "policy-mismatch");
    assert_eq!(prove(&format!("margin:{}", lead + 0.5)).exit, 1);
    let largest = u32::from(second > first);
    assert_eq!(output("top:1"), serde_json::json!([largest]));
    verify(&model, &out, &["--accept-dev", "--any-model", "--policy", "top:1"]).ok();
    verify(&model, &out, &["--accept-dev", "--policy", "top:2"]).fails(3, "policy-mismatch");
    assert_eq!(output("label-in:1:0"), largest);
    assert_eq!(prove(&format!("label-in:{}", 1 - largest)).exit, 1);
    let rounded = output("round:0.5");
    for (rounded, exact) in rounded.as_array().unwrap().iter().zip(scores.as_array().unwrap()) {
        assert_eq!(rounded.as_f64().unwrap(), (exact.as_f64().unwrap() * 2.0).floor() / 2.0);
    }
    verify(&model, &out, &["--accept-dev", "--any-model", "--policy", "round:0.5"]).ok();
    // What is out of range is told with the range, scores in the units of the output.
    for (policy, range) in [
        ("margin:0", "margin 0 is out of range: from "),
        (
            "threshold:9:0",
            "output index 9 is out of range: from 0 to 1 is possible",
        ),
        ("threshold:0:1e300", " is out of range: from -"),
        ("top:3", "count 3 is out of range: from 1 to 2 is possible"),
        ("round:0.3", "the step is no power of two"),
    ] {
        let refused = prove(policy);
        assert!(refused.err.contains(range), "{policy}: {}", refused.err);
        assert_eq!(refused.exit, 2, "{policy}");
        assert!(refused.out.contains("policy-out-of-range"), "{policy}: {}", refused.out);
    }
}

#[test]
fn committed_inputs_are_not_in_the_receipt() {
    let model = committed("committed");
    let receipt = path(&model, "receipt.bin");
    let verdict = verify(&model, &receipt, &["--accept-dev", "--any-model", "--json"]).json();
    assert_eq!(verdict["valid"], true);
    verify(&model, &receipt, &["--accept-dev", "--input", &fixture(SAMPLE)]).fails(3, "input-mismatch");
    let opening = path(&model, "receipt.opening.json");
    let secret: Value = serde_json::from_str(&fs::read_to_string(&opening).unwrap()).unwrap();
    assert_eq!(secret["values"].as_array().unwrap().len(), 30);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for private in [opening, path(&model, "model.private")] {
            assert_eq!(
                fs::metadata(&private).unwrap().permissions().mode() & 0o777,
                0o600,
                "{private}"
            );
        }
    }
}

#[test]
fn expired_receipts_are_refused() {
    let model = committed("public");
    let (card, sample, out) = (
        path(&model, "model.card"),
        fixture(SAMPLE),
        path(folder(), "expired.bin"),
    );
    provenn(&[
        "prove",
        "--card",
        &card,
        "--input",
        &sample,
        "--not-after",
        "1000000000",
        "--out",
        &out,
    ])
    .ok();
    verify(&model, &out, &["--accept-dev"]).fails(3, "expired");
}

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

#[test]
fn keys_of_the_service_are_made_and_revoked() {
    let data = folder().join("keys").display().to_string();
    let keys = |arguments: &[&str]| provenn(&[&["--json", "keys"], arguments, &["--data", &data]].concat());
    let refused = |arguments: &[&str], code: &str| {
        provenn(&[&["keys"], arguments, &["--data", &data]].concat()).fails(2, code);
    };
    let lab = ["create", "--tenant", "lab", "--scopes", "read,prove", "--label", "test"];
    refused(&lab, "no-such-tenant");
    let made = keys(&[&lab[..], &["--new-tenant", "--days", "30"]].concat()).json();
    refused(&[&lab[..], &["--new-tenant"]].concat(), "tenant-exists");
    assert!(made["key"].as_str().unwrap().starts_with("pvn_"));
    let listed = keys(&["list"]).json();
    assert_eq!(
        (&listed["keys"][0]["scopes"], &listed["keys"][0]["revoked"]),
        (&"read,prove".into(), &Value::Null)
    );
    assert!(!listed
        .to_string()
        .contains(made["key"].as_str().unwrap().rsplit('_').next().unwrap()));
    let id = made["id"].as_str().unwrap();
    let day = 24 * 3_600_000;
    assert_eq!(
        listed["keys"][0]["expires"].as_i64().unwrap() - listed["keys"][0]["created"].as_i64().unwrap(),
        30 * day
    );
    let next = keys(&["rotate", id, "--overlap", "2"]).json();
    let listed = keys(&["list"]).json();
    let of = |id: &serde_json::Value| {
        listed["keys"]
            .as_array()
            .unwrap()
            .iter()
            .find(|key| &key["id"] == id)
            .unwrap()
    };
    let (old, new) = (of(&made["id"]), of(&next["id"]));
    for field in ["tenant", "scopes", "label"] {
        assert_eq!(old[field], new[field]);
    }
    assert!(new["expires"].is_null(), "{new}");
    assert!(old["expires"].as_i64().unwrap() < old["created"].as_i64().unwrap() + day);
    refused(&["rotate", "none"], "no-such-key");
    keys(&["revoke", id]).json();
    assert!(keys(&["list"]).json()["keys"][0]["revoked"].is_i64());
    provenn(&["keys", "revoke", "--data", &data, id]).fails(2, "no-such-key");
}

#[test]
fn the_service_prints_its_settings() {
    let shown = provenn(&["serve", "--print-config", "--listen", "127.0.0.1:1", "--role", "worker"]).ok();
    assert!(
        shown.contains("listen = \"127.0.0.1:1\"\nrole = \"worker\"\n"),
        "{shown}"
    );
    provenn(&["serve", "--config", "/nonexistent.toml"]).fails(1, "io");
}
