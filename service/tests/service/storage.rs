//! One count of a tenant's bytes.

use crate::harness::{eventually, fixture, Client, Service};
use crate::process::{files, Process};
use axum::body::Body;
use futures_util::stream;
use provenn_service::bytes::hex;
use provenn_service::server::clock::Clock;
use provenn_service::server::config::Config;
use provenn_service::server::sweeper::{count, sweep};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use sqlx::SqlitePool;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

pub async fn pool(service: &Service) -> SqlitePool {
    SqlitePool::connect(&service.app.config.database_url()).await.unwrap()
}

/// What a query gives: one number.
pub async fn number(pool: &SqlitePool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

/// Bytes of the tenants' objects on disk: not the log's, nor the store's own.
pub fn on_disk(data: &Path) -> i64 {
    let objects = files(&data.join("objects"));
    let kept = objects.iter().filter(|path| {
        !["/_log/", "/_service/"]
            .iter()
            .any(|own| path.to_string_lossy().contains(own))
    });
    kept.map(|path| i64::try_from(path.metadata().unwrap().len()).unwrap())
        .sum()
}

/// The running sums are those of the rows, nothing is reserved, and the count is what lies on the disk, and the drawings of models.
pub async fn exact(service: &Service) -> i64 {
    let pool = pool(service).await;
    // What is released when a request or an attempt has ended is released soon after.
    eventually(async || (number(&pool, "SELECT COUNT(*) FROM reservations").await == 0).then_some(())).await;
    assert_eq!(number(&pool, "SELECT SUM(reserved) FROM tenants").await, 0);
    let stored = number(&pool, "SELECT SUM(stored) FROM tenants").await;
    assert_eq!(
        stored,
        number(&pool, "SELECT COALESCE(SUM(bytes), 0) FROM objects").await
    );
    let drawings = number(
        &pool,
        "SELECT COALESCE(SUM(LENGTH(CAST(graph AS BLOB))), 0) FROM graphs",
    );
    assert_eq!(stored, on_disk(service.folder.path()) + drawings.await);
    stored
}

async fn usage(client: &Client<'_>) -> Value {
    client.get("/v1/storage").await.json(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_stored_counts_once() {
    let mut service = Service::start(|_| {}).await;
    let before = {
        let alice = service.alice().await;
        let model = alice.model("committed").await;
        let uploads = exact(&service).await;
        let answer = alice.prove(&model, "a").await;
        let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
        assert_eq!(job["state"], "done", "{job}");
        let receipt = job["result"]["receipt_bytes"].as_i64().unwrap();
        let stored = exact(&service).await;
        // The receipt, and the opening of its input.
        assert!(stored > uploads + receipt, "{stored} {uploads} {receipt}");
        // The same parameters and keys of a second model are there once.
        alice.model("public").await;
        let stored = exact(&service).await;
        let shown = usage(&alice).await;
        assert_eq!((&shown["stored"], &shown["reserved"]), (&json!(stored), &json!(0)));
        stored
    };
    service.halt().await;
    // An older version counted uploads only.
    let pool = pool(&service).await;
    for older in [
        "DELETE FROM objects WHERE kind = 'private'",
        "UPDATE models SET counted = 0",
        "UPDATE openings SET counted = 0",
        "UPDATE tenants SET stored = (SELECT SUM(bytes) FROM objects)",
    ] {
        sqlx::query(older).execute(&pool).await.unwrap();
    }
    for _ in 0..2 {
        count(&service.app).await.unwrap();
        assert_eq!(exact(&service).await, before);
    }
}

/// What the migration makes of the rows of an older version.
#[tokio::test(flavor = "multi_thread")]
async fn uploads_and_receipts_of_an_older_version_count() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = alice.model("public").await;
    let answer = alice.prove(&model, "a").await;
    alice.finished(answer.headers["location"].to_str().unwrap()).await;
    exact(&service).await;
    let pool = pool(&service).await;
    // Older versions did not count drawings.
    let older = "UPDATE objects SET bytes = (SELECT bytes FROM uploads u WHERE u.sha256 = objects.sha256 AND u.kind = 'model') WHERE kind = 'model'";
    sqlx::query(older).execute(&pool).await.unwrap();
    let rows = "SELECT group_concat(kind || sha256 || bytes || named) FROM (SELECT * FROM objects WHERE kind <> 'private' ORDER BY kind, sha256)";
    let before: String = sqlx::query_scalar(rows).fetch_one(&pool).await.unwrap();
    sqlx::query("DELETE FROM objects").execute(&pool).await.unwrap();
    let text = include_str!("../../migrations/0040_storage.sql");
    let moves = text
        .split(';')
        .filter(|part| part.contains("INSERT INTO objects") || part.contains("UPDATE tenants"));
    let moves: Vec<&str> = moves.collect();
    assert_eq!(moves.len(), 3);
    for part in moves {
        sqlx::query(sqlx::AssertSqlSafe(part)).execute(&pool).await.unwrap();
    }
    let after: String = sqlx::query_scalar(rows).fetch_one(&pool).await.unwrap();
    assert_eq!(after, before);
    let sums = number(&pool, "SELECT SUM(bytes) FROM objects").await;
    assert_eq!(number(&pool, "SELECT SUM(stored) FROM tenants").await, sums);
}

/// A body of 560 MB lay in temporary files under a quota of 1 MB.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_room_is_refused_before_it_is_read() {
    let service = Service::start(|config| config.limits.tenant_bytes = 1000).await;
    let alice = service.alice().await;
    let (sha256, answer) = alice.put("models", vec![0; 1001]).await;
    let problem = answer.problem(507, "storage-quota-exceeded");
    assert_eq!(problem["storage"], json!({ "used": 0, "limit": 1000, "asked": 1001 }));
    assert!(
        problem["detail"].as_str().unwrap().contains("0 of 1000 bytes"),
        "{problem}"
    );
    // Of unknown length: refused as soon as it does not fit, with what arrived by then.
    let chunks = (0..100).map(|_| Ok::<_, std::io::Error>(vec![0u8; 90]));
    let place = format!("/v1/models/{sha256}");
    let answer = alice.call("PUT", &place, Body::from_stream(stream::iter(chunks))).await;
    let problem = answer.problem(507, "storage-quota-exceeded");
    assert_eq!(problem["storage"]["limit"], 1000, "{problem}");
    assert!(problem["storage"]["used"].as_i64().unwrap() >= 900, "{problem}");
    assert_eq!(exact(&service).await, 0);
    // What fits is taken, in pieces too.
    let bytes = br#"{"shape":[1],"values":[1.5]}"#.to_vec();
    let place = format!("/v1/inputs/{}", hex(&Sha256::digest(&bytes)));
    let pieces: Vec<_> = bytes
        .chunks(7)
        .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
        .collect();
    let answer = alice.call("PUT", &place, Body::from_stream(stream::iter(pieces))).await;
    answer.json(201);
    assert_eq!(exact(&service).await, 28);
}

/// Bodies that are under way share what is left; each gives it back, however it ends.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_reserve_what_they_announce_until_they_end() {
    let process = Process::start(&[("PROVENN_LIMITS__TENANT_BYTES", "100000")]).await;
    let (address, digest) = (process.base.strip_prefix("http://").unwrap(), "0".repeat(64));
    let begin = |length: u64| {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!(
            "PUT /v1/models/{digest} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\nContent-Length: {length}\r\n\r\n",
            process.key
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let reserved = async || {
        let shown = process
            .send(reqwest::Method::GET, "/v1/storage", "")
            .await
            .bytes()
            .await;
        let shown: Value = serde_json::from_slice(&shown.unwrap()).unwrap();
        shown["reserved"].as_i64().unwrap()
    };
    let until = async |bytes: i64| eventually(async || (reserved().await == bytes).then_some(())).await;
    let first = begin(60_000);
    until(60_000).await;
    let mut second = begin(50_000);
    // Some clients send all of it before they read.
    second.write_all(&[0; 50_000]).unwrap();
    let mut answer = String::new();
    second
        .set_read_timeout(Some(std::time::Duration::from_secs(60)))
        .unwrap();
    while !answer.contains("asked") {
        let mut piece = [0; 4096];
        let read = second.read(&mut piece).unwrap();
        assert_ne!(read, 0, "{answer}");
        answer += &String::from_utf8_lossy(&piece[..read]);
    }
    assert!(
        answer.starts_with("HTTP/1.1 507") && answer.contains(r#""used":60000"#),
        "{answer}"
    );
    // The client goes away.
    drop(first);
    until(0).await;
    // The bytes are not those of the digest.
    let mut third = begin(5);
    until(5).await;
    third.write_all(b"other").unwrap();
    until(0).await;
}

/// A process that died gives back nothing; its reservations end with their lease.
#[tokio::test(flavor = "multi_thread")]
async fn reservations_of_the_dead_end() {
    let clock = Clock::manual(Clock::System.now());
    let service = Service::with_clock(clock.clone(), false, |_| {}).await;
    let alice = service.alice().await;
    let pool = pool(&service).await;
    let dead = "INSERT INTO reservations (id, tenant, kind, sha256, bytes, owner, ends) VALUES ('r', 'alice', 'model', 's', 7, 'dead', 0)";
    sqlx::query(dead).execute(&pool).await.unwrap();
    sqlx::query("UPDATE tenants SET reserved = 7")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("UPDATE reservations SET ends = $1")
        .bind(clock.now() + 1_000)
        .execute(&pool)
        .await
        .unwrap();
    sweep(&service.app).await.unwrap();
    assert_eq!(usage(&alice).await["reserved"], 7);
    clock.advance(2_000);
    sweep(&service.app).await.unwrap();
    assert_eq!(usage(&alice).await["reserved"], 0);
}

/// Keys and parameters of a model are most of what it takes.
#[tokio::test(flavor = "multi_thread")]
async fn a_commitment_without_room_fails_and_leaves_nothing_counted() {
    let uploads: usize = ["models/linear_30.onnx", "data/breast_cancer_calibration.npy"]
        .map(|name| fixture(name).len())
        .iter()
        .sum();
    let most = i64::try_from(uploads).unwrap() + 4_000;
    let tight = |config: &mut Config| config.limits.tenant_bytes = most;
    let service = Service::start(tight).await;
    let alice = service.alice().await;
    let model = alice.put_fixture("models", "models/linear_30.onnx").await;
    let calibration = alice.put_fixture("inputs", "data/breast_cancer_calibration.npy").await;
    // The drawing of the model counts too.
    let uploaded = exact(&service).await;
    assert!(uploaded > i64::try_from(uploads).unwrap());
    let place = format!("/v1/models/{model}/commit");
    let asked = json!({ "calibration": calibration });
    let answer = alice.post(&place, &asked).await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["error"]["code"], "storage-quota-exceeded", "{job}");
    assert_eq!(job["error"]["storage"]["limit"], most, "{job}");
    eventually(async || (usage(&alice).await["reserved"] == 0).then_some(())).await;
    assert_eq!(usage(&alice).await["stored"], uploaded);
    // With nothing left no job is taken.
    let pool = pool(&service).await;
    sqlx::query("UPDATE tenants SET stored = $1")
        .bind(most)
        .execute(&pool)
        .await
        .unwrap();
    alice.post(&place, &asked).await.problem(507, "storage-quota-exceeded");
}
