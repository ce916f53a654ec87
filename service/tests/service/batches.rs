//! Batches: a model that runs on several items in one proof, and what receipts count of their labels.

use crate::harness::{fixture, Client, Service};
use crate::parties::upload;
use provenn_service::server::keys::Scope;
use provenn_verifier::policy::Accuracy;
use provenn_verifier::{verify, Expectation, InferenceExpectation, ModelCard, SrsVerifyingKey};
use serde_json::{json, Value};

/// Of an item, whatever their number.
const CLASSES: [&str; 10] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

/// Uploads a model that can run on batches, and asks for one of so many items.
async fn commit(client: &Client<'_>, items: Value) -> crate::harness::Answer {
    let model = client.put_fixture("models", "models/digits_mlp.onnx").await;
    let calibration = client.put_fixture("inputs", "data/digits_flat_calibration.npy").await;
    let about = json!({ "outputs": [{ "name": "output", "classes": CLASSES }] });
    let asked = json!({ "calibration": calibration, "batch": items, "input": "committed", "about": about });
    client.post(&format!("/v1/models/{model}/commit"), &asked).await
}

/// The id of a model on batches of four items.
async fn model(client: &Client<'_>) -> String {
    let answer = commit(client, json!(4)).await;
    assert_eq!(answer.json(202)["request"]["batch"], 4);
    let job = client.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["state"], "done", "{job}");
    job["result"]["model_id"].as_str().unwrap().into()
}

/// Three times the same image, which the model takes for a 1.
async fn three(client: &Client<'_>) -> String {
    let one: Value = serde_json::from_slice(&fixture("inputs/digits_mlp.json")).unwrap();
    let values = [one["values"].as_array().unwrap().as_slice(); 3].concat();
    let three = json!({ "shape": [3, 64], "values": values });
    client.put("inputs", three.to_string().into_bytes()).await.0
}

