//! A process on PostgreSQL within the test: a machine whose clock is wrong, and what only this database refuses.

use super::postgres::Postgres;
use axum::body::Body;
use axum::http::Request;
use provenn_service::server::api::router;
use provenn_service::server::clock::Clock;
use provenn_service::server::config::{Config, Role};
use provenn_service::server::db::{Lease, Most, NewKey, Outcome, Submission};
use provenn_service::server::ids::{JobId, TaskId, TenantId};
use provenn_service::server::job::Kinds;
use provenn_service::server::keys::{Scope, Secret};
use provenn_service::server::run::background;
use provenn_service::server::state::App;
use serde_json::{json, Value};
use std::time::Duration;
use tokio::sync::watch;
use tower::ServiceExt;

fn alice() -> TenantId {
    TenantId::known("alice")
}

async fn submit(app: &App, statement: &str) -> JobId {
    let submission = Submission {
        id: JobId::fresh(),
        task: TaskId::fresh(),
        tenant: alice(),
        kind: "proof",
        statement: statement.into(),
        request: json!({}),
        level: 1,
        priority: 5,
        not_after: None,
        forecast: Value::Null,
        agreement: None,
        charge: None,
        idempotency: None,
    };
    let most = Most {
        jobs: 100,
        bytes: i64::MAX,
    };
    let submitted = app.db.submit(&submission, &most, Clock::System.now()).await.unwrap();
    app.queue.push(&submission.task, 0).await.unwrap();
    submitted.job().id.clone()
}

async fn state(app: &App, job: &JobId) -> (&'static str, i64) {
    let job = app.db.job(&alice(), Kinds::All, job).await.unwrap().unwrap();
    (job.state.name(), job.attempt)
}

/// `/readyz`: its status and code.
async fn ready(app: &App) -> (u16, Value) {
    let request = Request::get("/readyz").body(Body::empty()).unwrap();
    let answer = router(app.clone()).oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
    (status, problem["code"].clone())
}

/// PostgreSQL takes no text with a NUL: it answered 503, as if it were away. What lists and counts is SQL for both databases.
pub async fn requests(database: &Postgres) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let config = Config {
        data: folder.path().join("data"),
        database: database.url(),
        role: Role::Worker,
        ..Config::default()
    };
    let app = App::open(config, Clock::System).await.unwrap();
    let key = Secret::random().unwrap();
    let new = NewKey {
        secret: &key,
        tenant: &alice(),
        label: "test",
        scopes: &Scope::ALL,
        expires: None,
    };
    app.db.add_tenant(&alice(), 0).await.unwrap();
    app.db.add_key(&new, 0).await.unwrap();
    let proof = json!({ "model": "a\0", "input": "b", "policy": "label" }).to_string();
    submit(&app, "listed").await;
    let before = format!("/v1/models?before={}", "0".repeat(64));
    for (method, path, body, status) in [
        ("GET", "/v1/jobs/a%00b", "", 400),
        ("GET", "/v1/registry/a%00/b", "", 400),
        ("GET", "/v1/registry?tenant=a%00", "", 400),
        ("POST", "/v1/proofs", &proof, 400),
        ("GET", "/metrics", "", 200),
        ("GET", "/v1/jobs", "", 200),
        ("GET", "/v1/ledger", "", 200),
        ("GET", "/v1/models", "", 200),
        ("GET", &before, "", 200),
        ("GET", "/v1/registry", "", 200),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", key.reveal()));
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = router(app.clone()).oneshot(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
    }
}

/// It takes part in nothing until its clock is set: it claims no job and ends no lease.
pub async fn a_wrong_clock(database: &Postgres) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for off in [22_000, -22_000] {
        let config = Config {
            data: folder.path().join(off.to_string()),
            store: folder.path().join("objects").display().to_string(),
            database: database.url(),
            role: Role::Worker,
            ..Config::default()
        };
        let app = App::open(config, Clock::off_by(off)).await.unwrap();
        app.db.add_tenant(&alice(), 0).await.unwrap();
        let held = submit(&app, &format!("held {off}")).await;
        let now = Clock::System.now();
        let (lease, _): (Lease, _) = app
            .db
            .claim(&held, "healthy", now + 20_000, now)
            .await
            .unwrap()
            .unwrap();
        let waits = submit(&app, &format!("waits {off}")).await;
        let (stop, stopping) = watch::channel(false);
        let workers = background(&app, true, &stopping);
        assert_eq!(ready(&app).await, (503, json!("clock-off")));
        // Two sweeps, and time for a worker to ask for tasks.
        tokio::time::sleep(Duration::from_millis(2 * app.config.timing.sweep + 1_000)).await;
        assert_eq!(state(&app, &waits).await, ("queued", 0));
        assert_eq!(app.db.held(&lease).await.unwrap(), Outcome::Applied);
        app.clock.advance(-off);
        assert_eq!(ready(&app).await.0, 200);
        while state(&app, &waits).await.1 == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        stop.send(true).unwrap();
        workers.unwrap().await.unwrap();
    }
}
