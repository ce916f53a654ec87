//! Models with several inputs: each public or committed by itself, by name from commitment to receipt.

use crate::harness::{fixture, Answer, Client, Service};
use provenn_service::bytes::hex32;
use provenn_service::server::clock::Clock;
use provenn_verifier::{verify, Expectation, InputBinding, ModelCard, SrsVerifyingKey};
use serde_json::{json, Map, Value};

const NAMES: [&str; 2] = ["own", "listed"];

/// A model of two inputs, of which receipts hide the first; uploads for both, and the upload that it is of.
struct Two {
    model: String,
    source: String,
    inputs: Value,
}

/// Uploads something for each input; digests by name.
async fn each(client: &Client<'_>, bytes: impl Fn(&str) -> Vec<u8>) -> Value {
    let mut digests = Map::new();
    for name in NAMES {
        digests.insert(name.into(), client.put("inputs", bytes(name)).await.0.into());
    }
    digests.into()
}

fn sample(name: &str) -> Vec<u8> {
    let samples: Value = serde_json::from_slice(&fixture("inputs/conflict_check.json")).unwrap();
    samples[name].to_string().into_bytes()
}

async fn two(client: &Client<'_>) -> Two {
    let source = client.put_fixture("models", "models/conflict_check.onnx").await;
    let calibration = each(client, |name| fixture(&format!("data/conflict_check_{name}.npy"))).await;
    let path = format!("/v1/models/{source}/commit");
    for (wrong, said) in [
        (
            json!({ "calibration": calibration["own"] }),
            "`own`, `listed`; give an object",
        ),
        (
            json!({ "calibration": { "own": calibration["own"] } }),
            "the input `listed` is missing",
        ),
        (
            json!({ "calibration": calibration, "inputs": { "other": "public" } }),
            "no input `other`",
        ),
        (
            json!({ "calibration": calibration, "input": "public", "inputs": { "own": "public" } }),
            "both given",
        ),
    ] {
        says(&client.post(&path, &wrong).await, said);
    }
    let asked = json!({ "calibration": calibration, "inputs": { "own": "committed" } });
    let answer = client.post(&path, &asked).await;
    answer.json(202);
    let same = json!({ "calibration": calibration, "inputs": { "listed": "public", "own": "committed" } });
    let again = client.post(&path, &same).await.json(202);
    assert_eq!(again["id"], answer.json(202)["id"], "{again}");
    let job = client.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["state"], "done", "{job}");
    Two {
        model: job["result"]["model_id"].as_str().unwrap().into(),
        source,
        inputs: each(client, sample).await,
    }
}

#[track_caller]
fn says(answer: &Answer, said: &str) {
    let problem = answer.problem(400, "bad-request");
    assert!(problem["detail"].as_str().unwrap().contains(said), "{problem}");
}

