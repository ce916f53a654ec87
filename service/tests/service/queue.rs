//! Who comes first.

use crate::harness::{Client, Service};
use provenn_service::server::keys::Scope;
use serde_json::json;

async fn submit(client: &Client<'_>, (model, input): &(String, String), name: &str, priority: u8) {
    let asked = json!({ "model": model, "input": input, "policy": "label", "context": { "audience": name }, "priority": priority });
    client.post("/v1/proofs", &asked).await.json(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_take_turns_whatever_their_priorities() {
    let mut service = Service::start(|_| {}).await;
    let bob = service.client("bob", &Scope::ALL).await;
    let (hers, his) = (service.alice().await.model("public").await, bob.model("public").await);
    let (alices_key, bobs_key) = (service.alice().await.key, bob.key.clone());
    service.halt().await;
    let data = service.folder.path().to_owned();
    {
        let [alice, bob] = [&alices_key, &bobs_key].map(|key| Client::with_key(&service, key));
        for name in ["a0", "a1", "a2", "a3"] {
            submit(&alice, &hers, name, 5).await;
        }
        // A long queue of somebody else's does not have to be waited for, nor a higher priority.
        for name in ["b0", "b1"] {
            submit(&bob, &his, name, 5).await;
        }
        submit(&alice, &hers, "first", 9).await;
        submit(&bob, &his, "last", 0).await;
    }
    let worker = Service::start(|config| config.data = data).await;
    let mut ended = Vec::new();
    for key in [&alices_key, &bobs_key] {
        let client = Client::with_key(&worker, key);
        let jobs = client.get("/v1/jobs").await.json(200);
        for job in jobs["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|job| job["kind"] == "proof")
        {
            let place = format!("/v1/proofs/{}", job["id"].as_str().unwrap());
            let job = client.finished(&place).await;
            assert_eq!(job["state"], "done", "{job}");
            ended.push((
                job["started"].as_i64().unwrap(),
                job["request"]["audience"].as_str().unwrap().to_owned(),
            ));
        }
    }
    ended.sort();
    let order: Vec<&str> = ended.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(order, ["first", "b0", "a0", "b1", "a1", "last", "a2", "a3"]);
}
