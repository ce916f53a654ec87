//! Databases of all schema versions, with rows in all tables: each later version brings them up to date and finds what was there.
//!
//! The folder `schema` has `rows/VERSION.sql`, what a service of that version added, and for SQLite `sqlite/VERSION.sql`, a dump of
//! the database then. A new migration needs both; PROVENN_UPDATE=1 writes the dump.

use provenn_service::server::db::{Db, Place};
use provenn_service::server::ids::{
    AgreementDigest, DatabaseId, InputDigest, JobId, KeyDigest, KeyId, ModelId, ObjectDigest, SrsId, TaskId, TenantId,
};
use provenn_service::server::job::Kinds;
use provenn_service::server::tlog::stop::Stop;
use provenn_service::server::worker::retry::Cause;
use sqlx::migrate::Migrator;
use std::path::PathBuf;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The schema version that brought what.
const LOG: i64 = 10;
const REGISTRY: i64 = 11;
const LEDGER: i64 = 12;
const GRAPHS: i64 = 20;
const ENDS_OF_KEYS: i64 = 30;
const RETRIES: i64 = 32;
const STOPS: i64 = 50;
const IDENTITY: i64 = 51;
const COSIGNATURES: i64 = 52;
const SEVERAL_INPUTS: i64 = 60;
const AGREEMENTS: i64 = 62;
const SEGMENTS: i64 = 70;

pub fn versions() -> Vec<i64> {
    MIGRATIONS.iter().map(|migration| migration.version).collect()
}

/// The migrations up to a version.
pub fn up_to(version: i64) -> Migrator {
    Migrator::with_migrations(MIGRATIONS.iter().filter(|m| m.version <= version).cloned().collect())
}

pub fn file(kind: &str, version: i64) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/service/schema/{kind}/{version:04}.sql"))
}

/// What a service of a version added to what was there; nothing, where it made no table or column.
pub fn rows(version: i64) -> String {
    std::fs::read_to_string(file("rows", version)).unwrap_or_default()
}

fn tenant(name: &str) -> TenantId {
    TenantId::known(name)
}

fn key(n: u8) -> KeyId {
    KeyId::known(format!("key-{n}"))
}

fn job(n: u8) -> JobId {
    JobId::known(format!("job-{n}"))
}

fn object(digit: &str) -> ObjectDigest {
    ObjectDigest::known(hex(digit))
}

fn hex(digit: &str) -> String {
    digit.repeat(64)
}

/// Reads all that a database of `version` had through the service's own queries, and goes on with its work.
pub async fn check(db: &Db, version: i64) {
    assert_eq!(db.tenants().await.unwrap(), ["alice", "bob"].map(tenant));
    let keys = db.keys().await.unwrap();
    assert_eq!(keys.len(), if version < ENDS_OF_KEYS { 2 } else { 3 });
    let hers = keys.iter().find(|found| found.id == key(1)).unwrap();
    assert_eq!((hers.label.as_str(), hers.revoked), ("it's hers", None));
    assert!(
        hers.scopes.contains("publish"),
        "what `commit` was is three scopes: {}",
        hers.scopes
    );
    assert!(db.valid_key(&key(1), 100).await.unwrap() && !db.valid_key(&key(2), 100).await.unwrap());
    assert!(db.has_key(&tenant("alice"), &key(1)).await.unwrap());

    let (model, source, input) = (ModelId::known(hex("c")), object("a"), object("b"));
    assert_eq!(
        db.upload(&tenant("alice"), "input", &input)
            .await
            .unwrap()
            .unwrap()
            .bytes,
        100
    );
    assert_eq!(db.uploaded_models(&tenant("alice"), None, 9).await.unwrap().len(), 1);
    assert_eq!(db.newest_upload().await.unwrap().unwrap().1, "input");
    assert_eq!(
        db.graph(&tenant("alice"), &source).await.unwrap().is_some(),
        version >= GRAPHS
    );
    for found in [
        db.model(&tenant("alice"), &model).await,
        db.model_of_any_tenant(&model).await,
        db.model_with_key(&tenant("alice"), &KeyDigest::known(hex("d"))).await,
        db.model_with_srs(&SrsId::known(hex("e"))).await,
    ] {
        let found = found.unwrap().unwrap();
        assert_eq!((&found.source, found.commits_to(None)), (&source, true));
    }
    let opening = db
        .opening(&tenant("alice"), (&model, &input, ""))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(opening, (vec!["point".into()], object("0")));
    log(db, version).await;
    ledger(db, version, &model).await;
    jobs(db, version).await;
    let known = db.identity(&DatabaseId::known("new")).await.unwrap();
    let expected = if version < IDENTITY {
        ("new", false)
    } else {
        ("the-first", true)
    };
    assert_eq!((known.id.as_str(), known.marked), expected);
    db.set_marked().await.unwrap();
    let revoked = db.agreement(&tenant("alice"), &AgreementDigest::known(hex("7"))).await;
    match version >= AGREEMENTS {
        true => assert_eq!(revoked.unwrap().in_force().unwrap_err().code(), "agreement-revoked"),
        false => assert_eq!(revoked.unwrap_err().code(), "not-found"),
    }
}

