use std::fs;

use crate::srs::{Srs, SrsError, SrsKind};

#[test]
fn round_trip() {
    let dir = tempfile::tempdir().unwrap();
    let made = Srs::load_or_make_dev(dir.path(), 5).unwrap();
    let path = dir.path().join("dev-k5.srs");
    let stored = fs::read(&path).unwrap();
    let loaded = Srs::load_or_make_dev(dir.path(), 5).unwrap();
    assert_eq!(loaded.kind, SrsKind::Dev);
    assert_eq!(loaded.g1_points(), made.g1_points());
    assert_eq!(loaded.lagrange_points(), made.lagrange_points());
    assert_eq!(loaded.tail(6), made.tail(6));
    assert_eq!(fs::read(&path).unwrap(), stored);
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["dev-k5.srs", "dev.seed"], "no temporary file is left");
}

#[test]
fn one_secret_per_directory() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let large = Srs::load_or_make_dev(dir.path(), 6).unwrap();
    let small = Srs::load_or_make_dev(dir.path(), 4).unwrap();
    assert_eq!((large.k(), small.k()), (6, 4));
    assert_eq!(large.id(), small.id());
    assert_eq!(&large.g1_points()[..16], small.g1_points());
    assert_ne!(large.id(), Srs::load_or_make_dev(other.path(), 4).unwrap().id());
}

#[cfg(unix)]
#[test]
fn seed_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    Srs::load_or_make_dev(dir.path(), 3).unwrap();
    let metadata = fs::metadata(dir.path().join("dev.seed")).unwrap();
    assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (32, 0o600));
}

#[test]
fn concurrent_starts_agree() {
    let dir = tempfile::tempdir().unwrap();
    let ids: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| Srs::load_or_make_dev(dir.path(), 3).unwrap().id()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| id == &ids[0]));
}

#[test]
fn every_flipped_byte_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    Srs::load_or_make_dev(dir.path(), 2).unwrap();
    let path = dir.path().join("dev-k2.srs");
    let good = fs::read(&path).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&path, bad).unwrap();
        let error = Srs::load_or_make_dev(dir.path(), 2).unwrap_err();
        match at {
            // The kind (byte 12) is under the digest, or out of range (bytes 13 to 15).
            0..=11 | 13..=23 => assert!(matches!(error, SrsError::CacheFormat { .. }), "byte {at}: {error}"),
            12 | 24..=55 => assert!(matches!(error, SrsError::CacheCorrupted { .. }), "byte {at}: {error}"),
            // A changed coordinate leaves the curve; were it to stay there, the digest would tell.
            _ => assert!(
                matches!(error, SrsError::CachePoint { .. } | SrsError::CacheCorrupted { .. }),
                "byte {at}: {error}"
            ),
        }
        assert!(error.help().contains("delete it and run again"), "byte {at}: {error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "byte {at}: {error}");
    }
}

#[test]
fn wrong_lengths_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    Srs::load_or_make_dev(dir.path(), 2).unwrap();
    let path = dir.path().join("dev-k2.srs");
    let mut bytes = fs::read(&path).unwrap();
    bytes.push(0);
    for length in [bytes.len(), bytes.len() - 2, 56, 55, 1, 0] {
        fs::write(&path, &bytes[..length]).unwrap();
        let error = Srs::load_or_make_dev(dir.path(), 2).unwrap_err();
        assert!(
            matches!(error, SrsError::CacheFormat { got, .. } if got == length as u64),
            "{length}: {error}"
        );
    }
}

#[test]
fn foreign_and_renamed_files_are_refused() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    Srs::load_or_make_dev(dir.path(), 2).unwrap();
    Srs::load_or_make_dev(other.path(), 2).unwrap();
    let path = dir.path().join("dev-k2.srs");
    fs::copy(&path, dir.path().join("dev-k3.srs")).unwrap();
    let error = Srs::load_or_make_dev(dir.path(), 3).unwrap_err();
    assert!(
        matches!(
            error,
            SrsError::CacheFormat {
                field: "k",
                expected: 3,
                got: 2,
                ..
            }
        ),
        "{error}"
    );
    fs::copy(other.path().join("dev-k2.srs"), &path).unwrap();
    let error = Srs::load_or_make_dev(dir.path(), 2).unwrap_err();
    assert_eq!(error.code(), "srs-cache-foreign");
}

#[test]
fn short_seed_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("dev.seed"), [0; 31]).unwrap();
    let error = Srs::load_or_make_dev(dir.path(), 2).unwrap_err();
    assert!(
        matches!(
            error,
            SrsError::SeedLength {
                expected: 32,
                got: 31,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_ceremony_needs_its_pin_on_every_load() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ceremony.srs");
    let mut srs = Srs::dev_from_seed(3, [4; 32]);
    srs.kind = SrsKind::Ceremony;
    srs.save(&path).unwrap();
    assert_eq!(Srs::load(&path, Some(srs.id())).unwrap().kind, SrsKind::Ceremony);
    assert_eq!(Srs::load(&path, None).unwrap().kind, SrsKind::Dev);
    assert_eq!(
        Srs::load(&path, Some([0; 32])).unwrap_err().code(),
        "srs-digest-mismatch"
    );
    assert_eq!(
        Srs::load(&dir.path().join("absent"), None).unwrap_err().code(),
        "srs-io"
    );
}
