//! The tests and vectors that the chapter on vulnerabilities names exist.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

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
