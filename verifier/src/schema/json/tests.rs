use super::*;
use alloc::string::ToString;

#[test]
fn texts_and_numbers_are_read_as_they_are_written() {
    let value =
        parse(" {\"a\\u0041\\n\\ud83d\\ude00é\": [1, -2.5e+3, \"\\\"\\/\", null, true, {}], \"b\" : [] } ").unwrap();
    let members = value.object().unwrap();
    let list = members["aA\n\u{1f600}é"].list().unwrap();
    let number = |text: &str| Json::Number(text.to_string());
    let rest = [Json::Null, Json::Bool, Json::Object(BTreeMap::new())];
    let expected = [number("1"), number("-2.5e+3"), Json::Text("\"/".to_string())];
    assert_eq!(list, [expected, rest].concat());
    assert_eq!(
        (number("7").integer::<u8>(), number("-2.5e+3").integer::<i32>()),
        (Some(7), None)
    );
    assert_eq!(
        (number("256").integer::<u8>(), Json::Null.integer::<u8>()),
        (None, None)
    );
    assert_eq!(members["b"].list(), Some(&[][..]));
}

#[test]
fn what_is_no_json_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{a:1}",
        "nul",
        "1 2",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\n\"",
        "[1 2]",
        "tru",
        "\u{a0}1",
        "--1",
        "1-2",
        "\"\\u+123\"",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    let twice = parse("{\"a\": {\"b\": 1, \"\\u0062\": 2}}").unwrap_err();
    assert_eq!(
        twice.to_string(),
        "the description on the card is not one that this release reads: duplicate field `b`"
    );
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| alloc::format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    assert!(parse(&nested(MAX_DEPTH + 1)).is_err());
    assert!(parse(&"[".repeat(200_000)).is_err());
}
