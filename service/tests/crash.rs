//! The service under `kill -9`: API, workers and prover processes, at labelled points and at random, a frozen worker, a database
//! that restarts. Always checked: no job lost, no wrong receipt, at most one receipt per statement, each receipt in the log
//! and in the ledger once, and budgets of the ledger that hold. Then the job engine's conditions, machines that share
//! nothing but a database and an object store, and a restored backup.
//!
//! The normal tests run a short version on both databases. `just crash` runs all of it: PROVENN_CRASH=full, with the feature
//! `failpoints`. The counts are printed.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

#[path = "crash/alone.rs"]
mod alone;
#[path = "crash/backup.rs"]
mod backup;
#[path = "crash/begin.rs"]
mod begin;
#[path = "crash/client.rs"]
mod client;
#[path = "crash/cluster.rs"]
mod cluster;
#[path = "crash/engine.rs"]
mod engine;
#[path = "crash/objects.rs"]
mod objects;
#[cfg(feature = "failpoints")]
#[path = "crash/points.rs"]
mod points;
#[path = "crash/postgres.rs"]
mod postgres;
#[path = "crash/published.rs"]
mod published;
#[path = "crash/removal.rs"]
mod removal;
#[path = "crash/segments.rs"]
mod segments;
#[path = "service/versions.rs"]
mod versions;

use cluster::{Cluster, Role};
use objects::Objects;
use postgres::Postgres;
use provenn_service::server::db::Db;
use rand_core::{RngCore, SeedableRng};
use reqwest::Method;
use serde_json::json;
use sqlx::{raw_sql, AnyConnection, AssertSqlSafe, Connection};
use std::time::Duration;

/// Whether everything runs.
fn full() -> bool {
    std::env::var("PROVENN_CRASH").is_ok_and(|value| value == "full")
}

