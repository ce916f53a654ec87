//! Removing uploads and commitments: with their bytes, and not what others need.

use crate::harness::{tenant, Client, Service};
use crate::storage::{exact, number, pool};
use futures_util::future::join;
use provenn_service::server::clock::Clock;
use provenn_service::server::db::{Most, Submission};
use provenn_service::server::error::ApiError;
use provenn_service::server::ids::{JobId, TaskId};
use provenn_service::server::keys::Scope;
use provenn_service::server::room::{address, Quota, Room};
use provenn_service::server::store::Kind;
use provenn_service::server::sweeper::prune;
use serde_json::{json, Value};

const INPUT: &[u8] = br#"{"shape":[1],"values":[1.5]}"#;

async fn delete(client: &Client<'_>, place: &str) -> u16 {
    client.call("DELETE", place, "").await.status.as_u16()
}

fn stored(service: &Service, tenant: &str, kind: Kind, sha256: &str) -> bool {
    let objects = service.folder.path().join("objects");
    objects.join(tenant).join(kind.name()).join(sha256).exists()
}

async fn done(client: &Client<'_>, path: &str, asked: &Value) -> Value {
    let answer = client.post(path, asked).await;
    answer.json(202);
    let job = client.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["state"], "done", "{job}");
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_with_its_bytes_and_nobody_elses() {
    let service = Service::start(|_| {}).await;
    let (alice, bob) = (service.alice().await, service.client("bob", &Scope::ALL).await);
    for client in [&alice, &bob] {
        client.put("inputs", INPUT.to_vec()).await.1.json(201);
    }
    let (sha256, answer) = alice.put("inputs", INPUT.to_vec()).await;
    answer.json(200);
    let place = format!("/v1/inputs/{sha256}");
    // Mallory has none of this digest.
    let mallory = service.client("mallory", &Scope::ALL).await;
    assert_eq!(delete(&mallory, &place).await, 204);
    assert!(stored(&service, "alice", Kind::Input, &sha256));
    for _ in 0..2 {
        assert_eq!(delete(&alice, &place).await, 204);
        assert!(!stored(&service, "alice", Kind::Input, &sha256));
        assert!(stored(&service, "bob", Kind::Input, &sha256));
        assert_eq!(exact(&service).await, 28);
    }
    alice
        .call("DELETE", "/v1/inputs/none", "")
        .await
        .problem(400, "bad-request");
    alice.put("inputs", INPUT.to_vec()).await.1.json(201);
    assert_eq!(exact(&service).await, 2 * 28);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_use_stays() {
    let mut service = Service::start(|_| {}).await;
    let model = service.alice().await.model("public").await;
    service.halt().await;
    let idle = Service::with_clock(Clock::System, false, |config| {
        config.data = service.folder.path().into()
    })
    .await;
    let alice = idle.alice().await;
    let shown = alice.get(&format!("/v1/models/{}", model.0)).await.json(200);
    let source = shown["source_sha256"].as_str().unwrap();
    let calibration = alice.put_fixture("inputs", "data/breast_cancer_calibration.npy").await;
    let refused = async |place: &str, by: &str| {
        let problem = alice.call("DELETE", place, "").await.problem(409, "in-use");
        assert!(problem["detail"].as_str().unwrap().contains(by), "{problem}");
    };
    let (upload, commit) = (format!("/v1/models/{source}"), format!("/v1/models/{}/commit", model.0));
    refused(&upload, &model.0).await;
    // The id of a commitment is no upload's: nobody is told that it is gone.
    refused(&format!("/v1/models/{}", model.0), "commitment").await;
    // Jobs that wait need the model, the input, and what is calibrated with.
    let proof = alice.prove(&model, "a").await.json(202)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let asked = json!({ "calibration": calibration, "held_out": calibration });
    let commits = alice
        .post(&format!("/v1/models/{source}/commit"), &asked)
        .await
        .json(202);
    let commits = commits["id"].as_str().unwrap().to_owned();
    let (input, rows) = (format!("/v1/inputs/{}", model.1), format!("/v1/inputs/{calibration}"));
    refused(&input, &proof).await;
    refused(&commit, &proof).await;
    refused(&rows, &commits).await;
    for job in [&proof, &commits] {
        assert_eq!(delete(&alice, &format!("/v1/jobs/{job}")).await, 204);
    }
    for place in [&rows, &input] {
        assert_eq!(delete(&alice, place).await, 204);
    }
    // What is published stays, revoked too.
    let name = "/v1/registry/alice/linear";
    alice.post(name, &json!({ "model": model.0 })).await.json(201);
    refused(&commit, "version 1 of `linear`").await;
    let revoked = json!({ "status": "revoked", "reason": "test" });
    alice.post(&format!("{name}/1/status"), &revoked).await.json(200);
    refused(&commit, "version 1 of `linear`").await;
}

/// Models share parameters and keys: one goes, the other goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_commitment_goes_with_what_only_it_has() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let (kept, gone) = (alice.model("public").await, alice.model("committed").await);
    let opening = format!("/v1/inputs/{}/commit", gone.1);
    let opened = done(&alice, &opening, &json!({ "model": gone.0 })).await;
    let receipt = done(
        &alice,
        "/v1/proofs",
        &json!({ "model": gone.0, "input": gone.1, "policy": "label" }),
    )
    .await;
    let before = exact(&service).await;
    let pool = pool(&service).await;
    let shared = number(
        &pool,
        "SELECT COUNT(*) FROM objects WHERE kind = 'private' AND named = 2",
    )
    .await;
    assert!(shared > 0, "the models share no file");
    let mallory = service.client("mallory", &Scope::ALL).await;
    let place = format!("/v1/models/{}/commit", gone.0);
    assert_eq!(delete(&mallory, &place).await, 204);
    assert_eq!(exact(&service).await, before);
    for _ in 0..2 {
        assert_eq!(delete(&alice, &place).await, 204);
    }
    assert!(exact(&service).await < before);
    assert_eq!(number(&pool, "SELECT COUNT(*) FROM openings").await, 0);
    let cached = service.folder.path().join("models/alice");
    assert!(!cached.join(&gone.0).exists());
    alice
        .get(&format!("/v1/models/{}", gone.0))
        .await
        .problem(404, "not-found");
    // The receipt stays.
    let place = format!("/v1/proofs/{}/receipt", receipt["id"].as_str().unwrap());
    assert_eq!(alice.get(&place).await.status.as_u16(), 200);
    // The other model has its files, also where they are read from the object store again.
    let _none = std::fs::remove_dir_all(&cached);
    done(
        &alice,
        "/v1/proofs",
        &json!({ "model": kept.0, "input": kept.1, "policy": "label" }),
    )
    .await;
    // Committing again is another job, with another model.
    let again = alice.model("committed").await;
    assert_ne!(again.0, gone.0);
    let job = done(&alice, &opening, &json!({ "model": again.0 })).await;
    assert_ne!(job["result"]["points"], opened["result"]["points"]);
    // An input takes its commitments with it: the next ones are made anew.
    assert_eq!(delete(&alice, &format!("/v1/inputs/{}", again.1)).await, 204);
    alice.put_fixture("inputs", "inputs/linear_30.json").await;
    let anew = done(&alice, &opening, &json!({ "model": again.0 })).await;
    assert_ne!(anew["id"], job["id"]);
    assert!(alice
        .get(&format!("/v1/jobs/{}", job["id"].as_str().unwrap()))
        .await
        .json(200)["removed"]
        .is_i64());
    exact(&service).await;
}

