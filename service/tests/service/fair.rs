//! What one tenant asks for again and again is its own queue, and nobody else's.

use crate::harness::{tenant, Service};
use provenn_service::server::door::Client;
use provenn_service::server::keys::Scope;
use serde_json::json;
use std::time::Duration;

/// Longer than any answer here takes that waits for nothing.
const WHILE: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_asks_for_lists_keeps_nobody_out() {
    let service = Service::start(|_| {}).await;
    let (alice, bob) = (service.alice().await, service.client("bob", &Scope::ALL).await);
    let client = Client::Tenant(tenant("alice"));
    let held = service.app.lists.take(&client).await.unwrap();
    for list in ["/v1/ledger", "/v1/jobs", "/v1/models", "/v1/registry"] {
        assert!(tokio::time::timeout(WHILE, alice.get(list)).await.is_err(), "{list}");
        bob.get(list).await.json(200);
        service.call("GET", "/metrics", &[], "").await;
    }
    // What is no list is answered, to the same tenant too.
    alice.get("/v1/storage").await.json(200);
    drop(held);
    alice.get("/v1/ledger").await.json(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_are_read_in_turn_and_once() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = alice.model("public").await;
    let client = Client::Tenant(tenant("alice"));
    let held = [
        service.app.readings.take(&client).await.unwrap(),
        service.app.readings.take(&client).await.unwrap(),
    ];
    let ask = |audience: &'static str| alice.prove(&model, audience);
    assert!(tokio::time::timeout(WHILE, ask("a")).await.is_err(), "it took no turn");
    drop(held);
    ask("a").await.json(202);
    // It is known from now on, and takes no turn.
    let _held = [
        service.app.readings.take(&client).await.unwrap(),
        service.app.readings.take(&client).await.unwrap(),
    ];
    ask("b").await.json(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn submissions_of_one_tenant_wait_for_each_other() {
    let service = Service::start(|_| {}).await;
    let (alice, bob) = (service.alice().await, service.client("bob", &Scope::ALL).await);
    let (model, other) = (alice.model("public").await, bob.model("public").await);
    alice.prove(&model, "known").await.json(202);
    bob.prove(&other, "known").await.json(202);
    let client = Client::Tenant(tenant("alice"));
    let held = [
        service.app.changes.take(&client).await.unwrap(),
        service.app.changes.take(&client).await.unwrap(),
    ];
    assert!(tokio::time::timeout(WHILE, alice.prove(&model, "a")).await.is_err());
    let place = bob.prove(&other, "a").await.json(202)["id"].clone();
    assert_eq!(
        bob.get(&format!("/v1/jobs/{}", place.as_str().unwrap()))
            .await
            .json(200)["id"],
        place
    );
    drop(held);
    assert_eq!(alice.prove(&model, "a").await.json(202)["kind"], json!("proof"));
}
