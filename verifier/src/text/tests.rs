use super::*;

#[test]
fn what_is_hidden_is_spelled_out() {
    for c in "\0\t\n\r\u{1b}\u{7f}\u{85}\u{a0}\u{ad}\u{34f}\u{61c}\u{115f}\u{180e}\u{200b}\u{200d}\u{200e}\u{2028}\u{202e}\u{2066}\u{2800}\u{3000}\u{3164}\u{e000}\u{fdd0}\u{fe0f}\u{feff}\u{ffff}\u{1d159}\u{e0041}\u{e0100}\u{f0000}\u{10ffff}".chars() {
        assert_eq!(printable(&format!("a{c}b")), format!("a{}b", c.escape_unicode()));
        assert!(!is_printable(&String::from_iter(['a', c])));
    }
    for plain in [
        "",
        "a B~\"\\",
        "é",
        "e\u{301}",
        "数字",
        "\u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940}",
        "“x”",
        "😀",
    ] {
        assert!(is_printable(plain), "{plain}");
    }
}

#[test]
fn marks_do_not_pile_up() {
    assert_eq!(printable("\u{301}"), "\\u{301}");
    assert_eq!(
        printable("a\u{301}\u{302}\u{303}\u{304}b\u{301}"),
        "a\u{301}\u{302}\\u{303}\\u{304}b\u{301}"
    );
    assert_eq!(printable("a\u{200b}\u{301}"), "a\\u{200b}\\u{301}");
}

#[test]
fn no_two_integers_read_the_same() {
    for frac in [-3, 0, 1, 8, 16, 30, 64, 65, 2000, -2000] {
        let shown: alloc::collections::BTreeSet<String> = (-300..300).map(|integer| decimal(integer, frac)).collect();
        assert_eq!(shown.len(), 600, "{frac}");
    }
    for integer in [0, 1, -1, i64::MIN, i64::MAX] {
        for frac in [i32::MIN, -64, -1, 0, 1, 63, 64, 65, i32::MAX] {
            assert!(decimal(integer, frac).len() < 100);
        }
    }
}

#[test]
fn hexadecimal_has_its_length() {
    assert_eq!(unhex("00fF"), Ok([0, 255]));
    for text in ["", "00", "00f", "00fg", "00ff00", " 0ff", "+0ff", "é0f"] {
        assert_eq!(unhex::<2>(text), Err(HexError { expected: 4 }), "{text}");
    }
    assert_eq!(
        HexError { expected: 4 }.to_string(),
        "4 hexadecimal digits are expected"
    );
}

#[test]
fn names_are_data() {
    assert_eq!(quoted("digits"), "\"digits\"");
    assert_eq!(quoted("good\u{201d} gave \"0\""), "\"good\\u{201d} gave \\\"0\\\"\"");
    assert_eq!(quoted(&"x".repeat(80)).len(), 82);
    let long = quoted(&"x".repeat(200_000));
    assert_eq!(long, format!("\"{}\u{2026}\" (200000 characters)", "x".repeat(80)));
    assert!(quoted(&"\u{202e}".repeat(200_000)).len() < 1000);
}