async fn log(db: &Db, version: i64) {
    let head = db.log_head().await.unwrap();
    let entries = db.log_entries(0, 9).await.unwrap();
    let stopped = (version >= STOPS).then_some(Stop::Restored);
    match version >= LOG {
        true => {
            assert_eq!((head.entries, head.size, head.checkpoint.as_str()), (2, 1, "a note"));
            assert_eq!((head.stopped, entries.len()), (stopped, 2));
            assert_eq!(db.log_entry(&object("8")).await.unwrap().unwrap().0, 1);
            assert_eq!(db.log_pending().await.unwrap(), (1, Some(12)));
        }
        false => assert_eq!((head.entries, head.stopped, entries.len()), (0, None, 0)),
    }
    let earlier = db.log_keys().await.unwrap();
    assert_eq!(earlier.len(), usize::from(version >= STOPS));
    let cosigned = db.cosignatures("log.new+00000000+key", 1, 1).await.unwrap();
    assert_eq!(cosigned.len(), usize::from(version >= COSIGNATURES));
}

async fn ledger(db: &Db, version: i64, model: &ModelId) {
    let published = db.versions(Some(&tenant("alice")), "linear", None, 9).await.unwrap();
    assert_eq!(published.len(), usize::from(version >= REGISTRY));
    assert_eq!(
        db.published(&tenant("alice"), model).await.unwrap().is_some(),
        version >= REGISTRY
    );
    db.usable(&tenant("alice"), model).await.unwrap();
    let accounts = db.accounts(&tenant("alice"), None, None, None, 9).await.unwrap();
    let had = usize::from(version >= LEDGER);
    assert_eq!(accounts.len(), had);
    // One receipt, one job under way, and one that failed and counts no more.
    let sums = accounts
        .first()
        .map(|account| (account.receipts, account.bits, account.reserved_bits));
    assert_eq!(sums, (version >= LEDGER).then_some((1, 1.0, 1.0)));
    assert_eq!(db.budgets(&tenant("alice")).await.unwrap().len(), had);
    // The same file as an input of its own, and as one of several.
    let files = had + usize::from(version >= SEVERAL_INPUTS);
    assert_eq!(
        db.input_files(&tenant("alice"), Some(model), None, 9)
            .await
            .unwrap()
            .len(),
        files
    );
    let digest = db
        .input_digest(&tenant("alice"), (model, &object("b"), ""))
        .await
        .unwrap();
    assert_eq!(digest, (version >= LEDGER).then(|| InputDigest::known(hex("7"))));
}

async fn jobs(db: &Db, version: i64) {
    let jobs = db.jobs(&tenant("alice"), None, 9).await.unwrap();
    let states: Vec<_> = jobs.iter().map(|job| job.state.name()).collect();
    assert_eq!(states, ["expired", "failed", "proving", "queued", "done", "done"]);
    assert_eq!(jobs[1].error.as_ref().unwrap().detail, "out of range");
    assert_eq!(db.events(&job(1), 0).await.unwrap().len(), 2);
    let (changed, open) = if version < SEGMENTS { (6, 2) } else { (9, 3) };
    assert_eq!(db.changed(0).await.unwrap().len(), changed);
    assert_eq!(db.census().await.unwrap().iter().map(|(_, n)| n).sum::<i64>(), open);
    assert_eq!(db.receipt(&tenant("alice"), &job(2)).await.unwrap(), Some(object("8")));
    assert_eq!(db.lapsed(100).await.unwrap().len(), 1);
    assert_eq!(db.waiting(&Place::default(), 100).await.unwrap().len(), 1);
    db.forget_requests(11).await.unwrap();
    let (_, next) = db
        .claim_next(&TaskId::known("task-3"), "worker", 200, 100)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(next.id, job(3));
    let had = if version < RETRIES {
        (0, None)
    } else {
        (1, Some(Cause::NoSpace))
    };
    assert_eq!((next.faults, next.retry), had);
    assert!(db
        .cancel(&tenant("alice"), Kinds::Receipts, &job(3), 101)
        .await
        .unwrap());
    let pieces = db.pieces(&job(7)).await.unwrap();
    assert_eq!(pieces.len(), usize::from(version >= SEGMENTS));
    let cancelled = db.cancel(&tenant("bob"), Kinds::Receipts, &job(7), 101).await;
    assert_eq!(cancelled.unwrap(), version >= SEGMENTS);
    assert!(db.pieces(&job(7)).await.unwrap().is_empty());
    assert!(db
        .claim_next(&TaskId::known("task"), "worker", 200, 102)
        .await
        .unwrap()
        .is_none());
}
