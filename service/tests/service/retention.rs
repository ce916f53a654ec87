//! How long things are kept.

use crate::harness::{Client, Service};
use crate::storage::{exact, number, pool};
use provenn_service::server::clock::Clock;
use provenn_service::server::config::Config;
use provenn_service::server::keys::Scope;
use provenn_service::server::sweeper::prune;
use serde_json::{json, Value};

const DAY: i64 = 24 * 3600 * 1000;

/// A service with a model, a receipt and an input that nothing needs, ten days later and without workers.
struct Old {
    service: Service,
    made: Service,
    clock: Clock,
    model: (String, String),
    receipt: Value,
}

async fn old(change: impl FnOnce(&mut Config)) -> Old {
    let mut made = Service::start(|_| {}).await;
    let (model, receipt) = {
        let alice = made.alice().await;
        let model = alice.model("public").await;
        let answer = alice.prove(&model, "old").await;
        let receipt = alice.finished(answer.headers["location"].to_str().unwrap()).await;
        assert_eq!(receipt["state"], "done", "{receipt}");
        logged(&alice, &receipt).await;
        (model, receipt)
    };
    made.halt().await;
    let clock = Clock::manual(Clock::System.now() + 10 * DAY);
    let service = Service::with_clock(clock.clone(), false, |config| {
        config.data = made.folder.path().into();
        change(config);
    })
    .await;
    Old {
        service,
        made,
        clock,
        model,
        receipt,
    }
}

/// The log has the receipt.
async fn logged(client: &Client<'_>, receipt: &Value) {
    let place = format!(
        "/v1/log/proofs/{}",
        receipt["result"]["receipt_sha256"].as_str().unwrap()
    );
    crate::harness::eventually(async || (client.get(&place).await.status.as_u16() == 200).then_some(())).await;
}

async fn status(client: &Client<'_>, place: &str) -> u16 {
    client.get(place).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_removed_unless_the_operator_says_so() {
    let old = old(|_| {}).await;
    let before = exact(&old.made).await;
    old.clock.advance(10_000 * DAY);
    prune(&old.service.app).await.unwrap();
    assert_eq!(exact(&old.made).await, before);
    let alice = old.service.alice().await;
    let id = old.receipt["id"].as_str().unwrap();
    assert_eq!(status(&alice, &format!("/v1/proofs/{id}/receipt")).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_inputs_go_unless_a_job_needs_them() {
    let old = old(|config| config.limits.keep_inputs_days = 11).await;
    let (service, pool) = (&old.service, pool(&old.service).await);
    let alice = service.alice().await;
    let inputs = async || number(&pool, "SELECT COUNT(*) FROM uploads WHERE kind = 'input'").await;
    let (_, answer) = alice.put("inputs", br#"{"shape":[1],"values":[1]}"#.to_vec()).await;
    answer.json(201);
    alice.prove(&old.model, "waits").await.json(202);
    prune(&service.app).await.unwrap();
    assert_eq!(inputs().await, 3);
    // Calibration and input are old enough now; another one is new.
    old.clock.advance(2 * DAY);
    prune(&service.app).await.unwrap();
    assert_eq!(inputs().await, 2);
    // The model stays, and what was made.
    assert_eq!(
        number(&pool, "SELECT COUNT(*) FROM uploads WHERE kind = 'model'").await,
        1
    );
    assert_eq!(number(&pool, "SELECT COUNT(*) FROM receipts").await, 1);
    exact(&old.made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_receipts_go_the_log_and_the_ledger_stay() {
    let old = old(|config| config.limits.keep_receipts_days = 9).await;
    let (service, pool) = (&old.service, pool(&old.service).await);
    let alice = service.client("alice", &Scope::ALL).await;
    let shown = async || {
        let shown = alice.get("/v1/ledger").await.json(200);
        (shown["bits"].clone(), shown["accounts"][0]["receipts"].clone())
    };
    let (entries, charged, stored) = (
        number(&pool, "SELECT COUNT(*) FROM log_entries").await,
        shown().await,
        exact(&old.made).await,
    );
    prune(&service.app).await.unwrap();
    let bytes = old.receipt["result"]["receipt_bytes"].as_i64().unwrap();
    assert_eq!(exact(&old.made).await, stored - bytes);
    let id = old.receipt["id"].as_str().unwrap();
    alice
        .get(&format!("/v1/proofs/{id}/receipt"))
        .await
        .problem(410, "removed");
    assert!(alice.get(&format!("/v1/proofs/{id}")).await.json(200)["removed"].is_i64());
    assert_eq!(number(&pool, "SELECT COUNT(*) FROM log_entries").await, entries);
    assert_eq!(shown().await, charged);
    logged(&alice, &old.receipt).await;
    // The same may be proven again: the old job stands for it no more.
    let again = alice.prove(&old.model, "old").await.json(202);
    assert_ne!(again["id"], id);
    assert_eq!(again["state"], "queued");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_jobs_go_but_not_before_their_receipts() {
    let mut old = old(|config| config.limits.keep_jobs_days = 9).await;
    let pool = pool(&old.service).await;
    let id = old.receipt["id"].as_str().unwrap().to_owned();
    {
        let alice = old.service.alice().await;
        let waits = alice.prove(&old.model, "waits").await.json(202);
        old.clock.advance(100 * DAY);
        prune(&old.service.app).await.unwrap();
        // The commitment's job is gone; what is under way is not.
        assert_eq!(number(&pool, "SELECT COUNT(*) FROM jobs").await, 2);
        for job in [id.as_str(), waits["id"].as_str().unwrap()] {
            assert_eq!(status(&alice, &format!("/v1/jobs/{job}")).await, 200);
        }
    }
    let charged = number(&pool, "SELECT COUNT(*) FROM ledger").await;
    old.service = Service::with_clock(old.clock.clone(), false, |config| {
        config.data = old.made.folder.path().into();
        (config.limits.keep_jobs_days, config.limits.keep_receipts_days) = (9, 9);
    })
    .await;
    let alice = old.service.alice().await;
    let asked =
        json!({ "model": old.model.0, "input": old.model.1, "policy": "label", "context": { "audience": "old" } });
    let key = [("idempotency-key", "k")];
    let known = alice
        .with(&key, "POST", "/v1/proofs", asked.to_string())
        .await
        .json(202);
    assert_eq!(known["id"], json!(id));
    prune(&old.service.app).await.unwrap();
    assert_eq!(status(&alice, &format!("/v1/jobs/{id}")).await, 404);
    assert_eq!(number(&pool, "SELECT COUNT(*) FROM jobs").await, 1);
    assert_eq!(number(&pool, "SELECT COUNT(*) FROM events").await, 1);
    assert!(number(&pool, "SELECT COUNT(*) FROM ledger").await >= charged);
    logged(&alice, &old.receipt).await;
    // The Idempotency-Key went with its job.
    let again = alice
        .with(&key, "POST", "/v1/proofs", asked.to_string())
        .await
        .json(202);
    assert_eq!(again["state"], "queued");
}
