//! Faults at chosen moments, with a clock that moves when told. Injected here:
//! - a worker that stops renewing its lease and comes back later (frozen machine),
//! - a process that dies between the job's row and the engine's task,
//! - an engine that lost all its tasks,
//! - a job that is cancelled, or expires, while a worker holds it,
//! - two workers that claim the same job.

use crate::harness::{tenant, Client, Service};
use provenn_service::server::clock::Clock;
use provenn_service::server::db::{Lease, Most, NewReceipt, Outcome, Place, Publication, State, Stored, Submission};
use provenn_service::server::ids::{JobId, ModelId, ObjectDigest, TaskId};
use provenn_service::server::job::Kinds;
use provenn_service::server::sweeper::sweep;
use serde_json::{json, Value};

/// A service where nobody works, at a time of its own.
pub async fn still() -> Service {
    Service::with_clock(Clock::manual(1_000_000), false, |_| {}).await
}

/// A queued job; the engine knows nothing of it.
pub async fn submit(service: &Service, statement: &str, not_after: Option<i64>) -> JobId {
    submit_as(service, "alice", statement, 5, not_after).await
}

/// A queued job of somebody with a priority.
pub async fn submit_as(service: &Service, name: &str, statement: &str, priority: i64, not_after: Option<i64>) -> JobId {
    let submission = Submission {
        id: JobId::fresh(),
        task: TaskId::fresh(),
        tenant: tenant(name),
        kind: "proof",
        statement: statement.into(),
        request: json!({}),
        level: 1,
        priority,
        not_after,
        forecast: Value::Null,
        agreement: None,
        charge: None,
        idempotency: None,
    };
    let most = Most {
        jobs: 1_000,
        bytes: 1 << 30,
    };
    let submitted = service
        .app
        .db
        .submit(&submission, &most, service.app.now())
        .await
        .unwrap();
    submitted.job().id.clone()
}

pub async fn claim(service: &Service, job: &JobId) -> Option<Lease> {
    let (now, lease) = (service.app.now(), service.app.config.timing.lease);
    let claimed = service.app.db.claim(job, "worker", now + lease, now).await.unwrap();
    claimed.map(|(lease, _)| lease)
}

/// Lets a lease's time pass while sweepers sweep.
async fn lapse(service: &Service) {
    for _ in 0..11 {
        service.app.clock.advance(2_000);
        sweep(&service.app).await.unwrap();
    }
}

/// Lets the longest pause between attempts pass.
pub fn pause(service: &Service) {
    service.app.clock.advance(service.app.config.timing.backoff_max);
}

pub fn receipt(name: &str) -> Publication {
    Publication {
        stored: Stored::Receipt(NewReceipt {
            subject: ModelId::known("m"),
            blob: ObjectDigest::known(name),
            bytes: 1,
            agreement: None,
        }),
        objects: vec![],
        result: json!({}),
        peak_bytes: None,
        cpu_ms: 1,
    }
}

