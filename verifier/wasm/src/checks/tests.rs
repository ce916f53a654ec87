use super::*;
use std::collections::BTreeSet;

/// Codes that only bytes give which do not decode: the file that they are in is the check.
const OF_FILES: [&str; 16] = [
    "bad-g2-subgroup",
    "bad-magic",
    "bad-proof-system",
    "bad-tag",
    "bad-utf8",
    "bad-version",
    "bundle-damaged",
    "bundle-empty",
    "colours-out-of-range",
    "commitment-count",
    "key-invalid",
    "publisher-mismatch",
    "signature-invalid",
    "signature-model",
    "srs-invalid",
    "stage-card",
];

/// States are derived from the order of the checks.
#[test]
fn all_checks_are_listed_in_order_under_names_of_their_own() {
    assert!(Check::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    let mut names = Check::ALL.map(Check::name);
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
}

/// The codes are read from the verifier's source: a new one belongs into a table, or to those of files.
#[test]
fn every_code_has_a_check() {
    let source = include_str!("../../../src/error.rs");
    let code = |rest: &'static str| rest.split('"').next();
    let codes: BTreeSet<&str> = source.split("=> (\"").skip(1).filter_map(code).collect();
    assert!(codes.len() >= 30);
    let tables = [OF_CARD.as_slice(), &OF_RECEIPT];
    for table in tables {
        assert!(table.is_sorted_by(|(a, _), (b, _)| a < b));
    }
    let of_tables = tables.into_iter().flatten().map(|(code, _)| *code);
    let known: BTreeSet<&str> = of_tables.clone().chain(OF_FILES).collect();
    assert_eq!(codes, known);
    assert!(of_tables.clone().all(|code| !OF_FILES.contains(&code)));
}

/// What the verifier does not compare is never told as a check that passed.
#[test]
fn a_statement_is_asked_for_what_it_has_only() {
    let mut request = Request::default();
    request.expectation.inference.model_id = Some([1; 32]);
    request.expectation.colouring.colours = Some(3);
    request.policy = Some("label");
    let of_inferences = [Check::NamedModel, Check::Policy, Check::Model];
    for graph in [None, Some("p edge 0 0")] {
        request.graph = graph;
        let is_inference = graph.is_none();
        assert!(of_inferences
            .into_iter()
            .all(|check| check.is_asked(&request) == is_inference));
        assert_ne!(Check::Colours.is_asked(&request), is_inference);
    }
}

#[test]
fn what_has_no_row_is_no_other_check() {
    assert_eq!(listed(&OF_RECEIPT, "newer-than-this-page"), Check::Other);
    assert_eq!(Check::of_card(VerifyError::OpeningFailed), Check::Other);
}
