//! Jobs that cannot fit are refused with their forecast.

use crate::harness::Service;
use provenn_service::server::clock::Clock;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_model_beyond_the_limit_is_not_committed() {
    let service = Service::start(|config| config.limits.forecast_cpu_seconds = 0.001).await;
    let alice = service.alice().await;
    let model = alice.put_fixture("models", "models/linear_30.onnx").await;
    let calibration = alice.put_fixture("inputs", "data/breast_cancer_calibration.npy").await;
    let answer = alice
        .post(
            &format!("/v1/models/{model}/commit"),
            &json!({ "calibration": calibration }),
        )
        .await;
    let problem = answer.problem(422, "forecast-exceeds-limit");
    assert!(
        problem["forecast"]["cpu_seconds"].as_f64().unwrap() > 0.001,
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_into_memory_is_not_started() {
    let mut service = Service::start(|_| {}).await;
    let (model, input) = service.alice().await.model("public").await;
    service.halt().await;
    let data = service.folder.path().to_owned();
    let small = Service::start(|config| {
        config.data = data;
        // Less than any proof takes.
        config.limits.prover_memory_bytes = 10 << 20;
    })
    .await;
    let alice = small.alice().await;
    let source = alice.get(&format!("/v1/models/{model}")).await.json(200)["source_sha256"].clone();
    let place = format!("/v1/models/{}/commit", source.as_str().unwrap());
    let commit = alice.post(&place, &json!({ "calibration": input })).await;
    let proof = json!({ "model": model, "input": input, "policy": "label" });
    for answer in [commit, alice.post("/v1/proofs", &proof).await] {
        let problem = answer.problem(422, "forecast-exceeds-limit");
        assert!(
            problem["forecast"]["memory_bytes"].as_u64().unwrap() > 10 << 20,
            "{problem}"
        );
        assert!(
            problem["detail"].as_str().unwrap().contains("bytes of memory"),
            "{problem}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_parameters_and_multiplications_are_limited() {
    for change in [
        (|limits: &mut provenn_service::server::config::Limits| limits.model_nodes = 0) as fn(&mut _),
        |limits| limits.model_parameters = 10,
        |limits| limits.model_macs = 29,
    ] {
        let service = Service::start(|config| change(&mut config.limits)).await;
        let alice = service.alice().await;
        let (_, answer) = alice
            .put("models", crate::harness::fixture("models/linear_30.onnx"))
            .await;
        answer.problem(422, "model-too-large");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_would_come_too_late_is_not_started() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let (model, input) = alice.model("public").await;
    let body = |not_after: i64| json!({ "model": model, "input": input, "policy": "label", "context": { "not_after": not_after } });
    let now = Clock::System.now() / 1000;
    let problem = alice
        .post("/v1/proofs", &body(now - 10))
        .await
        .problem(422, "forecast-exceeds-deadline");
    assert!(problem["forecast"].is_object());
    let answer = alice.post("/v1/proofs", &body(now + 1000)).await;
    assert_eq!(
        alice.finished(answer.headers["location"].to_str().unwrap()).await["state"],
        "done"
    );
}
