//! Who is served next, and what the engine knows of it.

use crate::harness::tenant;
use crate::simulation::{claim, pause, receipt, state, still, submit, submit_as};
use provenn_service::server::db::{Outcome, Place, Publication, Stored};
use provenn_service::server::ids::{JobId, TaskId};
use provenn_service::server::job::Kinds;
use provenn_service::server::sweeper::sweep;

/// A priority puts a job before others of its tenant, and before nobody else's.
#[tokio::test(flavor = "multi_thread")]
async fn tenants_are_served_in_turn() {
    let service = still().await;
    let all = [provenn_service::server::keys::Scope::Read];
    for tenant in ["alice", "bob", "carol"] {
        service.client(tenant, &all).await;
    }
    for n in 0..6 {
        submit_as(&service, "alice", &format!("a{n}"), 9, None).await;
    }
    for (name, priority) in [("b0", 1), ("b1", 0), ("b2", 8)] {
        submit_as(&service, "bob", name, priority, None).await;
    }
    submit_as(&service, "carol", "c0", 0, None).await;
    let (app, now) = (&service.app, service.app.now());
    let next = async || {
        app.db
            .claim_next(&TaskId::known("none"), "worker", now + 1_000, now)
            .await
            .unwrap()
    };
    let mut order = Vec::new();
    while let Some((lease, job)) = next().await {
        order.push(job.statement.clone());
        // Done, so that only the turns count.
        let made = Publication {
            stored: Stored::Opening,
            ..receipt("none")
        };
        assert_eq!(
            app.db.publish(&lease, &made, &app.clock).await.unwrap(),
            Outcome::Applied
        );
        if order.len() == 5 {
            submit_as(&service, "carol", "c1", 0, None).await;
        }
    }
    assert_eq!(
        order,
        ["a0", "b2", "c0", "a1", "b0", "c1", "a2", "b1", "a3", "a4", "a5"]
    );
}

/// Whoever has less in work comes first: one tenant does not fill all workers.
#[tokio::test(flavor = "multi_thread")]
async fn workers_are_shared() {
    let service = still().await;
    let all = [provenn_service::server::keys::Scope::Read];
    service.client("alice", &all).await;
    service.client("bob", &all).await;
    for n in 0..4 {
        submit_as(&service, "alice", &format!("a{n}"), 9, None).await;
    }
    let (app, now) = (&service.app, service.app.now());
    let next = async || {
        app.db
            .claim_next(&TaskId::known("none"), "worker", now + 1_000, now)
            .await
            .unwrap()
    };
    let of = async || next().await.unwrap().1.tenant;
    assert_eq!([of().await, of().await], [tenant("alice"), tenant("alice")]);
    for n in 0..3 {
        submit_as(&service, "bob", &format!("b{n}"), 0, None).await;
    }
    assert_eq!(
        [of().await, of().await, of().await],
        ["bob", "bob", "alice"].map(tenant)
    );
}

/// The engine hands out turns. A job that is passed over keeps one: the task of the job that came first.
#[tokio::test(flavor = "multi_thread")]
async fn no_job_loses_its_task() {
    let service = still().await;
    service.alice().await;
    let (first, second) = (
        submit(&service, "low", None).await,
        submit_as(&service, "alice", "high", 9, None).await,
    );
    let (app, now) = (&service.app, service.app.now());
    let tasks = async || app.db.waiting(&Place::default(), i64::MAX).await.unwrap();
    let before = tasks().await;
    let task = |id: &JobId| before.iter().find(|job| job.id == *id).unwrap().task.clone();
    let claimed = app
        .db
        .claim_next(&task(&first), "worker", now + 1_000, now)
        .await
        .unwrap();
    assert_eq!(claimed.unwrap().1.id, second);
    let after = tasks().await;
    assert_eq!((after.len(), &after[0].id, &after[0].task), (1, &first, &task(&second)));
}

/// A job that the engine lost is found behind any number that it knows.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_queue_hides_no_lost_job() {
    let service = still().await;
    let alice = service.alice().await;
    let app = &service.app;
    for n in 0..250 {
        let job = submit(&service, &format!("known {n}"), None).await;
        let task = app
            .db
            .job(&tenant("alice"), Kinds::All, &job)
            .await
            .unwrap()
            .unwrap()
            .task;
        app.queue.push(&task, 0).await.unwrap();
    }
    let lost = submit(&service, "lost", None).await;
    let task = async || {
        app.db
            .job(&tenant("alice"), Kinds::All, &lost)
            .await
            .unwrap()
            .unwrap()
            .task
    };
    let before = task().await;
    assert_eq!(state(&alice, &lost).await, "queued");
    app.clock.advance(6_000);
    for _ in 0..3 {
        sweep(app).await.unwrap();
    }
    assert_ne!(task().await, before);
    assert!(app.queue.knows(&task().await).await.unwrap());
    // And then from the beginning again.
    let second = submit(&service, "lost too", None).await;
    let before = app
        .db
        .job(&tenant("alice"), Kinds::All, &second)
        .await
        .unwrap()
        .unwrap()
        .task;
    app.clock.advance(6_000);
    for _ in 0..4 {
        sweep(app).await.unwrap();
    }
    assert_ne!(
        app.db
            .job(&tenant("alice"), Kinds::All, &second)
            .await
            .unwrap()
            .unwrap()
            .task,
        before
    );
}

/// What an operator sees of the queue and of leases.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_of_queue_and_leases() {
    let service = still().await;
    service.alice().await;
    let value = async |name: &str| {
        let text = String::from_utf8(service.call("GET", "/metrics", &[], "").await.body).unwrap();
        let line = text.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{name} in {text}"))
            .rsplit(' ')
            .next()
            .unwrap()
            .parse::<i64>()
            .unwrap()
    };
    assert_eq!(value("provenn_queue_age_seconds").await, 0);
    let job = submit(&service, "s", None).await;
    service.app.clock.advance(7_000);
    assert_eq!(value("provenn_queue_age_seconds").await, 7);
    claim(&service, &job).await.unwrap();
    // However many ask, the database answers once a second.
    assert_eq!(value("provenn_queue_age_seconds").await, 7);
    service.app.clock.advance(1_000);
    assert_eq!(value("provenn_queue_age_seconds").await, 0);
    sweep(&service.app).await.unwrap();
    service.app.clock.advance(7_000);
    sweep(&service.app).await.unwrap();
    assert_eq!(value("provenn_lease_left_seconds").await, 12);
    for step in [6_000, 5_000, 2_000] {
        service.app.clock.advance(step);
        sweep(&service.app).await.unwrap();
    }
    assert_eq!(value("provenn_retries_total{cause=\"lease-ended\"}").await, 1);
    assert_eq!(value("provenn_queue_delayed_jobs").await, 1);
    pause(&service);
    assert_eq!(value("provenn_queue_delayed_jobs").await, 0);
}
