//! Receipts with all that a verdict needs, and what a card says of its model.

use crate::harness::{eventually, Service};
use provenn_service::server::clock::Clock;
use provenn_verifier::tlog::InclusionProof;
use provenn_verifier::{verify, Bundle, Expectation, ModelCard, SrsVerifyingKey};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_holds_what_a_verdict_needs() {
    let mut service = Service::start(|_| {}).await;
    let (place, receipt) = {
        let alice = service.alice().await;
        let model = alice.model("committed").await;
        let name = json!({ "model": model.0 });
        alice.post("/v1/registry/alice/linear", &name).await.json(201);
        let answer = alice.prove(&model, "bob").await;
        let place = answer.headers["location"].to_str().unwrap().to_owned();
        assert_eq!(alice.finished(&place).await["state"], "done");
        (place.clone(), alice.get(&format!("{place}/receipt")).await.body)
    };
    let path = format!("{place}/bundle");
    let alice = service.alice().await;
    // The log takes a moment.
    let bundle = eventually(async || {
        let answer = alice.get(&path).await;
        assert_eq!(answer.status.as_u16(), 200);
        let bundle = Bundle::from_bytes(&answer.body).unwrap();
        (bundle.card_log_proof.is_some() && bundle.receipts[0].log_proof.is_some()).then_some(bundle)
    })
    .await;
    assert_eq!((bundle.receipts.len(), &bundle.receipts[0].receipt), (1, &receipt));
    let proofs = [&bundle.card_log_proof, &bundle.receipts[0].log_proof];
    for proof in proofs {
        InclusionProof::from_text(proof.as_ref().unwrap()).unwrap();
    }
    let srs = SrsVerifyingKey::from_bytes(&bundle.srs).unwrap();
    let card = ModelCard::from_bytes(&bundle.card).unwrap().check(&srs).unwrap();
    let expectation = Expectation {
        audience: Some("bob".into()),
        accept_dev: true,
        ..Expectation::default()
    };
    let verdict = verify(&receipt, &card, &srs, &expectation).unwrap();
    assert_eq!(verdict.claim().context.audience, "bob");

    // Of a job that waits there is none.
    let model = alice.get(&place).await.json(200)["request"].clone();
    drop(alice);
    service.halt().await;
    let idle = Service::with_clock(Clock::System, false, |config| {
        config.data = service.folder.path().into()
    })
    .await;
    let alice = idle.alice().await;
    let asked = (
        model["model"].as_str().unwrap().to_owned(),
        model["input"].as_str().unwrap().to_owned(),
    );
    let waits = alice.prove(&asked, "carol").await.headers["location"]
        .to_str()
        .unwrap()
        .to_owned();
    alice.get(&format!("{waits}/bundle")).await.problem(409, "not-done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_says_what_its_owner_says() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = alice.put_fixture("models", "models/linear_30.onnx").await;
    let calibration = alice.put_fixture("inputs", "data/breast_cancer_calibration.npy").await;
    let place = format!("/v1/models/{model}/commit");
    let graph = alice.get(&format!("/v1/models/{model}/graph")).await.json(200);
    let output = graph["outputs"][0].as_u64().unwrap() as usize;
    let output = graph["values"][output]["name"].clone();
    let commit = async |about: serde_json::Value| {
        let answer = alice
            .post(&place, &json!({ "calibration": calibration, "about": about }))
            .await;
        answer.json(202);
        alice.finished(answer.headers["location"].to_str().unwrap()).await
    };
    let about = json!({ "name": "Tumours", "licence": "CC0", "outputs": [{ "name": output, "unit": "log odds" }] });
    let job = commit(about.clone()).await;
    assert_eq!(
        (&job["state"], &job["request"]["about"]),
        (&json!("done"), &about),
        "{job}"
    );
    let shown = alice
        .get(&format!("/v1/models/{}", job["result"]["model_id"].as_str().unwrap()))
        .await
        .json(200);
    assert_eq!(shown["card"]["about"], about);
    // A class too many, and a name that the model does not have: which is said by no text of the process.
    for outputs in [
        json!([{ "name": output, "classes": ["a", "b", "c"] }]),
        json!([{ "name": "none", "unit": "m" }]),
    ] {
        let job = commit(json!({ "outputs": outputs })).await;
        assert_eq!(
            (&job["state"], &job["error"]["code"]),
            (&json!("failed"), &json!("about")),
            "{job}"
        );
    }
    for about in [json!({ "colour": "red" }), json!([]), json!({ "name": 7 })] {
        let asked = json!({ "calibration": calibration, "about": about });
        alice.post(&place, &asked).await.problem(400, "bad-request");
    }
}
