//! A backup as the runbook says, and what is there after a restore.

use super::client::Client;
use super::cluster::{copy, Cluster, Role};
use provenn_verifier::tlog::{Checkpoint, ConsistencyProof, LogKey};
use reqwest::Method;
use serde_json::{json, Value};
use std::path::Path;
use std::process::Command;

/// What must be the same afterwards.
#[derive(Debug, PartialEq)]
pub struct Seen {
    card: Vec<u8>,
    receipts: Vec<Vec<u8>>,
    registry: Value,
    ledger: Value,
    key: Value,
}

pub async fn seen(client: &Client, places: &[String]) -> Seen {
    let mut receipts = Vec::new();
    for place in places {
        receipts.push(client.bytes(&format!("{place}/receipt")).await.1);
    }
    Seen {
        card: client.bytes(&format!("/v1/models/{}/card", client.model)).await.1,
        receipts,
        registry: client.json("/v1/registry/alice/linear").await,
        ledger: client.json("/v1/ledger").await,
        key: client.json("/v1/log").await["key"].clone(),
    }
}

/// A service with three receipts, a published model and a budget.
pub async fn used(cluster: &Cluster) -> Vec<String> {
    let client = &cluster.client;
    let mut places = Vec::new();
    for n in 0..3 {
        places.push(client.submit(&format!("kept-{n}")).await);
    }
    client.wait().await;
    let send = async |method, path: &str, body: Value, status| {
        let answer = client.send(method, path, None, body.to_string().into_bytes()).await;
        assert_eq!(answer.status().as_u16(), status, "{path}");
    };
    let model = json!({ "model": client.model });
    send(Method::POST, "/v1/registry/alice/linear", model, 201).await;
    let budget = json!({ "total_bits": 100 });
    send(Method::PUT, &format!("/v1/ledger/models/{}", client.model), budget, 200).await;
    places
}

/// The checkpoint that is served once everything is in the log.
pub async fn checkpoint(client: &Client) -> Checkpoint {
    while client.json("/v1/log").await["pending"] != 0 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let key: LogKey = client.json("/v1/log").await["key"].as_str().unwrap().parse().unwrap();
    let note = String::from_utf8(client.bytes("/checkpoint").await.1).unwrap();
    Checkpoint::from_note(&note, &key).unwrap()
}

/// The command of the runbook, while the service runs.
pub fn back_up(cluster: &Cluster, to: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_provenn"))
        .arg("backup")
        .arg(to)
        .envs(cluster.settings(Role::Api))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    print!("{}", String::from_utf8_lossy(&output.stdout));
}

/// The same by hand where the database is PostgreSQL: first what belongs to the database, then the objects.
pub fn keep(cluster: &Cluster, to: &Path) {
    let data = cluster.data(Role::Api);
    std::fs::create_dir_all(to).unwrap();
    std::fs::copy(data.join("log.key"), to.join("log.key")).unwrap();
    copy(&data.join("objects"), &to.join("objects"));
}

/// All that was kept is there, and the log goes on after what anybody saw of it.
pub async fn goes_on(restored: &Cluster, before: &Seen, places: &[String], newest: &Checkpoint) {
    let client = &restored.client;
    assert_eq!(&seen(client, places).await, before);
    let there = checkpoint(client).await;
    assert!(there.size >= newest.size, "{there:?} {newest:?}");
    // A statement that is new, and one that was published.
    let new = client.submit("after-restore").await;
    assert_eq!(client.submit("kept-0").await, places[0]);
    client.wait().await;
    assert_eq!(client.json(&new).await["state"], "done");
    let grown = checkpoint(client).await;
    assert_eq!(grown.size, there.size + 1);
    let path = format!("/v1/log/consistency?old={}&new={}", newest.size, grown.size);
    let proof = String::from_utf8(client.bytes(&path).await.1).unwrap();
    let proof = ConsistencyProof::from_text(&proof).unwrap();
    assert_eq!(proof.verify(newest, &grown), Ok(()));
    let ledger = client.json("/v1/ledger").await;
    assert_eq!(ledger["bits"], before.ledger["bits"].as_f64().unwrap() + 1.0);
}
