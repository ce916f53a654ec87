//! The crate is built in storeys: each names only itself and those below. What soundness rests on stands at the bottom, where
//! nothing above can bend it.

use std::fs;
use std::path::{Path, PathBuf};

/// From below. Colouring knows none of the others. Registration stands below compilation, which asks it how large a registered weight can be.
const STOREYS: [&str; 9] = [
    "octaves",
    "colouring",
    "graph",
    "onnx",
    "program",
    "layout",
    "argument",
    "register",
    "compile",
];
/// Errors are everybody's.
const OUTSIDE: [&str; 2] = ["error", "CircuitError"];

fn files(at: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(at).expect("a folder").map(|e| e.expect("an entry").path()) {
        match entry.is_dir() {
            true => files(&entry, into),
            false => into.push(entry),
        }
    }
}

/// The modules that a source names after `crate::`, comments aside; those of a list too.
fn named(source: &str) -> Vec<&str> {
    let code = source.lines().map(|line| line.split("//").next().unwrap_or(line));
    let rests = code.flat_map(|line| line.split("crate::").skip(1));
    rests
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(list) => list.split([',', '}']).map(str::trim).collect(),
            None => vec![rest],
        })
        .map(|path| {
            path.split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .unwrap_or(path)
        })
        .filter(|name| !name.is_empty())
        .collect()
}

/// The imports of a file that go upward, or to what is no storey.
fn upward<'a>(storey: &str, source: &'a str) -> Vec<&'a str> {
    let floor = |name: &str| STOREYS.iter().position(|s| *s == name);
    let here = floor(storey);
    let names = named(source).into_iter().filter(|name| !OUTSIDE.contains(name));
    names
        .filter(|name| floor(name).is_none_or(|there| Some(there) > here))
        .collect()
}

#[test]
fn no_storey_names_one_above() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut all, mut seen) = (vec![], vec![]);
    files(&src, &mut all);
    for path in all {
        let inside = path.strip_prefix(&src).expect("below").with_extension("");
        let storey = inside.iter().next().and_then(|s| s.to_str()).expect("a name");
        if ["lib", "error"].contains(&storey) {
            continue;
        }
        assert!(STOREYS.contains(&storey), "{} stands in no storey", inside.display());
        let source = fs::read_to_string(&path).expect("text");
        assert_eq!(upward(storey, &source), [""; 0], "{}", inside.display());
        seen.push(storey.to_owned());
    }
    assert!(STOREYS.iter().all(|s| seen.iter().any(|seen| seen == s)));
}

#[test]
fn an_upward_import_is_seen() {
    assert_eq!(
        upward("layout", "use crate::program::{View};\nuse crate::compile::search;"),
        ["compile"]
    );
    assert_eq!(
        upward("graph", "fn f(x: &crate::onnx::Thing, y: crate::graph::Op)"),
        ["onnx"]
    );
    assert_eq!(upward("program", "use crate::{graph, layout};"), ["layout"]);
    assert_eq!(upward("program", "/// As [`crate::layout`]."), [""; 0]);
    assert_eq!(upward("argument", "use crate::elsewhere;"), ["elsewhere"]);
}

/// The crates whose tests are one program: a file that neither it nor the manifest names would never run.
#[test]
fn every_file_of_tests_runs() {
    for tests in ["tests", "../prover/tests", "../verifier/tests"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(tests);
        let all = fs::read_to_string(folder.join("all.rs")).expect("the program of all tests");
        let manifest = fs::read_to_string(folder.with_file_name("Cargo.toml")).expect("a manifest");
        let entries = fs::read_dir(&folder)
            .expect("a folder")
            .map(|e| e.expect("an entry").path());
        for file in entries.filter(|path| path.extension().is_some_and(|end| end == "rs")) {
            let name = file.file_stem().and_then(|name| name.to_str()).expect("a name");
            let own = manifest.contains(&format!("path = \"tests/{name}.rs\""));
            let named = all.lines().any(|line| line == format!("mod {name};"));
            assert!(own || named, "{}: name it in all.rs", file.display());
        }
    }
}
