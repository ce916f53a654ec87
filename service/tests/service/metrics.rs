//! What operators measure.

use crate::harness::Service;

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_and_name_nobody() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = alice.model("public").await;
    let answer = alice.prove(&model, "bob").await;
    let place = answer.headers["location"].to_str().unwrap().to_owned();
    alice.finished(&place).await;
    alice.get("/v1/jobs/none").await.problem(404, "not-found");
    let text = String::from_utf8(service.call("GET", "/metrics", &[], "").await.body).unwrap();
    let value = |name: &str, labels: &[&str]| {
        let of = |line: &&str| line.starts_with(name) && labels.iter().all(|label| line.contains(label));
        let line = text
            .lines()
            .find(of)
            .unwrap_or_else(|| panic!("{name} {labels:?} in {text}"));
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    for kind in ["commit", "proof"] {
        let labels = [&format!("kind=\"{kind}\"") as &str, "how=\"done\""];
        assert_eq!(value("provenn_attempts_total", &labels), 1.0);
    }
    let submitted = ["method=\"POST\"", "route=\"/v1/proofs\"", "status=\"202\""];
    assert_eq!(value("provenn_http_requests_total", &submitted), 1.0);
    let missing = ["route=\"/v1/jobs/{id}\"", "status=\"404\""];
    assert_eq!(value("provenn_http_requests_total", &missing), 1.0);
    assert!(value("provenn_http_latency_seconds_count", &[]) > 3.0);
    assert!(value("provenn_prover_cpu_seconds_count", &[]) >= 2.0);
    assert_eq!(value("provenn_event_streams", &[]), 0.0);
    for name in ["alice", "bob", model.0.as_str(), place.rsplit('/').next().unwrap()] {
        assert!(!text.contains(name), "{name} in {text}");
    }
}
