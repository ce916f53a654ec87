//! Server-sent events.

use crate::harness::Service;
use serde_json::{json, Value};
use std::time::Duration;

/// Numbers, names and data of the events in a stream.
fn events(body: &[u8]) -> Vec<(i64, String, Value)> {
    let text = std::str::from_utf8(body).unwrap();
    let field = |block: &str, name: &str| {
        let line = block
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_default();
        line.trim_start_matches([':', ' ']).to_owned()
    };
    let blocks = text.split("\n\n").filter(|block| block.contains("data"));
    blocks
        .map(|block| {
            let data = serde_json::from_str(&field(block, "data")).unwrap();
            (field(block, "id").parse().unwrap(), field(block, "event"), data)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn stages_arrive_and_the_stream_can_be_taken_up() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = alice.model("public").await;
    let answer = alice.prove(&model, "").await;
    let place = answer.headers["location"].to_str().unwrap();
    let path = format!("{place}/events");
    let all = events(&alice.get(&path).await.body);
    let numbers: Vec<i64> = all.iter().map(|(n, ..)| *n).collect();
    assert_eq!(numbers, (1..=all.len() as i64).collect::<Vec<_>>());
    let states: Vec<&str> = all.iter().map(|(_, name, _)| name.as_str()).collect();
    assert_eq!((states[0], states[states.len() - 1]), ("queued", "done"));
    // The check of the service itself is never skipped.
    assert!(all.iter().any(|(_, _, data)| data["stage"] == "check"), "{all:?}");

    // From any event on, by header or by query, exactly the rest.
    for (seen, ..) in &all[..all.len() - 1] {
        let seen = seen.to_string();
        let rest = events(&alice.with(&[("last-event-id", &seen)], "GET", &path, "").await.body);
        assert_eq!(rest, all[seen.parse::<usize>().unwrap()..], "after {seen}");
        assert_eq!(events(&alice.get(&format!("{path}?after={seen}")).await.body), rest);
    }
    let last = numbers[numbers.len() - 1].to_string();
    assert_eq!(
        alice
            .with(&[("last-event-id", &last)], "GET", &path, "")
            .await
            .status
            .as_u16(),
        204
    );
    alice
        .with(&[("last-event-id", "x")], "GET", &path, "")
        .await
        .problem(400, "bad-request");
    alice.get(&format!("{path}?after=x")).await.problem(400, "bad-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_limited() {
    let service = Service::start(|config| config.limits.streams = 0).await;
    let alice = service.alice().await;
    let answer = alice
        .post("/v1/models/none/commit", &json!({ "calibration": "none" }))
        .await;
    answer.problem(404, "not-found");
    let model = alice.put_fixture("models", "models/linear_30.onnx").await;
    let calibration = alice.put_fixture("inputs", "data/breast_cancer_calibration.npy").await;
    let answer = alice
        .post(
            &format!("/v1/models/{model}/commit"),
            &json!({ "calibration": calibration }),
        )
        .await;
    let place = answer.headers["location"].to_str().unwrap();
    alice.get(&format!("{place}/events")).await.problem(429, "rate-limited");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_key() {
    // Nobody works: the job stays queued.
    let mut service = Service::start(|_| {}).await;
    let model = service.alice().await.model("public").await;
    service.halt().await;
    let (alice, other) = (service.alice().await, service.alice().await);
    let answer = alice.prove(&model, "").await;
    let events = format!("{}/events", answer.headers["location"].to_str().unwrap());
    let revoke = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(service.app.db.revoke_key(&alice.id(), service.app.now()).await.unwrap());
    };
    let others = tokio::time::timeout(Duration::from_secs(8), other.get(&events));
    let (ended, (), others) = tokio::join!(alice.get(&events), revoke, others);
    assert!(String::from_utf8(ended.body).unwrap().contains("queued"));
    assert!(others.is_err(), "the stream of a valid key goes on");
}
