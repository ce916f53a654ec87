//! Budgets of bits: refused before proving, exact under concurrency, exact after crashes.

use crate::harness::{eventually, Answer, Client, Service};
use provenn_service::server::clock::Clock;
use provenn_service::server::db::Outcome;
use provenn_service::server::ids::JobId;
use provenn_service::server::keys::Scope;
use provenn_service::server::problem::Problem;
use provenn_service::server::sweeper::sweep;
use provenn_service::server::worker::execute;
use serde_json::{json, Value};

/// A service with a committed model, and nobody who works.
pub async fn idle() -> (Service, Service, (String, String)) {
    let mut service = Service::start(|_| {}).await;
    let model = service.alice().await.model("public").await;
    service.halt().await;
    let idle = Service::with_clock(Clock::System, false, |config| {
        config.data = service.folder.path().into()
    })
    .await;
    (idle, service, model)
}

/// Asks for one bit.
pub async fn ask(client: &Client<'_>, (model, input): &(String, String), audience: &str) -> Answer {
    let asked =
        json!({ "model": model, "input": input, "policy": "yes-only:0:-4", "context": { "audience": audience } });
    client.post("/v1/proofs", &asked).await
}

/// Bits that are settled and reserved.
pub async fn ledger(client: &Client<'_>) -> (f64, f64) {
    let shown = client.get("/v1/ledger").await.json(200);
    (
        shown["bits"].as_f64().unwrap(),
        shown["reserved_bits"].as_f64().unwrap(),
    )
}

pub fn id(answer: &Answer) -> JobId {
    answer.json(202)["id"].as_str().unwrap().parse().unwrap()
}

/// Scores are charged what the card says that they reveal.
#[tokio::test(flavor = "multi_thread")]
async fn scores_cost_the_width_of_the_circuits_values() {
    let (service, _kept, model) = idle().await;
    let alice = service.alice().await;
    let scores = json!({ "model": model.0, "input": model.1, "policy": "scores" });
    alice.post("/v1/proofs", &scores).await.json(202);
    let shown = alice.get(&format!("/v1/models/{}", model.0)).await.json(200);
    let revealed = &shown["card"]["leakage"][1];
    let (_, charged) = ledger(&alice).await;
    assert_eq!(
        revealed,
        &json!([
            "scores",
            format!("{charged:.2} bits, the answer that there is no receipt among them")
        ])
    );
    assert!((8.0..40.0).contains(&charged), "{charged}");
}

