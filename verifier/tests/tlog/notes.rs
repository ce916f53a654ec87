//! Notes, keys and entries as texts.

use super::*;

#[test]
fn notes_are_read_strictly() {
    let log = Log::new(3);
    let head = log.head().to_text();
    let malformed = |text: &str| {
        let found = Checkpoint::from_note(&log.sign(text), &log.key);
        assert!(matches!(found, Err(LogError::Malformed { .. })), "{text:?}: {found:?}");
    };
    malformed(&head.replace("\n3\n", "\n03\n"));
    malformed(&head.replace("\n3\n", "\n+3\n"));
    malformed(&head.replace("\n3\n", "\n18446744073709551616\n"));
    malformed(&head.replace("=\n", "\n"));
    malformed("log.example\n3\n");
    malformed(&format!("{head}\nextension\n"));
    malformed(&format!("{head}\ttab\n"));
    // Extension lines and signatures of witnesses are allowed.
    let witness = "\u{2014} witness.example AAAAAAAA\n";
    let signed = log.sign(&format!("{head}extension\n"));
    assert_eq!(
        Checkpoint::from_note(&format!("{signed}{witness}"), &log.key),
        Ok(log.head())
    );
    // One bad signature under the key refuses the note, whatever stands beside it.
    let bad = log.key.signature_line(&[0; 64]);
    assert_eq!(
        Checkpoint::from_note(&format!("{signed}{bad}"), &log.key),
        Err(LogError::Signature)
    );
    let long = log.sign(&format!("{head}{}\n", "x".repeat(MAX_NOTE)));
    assert!(matches!(
        Checkpoint::from_note(&long, &log.key),
        Err(LogError::TooLong { .. })
    ));
    let elsewhere = log.sign(&head.replace("log.example", "log.elsewhere"));
    assert_eq!(Checkpoint::from_note(&elsewhere, &log.key), Err(LogError::Origin));
}

#[test]
fn texts_are_bounded_and_names_plain() {
    let log = Log::new(3);
    let head = log.head().to_text();
    let extended = |n: usize| log.sign(&format!("{head}{}\n", "x".repeat(n)));
    let most = MAX_NOTE - extended(0).len();
    assert_eq!(Checkpoint::from_note(&extended(most), &log.key), Ok(log.head()));
    let (maximum, got) = (MAX_NOTE as u64, MAX_NOTE as u64 + 1);
    assert_eq!(
        Checkpoint::from_note(&extended(most + 1), &log.key),
        Err(LogError::TooLong { maximum, got })
    );
    assert_eq!(MAX_PROOF_TEXT, MAX_NOTE + 65_536);
    for (size, long) in [(MAX_PROOF_TEXT, false), (MAX_PROOF_TEXT + 1, true)] {
        let text = "x".repeat(size);
        for found in [
            InclusionProof::from_text(&text).map(drop),
            ConsistencyProof::from_text(&text).map(drop),
        ] {
            assert_eq!(matches!(found, Err(LogError::TooLong { .. })), long, "{found:?}");
        }
    }
    let signed = log.sign(&head);
    // Names without letters, with a plus, a space of another kind, a control character; a signature without bytes.
    for line in [
        "\u{2014}  AAAAAAAA\n",
        "\u{2014} a+b AAAAAAAA\n",
        "\u{2014} a\u{a0}b AAAAAAAA\n",
        "\u{2014} a\u{7f}b AAAAAAAA\n",
        "\u{2014} a AAAAAA==\n",
    ] {
        let found = Checkpoint::from_note(&format!("{signed}{line}"), &log.key);
        assert!(matches!(found, Err(LogError::Malformed { .. })), "{line:?}: {found:?}");
    }
}

#[test]
fn keys_and_entries_round_trip() {
    let key = Log::new(0).key;
    assert_eq!(key.to_string().parse(), Ok(key.clone()));
    let text = key.to_string();
    let bad = [
        "",
        "name",
        "name+00000000",
        "name+00000000+!",
        &text.replace("log.", "l g."),
        &text.replace("log.", "lag."),
    ];
    for bad in bad {
        assert!(matches!(bad.parse::<LogKey>(), Err(LogError::Key { .. })), "{bad}");
    }
    let entry = Entry::of(EntryKind::Card, b"card");
    let bytes = entry.to_bytes();
    assert_eq!((bytes.len(), Entry::from_bytes(&bytes)), (39, Ok(entry)));
    assert_eq!(
        Entry::from_bytes(&bytes[..38]),
        Err(VerifyError::Truncated { missing: 1 })
    );
    assert_eq!(
        Entry::from_bytes(&[bytes.as_slice(), &[0]].concat()),
        Err(VerifyError::TrailingBytes { got: 1 })
    );
    let tag = [&bytes[..6], &[3], &bytes[7..]].concat();
    assert_eq!(Entry::from_bytes(&tag), Err(VerifyError::BadTag { got: 3 }));
    assert_eq!(base64_decode("AAAA"), Some(vec![0; 3]));
}

/// One code for each way to be wrong, none shared with the rest of the crate.
#[test]
fn codes_are_distinct() {
    let errors = [
        LogError::Fork { old: 0, new: 0 },
        LogError::Index { size: 0, got: 0 },
        LogError::Key { reason: "" },
        LogError::Malformed { what: "", reason: "" },
        LogError::NotIncluded,
        LogError::Origin,
        LogError::PathLength { expected: 0, got: 0 },
        LogError::Shrunk { old: 0, new: 0 },
        LogError::Signature,
        LogError::TooLong { maximum: 0, got: 0 },
        LogError::Unsigned,
        LogError::Witnesses { quorum: 0, got: 0 },
    ];
    let codes: std::collections::BTreeSet<_> = errors.iter().map(LogError::code).collect();
    assert_eq!(codes.len(), errors.len());
    for error in errors {
        assert!(error.code().starts_with("log-"));
        assert_eq!(VerifyError::from(error).code(), error.code());
        assert_eq!(VerifyError::from(error).help(), error.help());
    }
}
