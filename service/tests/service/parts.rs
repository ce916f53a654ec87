//! The segments of a proof as jobs of their own: who may take them, what their ends do, and what is left of them. Workers are named here, and take
//! what they are told to.

use crate::harness::{tenant, Client, Service};
use crate::simulation::{claim, pause};
use crate::storage::{exact, number, pool};
use provenn_service::server::clock::Clock;
use provenn_service::server::db::{Address, Lease, Next, Outcome, Piece};
use provenn_service::server::ids::{JobId, ObjectDigest};
use provenn_service::server::job::LEVEL;
use provenn_service::server::room::{address, Quota, Room};
use provenn_service::server::store::Kind;
use provenn_service::server::sweeper::sweep;
use provenn_service::server::worker::execute;
use serde_json::{json, Value};

/// A service where nobody works by himself, at a time of its own.
pub async fn still() -> Service {
    let now = Clock::System.now();
    Service::with_clock(Clock::manual(now), false, |_| {}).await
}

async fn done(service: &Service, client: &Client<'_>, place: &str) -> Value {
    let id = id_of(place);
    execute(&service.app, &id, "somebody").await.unwrap();
    client.get(place).await.json(200)
}

fn id_of(place: &str) -> JobId {
    JobId::known(place.rsplit('/').next().unwrap())
}

/// A model in two segments, committed by a worker, and an input.
async fn model(service: &Service, client: &Client<'_>) -> (String, String) {
    let model = client.put_fixture("models", "models/breast_cancer_mlp.onnx").await;
    let calibration = client.put_fixture("inputs", "data/breast_cancer_calibration.npy").await;
    let asked = json!({ "calibration": calibration, "segments": 2, "input": "committed" });
    let answer = client.post(&format!("/v1/models/{model}/commit"), &asked).await;
    answer.json(202);
    let job = done(service, client, answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["state"], "done", "{job}");
    let input = client.put_fixture("inputs", "inputs/breast_cancer_mlp.json").await;
    (job["result"]["model_id"].as_str().unwrap().into(), input)
}

async fn asked(client: &Client<'_>, model: &(String, String), audience: &str) -> String {
    let answer = client.prove(model, audience).await;
    answer.json(202);
    answer.headers["location"].to_str().unwrap().into()
}

/// A proof whose model was run.
async fn ran(service: &Service, client: &Client<'_>, model: &(String, String), audience: &str) -> String {
    let place = asked(client, model, audience).await;
    let job = done(service, client, &place).await;
    assert_eq!(
        (&job["state"], &job["stage"], &job["segments"]),
        (&json!("proving"), &json!("segments"), &json!({ "done": 0, "of": 2 })),
        "{job}"
    );
    place
}

fn part(place: &str, segment: u32) -> JobId {
    JobId::known(format!("{}.{segment:02}", id_of(place)))
}

async fn ledger(client: &Client<'_>, model: &(String, String)) -> Value {
    client.get(&format!("/v1/ledger?model={}", model.0)).await.json(200)
}

/// Rows of parts, runs and pieces that are left.
async fn left(service: &Service) -> i64 {
    let pool = pool(service).await;
    let rows = number(
        &pool,
        "SELECT COUNT(*) FROM jobs WHERE whole IS NOT NULL OR blob IS NOT NULL",
    )
    .await;
    rows + number(&pool, "SELECT COUNT(*) FROM events WHERE job LIKE '%.%'").await
}

