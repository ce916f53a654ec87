//! What texts say exists: the program of the README, the tests and vectors that the chapter on vulnerabilities names.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

/// Compiled as an example, and run on golden files by `.ci/package` where the package is all there is.
#[test]
fn the_program_of_the_readme_is_the_example() {
    let (readme, example) = (include_str!("../README.md"), include_str!("../examples/verify.rs"));
    let (_, program) = readme.split_once("```rust,no_run\n").unwrap();
    assert_eq!(program.split_once("```").unwrap().0, example);
    assert!(example.lines().filter(|line| !line.is_empty()).count() <= 15);
}

#[test]
fn every_named_test_and_vector_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let chapter = std::fs::read_to_string(root.join("docs/vulnerabilities.md")).unwrap();
    let (mut tests, mut vectors) = (0, 0);
    // Every second part is between backticks.
    for name in chapter.split('`').skip(1).step_by(2) {
        if let Some((file, function)) = name.split_once(".rs::") {
            let source = std::fs::read_to_string(root.join(format!("{file}.rs"))).unwrap_or_default();
            assert!(source.contains(&format!("fn {function}(")), "{name}");
            tests += 1;
        } else if name.contains('_') && root.join(format!("fixtures/testkit/vectors/{name}.txt")).exists() {
            vectors += 1;
        } else {
            let after = chapter.split_once(&format!("`{name}`")).unwrap().0;
            assert!(
                !after.ends_with("vector ") && !after.ends_with("vectors "),
                "no vector {name}"
            );
        }
    }
    assert!(tests >= 25 && vectors >= 20, "{tests} tests, {vectors} vectors");
}