#[tokio::test(flavor = "multi_thread")]
async fn random_kills_on_sqlite() {
    let mut cluster = Cluster::start(None, 1).await;
    random_kills(&mut cluster, "sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_kills_on_postgresql() {
    let Some(database) = Postgres::start() else { return };
    let mut cluster = Cluster::start(Some(&database), 2).await;
    random_kills(&mut cluster, "postgresql").await;
}

/// Kills something about every second while jobs are under way.
async fn random_kills(cluster: &mut Cluster, name: &str) {
    let jobs = if full() { 300 } else { 15 };
    let mut random = rand_chacha::ChaCha20Rng::seed_from_u64(7);
    let client = cluster.client.clone();
    let submit = tokio::spawn(async move {
        let mut places = Vec::new();
        for n in 0..jobs {
            let audience = format!("random-{n}");
            places.push(match n % 3 {
                2 => client.submit_colouring(&audience).await,
                _ => client.submit(&audience).await,
            });
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        places
    });
    let mut kills = [0; 3];
    let mut open = true;
    while open {
        let pause = 300 + random.next_u64() % 1200;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let victim = (random.next_u32() % 3) as usize;
        let killed = match victim {
            0 => cluster.kill(Role::Api).await,
            1 => {
                cluster
                    .kill(Role::Worker((random.next_u32() as usize) % cluster.workers()))
                    .await
            }
            _ => cluster.kill_child(),
        };
        kills[victim] += usize::from(killed);
        open = !submit.is_finished() || cluster.client.open_jobs().await > 0;
    }
    let places = submit.await.unwrap();
    let counts = cluster.client.judge(&places, "random-").await;
    println!(
        "{name}, random: {jobs} jobs, kills of API {}, workers {}, provers {}; {counts}",
        kills[0], kills[1], kills[2]
    );
    counts.assert_sound();
    assert_eq!(cluster.parts().await, 0, "parts of proofs are left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_frozen_past_its_lease() {
    let Some(database) = Postgres::start() else { return };
    let mut cluster = Cluster::start(Some(&database), 2).await;
    let rounds = if full() { 10 } else { 2 };
    let mut places = Vec::new();
    for _ in 0..rounds {
        let mut frozen = None;
        for _ in 0..50 {
            places.push(cluster.client.submit(&format!("frozen-{}", places.len())).await);
            frozen = cluster.freeze_the_busy_one().await;
            if frozen.is_some() {
                break;
            }
        }
        let frozen = frozen.expect("a prover process is seen in one of 50 jobs");
        // The other one takes over when the lease has ended.
        cluster.client.wait().await;
        cluster.thaw(frozen);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let counts = cluster.client.judge(&places, "frozen-").await;
    println!("postgresql, frozen workers: {rounds} rounds; {counts}");
    counts.assert_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_restarts() {
    let Some(mut database) = Postgres::start() else { return };
    let cluster = Cluster::start(Some(&database), 2).await;
    let jobs = if full() { 60 } else { 10 };
    let client = cluster.client.clone();
    let submit = tokio::spawn(async move {
        let mut places = Vec::new();
        for n in 0..jobs {
            places.push(client.submit(&format!("restart-{n}")).await);
        }
        places
    });
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        database.crash_and_restart();
    }
    let places = submit.await.unwrap();
    cluster.client.wait().await;
    let counts = cluster.client.judge(&places, "restart-").await;
    println!("postgresql, 3 crashes of the database: {counts}");
    counts.assert_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_on_postgresql() {
    let Some(database) = Postgres::start() else { return };
    alone::requests(&database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_with_a_wrong_clock_takes_no_part() {
    let Some(database) = Postgres::start() else { return };
    alone::a_wrong_clock(&database).await;
}

/// A database that is away for longer than a lease costs jobs no attempt, of which they have one here.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_away_for_longer_than_a_lease() {
    let Some(mut database) = Postgres::start() else { return };
    let one = vec![("PROVENN_LIMITS__ATTEMPTS", "1".to_owned())];
    let cluster = Cluster::with(&database, 2, one).await;
    let mut places = Vec::new();
    for n in 0..12 {
        places.push(cluster.client.submit(&format!("away-{n}")).await);
    }
    // Two are under way.
    while cluster.proofs().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    database.stop();
    tokio::time::sleep(Duration::from_secs(6)).await;
    database.start_again();
    cluster.client.wait().await;
    let counts = cluster.client.judge(&places, "away-").await;
    println!("postgresql, away for two leases: {counts}");
    counts.assert_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_a_queue() {
    let Some(database) = Postgres::start() else { return };
    let mut cluster = Cluster::start(Some(&database), 2).await;
    cluster.stop_workers().await;
    let jobs = if full() { 100 } else { 20 };
    let mut places = Vec::new();
    for n in 0..jobs {
        places.push(cluster.client.submit(&format!("shared-{n}")).await);
    }
    cluster.start_workers().await;
    cluster.client.wait().await;
    let counts = cluster.client.judge(&places, "shared-").await;
    let done: Vec<usize> = (0..2)
        .map(|worker| cluster.ended(worker, "proof", "done").len())
        .collect();
    for (time, worker, what, job) in cluster.proofs() {
        println!("{time} worker {worker} {what:<7} {job}");
    }
    println!("postgresql, two workers: {done:?} of {jobs} proofs; {counts}");
    counts.assert_sound();
    // Each proof exactly once, by either worker about as often.
    counts.assert_once();
    assert_eq!(done.iter().sum::<usize>(), jobs);
    assert!(done.iter().all(|n| n * 3 >= jobs), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_engine_keeps_its_conditions() {
    let server = Postgres::start();
    for database in [None].into_iter().chain(server.as_ref().map(Some)) {
        engine::one_task_per_fetch(database).await;
    }
    // On tables of its own: the engine knows all workers there ever were.
    let server = Postgres::start();
    for database in [None].into_iter().chain(server.as_ref().map(Some)) {
        engine::a_new_name_per_start(database).await;
    }
    let server = Postgres::start();
    for database in [None].into_iter().chain(server.as_ref().map(Some)) {
        engine::four_heartbeats_may_be_missed(database).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_share_a_database_and_an_object_store() {
    let (Some(store), Some(database)) = (Objects::find(), Postgres::start()) else {
        return;
    };
    // Two of them prove for one that takes requests; none sees the folders of another.
    let mut cluster = Cluster::apart(&database, 2, store.settings()).await;
    let mut places = Vec::new();
    for n in 0..6 {
        places.push(cluster.client.submit(&format!("apart-{n}")).await);
    }
    cluster.client.wait().await;
    let counts = cluster.client.judge(&places, "apart-").await;
    println!("postgresql and S3, machines apart: {counts}");
    counts.assert_sound();
    for role in [Role::Api, Role::Worker(0), Role::Worker(1)] {
        assert!(!cluster.data(role).join("objects").exists());
    }

    // A receipt that somebody changed in the store is no answer, and one that was put right again is.
    let client = cluster.client.clone();
    let place = format!("{}/receipt", places[0]);
    let (_, receipt) = client.bytes(&place).await;
    let mut found = None;
    for name in store.names("receipt").await {
        if store.read(&name).await == receipt {
            found = Some(name);
        }
    }
    let name = found.unwrap();
    let damaged = |mut bytes: Vec<u8>| {
        *bytes.last_mut().unwrap() ^= 1;
        bytes
    };
    let get = async || client.once(Method::GET, &place, json!(null)).await;
    store.write(&name, damaged(receipt.clone())).await;
    assert_eq!(get().await, (500, "object-damaged".into()));
    store.remove(&name).await;
    assert_eq!(get().await, (503, "object-missing".into()));
    store.write(&name, receipt).await;
    assert_eq!(get().await.0, 200);

    // The store says whose it is.
    let ready = async || client.once(Method::GET, "/readyz", json!(null)).await;
    assert_eq!(ready().await.0, 200);
    let marker = store.names("_service").await.remove(0);
    let id = store.read(&marker).await;
    for strange in [None, Some(b"another".to_vec())] {
        match strange {
            Some(other) => store.write(&marker, other).await,
            None => store.remove(&marker).await,
        }
        assert_eq!(ready().await, (503, "wrong-store".into()));
    }
    store.write(&marker, id).await;
    assert_eq!(ready().await.0, 200);

    // Nor is a proof made of a damaged model, on a machine that has no copy of it.
    cluster.stop_workers().await;
    for n in 0..2 {
        std::fs::remove_dir_all(cluster.data(Role::Worker(n)).join("models")).unwrap();
    }
    for name in store.names("private").await {
        store.write(&name, damaged(store.read(&name).await)).await;
    }
    let place = cluster.client.submit("apart-damaged").await;
    cluster.start_workers().await;
    cluster.client.wait().await;
    let job = cluster.client.json(&place).await;
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("failed"), &json!("object-damaged")),
        "{job}"
    );
    removal::collected(&cluster, &store).await;
    removal::deleted(&cluster, &store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_goes_on_with_sqlite() {
    let mut cluster = Cluster::start(None, 1).await;
    let places = backup::used(&cluster).await;
    let before = backup::seen(&cluster.client, &places).await;
    let newest = backup::checkpoint(&cluster.client).await;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let to = folder.path().join("backup");
    backup::back_up(&cluster, &to);
    // What came later is lost.
    let lost = cluster.client.submit("lost").await;
    cluster.client.wait().await;
    cluster.halt();
    let restored = Cluster::restored(&cluster, &to, None).await;
    backup::goes_on(&restored, &before, &places, &newest).await;
    assert_eq!(restored.client.bytes(&lost).await.0, 404);
    // One that is made while jobs are under way is as good: they are done again.
    let mut under_way = Vec::new();
    for n in 0..8 {
        under_way.push(restored.client.submit(&format!("under-way-{n}")).await);
    }
    let to = folder.path().join("another");
    backup::back_up(&restored, &to);
    restored.client.wait().await;
    let again = Cluster::restored(&restored, &to, None).await;
    again.client.wait().await;
    let counts = again.client.judge(&under_way, "under-way-").await;
    // The log and the ledger know of the other receipts too.
    counts.assert_done();
    println!("sqlite, restored with jobs under way: {} done", under_way.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_goes_on_with_postgresql() {
    let Some(database) = Postgres::start() else { return };
    let mut cluster = Cluster::start(Some(&database), 1).await;
    let places = backup::used(&cluster).await;
    let before = backup::seen(&cluster.client, &places).await;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (to, dump) = (folder.path().join("backup"), folder.path().join("dump"));
    database.dump(&dump);
    // Published after the database was copied and before the objects are: it stays in the log.
    let lost = cluster.client.submit("lost").await;
    cluster.client.wait().await;
    let newest = backup::checkpoint(&cluster.client).await;
    backup::keep(&cluster, &to);
    cluster.halt();
    let url = database.restore(&dump, "restored");
    let restored = Cluster::restored(&cluster, &to, Some(url)).await;
    backup::goes_on(&restored, &before, &places, &newest).await;
    assert_eq!(restored.client.bytes(&lost).await.0, 404);
}

/// As the service test of this name, with PostgreSQL.
#[tokio::test(flavor = "multi_thread")]
async fn databases_of_all_schema_versions_are_brought_up_to_date() {
    let Some(database) = Postgres::start() else { return };
    sqlx::any::install_default_drivers();
    for version in versions::versions() {
        let url = database.empty(&format!("version{version}"));
        let mut connection = AnyConnection::connect(&url).await.unwrap();
        for older in versions::versions().into_iter().filter(|older| *older <= version) {
            versions::up_to(older).run(&mut connection).await.unwrap();
            raw_sql(AssertSqlSafe(versions::rows(older)))
                .execute(&mut connection)
                .await
                .unwrap();
        }
        connection.close().await.unwrap();
        let db = Db::migrate(&url).await.unwrap();
        versions::check(&db, version).await;
        db.close().await;
    }
}
