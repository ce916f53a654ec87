//! Growth and crashes, against the tree over all leaves.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod restored;

use super::tiles::{split, WIDTH};
use super::*;
use crate::server::clock::Clock;
use crate::server::config::Config;
use crate::server::ids::ObjectDigest;
use futures_util::FutureExt;
use provenn_verifier::tlog::{empty_root, extends, node_hash, Hash};

struct Log {
    app: App,
    _folder: tempfile::TempDir,
}

impl Log {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data: folder.path().into(),
            ..Config::default()
        };
        Self {
            app: App::open(config, Clock::System).await.unwrap(),
            _folder: folder,
        }
    }

    /// Adds entries that `seed` tells apart, up to `size`.
    async fn grow(&self, from: u64, size: u64, seed: u64) {
        let digest = |i: u64| ObjectDigest::of(&[i.to_le_bytes(), seed.to_le_bytes()].concat());
        let digests: Vec<ObjectDigest> = (from..size).map(digest).collect();
        self.app.db.log_these(&digests).await.unwrap();
    }

    /// Publishes all there is; the checkpoint that is served then.
    async fn head(&self) -> Checkpoint {
        while publish(&self.app).await.unwrap() {}
        self.checkpoint().await
    }

    async fn checkpoint(&self) -> Checkpoint {
        let head = self.app.db.log_head().await.unwrap();
        Checkpoint::from_note(&head.checkpoint, &head.key.parse().unwrap()).unwrap()
    }

    /// What `provenn log resume` does with this note.
    async fn resume(&self, note: &str) -> Result<resume::Resumed, ApiError> {
        resume::resume(&self.app, self.app.tlog.signer.as_ref().unwrap(), note.into()).await
    }

    /// Why nothing is signed.
    #[track_caller]
    fn stopped<T: std::fmt::Debug>(result: Result<T, ApiError>) -> Stop {
        match result {
            Err(ApiError::LogStopped(stop)) => stop,
            other => panic!("{other:?}"),
        }
    }

    async fn leaves(&self) -> Vec<Hash> {
        let entries = self.app.db.log_entries(0, u64::MAX).await.unwrap();
        entries.iter().map(Entry::leaf).collect()
    }
}

fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&mth(left), &mth(right))
        }
    }
}

#[tokio::test]
async fn tiles_and_roots_are_those_of_the_entries() {
    let log = Log::new().await;
    assert_eq!(log.head().await.root, empty_root());
    let mut before = log.checkpoint().await;
    // Around the widths of tiles of level 0 and 1, in steps of any length.
    for size in [1, 2, 255, 256, 257, 511, 700, 65_535, 65_537, 66_000] {
        log.grow(before.size, size, 0).await;
        let head = log.head().await;
        let leaves = log.leaves().await;
        assert_eq!((head.size, head.root), (size, mth(&leaves)));
        let proof = proofs::consistency(&log.app, before.size, size).await.unwrap();
        let (old, new) = ((before.size, &before.root), (size, &head.root));
        assert_eq!(extends(old, new, &proof), Ok(()));
        before = head;
    }
    let leaves = log.leaves().await;
    // Each full and partial tile of the specification's addresses, and nothing wider.
    let full = tile(&log.app, "0/001").await.unwrap().unwrap();
    assert_eq!(split(&full), leaves[256..512]);
    let last = tile(&log.app, &format!("0/257.p/{}", 66_000 % WIDTH))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(split(&last), leaves[257 * 256..]);
    let above = tile(&log.app, "1/000").await.unwrap().unwrap();
    assert_eq!(split(&above)[7], mth(&leaves[7 * 256..8 * 256]));
    assert_eq!(
        tile(&log.app, "2/000.p/1").await.unwrap().unwrap(),
        mth(&leaves[..65_536])
    );
    assert_eq!(
        tile(&log.app, "1/001.p/1").await.unwrap().unwrap(),
        mth(&leaves[65_536..65_792])
    );
    assert_eq!(tile(&log.app, "1/001.p/2").await.unwrap(), None);
    assert_eq!(tile(&log.app, "0/257").await.unwrap(), None);
    let bundle = tile(&log.app, "entries/000.p/3").await.unwrap().unwrap();
    assert_eq!(bundle.len(), 3 * (2 + 39));
    assert_eq!(Entry::from_bytes(&bundle[2..41]).unwrap().leaf(), leaves[0]);
}

