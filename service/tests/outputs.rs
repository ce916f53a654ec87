//! Where commands write: what is there is kept, secrets are their owner's, and names need not be text.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name);
    path.to_str().unwrap().to_owned()
}

fn provenn<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outputs");
    let mut command = Command::new(env!("CARGO_BIN_EXE_provenn"));
    command.args(arguments).env("PROVENN_HOME", home).output().unwrap()
}

#[track_caller]
fn fails(output: &Output, exit: i32, code: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{said}");
    assert!(
        said.starts_with(&format!("error[{code}]: ")) && said.contains("\nhelp: "),
        "{said}"
    );
    assert!(output.stdout.is_empty());
}

#[track_caller]
fn ok(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A committed model in a folder of its own.
fn committed() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let model = folder.path().join("model");
    let out = model.to_str().unwrap();
    let (file, rows) = (
        fixture("models/linear_30.onnx"),
        fixture("data/breast_cancer_calibration.npy"),
    );
    ok(&provenn(&[
        "commit",
        &file,
        "--calibration",
        &rows,
        "--input",
        "committed",
        "--out",
        out,
    ]));
    (folder, model)
}

#[test]
fn names_need_not_be_text() {
    let (folder, model) = committed();
    let card = model.join("model.card").to_str().unwrap().to_owned();
    let (file, rows, sample) = (
        fixture("models/linear_30.onnx"),
        fixture("data/breast_cancer_calibration.npy"),
        fixture("inputs/linear_30.json"),
    );
    let zeros = "00".repeat(32);
    let commands: [&[&str]; 10] = [
        &["structure", &file, "--out"],
        &["commit", &file, "--calibration", &rows, "--out"],
        &["prove", "--card", &card, "--input", &sample, "--out"],
        &["verify", "--card", &card, "--accept-dev", "--any-model", "--receipt"],
        &["explain"],
        &["inspect"],
        &["audit", "--card", &card, "--model"],
        &[
            "srs", "import", "--k", "4", "--digest", &zeros, "--ptau", &sample, "--out",
        ],
        &["serve", "--print-config", "--data"],
        &["keys", "list", "--data"],
    ];
    for (n, command) in commands.into_iter().enumerate() {
        for json in [false, true] {
            let odd = folder.path().join(OsStr::from_bytes(format!("{n}-{json}-").as_bytes()));
            let mut odd = odd.into_os_string();
            odd.push(OsStr::from_bytes(b"\xff"));
            let mut all: Vec<OsString> = command.iter().map(Into::into).collect();
            all.push(odd);
            all.extend(json.then(|| "--json".into()));
            let output = provenn(&all);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                !said.contains("panicked") && output.status.code().is_some(),
                "{command:?}: {said}"
            );
            if n < 3 {
                ok(&output);
            }
        }
    }
}

#[test]
fn what_is_there_is_kept() {
    let (folder, model) = committed();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let card = model.join("model.card").to_str().unwrap().to_owned();
    let (copy, sample) = (at("sample.json"), fixture("inputs/linear_30.json"));
    fs::copy(&sample, &copy).unwrap();
    let prove = |out: &str, more: &[&str]| {
        provenn(
            &[
                &[
                    "prove", "--card", &card, "--input", &copy, "--policy", "scores", "--out", out,
                ],
                more,
            ]
            .concat(),
        )
    };
    // The input is no output.
    fails(&prove(&copy, &["--force"]), 2, "output-exists");
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&sample).unwrap());
    // A receipt that cannot be written leaves no opening.
    let opening = at("opening.json");
    fails(&prove("/dev/full", &["--opening", &opening]), 1, "no-space");
    assert!(!Path::new(&opening).exists(), "a secret without its receipt");
    fs::write(at("older.json"), "older").unwrap();
    fails(
        &prove("/dev/full", &["--opening", &at("older.json"), "--force"]),
        1,
        "no-space",
    );
    assert_eq!(fs::read(at("older.json")).unwrap(), b"older");
    // Standard output holds the receipt and nothing else.
    fails(&prove("-", &[]), 2, "opening");
    let piped = prove("-", &["--opening", &opening]);
    ok(&piped);
    provenn_verifier::Receipt::from_bytes(&piped.stdout).unwrap();
    fails(&prove(&at("receipt.bin"), &["--opening", &opening]), 2, "output-exists");
    ok(&prove(&at("receipt.bin"), &["--opening", &opening, "--force"]));
    // One file does not hold both.
    fails(&prove(&at("both"), &["--opening", &at("both")]), 2, "opening");
    assert!(!Path::new(&at("both")).exists());
    // Devices are written to.
    ok(&prove("/dev/null", &["--opening", &at("other.json")]));
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    // Secrets are their owner's, and a commitment is never replaced.
    let private = model.join("model.private");
    for path in [Path::new(&opening), &private] {
        assert_eq!(
            fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            path.display()
        );
    }
    let before = fs::read(&private).unwrap();
    let (file, rows) = (
        fixture("models/linear_30.onnx"),
        fixture("data/breast_cancer_calibration.npy"),
    );
    let again = [
        "commit",
        &file,
        "--calibration",
        &rows,
        "--out",
        model.to_str().unwrap(),
    ];
    fails(&provenn(&again), 2, "output-exists");
    assert_eq!(fs::read(&private).unwrap(), before);
    // Standard input is a file like any other.
    for command in ["explain", "show"] {
        let shown = Command::new(env!("CARGO_BIN_EXE_provenn"))
            .args([command, "-"])
            .stdin(fs::File::open(at("receipt.bin")).unwrap())
            .output()
            .unwrap();
        ok(&shown);
    }
}

#[test]
fn parameters_are_written_to_files_only() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("ptau"), "ptau").unwrap();
    fs::write(at("there"), "there").unwrap();
    let zeros = "00".repeat(32);
    for out in ["/dev/null", "-", &at("there"), &at("ptau")] {
        let import = [
            "srs",
            "import",
            "--k",
            "4",
            "--digest",
            &zeros,
            "--ptau",
            &at("ptau"),
            "--out",
            out,
        ];
        fails(&provenn(&import), 2, "output-exists");
    }
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}
