use super::*;

#[test]
fn texts_name_files_in_place_of_links() {
    assert_eq!(
        plain("See [a b](c.md#d), [e](f.md)."),
        "See a b (docs/c.md), e (docs/f.md)."
    );
    assert_eq!(plain("`[1]` stays"), "`[1]` stays");
}

#[test]
fn the_nearest_code_is_found() {
    assert_eq!(nearest("model-missmatch"), Some("model-mismatch"));
    assert_eq!(nearest("dev_srs"), Some("dev-srs"));
    assert_eq!(nearest("expried"), Some("expired"));
    assert_eq!(nearest("a-word-that-is-nothing-here"), None);
    assert_eq!(distance("kitten", "sitting"), 3);
    assert_eq!(distance("", "abc"), 3);
    assert!(is_form("bad-utf8") && !is_form("receipt.bin") && !is_form("-") && !is_form(""));
}
