use super::*;

#[test]
fn keys_round_trip_and_differ() {
    let key = Secret::random().unwrap();
    let again = Secret::parse(&key.reveal()).unwrap();
    assert!(again.matches(&key.hash()));
    assert!(!Secret::random().unwrap().matches(&key.hash()));
    for bad in ["", "pvn", "pvn_00_11", "pvn_000000000000_0g", &key.reveal()[1..]] {
        assert!(Secret::parse(bad).is_none(), "{bad}");
    }
}

#[test]
fn scopes_round_trip() {
    assert_eq!(scopes(&scopes_text(&Scope::ALL)), Scope::ALL);
    assert!(scopes("everything").is_empty());
}
