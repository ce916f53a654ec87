//! Models in segments: committed, proven and verified by the service as any model.

use crate::harness::{tenant, Answer, Client, Service};
use provenn_service::server::store::Kind;
use provenn_verifier::{verify, AnyCard, AnyReceipt, Bundle, Expectation, SrsVerifyingKey};
use serde_json::{json, Value};

const AT: &str = "/v1/verify?accept_dev=true&policy=label&audience=bob";

async fn commit(client: &Client<'_>, more: Value) -> Answer {
    let model = client.put_fixture("models", "models/breast_cancer_mlp.onnx").await;
    let calibration = client.put_fixture("inputs", "data/breast_cancer_calibration.npy").await;
    let mut asked = json!({ "calibration": calibration });
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.post(&format!("/v1/models/{model}/commit"), &asked).await
}

/// The id of a model in two segments, and an input.
async fn model(client: &Client<'_>, binding: &str) -> (String, String) {
    let answer = commit(client, json!({ "segments": 2, "input": binding })).await;
    assert_eq!(answer.json(202)["request"]["segments"], 2);
    let job = client.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["state"], "done", "{job}");
    let input = client.put_fixture("inputs", "inputs/breast_cancer_mlp.json").await;
    (job["result"]["model_id"].as_str().unwrap().into(), input)
}

async fn proven(client: &Client<'_>, model: &(String, String)) -> (String, Vec<u8>) {
    let answer = client.prove(model, "bob").await;
    answer.json(202);
    let place = answer.headers["location"].to_str().unwrap().to_owned();
    let job = client.finished(&place).await;
    assert_eq!(job["state"], "done", "{job}");
    let receipt = client.get(&format!("{place}/receipt")).await.body;
    (place, receipt)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_in_segments_is_proven() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    for binding in ["public", "committed"] {
        let model = model(&alice, binding).await;
        let shown = alice.get(&format!("/v1/models/{}", model.0)).await.json(200);
        assert_eq!(shown["card"]["cuts"].as_array().unwrap().len(), 1, "{shown}");
        let (place, receipt) = proven(&alice, &model).await;
        let AnyReceipt::Chain(decoded) = AnyReceipt::from_bytes(&receipt).unwrap() else {
            panic!("a receipt of a model in segments")
        };
        assert_eq!(decoded.segments.len(), 2);

        // By anybody, from what is public.
        let card = alice.get(&format!("/v1/models/{}/card", model.0)).await.body;
        let srs = alice
            .get(&format!("/v1/srs/{}", shown["srs_id"].as_str().unwrap()))
            .await
            .body;
        let srs = SrsVerifyingKey::from_bytes(&srs).unwrap();
        let card = AnyCard::from_bytes(&card).unwrap().check(&srs).unwrap();
        let asked = Expectation {
            audience: Some("bob".into()),
            accept_dev: true,
            ..Expectation::default()
        };
        assert!(verify(&receipt, &card, &srs, &asked).is_ok());
        let listed = shown["commitments"].as_array().unwrap().len();
        assert_eq!(listed, card.commitments());
        let key = alice
            .get(&format!("/v1/keys/{}", shown["key_digest"].as_str().unwrap()))
            .await
            .json(200);
        assert_eq!(key["keys"].as_array().unwrap().len(), 2);

        // By the service, for those who have no verifier, and in a bundle.
        let verdict = service.call("POST", AT, &[], receipt.clone()).await.json(200);
        assert_eq!((&verdict["valid"], &verdict["dev"]), (&json!(true), &json!(true)));
        let eve = AT.replace("bob", "eve");
        service
            .call("POST", &eve, &[], receipt.clone())
            .await
            .problem(422, "context-mismatch");
        let mut changed = decoded.clone();
        changed.segments[0].link.z[0][0] ^= 1;
        service
            .call("POST", AT, &[], changed.to_bytes())
            .await
            .problem(422, "link-failed");
        let bundle = Bundle::from_bytes(&alice.get(&format!("{place}/bundle")).await.body).unwrap();
        assert_eq!(bundle.receipts[0].receipt, receipt);
        assert_eq!(AnyCard::from_bytes(&bundle.card).unwrap().model_id(), card.model_id());

        // One receipt of one of two labels, or none: as of the same model in one circuit.
        let ledger = alice.get(&format!("/v1/ledger?model={}", model.0)).await.json(200);
        let bits = ledger["bits"].as_f64().unwrap();
        assert!((bits - 3f64.log2()).abs() < 1e-5, "{ledger}");
        assert_eq!(ledger["accounts"][0]["receipts"], 1, "{ledger}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_segments_cannot_be_is_refused() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    for wrong in [0, 1, 65] {
        commit(&alice, json!({ "segments": wrong }))
            .await
            .problem(400, "bad-request");
    }
    commit(&alice, json!({ "segments": 2, "batch": 4 }))
        .await
        .problem(400, "bad-request");
    // As many as there are numbers for, and more than this model has places to be cut at.
    let answer = commit(&alice, json!({ "segments": 64 })).await;
    answer.json(202);
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("failed"), &json!("model-unsupported")),
        "{job}"
    );
}

/// Its files go when it goes, and are fetched again where a machine has none.
#[tokio::test(flavor = "multi_thread")]
async fn files_of_segments_are_kept_and_removed() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = model(&alice, "committed").await;
    let (tenant, id) = (tenant("alice"), model.0.parse().unwrap());
    let known = service.app.db.model(&tenant, &id).await.unwrap().unwrap();
    let names: Vec<String> = known.objects().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(
        names,
        [
            "chain.card",
            "model.srs",
            "segment-1/model.private",
            "segment-2/model.private",
            "srs.vk"
        ]
    );
    let private = service.folder.path().join("objects/alice").join(Kind::Private.name());
    let there = || {
        known
            .objects()
            .filter(|(_, sha256)| private.join(sha256.as_str()).exists())
            .count()
    };
    assert_eq!(there(), names.len());
    proven(&alice, &model).await;
    // All of it is in the folder of the machine, and none of it when it is forgotten.
    let folder = service.folder.path().join("models/alice").join(&model.0);
    assert!(names.iter().all(|name| folder.join(name).is_file()));
    service.app.models.forget(&tenant, &id).unwrap();
    assert!(!folder.exists());
    let answer = alice.prove(&model, "carol").await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["state"], "done", "{job}");
    let removed = alice
        .call("DELETE", &format!("/v1/models/{}/commit", model.0), "")
        .await;
    assert_eq!(removed.status.as_u16(), 204);
    assert_eq!(there(), 0);
    assert!(!folder.exists());
}
