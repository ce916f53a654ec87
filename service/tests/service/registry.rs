//! Publishing, rotating, deprecating and revoking models.

use crate::harness::Service;
use provenn_service::server::clock::Clock;
use provenn_service::server::keys::Scope;
use provenn_service::server::worker::execute;
use provenn_verifier::ModelCard;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn versions_rotate_and_anybody_sees_them() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let anybody = async |path: &str| service.call("GET", path, &[], "").await;
    let (first, second) = (alice.model("public").await.0, alice.model("committed").await.0);
    let name = "/v1/registry/alice/linear";
    anybody(name).await.problem(404, "not-found");
    let one = alice.post(name, &json!({ "model": first })).await.json(201);
    assert_eq!((&one["version"], &one["status"]), (&json!(1), &json!("active")));
    alice
        .post(name, &json!({ "model": first }))
        .await
        .problem(422, "already-published");
    alice.post(name, &json!({ "model": second })).await.json(201);

    let shown = anybody(name).await.json(200);
    assert_eq!(shown["current"], 2);
    let old = &shown["versions"][1];
    assert_eq!(
        (&old["model"], &old["status"], &old["reason"]),
        (&json!(first), &json!("deprecated"), &json!("superseded by version 2"))
    );
    let found = anybody(&format!("/v1/registry?model={first}")).await.json(200);
    assert_eq!(found["versions"], json!([old]));
    let detail = anybody(&format!("{name}/2")).await.json(200);
    assert_eq!(
        (&detail["model"], &detail["card"]["inputs"][0]["binding"]),
        (&json!(second), &json!("committed"))
    );
    let card = anybody(&format!("{name}/2/card")).await.body;
    let card = ModelCard::from_bytes(&card).unwrap();
    assert_eq!(provenn_service::bytes::hex(&card.model_id()), second);
    for missing in ["/3", "/0", "/x", "/3/card"] {
        anybody(&format!("{name}{missing}")).await.problem(404, "not-found");
    }
    // What is not published stays with its owner.
    let mallory = service.client("mallory", &Scope::ALL).await;
    mallory
        .post(name, &json!({ "model": second }))
        .await
        .problem(404, "not-found");
    mallory
        .post("/v1/registry/mallory/linear", &json!({ "model": second }))
        .await
        .problem(404, "not-found");
    for bad in ["a%20b", ".hidden", &"x".repeat(65)] {
        let path = format!("/v1/registry/alice/{bad}");
        alice
            .post(&path, &json!({ "model": second }))
            .await
            .problem(400, "bad-request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_model_makes_no_receipts() {
    let mut service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = alice.model("public").await;
    let place = alice.prove(&model, "before").await.headers["location"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(alice.finished(&place).await["state"], "done");
    let receipt = alice.get(&format!("{place}/receipt")).await.body;
    let verify = async || {
        let path = "/v1/verify?accept_dev=true";
        service.call("POST", path, &[], receipt.clone()).await.json(200)
    };
    assert_eq!(verify().await.get("published"), None);
    alice
        .post("/v1/registry/alice/linear", &json!({ "model": model.0 }))
        .await
        .json(201);
    assert_eq!(verify().await["published"]["status"], "active");

    // A proof that waits while the model is revoked.
    let body = json!({ "status": "deprecated", "reason": "old" });
    let status = "/v1/registry/alice/linear/1/status";
    alice.post(status, &body).await.json(200);
    alice.prove(&model, "deprecated").await.json(202);
    alice.post(status, &body).await.problem(422, "status-is-final");
    alice
        .post(status, &json!({ "status": "revoked", "reason": "" }))
        .await
        .problem(400, "bad-request");
    let revoked = alice
        .post(
            status,
            &json!({ "status": "revoked", "reason": "trained on test data" }),
        )
        .await;
    assert_eq!(revoked.json(200)["status"], "revoked");
    for worse in ["revoked", "deprecated", "active"] {
        let body = json!({ "status": worse, "reason": "again" });
        alice.post(status, &body).await.problem(422, "status-is-final");
    }
    alice.prove(&model, "after").await.problem(422, "model-revoked");
    let verdict = verify().await;
    assert_eq!(
        (
            &verdict["valid"],
            &verdict["published"]["status"],
            &verdict["published"]["reason"]
        ),
        (&json!(true), &json!("revoked"), &json!("trained on test data"))
    );
    service.halt().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_revoked_while_its_proof_waits_makes_none() {
    let mut service = Service::start(|_| {}).await;
    let model = service.alice().await.model("public").await;
    service.halt().await;
    let idle = Service::with_clock(Clock::System, false, |config| {
        config.data = service.folder.path().into()
    })
    .await;
    let alice = idle.alice().await;
    alice
        .post("/v1/registry/alice/linear", &json!({ "model": model.0 }))
        .await
        .json(201);
    let job = alice.prove(&model, "waits").await.json(202);
    let body = json!({ "status": "revoked", "reason": "wrong" });
    alice.post("/v1/registry/alice/linear/1/status", &body).await.json(200);
    let id = job["id"].as_str().unwrap();
    execute(&idle.app, &id.parse().unwrap(), "worker").await.unwrap();
    let job = alice.get(&format!("/v1/proofs/{id}")).await.json(200);
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("failed"), &json!("model-revoked"))
    );
    alice
        .get(&format!("/v1/proofs/{id}/receipt"))
        .await
        .problem(409, "not-done");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_versions_stay() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let (model, _) = alice.model("public").await;
    let name = "/v1/registry/alice/linear";
    alice.post(name, &json!({ "model": model })).await.json(201);
    let newer = "WITH RECURSIVE n(v) AS (VALUES (2) UNION ALL SELECT v + 1 FROM n WHERE v < 1100)
        INSERT INTO registry (tenant, name, version, model, status, reason, created, changed)
        SELECT 'alice', 'linear', v, 'model-' || v, 'deprecated', '', 9000000000000 + v, 0 FROM n";
    let options: sqlx::sqlite::SqliteConnectOptions = service.app.config.database_url().parse().unwrap();
    let pool = sqlx::SqlitePool::connect_with(options.foreign_keys(false))
        .await
        .unwrap();
    sqlx::query(newer).execute(&pool).await.unwrap();
    let anybody = async |path: &str| service.call("GET", path, &[], "").await;
    let shown = anybody(name).await.json(200);
    assert_eq!(
        (&shown["current"], shown["versions"].as_array().unwrap().len()),
        (&json!(1), 1000)
    );
    assert_eq!(anybody(&format!("{name}/1")).await.json(200)["model"], model.as_str());
    let card = anybody(&format!("{name}/1/card")).await;
    assert_eq!(card.body, alice.get(&format!("/v1/models/{model}/card")).await.body);
    for missing in ["/1101", "/01", "/+1", "/-1"] {
        anybody(&format!("{name}{missing}")).await.problem(404, "not-found");
    }
}
