//! The whole way: upload, commit, prove, verify.

use crate::harness::Service;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_made_and_verifies() {
    for binding in ["public", "committed"] {
        let service = Service::start(|_| {}).await;
        let alice = service.alice().await;
        let model = alice.model(binding).await;
        let card = alice.get(&format!("/v1/models/{}", model.0)).await.json(200);
        assert_eq!(
            (&card["state"], &card["card"]["inputs"][0]["binding"]),
            (&json!("committed"), &json!(binding))
        );

        let answer = alice.prove(&model, "bob").await;
        let place = answer.headers["location"].to_str().unwrap();
        let job = alice.finished(place).await;
        assert_eq!(job["state"], "done", "{job}");
        assert_eq!((&job["attempt"], &job["progress"]), (&json!(1), &json!(1.0)));
        assert!(job["peak_bytes"].as_i64().unwrap() > 1 << 20, "{job}");

        let receipt = alice.get(&format!("{place}/receipt")).await;
        assert_eq!(receipt.status.as_u16(), 200);
        let path = format!("/v1/verify?accept_dev=true&policy=label&audience=bob&model={}", model.0);
        let verdict = service.call("POST", &path, &[], receipt.body.clone()).await.json(200);
        assert_eq!((&verdict["valid"], &verdict["dev"]), (&json!(true), &json!(true)));

        // Without a key, and refused with the verifier's own codes.
        let cases = [
            ("/v1/verify", "dev-srs"),
            ("/v1/verify?accept_dev=true&audience=carol", "context-mismatch"),
            ("/v1/verify?accept_dev=true&policy=scores", "policy-mismatch"),
        ];
        for (path, code) in cases {
            service
                .call("POST", path, &[], receipt.body.clone())
                .await
                .problem(422, code);
        }
        let mut forged = receipt.body.clone();
        forged.push(0);
        service
            .call("POST", "/v1/verify?accept_dev=true", &[], forged)
            .await
            .problem(422, "trailing-bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verifiers_get_what_they_need() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let (model, _) = alice.model("public").await;
    let shown = alice.get(&format!("/v1/models/{model}")).await.json(200);
    let card = alice.get(&format!("/v1/models/{model}/card")).await.body;
    let card = provenn_verifier::ModelCard::from_bytes(&card).unwrap();
    assert_eq!(provenn_service::bytes::hex(&card.model_id()), model);
    let srs = alice
        .get(&format!("/v1/srs/{}", shown["srs_id"].as_str().unwrap()))
        .await
        .body;
    assert_eq!(
        provenn_verifier::SrsVerifyingKey::from_bytes(&srs).unwrap().id(),
        card.srs_id
    );
    let digest = shown["key_digest"].as_str().unwrap();
    let key = alice.get(&format!("/v1/keys/{digest}")).await.json(200);
    assert_eq!(key["key"], provenn_service::bytes::hex(&card.key.to_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn commitments_to_an_input_stay_the_same() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = alice.model("committed").await;
    let answer = alice
        .post(&format!("/v1/inputs/{}/commit", model.1), &json!({ "model": model.0 }))
        .await;
    answer.json(202);
    let opened = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    let points = opened["result"]["points"].as_array().unwrap().clone();
    assert!(!points.is_empty());
    let answer = alice.prove(&model, "bob").await;
    let place = answer.headers["location"].to_str().unwrap();
    assert_eq!(alice.finished(place).await["state"], "done");
    let receipt = alice.get(&format!("{place}/receipt")).await.body;
    let claim = provenn_verifier::Receipt::from_bytes(&receipt).unwrap().claim;
    let body = claim.body.inference().unwrap();
    let shown = body.item().unwrap().inputs[0].points();
    let shown: Vec<_> = shown.iter().map(|p| json!(provenn_service::bytes::hex(p))).collect();
    assert_eq!(shown, points);
}