#[tokio::test(flavor = "multi_thread")]
async fn budgets_refuse_before_proving_and_are_given_back() {
    let (service, _kept, model) = idle().await;
    let alice = service.alice().await;
    let place = format!("/v1/ledger/models/{}", model.0);
    // Nothing at all is no budget, and does not take one away.
    for nothing in ["", "null", "[]", "[null, null, null]"] {
        alice.call("PUT", &place, nothing).await.problem(400, "bad-request");
    }
    alice
        .call("PUT", &place, json!({ "input_bits": 2 }).to_string())
        .await
        .json(200);
    let nothing = alice.get("/v1/ledger").await.json(200);
    assert_eq!(
        (nothing["bits"].to_string(), nothing["reserved_bits"].to_string()),
        ("0.0".into(), "0.0".into())
    );
    let first = id(&ask(&alice, &model, "a").await);
    let again = id(&ask(&alice, &model, "a").await);
    assert_eq!(first, again, "the same statement is charged once");
    ask(&alice, &model, "b").await.json(202);
    let refused = ask(&alice, &model, "c").await.problem(422, "budget-exceeded");
    assert!(
        refused["detail"].as_str().unwrap().contains("2 of the 2 bits"),
        "{refused}"
    );
    assert_eq!(ledger(&alice).await, (0.0, 2.0));
    // Scores cost more than is left, on another input too.
    let scores = json!({ "model": model.0, "input": model.1, "policy": "scores" });
    alice.post("/v1/proofs", &scores).await.problem(422, "budget-exceeded");

    // The same numbers in another file are the same input; others are not.
    let values: Value = serde_json::from_slice(&crate::harness::fixture("inputs/linear_30.json")).unwrap();
    let (same, _) = alice.put("inputs", serde_json::to_vec_pretty(&values).unwrap()).await;
    assert_ne!(same, model.1);
    let refused = ask(&alice, &(model.0.clone(), same), "d").await;
    refused.problem(422, "budget-exceeded");
    let mut values = values;
    values["values"][0] = json!(values["values"][0].as_f64().unwrap() + 1.0);
    let (other, _) = alice.put("inputs", serde_json::to_vec(&values).unwrap()).await;
    ask(&alice, &(model.0.clone(), other), "d").await.json(202);

    // Each file is named with the input that it is.
    let shown = alice.get("/v1/ledger").await.json(200);
    let files = shown["files"].as_array().unwrap();
    let inputs: std::collections::BTreeSet<&str> = files.iter().map(|file| file["input"].as_str().unwrap()).collect();
    assert_eq!((files.len(), inputs.len()), (3, 2), "{shown}");
    assert!(files.iter().any(|file| file["file"] == model.1));

    // What is cancelled counts no more.
    let cancelled = alice.call("DELETE", &format!("/v1/proofs/{first}"), "").await;
    assert_eq!(cancelled.status.as_u16(), 204);
    ask(&alice, &model, "c").await.json(202);
    assert_eq!(ledger(&alice).await, (0.0, 3.0));
    // A smaller budget holds for what is asked from then on.
    alice
        .call("PUT", &place, json!({ "total_bits": 1 }).to_string())
        .await
        .json(200);
    ask(&alice, &model, "e").await.problem(422, "budget-exceeded");
    alice.call("PUT", &place, "{}").await.json(200);
    ask(&alice, &model, "e").await.json(202);
    for bad in [
        json!({ "total_bits": -1 }),
        json!({ "bits": 1 }),
        json!({ "total_bits": 1e12 }),
    ] {
        alice
            .call("PUT", &place, bad.to_string())
            .await
            .problem(400, "bad-request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_charged_each() {
    let (service, _kept, model) = idle().await;
    let alice = service.alice().await;
    let guest = service.client("alice", &[Scope::Prove, Scope::Read]).await;
    let place = format!("/v1/ledger/requesters/{}", guest.id());
    guest.call("PUT", &place, "{}").await.problem(403, "forbidden");
    alice
        .call("PUT", &place, json!({ "bits": 2 }).to_string())
        .await
        .json(200);
    let job = id(&ask(&alice, &model, "a").await);
    // The same job for the guest is charged to the guest, but not to the input again.
    assert_eq!(id(&ask(&guest, &model, "a").await), job);
    assert_eq!(ledger(&alice).await, (0.0, 1.0));
    ask(&guest, &model, "b").await.json(202);
    ask(&guest, &model, "c").await.problem(422, "budget-exceeded");
    ask(&alice, &model, "c").await.json(202);
    // Not even what another key has asked for, by the same Idempotency-Key neither.
    ask(&guest, &model, "c").await.problem(422, "budget-exceeded");
    let body = json!({ "model": model.0, "input": model.1, "policy": "yes-only:0:-4", "context": { "audience": "d" } });
    let key = [("idempotency-key", "one")];
    alice.with(&key, "POST", "/v1/proofs", body.to_string()).await.json(202);
    guest
        .with(&key, "POST", "/v1/proofs", body.to_string())
        .await
        .problem(422, "budget-exceeded");
    let shown = alice
        .get(&format!("/v1/ledger?requester={}", guest.id()))
        .await
        .json(200);
    let taken: f64 = shown["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["reserved_bits"].as_f64().unwrap())
        .sum();
    assert_eq!(taken, 2.0, "{shown}");
    // The model counts what the guest was the first to ask for.
    let first = |of: &Value| of["accounts"][0]["first_reserved_bits"].as_f64().unwrap();
    assert_eq!((first(&shown), shown["reserved_bits"].as_f64().unwrap()), (1.0, 1.0));
    // Per key under a model.
    let place = format!("/v1/ledger/models/{}", model.0);
    alice
        .call("PUT", &place, json!({ "requester_bits": 4 }).to_string())
        .await
        .json(200);
    ask(&alice, &model, "e").await.json(202);
    ask(&alice, &model, "f").await.problem(422, "budget-exceeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn submissions_at_once_do_not_slip_under_a_budget() {
    let (service, _kept, model) = idle().await;
    let alice = service.alice().await;
    let place = format!("/v1/ledger/models/{}", model.0);
    alice
        .call("PUT", &place, json!({ "total_bits": 5 }).to_string())
        .await
        .json(200);
    let names: Vec<String> = (0..40).map(|i| i.to_string()).collect();
    let answers = futures_util::future::join_all(names.iter().map(|name| ask(&alice, &model, name))).await;
    let taken = answers.iter().filter(|answer| answer.status.as_u16() == 202).count();
    assert_eq!(taken, 5);
    for answer in answers.iter().filter(|answer| answer.status.as_u16() != 202) {
        answer.problem(422, "budget-exceeded");
    }
    assert_eq!(ledger(&alice).await, (0.0, 5.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn bits_settle_with_publication_whatever_crashes() {
    let (service, _kept, model) = idle().await;
    let alice = service.alice().await;
    let place = format!("/v1/ledger/models/{}", model.0);
    alice
        .call("PUT", &place, json!({ "total_bits": 2 }).to_string())
        .await
        .json(200);
    let job = id(&ask(&alice, &model, "a").await);
    // A worker takes the job and dies.
    let (app, now) = (&service.app, service.app.now());
    app.db.claim(&job, "dies", now - 1, now).await.unwrap().unwrap();
    assert_eq!(ledger(&alice).await, (0.0, 1.0));
    ask(&alice, &model, "b").await.json(202);
    ask(&alice, &model, "c").await.problem(422, "budget-exceeded");
    sweep(app).await.unwrap();
    // Not at once: it waits before it is tried again.
    eventually(async || {
        execute(app, &job, "finishes").await.unwrap();
        let state = alice.get(&format!("/v1/proofs/{job}")).await.json(200)["state"].clone();
        (state == "done").then_some(())
    })
    .await;
    assert_eq!(ledger(&alice).await, (1.0, 1.0));
    let shown = alice.get("/v1/ledger").await.json(200);
    assert_eq!(shown["accounts"][0]["receipts"], 1);
    // A refusal is an answer too.
    let outside = br#"{"shape":[30],"values":[1e6,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}"#;
    alice
        .call("PUT", &place, json!({ "total_bits": 4 }).to_string())
        .await
        .json(200);
    let (far, _) = alice.put("inputs", outside.to_vec()).await;
    let fails = id(&ask(&alice, &(model.0.clone(), far), "a").await);
    assert_eq!(ledger(&alice).await, (1.0, 2.0));
    execute(app, &fails, "fails").await.unwrap();
    assert_eq!(
        alice.get(&format!("/v1/proofs/{fails}")).await.json(200)["state"],
        "failed"
    );
    assert_eq!(ledger(&alice).await, (2.0, 1.0));
    ask(&alice, &model, "c").await.json(202);
    ask(&alice, &model, "d").await.problem(422, "budget-exceeded");
}

/// How far a job came may show its answer: a budget of one bit gave fourteen to somebody who cancelled in time.
#[tokio::test(flavor = "multi_thread")]
async fn what_ends_after_it_began_is_charged_unless_the_service_failed() {
    let clock = Clock::manual(Clock::System.now());
    let (_idle, kept, model) = idle().await;
    let service = Service::with_clock(clock.clone(), false, |config| config.data = kept.folder.path().into()).await;
    let alice = service.alice().await;
    let (app, now) = (&service.app, service.app.now());
    let cancel = async |job: &JobId| {
        let answer = alice.call("DELETE", &format!("/v1/proofs/{job}"), "").await;
        assert_eq!(answer.status.as_u16(), 204);
    };
    let queued = id(&ask(&alice, &model, "queued").await);
    cancel(&queued).await;
    assert_eq!(ledger(&alice).await, (0.0, 0.0));
    let begun = id(&ask(&alice, &model, "begun").await);
    app.db
        .claim(&begun, "worker", now + 60_000, now)
        .await
        .unwrap()
        .unwrap();
    cancel(&begun).await;
    assert_eq!(ledger(&alice).await, (1.0, 0.0));
    let late = |audience: &str| {
        json!({ "model": model.0, "input": model.1, "policy": "yes-only:0:-4",
            "context": { "audience": audience, "not_after": now / 1000 + 100 } })
    };
    let [waited, worked] = ["waited", "worked"].map(late);
    let (waited, worked) = (
        id(&alice.post("/v1/proofs", &waited).await),
        id(&alice.post("/v1/proofs", &worked).await),
    );
    app.db
        .claim(&worked, "worker", now + 60_000, now)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ledger(&alice).await, (1.0, 2.0));
    clock.advance(101_000);
    sweep(app).await.unwrap();
    for job in [waited, worked] {
        assert_eq!(
            alice.get(&format!("/v1/proofs/{job}")).await.json(200)["state"],
            "expired"
        );
    }
    assert_eq!(ledger(&alice).await, (2.0, 0.0));
    // Nobody is charged for a fault of the service.
    let faulty = id(&ask(&alice, &model, "faulty").await);
    let now = service.app.now();
    let (lease, _) = app
        .db
        .claim(&faulty, "worker", now + 60_000, now)
        .await
        .unwrap()
        .unwrap();
    let fault = Problem::new(500, "wrong-receipt", "test", "");
    assert_eq!(app.db.fail(&lease, &fault, now).await.unwrap(), Outcome::Applied);
    assert_eq!(ledger(&alice).await, (2.0, 0.0));
}
