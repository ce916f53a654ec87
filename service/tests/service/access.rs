//! Every route with every kind of caller, from the OpenAPI document: a route without a row here fails.

use crate::colourings;
use crate::harness::{eventually, Service};
use provenn_service::server::api::document;
use provenn_service::server::clock::Clock;
use provenn_service::server::keys::{Scope, Secret};
use serde_json::{json, Value};
use std::collections::BTreeSet;

/// What a route takes and gives.
struct Row {
    method: &'static str,
    path: &'static str,
    /// Needed scope; none for public routes.
    scope: Option<Scope>,
    body: Value,
    /// Status for the tenant that owns the objects.
    right: u16,
    /// Status for another tenant with all scopes.
    other: u16,
}

fn rows(input: &str, calibration: &str, model: &str, (graph, colouring): &(String, String)) -> Vec<Row> {
    let row = |method, path, scope, body, right, other| Row {
        method,
        path,
        scope,
        body,
        right,
        other,
    };
    let proof = json!({ "model": model, "input": input, "policy": "label" });
    let coloured = json!({ "graph": graph, "colouring": colouring, "colours": 2 });
    let [read, upload, commit, prove, publish, govern] = Scope::ALL.map(Some);
    vec![
        // The digest does not fit the empty body.
        row("put", "/v1/models/{id}", upload, Value::Null, 409, 409),
        row("put", "/v1/inputs/{sha256}", upload, Value::Null, 409, 409),
        row(
            "post",
            "/v1/models/{id}/commit",
            commit,
            json!({ "calibration": calibration }),
            202,
            404,
        ),
        row("get", "/v1/models", read, Value::Null, 200, 200),
        row("get", "/v1/models/{id}", read, Value::Null, 200, 404),
        row("get", "/v1/models/{id}/graph", read, Value::Null, 200, 404),
        row("get", "/v1/models/{id}/card", read, Value::Null, 200, 404),
        row(
            "post",
            "/v1/inputs/{sha256}/commit",
            prove,
            json!({ "model": model }),
            400,
            404,
        ),
        // A tensor.
        row("get", "/v1/inputs/{sha256}/graph", read, Value::Null, 404, 404),
        row("post", "/v1/proofs", prove, proof, 202, 404),
        row("post", "/v1/colourings", prove, coloured, 202, 404),
        row("get", "/v1/proofs/{id}", read, Value::Null, 200, 404),
        row("get", "/v1/proofs/{id}/events", read, Value::Null, 200, 404),
        row("get", "/v1/proofs/{id}/receipt", read, Value::Null, 200, 404),
        row("get", "/v1/proofs/{id}/bundle", read, Value::Null, 200, 404),
        // Of one item, without labels.
        row("get", "/v1/proofs/{id}/labels", read, Value::Null, 404, 404),
        // The proof is done.
        row("delete", "/v1/proofs/{id}", prove, Value::Null, 409, 404),
        row("get", "/v1/jobs", read, Value::Null, 200, 200),
        row("get", "/v1/jobs/{id}", read, Value::Null, 200, 404),
        row("get", "/v1/jobs/{id}/events", read, Value::Null, 200, 404),
        row("delete", "/v1/jobs/{id}", prove, Value::Null, 409, 404),
        row("get", "/v1/keys/{digest}", read, Value::Null, 200, 404),
        row("get", "/v1/srs/{id}", None, Value::Null, 200, 200),
        // Not a receipt.
        row("post", "/v1/verify", None, Value::Null, 422, 422),
        row(
            "post",
            "/v1/registry/{tenant}/{name}",
            publish,
            json!({ "model": model }),
            201,
            404,
        ),
        row("get", "/v1/registry", None, Value::Null, 200, 200),
        row("get", "/v1/registry/{tenant}/{name}", None, Value::Null, 200, 200),
        row(
            "get",
            "/v1/registry/{tenant}/{name}/{version}",
            None,
            Value::Null,
            200,
            200,
        ),
        row(
            "get",
            "/v1/registry/{tenant}/{name}/{version}/card",
            None,
            Value::Null,
            200,
            200,
        ),
        row(
            "post",
            "/v1/registry/{tenant}/{name}/{version}/status",
            govern,
            json!({ "status": "deprecated", "reason": "test" }),
            200,
            404,
        ),
        row("get", "/v1/log", None, Value::Null, 200, 200),
        row("get", "/v1/policies", None, Value::Null, 200, 200),
        row("get", "/checkpoint", None, Value::Null, 200, 200),
        row("get", "/v1/log/proofs/{sha256}", None, Value::Null, 200, 200),
        // Without sizes.
        row("get", "/v1/log/consistency", None, Value::Null, 400, 400),
        // No note.
        row("post", "/v1/log/cosignatures", govern, Value::Null, 422, 422),
        row("get", "/v1/ledger", read, Value::Null, 200, 200),
        row(
            "put",
            "/v1/ledger/models/{id}",
            govern,
            json!({ "total_bits": 1000 }),
            200,
            404,
        ),
        row(
            "put",
            "/v1/ledger/requesters/{id}",
            govern,
            json!({ "bits": 1000 }),
            200,
            404,
        ),
        row("get", "/v1/agreements", read, Value::Null, 200, 200),
        // None was uploaded.
        row("get", "/v1/agreements/{digest}", None, Value::Null, 404, 404),
        row(
            "post",
            "/v1/agreements/{digest}/revoke",
            govern,
            json!({ "reason": "test" }),
            404,
            404,
        ),
        // The id of a commitment, and the SHA-256 of an upload: each in the other's place.
        row("delete", "/v1/models/{id}", upload, Value::Null, 409, 204),
        row("delete", "/v1/models/{id}/commit", commit, Value::Null, 204, 204),
        row("delete", "/v1/inputs/{sha256}", upload, Value::Null, 204, 204),
        row("get", "/v1/storage", read, Value::Null, 200, 200),
        row("post", "/v1/start", None, json!({ "code": "00" }), 410, 410),
        row("get", "/healthz", None, Value::Null, 200, 200),
        row("get", "/readyz", None, Value::Null, 200, 200),
        row("get", "/metrics", None, Value::Null, 200, 200),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_the_wrong_callers() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = alice.model("public").await;
    let place = alice.prove(&model, "").await.headers["location"]
        .to_str()
        .unwrap()
        .to_owned();
    let done = alice.finished(&place).await;
    assert_eq!(done["state"], "done");
    let logged = format!("/v1/log/proofs/{}", done["result"]["receipt_sha256"].as_str().unwrap());
    eventually(async || (service.call("GET", &logged, &[], "").await.status.as_u16() == 200).then_some(())).await;
    let shown = alice.get(&format!("/v1/models/{}", model.0)).await.json(200);
    let calibration = alice.put_fixture("inputs", "data/breast_cancer_calibration.npy").await;
    let files = colourings::both(&alice, "0 1\n", "0\n1\n").await;
    let fill = |path: &str| {
        let id = match path {
            path if path.contains("/log/proofs/") => return logged.clone(),
            path if path.contains("/requesters/") => alice.key.split('_').nth(1).unwrap(),
            path if path.ends_with("{id}/commit") => shown["source_sha256"].as_str().unwrap(),
            path if path.contains("/models/") => model.0.as_str(),
            path if path.contains("/srs/") => shown["srs_id"].as_str().unwrap(),
            _ => place.rsplit('/').next().unwrap(),
        };
        let path = path.replace("{sha256}", &model.1).replace("{id}", id);
        let path = path
            .replace("{tenant}", "alice")
            .replace("{name}", "linear")
            .replace("{version}", "1");
        path.replace("{digest}", shown["key_digest"].as_str().unwrap())
    };

    let mallory = service.client("mallory", &Scope::ALL).await;
    let document = serde_json::to_value(document()).unwrap();
    let mut routes = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        routes.extend(
            methods
                .as_object()
                .unwrap()
                .keys()
                .map(|method| (method.clone(), path.clone())),
        );
    }
    for row in rows(&model.1, &calibration, &model.0, &files) {
        assert!(
            routes.remove(&(row.method.into(), row.path.into())),
            "{} {} is no route",
            row.method,
            row.path
        );
        let (method, path) = (row.method.to_uppercase(), fill(row.path));
        let body = if row.body.is_null() {
            String::new()
        } else {
            row.body.to_string()
        };
        let name = format!("{method} {path}");
        let nobody = service.call(&method, &path, &[], body.clone()).await;
        if let Some(scope) = row.scope {
            nobody.problem(401, "unauthorized");
            assert_eq!(nobody.headers["www-authenticate"], "Bearer");
            // A well-formed key that nobody made, and one whose secret is wrong.
            let stranger = Secret::random().unwrap().reveal();
            let almost = format!(
                "{}{}",
                &alice.key[..alice.key.len() - 1],
                if alice.key.ends_with('0') { '1' } else { '0' }
            );
            for key in [stranger, almost] {
                let headers = [("authorization", format!("Bearer {key}"))];
                let headers = headers.each_ref().map(|(k, v)| (*k, v.as_str()));
                service
                    .call(&method, &path, &headers, body.clone())
                    .await
                    .problem(401, "unauthorized");
            }
            let rest: Vec<Scope> = Scope::ALL.into_iter().filter(|other| *other != scope).collect();
            let limited = service.client("alice", &rest).await;
            limited
                .call(&method, &path, body.clone())
                .await
                .problem(403, "forbidden");
        } else {
            assert_eq!(nobody.status.as_u16(), row.right, "{name}");
        }
        let other = mallory.call(&method, &path, body.clone()).await;
        assert_eq!(other.status.as_u16(), row.other, "{name} as another tenant");
        let right = alice.call(&method, &path, body).await;
        assert_eq!(
            right.status.as_u16(),
            row.right,
            "{name}: {}",
            String::from_utf8_lossy(&right.body)
        );
    }
    assert!(routes.is_empty(), "routes without a row: {routes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_is_worth_nothing() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    alice.get("/v1/jobs/none").await.problem(404, "not-found");
    let id = alice.id();
    assert!(service.app.db.revoke_key(&id, 1).await.unwrap());
    alice.get("/v1/jobs/none").await.problem(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_end_in_time_and_tell_when_they_were_used() {
    let clock = Clock::manual(1_000_000);
    let service = Service::with_clock(clock.clone(), false, |_| {}).await;
    let alice = service.alice().await;
    let id = alice.id();
    let row = async || {
        let keys = service.app.db.keys().await.unwrap();
        keys.into_iter().find(|key| key.id == id).unwrap()
    };
    assert_eq!(row().await.used, None);
    alice.get("/v1/jobs/none").await.problem(404, "not-found");
    assert_eq!(row().await.used, Some(1_000_000));
    assert!(service.app.db.end_key(&id, 1_000_500, 1_000_000).await.unwrap());
    // A later end does not prolong it.
    assert!(service.app.db.end_key(&id, 9_000_000, 1_000_000).await.unwrap());
    alice.get("/v1/jobs/none").await.problem(404, "not-found");
    clock.advance(500);
    alice.get("/v1/jobs/none").await.problem(401, "unauthorized");
    assert!(!service.app.db.end_key(&id, 9_000_000, clock.now()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_made_before_scopes_were_parted_keep_what_they_could_do() {
    let service = Service::with_clock(Clock::System, false, |_| {}).await;
    let pool = sqlx::SqlitePool::connect(&service.app.config.database_url())
        .await
        .unwrap();
    let alice = service.client("alice", &[Scope::Read, Scope::Commit]).await;
    let bob = service.client("bob", &[Scope::Read, Scope::Prove]).await;
    let text = include_str!("../../migrations/0030_keys.sql");
    let update = &text[text.find("UPDATE").unwrap()..];
    sqlx::query(update).execute(&pool).await.unwrap();
    for (client, status) in [(&alice, 404), (&bob, 403)] {
        let answer = client.post("/v1/registry/nobody/x", &json!({ "model": "none" })).await;
        assert_eq!(answer.status.as_u16(), status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_limited_per_tenant() {
    let service = Service::start(|config| {
        config.limits.requests_per_second = 5;
        config.limits.burst = 3;
    })
    .await;
    let (alice, bob) = (service.alice().await, service.client("bob", &Scope::ALL).await);
    let limited = eventually(async || {
        let answer = alice.get("/v1/jobs/none").await;
        (answer.status.as_u16() == 429).then_some(answer)
    })
    .await;
    limited.problem(429, "rate-limited");
    assert!(limited.headers.contains_key("retry-after"));
    bob.get("/v1/jobs/none").await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_answers_but_the_routes() {
    let service = Service::start(|_| {}).await;
    service
        .call("GET", "/v1/nothing", &[], "")
        .await
        .problem(404, "no-route");
    service
        .call("PATCH", "/v1/proofs", &[], "")
        .await
        .problem(405, "no-method");
}