fn asked(two: &Two, inputs: &Value) -> Value {
    json!({ "model": two.model, "inputs": inputs, "policy": "1/label", "context": { "audience": "bob" } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_about_two_inputs_is_made_and_verifies() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let two = two(&alice).await;
    let answer = alice.post("/v1/proofs", &asked(&two, &two.inputs)).await;
    let place = answer.headers["location"].to_str().unwrap();
    let job = alice.finished(place).await;
    assert_eq!(
        (&job["state"], &job["request"]["inputs"]),
        (&json!("done"), &two.inputs),
        "{job}"
    );
    // In another order it is the same statement.
    let (own, listed) = (&two.inputs["own"], &two.inputs["listed"]);
    let text = asked(&two, &json!({})).to_string();
    let turned = text.replace(
        "\"inputs\":{}",
        &format!("\"inputs\":{{\"own\":{own},\"listed\":{listed}}}"),
    );
    assert_eq!(
        alice.call("POST", "/v1/proofs", turned).await.json(202)["id"],
        job["id"]
    );

    let receipt = alice.get(&format!("{place}/receipt")).await.body;
    let shown = alice.get(&format!("/v1/models/{}", two.model)).await.json(200);
    let card = alice.get(&format!("/v1/models/{}/card", two.model)).await.body;
    let srs = alice
        .get(&format!("/v1/srs/{}", shown["srs_id"].as_str().unwrap()))
        .await
        .body;
    let (card, srs) = (
        ModelCard::from_bytes(&card).unwrap(),
        SrsVerifyingKey::from_bytes(&srs).unwrap(),
    );
    let expectation = Expectation {
        accept_dev: true,
        ..Expectation::default()
    };
    let verdict = verify(&receipt, &card.check(&srs).unwrap(), &srs, &expectation).unwrap();
    let items = &verdict.claim().body.inference().unwrap().items;
    let InputBinding::Committed { points } = &items[0].inputs[0] else {
        panic!("`own` is shown")
    };
    assert!(matches!(&items[0].inputs[1], InputBinding::Public { values } if values.len() == 8));

    // The commitment is the one that the service keeps for this input, under its name.
    let path = format!("/v1/inputs/{}/commit", own.as_str().unwrap());
    says(
        &alice.post(&path, &json!({ "model": two.model })).await,
        "`name` is missing",
    );
    says(
        &alice.post(&path, &json!({ "model": two.model, "name": "x" })).await,
        "no input `x`",
    );
    says(
        &alice
            .post(&path, &json!({ "model": two.model, "name": "listed" }))
            .await,
        "public",
    );
    let answer = alice.post(&path, &json!({ "model": two.model, "name": "own" })).await;
    let opened = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    let kept = opened["result"]["points"].as_array().unwrap();
    let kept: Vec<_> = kept
        .iter()
        .map(|point| hex32(point.as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(&kept, &points[..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_input_is_named_charged_and_kept() {
    let mut service = Service::start(|_| {}).await;
    let two = two(&service.alice().await).await;
    service.halt().await;
    let idle = Service::with_clock(Clock::System, false, |config| {
        config.data = service.folder.path().into()
    })
    .await;
    let alice = idle.alice().await;
    let (own, listed) = (&two.inputs["own"], &two.inputs["listed"]);
    let mut long = asked(&two, &two.inputs);
    long["input"] = own.clone();
    says(&alice.post("/v1/proofs", &long).await, "both given");
    let short = json!({ "model": two.model, "input": own, "policy": "1/label" });
    says(
        &alice.post("/v1/proofs", &short).await,
        "`own`, `listed`; give an object",
    );
    let none = json!({ "model": two.model, "policy": "1/label" });
    says(&alice.post("/v1/proofs", &none).await, "is missing");
    for (wrong, said) in [
        (
            json!({ "own": own }),
            "the input `listed` is missing, the model has `own`, `listed`",
        ),
        (
            json!({ "own": own, "listed": listed, "third": own }),
            "no input `third`",
        ),
    ] {
        says(&alice.post("/v1/proofs", &asked(&two, &wrong)).await, said);
    }
    let twice = asked(&two, &json!({})).to_string();
    let twice = twice.replace(
        "\"inputs\":{}",
        &format!("\"inputs\":{{\"own\":{own},\"own\":{listed}}}"),
    );
    says(&alice.call("POST", "/v1/proofs", twice).await, "duplicate field `own`");
    let (small, _) = alice.put("inputs", br#"{"shape":[2],"values":[1,2]}"#.to_vec()).await;
    let wrong = asked(&two, &json!({ "own": own, "listed": small }));
    let refused = alice.post("/v1/proofs", &wrong).await.problem(422, "sample");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("for input `listed` has the shape [2]"), "{refused}");

    // One bit about each input: another receipt about either of them costs more than is left.
    let budget = json!({ "input_bits": 2 }).to_string();
    alice
        .call("PUT", &format!("/v1/ledger/models/{}", two.model), budget)
        .await
        .json(200);
    let first = alice.post("/v1/proofs", &asked(&two, &two.inputs)).await.json(202);
    let other = each(&alice, |name| {
        String::from_utf8(sample(name))
            .unwrap()
            .replace("0.", "0.1")
            .into_bytes()
    })
    .await;
    let mixed = asked(&two, &json!({ "own": other["own"], "listed": listed }));
    alice.post("/v1/proofs", &mixed).await.problem(422, "budget-exceeded");
    let fresh = alice.post("/v1/proofs", &asked(&two, &other)).await.json(202);

    // Accounts are about both; each file is named with what it is part of.
    let ledger = alice.get("/v1/ledger").await.json(200);
    let (accounts, files) = (
        ledger["accounts"].as_array().unwrap(),
        ledger["files"].as_array().unwrap(),
    );
    assert_eq!((accounts.len(), files.len()), (2, 4), "{ledger}");
    let joint = files.iter().find(|file| file["file"] == *own).unwrap()["input"]
        .as_str()
        .unwrap();
    let narrowed = alice.get(&format!("/v1/ledger?input={joint}")).await.json(200);
    let of: Vec<_> = narrowed["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["file"])
        .collect();
    assert!(of.len() == 2 && of.contains(&own) && of.contains(&listed), "{narrowed}");
    // Which inputs they are together, each by its own digest; any of these finds the account.
    let parts = |shown: &Value| -> Vec<(Value, Value)> {
        let parts = shown["parts"].as_array().unwrap().iter();
        parts
            .map(|part| (part["input"].clone(), part["part"].clone()))
            .collect()
    };
    assert_eq!((parts(&ledger).len(), parts(&narrowed).len()), (4, 2), "{ledger}");
    for (of, part) in parts(&narrowed) {
        assert!(of == joint && part != joint, "{narrowed}");
        let found = narrowed["files"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|file| file["part"] == part);
        assert_eq!(found.count(), 1, "{narrowed}");
        let by_part = alice
            .get(&format!("/v1/ledger?input={}", part.as_str().unwrap()))
            .await
            .json(200);
        assert_eq!(
            (&by_part["accounts"], parts(&by_part)),
            (&narrowed["accounts"], parts(&narrowed))
        );
    }

    // What a job that waits needs stays, and is free when it ends.
    for upload in [own, listed] {
        let place = format!("/v1/inputs/{}", upload.as_str().unwrap());
        let problem = alice.call("DELETE", &place, "").await.problem(409, "in-use");
        assert!(problem["detail"]
            .as_str()
            .unwrap()
            .contains(first["id"].as_str().unwrap()));
    }
    for job in [&first, &fresh] {
        let place = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
        assert_eq!(alice.call("DELETE", &place, "").await.status.as_u16(), 204);
    }
    alice.post("/v1/proofs", &mixed).await.json(202);
    let place = format!("/v1/inputs/{}", own.as_str().unwrap());
    assert_eq!(alice.call("DELETE", &place, "").await.status.as_u16(), 204);
    let listing = alice.get("/v1/models").await.json(200);
    let model = &listing["models"].as_array().unwrap()[0];
    assert_eq!(
        (&model["sha256"], &model["commits"][0]["inputs"]),
        (&json!(two.source), &json!({ "own": "committed", "listed": "public" }))
    );
}

/// The short form and the name say the same of a model with one input.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_may_be_given_where_there_is_one_input() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let (model, input) = alice.model("public").await;
    let shown = alice.get(&format!("/v1/models/{model}")).await.json(200);
    let name = shown["card"]["inputs"][0]["name"].as_str().unwrap();
    let short = json!({ "model": model, "input": input, "policy": "label" });
    let long = json!({ "model": model, "inputs": { name: input }, "policy": "label" });
    let job = alice.post("/v1/proofs", &short).await.json(202);
    assert_eq!(alice.post("/v1/proofs", &long).await.json(202)["id"], job["id"]);
    assert_eq!(job["request"]["input"], input);
}
