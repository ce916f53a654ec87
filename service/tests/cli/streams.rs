//! `-` in the place of what is written: standard output, or a refusal, but never a file or folder of that name.

use super::{fixture, provenn_in};
use clap::builder::ValueParser;
use clap::{Command, CommandFactory};
use provenn_service::cli::Cli;
use provenn_verifier::tlog::{NoteKey, ED25519};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Commands with a place to write that has to last, and how they begin.
const LASTING: &[(&str, &str)] = &[
    ("backup out", "backup -"),
    ("backup data", "backup --data - there"),
    ("chain out", "chain there there --out -"),
    ("commit out", "commit MODEL --calibration ROWS --out -"),
    ("gc data", "gc --data -"),
    ("keys create data", "keys create --data - --tenant a --new-tenant"),
    ("keys list data", "keys list --data -"),
    ("keys revoke data", "keys revoke --data - 0000"),
    ("keys rotate data", "keys rotate --data - 0000"),
    (
        "log monitor evidence",
        "log monitor http://127.0.0.1:9 --key KEY --state there --evidence -",
    ),
    (
        "log monitor state",
        "log monitor http://127.0.0.1:9 --key KEY --state -",
    ),
    (
        "log cosign state",
        "log cosign note --url http://127.0.0.1:9 --key KEY --witness-key there --state -",
    ),
    (
        "log cosign witness_key",
        "log cosign note --url http://127.0.0.1:9 --key KEY --state there --witness-key -",
    ),
    ("log renew data", "log renew --data - --origin other"),
    ("log resume data", "log resume --data - --checkpoint there"),
    ("log stop data", "log stop --data -"),
    ("log witness out", "log witness --name w/1 --out -"),
    ("manual out", "manual --out -"),
    ("party key out", "party key --name a --out -"),
    ("prove out", "prove --card there --rows ROWS --out -"),
    ("publisher key out", "publisher key --name a --out -"),
    ("serve data", "serve --data -"),
    ("srs import out", "srs import --ptau there --k 4 --out -"),
    ("srs new dir", "srs new --k 4 --dir -"),
];

/// Those that write one file, which may be standard output.
const STREAMS: &[&str] = &[
    "agreement draft out",
    "agreement sign out",
    "bundle out",
    "color find out",
    "color key out",
    "color make colours_out",
    "color make out",
    "color prove out",
    "color verify svg",
    "export evm out",
    "export in-toto out",
    "judge out",
    "party commit out",
    "party sign out",
    "prove opening",
    "publisher sign out",
    "publisher state out",
    "segment join out",
    "segment prove out",
    "segment run opening",
    "segment run out",
    "slice out",
    "slice rows_out",
    "structure out",
];

/// Names of arguments that are only read.
const READ: &[&str] = &[
    "about",
    "after",
    "agreement",
    "begun",
    "bundle",
    "card",
    "checkpoint",
    "colours",
    "commitment",
    "config",
    "expect",
    "file",
    "graph",
    "key",
    "labels",
    "log_proof",
    "model",
    "openings",
    "parameters",
    "party_inputs",
    "pieces",
    "proof",
    "ptau",
    "receipt",
    "rows",
    "run",
    "signature",
    "srs",
    "stages",
    "what",
];

/// Every argument of the grammar that is a path.
fn places(command: &Command, path: &str, found: &mut BTreeSet<String>) {
    let one = ValueParser::path_buf().type_id();
    for arg in command.get_arguments() {
        if arg.get_value_parser().type_id() == one && !READ.contains(&arg.get_id().as_str()) {
            found.insert(format!("{path} {}", arg.get_id()).trim().to_owned());
        }
    }
    for inner in command.get_subcommands() {
        places(inner, format!("{path} {}", inner.get_name()).trim(), found);
    }
}

#[test]
fn every_place_to_write_is_known_here() {
    let mut found = BTreeSet::new();
    places(&Cli::command(), "", &mut found);
    let lasting = LASTING.iter().map(|(place, _)| *place);
    let known: BTreeSet<String> = lasting.chain(STREAMS.iter().copied()).map(str::to_owned).collect();
    // Paths that are read, which have the name of one that is written.
    let read = ["bundle state", "party sign opening", "verify opening", "verify state"].map(str::to_owned);
    let unknown: Vec<_> = found.difference(&known).filter(|place| !read.contains(place)).collect();
    assert!(unknown.is_empty(), "add them to LASTING, STREAMS or READ: {unknown:?}");
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(gone.is_empty(), "no longer there: {gone:?}");
}

#[test]
fn what_lasts_is_no_stream() {
    let key = NoteKey::<ED25519>::new("log", [0; 32]).unwrap().to_string();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for name in ["there", "note"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    for (place, line) in LASTING {
        let line = line
            .replace("KEY", &key)
            .replace("MODEL", &fixture("models/linear_30.onnx"));
        let line = line.replace("ROWS", &fixture("data/breast_cancer_calibration.npy"));
        let words: Vec<&str> = line.split(' ').collect();
        let refused = provenn_in(folder.path(), &[], &words);
        let said = format!("{place}: {}{}", refused.out, refused.err);
        assert!(refused.exit == 2 && refused.out.is_empty(), "{said}");
        assert!(refused.err.contains("standard "), "{said}");
        let left: Vec<PathBuf> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(left.len(), 2, "{place}: {left:?}");
    }
}

#[test]
fn standard_output_takes_one_file_and_nothing_else() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let run = |line: &str| provenn_in(folder.path(), &[], &line.split(' ').collect::<Vec<_>>());
    let graph = "color make --colours-out - flat --vertices 9 --edges 9 --k 3";
    run(graph).fails(2, "standard-output");
    let made = run(&format!("{graph} --out g.col"));
    assert_eq!(made.exit, 0, "{}", made.err);
    assert!(made.err.starts_with("graph "), "{}", made.err);
    fs::write(folder.path().join("g.sol"), &made.out).unwrap();
    // What is on standard output is a colouring, and nothing else.
    run("color prove --graph g.col --colours g.sol --k 3 --out r.bin").ok();
    let drawn = run("color verify --graph g.col --receipt r.bin --k 3 --accept-dev --svg -");
    assert_eq!(drawn.exit, 0, "{}", drawn.err);
    assert!(
        drawn.out.starts_with("<svg") && drawn.out.trim_end().ends_with("</svg>"),
        "{}",
        drawn.out
    );
    assert!(drawn.err.starts_with("VALID"), "{}", drawn.err);
}
