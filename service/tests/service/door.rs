//! What strangers can cost.

use crate::harness::Service;
use axum::body::Body;
use futures_util::stream;
use std::convert::Infallible;
use std::time::Duration;

/// A body that begins and then does not go on.
fn endless() -> Body {
    let begin = stream::iter([Ok::<_, Infallible>(vec![0u8; 10])]);
    Body::from_stream(futures_util::StreamExt::chain(begin, stream::pending()))
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_a_client_are_no_labels() {
    let service = Service::start(|_| {}).await;
    for n in 0..50 {
        service.call(&format!("WORD{n}"), &format!("/word{n}"), &[], "").await;
    }
    let text = String::from_utf8(service.call("GET", "/metrics", &[], "").await.body).unwrap();
    let text = text.to_lowercase();
    assert!(!text.contains("word"), "{text}");
    assert!(
        text.contains("method=\"(other)\",route=\"(none)\",status=\"404\"} 50"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_counted_for_somebody() {
    let service = Service::start(|config| {
        let limits = &mut config.limits;
        (limits.requests_per_second, limits.burst) = (1, 40);
        (limits.address_requests_per_second, limits.address_burst) = (1, 40);
    })
    .await;
    let alice = service.alice().await;
    let guess = format!(
        "Bearer {}",
        provenn_service::server::keys::Secret::random().unwrap().reveal()
    );
    let places = [
        ("GET", "/healthz"),
        ("GET", "/metrics"),
        ("GET", "/openapi.json"),
        ("GET", "/"),
        ("GET", "/nowhere"),
        ("PUT", "/healthz"),
        ("GET", "/v1/jobs"),
        ("POST", "/v1/verify"),
    ];
    for (method, place) in places.repeat(6) {
        service.call(method, place, &[], "").await;
    }
    for (method, place) in places {
        service.call(method, place, &[], "").await.problem(429, "rate-limited");
        // A key that nobody made is asked for no more than no key at all.
        let guessed = service.call(method, place, &[("authorization", &guess)], "").await;
        guessed.problem(429, "rate-limited");
    }
    // A new address would be served, and so is a key that was seen before. Its requests are its tenant's.
    let known = service
        .client("carol", &provenn_service::server::keys::Scope::ALL)
        .await;
    known.get("/v1/jobs").await.problem(429, "rate-limited");
    tokio::time::sleep(Duration::from_millis(2100)).await;
    alice.get("/v1/jobs").await.json(200);
    for _ in 0..20 {
        alice.get("/v1/jobs").await.json(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies_hold_no_turns() {
    let service = Service::start(|config| (config.limits.verifications, config.limits.inspections) = (1, 1)).await;
    let (alice, bob) = (
        service.alice().await,
        service.client("bob", &provenn_service::server::keys::Scope::ALL).await,
    );
    let digest = "00".repeat(32);
    let (verify, model, input) = (
        "/v1/verify",
        format!("/v1/models/{digest}"),
        format!("/v1/inputs/{digest}"),
    );
    let slow = async {
        let strangers = (0..8).map(|_| service.call("POST", verify, &[], endless()));
        let uploads = (0..8).map(|_| bob.call("PUT", &model, endless()));
        let inputs = (0..8).map(|_| bob.call("PUT", &input, endless()));
        let (a, b, c) = tokio::join!(
            futures_util::future::join_all(strangers),
            futures_util::future::join_all(uploads),
            futures_util::future::join_all(inputs)
        );
        (a.len(), b.len(), c.len())
    };
    let honest = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        alice.put_fixture("models", "models/linear_30.onnx").await;
        alice.put_fixture("inputs", "inputs/linear_30.json").await;
        let refused = service.call("POST", verify, &[], "no receipt").await;
        assert_eq!(
            refused.status.as_u16(),
            422,
            "{}",
            String::from_utf8_lossy(&refused.body)
        );
    };
    tokio::select! {
        served = slow => panic!("slow bodies ended: {served:?}"),
        () = honest => {}
    }
}

/// Bodies come before turns, so what they keep in memory is limited by itself.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_wait_fill_no_memory() {
    let service = Service::start(|config| config.limits.receipt_bytes = 4 << 20).await;
    let alice = service.alice().await;
    let large = || {
        let begin = stream::iter([Ok::<_, Infallible>(vec![0u8; 900 << 10])]);
        Body::from_stream(futures_util::StreamExt::chain(begin, stream::pending()))
    };
    let waiting = service.call("POST", "/v1/verify", &[], large());
    let honest = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        // Of the same client a quarter is taken; others verify.
        let more = service.call("POST", "/v1/verify", &[], vec![0u8; 200 << 10]).await;
        more.problem(503, "busy");
        assert!(more.headers.contains_key("retry-after"));
        let other = alice.call("POST", "/v1/verify", vec![0u8; 200 << 10]).await;
        assert_eq!(other.status.as_u16(), 422, "{}", String::from_utf8_lossy(&other.body));
    };
    tokio::select! {
        _ = waiting => panic!("an endless body ended"),
        () = honest => {}
    }
    // What it kept is free again.
    let answer = service.call("POST", "/v1/verify", &[], vec![0u8; 900 << 10]).await;
    assert_eq!(answer.status.as_u16(), 422);
}
