//! Idempotency, one job per statement, quotas.

use crate::harness::{tenant, Service};
use provenn_service::server::clock::Clock;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_idempotency_key_gives_the_same_job() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let (model, input) = alice.model("public").await;
    let body = |audience: &str| {
        json!({ "model": model, "input": input, "policy": "label", "context": { "audience": audience } }).to_string()
    };
    let key = [("idempotency-key", "one")];
    let first = alice.with(&key, "POST", "/v1/proofs", body("a")).await;
    let id = first.json(202)["id"].clone();
    let again = alice.with(&key, "POST", "/v1/proofs", body("a")).await;
    assert_eq!(again.json(202)["id"], id);
    assert_eq!(first.headers["location"], again.headers["location"]);
    alice
        .with(&key, "POST", "/v1/proofs", body("b"))
        .await
        .problem(422, "idempotency-mismatch");
    // Keys of tenants do not meet.
    let bob = service.client("bob", &provenn_service::server::keys::Scope::ALL).await;
    bob.with(&key, "POST", "/v1/proofs", body("b"))
        .await
        .problem(404, "not-found");
    for bad in ["", &"x".repeat(256)] {
        alice
            .with(&[("idempotency-key", bad)], "POST", "/v1/proofs", body("c"))
            .await
            .problem(400, "bad-request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn submissions_at_once_give_one_job() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = alice.model("public").await;
    let answers = futures_util::future::join_all((0..20).map(|_| alice.prove(&model, "same"))).await;
    let mut ids: Vec<String> = answers.iter().map(|a| a.json(202)["id"].to_string()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let place = answers[0].headers["location"].to_str().unwrap();
    assert_eq!(alice.finished(place).await["state"], "done");
    // A finished statement needs no second proof.
    assert_eq!(alice.prove(&model, "same").await.json(202)["state"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_of_a_tenant() {
    let mut service = Service::start(|_| {}).await;
    let model = service.alice().await.model("public").await;
    // Nobody works from here on.
    service.halt().await;
    let stored = service.app.db.usage(&tenant("alice")).await.unwrap().stored;
    let idle = Service::with_clock(Clock::System, false, |config| {
        config.data = service.folder.path().into();
        config.limits.tenant_jobs = 2;
        config.limits.tenant_bytes = stored + 10;
    })
    .await;
    let alice = idle.alice().await;
    for audience in ["a", "b"] {
        alice.prove(&model, audience).await.json(202);
    }
    alice.prove(&model, "c").await.problem(429, "quota-exceeded");
    let (_, answer) = alice.put("inputs", br#"{"shape":[1],"values":[1]}"#.to_vec()).await;
    answer.problem(507, "storage-quota-exceeded");
}

/// What makes a request nonsense.
type Change = &'static dyn Fn(&mut serde_json::Value);

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_refused_with_a_reason() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let (model, input) = alice.model("public").await;
    let proof = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut body = json!({ "model": model, "input": input, "policy": "label" });
        change(&mut body);
        body
    };
    let cases: [(Change, u16, &str); 8] = [
        (&|b| b["policy"] = json!("anything"), 400, "bad-request"),
        (&|b| b["priority"] = json!(10), 400, "bad-request"),
        (&|b| b["surprise"] = json!(1), 400, "bad-request"),
        (&|b| b["context"] = json!({ "nonce": "00" }), 400, "bad-request"),
        (
            &|b| b["context"] = json!({ "audience": "a".repeat(256) }),
            400,
            "bad-request",
        ),
        (&|b| b["context"] = json!({ "not_after": u64::MAX }), 400, "bad-request"),
        (&|b| b["model"] = json!("none"), 404, "not-found"),
        (&|b| b["input"] = json!("none"), 404, "not-found"),
    ];
    for (change, status, code) in cases {
        alice.post("/v1/proofs", &proof(change)).await.problem(status, code);
    }
    alice.call("POST", "/v1/proofs", "{").await.problem(400, "bad-request");
    alice
        .call("POST", "/v1/proofs", vec![b' '; 1 << 17])
        .await
        .problem(413, "upload-too-large");
    // What only the prover can see ends the job without a reason.
    let outside = br#"{"shape":[30],"values":[1e6,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}"#;
    let (far, answer) = alice.put("inputs", outside.to_vec()).await;
    answer.json(201);
    let answer = alice.post("/v1/proofs", &proof(&|b| b["input"] = json!(far))).await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("failed"), &json!("not-provable")),
        "{job}"
    );
    // After that the same statement may be tried again.
    let again = alice
        .post("/v1/proofs", &proof(&|b| b["input"] = json!(far)))
        .await
        .json(202);
    assert_ne!(again["id"], job["id"]);
}
