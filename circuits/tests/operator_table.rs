//! `docs/operators.md` is what the importer says. `PROVENN_NEW_DOCS=1` writes it.

use provenn_circuits::onnx::{supported_operators, OPSETS};
use std::fmt::Write as _;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operators.md");

fn table() -> String {
    let mut text = format!(
        "# Operators\n\nGenerated from the importer (`provenn inspect --operators`), operator sets {} to {}. Anything can be computed on constants \
         that is listed; the limits are those of values that depend on the input. `If`, `Loop` and `Scan` (since operator set 9) are \
         taken apart where conditions and trip counts are constant, functions of the file and `FlexAttention` of `ai.onnx.preview` are put in place. Of a model whose scores \
         stand beside labels of a classifier (`LinearClassifier`, `ArrayFeatureExtractor`, `LabelEncoder`) the labels are dropped: \
         a receipt shows the index of the largest score by the policy `label`.\n\n| operator | limits |\n|---|---|\n",
        OPSETS.start(),
        OPSETS.end()
    );
    for operator in supported_operators() {
        let _ = writeln!(text, "| `{}` | {} |", operator.title(), operator.limits);
    }
    text
}

#[test]
fn documentation_is_current() {
    if std::env::var_os("PROVENN_NEW_DOCS").is_some() {
        std::fs::write(FILE, table()).expect("written");
    }
    let written = std::fs::read_to_string(FILE).expect("readable");
    assert_eq!(written, table(), "run this test with PROVENN_NEW_DOCS=1");
}
