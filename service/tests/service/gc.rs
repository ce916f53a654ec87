//! `provenn gc`: what no row names, and what dead processes left.

use crate::harness::{eventually, tenant, Service};
use crate::storage::{exact, number, pool};
use provenn_service::bytes::hex;
use provenn_service::server::db::Db;
use provenn_service::server::folders::Temporary;
use provenn_service::server::room::{address, Quota, Room};
use provenn_service::server::store::Kind;
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

async fn gc(data: &Path, dry_run: bool) -> Value {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_provenn"));
    command.args(["--json", "gc", "--data"]).arg(data);
    if dry_run {
        command.arg("--dry-run");
    }
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Makes everything below a folder two days old.
fn age(folder: &Path) {
    let then = SystemTime::now() - Duration::from_secs(2 * 24 * 3600);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            age(&path);
        }
        match File::open(&path) {
            Ok(file) => file.set_modified(then).unwrap(),
            // The log renames and removes files of its own meanwhile.
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{}: {error}", path.display()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_row_names_is_removed_when_it_is_old() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = alice.model("committed").await;
    let answer = alice.prove(&model, "a").await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["state"], "done", "{job}");
    let stored = exact(&service).await;
    let data = service.folder.path();
    let objects = data.join("objects");
    let orphan = |kind: &str, bytes: &[u8]| -> PathBuf {
        let path = objects.join("alice").join(kind).join(hex(&Sha256::digest(bytes)));
        fs::write(&path, bytes).unwrap();
        path
    };
    let orphans: Vec<PathBuf> = ["model", "input", "private", "receipt"]
        .map(|kind| orphan(kind, b"orphan"))
        .into();
    // A part of an object, what is being stored for the second time, and what is no object at all.
    let part = objects.join("alice/input/part#1");
    fs::write(&part, "half").unwrap();
    let reserved = orphan("input", b"reserved");
    let name = reserved.file_name().unwrap().to_str().unwrap().to_owned();
    let room = Room::for_object(
        &service.app,
        address(&tenant("alice"), Kind::Input, &name.parse().unwrap()),
        8,
        Quota::Within,
    );
    let room = room.await.unwrap();
    let other = objects.join("alice/input/notes.txt");
    fs::write(&other, "x").unwrap();
    // Folders of a process that died, and of one that did not.
    let (dead, alive) = (data.join("tmp/.dead"), Temporary::new(&data.join("tmp")).unwrap());
    fs::create_dir_all(dead.join("out")).unwrap();
    fs::write(dead.join("out/key"), "left").unwrap();
    age(&objects);
    age(&data.join("tmp"));
    let fresh = orphan("input", b"fresh");

    let found = json!({ "count": 4, "bytes": 24 });
    for (dry_run, temporary) in [(true, 8), (false, 8)] {
        let report = gc(data, dry_run).await;
        assert_eq!(report["objects"], found, "{report}");
        assert_eq!(
            report["temporary"],
            json!({ "count": 2, "bytes": temporary }),
            "{report}"
        );
        for path in orphans.iter().chain([&part, &dead]) {
            assert_eq!(path.exists(), dry_run, "{}", path.display());
        }
        for path in [&reserved, &other, &fresh, &alive.path().to_owned()] {
            assert!(path.exists(), "{}", path.display());
        }
    }
    let nothing = json!({ "count": 0, "bytes": 0 });
    let report = gc(data, false).await;
    assert_eq!((&report["objects"], &report["temporary"]), (&nothing, &nothing));
    for path in [reserved, other, fresh] {
        fs::remove_file(path).unwrap();
    }
    drop(room);
    assert_eq!(exact(&service).await, stored);
    // The log still publishes, and the model still proves, from what is in the object store.
    let _none = fs::remove_dir_all(data.join("models/alice"));
    let answer = alice.prove(&model, "b").await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["state"], "done", "{job}");
}

/// An object that was counted and lost its row is counted no more.
#[tokio::test(flavor = "multi_thread")]
async fn the_count_follows() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    alice
        .put("inputs", br#"{"shape":[1],"values":[1.5]}"#.to_vec())
        .await
        .1
        .json(201);
    let pool = pool(&service).await;
    sqlx::query("DELETE FROM uploads").execute(&pool).await.unwrap();
    age(&service.folder.path().join("objects"));
    assert_eq!(gc(service.folder.path(), false).await["objects"]["count"], 1);
    assert_eq!(exact(&service).await, 0);
    assert_eq!(number(&pool, "SELECT COUNT(*) FROM objects").await, 0);
}

/// A mistyped folder is no service's, and does not become one.
#[tokio::test(flavor = "multi_thread")]
async fn no_database_is_made() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_provenn"));
    let output = command
        .args(["gc", "--data"])
        .arg(folder.path())
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("service.db"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// To another database, or an older one, everything in the object store would be nobody's.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_the_stores_removes_nothing() {
    let service = Service::start(|_| {}).await;
    let other = Service::start(|_| {}).await;
    service.alice().await.model("public").await;
    let (data, pool) = (service.folder.path(), pool(&service).await);
    // Both have a log; one of them has a card in it.
    for of in [&service, &other] {
        eventually(async || (of.call("GET", "/checkpoint", &[], "").await.status.as_u16() == 200).then_some(())).await;
    }
    eventually(async || (number(&pool, "SELECT size FROM log_head").await == 1).then_some(())).await;
    age(&data.join("objects"));
    let stored = exact(&service).await;
    let refused = async |database: &str, why: &str| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_provenn"));
        let output = command
            .args(["gc", "--database", database, "--data"])
            .arg(data)
            .output();
        let output = output.await.unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(why), "{error}");
    };
    refused(&other.app.config.database_url(), "belongs to the database").await;
    // Without a log, too, and without anything.
    let new = format!("sqlite://{}?mode=rwc", data.join("new.db").display());
    Db::migrate(&new).await.unwrap().close().await;
    refused(&new, "no service was started").await;
    let older = data.join("older.db");
    service.app.db.copy(&older).await.unwrap();
    let older = format!("sqlite://{}", older.display());
    let restored = sqlx::SqlitePool::connect(&older).await.unwrap();
    for change in [
        "UPDATE log_head SET entries = 0, size = 0",
        "DELETE FROM uploads",
        "DELETE FROM models",
    ] {
        sqlx::query(change).execute(&restored).await.unwrap();
    }
    refused(&older, "has 1 entries").await;
    assert_eq!(exact(&service).await, stored);
}