#[tokio::test(flavor = "multi_thread")]
async fn several_workers_prove_the_segments_of_one_proof() {
    let service = still().await;
    let alice = service.alice().await;
    let model = model(&service, &alice).await;
    // Its opening, and the receipt, stay when it is done.
    let first = ran(&service, &alice, &model, "first").await;
    for segment in [1, 2] {
        execute(&service.app, &part(&first, segment), "one").await.unwrap();
    }
    let before = exact(&service).await;
    let charged = ledger(&alice, &model).await["bits"].as_f64().unwrap();

    let place = ran(&service, &alice, &model, "bob").await;
    // Nobody takes the proof itself, clients see one job, and the quota of jobs counts one.
    assert!(claim(&service, &id_of(&place)).await.is_none());
    let listed = alice.get("/v1/jobs").await.json(200);
    let kinds: Vec<&Value> = listed["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["kind"])
        .collect();
    assert!(!kinds.contains(&&json!("segment")), "{listed}");
    let hidden = alice.get(&format!("/v1/jobs/{}", part(&place, 1))).await;
    assert_eq!(hidden.status.as_u16(), 404);
    let metrics = String::from_utf8(alice.get("/metrics").await.body).unwrap();
    assert!(metrics.contains("provenn_segments{state=\"queued\"} 2"), "{metrics}");
    assert!(metrics.contains("provenn_jobs{state=\"proving\"} 1"), "{metrics}");

    // In any order, by anybody; the last one joins.
    execute(&service.app, &part(&place, 2), "two").await.unwrap();
    let job = alice.get(&place).await.json(200);
    assert_eq!(job["segments"], json!({ "done": 1, "of": 2 }), "{job}");
    let progress = job["progress"].as_f64().unwrap();
    assert!((0.4..0.7).contains(&progress), "{job}");
    execute(&service.app, &part(&place, 1), "one").await.unwrap();
    let job = alice.get(&place).await.json(200);
    assert_eq!((&job["state"], &job["attempt"]), (&json!("done"), &json!(1)), "{job}");
    assert_eq!(job["segments"], json!({ "done": 2, "of": 2 }), "{job}");
    assert!(
        job["cpu_ms"].as_i64().unwrap() > 0 && job["peak_bytes"].as_i64().unwrap() > 0,
        "{job}"
    );
    let events = String::from_utf8(alice.get(&format!("{place}/events")).await.body).unwrap();
    assert!(events.contains("\"segments\":{\"done\":1,\"of\":2}"), "{events}");
    let checks = events
        .lines()
        .filter(|line| line.starts_with("data") && line.contains("\"check\""));
    assert_eq!(checks.count(), 1, "{events}");

    // Of the parts nothing is left, and the receipt is charged once.
    assert_eq!(left(&service).await, 0);
    let receipt = job["result"]["receipt_bytes"].as_i64().unwrap();
    assert_eq!(exact(&service).await, before + receipt);
    let bits = ledger(&alice, &model).await["bits"].as_f64().unwrap();
    assert!((bits - 2.0 * charged).abs() < 1e-5, "{bits} {charged}");
    service.app.clock.advance(1_000);
    let metrics = String::from_utf8(alice.get("/metrics").await.body).unwrap();
    assert!(
        metrics.contains("provenn_attempts_total{kind=\"segment\",how=\"done\"} 4"),
        "{metrics}"
    );
    assert!(!metrics.contains("provenn_segments{"), "{metrics}");
}

/// Stores something in a part's name, as a worker that has made a piece.
async fn piece(service: &Service, place: &str, bytes: &[u8]) -> (Piece, Room) {
    let (sha256, tenant) = (ObjectDigest::of(bytes), tenant("alice"));
    let of = address(&tenant, Kind::Private, &sha256);
    let room = Room::for_object(&service.app, of, bytes.len() as u64, Quota::Beyond)
        .await
        .unwrap();
    service
        .app
        .store
        .put(&tenant, Kind::Private, bytes.to_vec())
        .await
        .unwrap();
    let object = room.object(bytes.len() as u64);
    let made = Piece {
        whole: id_of(place),
        object,
        peak_bytes: None,
        cpu_ms: 1,
    };
    (made, room)
}

async fn part_done(service: &Service, lease: &Lease, made: &Piece) -> Next {
    let now = service.app.now();
    service
        .app
        .db
        .part_done(lease, made, "w", now + 1_000, now)
        .await
        .unwrap()
}

/// Lets a lease's time pass while sweepers sweep.
async fn lapse(service: &Service) {
    for _ in 0..11 {
        service.app.clock.advance(2_000);
        sweep(&service.app).await.unwrap();
    }
    pause(service);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_worker_adds_no_segment_twice() {
    let service = still().await;
    let alice = service.alice().await;
    let model = model(&service, &alice).await;
    let place = asked(&alice, &model, "bob").await;
    let frozen_run = claim(&service, &id_of(&place)).await.unwrap();
    lapse(&service).await;
    let place = {
        done(&service, &alice, &place).await;
        place
    };
    let db = &service.app.db;
    let now = service.app.now();
    // Whoever ran the model has no part in it any more.
    assert_eq!(db.renew(&frozen_run, now + 1000).await.unwrap(), Outcome::Lost);
    let shown = async || alice.get(&place).await.json(200);
    let frozen = claim(&service, &part(&place, 1)).await.unwrap();
    assert!(claim(&service, &part(&place, 1)).await.is_none(), "claimed twice");
    lapse(&service).await;
    let (made, room) = piece(&service, &place, b"late").await;
    assert!(matches!(part_done(&service, &frozen, &made).await, Next::Lost));
    let lease = claim(&service, &part(&place, 1)).await.unwrap();
    assert!(matches!(part_done(&service, &frozen, &made).await, Next::Lost));
    assert_eq!(shown().await["segments"]["done"], 0);
    assert!(matches!(part_done(&service, &lease, &made).await, Next::Others));
    room.settled();
    let (again, _room) = piece(&service, &place, b"again").await;
    assert!(matches!(part_done(&service, &lease, &again).await, Next::Lost));
    assert_eq!(shown().await["segments"]["done"], 1);
    // While its second segment waits, neither run nor piece is garbage.
    let named = async |sha256: &ObjectDigest| {
        let of = Address {
            tenant: tenant("alice"),
            kind: Kind::Private,
            sha256: sha256.clone(),
        };
        db.is_named(&of).await.unwrap()
    };
    let pool = pool(&service).await;
    let run: String = sqlx::query_scalar("SELECT blob FROM jobs WHERE parts > 0")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(named(&ObjectDigest::known(run)).await && named(&made.object.sha256).await);
    assert!(!named(&ObjectDigest::of(b"nobody's")).await);
}

/// Who proved the last segment is gone: the pieces are there, and another joins them.
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_joined_by_another() {
    let service = still().await;
    let alice = service.alice().await;
    let model = model(&service, &alice).await;
    let place = ran(&service, &alice, &model, "bob").await;
    for segment in [1, 2] {
        execute(&service.app, &part(&place, segment), "one").await.unwrap();
    }
    assert_eq!(alice.get(&place).await.json(200)["state"], "done");

    let place = ran(&service, &alice, &model, "carol").await;
    execute(&service.app, &part(&place, 1), "one").await.unwrap();
    // The second one as a worker that dies when it is written down.
    let lease = claim(&service, &part(&place, 2)).await.unwrap();
    let (made, room) = piece(&service, &place, b"no piece").await;
    let Next::Join(joining, _) = part_done(&service, &lease, &made).await else {
        panic!("it is the last one")
    };
    room.settled();
    lapse(&service).await;
    assert_eq!(service.app.db.held(&joining).await.unwrap(), Outcome::Lost);
    let job = done(&service, &alice, &place).await;
    // It is joined again, and what is no piece is found: no receipt, and nothing to pay.
    assert_eq!(
        (&job["state"], &job["error"]["code"], &job["attempt"]),
        (&json!("failed"), &json!("wrong-receipt"), &json!(2)),
        "{job}"
    );
    assert_eq!(left(&service).await, 0);
    let bits = ledger(&alice, &model).await["bits"].as_f64().unwrap();
    assert!((bits - 3f64.log2()).abs() < 1e-5, "{bits}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_proof_is_that_of_its_segments() {
    let service = still().await;
    let alice = service.alice().await;
    let model = model(&service, &alice).await;
    let spent = async || ledger(&alice, &model).await["bits"].as_f64().unwrap();
    let one = 3f64.log2();
    // The commitment to the input, which stays, is made with the first.
    let cancelled = ran(&service, &alice, &model, "cancelled").await;
    execute(&service.app, &part(&cancelled, 1), "one").await.unwrap();
    let held = claim(&service, &part(&cancelled, 2)).await.unwrap();
    assert_eq!(alice.call("DELETE", &cancelled, "").await.status.as_u16(), 204);
    assert_eq!(service.app.db.held(&held).await.unwrap(), Outcome::Lost);
    let (made, room) = piece(&service, &cancelled, b"late").await;
    assert!(matches!(part_done(&service, &held, &made).await, Next::Lost));
    drop(room);
    assert_eq!(left(&service).await, 0);
    assert!((spent().await - one).abs() < 1e-5);

    // A time that is over.
    let end = service.app.now() / 1000 + 600;
    let body = json!({ "model": model.0, "input": model.1, "policy": "label", "context": { "audience": "late", "not_after": end } });
    let answer = alice.post("/v1/proofs", &body).await;
    let late = answer.headers["location"].to_str().unwrap().to_owned();
    done(&service, &alice, &late).await;
    let held = claim(&service, &part(&late, 1)).await.unwrap();
    service.app.clock.advance(601_000);
    assert!(claim(&service, &part(&late, 2)).await.is_none());
    sweep(&service.app).await.unwrap();
    assert_eq!(alice.get(&late).await.json(200)["state"], "expired");
    assert_eq!(service.app.db.held(&held).await.unwrap(), Outcome::Lost);
    assert_eq!(left(&service).await, 0);
    assert!((spent().await - 2.0 * one).abs() < 1e-5);

    // A segment whose attempts die takes its proof along, at the service's cost.
    let dead = ran(&service, &alice, &model, "dead").await;
    for _ in 0..service.app.config.limits.attempts {
        claim(&service, &part(&dead, 2)).await.unwrap();
        lapse(&service).await;
    }
    let job = alice.get(&dead).await.json(200);
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("failed"), &json!("attempts-exhausted")),
        "{job}"
    );
    assert_eq!(left(&service).await, 0);
    assert!((spent().await - 2.0 * one).abs() < 1e-5);

    // A model that is revoked meanwhile is not proven on.
    let revoked = ran(&service, &alice, &model, "revoked").await;
    alice
        .post("/v1/registry/alice/mlp", &json!({ "model": model.0 }))
        .await
        .json(201);
    let status = json!({ "status": "revoked", "reason": "wrong" });
    alice.post("/v1/registry/alice/mlp/1/status", &status).await.json(200);
    execute(&service.app, &part(&revoked, 1), "one").await.unwrap();
    let job = alice.get(&revoked).await.json(200);
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("failed"), &json!("model-revoked")),
        "{job}"
    );
    assert_eq!(left(&service).await, 0);
    provenn_service::server::sweeper::prune(&service.app).await.unwrap();
    let pool = pool(&service).await;
    assert_eq!(number(&pool, "SELECT COUNT(*) FROM objects WHERE named = 0").await, 0);
}