async fn labels(client: &Client<'_>, text: &str) -> String {
    let (sha256, answer) = upload(client, "labels", text.into()).await;
    assert!(answer.status.is_success(), "{}", String::from_utf8_lossy(&answer.body));
    sha256
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_count_the_items_of_a_batch() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    for wrong in [0, 65_537] {
        commit(&alice, json!(wrong)).await.problem(400, "bad-request");
    }
    let model = model(&alice).await;
    let shown = alice.get(&format!("/v1/models/{model}")).await.json(200);
    assert_eq!(shown["card"]["shape"]["items"], 4, "{shown}");
    assert_eq!(shown["card"]["about"]["outputs"][0]["classes"], json!(CLASSES));
    let (sha256, answer) = upload(&alice, "labels", b"1 1 7".to_vec()).await;
    assert_eq!(answer.json(201)["items"], 3);
    let input = three(&alice).await;
    let asked = json!({ "model": model, "input": input, "policy": "accuracy", "labels": sha256, "context": { "audience": "bob" } });
    let answer = alice.post("/v1/proofs", &asked).await;
    let place = answer.headers["location"].to_str().unwrap();
    let job = alice.finished(place).await;
    assert_eq!(
        (&job["state"], &job["request"]["labels"]),
        (&json!("done"), &json!(sha256)),
        "{job}"
    );
    // The receipt states them, so that they stay when the file goes.
    let removed = alice.call("DELETE", &format!("/v1/inputs/{sha256}"), "").await;
    assert_eq!(removed.status.as_u16(), 204);
    let stated = alice.get(&format!("{place}/labels")).await;
    assert_eq!(String::from_utf8(stated.body).unwrap(), "1\n1\n7\n");

    // By somebody who has the labels.
    let receipt = alice.get(&format!("{place}/receipt")).await.body;
    let card = alice.get(&format!("/v1/models/{model}/card")).await.body;
    let srs = alice
        .get(&format!("/v1/srs/{}", shown["srs_id"].as_str().unwrap()))
        .await
        .body;
    let (card, srs) = (
        ModelCard::from_bytes(&card).unwrap(),
        SrsVerifyingKey::from_bytes(&srs).unwrap(),
    );
    let (card, srs) = (card.check(&srs).unwrap(), srs);
    let expected = |labels: &[u32]| Expectation {
        inference: InferenceExpectation {
            policy: Some(
                Accuracy {
                    labels: labels.to_vec(),
                }
                .into(),
            ),
            ..InferenceExpectation::default()
        },
        accept_dev: true,
        ..Expectation::default()
    };
    let verdict = verify(&receipt, &card, &srs, &expected(&[1, 1, 7])).unwrap();
    let body = verdict.claim().body.inference().unwrap();
    assert_eq!(body.item().unwrap().answer.to_string(), "2");
    assert!(verify(&receipt, &card, &srs, &expected(&[1, 1, 1])).is_err());

    // The service compares with the list as it stands in a policy.
    let of = |policy: &str| format!("/v1/verify?accept_dev=true&policy={policy}");
    let right = service.call("POST", &of("accuracy:1:1:7"), &[], receipt.clone()).await;
    right.json(200);
    let wrong = service.call("POST", &of("accuracy:1:1:1"), &[], receipt).await;
    wrong.problem(422, "policy-mismatch");

    // Log2 of the five answers 0 to 3 and none.
    let ledger = alice.get(&format!("/v1/ledger?model={model}")).await.json(200);
    let bits = ledger["bits"].as_f64().unwrap();
    assert!((bits - 5f64.log2()).abs() < 1e-5, "{ledger}");
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_are_given_where_a_policy_takes_them() {
    let mut service = Service::start(|_| {}).await;
    let model = model(&service.alice().await).await;
    service.halt().await;
    let alice = service.alice().await;
    for wrong in ["", "1 x", "-1"] {
        upload(&alice, "labels", wrong.into()).await.1.problem(422, "labels");
    }
    let input = three(&alice).await;
    let right = labels(&alice, "1 1 7").await;
    let asked = |policy: &str, labels: &str| {
        let mut asked = json!({ "model": model, "input": input, "policy": policy });
        if !labels.is_empty() {
            asked["labels"] = labels.into();
        }
        asked
    };
    let many = labels(&alice, "1 1 7 7 7").await;
    let stranger = labels(&alice, "1 1 10").await;
    for (policy, given, status, code) in [
        ("accuracy", "", 422, "labels"),
        ("labels", right.as_str(), 422, "labels"),
        ("accuracy:1:1:7", right.as_str(), 422, "labels"),
        // Samples are no labels, and labels are those of four items and ten classes.
        ("accuracy", input.as_str(), 404, "not-found"),
        ("accuracy", many.as_str(), 422, "policy-out-of-range"),
        ("accuracy", stranger.as_str(), 422, "policy-out-of-range"),
        ("accuracy", "1 1 7", 404, "not-found"),
    ] {
        let answer = alice.post("/v1/proofs", &asked(policy, given)).await;
        answer.problem(status, code);
    }

    // Nor are those of somebody else.
    let eve = service.client("eve", &[Scope::Upload]).await;
    let theirs = labels(&eve, "1 7 1").await;
    let answer = alice.post("/v1/proofs", &asked("accuracy", &theirs)).await;
    answer.problem(404, "not-found");

    // Against the same labels it is the same job, and what that needs stays.
    let job = alice.post("/v1/proofs", &asked("accuracy", &right)).await.json(202);
    let again = alice.post("/v1/proofs", &asked("accuracy", &right)).await.json(202);
    let other = labels(&alice, "1 7 7").await;
    let another = alice.post("/v1/proofs", &asked("accuracy", &other)).await.json(202);
    assert_eq!(job["id"], again["id"]);
    assert_ne!(job["id"], another["id"]);
    let place = format!("/v1/inputs/{right}");
    alice.call("DELETE", &place, "").await.problem(409, "in-use");
    alice
        .call("DELETE", &format!("/v1/jobs/{}", job["id"].as_str().unwrap()), "")
        .await;
    assert_eq!(alice.call("DELETE", &place, "").await.status.as_u16(), 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_without_items_has_no_batch() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = alice.put_fixture("models", "models/conflict_check.onnx").await;
    let rows = |name: &str| format!("data/conflict_check_{name}.npy");
    let own = alice.put_fixture("inputs", &rows("own")).await;
    let listed = alice.put_fixture("inputs", &rows("listed")).await;
    let asked = json!({ "calibration": { "own": own, "listed": listed }, "batch": 4 });
    let answer = alice.post(&format!("/v1/models/{model}/commit"), &asked).await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("failed"), &json!("model-unsupported")),
        "{job}"
    );
    assert!(job["error"]["detail"].as_str().unwrap().contains("batch"), "{job}");
}
