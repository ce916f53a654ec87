use super::*;
use std::collections::BTreeSet;

#[test]
fn the_table_is_whole() {
    let all: Vec<Ceremony> = all().collect();
    assert_eq!(all.len(), TABLE.lines().filter(|line| !line.starts_with('#')).count());
    assert!(all.iter().map(|ceremony| ceremony.power).eq(8..=28));
    for ceremony in &all {
        let number = format!("_{:02}.ptau", ceremony.power);
        assert!(ceremony.file.ends_with(&number) || ceremony.power == 28, "{ceremony}");
        assert_eq!(with_digest(&ceremony.digest).as_ref(), Some(ceremony));
    }
    let digests: BTreeSet<[u8; 64]> = all.iter().map(|ceremony| ceremony.digest).collect();
    assert_eq!(digests.len(), all.len());
}

#[test]
fn digests_are_those_that_ceremonies_publish() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/ceremony/power4.ptau");
    let whole = *blake2b_simd::blake2b(&std::fs::read(&path).unwrap()).as_array();
    assert_eq!(digest(&path).unwrap(), whole);
    let error = of(&path).unwrap_err();
    let (code, message, _) = error.parts();
    assert_eq!(code, "unknown-ceremony");
    assert!(message.contains(&hex(&whole)), "{message}");
}
