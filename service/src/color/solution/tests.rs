use super::*;

#[test]
fn solver_output_is_read() {
    for (file, colours) in [
        ("0\n1\n2\n", [0, 1, 2]),
        ("c by a solver\ns col 3\n3\n1\n\n2\n", [2, 0, 1]),
        ("l 2 7\nl 1 9\nl 3 7\n", [1, 0, 0]),
    ] {
        for vertices in [Some(3), None] {
            assert_eq!(parse(file.as_bytes(), vertices).unwrap(), colours);
        }
    }
    assert_eq!(parse(text(&[2, 0, 1]).as_bytes(), Some(3)).unwrap(), [2, 0, 1]);
    assert!(parse(b"", Some(0)).unwrap().is_empty());
    assert!(parse(b"c nothing\n\n", None).unwrap().is_empty());
}

#[test]
fn bad_files_are_refused_by_line() {
    let many: String = (0..300).map(|colour| format!("{colour}\n")).collect();
    let cases = [
        ("0\nx\n1\n", 3, "line 2: `x` is no number"),
        ("0\n-1\n1\n", 3, "line 2: `-1` is no number"),
        ("0 1\n", 3, "line 1: expected a colour"),
        ("0\n1\n", 3, "2 colours for 3 vertices"),
        ("0\n1\n2\n0\n", 3, "line 4: more colours"),
        ("l 4 1\n", 3, "line 1: no such vertex"),
        ("l 0 1\n", 3, "line 1: no such vertex"),
        ("l 1 1\nl 1 2\n", 3, "line 2: vertex 1 has a colour already"),
        ("l 1 1\n2\n", 3, "colours with and without"),
        (&many, 300, "300 different colours"),
    ];
    for (file, vertices, expected) in cases {
        let message = parse(file.as_bytes(), Some(vertices)).unwrap_err();
        assert!(message.starts_with(expected), "{message}");
    }
    let message = parse(b"l 1 1\nl 3 1\n", None).unwrap_err();
    assert!(message.starts_with("line 2: no such vertex"), "{message}");
    assert!(parse(b"\xff", None).is_err());
}