/// A worker leaves alone what it does not know: it would do it wrong, or fail it.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_later_version_wait_for_it() {
    let service = crate::simulation::still().await;
    service.alice().await;
    let job = crate::simulation::submit(&service, "s", None).await;
    let pool = pool(&service).await;
    let level = async |level: i64| {
        let set = sqlx::query("UPDATE jobs SET level = $1").bind(level);
        set.execute(&pool).await.unwrap();
    };
    level(LEVEL + 1).await;
    let (db, now) = (&service.app.db, service.app.now());
    let task = provenn_service::server::ids::TaskId::fresh();
    assert!(claim(&service, &job).await.is_none());
    assert!(db.claim_next(&task, "w", now + 1_000, now).await.unwrap().is_none());
    level(LEVEL).await;
    assert!(db.claim_next(&task, "w", now + 1_000, now).await.unwrap().is_some());
}

/// Tenants are served in turn by what workers have: a proof that waits for its segments keeps its tenant back no more than they do.
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_waits_for_its_segments_takes_no_turn() {
    let service = still().await;
    let alice = service.alice().await;
    let model = model(&service, &alice).await;
    let place = ran(&service, &alice, &model, "bob").await;
    let other = crate::simulation::submit_as(&service, "zoe", "s", 5, None);
    service.client("zoe", &[]).await;
    other.await;
    let (db, now) = (&service.app.db, service.app.now());
    // Nobody of either tenant is at work, and alice was served before zoe was there.
    let pool = pool(&service).await;
    sqlx::query("INSERT INTO turns (tenant, served) VALUES ('zoe', 1000)")
        .execute(&pool)
        .await
        .unwrap();
    let task = provenn_service::server::ids::TaskId::fresh();
    let (_, next) = db.claim_next(&task, "w", now + 1_000, now).await.unwrap().unwrap();
    assert_eq!(next.id, part(&place, 1));
}