pub async fn state(alice: &Client<'_>, job: &JobId) -> String {
    alice.get(&format!("/v1/proofs/{job}")).await.json(200)["state"]
        .as_str()
        .unwrap()
        .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_worker_publishes_nothing() {
    let service = still().await;
    let alice = service.alice().await;
    let job = submit(&service, "s", None).await;
    let frozen = claim(&service, &job).await.unwrap();
    assert!(claim(&service, &job).await.is_none(), "claimed twice");
    lapse(&service).await;
    assert_eq!(state(&alice, &job).await, "queued");
    pause(&service);
    let db = &service.app.db;
    let now = service.app.now();
    // It wakes before somebody else took the job, and after.
    for _ in 0..2 {
        assert_eq!(db.renew(&frozen, now + 1000).await.unwrap(), Outcome::Lost);
        assert_eq!(
            db.reached(&frozen, State::Proving, "proof", now).await.unwrap(),
            Outcome::Lost
        );
        assert_eq!(
            db.publish(&frozen, &receipt("frozen"), &service.app.clock)
                .await
                .unwrap(),
            Outcome::Lost
        );
        if let Some(healthy) = claim(&service, &job).await {
            assert!(healthy.token > frozen.token);
            assert_eq!(
                db.publish(&frozen, &receipt("frozen"), &service.app.clock)
                    .await
                    .unwrap(),
                Outcome::Lost
            );
            assert_eq!(
                db.publish(&healthy, &receipt("healthy"), &service.app.clock)
                    .await
                    .unwrap(),
                Outcome::Applied
            );
        }
    }
    assert_eq!(state(&alice, &job).await, "done");
    assert_eq!(
        db.receipt(&tenant("alice"), &job).await.unwrap().unwrap(),
        ObjectDigest::known("healthy")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ends_too_often_fails_the_job() {
    let service = still().await;
    let alice = service.alice().await;
    let job = submit(&service, "s", None).await;
    for _ in 0..service.app.config.limits.attempts {
        claim(&service, &job).await.unwrap();
        lapse(&service).await;
        // No longer than a sweeper may be late.
        service.app.clock.advance(8_000);
        sweep(&service.app).await.unwrap();
    }
    assert_eq!(state(&alice, &job).await, "failed");
}

/// A job whose attempts die waits longer and longer: with no descriptors left, five attempts took 17 ms.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_not_tried_again_at_once() {
    let service = still().await;
    let alice = service.alice().await;
    let job = submit(&service, "s", None).await;
    let timing = service.app.config.timing.clone();
    for attempt in 1..service.app.config.limits.attempts {
        claim(&service, &job).await.unwrap();
        lapse(&service).await;
        let shown = alice.get(&format!("/v1/proofs/{job}")).await.json(200);
        assert_eq!(
            (&shown["state"], &shown["retry"], &shown["attempt"]),
            (&json!("queued"), &json!("lease-ended"), &json!(attempt)),
            "{shown}"
        );
        // The last of the sweeps gave it back.
        let wait = shown["not_before"].as_i64().unwrap() - service.app.now();
        let longest = timing.backoff << (attempt - 1);
        assert!((longest / 2..=longest).contains(&wait), "{attempt}: {wait}");
        service.app.clock.advance(wait - 1);
        assert!(claim(&service, &job).await.is_none(), "claimed too early");
        assert!(service
            .app
            .db
            .waiting(&Place::default(), service.app.now())
            .await
            .unwrap()
            .is_empty());
        service.app.clock.advance(1);
    }
    claim(&service, &job).await.unwrap();
    lapse(&service).await;
    assert_eq!(state(&alice, &job).await, "failed");
}

/// While nobody can look at leases nobody can renew them either.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_no_attempt() {
    let service = still().await;
    let alice = service.alice().await;
    let job = submit(&service, "s", None).await;
    for _ in 0..2 * service.app.config.limits.attempts {
        claim(&service, &job).await.unwrap();
        service.app.clock.advance(service.app.config.timing.lease + 1);
        sweep(&service.app).await.unwrap();
        let shown = alice.get(&format!("/v1/proofs/{job}")).await.json(200);
        assert_eq!(
            (&shown["state"], &shown["retry"]),
            (&json!("queued"), &json!("unavailable")),
            "{shown}"
        );
        pause(&service);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_job_is_told_to_the_engine_again() {
    let service = still().await;
    service.alice().await;
    let job = submit(&service, "s", None).await;
    let task = || async {
        service.app.db.waiting(&Place::default(), i64::MAX).await.unwrap()[0]
            .task
            .clone()
    };
    let first = task().await;
    assert!(!service.app.queue.knows(&first).await.unwrap());
    sweep(&service.app).await.unwrap();
    assert_eq!(task().await, first, "the engine gets time first");
    service.app.clock.advance(6_000);
    sweep(&service.app).await.unwrap();
    let second = task().await;
    assert_ne!(second, first);
    assert!(service.app.queue.knows(&second).await.unwrap());
    service.app.clock.advance(60_000);
    sweep(&service.app).await.unwrap();
    assert_eq!(task().await, second, "a task that waits is left alone");
    assert!(claim(&service, &job).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_and_expired_jobs_publish_nothing() {
    let service = still().await;
    let alice = service.alice().await;
    let (db, now) = (&service.app.db, service.app.now());
    let job = submit(&service, "cancelled", None).await;
    let lease = claim(&service, &job).await.unwrap();
    assert!(db.cancel(&tenant("alice"), Kinds::All, &job, now).await.unwrap());
    assert_eq!(
        db.publish(&lease, &receipt("a"), &service.app.clock).await.unwrap(),
        Outcome::Lost
    );

    let job = submit(&service, "expired", Some(now + 1000)).await;
    let lease = claim(&service, &job).await.unwrap();
    service.app.clock.advance(1000);
    // Even before the sweeper notices.
    assert_eq!(
        db.publish(&lease, &receipt("b"), &service.app.clock).await.unwrap(),
        Outcome::Lost
    );
    sweep(&service.app).await.unwrap();
    assert_eq!(state(&alice, &job).await, "expired");
    assert!(claim(&service, &job).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_receipt_per_statement() {
    let service = still().await;
    service.alice().await;
    let db = &service.app.db;
    let job = submit(&service, "s", None).await;
    assert_eq!(submit(&service, "s", None).await, job);
    let lease = claim(&service, &job).await.unwrap();
    assert_eq!(
        db.publish(&lease, &receipt("a"), &service.app.clock).await.unwrap(),
        Outcome::Applied
    );
    assert_eq!(
        db.publish(&lease, &receipt("b"), &service.app.clock).await.unwrap(),
        Outcome::Lost
    );
    assert_eq!(submit(&service, "s", None).await, job);
}

/// Time is read when the database can be written, not when that was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_the_database_counts_as_time() {
    let service = still().await;
    service.alice().await;
    let job = submit(&service, "late", Some(service.app.now() + 1_000)).await;
    let lease = claim(&service, &job).await.unwrap();
    let pool = sqlx::SqlitePool::connect(&service.app.config.database_url())
        .await
        .unwrap();
    let held = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let app = service.app.clone();
    let publishing = tokio::spawn(async move { app.db.publish(&lease, &receipt("late"), &app.clock).await });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    service.app.clock.advance(2_000);
    held.rollback().await.unwrap();
    assert_eq!(publishing.await.unwrap().unwrap(), Outcome::Lost);
}
