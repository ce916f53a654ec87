//! Restored backups: nothing is signed that contradicts what was signed, and what is known goes on.

use super::*;

#[tokio::test]
async fn a_restored_backup_does_not_fork_the_log() {
    let log = Log::new().await;
    log.grow(0, 40, 0).await;
    log.head().await;
    log.grow(40, 50, 0).await;
    let signed = log.head().await;
    // The backup knows 40 entries. Then others come than those that were signed.
    log.app.db.log_reset(40, 40).await.unwrap();
    log.grow(40, 45, 1).await;
    assert_eq!(Log::stopped(publish(&log.app).await), Stop::Behind);
    log.grow(45, 60, 1).await;
    assert_eq!(Log::stopped(publish(&log.app).await), Stop::Behind);
    let copy = log.app.store.read(COPY).await.unwrap().unwrap();
    let key = log.app.tlog.signer.as_ref().unwrap().key.clone();
    assert_eq!(
        Checkpoint::from_note(std::str::from_utf8(&copy).unwrap(), &key),
        Ok(signed)
    );
    assert_eq!(log.app.db.log_head().await.unwrap().size, 40);
}

#[tokio::test]
async fn a_restored_backup_goes_on_where_the_log_was() {
    for (kept, signed_size) in [(0, 3), (40, 50), (40, 300), (255, 257), (256, 600), (300, 512)] {
        let log = Log::new().await;
        log.grow(0, kept, 0).await;
        log.head().await;
        log.grow(kept, signed_size, 0).await;
        let signed = log.head().await;
        log.app.db.log_reset(kept, kept).await.unwrap();
        assert_eq!(restore::restore(&log.app).await.unwrap(), signed_size - kept);
        assert_eq!(restore::restore(&log.app).await.unwrap(), 0);
        log.grow(signed_size, signed_size + 10, 1).await;
        // More may have been signed than this machine knows.
        assert_eq!(Log::stopped(publish(&log.app).await), Stop::Behind);
        let note = watermark::read(&log.app.config).unwrap().unwrap();
        assert_eq!(log.resume(&note).await.unwrap().signed, signed_size);
        let head = log.head().await;
        assert_eq!((head.size, head.root), (signed_size + 10, mth(&log.leaves().await)));
        let proof = proofs::consistency(&log.app, signed_size, head.size).await.unwrap();
        let (old, new) = ((signed_size, &signed.root), (head.size, &head.root));
        assert_eq!(extends(old, new, &proof), Ok(()), "{kept} of {signed_size}");
    }
}

#[tokio::test]
async fn nothing_else_is_read_back() {
    let log = Log::new().await;
    log.grow(0, 40, 0).await;
    log.head().await;
    log.grow(40, 50, 0).await;
    log.head().await;
    let entries = async || log.app.db.log_head().await.unwrap().entries;
    // Other entries came before anybody looked.
    log.app.db.log_reset(40, 40).await.unwrap();
    log.grow(40, 45, 1).await;
    assert_eq!(Log::stopped(restore::restore(&log.app).await), Stop::Behind);
    assert_eq!(entries().await, 45);
    // An entry that was not signed.
    log.app.db.log_reset(40, 40).await.unwrap();
    let name = "_log/tile/entries/000.p/50";
    let good = log.app.store.read(name).await.unwrap().unwrap();
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    for bytes in [bad, good[..good.len() - 1].to_vec(), vec![]] {
        log.app.store.write(name, bytes).await.unwrap();
        restore::restore(&log.app).await.unwrap_err();
        assert_eq!(entries().await, 40);
    }
    log.app.store.write(name, good).await.unwrap();
    assert_eq!(restore::restore(&log.app).await.unwrap(), 10);
}

/// The object store is empty, or another one.
#[tokio::test]
async fn a_missing_checkpoint_stops_the_log() {
    let log = Log::new().await;
    assert_eq!(restore::restore(&log.app).await.unwrap(), 0, "a new log has none");
    log.grow(0, 40, 0).await;
    log.head().await;
    let key = log.app.config.log_key().display().to_string();
    let (copy, mark) = (
        log.app.config.objects().join(COPY),
        format!("{key}{}", watermark::SUFFIX),
    );
    let note = std::fs::read(&mark).unwrap();
    assert_eq!(note, std::fs::read(&copy).unwrap());
    log.grow(40, 45, 1).await;
    let refused = |cause: String| assert!(cause.contains("has no _log/checkpoint"), "{cause}");
    std::fs::remove_file(&copy).unwrap();
    refused(restore::restore(&log.app).await.unwrap_err().cause());
    refused(publish(&log.app).await.unwrap_err().cause());
    // The database alone tells it too.
    std::fs::remove_file(&mark).unwrap();
    refused(restore::restore(&log.app).await.unwrap_err().cause());
    assert_eq!(Log::stopped(publish(&log.app).await), Stop::NoWatermark);
    assert!(!copy.exists());
    log.resume(std::str::from_utf8(&note).unwrap()).await.unwrap();
    assert_eq!(std::fs::read(&copy).unwrap(), note);
    assert_eq!(restore::restore(&log.app).await.unwrap(), 0);
    assert_eq!(log.head().await.size, 45);
}

