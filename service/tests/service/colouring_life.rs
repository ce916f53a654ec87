//! What may happen to a colouring between its request and its receipt, and what it may not cost.

use crate::colourings::{ask, both, judged, place, upload};
use crate::harness::{eventually, fixture, Client, Service};
use provenn_service::server::clock::Clock;
use provenn_service::server::keys::Scope;
use provenn_service::server::retention::remove_old;
use serde_json::json;

const DAY: i64 = 24 * 3600 * 1000;

/// A strangers' body holds the graph, and may be longer than that by escapes.
#[tokio::test(flavor = "multi_thread")]
async fn a_graph_to_be_verified_is_no_longer_than_an_upload() {
    let service = Service::with_clock(Clock::System, false, |config| config.limits.input_bytes = 1 << 10).await;
    let receipt = fixture("testkit/v2/petersen.receipt");
    let of = async |graph: String| judged(&service, "", &receipt[..8], &graph).await;
    of("c".repeat(1025)).await.problem(413, "upload-too-large");
    // Another thing is wrong with this one.
    of("c".repeat(1024)).await.problem(422, "truncated");
}

/// An owner may say beforehand how much colourings of a graph may let out.
#[tokio::test(flavor = "multi_thread")]
async fn a_graph_has_budgets_as_a_model_has() {
    let service = Service::with_clock(Clock::System, false, |_| {}).await;
    let (alice, eve) = (service.alice().await, service.client("eve", &Scope::ALL).await);
    let files = both(&alice, "0 1\n1 2\n", "0\n1\n0\n").await;
    let graph = upload(&alice, "graph", "0 1\n1 2\n").await.1.json(200)["graph"].clone();
    let place = format!("/v1/ledger/models/{}", graph.as_str().unwrap());
    let budget = |bits: f64| json!({ "total_bits": bits }).to_string();
    eve.call("PUT", &place, budget(0.0)).await.problem(404, "not-found");
    alice.call("PUT", &place, budget(1.5)).await.json(200);
    let first = ask(&alice, &files, 3).await.json(202)["id"].clone();
    // The same again is the same job, and costs nothing.
    assert_eq!(ask(&alice, &files, 3).await.json(202)["id"], first);
    ask(&alice, &files, 2).await.problem(422, "budget-exceeded");
    // What ends without an answer gives its bits back.
    let cancelled = format!("/v1/jobs/{}", first.as_str().unwrap());
    assert_eq!(alice.call("DELETE", &cancelled, "").await.status.as_u16(), 204);
    ask(&alice, &files, 2).await.json(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_idempotency_is_of_one_colouring() {
    let service = Service::with_clock(Clock::System, false, |_| {}).await;
    let alice = service.alice().await;
    let files = both(&alice, "0 1\n1 2\n", "0\n1\n0\n").await;
    let key = [("idempotency-key", "one")];
    let asked = |colours: u32| json!({ "graph": files.0, "colouring": files.1, "colours": colours }).to_string();
    let post = async |colours| alice.with(&key, "POST", "/v1/colourings", asked(colours)).await;
    let answers = futures_util::future::join_all((0..8).map(|_| post(3))).await;
    let mut ids: Vec<String> = answers
        .iter()
        .map(|answer| answer.json(202)["id"].to_string())
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    post(4).await.problem(422, "idempotency-mismatch");
    assert_eq!(alice.get("/v1/ledger").await.json(200)["reserved_bits"], 1.0);
}

/// Files that a job needs stay while it waits, however old they are; those that the store lost come back with an upload.
#[tokio::test(flavor = "multi_thread")]
async fn age_and_loss_take_nothing_from_a_job() {
    let clock = Clock::manual(Clock::System.now() - 10 * DAY);
    let idle = Service::with_clock(clock.clone(), false, |config| config.limits.keep_inputs_days = 5).await;
    let alice = idle.alice().await;
    let files = both(&alice, "0 1\n1 2\n", "0\n1\n0\n").await;
    let spare = both(&alice, "0 1\n", "0\n1\n").await;
    let place = place(&ask(&alice, &files, 3).await);
    clock.advance(10 * DAY);
    remove_old(&idle.app).await.unwrap();
    ask(&alice, &spare, 3).await.problem(404, "not-found");
    for sha256 in [&files.0, &files.1] {
        alice
            .call("DELETE", &format!("/v1/inputs/{sha256}"), "")
            .await
            .problem(409, "in-use");
    }
    let object = idle.folder.path().join("objects/alice/input").join(&files.0);
    std::fs::remove_file(&object).unwrap();
    let worker = Service::start(|config| {
        config.data = idle.folder.path().into();
        config.timing.backoff = 50;
        config.timing.backoff_max = 200;
    })
    .await;
    let key = alice.key.clone();
    let alice = Client::with_key(&worker, &key);
    eventually(async || (alice.get(&place).await.json(200)["retry"] == "object-missing").then_some(())).await;
    alice
        .get(&format!("/v1/inputs/{}/graph", files.0))
        .await
        .problem(503, "object-missing");
    upload(&alice, "graph", "0 1\n1 2\n").await.1.json(200);
    assert_eq!(alice.finished(&place).await["state"], "done");
    let read = alice.get(&format!("/v1/inputs/{}/graph", files.0)).await;
    assert_eq!(
        String::from_utf8(read.body).unwrap(),
        "c as it was uploaded\np edge 3 2\ne 1 2\ne 2 3\n"
    );
    // A colouring is given back to nobody, nor is anything of another tenant.
    alice
        .get(&format!("/v1/inputs/{}/graph", files.1))
        .await
        .problem(404, "not-found");
    let eve = worker.client("eve", &Scope::ALL).await;
    eve.get(&format!("/v1/inputs/{}/graph", files.0))
        .await
        .problem(404, "not-found");
    // A bundle has no place for a graph.
    alice.get(&format!("{place}/bundle")).await.problem(404, "not-found");
}
