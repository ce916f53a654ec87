use super::*;

#[test]
fn forms() {
    let long = "a".repeat(41);
    for bad in ["", "Alice", "a/b", "a.b", "..", "a b", "\u{e9}", "a\0", &long] {
        assert!(bad.parse::<TenantId>().is_err(), "{bad}");
    }
    assert_eq!("a-1".parse(), Ok(TenantId::known("a-1")));
    for bad in ["", "0123456789a", "0123456789abc", "0123456789ag"] {
        assert!(bad.parse::<KeyId>().is_err(), "{bad}");
    }
    for bad in ["", "a-b", "a b", "../a"] {
        assert!(bad.parse::<JobId>().is_err(), "{bad}");
    }
    let digest = ObjectDigest::of(b"");
    for bad in [
        "",
        &digest.as_str().to_uppercase(),
        &digest.as_str()[1..],
        &"g".repeat(64),
    ] {
        assert!(bad.parse::<ObjectDigest>().is_err(), "{bad}");
    }
    for id in [JobId::fresh().as_str(), "0"] {
        assert_eq!(id.parse::<JobId>().unwrap().as_str(), id);
    }
    assert_eq!(digest.as_str().parse(), Ok(digest));
}