/// The request was looked at before the input was removed, its job comes after.
#[tokio::test(flavor = "multi_thread")]
async fn no_job_is_added_without_what_it_needs() {
    let service = Service::with_clock(Clock::System, false, |_| {}).await;
    let alice = service.alice().await;
    let (sha256, _) = alice.put("inputs", INPUT.to_vec()).await;
    let submission = |field: &str, value: &str| Submission {
        id: JobId::fresh(),
        task: TaskId::fresh(),
        tenant: tenant("alice"),
        kind: "proof",
        statement: "s".into(),
        request: json!({ field: value }),
        level: 1,
        priority: 5,
        not_after: None,
        forecast: Value::Null,
        agreement: None,
        charge: None,
        idempotency: None,
    };
    let most = Most {
        jobs: 10,
        bytes: 1 << 30,
    };
    let db = &service.app.db;
    assert_eq!(delete(&alice, &format!("/v1/inputs/{sha256}")).await, 204);
    for (field, value) in [("input", sha256.as_str()), ("model", "none")] {
        let refused = db.submit(&submission(field, value), &most, 0).await.unwrap_err();
        assert!(matches!(refused, ApiError::NotFound { .. }), "{refused}");
    }
    alice.put("inputs", INPUT.to_vec()).await.1.json(201);
    db.submit(&submission("input", &sha256), &most, 0).await.unwrap();
}

/// Who is about to store an object again has reserved it: it stays until then.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_about_to_be_named_is_not_removed() {
    let service = Service::with_clock(Clock::System, false, |_| {}).await;
    let alice = service.alice().await;
    let (sha256, _) = alice.put("inputs", INPUT.to_vec()).await;
    let of = address(&tenant("alice"), Kind::Input, &sha256.parse().unwrap());
    let room = Room::for_object(&service.app, of, 28, Quota::Within).await.unwrap();
    assert_eq!(delete(&alice, &format!("/v1/inputs/{sha256}")).await, 204);
    assert!(stored(&service, "alice", Kind::Input, &sha256));
    drop(room);
    exact(&service).await;
    prune(&service.app).await.unwrap();
    assert!(!stored(&service, "alice", Kind::Input, &sha256));
    assert_eq!(exact(&service).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_and_removals_at_once_leave_no_row_without_bytes() {
    let service = Service::with_clock(Clock::System, false, |_| {}).await;
    let alice = service.alice().await;
    for _ in 0..50 {
        let (sha256, _) = alice.put("inputs", INPUT.to_vec()).await;
        let place = format!("/v1/inputs/{sha256}");
        join(alice.put("inputs", INPUT.to_vec()), delete(&alice, &place)).await;
        let digest = sha256.parse().unwrap();
        let there = service.app.db.upload(&tenant("alice"), "input", &digest).await.unwrap();
        assert!(there.is_none() || stored(&service, "alice", Kind::Input, &sha256));
    }
}
