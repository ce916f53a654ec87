//! Habits that scripts rely on: quiet, verbose, refusals as JSON, dates, and a look at the machine.

use super::*;
use std::os::unix::fs::PermissionsExt;

const LINEAR: &str = "models/linear_30.onnx";

/// A model in a folder of its own, with parameters beside it.
fn committed(folder: &Path) -> Vec<String> {
    let text = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let rows = fixture("data/breast_cancer_calibration.npy");
    let made = run_in(
        folder,
        &[
            "commit",
            &fixture(LINEAR),
            "--calibration",
            &rows,
            "--out",
            &text("model"),
        ],
    );
    made.ok();
    let card = text("model/model.card");
    [
        "prove",
        "--card",
        &card,
        "--input",
        &fixture("inputs/linear_30.json"),
        "--policy",
        "scores",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn run_in(folder: &Path, arguments: &[&str]) -> Outcome {
    provenn_at(folder.join("home"), arguments)
}

#[test]
fn quiet_verbose_and_dates() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let prove = committed(folder.path());
    let receipt = folder.path().join("receipt.bin").to_str().unwrap().to_owned();
    let with = |more: &[&str]| {
        let all: Vec<&str> = prove
            .iter()
            .map(String::as_str)
            .chain(["--out", &receipt, "--force"])
            .chain(more.iter().copied())
            .collect();
        run_in(folder.path(), &all)
    };
    assert_eq!(with(&["--quiet"]).ok(), "");
    let said = with(&["-v"]);
    assert_eq!(said.exit, 0);
    assert!(said.out.starts_with("receipt "), "{}", said.out);
    let stages: Vec<&str> = said
        .err
        .lines()
        .filter_map(|line| line.split_once(" s  "))
        .map(|(_, stage)| stage)
        .collect();
    assert_eq!(
        stages,
        [
            "reading the model",
            "running the model",
            "proving",
            "linking the proof to the commitment",
            "verifying the receipt"
        ]
    );
    with(&["-q", "-v"]).fails_by_usage();
    with(&["--not-after", "2001-02-03"]).ok();
    let shown = run_in(folder.path(), &["show", &receipt]).ok();
    assert!(shown.contains("2001-02-03T23:59:59Z"), "{shown}");
    let card = folder.path().join("model/model.card").to_str().unwrap().to_owned();
    let verify = run_in(
        folder.path(),
        &[
            "verify",
            "--card",
            &card,
            "--receipt",
            &receipt,
            "--accept-dev",
            "--any-model",
        ],
    );
    assert!(
        verify.exit == 3
            && verify
                .err
                .starts_with("error[expired]: expired at 2001-02-03T23:59:59Z, now 20")
            && verify.err.contains("found its end at 2001-02-03T23:59:59Z\n"),
        "{}",
        verify.err
    );
    with(&["--not-after", "tomorrow"]).fails_by_usage();
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let out = folder.path().join("man");
    let arguments = ["manual", "--out", out.to_str().unwrap()];
    run_in(folder.path(), &arguments).ok();
    let page = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    assert!(
        page("provenn.1").contains("provenn\\-prove(1)"),
        "{}",
        page("provenn.1")
    );
    for (name, words) in [
        ("provenn-prove.1", "black and white"),
        ("provenn-color-verify.1", "graph"),
    ] {
        assert!(page(name).contains(words), "{name}");
    }
    run_in(folder.path(), &arguments).fails(2, "output-exists");
}

#[test]
fn wrong_usage_is_json_if_asked_for() {
    for arguments in [
        &["--json", "prove"][..],
        &["prove", "--json"],
        &["--json", "nonsense"],
        &["inspect", "--json", "--bogus"],
        &["--json"],
    ] {
        let refused = provenn(arguments);
        assert_eq!(refused.exit, 2, "{arguments:?}");
        let body: Value = serde_json::from_str(&refused.out).unwrap();
        assert_eq!(
            (&body["error"]["code"], &body["error"]["exit"]),
            (&"usage".into(), &2.into()),
            "{arguments:?}"
        );
        assert!(body["error"]["message"].as_str().unwrap().len() > 10, "{body}");
    }
    assert!(provenn(&["--json", "--help"]).ok().contains("Usage: provenn"));
}

#[test]
fn the_doctor_names_what_would_fail() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    committed(folder.path());
    let said = run_in(folder.path(), &["--json", "doctor"]).json();
    assert_eq!(said["version"], env!("CARGO_PKG_VERSION"));
    let made = said["cache"]["dev_k"].as_array().unwrap();
    assert_eq!(made.len(), 1, "{said}");
    let words = run_in(folder.path(), &["doctor"]).ok();
    assert!(words.ends_with("Nothing is wrong.\n"));
    assert!(
        words.contains(&format!("development parameters of 2^{} rows\n", made[0])),
        "{words}"
    );
    let file = folder.path().join(format!("home/dev-k{}.srs", made[0]));
    let mut bytes = fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&file, bytes).unwrap();
    let refused = run_in(folder.path(), &["doctor"]);
    assert!(
        refused.err.contains("1 problem") && refused.err.contains(file.to_str().unwrap()),
        "{}",
        refused.err
    );
    refused.fails(1, "doctor");
    let seed = folder.path().join("home/dev.seed");
    fs::set_permissions(&seed, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = run_in(folder.path(), &["doctor"]);
    assert!(refused.err.contains("dev.seed"), "{}", refused.err);
}

#[test]
fn an_engine_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let with = |engine: &str, arguments: &[&str]| provenn_in(folder.path(), &[("PROVENN_ENGINE", engine)], arguments);
    let model = fixture(LINEAR);
    let inspect = ["inspect", "--json", &model];
    for wrong in ["portble", "PORTABLE", "avx", "0"] {
        for arguments in [
            &["inspect", &model][..],
            &["demo"],
            &["serve"],
            &["completions", "bash"],
        ] {
            let refused = with(wrong, arguments);
            let (at, what) = refused.err.split_once('\n').unwrap();
            assert!(
                at.contains(&format!("PROVENN_ENGINE is \"{wrong}\"; expected")) && at.contains("portable"),
                "{at}"
            );
            assert!(what.contains("unset PROVENN_ENGINE"), "{what}");
            refused.fails(2, "engine");
        }
        let found = with(wrong, &["doctor"]);
        assert!(
            found.err.contains("1 problem") && found.err.contains("PROVENN_ENGINE"),
            "{}",
            found.err
        );
        found.fails(1, "doctor");
        with(wrong, &["explain", "engine"]).ok();
    }
    let said = with("", &["--json", "doctor"]).json();
    let machines = said["prover"]["machines"].as_array().unwrap();
    assert_eq!(
        (machines.first(), machines.last()),
        (Some(&"portable".into()), Some(&said["prover"]["machine"]))
    );
    for machine in machines.iter().filter_map(Value::as_str) {
        assert_eq!(
            with(machine, &inspect).json()["choices"][0]["forecast"]["machine"],
            machine
        );
    }
}
