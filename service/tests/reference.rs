//! The chapters of the book that the program itself knows: errors and policies. `PROVENN_NEW_DOCS=1` writes `docs/errors.md`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic")]

use provenn_service::codes::{self, Code};
use provenn_verifier::policy::{About, PolicyError};
use provenn_verifier::Policy;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn errors_are_those_of_the_table() {
    let file = Path::new(ROOT).join("docs/errors.md");
    if std::env::var_os("PROVENN_NEW_DOCS").is_some() {
        fs::write(&file, codes::reference()).unwrap();
    }
    let written = fs::read_to_string(file).unwrap();
    assert!(written == codes::reference(), "run this test with PROVENN_NEW_DOCS=1");
}

#[test]
fn the_table_is_in_order_and_in_sentences() {
    let mut seen = BTreeSet::new();
    for (title, table) in codes::CHAPTERS {
        assert!(table.is_sorted_by_key(|known| known.code), "{title}");
        for Code { code, cause, remedy } in *table {
            assert!(seen.insert(code) && codes::is_form(code), "{code}");
            for text in [cause, remedy] {
                let first = text.chars().next().unwrap();
                assert!(!first.is_lowercase() && text.ends_with('.'), "{code}: {text}");
                assert!(
                    !text.contains('|') && !text.contains('\n'),
                    "{code}: a table has no place for it"
                );
            }
        }
    }
}

/// Sources whose errors people meet, without their tests.
fn sources() -> Vec<(PathBuf, String)> {
    let mut folders: Vec<PathBuf> = [
        "service",
        "prover",
        "prover/engine",
        "circuits",
        "verifier",
        "verifier/wasm",
        "verifier/evm",
    ]
    .map(|name| Path::new(ROOT).join(name).join("src"))
    .to_vec();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.extension() {
                None if path.is_dir() && !path.ends_with("tests") && !path.ends_with("codes") => folders.push(path),
                Some(ending) if ending == "rs" && !path.ends_with("tests.rs") && !path.ends_with("codes.rs") => {
                    let text = fs::read_to_string(&path).unwrap();
                    let text = text.split("\nmod tests {").next().unwrap().to_owned();
                    found.push((path, text));
                }
                _ => {}
            }
        }
    }
    found
}

/// The string that begins after `at`, and where it ends.
fn literal(text: &str, at: usize) -> Option<(&str, usize)> {
    let inside = text.get(at..)?.strip_prefix('"')?;
    let end = inside.find('"')?;
    Some((&inside[..end], at + 1 + end + 1))
}

/// Constants that are codes.
const CONSTANTS: [&str; 4] = ["NO_SPACE", "EXCEEDS", "NOT_PROVABLE", "DEFECT"];

/// Whether a string after this text is the code of an error.
fn is_code(before: &str) -> bool {
    let tail: String = before.chars().rev().filter(|c| !c.is_whitespace()).take(60).collect();
    let tail: String = tail.chars().rev().collect();
    let call = |tail: &str| {
        [
            "CliError::new(",
            "CliError::kind(",
            "Self::new(",
            "Self::kind(",
            "Problem::new(",
            "answer(",
        ]
        .iter()
        .any(|call| tail.ends_with(call))
    };
    if tail.ends_with("::usage(")
        || tail.ends_with("{code:")
        || tail.ends_with(",code:")
        || tail.ends_with("text(\"code\",")
    {
        return true;
    }
    if let Some(first) = tail.strip_suffix(',') {
        // Of an exit code or a status.
        let head = first.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':');
        if head.len() < first.len() && call(head) {
            return true;
        }
    }
    if CONSTANTS
        .iter()
        .any(|name| tail.ends_with(&format!("const{name}:&str=")))
    {
        return true;
    }
    let arm = tail.trim_end_matches(|c: char| c.is_ascii_digit() || c == ',');
    let inside = before.rfind("fn ").map(|at| &before[at + 3..]).unwrap_or_default();
    (arm.ends_with("=>(") || tail.ends_with("=>"))
        && ["code(&self", "texts(&self", "problem(code"]
            .iter()
            .any(|name| inside.starts_with(name))
}

/// Every code in the sources with the first file that it stands in, and the help that stands beside it.
fn in_sources() -> BTreeMap<String, Vec<(PathBuf, Option<String>)>> {
    let mut found: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (path, text) in sources() {
        for (at, _) in text.match_indices('"') {
            let Some((code, end)) = literal(&text, at) else {
                continue;
            };
            if !codes::is_form(code) || !is_code(&text[..at]) {
                continue;
            }
            let rest = &text[end..];
            let help = rest
                .strip_prefix(", ")
                .and_then(|rest| literal(rest, 0))
                .map(|(help, _)| help.to_owned());
            found.entry(code.to_owned()).or_default().push((path.clone(), help));
        }
    }
    found
}