/// Database and objects of one backup agree with each other; only the file beside the key knows better.
#[tokio::test]
async fn a_backup_of_everything_does_not_fork_the_log() {
    let log = Log::new().await;
    log.grow(0, 40, 0).await;
    log.head().await;
    let old = log.app.store.read(COPY).await.unwrap().unwrap();
    log.grow(40, 45, 0).await;
    let signed = log.head().await;
    log.app.db.log_reset(40, 40).await.unwrap();
    log.app.store.write(COPY, old).await.unwrap();
    for tile in ["_log/tile/entries/000.p/45", "_log/tile/0/000.p/45"] {
        std::fs::remove_file(log.app.config.objects().join(tile)).unwrap();
    }
    assert_eq!(Log::stopped(restore::restore(&log.app).await), Stop::Behind);
    let mark = watermark::read(&log.app.config).unwrap().unwrap();
    for (size, stop) in [(43, Stop::Behind), (45, Stop::Contradicted), (50, Stop::Contradicted)] {
        let have = log.app.db.log_head().await.unwrap().entries;
        log.grow(u64::try_from(have).unwrap(), size, 1).await;
        log.resume(&mark).await.unwrap_err();
        assert_eq!(Log::stopped(publish(&log.app).await), Stop::Behind);
        // Nor if somebody says so to the database alone.
        log.app.db.log_resume(40).await.unwrap();
        assert_eq!(Log::stopped(publish(&log.app).await), stop);
        log.app.db.log_stop(Stop::Behind).await.unwrap();
    }
    let key = &log.app.tlog.signer.as_ref().unwrap().key;
    assert_eq!(Checkpoint::from_note(&mark, key), Ok(signed));
}

/// What others sign is known here too, so that this machine tells a backup of before.
#[tokio::test]
async fn each_machine_keeps_what_any_signed() {
    let log = Log::new().await;
    log.grow(0, 40, 0).await;
    log.head().await;
    let old = watermark::read(&log.app.config).unwrap().unwrap();
    log.grow(40, 45, 0).await;
    let signed = log.head().await;
    // As on a machine that was idle meanwhile.
    watermark::write(&log.app.config, &old).unwrap();
    assert!(!publish(&log.app).await.unwrap());
    let mark = watermark::read(&log.app.config).unwrap().unwrap();
    let key = &log.app.tlog.signer.as_ref().unwrap().key;
    assert_eq!(Checkpoint::from_note(&mark, key), Ok(signed.clone()));
    // Not what another tree says.
    let signer = log.app.tlog.signer.as_ref().unwrap();
    let other = Checkpoint {
        root: [7; 32],
        ..signed
    };
    watermark::write(&log.app.config, &signer.sign(&other)).unwrap();
    assert_eq!(Log::stopped(publish(&log.app).await), Stop::Contradicted);
}

/// More entries than a round publishes lie between what is served and what was signed; the tiles are those of nothing.
#[tokio::test]
async fn a_resumed_log_makes_its_tiles_again() {
    let log = Log::new().await;
    log.grow(0, 20_000, 0).await;
    let signed = log.head().await;
    let note = log.app.db.log_head().await.unwrap().checkpoint;
    log.app.db.log_stop(Stop::Restored).await.unwrap();
    std::fs::remove_dir_all(log.app.config.objects().join("_log")).unwrap();
    log.grow(20_000, 20_010, 0).await;
    let resumed = log.resume(&note).await.unwrap();
    assert_eq!((resumed.entries, resumed.signed, resumed.restored), (20_010, 20_000, 0));
    let head = log.head().await;
    assert_eq!((head.size, head.root), (20_010, mth(&log.leaves().await)));
    let proof = proofs::consistency(&log.app, 20_000, 20_010).await.unwrap();
    assert_eq!(extends((20_000, &signed.root), (20_010, &head.root), &proof), Ok(()));
}

/// `renew` broke off after the database had the new key: the next one finishes it, and until then nobody signs.
#[tokio::test]
async fn a_renewal_that_broke_off_is_finished() {
    let log = Log::new().await;
    log.grow(0, 40, 0).await;
    log.head().await;
    let (config, db, store) = (&log.app.config, &log.app.db, &log.app.store);
    let old = renew::EarlierKey {
        key: db.log_head().await.unwrap().key,
        checkpoint: db.log_head().await.unwrap().checkpoint,
        ended: 1,
    };
    let next = format!("{}.next", config.log_key().display());
    let new = key::Signer::make("log.test/two", std::path::Path::new(&next)).unwrap();
    db.log_renew(&old, &new.key.to_string()).await.unwrap();
    let cause = publish(&log.app).await.unwrap_err().cause();
    assert!(cause.contains("goes on under the key"), "{cause}");
    // Nor does what was under way then arrive.
    db.set_checkpoint(40, &old.checkpoint, &old.key).await.unwrap();
    assert_eq!(db.log_head().await.unwrap().checkpoint, "");
    let cause = App::open(config.clone(), Clock::System).await.err().unwrap().cause();
    assert!(cause.contains("run it again"), "{cause}");
    let (key, earlier) = renew::renew(config, db, store, "log.test/two", 2).await.unwrap();
    assert_eq!((&key, &earlier), (&new.key, &old));
    let app = App::open(config.clone(), Clock::System).await.unwrap();
    while publish(&app).await.unwrap() {}
    let head = app.db.log_head().await.unwrap();
    assert_eq!(Checkpoint::from_note(&head.checkpoint, &key).unwrap().size, 40);
    // The old key's files stay, under its id.
    let id = old.key.split('+').nth(1).unwrap();
    for file in [config.log_key(), watermark::path(config)] {
        assert!(std::path::Path::new(&format!("{}.{id}", file.display())).exists());
    }
    // No name twice.
    for origin in ["log.test/two", old.key.split('+').next().unwrap()] {
        renew::renew(config, db, store, origin, 3).await.unwrap_err();
    }
}
