//! What every answer says of itself.

use crate::harness::Service;

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_what_they_say_and_are_not_kept() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = alice.model("public").await;
    let answer = alice.prove(&model, "").await;
    let place = answer.headers["location"].to_str().unwrap().to_owned();
    alice.finished(&place).await;
    let id = place.rsplit('/').next().unwrap();
    let shown = alice.get(&format!("/v1/models/{}", model.0)).await.json(200);
    let srs = shown["srs_id"].as_str().unwrap();
    let published = serde_json::json!({ "model": model.0 });
    alice.post("/v1/registry/alice/digits.v1", &published).await.json(201);
    for (path, status, cache) in [
        ("/healthz", 200, "no-store"),
        ("/v1/models", 200, "no-store"),
        ("/v1/jobs/none", 404, "no-store"),
        ("/nowhere", 404, "no-store"),
        ("/checkpoint", 200, "no-cache"),
        ("/", 200, "no-cache"),
        ("/assets/app.js", 200, "no-cache"),
    ] {
        // The log signs in its own time.
        let answer = crate::harness::eventually(async || {
            let answer = alice.get(path).await;
            (answer.status.as_u16() == status).then_some(answer)
        });
        let headers = answer.await.headers;
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["cache-control"], cache, "{path}");
        assert!(!headers.contains_key("content-disposition"), "{path}");
    }
    assert_eq!(
        service.call("GET", "/v1/models", &[], "").await.headers["cache-control"],
        "no-store"
    );
    for (path, name) in [
        (format!("/v1/models/{}/card", model.0), format!("{}.card", model.0)),
        (format!("{place}/receipt"), format!("{id}.receipt")),
        (format!("/v1/srs/{srs}"), format!("{srs}.srs")),
        ("/v1/registry/alice/digits.v1/1/card".into(), "digits.v1-1.card".into()),
    ] {
        let headers = alice.get(&path).await.headers;
        assert_eq!(
            headers["content-disposition"],
            format!("attachment; filename=\"{name}\""),
            "{path}"
        );
        assert_eq!(
            (&headers["cache-control"], &headers["x-content-type-options"]),
            (&"no-store".parse().unwrap(), &"nosniff".parse().unwrap())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_hold_no_nul() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    for path in [
        "/v1/jobs/a%00b",
        "/v1/registry/a%00/b",
        "/v1/registry?tenant=a%00",
        "/tile/0/%00",
    ] {
        alice.get(path).await.problem(400, "bad-request");
    }
}