/// Whatever part of a round happened before a crash, the next one says the same.
#[tokio::test]
async fn a_crash_between_tiles_and_checkpoint_changes_nothing() {
    let log = Log::new().await;
    log.grow(0, 300, 0).await;
    log.head().await;
    log.grow(300, 600, 0).await;
    let signed = log.head().await;
    // Objects and the copy are there, the database never heard of them, more entries came.
    log.app.db.log_reset(300, 600).await.unwrap();
    log.grow(600, 640, 0).await;
    let head = log.head().await;
    assert_eq!((head.size, head.root), (640, mth(&log.leaves().await)));
    let proof = proofs::consistency(&log.app, 600, 640).await.unwrap();
    assert_eq!(extends((600, &signed.root), (640, &head.root), &proof), Ok(()));
}

/// Two processes that publish at once, while entries come.
#[tokio::test(flavor = "multi_thread")]
async fn publishers_at_once_agree() {
    let log = Log::new().await;
    for round in 0..10 {
        log.grow(round * 37, (round + 1) * 37, 0).await;
        let (a, b) = (log.app.clone(), log.app.clone());
        let both = tokio::join!(
            tokio::spawn(async move { publish(&a).await }),
            tokio::spawn(async move { publish(&b).await })
        );
        both.0.unwrap().unwrap();
        both.1.unwrap().unwrap();
        let head = log.head().await;
        assert_eq!((head.size, head.root), ((round + 1) * 37, mth(&log.leaves().await)));
    }
}

#[tokio::test]
async fn another_key_does_not_continue_the_log() {
    let log = Log::new().await;
    let other = tempfile::tempdir().unwrap();
    let config = Config {
        data: other.path().into(),
        database: log.app.config.database_url(),
        ..Config::default()
    };
    // Neither without a key, which leaves none, nor with one of its own.
    for _ in 0..2 {
        let error = App::open(config.clone(), Clock::System).await.err().unwrap();
        assert!(error.cause().contains("log.key"), "{error:?}");
        assert_eq!(config.log_key().exists(), other.path().join("made").exists());
        key::Signer::make("another", &config.log_key()).unwrap();
        std::fs::write(other.path().join("made"), []).unwrap();
    }
    // The key itself is read again.
    App::open(log.app.config.clone(), Clock::System).await.unwrap();
}

#[tokio::test]
async fn a_stopped_log_is_seen() {
    let log = Log::new().await;
    let get = async |path: &str| {
        let request = axum::extract::Request::get(path)
            .body(axum::body::Body::empty())
            .unwrap();
        let answer = tower::ServiceExt::oneshot(crate::server::api::router(log.app.clone()), request);
        let answer = answer.await.unwrap();
        let ready = answer.status().is_success();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        match ready {
            true => String::from_utf8(body.to_vec()).unwrap(),
            false => String::new(),
        }
    };
    let pending = async || {
        let text = get("/metrics").await;
        let value = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.trim().parse::<i64>().ok())
        };
        (
            value("provenn_log_pending_entries").unwrap(),
            value("provenn_log_pending_age_seconds").unwrap(),
        )
    };
    assert_eq!((get("/readyz").await.as_str(), pending().await), ("ready\n", (0, 0)));
    // These entries came long ago.
    log.grow(0, 3, 0).await;
    assert_eq!(get("/readyz").await, "");
    let (entries, age) = pending().await;
    assert!(entries == 3 && age > 60, "{entries} {age}");
    log.head().await;
    assert_eq!((get("/readyz").await.as_str(), pending().await), ("ready\n", (0, 0)));
    let stopped = |why: &str, value| format!("provenn_log_stopped{{why=\"{why}\"}} {value}\n");
    assert!(get("/metrics").await.contains(&stopped("restored", 0)));
    log.app.db.log_stop(Stop::Restored).await.unwrap();
    assert_eq!(get("/readyz").await, "");
    let metrics = get("/metrics").await;
    assert!(
        metrics.contains(&stopped("restored", 1)) && metrics.contains(&stopped("behind", 0)),
        "{metrics}"
    );
}

#[tokio::test]
async fn whoever_looks_while_the_first_checkpoint_is_signed_sees_no_stopped_log() {
    let log = Log::new().await;
    let signer = log.app.tlog.signer.as_ref().unwrap();
    let note = signer.sign(&Checkpoint {
        origin: signer.key.name().into(),
        size: 0,
        root: empty_root(),
    });
    // The look has seen no file beside the key, and waits for the database.
    let held = log.app.db.no_reads().await;
    let mut look = std::pin::pin!(stop::current(&log.app));
    assert!(look.as_mut().now_or_never().is_none());
    watermark::write(&log.app.config, &note).unwrap();
    let key = signer.key.to_string();
    log.app.db.set_checkpoint(0, &note, &key).await.unwrap();
    drop(held);
    assert_eq!(look.await.unwrap(), None);
}