#[test]
fn the_table_has_every_code_of_the_sources_and_no_other() {
    let found = in_sources();
    assert!(found.len() > 200, "{}", found.len());
    let missing: Vec<_> = found.iter().filter(|(code, _)| codes::find(code).is_none()).collect();
    assert!(missing.is_empty(), "not in service/src/codes: {missing:?}");
    let gone: Vec<_> = codes::all()
        .filter(|known| !found.contains_key(known.code))
        .map(|known| known.code)
        .collect();
    assert!(gone.is_empty(), "no error has these codes: {gone:?}");
}

/// The words of a text.
fn words(text: &str) -> Vec<String> {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    text.split(|c| !letter(c))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// The help lines of the verifier and of the service's answers stand in the table, with what it adds.
#[test]
fn remedies_are_those_of_the_sources() {
    let mut compared = 0;
    for (code, places) in in_sources() {
        for (path, help) in places {
            let texts = path.ends_with("verifier/src/error.rs")
                || path.ends_with("tlog/error.rs")
                || path.ends_with("agreement/error.rs")
                || path.ends_with("server/error.rs");
            let (true, Some(help)) = (texts, help) else { continue };
            let remedy = codes::plain(codes::find(&code).unwrap().remedy);
            let mut table = words(&remedy).into_iter();
            assert!(
                words(&help).iter().all(|word| table.any(|other| other == *word)),
                "{code}: `{help}` in {}, `{remedy}` in the table",
                path.display()
            );
            compared += 1;
        }
    }
    assert!(compared > 80, "{compared}");
}

fn explain(word: &str, folder: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_provenn"));
    let output = command
        .args(["explain", word])
        .args(more)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn explain_says_cause_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let (exit, out, _) = explain("bundle-damaged", folder.path(), &[]);
    let known = codes::find("bundle-damaged").unwrap();
    assert_eq!(exit, Some(0));
    assert!(out.contains(known.cause) && out.contains(known.remedy), "{out}");
    let (exit, out, _) = explain("bundle-damaged", folder.path(), &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((exit, json["remedy"].as_str()), (Some(0), Some(known.remedy)));
    let (exit, _, err) = explain("bundle-damagd", folder.path(), &[]);
    assert_eq!(exit, Some(2));
    assert!(
        err.starts_with("error[unknown-code]: ") && err.contains("`bundle-damaged`"),
        "{err}"
    );
    // A file of this name is what was meant; and what has no form of a code is a file.
    fs::write(folder.path().join("expired"), b"hello").unwrap();
    assert!(explain("expired", folder.path(), &[])
        .2
        .starts_with("error[bad-magic]: "));
    assert!(explain("receipt.bin", folder.path(), &[]).2.starts_with("error[io]: "));
}

/// The section of a policy: the text between its heading, which is its grammar, and the next heading.
fn section<'a>(chapter: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    chapter.split("\n### `").skip(1).find_map(|part| {
        let (grammar, text) = part.split_once("`\n")?;
        let text = text.split("\n## ").next()?;
        (grammar.split(':').next()? == name).then_some((grammar, text))
    })
}

#[test]
fn every_policy_has_a_section() {
    let chapter = fs::read_to_string(Path::new(ROOT).join("docs/policies.md")).unwrap();
    let form = PolicyError::Form.to_string();
    let all: Vec<&str> = form.split(['`', ' ', ',']).collect();
    for &&About { name, title, .. } in Policy::KINDS {
        let (grammar, text) =
            section(&chapter, name).unwrap_or_else(|| panic!("docs/policies.md has no section on `{name}`"));
        assert!(all.contains(&grammar), "`{grammar}` is not of {form}");
        let (said, title) = (words(text).join(" "), words(title).join(" "));
        assert!(
            said.starts_with(&title),
            "{name}: the section begins with what the policy lets out: {title}"
        );
        assert!(
            text.contains("bit") && text.contains("```sh\n") && text.contains("```text\n"),
            "{name}: how many bits, and an example"
        );
    }
    let sections = chapter.matches("\n### `").count();
    assert_eq!(sections, Policy::KINDS.len());
}

#[test]
fn forty_expectations_have_an_answer_each() {
    let chapter = fs::read_to_string(Path::new(ROOT).join("docs/expectations.md")).unwrap();
    let rows = chapter.lines().filter(|line| {
        line.strip_prefix("| ")
            .is_some_and(|row| row.starts_with(|c: char| c.is_ascii_digit()))
    });
    let mut count = 0;
    for row in rows {
        count += 1;
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let &[number, expected, answer, reason] = cells.as_slice() else {
            panic!("{row}")
        };
        assert_eq!(number, count.to_string());
        assert!(
            !expected.is_empty() && reason.len() > 10 && ["yes", "no"].contains(&answer),
            "{row}"
        );
    }
    assert_eq!(count, 40);
}
