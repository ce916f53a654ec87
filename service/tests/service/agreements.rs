//! Agreements: what parties signed on their own machines is uploaded, and nothing is proven outside of it or after it was revoked.

use crate::harness::Service;
use crate::parties::{asked, days, model, tomorrow, upload, uploaded, Parties, NAMES, POLICY};
use crate::simulation::receipt;
use provenn_service::server::clock::Clock;
use provenn_service::server::db::Stored;
use provenn_service::server::keys::Scope;
use provenn_service::server::worker::execute;
use serde_json::{json, Map, Value};

fn changed(asked: &Value, change: impl FnOnce(&mut Value)) -> Value {
    let mut asked = asked.clone();
    change(&mut asked);
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_proven_outside_of_an_agreement() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let (model, card) = model(&alice).await;
    let parties = Parties::agree(&card, service.app.config.srs(), &tomorrow());

    // Only what all parties signed about a model of one's own is taken.
    let half = upload(&alice, "agreement", parties.bytes("half")).await.1;
    half.problem(422, "agreement-unsigned");
    let bob = service.client("bob", &Scope::ALL).await;
    let strange = upload(&bob, "agreement", parties.bytes("deal")).await.1;
    strange.problem(404, "not-found");
    let ended = Parties::agree(&card, service.app.config.srs(), "1700000000");
    let ended = upload(&alice, "agreement", ended.bytes("deal")).await.1;
    ended.problem(422, "agreement-expired");
    for form in ["agreement", "signature", "opening"] {
        assert_eq!(upload(&alice, form, b"no".into()).await.1.status, 422, "{form}");
    }

    let of = uploaded(&alice, &parties).await;
    let right = asked(&model, &of);
    let samples: Map<String, Value> = {
        let mut samples = Map::new();
        for name in NAMES {
            let bytes = parties.bytes(&format!("{name}.json"));
            samples.insert(name.into(), alice.put("inputs", bytes).await.0.into());
        }
        samples
    };
    let end = days(2);
    let audience = format!("agreement:{}", of.agreement);
    for (wrong, status, code) in [
        (
            changed(&right, |asked| asked["signatures"] = json!([])),
            422,
            "input-unsigned",
        ),
        (
            changed(&right, |asked| asked["signatures"] = json!([of.signatures[0]])),
            422,
            "input-unsigned",
        ),
        (
            changed(&right, |asked| asked["policy"] = "0/threshold:1:1".into()),
            422,
            "agreement-differs",
        ),
        (
            changed(&right, |asked| asked["policy"] = "0/label".into()),
            422,
            "agreement-differs",
        ),
        (
            changed(&right, |asked| asked["context"] = json!({ "not_after": end })),
            422,
            "agreement-differs",
        ),
        // Nobody signed what the service commits to.
        (
            changed(&right, |asked| asked["inputs"] = samples.clone().into()),
            422,
            "input-unsigned",
        ),
        (
            changed(&right, |asked| asked["inputs"]["own"] = of.inputs["listed"].clone()),
            400,
            "bad-request",
        ),
        (
            changed(&right, |asked| asked["context"] = json!({ "audience": "bob" })),
            400,
            "bad-request",
        ),
        (
            changed(&right, |asked| asked["agreement"] = "0".repeat(64).into()),
            404,
            "not-found",
        ),
        (
            changed(&right, |asked| asked["signatures"] = json!([of.inputs["own"]])),
            404,
            "not-found",
        ),
        // Its audience without the agreement would say that it was looked at.
        (
            json!({ "model": model, "inputs": of.inputs, "policy": POLICY, "context": { "audience": audience } }),
            400,
            "bad-request",
        ),
        (
            json!({ "model": model, "inputs": of.inputs, "policy": POLICY, "signatures": of.signatures }),
            400,
            "bad-request",
        ),
    ] {
        alice.post("/v1/proofs", &wrong).await.problem(status, code);
    }

    let answer = alice.post("/v1/proofs", &right).await;
    answer.json(202);
    let place = answer.headers["location"].to_str().unwrap();
    let job = alice.finished(place).await;
    assert_eq!(
        (&job["state"], &job["request"]["under"]["agreement"]),
        (&json!("done"), &json!(of.agreement)),
        "{job}"
    );
    // With the parties' own eyes.
    let receipt = alice.get(&format!("{place}/receipt")).await.body;
    std::fs::write(parties.at("receipt"), receipt).unwrap();
    let shown = alice.get(&format!("/v1/models/{model}")).await.json(200);
    let srs = alice
        .get(&format!("/v1/srs/{}", shown["srs_id"].as_str().unwrap()))
        .await;
    std::fs::write(parties.at("srs.vk"), srs.body).unwrap();
    let said = parties.run(&[
        "verify",
        "--card",
        "@card",
        "--receipt",
        "@receipt",
        "--agreement",
        "@deal",
        "--party-input",
        "@own.signed",
        "--party-input",
        "@listed.signed",
        "--accept-dev",
        "--any-model",
    ]);
    assert_eq!(said["agreement"]["digest"], json!(of.agreement), "{said}");

    // Files stay while a job needs them, and the ledger knows the input whoever committed to it.
    let ledger = alice.get("/v1/ledger").await.json(200);
    let before = ledger["accounts"].as_array().unwrap().len();
    let plain = json!({ "model": model, "inputs": samples, "policy": POLICY });
    alice.post("/v1/proofs", &plain).await.json(202);
    let ledger = alice.get("/v1/ledger").await.json(200);
    assert_eq!(ledger["accounts"].as_array().unwrap().len(), before, "{ledger}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_is_listed_and_revoked() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let (model, card) = model(&alice).await;
    let parties = Parties::agree(&card, service.app.config.srs(), &tomorrow());
    let of = uploaded(&alice, &parties).await;

    let listed = alice.get("/v1/agreements").await.json(200);
    let one = &listed["agreements"][0];
    assert_eq!(
        (
            &one["agreement"],
            &one["model"],
            &one["roles"],
            &one["revoked"],
            &listed["more"]
        ),
        (
            &json!(of.agreement),
            &json!(model),
            &json!(["borrower", "lender"]),
            &json!(null),
            &json!(false)
        )
    );
    let bob = service.client("bob", &Scope::ALL).await;
    assert_eq!(bob.get("/v1/agreements").await.json(200)["agreements"], json!([]));
    let place = format!("/v1/agreements/{}", of.agreement);
    let anybody = async || service.call("GET", &place, &[], "").await.json(200);
    assert_eq!(anybody().await["revoked"], json!(null));

    let revoke = format!("{place}/revoke");
    let reader = service.client("alice", &[Scope::Read, Scope::Prove]).await;
    let reason = json!({ "reason": "the lender left" });
    reader.post(&revoke, &reason).await.problem(403, "forbidden");
    bob.post(&revoke, &reason).await.problem(404, "not-found");
    alice
        .post(&revoke, &json!({ "reason": "a\nb" }))
        .await
        .problem(400, "bad-request");
    let revoked = alice.post(&revoke, &reason).await.json(200);
    let known = anybody().await;
    assert_eq!(
        (&known["revoked"], &known["reason"]),
        (&revoked["revoked"], &json!("the lender left"))
    );
    assert!(known["roles"].is_null(), "whose it is stays with them: {known}");
    alice.post(&revoke, &reason).await.problem(422, "agreement-revoked");
    alice
        .post("/v1/proofs", &asked(&model, &of))
        .await
        .problem(422, "agreement-revoked");
    // Another file with the same terms revives nothing.
    alice
        .call("DELETE", &format!("/v1/inputs/{}", one["file"].as_str().unwrap()), "")
        .await;
    upload(&alice, "agreement", parties.bytes("deal")).await.1.json(201);
    assert_eq!(anybody().await["reason"], "the lender left");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_revoked_while_its_proof_waits_makes_none() {
    let mut made = Service::start(|_| {}).await;
    let (model, card) = model(&made.alice().await).await;
    made.halt().await;
    let idle = Service::with_clock(Clock::System, false, |config| config.data = made.folder.path().into()).await;
    let alice = idle.alice().await;
    let parties = Parties::agree(&card, idle.app.config.srs(), &tomorrow());
    let of = uploaded(&alice, &parties).await;
    let job = alice.post("/v1/proofs", &asked(&model, &of)).await.json(202);
    for file in of
        .signatures
        .iter()
        .map(String::as_str)
        .chain(of.inputs["own"].as_str())
    {
        let needed = alice.call("DELETE", &format!("/v1/inputs/{file}"), "").await;
        needed.problem(409, "in-use");
    }
    let revoke = format!("/v1/agreements/{}/revoke", of.agreement);
    // One that another worker has made already, too.
    let later = changed(&asked(&model, &of), |asked| {
        asked["context"] = json!({ "nonce": "1".repeat(64) })
    });
    let later = alice.post("/v1/proofs", &later).await.json(202);
    let (db, now) = (&idle.app.db, idle.app.now());
    let later = later["id"].as_str().unwrap().parse().unwrap();
    let (lease, _) = db.claim(&later, "other", now + 60_000, now).await.unwrap().unwrap();
    alice.post(&revoke, &json!({ "reason": "over" })).await.json(200);
    let mut made = receipt("made");
    let Stored::Receipt(new) = &mut made.stored else {
        panic!()
    };
    new.agreement = Some(of.agreement.parse().unwrap());
    let refused = db.publish(&lease, &made, &idle.app.clock).await.unwrap_err();
    assert_eq!(refused.code(), "agreement-revoked");
    let id = job["id"].as_str().unwrap();
    execute(&idle.app, &id.parse().unwrap(), "worker").await.unwrap();
    let job = alice.get(&format!("/v1/proofs/{id}")).await.json(200);
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("failed"), &json!("agreement-revoked")),
        "{job}"
    );
}

/// An opening that was changed opens nothing: the job says so, and no receipt is made.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_opening_makes_no_receipt() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let (model, card) = model(&alice).await;
    let parties = Parties::agree(&card, service.app.config.srs(), &tomorrow());
    let mut of = uploaded(&alice, &parties).await;
    let mut opening: Value = serde_json::from_slice(&parties.bytes("own.opening")).unwrap();
    let value = &mut opening["own"]["values"][0];
    *value = json!(value.as_i64().unwrap() + 1);
    std::fs::write(parties.at("own.opening"), opening.to_string()).unwrap();
    of.inputs["own"] = upload(&alice, "opening", parties.bytes("own.opening")).await.0.into();
    let answer = alice.post("/v1/proofs", &asked(&model, &of)).await;
    answer.json(202);
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("failed"), &json!("opening")),
        "{job}"
    );
}
